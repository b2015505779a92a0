package tally

import (
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of the buckets of a Histogram, inclusive; what is longer is counted
// too.
var Bounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
}

// Histogram counts durations by length. The zero value is empty and ready.
type Histogram struct {
	buckets [len(Bounds) + 1]atomic.Uint64 // the last is of what is longer than all bounds
	sum     atomic.Int64                   // nanoseconds
}

// Note counts one duration.
func (h *Histogram) Note(d time.Duration) {
	i := 0
	for i < len(Bounds) && d > Bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// Read returns how many durations lie within each bound and were longer than the bound before, the
// last of them longer than all bounds, and the sum of all. A duration that is noted meanwhile may
// be in the one and not yet in the other.
func (h *Histogram) Read() (counts []uint64, sum time.Duration) {
	counts = make([]uint64, len(h.buckets))
	for i := range counts {
		counts[i] = h.buckets[i].Load()
	}
	return counts, time.Duration(h.sum.Load())
}
