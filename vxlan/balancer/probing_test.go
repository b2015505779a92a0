package balancer

import (
	"net/netip"
	"testing"
	"time"
)

func TestDefaults(t *testing.T) {
	for _, test := range []struct{ given, want Check }{
		{Check{Protocol: TCP, Port: 80}, Check{TCP, 80, "", 30 * time.Second, 10 * time.Second, 5, 2}},
		{Check{Protocol: ICMP}, Check{ICMP, 0, "", 30 * time.Second, 10 * time.Second, 5, 2}},
		{Check{Protocol: HTTP, Port: 80}, Check{HTTP, 80, "/", 30 * time.Second, 6 * time.Second, 5, 2}},
		{Check{Protocol: HTTP, Port: 80, Path: "/x", Interval: 2 * time.Second}, Check{HTTP, 80, "/x", 2 * time.Second, 2 * time.Second, 5, 2}},
		{Check{TCP, 1, "", 5 * time.Second, time.Second, 2, 7}, Check{TCP, 1, "", 5 * time.Second, time.Second, 2, 7}},
	} {
		if got := test.given.WithDefaults(); got != test.want {
			t.Errorf("%+v becomes %+v, want %+v", test.given, got, test.want)
		}
	}
}

func TestRhythm(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(1))
	s.reachable(true, addr(1))
	s.run(35 * time.Second)
	if len(s.at) != 4 || s.at[3]-s.at[0] != 30*time.Second {
		t.Errorf("probes at %v, want four, 10 s apart", s.at)
	}
}

// A thousand members are not probed in one moment, not even when they appear in one.
func TestProbesAreSpread(t *testing.T) {
	t.Run("resolved before", func(t *testing.T) {
		s := newScript(t, Options{})
		for i := range 1000 {
			s.reachable(true, addr(i+1))
		}
		s.set(groupOf(1000))
		s.wantSpread(1000)
	})
	t.Run("resolved later", func(t *testing.T) {
		s := newScript(t, Options{})
		s.set(groupOf(100))
		s.run(time.Minute)
		for i := range 100 {
			s.reachable(true, addr(i+1))
		}
		s.wantSpread(100)
	})
}

func (s *script) wantSpread(members int) {
	s.run(25 * time.Second)
	most := map[time.Duration]int{}
	for _, at := range s.at {
		if most[at.Round(100*time.Millisecond)]++; most[at.Round(100*time.Millisecond)] > 15 {
			s.t.Fatalf("more than 15 probes around %v", at)
		}
	}
	if n := len(s.asked); n < 2*members || n > 3*members {
		s.t.Errorf("%d probes of %d members in 25 s, want two or three of each", n, members)
	}
}

// TestFlappingLinkPutsNoProbeOff: members that come back again and again are probed soon, however often it was.
func TestFlappingLinkPutsNoProbeOff(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(200))
	s.run(time.Second)
	all := map[bool]map[netip.Addr]bool{true: {}, false: {}}
	for _, up := range []bool{true, false} {
		for i := range 200 {
			all[up][addr(i+1)] = up
		}
	}
	for range 600 { // five minutes
		s.Reachable(s.now, all[false])
		s.run(250 * time.Millisecond)
		s.Reachable(s.now, all[true])
		s.run(250 * time.Millisecond)
	}
	s.asked, s.at = nil, nil
	s.run(10 * time.Second)
	probed := map[netip.Addr]bool{}
	for _, a := range s.asked {
		probed[a] = true
	}
	if len(probed) != 200 {
		t.Errorf("%d of 200 members were probed in an interval after the link was up for good", len(probed))
	}
}

func TestSilentProberIsGivenUp(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(1))
	s.reachable(true, addr(1))
	s.run(time.Second)
	s.silent[addr(1)] = true
	s.run(26 * time.Second) // probes at 10 and 20 s, given up 5 s later
	s.wantStates("1 unhealthy")
	if r := s.Status()[0].Members[0].Reason; r != "timed out" {
		t.Errorf("reason %q", r)
	}
	for _, done := range s.pending { // too late, and harmless
		done(Result{OK: true})
	}
	s.run(time.Second)
	s.wantStates("1 unhealthy")
	if flying, _ := s.Probes(); flying != 0 {
		t.Errorf("%d probes under way", flying)
	}
}

func TestRoomForProbes(t *testing.T) {
	s := newScript(t, Options{MaxProbes: 3})
	s.set(groupOf(10))
	for i := range 10 {
		s.silent[addr(i+1)] = true
		s.reachable(true, addr(i+1))
	}
	s.run(time.Second)
	if flying, deferred := s.Probes(); flying != 3 || deferred != 7 {
		t.Errorf("%d probes under way and %d deferred, want 3 and 7", flying, deferred)
	}
	s.pending[1](Result{OK: true})
	s.run(time.Second)
	if len(s.asked) != 4 || s.asked[3] != addr(4) {
		t.Errorf("asked %v: the longest overdue is next", s.asked)
	}
	s.run(20 * time.Second) // all are given up in time and all have their turn
	if len(s.asked) < 10 {
		t.Errorf("only %d probes", len(s.asked))
	}
}

// Results of a probe whose member or next hop went mean nothing.
func TestAbandonedProbes(t *testing.T) {
	s := newScript(t, Options{})
	s.set(groupOf(2))
	s.silent[addr(1)], s.silent[addr(2)] = true, true
	s.reachable(true, addrs(1, 2)...)
	s.run(time.Second)
	s.reachable(false, addr(1))
	s.set(groupOf(1)) // without member 2
	for _, done := range s.pending {
		done(Result{Reason: "gone"})
	}
	s.reachable(true, addr(1))
	s.run(100 * time.Millisecond)
	s.wantStates("1 initial")
	if flying, _ := s.Probes(); flying != 0 && len(s.asked) == 2 {
		t.Errorf("%d probes under way", flying)
	}
}

func TestChangedCheckKeepsHealth(t *testing.T) {
	s := newScript(t, Options{})
	g := groupOf(2)
	s.set(g)
	s.reachable(true, addrs(1, 2)...)
	s.dead[addr(2)] = "refused"
	s.run(25 * time.Second)
	s.wantStates("1 healthy, 2 unhealthy")
	check := *g.Check
	check.Port, check.UnhealthyThreshold = 81, 4
	g.Check = &check
	s.dead[addr(1)] = "refused"
	s.set(g)
	s.wantStates("1 healthy, 2 unhealthy")
	s.run(25 * time.Second) // probes at 0, 10 and 20 s
	s.wantStates("1 healthy, 2 unhealthy")
	s.run(10 * time.Second)
	s.wantStates("1 unhealthy, 2 unhealthy")
	g.Check = nil
	s.set(g)
	s.wantStates("1 healthy, 2 healthy")
}

// The next member that joins gets a check's first look soon even when the interval is long, and a
// shorter interval takes effect now.
func TestShorterInterval(t *testing.T) {
	s := newScript(t, Options{})
	g := groupOf(1)
	check := *g.Check
	check.Interval = 300 * time.Second
	g.Check = &check
	s.set(g)
	s.reachable(true, addr(1))
	s.run(5 * time.Second)
	shorter := check
	shorter.Interval = time.Second
	g.Check = &shorter
	s.set(g)
	s.run(5 * time.Second)
	if len(s.asked) < 5 {
		t.Errorf("%d probes in 5 s after the interval became 1 s", len(s.asked))
	}
}

func TestWake(t *testing.T) {
	woken := 0
	s := newScript(t, Options{Wake: func() { woken++ }})
	s.set(groupOf(1))
	s.reachable(true, addr(1))
	if woken != 2 {
		t.Errorf("woken %d times by two changes", woken)
	}
	s.reachable(true, addr(1))
	if woken != 2 {
		t.Error("woken by what is no change")
	}
	s.silent[addr(1)] = true
	s.run(time.Second)
	s.pending[0](Result{OK: true})
	if woken != 3 {
		t.Errorf("woken %d times after a result", woken)
	}
}
