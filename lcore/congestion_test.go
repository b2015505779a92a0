package lcore

import (
	"testing"
	"unsafe"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/rules"
)

// ringSlots is how many frames a net_ring device of 22.11 holds: its ring has 1,024 entries.
const ringSlots = 1023

// Ports of a gateway whose last port is the wire's far side, so that unpolled can pick it.
const (
	nearWire = iota
	middleTunnel
	farWire
)

// farWireSpec is gatewaySpec with the ports in the other order.
func farWireSpec(t testing.TB, near, tunnel, far string) Spec {
	t.Helper()
	return Spec{
		Ports: []PortSpec{
			portSpec("wire0", near, rules.RoleWire, farWire),
			portSpec("tun0", tunnel, rules.RoleTunnel, rules.NoPeer),
			portSpec("wire1", far, rules.RoleWire, nearWire),
		},
		Workers:  []int{dpdktest.Worker(t)},
		Capacity: testCapacity,
	}
}

// TestRefusedProductionIsCounted: nobody drains the wire's far side, so that what arrives there
// for a source never gets to it.
func TestRefusedProductionIsCounted(t *testing.T) {
	tunnel, copied := writes(t)
	g := open(t, farWireSpec(t, repeats(t, fromWeb(t, 100, 32)...), tunnel, device(t, "net_ring", "")))
	unpolled(g, 1)
	run(t, g, mirrored(g, farWire))
	received(t, g, 20*ringSlots)
	stop(t, g)

	totals := g.Totals()
	near, far := g.PortCounters(nearWire), g.PortCounters(farWire)
	if far.Forwarded.Packets != ringSlots || len(near.Dropped) != 1 || near.Dropped["tx_full"].Packets != totals.Dropped {
		t.Errorf("forwarded %+v, dropped %+v; want %d and the rest tx_full", far.Forwarded, near.Dropped, ringSlots)
	}
	c := g.View().SessionCounters(0, rules.Ingress)
	if c.Mirrored != far.Forwarded || len(c.Skipped) != 1 || c.Skipped["production-dropped"] != near.Dropped["tx_full"] {
		t.Errorf("session %+v; want copies of the frames that left, and the others skipped as production-dropped", c)
	}
	if near.Rx.Bytes != far.Forwarded.Bytes+near.Dropped["tx_full"].Bytes {
		t.Errorf("bytes: received %d, forwarded %d, dropped %d", near.Rx.Bytes, far.Forwarded.Bytes, near.Dropped["tx_full"].Bytes)
	}
	checkLaws(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(dpdktest.ReadPcap(t, copied)); n != ringSlots {
		t.Errorf("%d copies were sent, want %d", n, ringSlots)
	}
}

// TestStalledTunnelDoesNotHurtProduction: the tunnel port keeps every copy it was given, each of
// which pins the mbuf of a production frame (docs/architecture.md, memory).
func TestStalledTunnelDoesNotHurtProduction(t *testing.T) {
	for _, c := range []struct {
		name   string
		txDesc int    // the plan's idea of how many copies the tunnel port can keep
		reason string // what runs out first
		length int
		pins   bool
	}{
		{"attached copies and a full queue", 1024, "tunnel-full", 1000, true},
		{"owned copies and a full queue", 1024, "tunnel-full", 100, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := gatewaySpec(t, repeats(t, fromWeb(t, c.length, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_ring", ""))
			spec.Ports[tun0].TxDesc = c.txDesc
			for i := range spec.Ports[:tun0] { // nothing to spare: only the plan saves production
				spec.Ports[i].TxDesc = 64
			}
			g := open(t, spec)
			if !g.layout.Tunnels[0].OwnCopies {
				t.Fatal("copies to a net_ring refer to production frames: its peer could write into them")
			}
			g.layout.Tunnels[0].OwnCopies = !c.pins // the ring stands in for a card that is stuck
			unpolled(g, 1)
			run(t, g, mirrored(g, wire0))
			eventually(t, "copies skipped", func() bool { return g.Totals().Skipped > 0 })
			received(t, g, g.Received()+50*ringSlots)
			stop(t, g)

			totals, session := g.Totals(), g.View().SessionCounters(0, rules.Egress)
			if totals.Forwarded != totals.WireRx || totals.Dropped != 0 {
				t.Errorf("production suffered: %+v", totals)
			}
			if len(session.Skipped) != 1 || session.Skipped[c.reason].Packets != totals.Skipped || totals.Mirrored > ringSlots {
				t.Errorf("session %+v; want only %s skips", session, c.reason)
			}
			if pinned := inUse(g, "mgw_indirect"); c.pins != (pinned > 0) || c.pins && inUse(g, "mgw_rx") < pinned {
				t.Errorf("%d indirect and %d rx mbufs are in use: the copies are not what the test wants", pinned, inUse(g, "mgw_rx"))
			}
			for i := range g.Ports() {
				if s, err := g.DriverStats(i); err != nil || s.RxNombuf != 0 {
					t.Errorf("port %d: %+v, %v; want no rx_nombuf", i, s, err)
				}
			}
			checkStalledTunnelDrains(t, g, int(totals.Mirrored))
		})
	}
}

// checkStalledTunnelDrains: once the copies leave, every mbuf comes back.
func checkStalledTunnelDrains(t *testing.T, g *Group, copies int) {
	t.Helper()
	if n := len(dpdktest.Receive(t, g.ports[tun0].ID, 0, copies+1)); n != copies {
		t.Errorf("the tunnel port had %d copies, %d were counted", n, copies)
	}
	preloaded := 32 // what infinite_rx keeps
	if n := inUse(g, "mgw_rx"); n != preloaded {
		t.Errorf("%d rx mbufs in use, want the capture's %d", n, preloaded)
	}
	if n := inUse(g, "mgw_indirect"); n != 0 {
		t.Errorf("%d indirect mbufs in use", n)
	}
}

// TestCopiesOwnTheirBytesWherePeersWrite: net_ring hands our very mbufs to a peer. One that
// writes into what it received must not change the copies.
func TestCopiesOwnTheirBytesWherePeersWrite(t *testing.T) {
	frames := append(fromWeb(t, 100, 4), fromWeb(t, 1000, 4)...)
	for _, owned := range []bool{true, false} {
		g := open(t, farWireSpec(t, reads(t, frames...), device(t, "net_ring", ""), device(t, "net_ring", "")))
		unpolled(g, 2)
		if !g.layout.OwnCopies[nearWire] || g.layout.OwnCopies[farWire] {
			t.Fatalf("own copies by port: %v, want only where net_ring is the peer", g.layout.OwnCopies)
		}
		g.layout.OwnCopies[nearWire], g.layout.Tunnels[0].OwnCopies = owned, owned
		run(t, g, mirrored(g, nearWire))
		received(t, g, uint64(len(frames)))
		stop(t, g)

		scribble(g, len(frames))
		if got := dpdktest.Receive(t, g.ports[farWire].ID, 0, len(frames)); len(got) != len(frames) || got[7].Frame[50] != 0xee {
			t.Fatalf("%d frames reached the peer, want %d, scribbled over", len(got), len(frames))
		}
		var copies [][]byte
		for _, r := range dpdktest.Receive(t, g.ports[middleTunnel].ID, 0, len(frames)+1) {
			copies = append(copies, r.Frame)
		}
		if owned {
			sameFrames(t, "copies", inner(t, copies), frames)
		} else if in := inner(t, copies); in[7][50] != 0xee {
			t.Error("a copy that refers to the frame did not change: the test proves nothing")
		}
		checkQuiet(t, g)
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// scribble writes over the frames of the worker's last burst, as a peer that has them may. The
// worker must have stopped.
func scribble(g *Group, n int) {
	for _, m := range g.workers[0].c.pipe.frames[:n] {
		room := unsafe.Slice((*byte)(m.buf_addr), dpdk.DataRoom)
		for i := range room {
			room[i] = 0xee
		}
	}
}
