package balancer

import (
	"net/netip"
	"slices"
	"time"
)

// GroupStatus is the state of one load balancer, for people.
type GroupStatus struct {
	ID, Name string
	Members  []MemberStatus // as configured
	Zones    []ZoneStatus   // of the sources that use it, sorted
}

// ZoneStatus says who serves the sources of a zone.
type ZoneStatus struct {
	Zone    string
	Members []netip.Addr // in use
	Skip    string       // as in View
}

// MemberStatus is the state of one member.
type MemberStatus struct {
	Address netip.Addr
	Zone    string
	Weight  int
	State   State
	Reason  string    // why, a clause; "" where the state says it all
	Since   time.Time // last change of State
	Probed  time.Time // when the last result came; zero: none yet
	Last    Result    // of the last probe
}

// Status returns the groups in their order. Any goroutine may call it.
func (b *Balancer) Status() []GroupStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]GroupStatus, 0, len(b.groups))
	for _, g := range b.groups {
		s := GroupStatus{ID: g.ID, Name: g.Name}
		for _, m := range g.members {
			state, reason := m.tell(g.check)
			s.Members = append(s.Members, MemberStatus{m.Address, m.Zone, m.Weight, state, reason, m.since, m.at, m.last})
		}
		for _, zone := range g.Zones {
			v := g.views[zone]
			s.Zones = append(s.Zones, ZoneStatus{zone, slices.Clone(v.Members), v.Skip})
		}
		all = append(all, s)
	}
	return all
}

// Probes says how many probes are under way and how many had to wait for room since the start.
func (b *Balancer) Probes() (flying int, deferred uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.flights), b.deferred
}
