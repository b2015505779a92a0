package store

import (
	"slices"

	"mirrorgw/ctl"
)

// View is a consistent view of the state. Lists are oldest first and belong to the caller;
// records are immutable. A ref is an ID, or a name in the account; an empty account is the
// default one.
type View struct{ st *state }

// Accounts is how many resources each account has, rules apart; those without any are not in it.
func (v *View) Accounts() map[string]int {
	all := map[string]int{}
	for _, counts := range []map[string]int{v.st.interfaces.count, v.st.targets.count, v.st.filters.count, v.st.sessions.count, v.st.balancers.count, v.st.shares.count} {
		for account, n := range counts {
			if n > 0 {
				all[account] += n
			}
		}
	}
	return all
}

// Revision is that of the last change.
func (v *View) Revision() uint64 { return v.st.revision }

func find[N noder](t *table[N], account, ref string) (N, bool) {
	if account == "" {
		account = ctl.DefaultAccount
	}
	return t.find(account, ref)
}

// Interface finds an interface.
func (v *View) Interface(account, ref string) (*ctl.Interface, bool) {
	if n, ok := find(v.st.interfaces, account, ref); ok {
		return n.rec, true
	}
	return nil, false
}

// Target finds a target.
func (v *View) Target(account, ref string) (*ctl.Target, bool) {
	if n, ok := find(v.st.targets, account, ref); ok {
		return n.rec, true
	}
	return nil, false
}

// Filter finds a filter.
func (v *View) Filter(account, ref string) (*ctl.Filter, bool) {
	if n, ok := find(v.st.filters, account, ref); ok {
		return n.rec, true
	}
	return nil, false
}

// Session finds a session.
func (v *View) Session(account, ref string) (*ctl.Session, bool) {
	if n, ok := find(v.st.sessions, account, ref); ok {
		return n.rec, true
	}
	return nil, false
}

// LoadBalancer finds a load balancer.
func (v *View) LoadBalancer(account, ref string) (*ctl.LoadBalancer, bool) {
	if n, ok := find(v.st.balancers, account, ref); ok {
		return n.rec, true
	}
	return nil, false
}

func list[N noder, R any](t *table[N], record func(N) R) []R {
	records := make([]R, len(t.order))
	for i, n := range t.order {
		records[i] = record(n)
	}
	return records
}

// Interfaces lists all interfaces.
func (v *View) Interfaces() []*ctl.Interface {
	return list(v.st.interfaces, func(n *interfaceNode) *ctl.Interface { return n.rec })
}

// Targets lists all targets.
func (v *View) Targets() []*ctl.Target {
	return list(v.st.targets, func(n *targetNode) *ctl.Target { return n.rec })
}

// Filters lists all filters.
func (v *View) Filters() []*ctl.Filter {
	return list(v.st.filters, func(n *filterNode) *ctl.Filter { return n.rec })
}

// Sessions lists all sessions.
func (v *View) Sessions() []*ctl.Session {
	return list(v.st.sessions, func(n *sessionNode) *ctl.Session { return n.rec })
}

// LoadBalancers lists all load balancers.
func (v *View) LoadBalancers() []*ctl.LoadBalancer {
	return list(v.st.balancers, func(n *balancerNode) *ctl.LoadBalancer { return n.rec })
}

// Rule finds a rule by its ID.
func (v *View) Rule(id string) (filter *ctl.Filter, rule *ctl.Rule, ok bool) {
	n := v.st.rules[id]
	if n == nil {
		return nil, nil, false
	}
	i := slices.IndexFunc(n.rec.Rules, func(r *ctl.Rule) bool { return r.ID == id })
	if i < 0 {
		return nil, nil, false
	}
	return n.rec, n.rec.Rules[i], true
}

// SessionsOf lists the sessions of a source by its ID, lowest number first.
func (v *View) SessionsOf(interfaceID string) []*ctl.Session {
	n := v.st.interfaces.byID[interfaceID]
	if n == nil {
		return nil
	}
	records := make([]*ctl.Session, len(n.sessions))
	for i, s := range n.sessions {
		records[i] = s.rec
	}
	return records
}

// SessionState says whether copies of a session are made, and why not.
func (v *View) SessionState(id string) (active bool, reason string) {
	n := v.st.sessions.byID[id]
	if n == nil {
		return false, "there is no such session"
	}
	return n.reason == "", n.reason
}

// Find finds a resource of any kind by its ID. The record is one of those of Event, but a filter
// has its rules.
func (v *View) Find(id string) (Kind, any, bool) {
	if n, ok := v.st.interfaces.byID[id]; ok {
		return KindInterface, n.rec, true
	}
	if n, ok := v.st.targets.byID[id]; ok {
		return KindTarget, n.rec, true
	}
	if n, ok := v.st.filters.byID[id]; ok {
		return KindFilter, n.rec, true
	}
	if n, ok := v.st.sessions.byID[id]; ok {
		return KindSession, n.rec, true
	}
	if n, ok := v.st.balancers.byID[id]; ok {
		return KindLoadBalancer, n.rec, true
	}
	if n, ok := v.st.shares.byID[id]; ok {
		return KindShare, n.rec, true
	}
	if f, r, ok := v.Rule(id); ok {
		return KindRule, &RuleRecord{f.ID, r}, true
	}
	return "", nil, false
}

// Names lists the names of a kind in an account, oldest first. Rules have none.
func (v *View) Names(kind Kind, account string) []string {
	if account == "" {
		account = ctl.DefaultAccount
	}
	switch kind {
	case KindInterface:
		return v.st.interfaces.names(account, -1)
	case KindTarget:
		return v.st.targets.names(account, -1)
	case KindFilter:
		return v.st.filters.names(account, -1)
	case KindSession:
		return v.st.sessions.names(account, -1)
	case KindLoadBalancer:
		return v.st.balancers.names(account, -1)
	case KindShare:
		return v.st.shares.names(account, -1)
	}
	return nil
}

// Counts counts the resources.
func (v *View) Counts() Counts {
	st := v.st
	return Counts{Interfaces: len(st.interfaces.order), Targets: len(st.targets.order), Filters: len(st.filters.order),
		Rules: len(st.rules), Sessions: len(st.sessions.order), LoadBalancers: len(st.balancers.order), Shares: len(st.shares.order)}
}
