package balancer

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// script is a balancer with a clock and a prober of its own. Nothing happens but what a test says.
type script struct {
	*Balancer
	t       *testing.T
	now     time.Time
	dead    map[netip.Addr]string // reason of members that fail their probes
	silent  map[netip.Addr]bool   // members whose probes are never answered
	pending []func(Result)        // of the silent
	asked   []netip.Addr          // probes in their order
	at      []time.Duration       // and their times since the start
	views   map[string]View       // by ID/zone
	changed int
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newScript(t *testing.T, o Options) *script {
	s := &script{t: t, now: start, dead: map[netip.Addr]string{}, silent: map[netip.Addr]bool{}, views: map[string]View{}}
	o.Prober = s
	o.Changed = func(v View) { s.views[v.ID+"/"+v.Zone] = v; s.changed++ }
	s.Balancer = New(o)
	return s
}

// Probe answers at once, within the call: the prober may.
func (s *script) Probe(p Probe, done func(Result)) {
	s.asked = append(s.asked, p.Address)
	s.at = append(s.at, s.now.Sub(start))
	switch reason := s.dead[p.Address]; {
	case s.silent[p.Address]:
		s.pending = append(s.pending, done)
	case reason != "":
		done(Result{Reason: reason})
	default:
		done(Result{OK: true, RTT: time.Millisecond})
	}
}

// run lets time pass, ticking exactly when the balancer asks for it.
func (s *script) run(d time.Duration) {
	end := s.now.Add(d)
	for ticks := 0; ; ticks++ {
		if ticks > 100000 {
			s.t.Fatal("the balancer wants to be called for ever")
		}
		next := s.Tick(s.now)
		if next.IsZero() || next.After(end) {
			s.now = end
			return
		}
		s.now = later(s.now, next)
	}
}

func (s *script) set(groups ...Group) { s.Set(s.now, groups) }

func (s *script) reachable(resolved bool, members ...netip.Addr) {
	for _, m := range members {
		s.Reachable(s.now, map[netip.Addr]bool{m: resolved})
	}
}

// states are all members' states, as "1 healthy, 2 down".
func (s *script) states() string {
	text := ""
	for _, g := range s.Status() {
		for _, m := range g.Members {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", m.Address.As4()[3], m.State)
		}
	}
	return text
}

func (s *script) wantStates(want string) {
	s.t.Helper()
	if got := s.states(); got != want {
		s.t.Errorf("after %v: states %s; want %s", s.now.Sub(start), got, want)
	}
}

// wantView checks the last view of a zone: its members, or its skip reason.
func (s *script) wantView(zone, skip string, members ...netip.Addr) View {
	s.t.Helper()
	v, ok := s.views["nlb/"+zone]
	if !ok || v.Skip != skip || !slices.Equal(v.Members, members) {
		s.t.Errorf("after %v: zone %q has %v, skip %q (known %v); want %v, skip %q", s.now.Sub(start), zone, v.Members, v.Skip, ok, members, skip)
	}
	if want := min(len(members), 1) * TableSize; len(v.Table) != want {
		s.t.Errorf("zone %q: the table has %d entries, want %d", zone, len(v.Table), want)
	}
	return v
}

func addr(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)}) }

func addrs(numbers ...int) (list []netip.Addr) {
	for _, n := range numbers {
		list = append(list, addr(n))
	}
	return list
}

// groupOf is a load balancer of members 1 to n, with a check by TCP every 10 s.
func groupOf(n int) Group {
	g := Group{ID: "nlb", Name: "sensors", Listening: true, Zones: []string{""},
		Check: &Check{Protocol: TCP, Port: 80, Interval: 10 * time.Second, Timeout: 4 * time.Second, HealthyThreshold: 3, UnhealthyThreshold: 2}}
	for i := range n {
		g.Members = append(g.Members, Member{Address: addr(i + 1), Weight: 1})
	}
	return g
}

// owners are who gets each of 10,000 flows.
func owners(v View) []netip.Addr {
	flows := make([]netip.Addr, 10000)
	for i := range flows {
		flows[i] = v.Members[v.Table[Entry(flow(i))]]
	}
	return flows
}
