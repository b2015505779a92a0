package lcore

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// split makes a mirror lcore send the copies of a gateway. It may share the worker's CPU: then the two
// take turns of milliseconds.
func split(t testing.TB, spec Spec) Spec {
	spec.Mirrors = []int{dpdktest.SecondWorker(t)}
	return spec
}

// TestForwardSplit: every frame and every copy are the same whoever sends them, and so are all counters.
func TestForwardSplit(t *testing.T) { forwards(t, func(s *Spec) { *s = split(t, *s) }) }

// TestSplitInSmallDataRooms: what is held crosses in many segments.
func TestSplitInSmallDataRooms(t *testing.T) {
	forwards(t, func(s *Spec) { *s = split(t, *s); s.DataRoom = 256 })
}

// TestPublishInSplitMode: laws hold at any moment while programs come and go, and an old program is
// freed only when no copy that was decided by it waits any more. Each half has its own VNI.
func TestPublishInSplitMode(t *testing.T) {
	g := open(t, split(t, gatewaySpec(t, repeats(t, slices.Concat(fromWeb(t, 100, 16), fromWeb(t, 400, 16))...),
		device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))))
	programs := []*rules.Snapshot{compile(t, mirrored(g, wire0)), compile(t, mirrored(g, wire1)), compile(t, mirrored(g, wire0, wire1))}
	run(t, g, plain(g))
	endWatch := watchLaws(t, g)
	for i := range 60 {
		before := g.Totals()
		switch err := g.Publish(programs[i%len(programs)]); {
		case errors.Is(err, ErrStalled): // on a busy machine an lcore may get no CPU for a second
			eventually(t, "the lcore is seen", func() bool { return g.Pending() == 0 })
		case err != nil:
			t.Fatal(err)
		case g.Pending() != 0:
			t.Fatalf("publish %d: acknowledged with %d programs pending", i, g.Pending())
		}
		eventually(t, "copies of a mirror lcore", func() bool { return g.Totals().Taken > before.Taken })
	}
	if n := endWatch(); n == 0 {
		t.Error("the laws were not read")
	}
	stop(t, g)
	totals := g.Totals()
	if totals.Dropped != 0 || totals.Forwarded != totals.WireRx || totals.Waiting() != 0 || totals.Handed == 0 || totals.Taken != totals.Handed {
		t.Errorf("production or copies were lost on the way: %+v", totals)
	}
	if totals.Matched != totals.Mirrored+totals.Skipped {
		t.Errorf("matched is not mirrored and skipped: %+v", totals)
	}
}

// TestMirrorLcoreThatDoesNotRun: the ring fills, copies are skipped and counted, production goes on
// untouched, no rx mbuf is missing, and a change is reported as stalled: the mirror lcore may still
// hold the old program. When it runs at last, everything leaves.
func TestMirrorLcoreThatDoesNotRun(t *testing.T) {
	g := open(t, split(t, gatewaySpec(t, repeats(t, fromWeb(t, 1000, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))))
	mirror := g.workers[1]
	publish(t, g, mirrored(g, wire0))
	g.workers = g.workers[:1]
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	g.workers = append(g.workers, mirror)
	received(t, g, 20*handoverSlots)
	reader := g.qsbr.Pointer()
	dpdktest.ReaderOnline(t, reader, 1) // as if it stood still in its loop
	if err := g.Publish(compile(t, mirrored(g, wire0, wire1))); err == nil || !strings.HasPrefix(err.Error(), "lcore-stalled") || g.Pending() != 1 {
		t.Errorf("publish beside a mirror lcore that stands still: %v, %d pending", err, g.Pending())
	}
	dpdktest.ReaderOffline(reader, 1)
	session, totals := g.View().SessionCounters(0, rules.Egress), g.Totals()
	if totals.Dropped != 0 || totals.Waiting() != handoverHeld || totals.Mirrored != 0 {
		t.Errorf("%+v, want no drop and a ring full of copies", totals)
	}
	if session.Skipped["handover-full"].Packets == 0 {
		t.Errorf("session %+v, want copies skipped as handover-full", session)
	}
	for i := range g.Ports() {
		if s, err := g.DriverStats(i); err != nil || s.RxNombuf != 0 {
			t.Errorf("port %d: %+v, %v; want no rx_nombuf", i, s, err)
		}
	}
	if err := mirror.launch(g.ports); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the copies that waited leave", func() bool { return g.Totals().Mirrored >= handoverHeld })
	stop(t, g)
	if totals := g.Totals(); totals.Waiting() != 0 || inUse(g, "mgw_indirect") != 0 {
		t.Errorf("%d copies wait, %d indirect mbufs are in use", totals.Waiting(), inUse(g, "mgw_indirect"))
	}
}

// TestSplitOnAWireThatIsATunnelToo: copies leave by a queue of their own, and not while the worker
// wants the port for production. No production leaves there in this test, so the reserve stays as set.
func TestSplitOnAWireThatIsATunnelToo(t *testing.T) {
	spec := split(t, gatewaySpec(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), repeats(t, fromWeb(t, 100, 32)...)))
	spec.Ports[wire0].Tunnel = true
	spec.Ports[tun0].Role = rules.RoleTap
	g := open(t, spec)
	if n := g.spec.copyQueues(&spec.Ports[wire0]); n != 1 || g.workers[1].c.tunnels[0].queue != 1 {
		t.Fatalf("%d queues for copies, the mirror lcore sends on queue %d", n, g.workers[1].c.tunnels[0].queue)
	}
	r := plain(g)
	r.Targets = []rules.Target{{ID: "tmt-1", Name: "ids", Address: netip.MustParseAddr("192.0.2.10"), MTU: 1500, Port: wire0, NextHop: macNextHop, Resolved: true}}
	r.Interfaces = []rules.Interface{{ID: "eni-1", Port: tun0, MAC: macWeb, HasMAC: true, VLAN: rules.VLANAny}}
	addSession(r, "tms-1", 0, 1)
	const forever = 1 << 60
	g.workers[0].c.reserved_until[wire0] = forever
	run(t, g, r)
	eventually(t, "copies skipped for production", func() bool { return g.Totals().Skipped > 1000 })
	stop(t, g)
	if totals := g.Totals(); totals.Mirrored != 0 {
		t.Errorf("%+v: copies were sent on a port that a worker reserves", totals)
	}
	g.workers[0].c.reserved_until[wire0] = 0
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "copies", func() bool { return g.PortCounters(wire0).Copies.Packets > 0 })
	stop(t, g)
}

// TestSplitFramesOfOurOwn: in split mode a pure tunnel port is the mirror lcore's in both directions.
func TestSplitFramesOfOurOwn(t *testing.T) {
	spec := split(t, gatewaySpec(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_ring", "")))
	spec.Ports[tun0].Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	g := open(t, spec)
	run(t, g, plain(g))
	probe := frame(t, macWeb, macRouter, 100, 1)
	if err := g.Send(tun0, probe); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is sent, comes back through the ring and is ignored", func() bool {
		c := g.PortCounters(tun0)
		return c.Originated.Packets == 1 && c.Ignored["not_ours"] == 1
	})
	stop(t, g)
}

// TestMirrorLcoreIsWaitedForFromItsLaunch: copies may wait for it before it has got its CPU, so a change is
// not acknowledged until it has been seen, and then the old program is freed.
func TestMirrorLcoreIsWaitedForFromItsLaunch(t *testing.T) {
	g := open(t, split(t, gatewaySpec(t, repeats(t, fromWeb(t, 1000, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))))
	mirror := g.workers[1]
	publish(t, g, mirrored(g, wire0))
	g.workers = g.workers[:1]
	mirror.goOnline() // as launch does, before the lcore runs
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	g.workers = append(g.workers, mirror)
	eventually(t, "copies wait", func() bool { return g.Totals().Waiting() > 0 })
	if err := g.Publish(compile(t, mirrored(g, wire0, wire1))); !errors.Is(err, ErrStalled) || g.Pending() != 1 {
		t.Errorf("publish before the mirror lcore runs: %v, %d pending", err, g.Pending())
	}
	mirror.goOffline()
	if err := mirror.launch(g.ports); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is seen", func() bool { return g.Pending() == 0 })
	stop(t, g)
	if totals := g.Totals(); totals.Waiting() != 0 || totals.Mirrored == 0 {
		t.Errorf("%d copies wait, %d were sent", totals.Waiting(), totals.Mirrored)
	}
}

// TestMirrorLcoreMeasuresItself: it says what it is, what it got, and where its time goes; copies are to
// it what packets are to a worker.
func TestMirrorLcoreMeasuresItself(t *testing.T) {
	g := open(t, split(t, gatewaySpec(t, repeats(t, fromWeb(t, 100, 32)...), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))))
	run(t, g, mirrored(g, wire0))
	eventually(t, "timed loops", func() bool { return g.Workers()[1].Telemetry.TimedPackets > 100 })
	stop(t, g)
	worker, mirror := g.Workers()[0], g.Workers()[1]
	if worker.Mirror || !mirror.Mirror || worker.TakenOver != 0 || mirror.HandedOver != 0 || worker.HandedOver == 0 || worker.HandedOver != mirror.TakenOver {
		t.Errorf("worker %+v, mirror lcore %+v", worker, mirror)
	}
	read := mirror.Telemetry
	if read.frames() != 0 || read.Busy == 0 || read.TimedPackets > mirror.TakenOver || read.TimedCycles > read.Busy {
		t.Errorf("%+v of %d copies", read, mirror.TakenOver)
	}
	for _, s := range read.Stages {
		if works := slices.Contains([]string{"receive", "account", "encap", "send_copies"}, s.Name); works != (s.Cycles > 0) {
			t.Errorf("%d cycles for %s", s.Cycles, s.Name)
		}
	}
}

func TestSplitIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Spec)
		want   string
	}{
		{"one for one", func(s *Spec) {}, ""},
		{"more mirrors than workers", func(s *Spec) { s.Mirrors = []int{2, 3} }, "name at most 1"},
		{"tunnel queues", func(s *Spec) { s.Ports[tun0].Queues = 2 }, "set queues = 1"},
	} {
		spec := Spec{Workers: []int{1}, Mirrors: []int{2}, Capacity: pipeline.Capacity{}, Ports: []PortSpec{
			portSpec("wire0", "net_null0", rules.RoleWire, wire1), portSpec("wire1", "net_null1", rules.RoleWire, wire0),
			portSpec("tun0", "net_null2", rules.RoleTunnel, rules.NoPeer)}}
		c.change(&spec)
		if err := spec.Check(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
