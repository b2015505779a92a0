package gateway

import (
	"testing"
	"time"

	"mirrorgw/rules"
)

// TestProbesBeforeOurAddressIsOurs: a member with a static next hop gets copies at once, while our own
// address is still checked for duplicates. What could not be asked in that time says nothing of it.
func TestProbesBeforeOurAddressIsOurs(t *testing.T) {
	w, g := testWays(t, 2)
	s := toBalancer(2)
	s.Targets[0].Balancer.Health = &rules.Health{Protocol: "icmp", Interval: 10 * time.Second, Timeout: time.Second}
	w.follow(s)
	w.settle(s)
	now := time.Now()
	w.host.Start(now)
	pass := func(d time.Duration) {
		for end := now.Add(d); now.Before(end); now = now.Add(100 * time.Millisecond) {
			w.host.Tick(now)
			w.setDirty()
			w.tickBalancer(now)
		}
	}
	pass(900 * time.Millisecond)
	if last := g.balances[len(g.balances)-1]; len(last.Members) != 2 {
		t.Fatalf("%d members are in use before the first probe; the states are %+v", len(last.Members), w.balancerStates())
	}
	pass(5 * time.Second)
	if n := w.host.Status().Ports[0].Events["sent_echo_request"]; n != 2 {
		t.Errorf("%d probes were sent once our address was valid, want one to each member", n)
	}
	if last := g.balances[len(g.balances)-1]; len(last.Members) != 0 {
		t.Errorf("members that did not answer are in use: %v", last.Members)
	}
}
