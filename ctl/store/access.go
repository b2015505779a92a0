package store

import "mirrorgw/ctl"

// Access is what an account may do with one resource, ascending: each includes those before it.
type Access int

// Levels of access.
const (
	AccessNone Access = iota // to the account it is as if the resource were not there
	AccessSee                // a session on the account's target, a share that is offered to it
	AccessUse                // a target that is shared with it: sessions may send there
	AccessOwn                // it is the account's: change, tag, share and delete it
)

// Access is what an account may do with the resource of any kind that has an ID. It is the one
// answer for every door: a resource with AccessNone is answered like one that does not exist.
func (v *View) Access(account, id string) Access {
	kind, record, ok := v.Find(id)
	switch {
	case !ok:
		return AccessNone
	case v.ownerOf(record) == account:
		return AccessOwn
	case kind == KindTarget && v.MayUse(account, record.(*ctl.Target)):
		return AccessUse
	case kind == KindSession && v.MaySeeSession(account, record.(*ctl.Session)),
		kind == KindShare && v.MaySeeShare(account, record.(*ctl.Share)):
		return AccessSee
	}
	return AccessNone
}

// ownerOf is the account of a record, a rule's that of its filter.
func (v *View) ownerOf(r any) string {
	if rule, ok := r.(*RuleRecord); ok {
		return v.st.filters.byID[rule.FilterID].rec.Account
	}
	return r.(record).Base().Account
}

// MaySeeShare reports whether an account sees a share: its own, those that give it access, and
// those that it was invited to, whatever it answered.
func (v *View) MaySeeShare(account string, s *ctl.Share) bool {
	return s.Account == account || v.st.grants(s, account) || s.Principal(account) != nil
}
