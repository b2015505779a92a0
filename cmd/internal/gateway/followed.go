package gateway

import (
	"net/netip"
	"slices"

	"mirrorgw/rules"
	"mirrorgw/vxlan/balancer"
)

// sameTargets reports whether two snapshots have the very same targets.
func sameTargets(a, b []rules.Target) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// destinationsOf lists the addresses that targets stand for, each once.
func destinationsOf(targets []rules.Target) (list []destination) {
	seen := map[netip.Addr]bool{}
	add := func(address netip.Addr, port int) {
		if !seen[address] {
			seen[address] = true
			list = append(list, destination{address, port})
		}
	}
	for i := range targets {
		t := &targets[i]
		if t.Balancer == nil {
			add(t.Address, t.Port)
			continue
		}
		for k := range t.Balancer.Members {
			add(t.Balancer.Members[k].Address, t.Balancer.Members[k].Port)
		}
	}
	return list
}

// groupsOf is the load balancers of a snapshot as the balancer wants them: those of sessions, with
// the zones of their sources.
func groupsOf(s *rules.Snapshot) (groups []balancer.Group) {
	at := map[*rules.Balancer]int{} // -1: a target, but of no session yet
	for i := range s.Targets {
		if b := s.Targets[i].Balancer; b != nil {
			at[b] = -1
		}
	}
	if len(at) == 0 {
		return nil
	}
	for i := range s.Sessions {
		b := s.Targets[s.Sessions[i].Target].Balancer
		if b == nil {
			continue
		}
		if at[b] < 0 {
			at[b] = len(groups)
			groups = append(groups, groupOf(b))
		}
		g := &groups[at[b]]
		if zone := s.Sessions[i].Zone; !slices.Contains(g.Zones, zone) {
			g.Zones = append(g.Zones, zone)
		}
	}
	return groups
}

func groupOf(b *rules.Balancer) balancer.Group {
	g := balancer.Group{ID: b.ID, Name: b.Name, CrossZone: b.CrossZone, Listening: b.Listening}
	if h := b.Health; h != nil {
		g.Check = &balancer.Check{
			Protocol: balancer.Protocol(h.Protocol), Port: h.Port, Path: h.Path, Interval: h.Interval, Timeout: h.Timeout,
			HealthyThreshold: h.HealthyThreshold, UnhealthyThreshold: h.UnhealthyThreshold,
		}
	}
	for _, m := range b.Members {
		g.Members = append(g.Members, balancer.Member{Address: m.Address, Zone: m.Zone, Weight: m.Weight, Draining: m.Draining})
	}
	return g
}
