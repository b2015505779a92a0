package lcore

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// roomy is busy with slots for large.
func roomy(t testing.TB) *Group {
	t.Helper()
	spec := gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	spec.Capacity.Rules = 4 * largeRules
	return open(t, spec)
}

const largeRules = 5000

// large is a configuration whose filter takes rte_acl some tenths of a second to build: no two rules
// have a prefix and ports in common.
func large(t testing.TB, g *Group) *rules.Snapshot {
	t.Helper()
	r := mirrored(g, wire0)
	r.Filters[0].Rules = nil
	for i := range largeRules {
		first := uint16(1 + i*13%60000)
		r.Filters[0].Rules = append(r.Filters[0].Rules, rules.Rule{Direction: rules.Egress, Number: i + 1, Action: rules.Accept, Protocol: 6,
			Source:   netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 6), byte(i << 2), 0}), 24).Masked(),
			DstPorts: &rules.PortRange{First: first, Last: first + uint16(i%7)}})
	}
	return compile(t, r)
}

// meanwhile does something again and again while a change is prepared. It returns how often, how long it took
// at most, and how long the preparation.
func meanwhile(t *testing.T, g *Group, s *rules.Snapshot, do func(i int)) (n int, longest, whole time.Duration) {
	t.Helper()
	var done atomic.Bool
	result := make(chan error, 1)
	go func() {
		began := time.Now()
		p, err := g.Prepare(s)
		whole = time.Since(began)
		done.Store(true)
		if err == nil {
			p.Discard()
		}
		result <- err
	}()
	for ; !done.Load(); n++ {
		began := time.Now()
		do(n)
		longest = max(longest, time.Since(began))
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	return n, longest, whole
}

// TestLargeProgramKeepsNobodyWaiting: while a large program is laid out, next hops and balances
// change, frames of our own leave, frames are explained and counters are read. How long that may take
// is told by the laying out, which the machine's other work makes longer too.
func TestLargeProgramKeepsNobodyWaiting(t *testing.T) {
	g := roomy(t)
	r := mirrored(g, wire0)
	run(t, g, r)
	s, address, probe := large(t, g), r.Targets[0].Address, frame(t, macWeb, macRouter, 100, 1)
	hop := func(i int) pipeline.NextHop { return pipeline.NextHop{MAC: [6]byte{2, byte(i)}, Resolved: true} }
	sent := uint64(0)
	for _, c := range []struct {
		name string
		do   func(i int) error
	}{
		{"next hop", func(i int) error { return g.SetNextHop(address, tun0, hop(i)) }},
		{"balance", func(int) error { return g.SetBalance(pipeline.BalancerKey{ID: "lb-1"}, &pipeline.Balance{}) }},
		{"explain", func(int) error { _, err := g.Explain(wire0, probe); return err }},
		{"send", func(i int) error {
			if err := g.SetNextHop(address, tun0, hop(i)); err != nil { // as who answers neighbours does
				return err
			}
			sent++
			err := g.Send(tun0, probe)
			eventually(t, "it leaves", func() bool { return g.PortCounters(tun0).Originated.Packets == sent })
			return err
		}},
	} {
		waits := true
		for try := 0; waits && try < 5; try++ { // what waits does so every time, what the machine delays does not
			n, longest, whole := meanwhile(t, g, s, func(i int) {
				if err := c.do(i); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
			})
			waits = longest > whole/2
			t.Logf("%s: %d times, at most %v; a program %v", c.name, n, longest, whole)
		}
		if waits {
			t.Errorf("%s: waits while a program is laid out", c.name)
		}
	}
	stop(t, g)
	checkProduction(t, g)
}

// TestCloseWaitsForWhatIsBeingPrepared: Stop does not, Close does, and neither leaves anything behind.
func TestCloseWaitsForWhatIsBeingPrepared(t *testing.T) {
	g := roomy(t)
	run(t, g, mirrored(g, wire0))
	s, result := large(t, g), make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		close(begun)
		_, err := g.Prepare(s)
		result <- err
	}()
	<-begun
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil && err != errClosed {
		t.Errorf("Prepare beside Close: %v", err)
	}
	if shared := g.layout.Shared(); shared != (pipeline.Shared{}) {
		t.Errorf("after Close: %+v", shared)
	}
}
