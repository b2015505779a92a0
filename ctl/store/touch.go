package store

import (
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// To touch a node is to take it out of all lists that validation fills again, and with it
// everything whose rightness depends on it.

func (tx *Tx) touchInterface(n *interfaceNode) {
	if n.touch != nil {
		return
	}
	saved := *n
	n.touch, n.before = &touch{oldFault: n.fault}, n.rec
	tx.interfaces = append(tx.interfaces, n)
	tx.st.unlinkInterface(n)
	tx.onUndo(func() {
		n.touch, n.before = nil, nil
		n.rec, n.fault, n.source, n.key, n.addresses = saved.rec, saved.fault, saved.source, saved.key, saved.addresses
		tx.st.linkInterface(n, saved.keyed)
	})
	for _, s := range slices.Clone(n.sessions) {
		tx.touchSession(s)
	}
	for _, t := range slices.Clone(n.targets) {
		tx.touchTarget(t)
	}
}

func (tx *Tx) touchBalancer(n *balancerNode) {
	if n.touch != nil {
		return
	}
	tx.takeBalancer(n)
	for _, t := range slices.Clone(n.targets) {
		tx.touchTarget(t)
	}
}

func (tx *Tx) takeBalancer(n *balancerNode) {
	saved := *n
	n.touch, n.before = &touch{}, n.rec
	tx.balancers = append(tx.balancers, n)
	tx.onUndo(func() {
		n.touch, n.before = nil, nil
		n.rec, n.placed, n.hop, n.mtu, n.left = saved.rec, saved.placed, saved.hop, saved.mtu, saved.left
	})
}

// deleteBalancer leaves the targets that use it where they are: they are the reason to refuse,
// unless the change takes them away as well.
func (tx *Tx) deleteBalancer(n *balancerNode) {
	if n.touch == nil {
		tx.takeBalancer(n)
	}
	leave(tx, tx.st.balancers, n, &n.entry)
}

func (tx *Tx) touchTarget(n *targetNode) {
	if n.touch != nil {
		return
	}
	for _, s := range slices.Clone(n.sessions) {
		tx.touchSession(s)
	}
	saved := *n
	n.touch, n.before = &touch{oldFault: n.fault}, n.rec
	tx.targets = append(tx.targets, n)
	tx.st.unlinkTarget(n)
	tx.onUndo(func() {
		n.touch, n.before = nil, nil
		n.rec, n.fault, n.placed, n.hop = saved.rec, saved.fault, saved.placed, saved.hop
		n.via, n.balancer, n.at = saved.via, saved.balancer, saved.at
		tx.st.linkTarget(n)
	})
}

func (tx *Tx) touchFilter(n *filterNode) {
	if n.touch != nil {
		return
	}
	n.touch, n.before = &touch{}, n.rec
	tx.filters = append(tx.filters, n)
	rec, compiled := n.rec, n.compiled
	tx.onUndo(func() {
		n.touch, n.before, n.rec, n.compiled = nil, nil, rec, compiled
		tx.st.laid.filters = nil
	})
}

func (tx *Tx) touchSession(n *sessionNode) {
	if n.touch != nil {
		return
	}
	saved := *n
	n.touch, n.before = &touch{oldFault: n.fault}, n.rec
	n.was = &linking{n.source, n.via}
	tx.sessions = append(tx.sessions, n)
	if n.linked {
		tx.st.unlinkSession(n)
	}
	tx.st.dropVNI(n.vni)
	n.vni = vniKey{}
	tx.onUndo(func() {
		*n = saved
		n.linked = false
		if saved.linked {
			tx.st.linkSession(n)
		}
		tx.st.takeVNI(n.vni)
	})
}

// Delete removes a resource by ID. The sessions of an interface and the rules of a filter go with
// it; what others refer to is refused (api.CodeInUse). A target goes out of its shares, and leaves
// sessions of other accounts inactive.
func (tx *Tx) Delete(kind Kind, id string) error {
	st := tx.st
	switch kind {
	case KindInterface:
		if n, ok := st.interfaces.byID[id]; ok {
			tx.deleteInterface(n)
			return nil
		}
	case KindLoadBalancer:
		if n, ok := st.balancers.byID[id]; ok {
			tx.deleteBalancer(n)
			return nil
		}
	case KindTarget:
		if n, ok := st.targets.byID[id]; ok {
			tx.deleteTarget(n)
			return nil
		}
	case KindFilter:
		if n, ok := st.filters.byID[id]; ok {
			tx.touchFilter(n)
			leave(tx, st.filters, n, &n.entry)
			return nil
		}
	case KindRule:
		if n := tx.ruleOwner(id, nil); n != nil {
			return tx.changeRules(n, id, nil)
		}
	case KindSession:
		if n, ok := st.sessions.byID[id]; ok {
			tx.deleteSession(n)
			return nil
		}
	case KindShare:
		if n, ok := st.shares.byID[id]; ok {
			tx.deleteShare(n)
			return nil
		}
	}
	return tx.refusal(&ctl.Common{}, "", api.CodeNotFound, "", "there is no %s %q", kind.word(), id)
}

func (tx *Tx) deleteSession(n *sessionNode) {
	tx.touchSession(n)
	leave(tx, tx.st.sessions, n, &n.entry)
}

// deleteTarget leaves the sessions of its account that use it where they are: they are the reason
// to refuse, unless the change takes them away as well. Those of others lose it, and so do shares.
func (tx *Tx) deleteTarget(n *targetNode) {
	for _, s := range slices.Clone(n.shares) {
		tx.touchShare(s)
	}
	tx.touchGuests(n)
	if n.touch == nil {
		saved := *n
		n.touch, n.before = &touch{oldFault: n.fault}, n.rec
		tx.targets = append(tx.targets, n)
		tx.st.unlinkTarget(n)
		tx.onUndo(func() {
			n.touch, n.before = nil, nil
			n.via, n.balancer, n.at = saved.via, saved.balancer, saved.at
			tx.st.linkTarget(n)
		})
	}
	leave(tx, tx.st.targets, n, &n.entry)
}

func (tx *Tx) deleteInterface(n *interfaceNode) {
	for _, s := range slices.Clone(n.sessions) {
		tx.deleteSession(s)
	}
	if n.touch == nil {
		saved := *n
		n.touch, n.before = &touch{oldFault: n.fault}, n.rec
		tx.interfaces = append(tx.interfaces, n)
		tx.st.unlinkInterface(n)
		tx.onUndo(func() {
			n.touch, n.before = nil, nil
			n.key, n.addresses = saved.key, saved.addresses
			tx.st.linkInterface(n, saved.keyed)
		})
	}
	leave(tx, tx.st.interfaces, n, &n.entry)
}
