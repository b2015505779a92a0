package store

import (
	"context"

	"mirrorgw/ctl"
)

// SharedTargets lists the targets of other accounts that an account may use, oldest first: those
// shared with its organisation, or with the account itself, which has accepted the invitation if it
// needed one. Neither its own targets are among them nor those of a pending invitation.
func (v *View) SharedTargets(account string) []*ctl.Target {
	var list []*ctl.Target
	for _, n := range v.st.targets.order {
		if n.rec.Account != account && v.st.mayUse(account, n) {
			list = append(list, n.rec)
		}
	}
	return list
}

// MaySee reports whether an account sees a target: its own, and those that are shared with it. The
// target is one of this view; what is no longer in it nobody sees.
func (v *View) MaySee(account string, t *ctl.Target) bool { return v.MayUse(account, t) }

// MayUse reports whether sessions of an account may send to a target: its own, and those that are
// shared with it. What was shared and is no more is neither seen nor used, whatever sessions still
// name it.
func (v *View) MayUse(account string, t *ctl.Target) bool {
	n := v.st.targets.byID[t.ID]
	return n != nil && v.st.mayUse(account, n)
}

// MaySeeSession reports whether an account sees a session: its own, and those on its own targets,
// be they active or not. Only the account of the session may change it.
func (v *View) MaySeeSession(account string, s *ctl.Session) bool {
	n := v.st.sessions.byID[s.ID]
	return n != nil && (n.rec.Account == account || !n.target.gone && n.target.rec.Account == account)
}

// GuestSessions lists the sessions of other accounts on the targets of an account, oldest first.
func (v *View) GuestSessions(account string) []*ctl.Session {
	var list []*ctl.Session
	for _, n := range v.st.sessions.order {
		if n.rec.Account != account && !n.target.gone && n.target.rec.Account == account {
			list = append(list, n.rec)
		}
	}
	return list
}

// LostSessions lists the sessions that have lost their target, oldest first.
func (v *View) LostSessions() []*ctl.Session {
	var list []*ctl.Session
	for _, n := range v.st.sessions.order {
		if n.rec.Inactive != "" {
			list = append(list, n.rec)
		}
	}
	return list
}

// Share finds a share.
func (v *View) Share(account, ref string) (*ctl.Share, bool) {
	if n, ok := find(v.st.shares, account, ref); ok {
		return n.rec, true
	}
	return nil, false
}

// Shares lists all shares.
func (v *View) Shares() []*ctl.Share {
	return list(v.st.shares, func(n *shareNode) *ctl.Share { return n.rec })
}

// SharedWith reports whether a share gives an account, other than its owner, access to its targets.
func (v *View) SharedWith(account string, s *ctl.Share) bool {
	return s.Account != account && v.st.grants(s, account)
}

// SameOrganization reports whether two accounts are in one organisation.
func (v *View) SameOrganization(a, b string) bool { return v.st.sameOrganization(a, b) }

// SameOrganization reports whether two accounts are in one organisation. Within Read or Change the View's is to be
// asked: this one waits for its turn.
func (s *Store) SameOrganization(a, b string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.st.sameOrganization(a, b)
}

// Invitation finds the share, and in it the principal, that an invitation is of.
func (v *View) Invitation(id string) (*ctl.Share, *ctl.SharePrincipal, bool) {
	for _, n := range v.st.shares.order {
		for _, p := range n.rec.Principals {
			if id != "" && p.Invitation == id {
				return n.rec, p, true
			}
		}
	}
	return nil, nil, false
}

// Reassess judges all sessions on targets of other accounts again, after accounts have joined or
// left an organisation. It is a change like others; nothing is refused but by the data path.
func (s *Store) Reassess(ctx context.Context) (Result, error) {
	return s.Change(ctx, Request{}, func(tx *Tx) error {
		tx.lenient = true
		for _, t := range tx.st.targets.order {
			tx.touchGuests(t)
		}
		return nil
	})
}
