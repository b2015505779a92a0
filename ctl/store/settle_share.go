package store

import (
	"fmt"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// maxSharesPerAccount is RAM's default quota.
const maxSharesPerAccount = 5000

// settleShare finds the targets of a share and links it to them. One that was not put loses those
// that are deleted.
func (tx *Tx) settleShare(n *shareNode) {
	st := tx.st
	var ids []string
	n.targets = nil
	for _, ref := range n.rec.Targets {
		t, ok := own(tx, st.targets, n.rec.Account, ref, "")
		switch {
		case !ok && n.touch.put:
			tx.fail(&n.entry, &n.rec.Common, n.rec.Subject(), api.CodeNotFound, "targets", "target %q names no target of account %s; %s",
				ref, n.rec.Account, st.targets.remedy(tx, n.rec.Account, ref))
			return
		case ok && !slices.Contains(ids, t.rec.ID):
			ids, n.targets = append(ids, t.rec.ID), append(n.targets, t)
		}
	}
	tx.setTargets(n, ids)
	st.linkShare(n)
	tx.onUndo(func() { st.unlinkShare(n) })
	for _, t := range n.targets {
		tx.touchGuests(t)
	}
	tx.countShare(n)
}

// setTargets writes IDs into the record, which readers may have unless it was put.
func (tx *Tx) setTargets(n *shareNode, ids []string) {
	if slices.Equal(n.rec.Targets, ids) {
		return
	}
	if !n.touch.put {
		n.rec = n.rec.Clone()
		n.rec.Updated = tx.now
	}
	n.rec.Targets = ids
}

// shareOwner is an account as the owner of shares.
type shareOwner string

func (tx *Tx) countShare(n *shareNode) {
	if !n.touch.created {
		return
	}
	account, count := n.rec.Account, tx.st.shares.count
	tx.count("", shareOwner(account), &n.entry, n.rec, func() *use {
		return &use{limit: maxSharesPerAccount, count: func() int { return count[account] }, text: func() string {
			return fmt.Sprintf("account %s has more than %d shares", account, maxSharesPerAccount)
		}}
	})
}

// own resolves a reference from a resource of an account to one of the same account. A reference to
// another account's is kept where the record had it before (its ID) and does not change: there was a
// time when they were allowed.
func own[N noder](tx *Tx, t *table[N], account, ref, before string) (N, bool) {
	n, ok := t.find(account, ref)
	if ok && n.base().Account != account && !tx.loading && ref != before {
		var none N
		return none, false
	}
	return n, ok
}

// reach finds the target of a session, or what stands for one that it has lost.
func (tx *Tx) reach(n *sessionNode) (t *targetNode, inactive string, ok bool) {
	st, r := tx.st, n.rec
	t, found := st.targets.find(r.Account, r.Target)
	switch {
	case found && st.mayUse(r.Account, t):
		return t, "", true
	case found && tx.mayLose(n, ctl.InactiveShareDeleted):
		return t, ctl.InactiveShareDeleted, true
	case !found && !n.ownDeleted() && tx.mayLose(n, ctl.InactiveTargetDeleted):
		return &targetNode{rec: &ctl.Target{Common: ctl.Common{ID: r.Target, Name: r.Target}}, index: -1, gone: true}, ctl.InactiveTargetDeleted, true
	}
	return nil, "", false
}

// mayLose reports whether a session may be without its target: it lost it after it was put, or a
// document says that it had lost it.
func (tx *Tx) mayLose(n *sessionNode, how string) bool {
	switch {
	case tx.loading:
		return how == ctl.InactiveShareDeleted || n.rec.Inactive == how // a target that is simply missing is damage
	case n.touch.put && tx.applies:
		return n.rec.Inactive == how
	}
	return n.before != nil && n.before.Target == n.rec.Target
}

// ownDeleted reports whether this change deletes the target that a session of the same account has.
func (n *sessionNode) ownDeleted() bool {
	t := n.target
	return t != nil && t.touch != nil && t.touch.deleted && t.rec.Account == n.rec.Account
}

// lose notes whether a session has its target. Its record is copied where readers may have it.
func (tx *Tx) lose(n *sessionNode, inactive string) {
	had := n.before == nil || n.before.Inactive == ""
	n.touch.returns = !had && inactive == "" && n.before.Target == n.rec.Target
	if n.rec.Inactive != inactive {
		if !n.touch.put {
			n.rec = clone(n.rec)
		}
		n.rec.Inactive = inactive
	}
	if inactive == "" {
		return
	}
	n.reason = n.lost()
	if had {
		tx.warn(&n.rec.Common, n.rec.Subject(), "target", "it is inactive: %s", n.reason)
	}
}

// lost says why a session without its target is inactive.
func (n *sessionNode) lost() string {
	if n.rec.Inactive == ctl.InactiveTargetDeleted {
		return fmt.Sprintf("%s: target %s was deleted by its owner; modify the session to another target", ctl.InactiveTargetDeleted, n.rec.Target)
	}
	return fmt.Sprintf("%s: target %s of account %s is not shared with account %s; modify the session to another target, or have it shared again",
		ctl.InactiveShareDeleted, n.rec.Target, n.target.rec.Account, n.rec.Account)
}

// orShared completes the sentence about a target that is not there, or that nobody has shared.
func orShared(r *ctl.Session) string {
	if ctl.IsID(r.Target) {
		return fmt.Sprintf(" of account %s, nor one that is shared with it", r.Account)
	}
	return ""
}
