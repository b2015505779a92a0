package store

import (
	"net/netip"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/rules"
)

func (tx *Tx) settleTarget(n *targetNode) {
	st, r := tx.st, n.rec
	n.fault, n.placed, n.hop = "", rules.Target{ID: r.ID, Name: r.Name, Limit: r.Limit}, hop{}
	tx.countAccount("targets_per_account", st.ways.cfg.Quotas.TargetsPerAccount, st.targets.count, &n.entry, r)
	addr, ok := tx.targetAddress(n)
	if !ok {
		return
	}
	st.linkTarget(n)
	tx.onUndo(func() { st.unlinkTarget(n) })
	if n.balancer != nil {
		tx.placeBalancer(n)
	} else {
		tx.place(n, addr)
	}
}

// targetAddress resolves what a target points at; the address is invalid for a load balancer.
func (tx *Tx) targetAddress(n *targetNode) (addr netip.Addr, ok bool) {
	st, r := tx.st, n.rec
	before := n.before
	if before == nil {
		before = &ctl.Target{}
	}
	n.via, n.balancer, n.at = nil, nil, nil
	switch {
	case r.Interface != "":
		via, found := own(tx, st.interfaces, r.Account, r.Interface, before.Interface)
		switch {
		case !found:
			tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeNotFound, "interface", "interface %q is not known; %s", r.Interface, st.interfaces.remedy(tx, r.Account, r.Interface))
			return addr, false
		case len(via.rec.Addresses) == 0:
			tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeInvalidValue, "interface", "interface %q has no address to send to; add addresses to it", via.rec.Name)
			return addr, false
		}
		n.via = via
		setRef(&r.Interface, via.rec.ID)
		return via.rec.Addresses[0], true
	case r.LoadBalancer != "":
		balancer, found := own(tx, st.balancers, r.Account, r.LoadBalancer, before.LoadBalancer)
		if !found {
			tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeNotFound, "load_balancer", "load balancer %q is not known; %s", r.LoadBalancer, st.balancers.remedy(tx, r.Account, r.LoadBalancer))
			return addr, false
		}
		n.balancer, n.at = balancer, balancer.addresses()
		setRef(&r.LoadBalancer, balancer.rec.ID)
		return addr, true
	}
	n.at = []netip.Addr{r.Address}
	return r.Address, true
}

// place finds the way to a target: tunnel port, next hop and MTU. The next hop is known if the
// configuration has it; else the underlay resolves it while the gateway runs.
func (tx *Tx) place(n *targetNode, addr netip.Addr) {
	w, r, t := tx.st.ways, n.rec, &n.placed
	if !tx.checkTargetMTU(n, addr) { // whether there is a way or not
		return
	}
	way, fault := w.to(addr)
	if fault != "" {
		tx.unserved(&n.entry, &r.Common, r.Subject(), addressKey(r), fault)
		return
	}
	n.hop = way
	t.Address, t.Port, t.MTU = addr, way.port, w.mtu[way.port]
	if r.MTU != 0 {
		t.MTU = min(r.MTU, t.MTU)
	}
	t.NextHop, t.Resolved = w.nextHop(way)
	if n.touch.put {
		tx.warnTarget(n)
	}
}

func (tx *Tx) checkTargetMTU(n *targetNode, addr netip.Addr) bool {
	r := n.rec
	if addr.Is6() && r.MTU != 0 && r.MTU < ctl.MinTargetMTUv6 {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeInvalidValue, "mtu", "mtu %d is too small for the IPv6 address %s; use a number from %d to %d",
			r.MTU, addr, ctl.MinTargetMTUv6, ctl.MaxTargetMTU)
		return false
	}
	return true
}

// warnTarget says what of a target works otherwise than its author may expect.
func (tx *Tx) warnTarget(n *targetNode) {
	w, r, t := tx.st.ways, n.rec, &n.placed
	if t.Balancer != nil {
		return // its members may be behind several ports
	}
	if portMTU := w.mtu[t.Port]; r.MTU > portMTU {
		tx.warn(&r.Common, r.Subject(), "mtu", "mtu %d is more than the %d of port %q, so copies are cut at %d; raise the port's mtu or lower the target's",
			r.MTU, portMTU, w.cfg.Ports[t.Port].Name, portMTU)
	}
}

// isPlaced reports whether copies can be sent there, as far as the configuration goes.
func (n *targetNode) isPlaced() bool { return n.placed.Address.IsValid() || n.placed.Balancer != nil }

// addressKey is the key that gives a target its address.
func addressKey(t *ctl.Target) string {
	switch {
	case t.Interface != "":
		return "interface"
	case t.LoadBalancer != "":
		return "load_balancer"
	}
	return "address"
}
