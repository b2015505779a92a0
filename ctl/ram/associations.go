package ram

import (
	"slices"
	"strings"

	"mirrorgw/ctl"
	"mirrorgw/ctl/store"
)

type associateInput struct {
	ARN          string   `json:"resourceShareArn,omitempty"`
	ResourceARNs []string `json:"resourceArns,omitempty"`
	Principals   []string `json:"principals,omitempty"`
	ClientToken  string   `json:"clientToken,omitempty"`
}

type associationsAnswer struct {
	Associations []wireAssociation `json:"resourceShareAssociations"`
	ClientToken  string            `json:"clientToken,omitempty"`
}

func (in *associateInput) check(x *request) (*store.Token, error) {
	switch {
	case in.ARN == "":
		return nil, missing("resourceShareArn")
	case len(in.ResourceARNs) == 0 && len(in.Principals) == 0:
		return nil, invalid("The request must name resources or principals.")
	}
	if err := checkCounts(in.ResourceARNs, in.Principals); err != nil {
		return nil, err
	}
	if err := x.checkPrincipalForms(in.Principals); err != nil {
		return nil, err
	}
	plain := *in
	plain.ClientToken = ""
	return x.token(in.ClientToken, plain)
}

// checkPrincipalForms is checkPrincipals, but lets the caller name itself: it may leave a share.
func (x *request) checkPrincipalForms(ids []string) error {
	for _, id := range ids {
		if id != x.account() {
			if err := x.checkPrincipal(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// associate adds targets and principals to a share. What is there already stays, but for a
// principal whose invitation was rejected or has expired: it is invited again.
func associate(x *request, in *associateInput) (any, error) {
	token, err := in.check(x)
	if err != nil {
		return nil, err
	}
	if err := x.checkPrincipals(in.Principals); err != nil {
		return nil, err
	}
	var ids []string
	find := func(v *store.View) (*ctl.Share, error) {
		r, err := x.owned(v, in.ARN)
		if err == nil {
			ids, err = x.targets(v, in.ResourceARNs)
		}
		return r, err
	}
	if _, err := x.change(token, find, func(tx *store.Tx, r *ctl.Share) error {
		changed, err := x.withoutDead(tx, r, in.Principals)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !slices.Contains(changed.Targets, id) {
				changed.Targets = append(changed.Targets, id)
			}
		}
		add(changed, in.Principals)
		return tx.PutShare(changed)
	}); err != nil {
		return nil, err
	}
	return x.answerAssociations(in)
}

// withoutDead is a copy of a share without those of the principals whose invitation is of no use any
// more, so that they get another.
func (x *request) withoutDead(tx *store.Tx, r *ctl.Share, principals []string) (*ctl.Share, error) {
	changed := r.Clone()
	changed.Principals = slices.DeleteFunc(changed.Principals, func(p *ctl.SharePrincipal) bool {
		status := p.StatusAt(x.Time)
		return slices.Contains(principals, p.ID) && (status == ctl.ShareRejected || status == ctl.ShareExpired)
	})
	if len(changed.Principals) == len(r.Principals) {
		return changed, nil
	}
	err := tx.PutShare(changed)
	return changed.Clone(), err
}

// answerAssociations answers with the associations that a request names, as they are now.
func (x *request) answerAssociations(in *associateInput) (any, error) {
	answer := associationsAnswer{[]wireAssociation{}, in.ClientToken}
	err := x.read(func(v *store.View) error {
		r, err := x.share(v, in.ARN)
		if err != nil {
			return err
		}
		x.touched(in.ARN)
		ids, err := x.targets(v, in.ResourceARNs)
		for _, id := range ids {
			x.touched(id)
			answer.Associations = append(answer.Associations, x.resourceAssociation(r, id))
		}
		for _, id := range in.Principals {
			if p := r.Principal(id); p != nil {
				answer.Associations = append(answer.Associations, x.principalAssociation(v, r, p))
			}
		}
		return err
	})
	return answer, err
}

// disassociate takes targets and principals out of a share; an account may take itself out of
// another's.
func disassociate(x *request, in *associateInput) (any, error) {
	token, err := in.check(x)
	if err != nil {
		return nil, err
	}
	answer := associationsAnswer{[]wireAssociation{}, in.ClientToken}
	find := func(v *store.View) (*ctl.Share, error) {
		if len(in.ResourceARNs) == 0 && len(in.Principals) == 1 && in.Principals[0] == x.account() {
			return x.permittedShare(v, in.ARN, nil, nil)
		}
		return x.owned(v, in.ARN)
	}
	if _, err := x.change(token, find, func(tx *store.Tx, r *ctl.Share) error {
		changed := r.Clone()
		answer.Associations, err = x.takeOut(&tx.View, changed, in)
		if err != nil {
			return err
		}
		return tx.PutShare(changed)
	}); err != nil {
		return nil, err
	}
	x.touched(in.ARN)
	return answer, nil
}

// takeOut takes what a request names out of a copy of a share, and says what that was.
func (x *request) takeOut(v *store.View, changed *ctl.Share, in *associateInput) ([]wireAssociation, error) {
	out := []wireAssociation{}
	for _, arn := range in.ResourceARNs {
		id, err := x.target(v, arn)
		if err != nil {
			return nil, err
		}
		at := slices.Index(changed.Targets, id)
		if at < 0 {
			return nil, refused(unknownResource, "The resource %s is not associated with the resource share.", clip(arn))
		}
		w := x.resourceAssociation(changed, id)
		changed.Targets = slices.Delete(changed.Targets, at, at+1)
		w.Status, w.Updated = statusDisassociated, secondsOf(x.Time)
		out = append(out, w)
	}
	for _, id := range in.Principals {
		p := changed.Principal(id)
		if p == nil {
			return nil, refused(unknownResource, "The principal %s is not associated with the resource share.", clip(id))
		}
		w := x.principalAssociation(v, changed, p)
		changed.Principals = slices.DeleteFunc(changed.Principals, func(q *ctl.SharePrincipal) bool { return q == p })
		w.Status, w.Message, w.Updated = statusDisassociated, "", secondsOf(x.Time)
		out = append(out, w)
	}
	return out, nil
}

type associationsInput struct {
	Type        string   `json:"associationType,omitempty"`
	ARNs        []string `json:"resourceShareArns,omitempty"`
	ResourceARN string   `json:"resourceArn,omitempty"`
	Principal   string   `json:"principal,omitempty"`
	Status      string   `json:"associationStatus,omitempty"`
	paged
}

func (in *associationsInput) check() error {
	switch {
	case in.Type == "":
		return missing("associationType")
	case in.Type == typePrincipal && in.ResourceARN != "":
		return invalid("resourceArn does not go with the associationType %s.", typePrincipal)
	case in.Type == typeResource && in.Principal != "":
		return invalid("principal does not go with the associationType %s.", typeResource)
	}
	if err := oneOf("associationType", in.Type, typePrincipal, typeResource); err != nil {
		return err
	}
	return oneOf("associationStatus", in.Status, "", statusAssociating, statusAssociated, statusFailed, "DISASSOCIATING", statusDisassociated)
}

// getAssociations lists what is in the caller's own shares.
func getAssociations(x *request, in *associationsInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	key := *in
	key.paged = paged{}
	found, next, err := listShares(x, key, in.paged, func(v *store.View) ([]*ctl.Share, error) {
		shares, err := x.shares(v, ownerSelf, in.ARNs)
		if err == nil && in.ResourceARN != "" {
			_, err = x.target(v, in.ResourceARN)
		}
		return shares, err
	}, func(r *ctl.Share, key string, to *page[wireAssociation]) { x.associations(r, key, in, to) })
	return struct {
		Associations []wireAssociation `json:"resourceShareAssociations"`
		Next         *string           `json:"nextToken,omitempty"`
	}{found, next}, err
}

// associations adds those of a share that a request selects.
func (x *request) associations(r *ctl.Share, key string, in *associationsInput, to *page[wireAssociation]) {
	add := func(at string, w wireAssociation) {
		if in.Status == "" || w.Status == in.Status {
			to.add(at, w)
		}
	}
	if in.Type == typeResource {
		for _, id := range r.Targets {
			if at := key + "\x00" + x.service.targetARN(r.Account, id); to.wants(at) && (in.ResourceARN == "" || strings.HasSuffix(at, "\x00"+in.ResourceARN)) {
				add(at, x.resourceAssociation(r, id))
			}
		}
		return
	}
	for _, p := range r.Principals {
		if at := key + "\x00" + p.ID; to.wants(at) && (in.Principal == "" || p.ID == in.Principal) {
			add(at, x.principalAssociation(x.service.store, r, p))
		}
	}
}
