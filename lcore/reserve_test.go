package lcore

import (
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// TestCopiesYieldToProduction: nobody drains the wire's far side, which is the tunnel port too.
func TestCopiesYieldToProduction(t *testing.T) {
	spec := farWireSpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
	spec.Ports[farWire].Tunnel = true
	g := open(t, spec)
	unpolled(g, 1)
	r := mirrored(g, nearWire)
	r.Targets[0].Port = farWire
	run(t, g, r)
	received(t, g, 20*ringSlots)
	stop(t, g)
	near, far, session := g.PortCounters(nearWire), g.PortCounters(farWire), g.View().SessionCounters(0, rules.Egress)
	if far.Forwarded.Packets+far.Copies.Packets != ringSlots || near.Dropped["tx_full"].Packets != near.Rx.Packets-far.Forwarded.Packets {
		t.Errorf("near %+v, far %+v; want %d frames and copies in the ring", near, far, ringSlots)
	}
	if session.Mirrored.Packets != far.Copies.Packets || session.Skipped["tunnel-full"].Packets != near.Rx.Packets-far.Copies.Packets {
		t.Errorf("session %+v; want what did not fit skipped as tunnel-full", session)
	}
	if c := g.workers[0].c; c.reserved_until[farWire] <= c.heartbeat {
		t.Error("the port is not kept for production although it refused some")
	}
	dpdktest.Receive(t, g.ports[farWire].ID, 0, 2*ringSlots)
}

// TestReservedPortsTakeNoCopies: not even where they would fit; without production the reserve ends by
// itself, with production that is accepted at once.
func TestReservedPortsTakeNoCopies(t *testing.T) {
	for _, back := range []bool{false, true} {
		far := "no-rx=1"
		if back {
			far = ""
		}
		spec := gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", far), device(t, "net_null", "no-rx=1"))
		spec.Ports[wire0].Tunnel = true
		g := open(t, spec)
		r := mirrored(g, wire0)
		r.Targets[0].Port = wire0
		const forever = 1 << 60
		g.workers[0].c.reserved_until[wire0] = forever
		run(t, g, r)
		received(t, g, 10000)
		if !back {
			stop(t, g)
			s := g.View().SessionCounters(0, rules.Egress)
			if s.Mirrored.Packets != 0 || s.Skipped["tunnel-full"].Packets != s.Matched.Packets || g.PortCounters(wire1).Forwarded.Packets != s.Matched.Packets {
				t.Errorf("%+v, want all skipped as tunnel-full, and all production sent", s)
			}
			c := g.workers[0].c
			c.reserved_until[wire0] = c.heartbeat + 2
			if err := g.Start(); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "copies", func() bool { return g.Totals().Mirrored > 0 })
		stop(t, g)
		checkLaws(t, g)
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
