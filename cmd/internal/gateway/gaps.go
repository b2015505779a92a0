package gateway

import (
	"slices"
	"sync"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/lcore"
)

// gaps remembers, second by second, the longest time between two polls of each worker. The zero
// value is ready. Any goroutine may call it.
type gaps struct {
	mu      sync.Mutex
	begun   bool
	seconds [][]time.Duration // by worker: of the last whole seconds, youngest last
}

// note ends a second: workers is what they have measured in it. The caller has them measure anew
// afterwards. What a worker did before all of them polled is its launch and does not count.
func (g *gaps) note(workers []lcore.WorkerState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.begun {
		g.begun = !slices.ContainsFunc(workers, func(w lcore.WorkerState) bool { return w.Heartbeat == 0 })
		g.seconds = make([][]time.Duration, len(workers))
		return
	}
	for i, w := range workers[:min(len(workers), len(g.seconds))] {
		list := g.seconds[i]
		if n := len(list); n > 0 { // with what came between note and the new measurement
			list[n-1] = max(list[n-1], w.FinishedGap)
		}
		list = append(list, w.LongestGap)
		g.seconds[i] = list[max(0, len(list)-ctl.GapSeconds):]
	}
}

// of returns what is remembered of a worker; it belongs to the caller.
func (g *gaps) of(worker int) []time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if worker >= len(g.seconds) {
		return nil
	}
	return slices.Clone(g.seconds[worker])
}

// gapWatch is the goroutine that measures.
type gapWatch struct{ ending, ended chan struct{} }

// watchGaps measures the gaps of workers that have been launched, and remembers their telemetry, until
// stop.
func watchGaps(group *lcore.Group, g *gaps, l *loops) *gapWatch {
	w := &gapWatch{make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(w.ended)
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case <-second.C:
				workers := group.Workers()
				g.note(workers)
				l.note(workers)
				group.MeasureGaps()
			case <-w.ending:
				return
			}
		}
	}()
	return w
}

// stop returns when nothing is measured any more. It may be called on nil.
func (w *gapWatch) stop() {
	if w != nil {
		close(w.ending)
		<-w.ended
	}
}
