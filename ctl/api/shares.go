package api

// ResourceShare lets other accounts use targets of its owner.
type ResourceShare struct {
	ResourceShareID string `json:"resourceShareId,omitempty"` // a UUID
	Common
	Title                   string           `json:"title,omitempty"`                   // what RAM calls its name; absent: name
	AllowExternalPrincipals *bool            `json:"allowExternalPrincipals,omitempty"` // accounts outside the organisation may be invited; absent: true
	TrafficMirrorTargetIDs  []string         `json:"trafficMirrorTargetIds,omitempty"`
	Principals              []SharePrincipal `json:"principals,omitempty"`

	Invitations     []ShareInvitation `json:"invitations,omitempty"`     // GET only
	CreationTime    string            `json:"creationTime,omitempty"`    // GET only
	LastUpdatedTime string            `json:"lastUpdatedTime,omitempty"` // GET only
}

// SharePrincipal is an account, or the owner's organisation, that targets are shared with.
type SharePrincipal struct {
	PrincipalID string `json:"principalId"` // 12 digits, or the ARN of the organisation

	// Status is associated (in the organisation, no invitation is needed), pending, accepted or
	// rejected. Absent in a request: as it is, or as it has to be.
	Status       string `json:"status,omitempty"`
	InvitationID string `json:"invitationId,omitempty"` // a UUID; absent: as it is, or drawn where one is needed
}

// InvitationAnswer is what the account that is invited says.
type InvitationAnswer struct {
	Status string `json:"status"` // accepted or rejected
}

// ShareInvitation is an invitation as it is now.
type ShareInvitation struct {
	InvitationID   string `json:"invitationId"`
	PrincipalID    string `json:"principalId"`
	Status         string `json:"status"` // pending, accepted, rejected, or expired after 7 days
	InvitationTime string `json:"invitationTime"`
	AnswerTime     string `json:"answerTime,omitempty"`
}
