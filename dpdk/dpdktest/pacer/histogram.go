package pacer

import (
	"math"
	"time"
)

// Buckets are as wide as in pacer.h: values below 64 have one each, and every octave above has 64, so
// that a bucket is at most 1/64 of its values wide.
const (
	subBits    = 6
	subBuckets = 1 << subBits
)

// Bucket is one that is not empty.
type Bucket struct {
	Index int    `json:"i"`
	Count uint64 `json:"n"`
}

// Histogram counts durations in TSC cycles, at most 2^32-1 of them.
type Histogram struct {
	CyclesPerSecond float64  `json:"hz"`
	Buckets         []Bucket `json:"buckets"` // ascending
}

// bucketOf is the index of a duration.
func bucketOf(cycles uint32) int {
	shift := 0
	for cycles>>shift >= 2*subBuckets {
		shift++
	}
	return shift<<subBits + int(cycles>>shift)
}

// lowest is the shortest duration of a bucket, cycles.
func lowest(index int) float64 {
	shift := max(0, index>>subBits-1)
	return math.Ldexp(float64(index-shift<<subBits), shift)
}

// Count is the number of durations.
func (h *Histogram) Count() (n uint64) {
	for _, b := range h.Buckets {
		n += b.Count
	}
	return n
}

// Percentile is a duration that p percent do not exceed (nearest rank): the upper end of the bucket
// that the rank falls into, hence up to 1/64 too long, never too short. 0 when nothing was counted.
func (h *Histogram) Percentile(p float64) time.Duration {
	rank := uint64(math.Ceil(p / 100 * float64(h.Count())))
	seen := uint64(0)
	for _, b := range h.Buckets {
		if seen += b.Count; seen >= max(rank, 1) {
			return time.Duration(lowest(b.Index+1) / h.CyclesPerSecond * float64(time.Second))
		}
	}
	return 0
}

// Add adds the durations of another histogram of the same clock.
func (h *Histogram) Add(other Histogram) {
	if len(h.Buckets) == 0 {
		h.CyclesPerSecond = other.CyclesPerSecond
	}
	var sum []Bucket
	a, b := h.Buckets, other.Buckets
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Index < b[0].Index:
			sum, a = append(sum, a[0]), a[1:]
		case len(a) == 0 || b[0].Index < a[0].Index:
			sum, b = append(sum, b[0]), b[1:]
		default:
			sum = append(sum, Bucket{a[0].Index, a[0].Count + b[0].Count})
			a, b = a[1:], b[1:]
		}
	}
	h.Buckets = sum
}
