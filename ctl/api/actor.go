package api

import "strconv"

// Actor is who made a change. Names are those of userIdentity in the audit log.
type Actor struct {
	Type      string `json:"type"`                // IAMUser, Root, Unix, Gateway (nobody asked), or Account: somebody of another account than the reader's
	AccountID string `json:"accountId,omitempty"` // of IAMUser, Root and Account
	UserName  string `json:"userName,omitempty"`  // of IAMUser
	ARN       string `json:"arn,omitempty"`       // of IAMUser and Root
	UID       *int   `json:"uid,omitempty"`       // of Unix, a user of the gateway's machine; absent: not told
	Door      string `json:"door,omitempty"`      // aws, socket or console; absent: none, or not told
}

// Words is the actor in words that follow "by". A user of the reader's account is told by its name
// alone; reader may be empty. Of nobody it is empty.
func (a *Actor) Words(reader string) string {
	switch {
	case a == nil:
		return ""
	case a.UserName != "" && a.AccountID == reader:
		return a.UserName
	case a.UserName != "":
		return a.UserName + " (account " + a.AccountID + ")"
	case a.AccountID != "":
		return "account " + a.AccountID
	case a.UID != nil:
		return "local uid " + strconv.Itoa(*a.UID)
	case a.Type == "Unix":
		return "an administrator of the gateway"
	case a.Type == "Gateway":
		return "the gateway"
	}
	return ""
}
