package balancer

import (
	"net/netip"
	"testing"
	"time"
)

// zoned has members 1 and 2 in zone a, 3 and 4 in zone b, and sources in a, b and c and in none.
func zoned(crossZone bool) Group {
	g := groupOf(4)
	g.CrossZone, g.Zones = crossZone, []string{"b", "a", "c", "", "a"}
	for i := range g.Members {
		g.Members[i].Zone = []string{"a", "a", "b", "b"}[i]
	}
	return g
}

func TestZones(t *testing.T) {
	for _, crossZone := range []bool{false, true} {
		s := newScript(t, Options{})
		s.set(zoned(crossZone))
		s.reachable(true, addrs(1, 2, 3, 4)...)
		s.run(5 * time.Second)
		s.wantView("a", "", addrs(1, 2)...)
		s.wantView("b", "", addrs(3, 4)...)
		s.wantView("", "", addrs(1, 2, 3, 4)...)
		elsewhere := addrs(1, 2, 3, 4)
		if !crossZone {
			elsewhere = nil
		}
		s.wantElsewhere(crossZone, "c", elsewhere...)

		s.reachable(false, addr(1))
		s.wantView("a", "", addr(2))
		s.reachable(false, addr(2))
		s.wantElsewhere(crossZone, "a", addrs(3, 4)...)
		s.wantView("b", "", addrs(3, 4)...)
		s.reachable(false, addrs(3, 4)...)
		for _, zone := range []string{"a", "b", "c", ""} {
			s.wantView(zone, SkipTargetDown)
		}
		s.reachable(true, addr(2))
		s.wantView("a", "", addr(2))
		s.wantElsewhere(crossZone, "b", addr(2))
	}
}

func (s *script) wantElsewhere(crossZone bool, zone string, members ...netip.Addr) {
	s.t.Helper()
	if crossZone {
		s.wantView(zone, "", members...)
		return
	}
	s.wantView(zone, SkipTargetDown)
}

func TestMemberWithoutZoneServesAll(t *testing.T) {
	s := newScript(t, Options{})
	g := zoned(false)
	g.Members[3].Zone = ""
	s.set(g)
	s.reachable(true, addrs(1, 2, 3, 4)...)
	s.wantView("a", "", addrs(1, 2, 4)...)
	s.wantView("c", "", addr(4))
}

func TestZonesComeAndGo(t *testing.T) {
	s := newScript(t, Options{})
	g := zoned(false)
	g.Zones = []string{"a"}
	s.set(g)
	s.reachable(true, addrs(1, 2, 3, 4)...)
	s.run(5 * time.Second)
	s.changed = 0
	s.set(g)
	if s.changed != 0 {
		t.Errorf("setting the same again yields %d views", s.changed)
	}
	g.Zones = []string{"a", "b"}
	s.set(g)
	s.wantView("b", "", addrs(3, 4)...)
	g.Zones = nil
	s.set(g)
	g.Zones = []string{"a"}
	s.set(g) // told again: it was forgotten
	if s.changed != 2 {
		t.Errorf("%d views changed, want 2", s.changed)
	}
	if z := s.Status()[0].Zones; len(z) != 1 || z[0].Zone != "a" || len(z[0].Members) != 2 {
		t.Errorf("status of zones %+v", z)
	}
}

// Zones with the same members share one table.
func TestTablesAreShared(t *testing.T) {
	s := newScript(t, Options{})
	g := groupOf(4)
	g.Zones = []string{"a", "b", "c"}
	s.set(g)
	s.reachable(true, addrs(1, 2, 3, 4)...)
	a, b := s.views["nlb/a"], s.views["nlb/b"]
	if &a.Table[0] != &b.Table[0] {
		t.Error("two tables of the same members")
	}
}
