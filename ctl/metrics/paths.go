package metrics

import (
	"net/netip"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

var targetFamilies = []family{
	{"mirrorgw_target_resolved", gauge, byResource, "1 if copies to the target can leave: its next hop is resolved, or a member of its load balancer serves each zone; else 0. Absent while no session in force uses it", func(s *scene, o *out) {
		s.eachTargetState(func(t *ctl.Target, state string) { o.flag(state == api.StateReachable, t.ID, t.Name, t.Account) })
	}},
	{"mirrorgw_target_state", gauge, append(slices.Clone(byResource), "state"), "Always 1: the state of a target, as mirrorctl target show has it (reachable, degraded, unresolved, target-down, no-listener or unserved); only the state that it is in", func(s *scene, o *out) {
		s.eachTargetState(func(t *ctl.Target, state string) { o.flag(true, t.ID, t.Name, t.Account, state) })
	}},
	{"mirrorgw_target_path_mtu_bytes", gauge, byResource, "Largest outer IP packet that the way to a target takes; absent where it is not known and for load balancers", func(s *scene, o *out) {
		s.eachDestination(func(t *ctl.Target, d *ctl.DestinationState) {
			if d.PathMTU > 0 {
				o.gauge(float64(d.PathMTU), t.ID, t.Name, t.Account)
			}
		})
	}},
	{"mirrorgw_target_icmp_errors_total", counter, byResource, "ICMP errors that quoted copies to a target, without those about size", func(s *scene, o *out) {
		s.eachDestination(func(t *ctl.Target, d *ctl.DestinationState) { o.count(int64(d.Errors), t.ID, t.Name, t.Account) })
	}},
}

// eachTargetState goes through the targets whose state is known, in the words of the API.
func (s *scene) eachTargetState(do func(t *ctl.Target, state string)) {
	destinations, balancers := s.destinations(), map[string]*ctl.BalancerState{}
	for i := range s.status.Balancers {
		balancers[s.status.Balancers[i].ID] = &s.status.Balancers[i]
	}
	for _, t := range s.targets {
		b, d := balancers[t.way.LoadBalancer], destinations[t.way.Address]
		switch {
		case t.way.Fault != "":
			do(t.record, api.StateUnserved)
		case t.way.Skip != "":
			do(t.record, t.way.Skip)
		case b != nil:
			do(t.record, zonesState(b.Zones))
		case d != nil && d.Resolved:
			do(t.record, api.StateReachable)
		case d != nil:
			do(t.record, api.StateUnresolved)
		}
	}
}

// zonesState sums up who serves the zones of a load balancer.
func zonesState(zones []ctl.ZoneState) string {
	dark, reason := 0, ""
	for i := range zones {
		if zones[i].Skip != "" {
			dark, reason = dark+1, zones[i].Skip
		}
	}
	switch dark {
	case 0:
		return api.StateReachable
	case len(zones):
		return reason
	}
	return api.StateDegraded
}

func (s *scene) destinations() map[netip.Addr]*ctl.DestinationState {
	found := make(map[netip.Addr]*ctl.DestinationState, len(s.status.Underlay.Destinations))
	for i := range s.status.Underlay.Destinations {
		d := &s.status.Underlay.Destinations[i]
		found[d.Address] = d
	}
	return found
}

// eachDestination goes through the targets by address whose way is known.
func (s *scene) eachDestination(do func(t *ctl.Target, d *ctl.DestinationState)) {
	destinations := s.destinations()
	for _, t := range s.targets {
		if d := destinations[t.way.Address]; d != nil {
			do(t.record, d)
		}
	}
}

// memberStates are all that a member can be in.
var memberStates = []string{ctl.MemberInitial, ctl.MemberHealthy, ctl.MemberUnhealthy, ctl.MemberDraining, ctl.MemberDown}

var balancerFamilies = []family{
	{"mirrorgw_load_balancer_member_state", gauge, append(slices.Clone(byResource), "member", "zone", "state"), "1 for the state that a load balancer's member is in (initial, healthy, unhealthy, draining or down), 0 for the other four", func(s *scene, o *out) {
		s.eachMember(func(id, name, owner string, m *ctl.MemberState) {
			for _, state := range memberStates {
				o.flag(m.State == state, id, name, owner, m.Address.String(), m.Zone, state)
			}
		})
	}},
	{"mirrorgw_load_balancer_member_rtt_seconds", gauge, append(slices.Clone(byResource), "member", "zone"), "Round-trip time of a member's last good probe; absent before the first", func(s *scene, o *out) {
		s.eachMember(func(id, name, owner string, m *ctl.MemberState) {
			if m.RTT > 0 {
				o.gauge(m.RTT.Seconds(), id, name, owner, m.Address.String(), m.Zone)
			}
		})
	}},
	{"mirrorgw_load_balancer_zone_served", gauge, append(slices.Clone(byResource), "zone"), "1 if a member serves the sources of a zone, else 0; the empty zone is that of sources without one", func(s *scene, o *out) {
		for i := range s.status.Balancers {
			b := &s.status.Balancers[i]
			for _, z := range b.Zones {
				o.flag(z.Skip == "", b.ID, b.Name, s.owners[b.ID], z.Zone)
			}
		}
	}},
	{"mirrorgw_load_balancer_zone_members", gauge, append(slices.Clone(byResource), "zone"), "Members that the flows of a zone's sources are spread over", func(s *scene, o *out) {
		for i := range s.status.Balancers {
			b := &s.status.Balancers[i]
			for _, z := range b.Zones {
				o.gauge(float64(len(z.Members)), b.ID, b.Name, s.owners[b.ID], z.Zone)
			}
		}
	}},
}

func (s *scene) eachMember(do func(id, name, owner string, m *ctl.MemberState)) {
	for i := range s.status.Balancers {
		b := &s.status.Balancers[i]
		for k := range b.Members {
			do(b.ID, b.Name, s.owners[b.ID], &b.Members[k])
		}
	}
}

// neighborStates are all that a neighbour can be in.
var neighborStates = []string{"incomplete", "reachable", "stale", "probe", "failed", "static"}

var underlayFamilies = []family{
	{"mirrorgw_underlay_address_valid", gauge, []string{"port", "address"}, "1 if one of the gateway's own addresses is in use; 0 while it is checked, and when another host has it", func(s *scene, o *out) {
		for _, a := range s.status.Underlay.Addresses {
			o.flag(a.State == "valid", a.Port, a.Prefix.String())
		}
	}},
	{"mirrorgw_underlay_neighbors", gauge, []string{"state"}, "Entries of the neighbour table, by state", func(s *scene, o *out) {
		in := map[string]int{}
		for _, n := range s.status.Underlay.Neighbors {
			in[n.State]++
		}
		for _, state := range neighborStates {
			o.gauge(float64(in[state]), state)
		}
	}},
	{"mirrorgw_underlay_events_total", counter, []string{"event"}, "What the slow path did and refused, as in the underlay's counters of GET /v1/state; only events that were counted", func(s *scene, o *out) {
		counts := make(map[string]int64, len(s.status.Underlay.Counters))
		for name, n := range s.status.Underlay.Counters {
			counts[name] = int64(n)
		}
		eachReason(counts, nil, func(event string, n int64) { o.count(n, event) })
	}},
}
