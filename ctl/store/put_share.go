package store

import (
	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// PutShare creates or replaces a share. Its targets are of its own account. A principal without
// status keeps the one that it has in the share, or is invited if it is neither in the owner's
// organisation nor that itself; one without invitation keeps that, or gets one if it needs it.
func (tx *Tx) PutShare(r *ctl.Share) error {
	if err := tx.check(r); err != nil {
		return err
	}
	r.Normalize()
	n, known, err := admit(tx, tx.st.shares, &r.Common, r.Subject(), ctl.PrefixShare, func() *shareNode {
		return &shareNode{entry: entry{sequence: tx.nextSequence(), touch: &touch{created: true}}, rec: r}
	})
	if err != nil {
		return err
	}
	old, name := &ctl.Share{}, ""
	if known {
		tx.touchShare(n)
		old, name = n.rec, n.rec.Name
	}
	if err := tx.invite(r, old); err != nil {
		return err
	}
	if n.rec = r; !known {
		enter(tx, tx.st.shares, n)
		tx.shares = append(tx.shares, n)
	}
	n.touch.put = true
	rename(tx, tx.st.shares, n, &n.entry, name)
	return nil
}

// invite fills in what a share says of its principals, and when. A saved share says all of it.
func (tx *Tx) invite(r, old *ctl.Share) error {
	if tx.loading {
		return nil
	}
	r.Created, r.Updated = old.Created, tx.now
	if r.Created.IsZero() {
		r.Created = tx.now
	}
	for i, p := range r.Principals {
		filled, err := tx.principal(r, *p, old)
		if err != nil {
			return err
		}
		r.Principals[i] = &filled
	}
	return nil
}

// principal is a principal with what it was, if it was one, and with an invitation if it needs one.
func (tx *Tx) principal(r *ctl.Share, p ctl.SharePrincipal, old *ctl.Share) (ctl.SharePrincipal, error) {
	external := !p.IsOrganization() && !tx.st.sameOrganization(r.Account, p.ID)
	was := old.Principal(p.ID)
	// An account that has left the organisation may be left in a share that is not for it any more,
	// where it has no access; documents may have it there.
	left := was != nil && !old.AllowExternal || tx.applies && p.Status != ""
	if was == nil {
		was = &ctl.SharePrincipal{Status: ctl.ShareAssociated, Since: tx.now}
		if external {
			was.Status = ctl.SharePending
		}
	}
	if p.Status == "" {
		p.Status = was.Status
	}
	p.Since = was.Since
	if p.Status == ctl.ShareAssociated {
		p.Invitation = ""
		return p, nil
	}
	if external && !r.AllowExternal && !left {
		return p, tx.refusal(&r.Common, r.Subject(), api.CodeInvalidValue, "principal",
			"principal %s is outside of the owner's organisation, and the share does not allow that; leave it out or allow external principals", p.ID)
	}
	if p.Invitation == "" {
		p.Invitation = was.Invitation
	}
	return p, tx.dateInvitation(&p, was)
}

// dateInvitation draws an invitation that is missing, and says when it was sent and answered.
func (tx *Tx) dateInvitation(p, was *ctl.SharePrincipal) (err error) {
	if p.Invitation == "" {
		if p.Invitation, err = ctl.NewUUID(tx.random); err != nil {
			return tx.refusal(&ctl.Common{}, "", api.CodeInternal, "", "%v", err)
		}
	}
	if p.Invited = was.Invited; p.Invitation != was.Invitation || p.Invited.IsZero() {
		p.Invited = tx.now
	}
	switch {
	case p.Status == ctl.SharePending:
	case p.Status == was.Status && p.Invitation == was.Invitation:
		p.Answered = was.Answered
	default:
		p.Answered = tx.now
	}
	return nil
}
