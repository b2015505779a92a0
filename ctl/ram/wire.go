package ram

import (
	"slices"
	"time"

	"mirrorgw/ctl"
)

// seconds is a time as JSON has it here: seconds since 1970, with thousandths.
type seconds float64

func secondsOf(t time.Time) *seconds {
	if t.IsZero() {
		return nil
	}
	s := seconds(float64(t.UnixMilli()) / 1000)
	return &s
}

type tag struct {
	Key   string `json:"key,omitempty"`
	Value string `json:"value"`
}

type wireShare struct {
	ARN           string   `json:"resourceShareArn"`
	Name          string   `json:"name"`
	Owner         string   `json:"owningAccountId"`
	AllowExternal bool     `json:"allowExternalPrincipals"`
	Status        string   `json:"status"`
	Tags          []tag    `json:"tags,omitempty"`
	Created       *seconds `json:"creationTime,omitempty"`
	Updated       *seconds `json:"lastUpdatedTime,omitempty"`
	FeatureSet    string   `json:"featureSet"`
}

type wireAssociation struct {
	ARN      string   `json:"resourceShareArn"`
	Name     string   `json:"resourceShareName"`
	Entity   string   `json:"associatedEntity"`
	Type     string   `json:"associationType"`
	Status   string   `json:"status"`
	Message  string   `json:"statusMessage,omitempty"`
	Created  *seconds `json:"creationTime,omitempty"`
	Updated  *seconds `json:"lastUpdatedTime,omitempty"`
	External bool     `json:"external"`
}

type wireInvitation struct {
	ARN         string   `json:"resourceShareInvitationArn"`
	ShareName   string   `json:"resourceShareName"`
	ShareARN    string   `json:"resourceShareArn"`
	Sender      string   `json:"senderAccountId"`
	Receiver    string   `json:"receiverAccountId"`
	Invited     *seconds `json:"invitationTimestamp,omitempty"`
	Status      string   `json:"status"`
	ReceiverARN string   `json:"receiverArn"`
}

// Words of the API.
const (
	ownerSelf   = "SELF"
	ownerOthers = "OTHER-ACCOUNTS"

	typePrincipal = "PRINCIPAL"
	typeResource  = "RESOURCE"

	statusActive        = "ACTIVE"
	statusAssociating   = "ASSOCIATING"
	statusAssociated    = "ASSOCIATED"
	statusFailed        = "FAILED"
	statusDisassociated = "DISASSOCIATED"
)

// wire is a share as the caller is told of it: tags are the owner's.
func (x *request) wire(r *ctl.Share) wireShare {
	w := wireShare{ARN: x.service.shareARN(r), Name: r.Label(), Owner: r.Account, AllowExternal: r.AllowExternal, Status: statusActive,
		Created: secondsOf(r.Created), Updated: secondsOf(r.Updated), FeatureSet: "STANDARD"}
	if r.Account == x.account() {
		for _, key := range sortedKeys(r.Tags) {
			w.Tags = append(w.Tags, tag{key, r.Tags[key]})
		}
	}
	return w
}

func sortedKeys(tags map[string]string) []string {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (x *request) association(r *ctl.Share, kind, entity, status string) wireAssociation {
	return wireAssociation{ARN: x.service.shareARN(r), Name: r.Label(), Entity: entity, Type: kind, Status: status,
		Created: secondsOf(r.Created), Updated: secondsOf(r.Updated)}
}

func (x *request) resourceAssociation(r *ctl.Share, id string) wireAssociation {
	return x.association(r, typeResource, x.service.targetARN(r.Account, id), statusAssociated)
}

func (x *request) principalAssociation(v organizations, r *ctl.Share, p *ctl.SharePrincipal) wireAssociation {
	w := x.association(r, typePrincipal, p.ID, statusAssociated)
	w.Created, w.Updated, w.External = secondsOf(p.Since), secondsOf(latest(p)), isExternal(v, r, p)
	switch p.StatusAt(x.Time) {
	case ctl.SharePending:
		w.Status, w.Message = statusAssociating, "The invitation has not been accepted yet."
	case ctl.ShareRejected:
		w.Status, w.Message = statusFailed, "The invitation was rejected."
	case ctl.ShareExpired:
		w.Status, w.Message = statusFailed, "The invitation has expired."
	}
	return w
}

func latest(p *ctl.SharePrincipal) time.Time {
	switch {
	case !p.Answered.IsZero():
		return p.Answered
	case !p.Invited.IsZero():
		return p.Invited
	}
	return p.Since
}

// organizations knows who is with whom. Within a change, or a look at the state, it is that state.
type organizations interface{ SameOrganization(a, b string) bool }

// isExternal reports whether a principal is outside of the owner's organisation.
func isExternal(v organizations, r *ctl.Share, p *ctl.SharePrincipal) bool {
	return !p.IsOrganization() && !v.SameOrganization(r.Account, p.ID)
}

func (x *request) invitation(r *ctl.Share, p *ctl.SharePrincipal) wireInvitation {
	status := map[string]string{ctl.SharePending: "PENDING", ctl.ShareAccepted: "ACCEPTED", ctl.ShareRejected: "REJECTED", ctl.ShareExpired: "EXPIRED"}
	return wireInvitation{ARN: x.service.invitationARN(r, p), ShareName: r.Label(), ShareARN: x.service.shareARN(r), Sender: r.Account, Receiver: p.ID,
		Invited: secondsOf(p.Invited), Status: status[p.StatusAt(x.Time)], ReceiverARN: "arn:aws:iam::" + p.ID + ":root"}
}
