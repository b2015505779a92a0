package lcore

import (
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/pipeline"
)

// WorkerState is how a worker does.
type WorkerState struct {
	Lcore, CPU int
	Mirror     bool          // a mirror lcore, else a worker
	Heartbeat  uint64        // housekeeping intervals; one that stands still is a worker that does not run
	LongestGap time.Duration // between two polls, since MeasureGaps or, without, since the first Start

	// FinishedGap is what LongestGap had come to when the last MeasureGaps took effect; 0 before.
	// Whoever measures again and again misses nothing by it.
	FinishedGap time.Duration

	Telemetry  Telemetry
	Match      pipeline.MatchCounters
	Congestion CongestionState

	// Split mode: copies, since the first Start. What workers have handed over and mirror lcores have
	// not taken over yet waits between them.
	HandedOver uint64 // by a worker
	TakenOver  uint64 // by a mirror lcore
}

// Generation returns the number of the program in force; it grows by one a change.
func (g *Group) Generation() uint64 {
	g.read.RLock()
	defer g.read.RUnlock()
	return g.generation
}

// Pending returns how many changes some lcore has not taken yet: 0, but for the moment in which a
// change waits, or after ErrStalled until the lcore reports again.
func (g *Group) Pending() (n int) {
	g.read.RLock()
	defer g.read.RUnlock()
	if g.closed {
		return 0
	}
	for i := range g.pending {
		if !g.qsbr.Check(g.pending[i].token, false) {
			n++
		}
	}
	return n
}

// Heartbeats returns each worker's count of housekeeping intervals; none after Close.
func (g *Group) Heartbeats() []uint64 {
	g.read.RLock()
	defer g.read.RUnlock()
	beats := make([]uint64, len(g.workers))
	for i, w := range g.workers {
		beats[i] = w.heartbeat()
	}
	return beats
}

// Workers returns the state of each worker; none after Close.
func (g *Group) Workers() []WorkerState {
	g.read.RLock()
	defer g.read.RUnlock()
	states := make([]WorkerState, len(g.workers))
	for i, w := range g.workers {
		states[i] = w.state()
	}
	return states
}

func (w *worker) state() WorkerState {
	totals := w.counters.Totals()
	return WorkerState{Lcore: w.cpu, CPU: w.cpu, Mirror: w.mirror, Heartbeat: w.heartbeat(), LongestGap: w.longestGap(), FinishedGap: w.finishedGap(),
		Telemetry: w.telemetry(), Match: w.counters.Match(), Congestion: w.congestion(), HandedOver: totals.Handed, TakenOver: totals.Taken}
}

// MeasureGaps makes every worker forget its longest gap between two polls. It takes the worker one
// loop to do so; until then both gaps read as zero.
func (g *Group) MeasureGaps() {
	g.read.RLock()
	defer g.read.RUnlock()
	epoch := g.epoch.Add(1)
	for _, w := range g.workers {
		w.setEpoch(epoch)
	}
}

// cycles turns a number of cycles of the time stamp counter into time. A century fits.
func cycles(n uint64) time.Duration {
	hz := dpdk.TSCHz()
	seconds, rest := n/hz, n%hz
	return time.Duration(seconds)*time.Second + time.Duration(rest*uint64(time.Second)/hz)
}
