package lcore

import (
	"slices"
	"testing"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

func (t *Telemetry) frames() (n uint64) {
	for size, polls := range t.Bursts {
		n += uint64(size) * polls
	}
	return n
}

func sumOf(values []uint64) (sum uint64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// TestBurstsAreCounted: three captures are received in bursts of 32 and what is left, and nothing
// else ever is.
func TestBurstsAreCounted(t *testing.T) {
	g := openGateway(t, reads(t, fromWeb(t, 60, 100)...), reads(t, fromWeb(t, 60, 1)...), reads(t, fromWeb(t, 60, 64)...))
	run(t, g, mirrored(g, wire0))
	received(t, g, 165)
	twoHeartbeats(t, g)
	stop(t, g)
	read := g.Workers()[0].Telemetry
	want := map[int]uint64{32: 3 + 2, 4: 1, 1: 1}
	for size, polls := range read.Bursts {
		if size > 0 && polls != want[size] {
			t.Errorf("%d polls received %d frames, want %d", polls, size, want[size])
		}
	}
	if n := read.frames(); n != 165 {
		t.Errorf("%d frames in bursts, 165 were sent", n)
	}
	// Nothing says how long the last loop took; what counts instead is the moment before the first.
	// Behind each of the two short bursts that cross the wire it was seen that nothing followed.
	if polls, loops := sumOf(read.Bursts), sumOf(read.Gaps); polls != 3*loops+2 {
		t.Errorf("%d polls in %d loops of 3 queues, and 2 behind short bursts", polls, loops)
	}
	if read.Busy == 0 || read.Idle == 0 {
		t.Errorf("busy %d, idle %d cycles", read.Busy, read.Idle)
	}
}

// TestIdleWorker has nothing to do.
func TestIdleWorker(t *testing.T) {
	g := openGateway(t, device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"), device(t, "net_null", "no-rx=1"))
	if read := g.Workers()[0].Telemetry; read.Generation != 0 || read.Idle != 0 || len(read.Gaps) == 0 || sumOf(read.Gaps) != 0 {
		t.Errorf("before Start: %+v", read)
	}
	run(t, g, plain(g))
	twoHeartbeats(t, g)
	stop(t, g)
	read := g.Workers()[0].Telemetry
	if read.Busy != 0 || read.frames() != 0 || read.TimedPackets != 0 || read.TimedCycles != 0 {
		t.Errorf("busy without a frame: %+v", read)
	}
	if read.Idle == 0 || read.Housekeeping == 0 || read.Housekeeping > read.Idle {
		t.Errorf("idle %d cycles, housekeeping %d", read.Idle, read.Housekeeping)
	}
	if loops := sumOf(read.Gaps); loops < 512 || loops%256 != 0 {
		t.Errorf("%d loops until it stopped, want whole housekeeping intervals", loops)
	}
}

// TestBusyWorker never receives nothing; every frame is mirrored, so that all stages have work.
func TestBusyWorker(t *testing.T) {
	g := busy(t)
	run(t, g, mirrored(g, wire0))
	eventually(t, "timed loops", func() bool { return g.Workers()[0].Telemetry.TimedPackets >= 32*16 })
	stop(t, g)
	read := g.Workers()[0].Telemetry
	if share := float64(read.Busy) / float64(read.Busy+read.Idle); share < 0.99 {
		t.Errorf("busy share %v", share)
	}
	if read.TimedPackets%32 != 0 || read.TimedCycles == 0 || read.TimedCycles > read.Busy {
		t.Errorf("%d packets, %d of %d busy cycles timed", read.TimedPackets, read.TimedCycles, read.Busy)
	}
	sum := uint64(0)
	for _, s := range read.Stages {
		sum += s.Cycles
		if s.Cycles == 0 {
			t.Errorf("no time for %s", s.Name)
		}
	}
	if sum == 0 || sum > read.TimedCycles {
		t.Errorf("stages of %d cycles in loops of %d: %+v", sum, read.TimedCycles, read.Stages)
	}
	loops := sumOf(read.Gaps)
	if timed := read.TimedPackets / 32; timed > loops/256+1 || timed < loops/256-1 {
		t.Errorf("%d of %d loops were timed, want 1 in 256", timed, loops)
	}
}

// TestGenerationOfWorker follows what is published.
func TestGenerationOfWorker(t *testing.T) {
	g := busy(t)
	run(t, g, plain(g))
	snapshot := compile(t, mirrored(g, wire0))
	for want := uint64(1); want <= 5; want++ {
		eventually(t, "the generation", func() bool { return g.Workers()[0].Telemetry.Generation == want })
		if err := g.Publish(snapshot); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGapBuckets: a loop counts where its duration belongs, to the cycle.
func TestGapBuckets(t *testing.T) {
	dpdktest.Worker(t)
	hz := dpdk.TSCHz()
	of := func(d time.Duration) uint64 { return uint64(float64(d) / float64(time.Second) * float64(hz)) }
	for _, test := range []struct {
		cycles uint64
		bucket int
	}{
		{0, 0}, {of(249 * time.Nanosecond), 0}, {of(252 * time.Nanosecond), 1}, {of(498 * time.Nanosecond), 1}, {of(502 * time.Nanosecond), 2},
		{of(990 * time.Nanosecond), 2}, {of(1010 * time.Nanosecond), 3}, {of(1020 * time.Microsecond), 12}, {of(1030 * time.Microsecond), 13},
		{of(time.Second), 22}, {of(1050 * time.Millisecond), 23}, {of(24 * 365 * time.Hour), 23}, {1 << 63, 23},
	} {
		gaps := gapsOf(test.cycles)
		if i := slices.Index(gaps, 1); i != test.bucket || sumOf(gaps) != 1 {
			t.Errorf("a loop of %d cycles is in %v, want bucket %d", test.cycles, gaps, test.bucket)
		}
		if within := test.bucket == 0 || test.cycles >= of(GapBound(test.bucket-1)-2); !within {
			t.Errorf("bucket %d begins at %v", test.bucket, GapBound(test.bucket-1))
		}
	}
	if len(gapsOf(0)) != 24 || GapBound(0) != 250*time.Nanosecond || GapBound(22) != time.Second<<20/1000000 {
		t.Errorf("bounds %v to %v", GapBound(0), GapBound(22))
	}
}
