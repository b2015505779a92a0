package iam

import "strings"

// Principal is who asks. The zero Principal is nobody, whom no policy allows anything.
type Principal struct {
	Account string   // 12 digits, the owner of what the principal makes
	User    string   // name of the user within the account; empty: the account itself (root)
	Groups  []string // names of the user's groups within the account
}

// ARN is the principal's Amazon resource name, as sts:GetCallerIdentity tells it.
func (p Principal) ARN() string {
	if p.User == "" {
		return "arn:aws:iam::" + p.Account + ":root"
	}
	return "arn:aws:iam::" + p.Account + ":user/" + p.User
}

// Resource is something that an action is on.
type Resource struct {
	ARN string // "arn:aws:ec2:REGION:ACCOUNT:traffic-mirror-target/tmt-…", or "*" for an action without resource-level permissions

	// Tags are those that the resource has (condition keys aws:ResourceTag/KEY and ec2:ResourceTag/KEY).
	Tags map[string]string
}

// ResourceARN makes the name of an EC2 resource; kind as in "traffic-mirror-target".
func ResourceARN(region, account, kind, id string) string {
	return strings.Join([]string{"arn:aws:ec2", region, account, kind + "/" + id}, ":")
}

// Question asks whether a principal may do an action on all of some resources.
type Question struct {
	Principal Principal
	Action    string     // "ec2:CreateTrafficMirrorSession"
	Resources []Resource // each must be allowed; none is the same as one "*"

	// Context holds the condition keys of the request by name, each with its values:
	// aws:SourceIp, aws:CurrentTime, aws:SecureTransport, aws:RequestTag/KEY, aws:TagKeys,
	// aws:username, ec2:Region and so on. Names compare without regard to case.
	Context map[string][]string
}

// Decision is the answer, and why.
type Decision struct {
	Allowed bool

	// Reason is one sentence for people: which statement of which policy of which user or group
	// decided, or that no statement allows it.
	Reason string

	Policy    string // name of the deciding policy; empty: none applied
	Statement string // Sid of the deciding statement, or its number, from 1; empty: none applied
	Resource  string // ARN of the resource that was denied; empty: allowed
}

// Authorizer answers questions. Implementations are safe for concurrent use.
type Authorizer interface {
	Authorize(q *Question) Decision
}

// Key is an access key as a door needs it. Secrets never appear in logs or in errors.
type Key struct {
	ID           string
	Secret       string
	SessionToken string // must come with the request; empty: a long-term key
	Principal    Principal
}

// Keys finds access keys. Implementations are safe for concurrent use and may change at any time.
type Keys interface {
	Key(id string) (Key, bool)
}
