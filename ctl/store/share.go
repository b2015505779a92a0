package store

import (
	"slices"
	"strings"

	"mirrorgw/ctl"
)

// shareNode is a share with the targets that are in it.
type shareNode struct {
	entry
	rec, before *ctl.Share
	targets     []*targetNode // entered in their lists while linked, in the order of the record

	byID         []*ctl.SharePrincipal // of the record, sorted, while linked: every look at a target of another account asks
	organization bool                  // that of the owner as a whole is among them
}

func (n *shareNode) base() *ctl.Common { return &n.rec.Common }

func (st *state) linkShare(n *shareNode) {
	n.byID = slices.SortedFunc(slices.Values(n.rec.Principals), func(a, b *ctl.SharePrincipal) int { return strings.Compare(a.ID, b.ID) })
	n.organization = slices.ContainsFunc(n.byID, (*ctl.SharePrincipal).IsOrganization)
	for _, t := range n.targets {
		t.shares = t.shares.with(n)
	}
}

func (st *state) unlinkShare(n *shareNode) {
	for _, t := range n.targets {
		t.shares = t.shares.without(n)
	}
	n.targets = nil
}

// grants reports whether a share gives an account access to its targets: as a member of the
// owner's organisation, or because it has accepted an invitation.
func (st *state) grants(r *ctl.Share, account string) bool {
	same := st.sameOrganization(r.Account, account)
	return same && slices.ContainsFunc(r.Principals, (*ctl.SharePrincipal).IsOrganization) || admits(r, r.Principal(account), same)
}

// admits reports whether a share gives one of its principals access; nil is none.
func admits(r *ctl.Share, p *ctl.SharePrincipal, sameOrganization bool) bool {
	return p != nil && (sameOrganization || r.AllowExternal && p.Status == ctl.ShareAccepted)
}

// opens is grants for a share that is linked, which may have very many principals.
func (st *state) opens(n *shareNode, account string) bool {
	same := st.sameOrganization(n.rec.Account, account)
	if same && n.organization {
		return true
	}
	at, found := slices.BinarySearchFunc(n.byID, account, func(p *ctl.SharePrincipal, id string) int { return strings.Compare(p.ID, id) })
	return found && admits(n.rec, n.byID[at], same)
}

// mayUse reports whether sessions of an account may send to a target.
func (st *state) mayUse(account string, t *targetNode) bool {
	return t.rec.Account == account || slices.ContainsFunc(t.shares, func(s *shareNode) bool { return st.opens(s, account) })
}

// touchShare takes a share in hand, with the sessions of other accounts that its targets have.
func (tx *Tx) touchShare(n *shareNode) {
	if n.touch != nil {
		return
	}
	saved := *n
	n.touch, n.before = &touch{}, n.rec
	tx.shares = append(tx.shares, n)
	tx.st.unlinkShare(n)
	tx.onUndo(func() {
		n.touch, n.before, n.rec, n.targets = nil, nil, saved.rec, saved.targets
		tx.st.linkShare(n)
	})
	for _, t := range saved.targets {
		tx.touchGuests(t)
	}
}

// touchGuests takes the sessions in hand that other accounts have on a target.
func (tx *Tx) touchGuests(t *targetNode) {
	for _, s := range slices.Clone(t.sessions) {
		if s.rec.Account != t.rec.Account {
			tx.touchSession(s)
		}
	}
}

func (tx *Tx) deleteShare(n *shareNode) {
	tx.touchShare(n)
	leave(tx, tx.st.shares, n, &n.entry)
}

func (tx *Tx) releaseShares() {
	for _, n := range tx.shares {
		if n.before != nil && n.rec.Equal(n.before) {
			n.rec = n.before
		}
		n.rec.TakeSource()
		n.touch, n.before = nil, nil
	}
}

// export is the share as a document has it: with targets by name.
func (n *shareNode) export() *ctl.Share {
	s := n.rec.Clone()
	s.Targets = nil
	for _, t := range n.targets {
		s.Targets = append(s.Targets, t.rec.Name)
	}
	return s
}
