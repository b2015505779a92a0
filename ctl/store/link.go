package store

import (
	"cmp"
	"slices"

	"mirrorgw/ctl"
)

// Linking enters a node in the indexes and in the lists of what it refers to, by what the node
// itself says; unlinking takes it out again. The two are each other's inverse.

func (st *state) linkInterface(n *interfaceNode, keyed bool) {
	if n.keyed = keyed; keyed {
		st.bySource[n.key] = n
	}
	for _, addr := range n.addresses {
		st.byAddress[addr] = st.byAddress[addr].with(n)
	}
	st.laid.interfaces = nil
}

func (st *state) unlinkInterface(n *interfaceNode) {
	if n.keyed {
		delete(st.bySource, n.key)
		n.keyed = false
	}
	for _, addr := range n.addresses {
		takeOut(st.byAddress, addr, n)
	}
	n.addresses = nil
	st.laid.interfaces = nil
}

func takeOut[K comparable, N interface{ seq() uint64 }](m map[K]nodes[N], key K, n N) {
	if rest := m[key].without(n); len(rest) > 0 {
		m[key] = rest
	} else {
		delete(m, key)
	}
}

func (st *state) linkTarget(n *targetNode) {
	if n.via != nil {
		n.via.targets = n.via.targets.with(n)
	}
	if n.balancer != nil {
		n.balancer.targets = n.balancer.targets.with(n)
	}
	for _, addr := range n.at {
		st.targetsAt[addr] = st.targetsAt[addr].with(n)
	}
	st.laid.targets = nil
}

func (st *state) unlinkTarget(n *targetNode) {
	if n.via != nil {
		n.via.targets = n.via.targets.without(n)
	}
	if n.balancer != nil {
		n.balancer.targets = n.balancer.targets.without(n)
	}
	for _, addr := range n.at {
		takeOut(st.targetsAt, addr, n)
	}
	n.via, n.balancer, n.at = nil, nil, nil
	st.laid.targets = nil
}

func (st *state) linkSession(n *sessionNode) {
	at, _ := n.source.sessionAt(n.number)
	n.source.sessions = slices.Insert(n.source.sessions, at, n)
	n.target.sessions = n.target.sessions.with(n)
	if n.target.gone {
		id := n.target.rec.ID
		st.orphans[id] = st.orphans[id].with(n)
	}
	n.filter.sessions = n.filter.sessions.with(n)
	if n.via != nil {
		if n.via.feeds == nil {
			n.via.feeds = map[*interfaceNode]int{}
		}
		n.via.feeds[n.source]++
	}
	n.linked = true
}

func (st *state) unlinkSession(n *sessionNode) {
	if at, found := n.source.sessionAt(n.number); found && n.source.sessions[at] == n {
		n.source.sessions = slices.Delete(n.source.sessions, at, at+1)
	}
	n.target.sessions = n.target.sessions.without(n)
	if n.target.gone {
		takeOut(st.orphans, n.target.rec.ID, n)
	}
	n.filter.sessions = n.filter.sessions.without(n)
	if n.via != nil {
		if n.via.feeds[n.source]--; n.via.feeds[n.source] == 0 {
			delete(n.via.feeds, n.source)
		}
	}
	n.linked = false
}

// sessionAt finds where a session number stands in the source's list.
func (n *interfaceNode) sessionAt(number int) (int, bool) {
	return slices.BinarySearchFunc(n.sessions, number, func(s *sessionNode, number int) int { return cmp.Compare(s.number, number) })
}

func (st *state) takeVNI(key vniKey) {
	if key.vni != 0 {
		st.vnis[key]++
	}
}

func (st *state) dropVNI(key vniKey) {
	if key.vni == 0 {
		return
	}
	if st.vnis[key]--; st.vnis[key] == 0 {
		delete(st.vnis, key)
	}
}

// forgetSource takes a record's place in its document off it: it would keep the document alive.
func forgetSource(f *ctl.Filter) {
	f.TakeSource()
	for _, r := range f.Rules {
		r.Forget()
	}
}
