package lcore

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCaptureClock: whatever the cycles' true frequency is, times keep the order of cycles, and soon
// those of the system's clock, which is read with some delay.
func TestCaptureClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const hz = 2_000_000_000
		real := float64(hz) * (1 + float64(rapid.IntRange(-100, 100).Draw(t, "ppm"))*1e-6)
		start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		var k captureClock
		var last time.Time
		elapsed, read := time.Duration(0), uint64(0)
		cyclesAt := func(d time.Duration) uint64 { return 1<<40 + uint64(d.Seconds()*real) }
		for range 200 {
			elapsed += time.Duration(rapid.IntRange(1, 100).Draw(t, "ms")) * time.Millisecond
			late := time.Duration(rapid.IntRange(0, 20).Draw(t, "late, us")) * time.Microsecond
			k.follow(cyclesAt(elapsed), start.Add(elapsed+late).UnixNano(), hz)
			for now := cyclesAt(elapsed); read < now; read += max(1, (now-read)/3) {
				read = max(read, 1<<40)
				at := k.at(read)
				if at.Before(last) {
					t.Fatalf("%v after %v", at, last)
				}
				last = at
			}
			if off := k.at(cyclesAt(elapsed)).Sub(start.Add(elapsed)); off > 300*time.Microsecond || off < -300*time.Microsecond {
				t.Fatalf("%v off after %v", off, elapsed)
			}
		}
		k.follow(cyclesAt(elapsed), start.Add(elapsed+time.Hour).UnixNano(), hz)
		if at := k.at(cyclesAt(elapsed)); at.Sub(start.Add(elapsed)) != time.Hour {
			t.Fatalf("the clock was set, and it is %v", at)
		}
	})
}
