package history

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// instances are rows of so many instances, each in one of 100 groups; skips are rare, as they should
// be.
func instances(n, step int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{Key{Kind: Instance, Step: step, Account: "000000000000", Name: fmt.Sprintf("i-%017x", i), Group: fmt.Sprintf("group-%d", i%100),
			Image: fmt.Sprintf("ami-%017x", i%10), Type: "m5.large"}, make([]int64, len(Metrics))}
	}
	return rows
}

func busy(rows []Row) {
	for i := range rows {
		v := rows[i].Values
		v[4], v[5] = 10000+rand.Int64N(1000000), 10000+rand.Int64N(1000000)
		v[0], v[1] = v[4]*700, v[5]*700
		if v[2], v[6] = 0, 0; rand.IntN(50) == 0 {
			v[6] = rand.Int64N(1000)
			v[2] = v[6] * 700
		}
		if rows[i].Key.Step == 1 {
			clear(v[4:])
		}
	}
}

// BenchmarkMinute is a minute of 10,000 instances; one in 60 makes a block. The size of a day is that
// of 24 blocks.
func BenchmarkMinute(b *testing.B) {
	for _, step := range []int{5, 1} {
		b.Run(fmt.Sprintf("step=%d", step), func(b *testing.B) {
			s, err := Open(Options{Dir: b.TempDir(), Days: 15, MaxBytes: 16 << 30})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			rows := instances(10000, step)
			minutes, longest := 0, time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				busy(rows)
				b.StartTimer()
				begun := time.Now()
				if err := s.Add(Minute{Time: after(minutes), Rows: rows}); err != nil {
					b.Fatal(err)
				}
				longest = max(longest, time.Since(begun))
				minutes++
			}
			var blocks int64
			for _, p := range s.parts {
				blocks += p.size
			}
			if hours := minutes / 60; hours > 0 {
				b.ReportMetric(float64(blocks)/float64(hours)*24/1e6, "MB/day")
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
		})
	}
}

// BenchmarkOpen opens a day of 10,000 instances: 24 blocks.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(Options{Dir: dir, Days: 15, MaxBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	rows := instances(10000, 5)
	for minute := 0; minute < 24*60; minute += 20 {
		busy(rows)
		if err := s.Add(Minute{Time: after(minute), Rows: rows}); err != nil {
			b.Fatal(err)
		}
	}
	s.Close()
	for b.Loop() {
		again, err := Open(Options{Dir: dir, Days: 15, MaxBytes: 1 << 30})
		if err != nil {
			b.Fatal(err)
		}
		again.Close()
	}
}

// BenchmarkPoints reads 15 days of one instance among 1,000.
func BenchmarkPoints(b *testing.B) {
	s, err := Open(Options{Dir: b.TempDir(), Days: 15, MaxBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	rows := instances(1000, 5)
	for minute := 0; minute < 15*24*60; minute += 20 {
		busy(rows)
		if err := s.Add(Minute{Time: after(minute), Rows: rows}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		points, err := s.Points(rows[500].Key, []int{0}, after(0), after(15*24*60))
		if err != nil || len(points) == 0 {
			b.Fatal(len(points), err)
		}
	}
}
