package gateway

import (
	"slices"
	"sync"

	"mirrorgw/ctl"
	"mirrorgw/dpdk"
	"mirrorgw/lcore"
)

// loops remembers what the poll loops had measured at the end of each of the last seconds. The zero
// value is ready. Any goroutine may call it.
type loops struct {
	mu      sync.Mutex
	seconds [][]ctl.Loop // by worker, youngest last
}

// note ends a second. What a worker did before all of them polled is its launch and does not count.
func (l *loops) note(workers []lcore.WorkerState) {
	if slices.ContainsFunc(workers, func(w lcore.WorkerState) bool { return w.Heartbeat == 0 }) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seconds == nil {
		l.seconds = make([][]ctl.Loop, len(workers))
	}
	for i := range workers[:min(len(workers), len(l.seconds))] {
		list := append(l.seconds[i], loopOf(&workers[i]))
		l.seconds[i] = list[max(0, len(list)-ctl.GapSeconds-1):]
	}
}

// of returns what is remembered of a worker; it belongs to the caller.
func (l *loops) of(worker int) []ctl.Loop {
	l.mu.Lock()
	defer l.mu.Unlock()
	if worker >= len(l.seconds) {
		return nil
	}
	return slices.Clone(l.seconds[worker])
}

// loopOf is what a worker has measured, in the words of the control plane.
func loopOf(w *lcore.WorkerState) ctl.Loop {
	t := &w.Telemetry
	l := ctl.Loop{Hz: dpdk.TSCHz(), Busy: t.Busy, Idle: t.Idle, Housekeeping: t.Housekeeping, TakenOver: w.TakenOver,
		RulesCached: w.Match.Cached, RulesSearched: w.Match.Searched, Bursts: t.Bursts, TimedPackets: t.TimedPackets}
	for i, n := range t.Gaps {
		l.Gaps = append(l.Gaps, ctl.GapBucket{Below: lcore.GapBound(i), Loops: n})
	}
	if n := len(l.Gaps); n > 0 {
		l.Gaps[n-1].Below = 0
	}
	for _, s := range t.Stages {
		l.Stages = append(l.Stages, ctl.StageCycles{Stage: s.Name, Cycles: s.Cycles})
	}
	return l
}
