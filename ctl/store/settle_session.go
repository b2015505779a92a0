package store

import (
	"cmp"
	"fmt"
	"net/netip"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/rules"
)

func (tx *Tx) settleSession(n *sessionNode) {
	st, r := tx.st, n.rec
	n.fault, n.reason = "", ""
	inactive, ok := tx.resolve(n)
	if !ok {
		return
	}
	if n.source.rec.Port == "" {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeInvalidValue, "source",
			"interface %q is on no port, so it cannot be a source; add port and mac to it", n.source.rec.Name)
		return
	}
	if n.source.isFailed() || n.target.isFailed() {
		n.touch.failed = true // it was reported where it stands
		return
	}
	if at, taken := n.source.sessionAt(r.Number); taken {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeAlreadyExists, "number",
			"session number %d is taken on source %q by session %q; choose another", r.Number, n.source.rec.Name, n.source.sessions[at].rec.Name)
		return
	}
	tx.lose(n, inactive)
	if n.number, n.via = r.Number, n.target.via; inactive != "" {
		n.via = nil // it sends nothing there
	}
	st.linkSession(n)
	tx.onUndo(func() { st.unlinkSession(n) })
	tx.checkRole(n)
	tx.countSession(n)
	tx.countSource(n)
	tx.serve(n)
}

func (e *entry) isFailed() bool { return e.touch != nil && e.touch.failed }

// resolve finds what a session refers to, writes the IDs into its record, and says what is not
// there, or why the target is out of reach.
func (tx *Tx) resolve(n *sessionNode) (inactive string, ok bool) {
	st, r := tx.st, n.rec
	before := n.before
	if before == nil {
		before = &ctl.Session{}
	}
	var ok1, ok2, ok3 bool
	if n.source, ok1 = own(tx, st.interfaces, r.Account, r.Source, before.Source); ok1 {
		setRef(&r.Source, n.source.rec.ID)
	} else {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeNotFound, "source", "source %q names no interface; %s", r.Source, st.interfaces.remedy(tx, r.Account, r.Source))
	}
	if n.target, inactive, ok2 = tx.reach(n); ok2 {
		setRef(&r.Target, n.target.rec.ID)
	} else {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeNotFound, "target", "target %q names no target%s; %s", r.Target, orShared(r), st.targets.remedy(tx, r.Account, r.Target))
	}
	if n.filter, ok3 = own(tx, st.filters, r.Account, r.Filter, before.Filter); ok3 {
		setRef(&r.Filter, n.filter.rec.ID)
	} else {
		tx.fail(&n.entry, &r.Common, r.Subject(), api.CodeNotFound, "filter", "filter %q names no filter; %s", r.Filter, st.filters.remedy(tx, r.Account, r.Filter))
	}
	return inactive, ok1 && ok2 && ok3
}

// setRef replaces a name by the ID that it stands for. A record that readers may have already has
// IDs and is not written.
func setRef(ref *string, id string) {
	if *ref != id {
		*ref = id
	}
}

// checkRole refuses a source that is a target at the same time.
func (tx *Tx) checkRole(n *sessionNode) {
	if target := tx.st.targetOf(n.source); target != nil {
		tx.fail(&n.entry, &n.rec.Common, n.rec.Subject(), api.CodeInUse, "source",
			"interface %q is a source here and %s too; mirror another interface or send to another one", n.source.rec.Name, neighbour("the target", &n.rec.Common, &target.rec.Common))
	}
}

// targetOf returns a target that sends to an interface, by its name or by an address of it.
func (st *state) targetOf(n *interfaceNode) *targetNode {
	if len(n.targets) > 0 {
		return n.targets[0]
	}
	for _, addr := range n.addresses {
		if targets := st.targetsAt[addr]; len(targets) > 0 {
			return targets[0]
		}
	}
	return nil
}

// checkTargetsAsSources refuses a target, in hand, that sends to the source of a session that is
// not; those that are were refused in checkRole.
func (tx *Tx) checkTargetsAsSources() {
	for _, n := range tx.targets {
		if n.touch.deleted {
			continue
		}
		if n.via != nil {
			tx.checkNotSource(n, n.via, "interface")
		}
		for _, addr := range n.at {
			for _, via := range tx.st.byAddress[addr] {
				tx.checkNotSource(n, via, addressKey(n.rec))
			}
		}
	}
}

func (tx *Tx) checkNotSource(n *targetNode, via *interfaceNode, key string) {
	for _, s := range via.sessions {
		if s.touch == nil {
			tx.fail(&n.entry, &n.rec.Common, n.rec.Subject(), api.CodeInUse, key,
				"%s is the target here and the source of %s too; send to another interface or mirror another one", neighbour("interface", &n.rec.Common, &via.rec.Common), neighbour("session", &n.rec.Common, &s.rec.Common))
			return
		}
	}
}

// serve finds out whether the session can be served, and how.
func (tx *Tx) serve(n *sessionNode) {
	r, target := n.rec, n.target
	if r.Inactive != "" {
		n.outer, n.zone, n.cut = netip.Addr{}, "", [2]int{}
		return
	}
	switch {
	case n.source.fault != "":
		tx.unserved(&n.entry, &r.Common, r.Subject(), "source", fmt.Sprintf("interface %q: %s", n.source.rec.Name, n.source.fault))
	case target.fault != "":
		tx.unserved(&n.entry, &r.Common, r.Subject(), "target", fmt.Sprintf("target %q: %s", target.rec.Name, target.fault))
	default:
		tx.findOuterSource(n)
	}
	n.zone = cmp.Or(n.source.rec.Zone, tx.st.ways.cfg.Zone)
	n.reason = n.fault
	if n.reason == "" {
		tx.warnSilent(n)
		tx.warnTruncation(n)
	}
}

// findOuterSource settles the address that the session's copies come from. A load balancer without
// members needs none.
func (tx *Tx) findOuterSource(n *sessionNode) {
	w, r, target := tx.st.ways, n.rec, n.target
	n.outer = netip.Addr{}
	if !target.hop.address.IsValid() {
		return
	}
	if n.outer = w.outerSource(n.source.rec, target.hop); !n.outer.IsValid() {
		family := ctl.Family(target.hop.address)
		tx.unserved(&n.entry, &r.Common, r.Subject(), "target", fmt.Sprintf(
			"target %q is reached over %s but port %q has no %s address to send from; add one to its addresses",
			target.rec.Name, family, w.cfg.Ports[target.hop.port].Name, family))
	}
}

// Bytes of the outer headers that count against the target's MTU: IP, UDP and VXLAN
// (RFC 791, RFC 8200, RFC 768, RFC 7348 section 5).
const (
	overheadIPv4   = 20 + 8 + 8
	overheadIPv6   = 40 + 8 + 8
	ethernetHeader = 14
	vlanTag        = 4
)

// overheadOf is what of the MTU the outer headers of copies to a target take.
func overheadOf(t *rules.Target) int {
	if t.IPv6() {
		return overheadIPv6
	}
	return overheadIPv4
}

// truncation returns the longest frame of the source, and the room that copies have where that is
// certain to be too little.
func (n *sessionNode) truncation() (frame, room int, cut bool) {
	source, target := n.source.rec, &n.target.placed
	frame = source.MTU + ethernetHeader
	if source.MTU == 0 {
		frame = ctl.DefaultInterfaceMTU + ethernetHeader
	}
	if source.VLAN != rules.VLANAny {
		frame += vlanTag
	}
	room = target.MTU - overheadOf(target)
	return frame, room, frame > room && (n.rec.PacketLength == 0 || n.rec.PacketLength > room)
}

// warnTruncation says once per session that frames of full size do not fit the target: when the
// session is put, and when something else changes what is cut.
func (tx *Tx) warnTruncation(n *sessionNode) {
	frame, room, cut := n.truncation()
	before := n.cut
	n.cut = [2]int{}
	if !cut {
		return
	}
	n.cut = [2]int{frame, room}
	if n.touch.put || n.cut != before {
		tx.warnings = append(tx.warnings, n.truncationWarning(frame, room))
	}
}

func (n *sessionNode) truncationWarning(frame, room int) ctl.Warning {
	source, target := n.source.rec, n.target
	mtu := source.MTU
	if mtu == 0 {
		mtu = ctl.DefaultInterfaceMTU
	}
	c := &n.rec.Common
	tx := Tx{}
	if target.balancer != nil && frame > maxBalanced {
		tx.warn(c, n.rec.Subject(), "target", "frames of interface %q have up to %d bytes (mtu %d) but copies to target %q have room for %d and load balancers never take more than %d, "+
			"so longer ones are truncated; lower the source's mtu to %d or set the packet length to %d",
			source.Name, frame, mtu, target.rec.Name, room, maxBalanced, room-(frame-mtu), room)
		return tx.warnings[0]
	}
	tx.warn(c, n.rec.Subject(), "target", "frames of interface %q have up to %d bytes (mtu %d) but copies to target %q have room for %d (mtu %d), so longer ones are truncated; "+
		"give the target and its port mtu %d, lower the source's mtu to %d or set the packet length to %d",
		source.Name, frame, mtu, target.rec.Name, room, target.placed.MTU, target.placed.MTU+frame-room, room-(frame-mtu), room)
	return tx.warnings[0]
}
