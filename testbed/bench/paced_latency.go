package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"mirrorgw/dpdk/dpdktest/pacer"
	"mirrorgw/testbed/bench/search"
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

// Peers of the latencies: the gateway without sessions, at the rates that are offered when everything is mirrored,
// and at parts of its own rate without loss, when it has as much to do as with mirroring.
const (
	sameRates = "no-session"
	ownRates  = "no-session-own-rate"
)

// latencies are the rows of one load beside one peer, by part and percentile.
type latencies [][]row

func newLatencies(load, peer string) (l latencies) {
	for _, part := range latencyParts {
		var rows []row
		for _, p := range latencyPercentiles {
			rows = append(rows, row{Name: fmt.Sprintf("latency-%s-%.0f%%-p%g", load, 100*part, p), Unit: "us", paced: true, Peer: peer})
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
			if part == 0.50 && p == 99 && r.Peer == sameRates {
				r.Limit = latencyRatio * r.PeerValue
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// measureLatencies measures how long production is under way.
func (b *bench) measureLatencies(ctx context.Context) (rows []row, err error) {
	for _, w := range b.chosenLoads() {
		same, own := newLatencies(w.name, sameRates), newLatencies(w.name, ownRates)
		err := b.withRig(ctx, w, taker, func(r *pacedRig) error { return b.latenciesOf(ctx, r, same, own) })
		if err != nil {
			return rows, err
		}
		if err := same.draw(w.name, filepath.Join(b.plots, "latency-"+w.name+".svg")); err != nil {
			return rows, err
		}
		rows = append(append(rows, same.list()...), own.list()...)
	}
	return rows, nil
}

// spared is the part of the copies that may be missing at a rate that is mirrored whole: a worker that stood
// still for a moment skips some when it goes on.
const spared = 0.01

// mirroredWhole is the highest rate without loss at which copies leave of all frames.
func (b *bench) mirroredWhole(ctx context.Context, r *pacedRig, capacity float64) (float64, error) {
	options := search.Options{Most: headroom * capacity, Resolution: b.resolution, Votes: b.votes}
	f, err := search.Highest(options, func(rate float64) (search.Trial, error) {
		p, _, err := r.settled(ctx, rate, b.trial)
		t := search.Trial{Rate: rate, Offered: p.Offered, Lost: p.Lost()}
		if float64(p.copies) < (1-spared)*float64(p.Received) {
			t.Lost = t.Offered
		}
		return t, err
	})
	return f.Rate, err
}

// noDrop is the rate without loss in a state, frames a second.
func (b *bench) noDrop(ctx context.Context, r *pacedRig, on bool) (float64, error) {
	if err := r.mirror(ctx, on); err != nil {
		return 0, err
	}
	capacity, err := r.capacity(ctx, b.trial, 3)
	if err != nil {
		return 0, err
	}
	rate := 0.0
	if on {
		rate, err = b.mirroredWhole(ctx, r, capacity)
	} else {
		f, failed := b.highest(ctx, r, capacity, 0)
		rate, err = f.Rate, failed
	}
	fmt.Printf("latency-%-12s %-10s parts of %.3f Mpps\n", r.load.name, mirroring(on), rate/1e6)
	return rate, err
}

// sameRate is the part of another rate from which on two are the same but for the noise of searches: where
// the generator is what limits both.
const sameRate = 0.95

// ownRate is the rate without loss and without sessions. Less than what is mirrored it cannot be: then
// the machine stood still for longer than rings hold, in the middle of the search.
func (b *bench) ownRate(ctx context.Context, r *pacedRig, mirrored float64) (rate float64, err error) {
	for range attempts {
		if rate, err = b.noDrop(ctx, r, false); err != nil || rate >= sameRate*mirrored {
			return max(rate, mirrored), err
		}
	}
	return 0, fmt.Errorf("%s: %.3f Mpps without loss are less than %.3f that are mirrored: the machine is too busy", r.load.name, rate/1e6, mirrored/1e6)
}

func (b *bench) latenciesOf(ctx context.Context, r *pacedRig, same, own latencies) error {
	rate, err := b.noDrop(ctx, r, true)
	if err != nil {
		return err
	}
	ownRate, err := b.ownRate(ctx, r, rate)
	if err != nil {
		return err
	}
	kinds := []latencyRun{{true, rate, []latencies{same, own}}, {false, rate, []latencies{same}}, {false, ownRate, []latencies{own}}}
	for run := range b.runs {
		for k := range kinds {
			if err := b.latencyRuns(ctx, r, &kinds[(k+run)%len(kinds)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// latencyRun is a state, the rate of whose parts are offered, and the rows that the figures belong to.
type latencyRun struct {
	mirrored bool
	rate     float64 // frames a second
	rows     []latencies
}

// latencyRuns makes a run at each part of a rate.
func (b *bench) latencyRuns(ctx context.Context, r *pacedRig, kind *latencyRun) error {
	if err := r.mirror(ctx, kind.mirrored); err != nil {
		return err
	}
	for i, part := range latencyParts {
		p, _, err := r.offer(ctx, part*kind.rate, b.trial)
		if err != nil {
			return err
		}
		for _, l := range kind.rows {
			l.add(i, kind.mirrored, &p.Latency)
		}
		fmt.Printf("latency-%-12s %-10s %3.0f %% of %.3f  p50 %7.2f  p99 %7.2f  p99.9 %7.2f us   lost %.4f %%, blind %.2f %%\n", r.load.name, mirroring(kind.mirrored), 100*part, kind.rate/1e6,
			microseconds(p.Latency.Percentile(50)), microseconds(p.Latency.Percentile(99)), microseconds(p.Latency.Percentile(99.9)),
			100*p.LossShare(), 100*float64(p.Blind)/float64(p.Received))
	}
	return nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
