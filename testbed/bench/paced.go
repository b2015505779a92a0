package main

import (
	"context"
	"errors"
	"fmt"

	"mirrorgw/testbed/bench/search"
)

// tooLate is the share of frames that the generator may fail to send in time. Above it a run says
// something about the generator, and nothing about the gateway.
const tooLate = 0.001

// withRig runs a measurement of one workload on a machine whose worker CPU is free of others.
func (b *bench) withRig(ctx context.Context, w workload, end far, measure func(*pacedRig) error) (err error) {
	release, err := confine()
	if err != nil {
		return fmt.Errorf("this process cannot be kept off the worker's CPU: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	back, err := setAside()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, back()) }()
	r, err := b.openRig(ctx, w, end)
	if err != nil {
		return err
	}
	if err := measure(r); err != nil {
		r.cancel()
		return err
	}
	return r.close()
}

// A run during which the worker had its CPU for a smaller part of the time says something about the
// machine. It is made anew, so often.
const (
	alone    = 0.98
	attempts = 5
)

// offer is a run at a rate that must be sound: whatever is lost, nothing is altered or reordered, and
// the laws hold. limited says that the generator could not offer as much.
func (r *pacedRig) offer(ctx context.Context, perSecond, seconds float64) (p pacedRun, limited bool, err error) {
	for range attempts {
		if p, err = r.run(ctx, perSecond, seconds); err != nil || p.had >= alone {
			break
		}
		fmt.Printf("%s at %.3f Mpps: the worker had its CPU for %.1f %% of the time: once more\n", r.load.name, perSecond/1e6, 100*p.had)
	}
	if err == nil {
		err = p.judge()
	}
	if err != nil {
		return p, false, fmt.Errorf("%s at %.3f Mpps: %w", r.load.name, perSecond/1e6, err)
	}
	return p, float64(p.Late) > tooLate*float64(p.Offered+p.Late), nil
}

// capacity is how much the gateway forwards when it gets all that it takes, frames a second: the
// median of some runs.
func (r *pacedRig) capacity(ctx context.Context, seconds float64, runs int) (float64, error) {
	var rates []float64
	for range runs {
		p, _, err := r.offer(ctx, 0, seconds)
		if err != nil {
			return 0, err
		}
		rates = append(rates, p.ReceivedRate())
	}
	return median(rates), nil
}

// found is the end of one search.
type found struct {
	search.Found
	limited bool // the generator's own limit was met
}

// highest searches for the highest rate at which no more than the allowed share is lost, up to a
// little more than the gateway takes at all.
func (b *bench) highest(ctx context.Context, r *pacedRig, capacity, allowed float64) (f found, err error) {
	options := search.Options{Most: headroom * capacity, Allowed: allowed, Resolution: b.resolution, Votes: b.votes}
	f.Found, err = search.Highest(options, func(rate float64) (search.Trial, error) {
		p, limited, err := r.offer(ctx, rate, b.trial)
		t := search.Trial{Rate: rate, Offered: p.Offered, Lost: p.Lost()}
		if limited { // it has not been offered: nobody knows
			f.limited, t.Lost = true, t.Offered
		}
		return t, err
	})
	return f, err
}

// headroom is how far above the gateway's capacity a search begins: a rate that certainly fails.
const headroom = 1.05

// pacedTable is the rows of a paced generator, and of faults, for a person.
func pacedTable(rows []row) string {
	text := besideTable(rows) + "\nMedians. Frames come from a second process over shared memory at a steady rate; it shares its CPU with the\n" +
		"gateway's control threads. What was under way while it did not look counts for no latency.\n"
	for _, r := range rows {
		if r.Note != "" {
			text += fmt.Sprintf("%s: %s.\n", r.Name, r.Note)
		}
	}
	return text
}
