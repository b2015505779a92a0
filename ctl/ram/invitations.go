package ram

import (
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

type invitationsInput struct {
	ARNs      []string `json:"resourceShareInvitationArns,omitempty"`
	ShareARNs []string `json:"resourceShareArns,omitempty"`
	paged
}

// getInvitations lists the invitations that the caller has received.
func getInvitations(x *request, in *invitationsInput) (any, error) {
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	key := *in
	key.paged = paged{}
	found, next, err := list(x, key, in.paged, func(v *store.View, to *page[wireInvitation]) error {
		for _, arn := range once(in.ARNs) {
			if _, _, err := x.received(v, arn); err != nil {
				return err
			}
		}
		if err := x.checkShares(v, in.ShareARNs); err != nil {
			return err
		}
		x.invitations(v, in, to)
		return nil
	})
	return struct {
		Invitations []wireInvitation `json:"resourceShareInvitations"`
		Next        *string          `json:"nextToken,omitempty"`
	}{found, next}, err
}

func (x *request) invitations(v *store.View, in *invitationsInput, to *page[wireInvitation]) {
	named, ofShare := oneOfThese(in.ARNs), oneOfThese(in.ShareARNs)
	for _, r := range v.Shares() {
		p := r.Principal(x.account())
		if p == nil || p.Invitation == "" {
			continue
		}
		w, at := x.invitation(r, p), keyOf(p.Invited, p.Invitation)
		if to.wants(at) && named(w.ARN) && ofShare(w.ShareARN) {
			to.add(at, w)
		}
	}
}

// once is a list without what it has already.
func once(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(word string) bool {
		defer func() { seen[word] = true }()
		return seen[word]
	})
}

// invitationName reads the ARN of an invitation.
func invitationName(arn string) (name, error) {
	n, f := parseARN(arn)
	if f != nil {
		return n, f
	}
	if n.service != "ram" || n.kind != invitationWord {
		return n, refused("MalformedArnException", "%q is not the Amazon Resource Name (ARN) of an invitation.", clip(arn))
	}
	return n, nil
}

// received finds an invitation of the caller by its ARN.
func (x *request) received(v *store.View, arn string) (*ctl.Share, *ctl.SharePrincipal, error) {
	n, err := invitationName(arn)
	if err != nil {
		return nil, nil, err
	}
	r, p, ok := v.Invitation(n.id)
	if !ok || p.ID != x.account() || r.Account != n.account || n.region != x.service.region {
		return nil, nil, refused("ResourceShareInvitationArnNotFoundException", "The invitation %s could not be found.", clip(arn))
	}
	return r, p, nil
}

// permitInvitation asks whether the caller may do the action on an invitation, before anything is told of it.
func (x *request) permitInvitation(arn string) error {
	if _, err := invitationName(arn); err != nil {
		return err
	}
	return x.permit(arn, nil, nil, nil)
}

// open finds an invitation of the caller that may still be answered.
func (x *request) open(v *store.View, arn string) (*ctl.Share, *ctl.SharePrincipal, error) {
	r, p, err := x.received(v, arn)
	if err != nil {
		return nil, nil, err
	}
	switch p.StatusAt(x.Time) {
	case ctl.ShareAccepted:
		return nil, nil, refused("ResourceShareInvitationAlreadyAcceptedException", "The invitation %s has already been accepted.", arn)
	case ctl.ShareRejected:
		return nil, nil, refused("ResourceShareInvitationAlreadyRejectedException", "The invitation %s has already been rejected.", arn)
	case ctl.ShareExpired:
		return nil, nil, refused("ResourceShareInvitationExpiredException", "The invitation %s has expired. Its sender can invite the account again.", arn)
	}
	return r, p, nil
}

type answerInput struct {
	ARN         string `json:"resourceShareInvitationArn,omitempty"`
	ClientToken string `json:"clientToken,omitempty"`
}

func acceptInvitation(x *request, in *answerInput) (any, error) {
	return x.answerInvitation(in, ctl.ShareAccepted)
}

func rejectInvitation(x *request, in *answerInput) (any, error) {
	return x.answerInvitation(in, ctl.ShareRejected)
}

// answerInvitation gives an invitation its answer. The store permits it once: the first answer
// counts. With a token the same answer may be repeated.
func (x *request) answerInvitation(in *answerInput, status string) (any, error) {
	if in.ARN == "" {
		return nil, missing("resourceShareInvitationArn")
	}
	token, err := x.token(in.ClientToken, in.ARN)
	if err != nil {
		return nil, err
	}
	if err := x.permitInvitation(in.ARN); err != nil {
		return nil, err
	}
	// It is judged in the change alone, where a repetition does not get to.
	if _, err := x.service.store.Change(x.ctx(), store.Request{Token: token, By: x.actor()}, func(tx *store.Tx) error {
		r, p, err := x.open(&tx.View, in.ARN)
		if err != nil {
			return err
		}
		changed := r.Clone()
		changed.Principal(p.ID).Status = status
		return tx.PutShare(changed)
	}); err != nil {
		return nil, err
	}
	var w wireInvitation
	err = x.read(func(v *store.View) error {
		r, p, err := x.received(v, in.ARN)
		if err == nil {
			w = x.invitation(r, p)
			x.touched(in.ARN, w.ShareARN)
		}
		return err
	})
	return struct {
		Invitation  wireInvitation `json:"resourceShareInvitation"`
		ClientToken string         `json:"clientToken,omitempty"`
	}{w, in.ClientToken}, err
}

type pendingInput struct {
	ARN   string `json:"resourceShareInvitationArn,omitempty"`
	Scope string `json:"resourceRegionScope,omitempty"`
	paged
}

// listPending lists what an invitation that is not answered yet is about.
func listPending(x *request, in *pendingInput) (any, error) {
	if in.ARN == "" {
		return nil, missing("resourceShareInvitationArn")
	}
	if err := oneOf("resourceRegionScope", in.Scope, "", "ALL", "REGIONAL", "GLOBAL"); err != nil {
		return nil, err
	}
	if err := x.permitInvitation(in.ARN); err != nil {
		return nil, err
	}
	key := *in
	key.paged = paged{}
	found, next, err := list(x, key, in.paged, func(v *store.View, to *page[wireResource]) error {
		r, _, err := x.open(v, in.ARN)
		if err != nil || in.Scope == "GLOBAL" {
			return err
		}
		for _, id := range r.Targets {
			if at := keyOf(r.Created, r.ID, id); to.wants(at) {
				to.add(at, x.resource(r, x.service.targetARN(r.Account, id), "PENDING"))
			}
		}
		return nil
	})
	return resourcesAnswer{found, next}, err
}
