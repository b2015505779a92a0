package balancer

import (
	"net/netip"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(3))
	s.wantView("", SkipTargetDown)
	s.wantStates("1 down, 2 down, 3 down")

	s.reachable(true, addr(1), addr(2)) // used before any probe
	s.wantView("", "", addr(1), addr(2))
	s.wantStates("1 initial, 2 initial, 3 down")

	s.dead[addr(2)] = "connection refused" // one failed probe is enough for a member never seen healthy
	s.run(time.Second)
	s.wantView("", "", addr(1))
	s.wantStates("1 healthy, 2 unhealthy, 3 down")

	s.reachable(true, addr(3)) // joined with the first: used until its probe fails
	s.wantView("", "", addr(1), addr(3))
}

func TestJoinBesideHealthyMembers(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(1))
	s.reachable(true, addrs(1, 2)...)
	s.run(time.Second)
	s.set(groupOf(2))
	s.wantStates("1 healthy, 2 initial")
	s.wantView("", "", addr(1))
	s.run(time.Second)
	s.wantStates("1 healthy, 2 healthy")
	s.wantView("", "", addr(1), addr(2))
}

func TestInitialIsBetterThanNothing(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(1))
	s.reachable(true, addrs(1, 2)...)
	s.run(time.Second)
	s.set(groupOf(2))
	s.reachable(false, addr(1))
	s.wantStates("1 down, 2 initial")
	s.wantView("", "", addr(2))
}

func TestKillAndReturn(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(4))
	s.reachable(true, addrs(1, 2, 3, 4)...)
	s.run(20 * time.Second)
	before := owners(s.wantView("", "", addrs(1, 2, 3, 4)...))

	s.dead[addr(2)] = "connection refused"
	s.run(10 * time.Second) // one failure is not enough
	s.wantView("", "", addrs(1, 2, 3, 4)...)
	if r := s.Status()[0].Members[1].Reason; r != "1 of 2 bad probes in a row: connection refused" {
		t.Errorf("reason %q", r)
	}
	s.run(10 * time.Second)
	s.wantStates("1 healthy, 2 unhealthy, 3 healthy, 4 healthy")
	after := owners(s.wantView("", "", addrs(1, 3, 4)...))
	lost := 0
	for i := range before {
		if before[i] == addr(2) {
			lost++
		} else if before[i] != after[i] {
			t.Fatalf("flow %d moved from %v to %v, which both live", i, before[i], after[i])
		}
	}
	if lost < 2300 || lost > 2700 {
		t.Errorf("%d of 10,000 flows had the dead member", lost)
	}

	s.dead = map[netip.Addr]string{}
	s.run(20 * time.Second) // two good probes
	s.wantStates("1 healthy, 2 unhealthy, 3 healthy, 4 healthy")
	s.run(10 * time.Second) // the third
	again := owners(s.wantView("", "", addrs(1, 2, 3, 4)...))
	for i := range before {
		if before[i] != again[i] {
			t.Fatalf("flow %d did not come back to %v but has %v", i, before[i], again[i])
		}
	}
}

func TestFlappingStaysOut(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(2))
	s.reachable(true, addrs(1, 2)...)
	s.run(5 * time.Second)
	s.dead[addr(1)] = "reset"
	s.run(20 * time.Second)
	s.wantStates("1 unhealthy, 2 healthy")
	changed := s.changed
	for i := range 20 { // two good probes, one bad
		delete(s.dead, addr(1))
		if i%3 == 2 {
			s.dead[addr(1)] = "reset"
		}
		s.run(10 * time.Second)
	}
	s.wantStates("1 unhealthy, 2 healthy")
	if s.changed != changed {
		t.Errorf("the view changed %d times", s.changed-changed)
	}
}

// A healthy member with every other probe lost stays in.
func TestSingleLossesDoNotTakeOut(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(1))
	s.reachable(true, addr(1))
	for i := range 10 {
		delete(s.dead, addr(1))
		if i%2 == 1 {
			s.dead[addr(1)] = "timed out"
		}
		s.run(10 * time.Second)
		s.wantStates("1 healthy")
	}
}

func TestDrainAndResume(t *testing.T) {
	s := newScript(t, Options{})
	g := groupOf(3)
	s.set(g)
	s.reachable(true, addrs(1, 2, 3)...)
	s.run(5 * time.Second)
	before := owners(s.wantView("", "", addrs(1, 2, 3)...))
	g.Members[0].Draining = true
	s.set(g)
	s.wantStates("1 draining, 2 healthy, 3 healthy")
	s.wantView("", "", addrs(2, 3)...)
	probes := len(s.asked)
	s.run(10 * time.Second)
	if len(s.asked) != probes+3 {
		t.Errorf("%d probes in an interval, want 3: a draining member is probed too", len(s.asked)-probes)
	}
	g.Members[0].Draining = false
	s.set(g)
	for i, owner := range owners(s.wantView("", "", addrs(1, 2, 3)...)) {
		if owner != before[i] {
			t.Fatalf("flow %d has %v and had %v before the drain", i, owner, before[i])
		}
	}
}

func TestNextHopTakesOutAndBringsBackAtOnce(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(2))
	s.reachable(true, addrs(1, 2)...)
	s.run(5 * time.Second)
	s.reachable(false, addr(1))
	s.wantView("", "", addr(2))
	s.wantStates("1 down, 2 healthy")
	s.dead[addr(1)] = "no route to host"
	s.run(5 * time.Minute) // no probes meanwhile
	if r := s.Status()[0].Members[0]; !r.Last.OK || r.Reason != "its next hop is not resolved" || !r.Since.Equal(start.Add(5*time.Second)) {
		t.Errorf("%+v", r)
	}
	s.reachable(true, addr(1))
	s.wantView("", "", addrs(1, 2)...)
	s.run(11 * time.Second) // a probe at once, one after the interval
	s.wantStates("1 unhealthy, 2 healthy")
	s.reachable(false, addr(1))
	s.reachable(true, addr(1))
	s.wantStates("1 unhealthy, 2 healthy")
}

func TestWithoutCheckOnlyTheNextHopCounts(t *testing.T) {
	for _, check := range []*Check{nil, {Protocol: None}} {
		s := newScript(t, Options{})
		g := groupOf(2)
		g.Check = check
		s.set(g)
		s.reachable(true, addr(2))
		s.run(time.Hour)
		s.wantStates("1 down, 2 healthy")
		s.wantView("", "", addr(2))
		if len(s.asked) != 0 || s.changed != 2 {
			t.Errorf("%d probes, %d views", len(s.asked), s.changed)
		}
	}
}

func TestWeights(t *testing.T) {
	s := newScript(t, Options{})
	g := groupOf(3)
	g.Check, g.Members[0].Weight, g.Members[1].Weight = nil, 0, 3
	s.set(g)
	s.reachable(true, addrs(1, 2, 3)...)
	v := s.wantView("", "", addrs(2, 3)...)
	if n := count(v.Table, 2)[0]; n < TableSize*3/4-100 || n > TableSize*3/4+100 {
		t.Errorf("weight 3 of 4 owns %d of %d entries", n, TableSize)
	}
}

func TestListener(t *testing.T) {
	s := newScript(t, Options{})
	g := groupOf(1)
	g.Listening = false
	s.set(g)
	s.reachable(true, addr(1))
	s.wantView("", SkipNoListener)
	g.Listening = true
	s.set(g)
	s.wantView("", "", addr(1))
	g.Listening = false
	s.set(g)
	s.wantView("", SkipNoListener)
	g.Listening, g.Members = true, nil
	s.set(g)
	s.wantView("", SkipTargetDown)
}
