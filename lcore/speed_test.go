package lcore

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// speed is a gateway whose worker is measured. Its first wire is an endless capture; full bursts from it are
// no sign of congestion.
type speed struct {
	name   string
	bytes  int // of a frame
	tunnel func(testing.TB) string
	change func(testing.TB, *Spec)
	none   bool // there is no session
	jam    bool // nobody drains the tunnel port
}

func speeds() (all []speed) {
	null := func(t testing.TB) string { return device(t, "net_null", "no-rx=1") }
	ring := func(t testing.TB) string { return device(t, "net_ring", "") }
	apart := func(t testing.TB, s *Spec) { *s = split(t, *s) }
	few := func(_ testing.TB, s *Spec) { s.Ports[tun0].TxDesc = 64 } // of the 1,023 mbufs that the ring takes
	for _, length := range []struct {
		name  string
		bytes int
	}{{"64", 60}, {"1500", 1514}} {
		for _, s := range []speed{
			{name: "none", tunnel: null, none: true},
			{name: "mirrored", tunnel: null},
			{name: "full-ring", tunnel: ring, jam: true},
			{name: "starved-pool", tunnel: ring, change: few, jam: true},
			{name: "split", tunnel: null, change: apart},
			{name: "kernel", tunnel: kernelPort},
			{name: "kernel-split", tunnel: kernelPort, change: apart},
		} {
			s.name, s.bytes = s.name+"-"+length.name, length.bytes
			all = append(all, s)
		}
	}
	return all
}

// BenchmarkWorker is the time that a worker takes for a frame, and how many copies left for each. With
// MIRRORGW_SPEED=1 it has huge pages, and a mirror lcore has the CPU of the main lcore, which sleeps.
func BenchmarkWorker(b *testing.B) {
	for _, s := range speeds() {
		b.Run(s.name, func(b *testing.B) { s.measure(b) })
	}
}

func (s *speed) measure(b *testing.B) {
	spec := gatewaySpec(b, repeats(b, fromWeb(b, s.bytes, 64)...), device(b, "net_null", "no-rx=1"), s.tunnel(b))
	spec.Congestion = Congestion{Heeded: AllSigns, Backlog: 100 * time.Microsecond, Recovery: 2 * time.Millisecond}
	spec.Ports[wire0].Lossless, spec.Ports[wire0].ExtraRxMbufs = true, 64
	if s.change != nil {
		s.change(b, &spec)
	}
	g := open(b, spec)
	if s.jam {
		unpolled(g, 1)
	}
	r := plain(g)
	if !s.none {
		r = mirrored(g, wire0)
	}
	run(b, g, r)
	received(b, g, 1_000_000)
	before, began := g.Totals(), time.Now()
	b.ResetTimer()
	received(b, g, before.WireRx+uint64(b.N))
	took, after := time.Since(began), g.Totals()
	b.StopTimer()
	frames := float64(after.WireRx - before.WireRx)
	b.ReportMetric(float64(took.Nanoseconds())/frames, "ns/frame")
	b.ReportMetric(float64(after.Mirrored-before.Mirrored)/frames, "copies/frame")
	b.ReportMetric(0, "ns/op")
	if after.Dropped != 0 || after.Matched-before.Matched == 0 != s.none {
		b.Errorf("dropped %d, matched %d", after.Dropped, after.Matched)
	}
	if s.jam {
		stop(b, g)
		b.Logf("%s: skipped %v, signs %v", s.name, g.View().SessionCounters(0, 1).Skipped, congestionOf(g).Signs)
	}
}

// kernelPort is net_af_packet on one end of a veth in a network namespace of its own: a system call for
// each burst, and the kernel takes every frame to the other end.
func kernelPort(t testing.TB) string {
	t.Helper()
	runtime.LockOSThread() // for good: the thread goes with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("a network namespace cannot be made: %v", err)
	}
	for _, command := range []string{"link add mgwspeed mtu 1600 type veth peer name mgwfar mtu 1600", "link set mgwspeed up", "link set mgwfar up"} {
		if text, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", command, err, text)
		}
	}
	return device(t, "net_af_packet", "iface=mgwspeed,blocksz=4096,framesz=2048,framecnt=2048,qdisc_bypass=1")
}
