package balancer

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever happens, a view has exactly the members that may serve its zone, and none that may not.
func TestViewsAreRight(t *testing.T) {
	zones := []string{"", "a", "b"}
	rapid.Check(t, func(r *rapid.T) {
		s := newScript(t, Options{MaxProbes: 4})
		g := drawGroup(r, zones)
		s.set(g)
		s.reachable(true, addrs(1, 2, 3, 4)...)
		for range rapid.IntRange(3, 15).Draw(r, "steps") {
			n := rapid.IntRange(1, 6).Draw(r, "member")
			switch rapid.IntRange(0, 6).Draw(r, "step") {
			case 0:
				s.reachable(true, addr(n))
			case 1:
				s.reachable(false, addr(n))
			case 2:
				s.dead[addr(n)] = "dead"
			case 3:
				delete(s.dead, addr(n))
			case 4:
				s.silent[addr(n)] = !s.silent[addr(n)]
			case 5:
				g = drawGroup(r, zones)
				s.set(g)
			}
			s.run(time.Duration(rapid.IntRange(0, 25000).Draw(r, "ms")) * time.Millisecond)
			s.judge(r, g)
		}
	})
}

func drawGroup(r *rapid.T, zones []string) Group {
	g := groupOf(rapid.IntRange(0, 6).Draw(r, "members"))
	g.CrossZone, g.Zones = rapid.Bool().Draw(r, "cross zone"), zones
	if rapid.IntRange(0, 3).Draw(r, "check") == 0 {
		g.Check = nil
	}
	for i := range g.Members {
		m := &g.Members[i]
		m.Zone = rapid.SampledFrom(zones).Draw(r, "zone")
		m.Weight = rapid.IntRange(0, 2).Draw(r, "weight")
		m.Draining = rapid.IntRange(0, 3).Draw(r, "draining") == 0
	}
	return g
}

// judge compares the last views with the states that people are told.
func (s *script) judge(r *rapid.T, g Group) {
	members := map[string][]MemberStatus{}
	usable := map[netip.Addr]bool{}
	for _, status := range s.Status() {
		for _, m := range status.Members {
			usable[m.Address] = m.Weight > 0 && (m.State == Healthy || m.State == Initial)
			for _, zone := range g.Zones {
				if zone == "" || m.Zone == "" || m.Zone == zone || g.CrossZone {
					members[zone] = append(members[zone], m)
				}
			}
		}
	}
	for _, zone := range g.Zones {
		v := s.views["nlb/"+zone]
		if len(g.Members) == 0 && v.ID == "" {
			continue // nothing set yet
		}
		some := false
		for _, m := range members[zone] {
			some = some || usable[m.Address]
		}
		if some != (v.Skip == "") || some != (len(v.Members) > 0) {
			r.Fatalf("zone %q: usable %v of %+v, view of %v, skip %q", zone, usable, members[zone], v.Members, v.Skip)
		}
		for _, m := range v.Members {
			if !usable[m] {
				r.Fatalf("zone %q: %v is in use and must not be: %s", zone, m, s.states())
			}
		}
		for _, owner := range v.Table {
			if int(owner) >= len(v.Members) {
				r.Fatalf("zone %q: index %d of %d members", zone, owner, len(v.Members))
			}
		}
	}
}

// elsewhere answers each probe in a goroutine of its own.
type elsewhere struct{ running sync.WaitGroup }

func (e *elsewhere) Probe(_ Probe, done func(Result)) {
	e.running.Add(1)
	go func() {
		defer e.running.Done()
		done(Result{OK: true, RTT: 1})
	}()
}

// For the race detector: results and questions come from everywhere.
func TestResultsFromOtherGoroutines(t *testing.T) {
	prober := &elsewhere{}
	b := New(Options{Prober: prober})
	b.Set(start, []Group{groupOf(50)})
	for i := range 50 {
		b.Reachable(start, map[netip.Addr]bool{addr(i + 1): true})
	}
	for now := start; now.Before(start.Add(5 * time.Second)); {
		next := b.Tick(now) // while the results of the last one arrive
		b.Status()
		if !next.After(now) {
			prober.running.Wait()
			continue
		}
		now = next
	}
	prober.running.Wait()
	b.Tick(start.Add(5 * time.Second))
	for _, m := range b.Status()[0].Members {
		if m.State != Healthy {
			t.Errorf("member %v is %s", m.Address, m.State)
		}
	}
}
