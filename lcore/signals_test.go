package lcore

import (
	"fmt"
	"testing"
	"time"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// heeding has every sign count, with a recovery that ends in no test.
var heeding = Congestion{Heeded: AllSigns, Backlog: 100 * time.Microsecond, Recovery: time.Hour}

func congestionOf(g *Group) CongestionState { return g.Workers()[0].Congestion }

// reaches waits until the worker is in a state.
func reaches(t *testing.T, g *Group, state Congested) {
	t.Helper()
	eventually(t, fmt.Sprintf("state %v", state), func() bool { return congestionOf(g).State == state })
}

// checkProduction: every frame that came in left.
func checkProduction(t *testing.T, g *Group) {
	t.Helper()
	checkLaws(t, g)
	if totals := g.Totals(); totals.Forwarded != totals.WireRx || totals.WireRx == 0 {
		t.Errorf("production: received %d, forwarded %d, dropped %d", totals.WireRx, totals.Forwarded, totals.Dropped)
	}
}

// skippedOnly: copies are skipped for these reasons, all of them, and no other.
func skippedOnly(t *testing.T, g *Group, session int, reasons ...string) {
	t.Helper()
	c := g.View().SessionCounters(session, rules.Egress)
	for _, reason := range reasons {
		if c.Skipped[reason].Packets == 0 {
			t.Errorf("no copy was skipped for %s: %+v", reason, c)
		}
	}
	if len(c.Skipped) != len(reasons) {
		t.Errorf("copies were skipped for other reasons than %v: %+v", reasons, c)
	}
}

// TestBacklogEndsMirroring: a queue that never gives a short burst takes all copies, then matching,
// then the lookup of sources; each is counted, and production does not notice.
func TestBacklogEndsMirroring(t *testing.T) {
	spec := gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	spec.Congestion = heeding
	g := open(t, spec)
	run(t, g, mirrored(g, wire0))
	reaches(t, g, Blind)
	received(t, g, g.Received()+10000)
	stop(t, g)

	checkProduction(t, g)
	source, port := g.View().SourceCounters(0, rules.Egress), g.PortCounters(wire0)
	if source.Matched == 0 || source.UnmatchedCongestion == 0 || source.Seen != source.Matched+source.UnmatchedCongestion {
		t.Errorf("source %+v", source)
	}
	if port.UnseenCongestion < 10000 || port.UnseenCongestion+source.Seen != port.Rx.Packets {
		t.Errorf("of %d frames the source saw %d, and %d were not looked at", port.Rx.Packets, source.Seen, port.UnseenCongestion)
	}
	skippedOnly(t, g, 0, "congestion")
	c := congestionOf(g)
	if c.Transitions != 3 || c.Budget != 1 || c.Changed == 0 || c.Signs[0] == 0 || c.Sum() != c.Signs[0] {
		t.Errorf("%+v; want three transitions, for receive alone", c)
	}
	for state, loops := range c.Loops {
		if loops == 0 || loops%16 != 0 || c.Time[state] == 0 {
			t.Errorf("%v: %d loops in %v", Congested(state), loops, c.Time[state])
		}
	}
}

// TestOnlyHeededSignsCount: an endless file is no backlog, nor is anything without signs that count.
func TestOnlyHeededSignsCount(t *testing.T) {
	for _, lossless := range []bool{true, false} {
		spec := gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
		spec.Congestion = heeding
		if spec.Ports[wire0].Lossless = lossless; !lossless {
			spec.Congestion.Heeded &^= SignReceive
		}
		g := open(t, spec)
		run(t, g, mirrored(g, wire0))
		eventually(t, "10 ms", func() bool { return congestionOf(g).Time[Calm] > 10*time.Millisecond })
		stop(t, g)
		checkProduction(t, g)
		if c, totals := congestionOf(g), g.Totals(); c.State != Calm || c.Transitions != 0 || totals.Mirrored != totals.WireRx {
			t.Errorf("lossless %v: %+v, %+v; want every frame mirrored", lossless, c, totals)
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullTunnelLimitsCopies: a tunnel port that takes nothing leaves the smallest budget. Sources are
// matched all the same: it would not help.
func TestFullTunnelLimitsCopies(t *testing.T) {
	spec := gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
	spec.Congestion = heeding
	spec.Ports[wire0].Lossless = true
	g := open(t, spec)
	unpolled(g, 1)
	run(t, g, mirrored(g, wire0))
	eventually(t, "the smallest budget", func() bool { c := congestionOf(g); return c.State == Limited && c.Budget == 1 })
	before := g.View().SessionCounters(0, rules.Egress)
	received(t, g, g.Received()+1_000_000)
	stop(t, g)

	checkProduction(t, g)
	skippedOnly(t, g, 0, "congestion", "tunnel-full")
	c, after := congestionOf(g), g.View().SessionCounters(0, rules.Egress)
	tried := after.Skipped["tunnel-full"].Packets - before.Skipped["tunnel-full"].Packets
	if refused := after.Skipped["congestion"].Packets - before.Skipped["congestion"].Packets; tried*100 > refused {
		t.Errorf("%d copies were tried with the smallest budget, and %d were not", tried, refused)
	}
	if c.State != Limited || c.Signs[2] == 0 || c.Sum() != c.Signs[2] {
		t.Errorf("%+v; want limited, for the tunnel alone", c)
	}
	if n := len(dpdktest.Receive(t, g.ports[tun0].ID, 0, 2*ringSlots)); n != ringSlots {
		t.Errorf("%d copies were in the ring of %d", n, ringSlots)
	}
}

// TestRefusedProductionLimitsCopies: so does a wire whose far side takes nothing.
func TestRefusedProductionLimitsCopies(t *testing.T) {
	spec := farWireSpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
	spec.Congestion = heeding
	spec.Ports[nearWire].Lossless = true
	g := open(t, spec)
	unpolled(g, 1)
	run(t, g, mirrored(g, nearWire))
	eventually(t, "the smallest budget", func() bool { c := congestionOf(g); return c.State == Limited && c.Budget == 1 })
	stop(t, g)

	checkLaws(t, g)
	skippedOnly(t, g, 0, "congestion")
	if c := congestionOf(g); c.Signs[1] == 0 || c.Sum() != c.Signs[1] {
		t.Errorf("%+v; want signs of transmit alone", c)
	}
	dpdktest.Receive(t, g.ports[farWire].ID, 0, 2*ringSlots)
}

// TestEmptyMempoolLimitsCopies: a stuck tunnel port with all mirror mbufs in it.
func TestEmptyMempoolLimitsCopies(t *testing.T) {
	spec := gatewaySpec(t, repeats(t, fromWeb(t, 1000, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
	spec.Congestion = heeding
	spec.Congestion.Heeded = SignMempool
	spec.Ports[wire0].Lossless, spec.Ports[tun0].TxDesc = true, 64 // of the 1,023 that the ring holds
	g := open(t, spec)
	unpolled(g, 1)
	run(t, g, mirrored(g, wire0))
	eventually(t, "the smallest budget", func() bool { c := congestionOf(g); return c.State == Limited && c.Budget == 1 })
	stop(t, g)

	checkProduction(t, g)
	skippedOnly(t, g, 0, "congestion", "mempool")
	dpdktest.Receive(t, g.ports[tun0].ID, 0, 2*ringSlots)
}

// TestCongestionEnds: without signs everything is mirrored again, one step after the other.
func TestCongestionEnds(t *testing.T) {
	spec := gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	spec.Congestion = heeding
	spec.Congestion.Recovery = time.Millisecond
	g := open(t, spec)
	run(t, g, mirrored(g, wire0))
	reaches(t, g, Blind)
	g.workers[0].c.congestion.heeded = 0 // as if the file were not endless
	reaches(t, g, Calm)
	if c := congestionOf(g); c.Transitions < 6 || c.Time[Limited] < time.Millisecond || c.Time[Unmatched] < time.Millisecond {
		t.Errorf("%+v; want every state on the way back, for a recovery each", c)
	}
	mirroredBefore := g.Totals().Mirrored
	received(t, g, g.Received()+10000)
	stop(t, g)
	if c := congestionOf(g); c.Budget != 0 || g.Totals().Mirrored < mirroredBefore+10000-64 {
		t.Errorf("%+v, %d copies of more than 10,000 frames; want all", c, g.Totals().Mirrored-mirroredBefore)
	}
	checkProduction(t, g)
}

// TestLightSessionKeepsItsCopies: under the same congestion a session that is 100 times heavier
// cannot take the copies of another one.
func TestLightSessionKeepsItsCopies(t *testing.T) {
	frames := fromWeb(t, 100, 100)
	macLight := [6]byte{2, 0, 0, 0, 0, 2}
	frames = append(frames[:50:50], append([][]byte{frame(t, macLight, macRouter, 100, 1)}, frames[50:]...)...)
	spec := gatewaySpec(t, repeats(t, frames...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	spec.Ports[wire0].ExtraRxMbufs = len(frames)
	spec.Congestion = heeding
	spec.Congestion.Heeded = 0
	g := open(t, spec)
	r := mirrored(g, wire0, wire0)
	r.Interfaces[0].MAC, r.Interfaces[0].HasMAC = macWeb, true
	r.Interfaces[1].MAC, r.Interfaces[1].HasMAC = macLight, true
	run(t, g, r)
	received(t, g, 1000)
	limit(g)
	received(t, g, g.Received()+100_000) // the level settles
	heavy, light := g.View().SessionCounters(0, rules.Egress), g.View().SessionCounters(1, rules.Egress)
	received(t, g, g.Received()+5_000_000)
	stop(t, g)
	heavy2, light2 := g.View().SessionCounters(0, rules.Egress), g.View().SessionCounters(1, rules.Egress)
	share := func(before, after uint64, matchedBefore, matched uint64) float64 {
		return float64(after-before) / float64(matched-matchedBefore)
	}
	h := share(heavy.Mirrored.Packets, heavy2.Mirrored.Packets, heavy.Matched.Packets, heavy2.Matched.Packets)
	l := share(light.Mirrored.Packets, light2.Mirrored.Packets, light.Matched.Packets, light2.Matched.Packets)
	t.Logf("the heavy session got %.3f of its copies, the light one %.3f", h, l)
	if h > 0.5 || h == 0 || l < 0.99 {
		t.Errorf("the heavy session got %.3f of its copies, the light one %.3f; want few and nearly all", h, l)
	}
	checkProduction(t, g)
}

// limit puts a running worker that heeds no sign into congestion, with a budget of 50.
func limit(g *Group) {
	b := &g.workers[0].c.pipe.budget
	b.copies, b.level, b.share, b.left, b.round = 50, 64, 32, 50, 1
	b.state = 1
}
