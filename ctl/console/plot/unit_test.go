package plot

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Frames, 0, "0 frames/s"}, {Frames, 0.01, "<0.1 frames/s"}, {Frames, 0.5, "0.5 frames/s"}, {Frames, 9.96, "10 frames/s"}, {Frames, 7, "7 frames/s"},
		{Frames, 999.4, "999 frames/s"}, {Frames, 999.6, "1.00k frames/s"}, {Bits, 12345, "12.3k bit/s"}, {Bits, 9.876e9, "9.88G bit/s"},
		{Copies, 5e17, "500P copies/s"}, {Share, 0.456, "46 %"}, {Share, 0.0456, "4.6 %"}, {Share, 1, "100 %"}, {Nanoseconds, 7891, "7.89 µs"},
		{Nanoseconds, 12, "12 ns"}, {Nanoseconds, 3e9, "3.00 s"}, {Count, 3, "3"}, {Packets, math.NaN(), "–"}, {Packets, math.Inf(1), "–"}, {Packets, -1, "0 packets/s"},
	} {
		if got := c.unit.FormatLong(c.v); got != c.want {
			t.Errorf("%v of unit %q: %q; want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestReduce(t *testing.T) {
	points := append(every(time.Minute, 1, 3, 10, math.NaN()), Point{Time: noon.Add(7 * time.Minute), Length: time.Minute, Value: 6, Partial: true})
	want := []Point{
		{noon, 2 * time.Minute, 2, false},
		{noon.Add(2 * time.Minute), 2 * time.Minute, 10, true},
		{noon.Add(6 * time.Minute), 2 * time.Minute, 6, true},
	}
	if diff := cmp.Diff(want, Reduce(points, noon, noon.Add(8*time.Minute), 2*time.Minute)); diff != "" {
		t.Error(diff)
	}
	if got := Reduce(points, noon, noon, time.Minute); got != nil {
		t.Errorf("of no time: %v", got)
	}
}

// TestReduceKeepsTheSum: what is drawn coarsely has as many frames in it as what was counted.
func TestReduceKeepsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 200).Draw(t, "values")
		steps := rapid.IntRange(1, 20).Draw(t, "steps")
		n := len(values) / steps * steps // whole steps
		total, reduced := 0.0, 0.0
		for _, v := range values[:n] {
			total += v
		}
		for _, p := range Reduce(every(time.Minute, values...), noon, noon.Add(time.Duration(n)*time.Minute), time.Duration(steps)*time.Minute) {
			if p.Partial {
				t.Fatalf("%v is partial", p.Time)
			}
			reduced += p.Value * p.Length.Minutes()
		}
		if math.Abs(total-reduced) > 1e-6*total {
			t.Fatalf("%g became %g", total, reduced)
		}
	})
}
