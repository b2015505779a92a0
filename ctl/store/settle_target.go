package store

import (
	"fmt"
	"net/netip"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/rules"
)

func (tx *Tx) settleTarget(n *targetNode) {
	st, r := tx.st, n.rec
	n.fault, n.placed = "", rules.Target{ID: r.ID, Name: r.Name}
	tx.countAccount("targets_per_account", st.ways.cfg.Quotas.TargetsPerAccount, st.targets.count, &n.entry, r)
	addr, ok := tx.targetAddress(n)
	if !ok {
		return
	}
	st.linkTarget(n)
	tx.onUndo(func() { st.unlinkTarget(n) })
	if addr.IsValid() {
		tx.place(n, addr)
	}
}

// targetAddress resolves what a target points at; the address is invalid for a load balancer.
func (tx *Tx) targetAddress(n *targetNode) (addr netip.Addr, ok bool) {
	st, r := tx.st, n.rec
	n.via, n.balancer, n.at = nil, nil, netip.Addr{}
	switch {
	case r.Interface != "":
		via, found := st.interfaces.find(r.Account, r.Interface)
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
		balancer, found := st.balancers.find(r.Account, r.LoadBalancer)
		if !found {
			tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeNotFound, "load_balancer", "load balancer %q is not known; %s", r.LoadBalancer, st.balancers.remedy(tx, r.Account, r.LoadBalancer))
			return addr, false
		}
		n.balancer = balancer
		setRef(&r.LoadBalancer, balancer.rec.ID)
		return addr, true
	}
	n.at = r.Address
	return r.Address, true
}

// place finds the way to a target: tunnel port, next hop and MTU.
func (tx *Tx) place(n *targetNode, addr netip.Addr) {
	w, r, t := tx.st.ways, n.rec, &n.placed
	if addr.Is6() && r.MTU != 0 && r.MTU < ctl.MinTargetMTUv6 { // whether there is a way or not
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeInvalidValue, "mtu", "mtu %d is too small for the IPv6 address %s; use a number from %d to %d",
			r.MTU, addr, ctl.MinTargetMTUv6, ctl.MaxTargetMTU)
		return
	}
	port, fault := w.to(addr)
	if fault != "" {
		tx.unserved(&n.entry, &r.Common, r.Subject(), addressKey(r), fault)
		return
	}
	portName, portMTU := w.cfg.Ports[port].Name, w.mtu[port]
	switch {
	case portMTU < rules.MTUMin:
		tx.unserved(&n.entry, &r.Common, r.Subject(), addressKey(r), fmt.Sprintf(
			"port %q has mtu %d and copies need at least %d; raise it", portName, portMTU, rules.MTUMin))
		return
	case addr.Is6() && portMTU < ctl.MinTargetMTUv6:
		tx.unserved(&n.entry, &r.Common, r.Subject(), addressKey(r), fmt.Sprintf(
			"port %q has mtu %d and IPv6 needs %d; raise it or use an IPv4 address", portName, portMTU, ctl.MinTargetMTUv6))
		return
	}
	t.Address, t.Port, t.MTU = addr, port, portMTU
	if r.MTU != 0 {
		t.MTU = min(r.MTU, portMTU)
	}
	if neighbor := w.neighbors[addr]; neighbor != nil {
		t.NextHop, t.Resolved = neighbor.MAC, true
	}
	if n.touch.put {
		tx.warnTarget(n)
	}
}

// warnTarget says what of a target works otherwise than its author may expect.
func (tx *Tx) warnTarget(n *targetNode) {
	w, r, t := tx.st.ways, n.rec, &n.placed
	if portMTU := w.mtu[t.Port]; r.MTU > portMTU {
		tx.warn(&r.Common, r.Subject(), "mtu", "mtu %d is more than the %d of port %q, so copies are cut at %d; raise the port's mtu or lower the target's",
			r.MTU, portMTU, w.cfg.Ports[t.Port].Name, portMTU)
	}
	if !t.Resolved {
		tx.warn(&r.Common, r.Subject(), addressKey(r), "no MAC address is known for %s, so copies are skipped (unresolved); add a [[neighbor]] with address and mac to %s",
			t.Address, w.cfg.File)
	}
}

// addressKey is the key that gives a target its address.
func addressKey(t *ctl.Target) string {
	if t.Interface != "" {
		return "interface"
	}
	return "address"
}
