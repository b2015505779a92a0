package api

import "time"

// SimulateRequest asks what the policies of a user say.
type SimulateRequest struct {
	OwnerID   string              `json:"ownerId,omitempty"`   // account of the user; absent: the default account
	User      string              `json:"user,omitempty"`      // absent: the account itself
	Action    string              `json:"action"`              // ec2:CreateTrafficMirrorSession
	Resources []string            `json:"resources,omitempty"` // ARNs; each must be allowed. Absent: "*"
	Context   map[string][]string `json:"context,omitempty"`   // condition keys and their values, aws:ResourceTag/KEY for the tags of all resources
}

// Simulation is the answer.
type Simulation struct {
	Allowed   bool     `json:"allowed"`
	Reason    string   `json:"reason"`              // one sentence
	Policy    string   `json:"policy,omitempty"`    // name of the policy that decided; absent: none applied
	Statement string   `json:"statement,omitempty"` // Sid of the statement that decided, or its number from 1
	Resource  string   `json:"resource,omitempty"`  // that was denied
	Principal string   `json:"principal"`           // ARN
	Groups    []string `json:"groups,omitempty"`    // of the user
	Policies  []string `json:"policies,omitempty"`  // that were looked at, and whose they are
}

// ConsoleLink lets whoever asked for it log in to the console, once, and do there what they may do here.
type ConsoleLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}
