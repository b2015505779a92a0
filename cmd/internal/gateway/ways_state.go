package gateway

import (
	"net/netip"
	"slices"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/lcore"
	"mirrorgw/vxlan/balancer"
	"mirrorgw/vxlan/underlay"
)

// underlayState is what the control plane is told of the networks that copies leave into.
func (w *ways) underlayState() ctl.Underlay {
	s := w.host.Status()
	u := ctl.Underlay{Counters: map[string]uint64{}}
	addAll(u.Counters, s.Input)
	addAll(u.Counters, s.Events)
	for _, p := range s.Ports {
		addAll(u.Counters, p.Input)
		addAll(u.Counters, p.Events)
		for _, a := range p.Addresses {
			u.Addresses = append(u.Addresses, ctl.AddressState{Port: p.Name, Prefix: a.Address, State: string(a.State), Rival: a.Rival, Disputed: a.Disputed})
		}
	}
	_, deferred := w.balancer.Probes()
	if deferred > 0 {
		u.Counters["probes_deferred"] = deferred
	}
	for _, n := range s.Neighbors {
		u.Neighbors = append(u.Neighbors, ctl.NeighborState{
			Address: n.Address, MAC: n.MAC, Port: w.ports[n.Port].Name, State: string(n.State), Since: n.Since,
			Static: n.State == underlay.NeighborStatic,
		})
	}
	for i := range s.Destinations {
		u.Destinations = append(u.Destinations, destinationState(&s.Destinations[i], w.ports))
	}
	return u
}

func addAll(to, from map[string]uint64) {
	for name, n := range from {
		to[name] += n
	}
}

func destinationState(d *underlay.DestinationStatus, ports []*lcore.Port) ctl.DestinationState {
	s := hopState(d.Destination, &d.NextHop, ports)
	s.Errors, s.LastError, s.ErrorTime = d.Unreachable, d.UnreachableSaid, d.LastUnreachable
	return s
}

func hopState(to netip.Addr, hop *underlay.NextHop, ports []*lcore.Port) ctl.DestinationState {
	s := ctl.DestinationState{
		Address: to, Via: hop.Via, MAC: hop.MAC, Resolved: hop.Resolved, Reason: hop.Reason, PathMTU: hop.MTU, Since: hop.Since,
	}
	if hop.Port >= 0 {
		s.Port = ports[hop.Port].Name
	}
	return s
}

// balancerStates are the load balancers of sessions in force.
func (w *ways) balancerStates() (states []ctl.BalancerState) {
	for _, g := range w.balancer.Status() {
		s := ctl.BalancerState{ID: g.ID, Name: g.Name}
		for i := range g.Members {
			s.Members = append(s.Members, memberState(&g.Members[i]))
		}
		for _, z := range g.Zones {
			s.Zones = append(s.Zones, ctl.ZoneState{Zone: z.Zone, Members: z.Members, Skip: z.Skip})
		}
		states = append(states, s)
	}
	return states
}

func memberState(m *balancer.MemberStatus) ctl.MemberState {
	return ctl.MemberState{
		Address: m.Address, Zone: m.Zone, Weight: m.Weight, State: string(m.State), Reason: m.Reason, Since: m.Since,
		LastProbe: m.Probed, RTT: m.Last.RTT,
	}
}

// tellHop publishes the change of a destination. Called by run.
func (w *ways) tellHop(now time.Time, to netip.Addr, hop *underlay.NextHop) {
	s := hopState(to, hop, w.ports)
	w.states.Publish(ctl.StateChange{Time: now, Destination: &s})
}

// tellMembers publishes what has changed of load balancers since it was last called. Called by run.
func (w *ways) tellMembers(now time.Time) {
	before := w.toldOf
	w.toldOf = w.balancerStates()
	for i := range w.toldOf {
		b := &w.toldOf[i]
		var old ctl.BalancerState
		if at := slices.IndexFunc(before, func(o ctl.BalancerState) bool { return o.ID == b.ID }); at >= 0 {
			old = before[at]
		}
		for k := range b.Members {
			m := b.Members[k]
			at := slices.IndexFunc(old.Members, func(o ctl.MemberState) bool { return o.Address == m.Address })
			if at < 0 || old.Members[at].State != m.State {
				w.states.Publish(ctl.StateChange{Time: now, Balancer: b.ID, Member: &m})
			}
		}
		for k := range b.Zones {
			z := b.Zones[k]
			at := slices.IndexFunc(old.Zones, func(o ctl.ZoneState) bool { return o.Zone == z.Zone })
			if at < 0 || old.Zones[at].Skip != z.Skip {
				w.states.Publish(ctl.StateChange{Time: now, Balancer: b.ID, Zone: &z})
			}
		}
	}
}
