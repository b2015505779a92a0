package store

import (
	"net/netip"
	"slices"

	"mirrorgw/ctl"
)

// TargetWay is the way to a target, as far as the configuration and the resources decide it.
type TargetWay struct {
	Address      netip.Addr // of the appliance; the zero address with LoadBalancer
	LoadBalancer string     // ID; empty: Address
	Port         string     // tunnel port that leads to Address
	Via          netip.Addr // router; the zero address: it is reached directly
	MTU          int        // bytes of the outer IP packet
	Fault        string     // why the target is not served, a sentence; empty: it is
	Skip         string     // why every copy is skipped whatever the members' health is; empty: they are not
	SkipReason   string     // the same as a sentence
}

// TargetWay finds the way to a target by its ID.
func (v *View) TargetWay(id string) (TargetWay, bool) {
	n := v.st.targets.byID[id]
	if n == nil {
		return TargetWay{}, false
	}
	return v.way(n), true
}

// HasSessions reports whether sessions send to a target, by its ID.
func (v *View) HasSessions(id string) bool {
	n := v.st.targets.byID[id]
	return n != nil && slices.ContainsFunc(n.sessions, func(s *sessionNode) bool { return s.rec.Inactive == "" })
}

func (v *View) way(n *targetNode) TargetWay {
	w := TargetWay{Fault: n.fault, MTU: n.placed.MTU}
	switch {
	case n.fault != "":
	case n.balancer != nil:
		w.LoadBalancer = n.balancer.rec.ID
		if skip, why := n.balancer.silent(); skip != "" {
			w.Skip, w.SkipReason = skip, "load balancer \""+n.balancer.rec.Name+"\" "+why
		}
	default:
		w.Address, w.Port, w.Via = n.hop.address, v.st.ways.cfg.Ports[n.hop.port].Name, n.hop.via
	}
	return w
}

// SessionWay finds the way that copies of an active session go, and the zone whose members of a
// load balancer serve it.
func (v *View) SessionWay(id string) (way TargetWay, zone string, active bool) {
	n := v.st.sessions.byID[id]
	if n == nil || n.reason != "" {
		return TargetWay{}, "", false
	}
	return v.way(n.target), n.zone, true
}

// TargetsTo lists the targets that send straight to an address.
func (v *View) TargetsTo(addr netip.Addr) []*ctl.Target {
	var list []*ctl.Target
	for _, n := range v.st.targetsAt[addr] {
		if n.balancer == nil {
			list = append(list, n.rec)
		}
	}
	for _, i := range v.st.byAddress[addr] {
		for _, n := range i.targets {
			if n.hop.address == addr {
				list = append(list, n.rec)
			}
		}
	}
	return list
}
