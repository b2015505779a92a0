package pacer

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBucketsCoverEveryDuration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint32().Draw(t, "cycles")
		if shift := rapid.IntRange(0, 31).Draw(t, "shift"); true {
			v >>= shift
		}
		i := bucketOf(v)
		if low, high := lowest(i), lowest(i+1); float64(v) < low || float64(v) >= high {
			t.Fatalf("%d lies in bucket %d, from %g to before %g", v, i, low, high)
		} else if high-low > 1 && (high-low)/low > 1.0/subBuckets {
			t.Fatalf("bucket %d is too wide: from %g to %g", i, low, high)
		}
	})
	if last := bucketOf(math.MaxUint32); last != buckets-1 {
		t.Errorf("the last bucket is %d of %d", last, buckets)
	}
}

// TestBucketsAsInC asks the C function for the same.
func TestBucketsAsInC(t *testing.T) {
	for shift := range 32 {
		for _, v := range []uint32{1<<shift - 1, 1 << shift, 1<<shift + 1, 3<<shift - 1} {
			if got := bucketInC(v); got != bucketOf(v) {
				t.Errorf("%d: bucket %d in C, %d in Go", v, got, bucketOf(v))
			}
		}
	}
}

// TestPercentile compares with the sorted durations themselves.
func TestPercentile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cycles := rapid.SliceOfN(rapid.Uint32Range(100, 1<<30), 1, 200).Draw(t, "cycles")
		p := rapid.SampledFrom([]float64{50, 99, 99.9, 100}).Draw(t, "p")
		h := Histogram{CyclesPerSecond: 1e9}
		for _, c := range cycles {
			h.Add(Histogram{CyclesPerSecond: 1e9, Buckets: []Bucket{{bucketOf(c), 1}}})
		}
		slices.Sort(cycles)
		exact := float64(cycles[int(math.Ceil(p/100*float64(len(cycles))))-1])
		got := float64(h.Percentile(p).Nanoseconds())
		if got < exact-1 || got > exact*(1+1.0/subBuckets)+2 {
			t.Fatalf("percentile %g is %g, exactly %g", p, got, exact)
		}
		if h.Count() != uint64(len(cycles)) {
			t.Fatalf("%d counted of %d", h.Count(), len(cycles))
		}
	})
	if got := (&Histogram{}).Percentile(99); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestCredit: after a second the credits of all looks at the clock are the rate.
func TestCredit(t *testing.T) {
	const hz = 2.5e9
	for _, rate := range []float64{1, 1000, 1e6, 14.88e6, 4e7} {
		got := float64(credit(rate, hz)) * hz / (1 << 40)
		if math.Abs(got-rate) > 0.003*rate && math.Abs(got-rate) > 0.002 {
			t.Errorf("%g frames a second earn %g", rate, got)
		}
	}
	if credit(Everything, hz) != 0 || credit(1e-9, hz) != 1 {
		t.Error("everything must be 0, and the slowest rate not")
	}
	if most := float64(credit(4e7, 1e9)) * Gap.Seconds() * 1e9; most > math.MaxUint64/4 {
		t.Errorf("a gap earns %g, which overflows", most)
	}
}

func TestResult(t *testing.T) {
	r := Result{Offered: 1000, Received: 990, Seconds: 1.25, Still: 0.25}
	if r.Lost() != 10 || r.LossShare() != 0.01 || r.OfferedRate() != 1000 || r.ReceivedRate() != 990 {
		t.Errorf("lost %d, %g, rates %g, %g", r.Lost(), r.LossShare(), r.OfferedRate(), r.ReceivedRate())
	}
	if (&Result{}).LossShare() != 1 || (&Result{Received: 3}).Lost() != 0 {
		t.Error("a run without a frame lost everything; more than was offered is not a loss")
	}
	if got := (&Histogram{CyclesPerSecond: 1e9, Buckets: []Bucket{{10, 1}}}).Percentile(50); got != 11*time.Nanosecond {
		t.Errorf("a bucket's upper end is %v, want 11ns", got)
	}
}
