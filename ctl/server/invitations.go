package server

import (
	"net/http"
	"reflect"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

const pathOneInvitation = api.PathInvitations + "/{id}"

// answerActions are the permissions for each answer to an invitation, those of AWS RAM.
var answerActions = map[string]string{ctl.ShareAccepted: "ram:AcceptResourceShareInvitation", ctl.ShareRejected: "ram:RejectResourceShareInvitation"}

func (s *Server) invitationRoutes() []*route {
	return []*route{{method: http.MethodPost, path: pathOneInvitation, summary: "Accept or reject an invitation to a share, once", role: Admin,
		request: reflect.TypeFor[api.InvitationAnswer](), response: reflect.TypeFor[api.Changed[api.ResourceShare]](), status: http.StatusOK,
		codes: changeCodes, handle: s.answerInvitation}}
}

// answerInvitation is for users of the account that is invited. Who looks after the gateway answers for
// all of them.
func (s *Server) answerInvitation(x *exchange) (*answer, error) {
	var w api.InvitationAnswer
	if err := strictjson.Decode(x.body, &w); err != nil {
		return nil, err
	}
	if answerActions[w.Status] == "" {
		return nil, fault(api.CodeInvalidValue, "status", "status is %q; give it accepted or rejected", w.Status)
	}
	var after *ctl.Share
	request := store.Request{By: x.actor()}
	result, err := s.make(x, request, func(tx *store.Tx) error {
		share, p, err := s.openInvitation(x, &tx.View, x.r.PathValue("id"), w.Status)
		if err != nil {
			return err
		}
		after = share.Clone()
		after.Principal(p.ID).Status = w.Status
		return tx.PutShare(after)
	})
	if err != nil {
		return nil, err
	}
	return shareKind.changed(s, toldShare(x, after), result), nil
}

// openInvitation finds an invitation that the caller may answer, and that nobody has answered.
func (s *Server) openInvitation(x *exchange, v *store.View, id, status string) (*ctl.Share, *ctl.SharePrincipal, error) {
	share, p, ok := v.Invitation(id)
	if !ok || x.who.isRestricted() && p.ID != x.who.Account {
		return nil, nil, fault(api.CodeNotFound, "", "there is no invitation %q; GET %s has those of each share", id, api.PathShares)
	}
	if x.who.mapped {
		if err := s.ask(x, s.askToAnswer(share, p, status)); err != nil {
			return nil, nil, err
		}
	}
	switch now := p.StatusAt(time.Now()); now {
	case ctl.SharePending:
		return share, p, nil
	case ctl.ShareExpired:
		return nil, nil, fault(api.CodeInvalidValue, "", "the invitation has expired; have the owner of the share take account %s out of it and in again", p.ID)
	default:
		return nil, nil, fault(api.CodeInvalidValue, "", "the invitation is %s already, and is answered once; have the owner of the share take account %s out of it and in again", now, p.ID)
	}
}

func (s *Server) askToAnswer(share *ctl.Share, p *ctl.SharePrincipal, status string) *ask {
	of := kindAccess{arnKind: iam.KindInvitation, service: "ram"}
	return &ask{action: answerActions[status], resources: []iam.Resource{{ARN: s.arn(of, share.Account, p.Invitation)}}}
}

// mayAnswer tells whether a caller may give an invitation any of the answers.
func (s *Server) mayAnswer(who *caller, id string) (may bool) {
	s.Store.Read(func(v *store.View) {
		share, p, ok := v.Invitation(id)
		if !ok || who.isRestricted() && p.ID != who.Account {
			return
		}
		for status := range answerActions {
			may = may || s.decide(who, s.askToAnswer(share, p, status)).Allowed
		}
	})
	return may
}

// told is a record as the caller may know it: of another account's share, not with whom else it is.
func told[R any](x *exchange, r *R) *R {
	if share, ok := any(r).(*ctl.Share); ok {
		return any(toldShare(x, share)).(*R)
	}
	return r
}

func toldShare(x *exchange, r *ctl.Share) *ctl.Share {
	if !x.who.isRestricted() {
		return r
	}
	return shareFor(x.who.Account, r)
}

// shareFor is a share as an account may know it.
func shareFor(account string, r *ctl.Share) *ctl.Share {
	if r.Account == account {
		return r
	}
	c := *r
	c.Principals = nil
	for _, p := range r.Principals {
		if p.ID == account || p.IsOrganization() {
			c.Principals = append(c.Principals, p)
		}
	}
	return &c
}
