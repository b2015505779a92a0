package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"mirrorgw/dpdk/dpdktest/pacer"
)

// latencyName is what --only calls the latencies.
const latencyName = "latency"

// latencyRatio is how much longer frames may be under way because of mirroring: p99 at half the rate.
const latencyRatio = 1.25

// Loads of the latencies, parts of the rate without loss, and percentiles.
var (
	latencyParts       = []float64{0.10, 0.50, 0.90}
	latencyPercentiles = []float64{50, 99, 99.9}
)

// latencies are the rows of one load, by part and percentile.
type latencies [][]row

func newLatencies(load string) (l latencies) {
	for _, part := range latencyParts {
		var rows []row
		for _, p := range latencyPercentiles {
			rows = append(rows, row{Name: fmt.Sprintf("latency-%s-%.0f%%-p%g", load, 100*part, p), Unit: "us", paced: true, Peer: "no-session"})
		}
		l = append(l, rows)
	}
	return l
}

// add notes a run at the i-th part.
func (l latencies) add(i int, mirrored bool, h *pacer.Histogram) {
	for k, p := range latencyPercentiles {
		l[i][k].add(mirrored, microseconds(h.Percentile(p)))
	}
}

// list is all rows with what follows from the runs. What is wanted is said of p99 at half the rate.
func (l latencies) list() (rows []row) {
	for i, part := range latencyParts {
		for k, p := range latencyPercentiles {
			r := l[i][k]
			r.summarize()
			if part == 0.50 && p == 99 {
				r.Limit = latencyRatio * r.PeerValue
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// measureLatencies measures how long production is under way. Both states get the same rates, parts
// of what the gateway forwards without loss while it mirrors everything.
func (b *bench) measureLatencies(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		l := newLatencies(w.name)
		err := b.withRig(ctx, w, taker, func(r *pacedRig) error { return b.latenciesOf(ctx, r, l) })
		if err != nil {
			return rows, err
		}
		if err := l.draw(w.name, filepath.Join(b.plots, "latency-"+w.name+".svg")); err != nil {
			return rows, err
		}
		rows = append(rows, l.list()...)
	}
	return rows, nil
}

func (b *bench) latenciesOf(ctx context.Context, r *pacedRig, l latencies) error {
	if err := r.mirror(ctx, true); err != nil {
		return err
	}
	capacity, err := r.capacity(ctx, b.trial, 3)
	if err != nil {
		return err
	}
	f, err := b.highest(ctx, r, capacity, 0)
	if err != nil {
		return err
	}
	fmt.Printf("latency-%-12s parts of %.3f Mpps\n", r.load.name, f.Rate/1e6)
	for run := range b.runs {
		for k := range mirrorings { // the first of a run is the last of the one before
			on := mirrorings[(k+run)%len(mirrorings)] != (run%2 == 0)
			if err := r.mirror(ctx, on); err != nil {
				return err
			}
			if err := b.latencyRuns(ctx, r, l, on, f.Rate); err != nil {
				return err
			}
		}
	}
	return nil
}

// latencyRuns makes a run at each part of a rate.
func (b *bench) latencyRuns(ctx context.Context, r *pacedRig, l latencies, on bool, rate float64) error {
	for i, part := range latencyParts {
		p, _, err := r.offer(ctx, part*rate, b.trial)
		if err != nil {
			return err
		}
		l.add(i, on, &p.Latency)
		fmt.Printf("latency-%-12s %-10s %3.0f %%  p50 %7.2f  p99 %7.2f  p99.9 %7.2f us   lost %.4f %%, blind %.2f %%\n", r.load.name, mirroring(on), 100*part,
			microseconds(p.Latency.Percentile(50)), microseconds(p.Latency.Percentile(99)), microseconds(p.Latency.Percentile(99.9)),
			100*p.LossShare(), 100*float64(p.Blind)/float64(p.Received))
	}
	return nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
