package lcore

import (
	"testing"
	"time"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// shares are the parts of their matched frames that sessions got copies of, and that they were refused for
// congestion, from one reading to the next.
type shares struct{ mirrored, refused float64 }

func sharesOf(before, after []sessionReading) (all []shares) {
	for i := range before {
		matched := float64(after[i].matched - before[i].matched)
		all = append(all, shares{float64(after[i].mirrored-before[i].mirrored) / matched, float64(after[i].refused-before[i].refused) / matched})
	}
	return all
}

type sessionReading struct{ matched, mirrored, refused uint64 }

// readSessions reads what became of the first n sessions' copies; of which direction says dir.
func readSessions(g *Group, dir ...rules.Direction) (all []sessionReading) {
	for i, d := range dir {
		c := g.View().SessionCounters(i, d)
		all = append(all, sessionReading{c.Matched.Packets, c.Mirrored.Packets, c.Skipped["congestion"].Packets})
	}
	return all
}

// twiceTheTunnel is a gateway whose frames are all mirrored twice, while the ring behind its tunnel port is
// emptied at the rate of the frames: the worker itself receives from it a burst a loop, as from the
// wire. The first session has 100 frames in 101, the second the one that is left, the third all.
func twiceTheTunnel(t *testing.T) (*Group, *rules.Resources) {
	t.Helper()
	frames := fromWeb(t, 100, 100)
	macLight := [6]byte{2, 0, 0, 0, 0, 2}
	frames = append(frames[:50:50], append([][]byte{frame(t, macLight, macRouter, 100, 1)}, frames[50:]...)...)
	spec := gatewaySpec(t, repeats(t, frames...), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
	spec.Ports[wire0].ExtraRxMbufs, spec.Ports[wire0].Lossless = len(frames), true
	spec.Congestion = Congestion{Heeded: AllSigns, Backlog: 100 * time.Microsecond, Recovery: 2 * time.Millisecond}
	g := open(t, spec)
	r := mirrored(g, wire0, wire0, wire1)
	r.Interfaces[0].MAC, r.Interfaces[0].HasMAC = macWeb, true
	r.Interfaces[1].MAC, r.Interfaces[1].HasMAC = macLight, true
	return g, r
}

// TestFairInRealCongestion: twice as many copies are wanted as the tunnel port can take. The worker finds
// out by itself, by the copies that were not taken, and so the two heavy sessions lose about as much
// as each other, and the light one next to nothing; production does not notice.
func TestFairInRealCongestion(t *testing.T) {
	g, r := twiceTheTunnel(t)
	run(t, g, r)
	eventually(t, "congestion", func() bool { return congestionOf(g).Transitions > 0 })
	received(t, g, g.Received()+1_000_000) // budget and level settle
	directions := []rules.Direction{rules.Egress, rules.Egress, rules.Ingress}
	before := readSessions(g, directions...)
	received(t, g, g.Received()+8_000_000)
	got := sharesOf(before, readSessions(g, directions...))
	stop(t, g)

	checkProduction(t, g)
	heavy, light, all := got[0], got[1], got[2]
	t.Logf("heavy %.3f, light %.3f, all %.3f", heavy, light, all)
	if heavy.mirrored < 0.1 || all.mirrored < 0.1 || heavy.refused < 0.2 || all.refused < 0.2 {
		t.Errorf("heavy %+v, all %+v; want both limited, and both mirrored", heavy, all)
	}
	if light.refused > 0.03 || light.mirrored < 0.9 || light.mirrored < 1.2*heavy.mirrored {
		t.Errorf("the light session %+v beside %+v; want nearly all of its copies", light, heavy)
	}
	if ratio := heavy.mirrored / all.mirrored; ratio < 0.8 || ratio > 1.25 {
		t.Errorf("of two sessions that want about the same one gets %.2f of the other: %+v, %+v", ratio, heavy, all)
	}
	if c := congestionOf(g); c.Signs[2] == 0 || c.Sum() != c.Signs[2] || c.Time[Unmatched] != 0 {
		t.Errorf("%+v; want signs of the tunnel alone", c)
	}
	dpdktest.Receive(t, g.ports[tun0].ID, 0, 2*ringSlots)
}
