package lcore

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

func TestStartNeedsAProgram(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", ""))
	if err := g.Start(); err == nil || !strings.Contains(err.Error(), "before the first publish") {
		t.Errorf("Start before Publish: %v", err)
	}
	if n := g.Received(); n != 0 {
		t.Errorf("%d frames were received by a gateway that did not start", n)
	}
}

func TestLifeInOrder(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	run(t, g, plain(g))
	if err := g.Start(); err == nil {
		t.Error("a second Start was not refused")
	}
	received(t, g, 1000)
	stop(t, g)
	n := g.Received()
	if c := g.PortCounters(wire0); c.Rx.Packets == 0 || g.Ran() <= 0 {
		t.Errorf("after Stop: counters %+v, ran %v", c, g.Ran())
	}
	if err := g.Start(); err != nil {
		t.Fatalf("Start after Stop: %v", err)
	}
	received(t, g, n+1000)
	stop(t, g)
	stop(t, g) // nothing to do
	checkLaws(t, g)
	for range 2 {
		if err := g.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := g.Start(); err == nil {
		t.Error("Start after Close was not refused")
	}
}

func TestCloseStopsWhatRuns(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	run(t, g, mirrored(g, wire0))
	received(t, g, 1000)
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if dpdk.LcoreRunning(g.spec.Workers[0]) {
		t.Error("the worker runs on after Close")
	}
}

// TestOpenFailsWhole: a port that is not there leaves none open, and no mempool behind.
func TestOpenFailsWhole(t *testing.T) {
	good := device(t, "net_null", "")
	for range 2 { // the second time would find the mempools of the first
		_, err := Open(gatewaySpec(t, good, "net_null_absent", "net_null_absent2"))
		if err == nil || !strings.HasPrefix(err.Error(), "port wire") || !strings.Contains(err.Error(), "EAL made no such port") {
			t.Errorf("unknown device: %v", err)
		}
	}
	if _, err := dpdk.LookupPort(good); err == nil {
		t.Error("the port that was there stayed open")
	}
	spec := gatewaySpec(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", ""))
	spec.Ports[tun0].MTU = 70000
	if _, err := Open(spec); err == nil || !strings.Contains(err.Error(), "port tun0: ") {
		t.Errorf("impossible MTU: %v", err)
	}
	openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", ""))
}

func TestOpenWithoutMemorySaysWhatToDo(t *testing.T) {
	spec := gatewaySpec(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", ""))
	spec.Ports[wire0].ExtraRxMbufs = 1 << 20
	if _, err := Open(spec); err == nil || !strings.Contains(err.Error(), "raise [eal] memory_mb") {
		t.Errorf("4 GiB of mbufs in 192 MiB: %v", err)
	}
}

func TestSpecCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Spec)
		want  string // empty: accepted
	}{
		{"one worker", func(s *Spec) {}, ""},
		{"two workers, two queues", func(s *Spec) { s.Workers, s.Ports = []int{1, 2}, queues(s.Ports, 2, 2, 2) }, ""},
		{"two workers, one queue", func(s *Spec) { s.Workers = []int{1, 2} }, ""},
		{"no worker", func(s *Spec) { s.Workers = nil }, "no worker lcore"},
		{"too many queues", func(s *Spec) { s.Ports = queues(s.Ports, 3, 3, 1) }, "port wire0 has 3 queues for 1 workers"},
		{"too few on the peer", func(s *Spec) { s.Workers, s.Ports = []int{1, 2}, queues(s.Ports, 2, 1, 2) },
			"port wire0 has 2 queues but its peer wire1 only 1"},
		{"tunnel ports", func(s *Spec) {
			s.Ports = append(s.Ports, slices.Repeat(s.Ports[tun0:], pipeline.MaxTunnels)...)
		}, "tunnel ports: at most"},
		{"ports", func(s *Spec) {
			s.Ports = append(s.Ports, slices.Repeat([]PortSpec{portSpec("tap", "net_null", rules.RoleTap, rules.NoPeer)}, pipeline.MaxPorts)...)
		}, "ports: at most 64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := Spec{Workers: []int{1}, Ports: []PortSpec{
				portSpec("wire0", "net_null0", rules.RoleWire, wire1), portSpec("wire1", "net_null1", rules.RoleWire, wire0),
				portSpec("tun0", "net_null2", rules.RoleTunnel, rules.NoPeer),
			}}
			c.spoil(&spec)
			err := spec.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func queues(ports []PortSpec, n ...int) []PortSpec {
	for i := range ports {
		ports[i].Queues = n[i]
	}
	return ports
}

func TestPlanMempools(t *testing.T) {
	spec := Spec{Workers: []int{1, 2}, Ports: []PortSpec{
		{Role: rules.RoleWire, Queues: 2, RxDesc: 64, TxDesc: 128, ExtraRxMbufs: 10},
		{Role: rules.RoleWire, Queues: 2, RxDesc: 64, TxDesc: 128},
		{Role: rules.RoleTunnel, Queues: 2, RxDesc: 32, TxDesc: 256},
	}}
	got := PlanMempools(&spec)
	const (
		tunnelSlots = 2 * 256
		// what the two caches of a mempool can keep from others: 1.5 times their size each
		cached   = 2 * 384
		indirect = 2*tunnelSlots + 2*1024 + cached
		rings    = 2*2*(64+128) + 2*32
		bursts   = 2 * 2 * pipeline.Burst
		stock    = 2 * pipeline.Burst * 5 // two copies of each frame, 9,000 bytes each
	)
	want := Mempools{
		RxRoom:     2176,
		Rx:         rings + indirect + cached + bursts + 10,
		Header:     tunnelSlots + 2*(stock+2*pipeline.Burst) + cached,
		HeaderRoom: 128 + 320,
		Indirect:   indirect,
		Origin:     256 + 16, // what one queue can keep, and what is on its way there
		// 65,535 bytes are 32 segments of 2,048, and two sources may see them
		Explain: pipeline.HarnessPools{Frames: 32, Headers: stock + 64, Indirects: 64, HeaderRoom: 128 + 320},
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if small, large := got.Bytes(dpdk.PageSizeHuge), got.Bytes(dpdk.PageSizeNoHuge); small <= got.Rx*rxDataRoom || large <= small {
		t.Errorf("%d bytes on 2 MiB pages, %d on 4 KiB pages", small, large)
	}
}

// TestFastFreeIsInForceNowhere: with it a driver would free held frames under our copies.
func TestFastFreeIsInForceNowhere(t *testing.T) {
	out, _ := writes(t)
	for _, devices := range [][3]string{
		{device(t, "net_null", ""), device(t, "net_ring", ""), out},
		{reads(t, fromWeb(t, 60, 1)...), device(t, "net_null", ""), device(t, "net_ring", "")},
	} {
		t.Run("", func(t *testing.T) {
			g := openGateway(t, devices[0], devices[1], devices[2])
			for _, p := range g.Ports() {
				_, tx, err := dpdk.Offloads(p.ID)
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(tx, "MBUF_FAST_FREE") {
					t.Errorf("port %s (%s): tx offloads %v", p.Name, p.Device, tx)
				}
			}
		})
	}
}

// TestFilterComesBackWhileStalled: what an lcore that stands still may use has the filter with the
// slots of before; the change that brings it back has others.
func TestFilterComesBackWhileStalled(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	with, without := compile(t, mirrored(g, wire0)), compile(t, plain(g))
	if err := g.Publish(with); err != nil {
		t.Fatal(err)
	}
	reader := g.qsbr.Pointer()
	dpdktest.ReaderOnline(t, reader, 0)
	for _, s := range []*rules.Snapshot{without, with, without, with} {
		if err := g.Publish(s); !errors.Is(err, ErrStalled) {
			t.Fatalf("Publish with a stalled lcore: %v", err)
		}
	}
	dpdktest.ReaderQuiescent(reader, 0)
	dpdktest.ReaderOffline(reader, 0)
	run(t, g, mirrored(g, wire0))
	received(t, g, 1000)
	if g.Pending() != 0 {
		t.Errorf("%d old programs are left", g.Pending())
	}
}

// TestStalledLcore takes the worker's reader slot before the worker runs: a reader that is online
// and never reports.
func TestStalledLcore(t *testing.T) {
	g := openGateway(t, device(t, "net_null", ""), device(t, "net_null", ""), device(t, "net_null", "no-rx=1"))
	publish(t, g, mirrored(g, wire0, wire1))
	reader := g.qsbr.Pointer()
	dpdktest.ReaderOnline(t, reader, 0)
	stalled := mirrored(g, wire0)
	begin := time.Now()
	if err := g.Publish(compile(t, stalled)); !errors.Is(err, ErrStalled) {
		t.Fatalf("Publish with a stalled lcore: %v", err)
	}
	if waited := time.Since(begin); waited < stallLimit || waited > 5*stallLimit {
		t.Errorf("Publish waited %v for the lcore, want about %v", waited, stallLimit)
	}
	if g.Generation() != 2 || len(g.View().Snapshot.Sources) != 1 {
		t.Error("the change is not in force although ErrStalled says it stays")
	}
	if g.Pending() != 1 || taken(&g.slots.sessions.slotPool) != 2 {
		t.Errorf("%d old programs and %d slots are kept, want 1 and 2: the lcore may use them", g.Pending(), taken(&g.slots.sessions.slotPool))
	}
	dpdktest.ReaderQuiescent(reader, 0)
	dpdktest.ReaderOffline(reader, 0)
	run(t, g, stalled)
	if g.Pending() != 0 || taken(&g.slots.sessions.slotPool) != 1 {
		t.Errorf("%d old programs and %d slots are left after the lcore came back, want 0 and 1", g.Pending(), taken(&g.slots.sessions.slotPool))
	}
	received(t, g, 1000)
}
