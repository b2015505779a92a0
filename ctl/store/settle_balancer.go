package store

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/rules"
)

// vxlanPort is the UDP port of VXLAN (RFC 7348 section 5), which a load balancer must listen on.
const vxlanPort = 4789

// maxBalanced is how many bytes of a frame a load balancer passes on (AWS guide, "Quotas and
// considerations": "the MTU for a Network Load Balancer is 8500").
const maxBalanced = 8500

// settleBalancer finds the ways to a load balancer's members. The data path is given the very same
// *rules.Balancer until the record says something else, so that it may keep what it made of it.
func (tx *Tx) settleBalancer(n *balancerNode) {
	n.hop, n.mtu, n.left = hop{}, 0, nil
	laid := &rules.Balancer{ID: n.rec.ID, Name: n.rec.Name, CrossZone: n.rec.CrossZone, Listening: n.listening(), Health: plainHealth(n.rec.Health)}
	for i := range n.rec.Members {
		m := &n.rec.Members[i]
		way, fault := tx.memberWay(n, m)
		if fault != "" {
			n.left = append(n.left, fmt.Sprintf("member %s: %s", m.Address, fault))
			continue
		}
		if len(laid.Members) == 0 {
			n.hop, n.mtu = way, tx.st.ways.mtu[way.port]
		}
		n.mtu = min(n.mtu, tx.st.ways.mtu[way.port])
		laid.Members = append(laid.Members, tx.st.ways.member(m, way))
	}
	if n.placed == nil || !reflect.DeepEqual(n.placed, laid) {
		n.placed = laid
	}
}

// memberWay is the way to a member. All members are of the first one's family, for the outer source
// is.
func (tx *Tx) memberWay(n *balancerNode, m *ctl.Member) (hop, string) {
	if first := n.rec.Members[0].Address; first.Is4() != m.Address.Is4() {
		return hop{}, fmt.Sprintf("the first member has the %s address %s; give all members addresses of one family", ctl.Family(first), first)
	}
	return tx.st.ways.to(m.Address)
}

func (w *ways) member(m *ctl.Member, way hop) rules.Member {
	r := rules.Member{Address: m.Address, Port: way.port, Zone: m.Zone, Weight: m.Weight}
	r.NextHop, r.Resolved = w.nextHop(way)
	return r
}

// plainHealth leaves numbers that are 0 to whoever probes, who knows the service's defaults.
func plainHealth(h *ctl.HealthCheck) *rules.Health {
	if h == nil {
		return nil
	}
	return &rules.Health{Protocol: h.Protocol, Port: h.Port, Path: h.Path,
		Interval: time.Duration(h.IntervalSeconds) * time.Second, Timeout: time.Duration(h.TimeoutSeconds) * time.Second,
		HealthyThreshold: h.HealthyThreshold, UnhealthyThreshold: h.UnhealthyThreshold}
}

func (n *balancerNode) listening() bool {
	return slices.ContainsFunc(n.rec.Listeners, func(l ctl.Listener) bool { return l.Protocol == "udp" && l.Port == vxlanPort })
}

// addresses are those of all members, whether there is a way to them or not.
func (n *balancerNode) addresses() []netip.Addr {
	list := make([]netip.Addr, len(n.rec.Members))
	for i := range n.rec.Members {
		list[i] = n.rec.Members[i].Address
	}
	return list
}

// placeBalancer makes a target of a load balancer. One without members is served: its copies are
// skipped, and counted as such.
func (tx *Tx) placeBalancer(n *targetNode) {
	b, r, t := n.balancer, n.rec, &n.placed
	if len(b.placed.Members) == 0 && len(b.left) > 0 {
		tx.unserved(&n.entry, &r.Common, r.Subject(), addressKey(r), fmt.Sprintf(
			"load balancer %q has no member that copies can be sent to: %s", b.rec.Name, b.leftOut()))
		return
	}
	if len(b.placed.Members) > 0 && !tx.checkTargetMTU(n, b.hop.address) {
		return
	}
	n.hop, t.Balancer = b.hop, b.placed
	t.MTU = maxBalanced + overheadOf(t)
	if b.mtu != 0 {
		t.MTU = min(t.MTU, b.mtu)
	}
	if r.MTU != 0 {
		t.MTU = min(t.MTU, r.MTU)
	}
}

// leftOut lists the members that copies cannot be sent to, and why.
func (n *balancerNode) leftOut() string {
	if more := len(n.left) - maxListed; more > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(n.left[:maxListed], "; "), more)
	}
	return strings.Join(n.left, "; ")
}

// silent returns the reason for which every copy is skipped, and a sentence without its beginning;
// empty: copies are sent to the members.
func (n *balancerNode) silent() (skip, why string) {
	switch {
	case !n.listening():
		return skipNoListener, fmt.Sprintf("has no listener udp/%d, so copies are skipped (no-listener); add one to it", vxlanPort)
	case len(n.rec.Members) == 0:
		return skipTargetDown, "has no members, so copies are skipped (target-down); add one to it"
	case !slices.ContainsFunc(n.placed.Members, func(m rules.Member) bool { return m.Weight > 0 && !m.Draining }):
		return skipTargetDown, "has no member that takes flows, so copies are skipped (target-down); give one a weight and end its draining"
	}
	return "", ""
}

// Skip reasons, in the words of the counters.
const (
	skipNoListener = "no-listener"
	skipTargetDown = "target-down"
)

// warnBalancer says what of a load balancer works otherwise than its author may expect.
func (tx *Tx) warnBalancer(n *balancerNode) {
	r := n.rec
	if len(n.left) > 0 {
		tx.warn(&r.Common, r.Subject(), "member", "copies cannot be sent to %d of %d members, the others get their share; %s", len(n.left), len(r.Members), n.leftOut())
	}
	if _, why := n.silent(); why != "" && len(n.targets) > 0 {
		tx.warn(&r.Common, r.Subject(), "", "it %s", why)
	}
}

// warnSilent says of a session that was put what its load balancer does not say at the same time.
func (tx *Tx) warnSilent(n *sessionNode) {
	b := n.target.balancer
	if b == nil || !n.touch.put || b.touch != nil && b.touch.put {
		return
	}
	if _, why := b.silent(); why != "" {
		tx.warn(&n.rec.Common, n.rec.Subject(), "target", "load balancer %q %s", b.rec.Name, why)
	}
}
