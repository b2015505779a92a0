package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mirrorgw/lcore"
)

// stalls tells from heartbeats which lcores stand still. One goroutine at a time uses it.
type stalls struct {
	after  time.Duration // without a heartbeat, and an lcore is stalled
	period time.Duration // between two looks, as intended
	looked time.Time
	lcores []seenLcore
}

// seenLcore is an lcore as it was at the last look.
type seenLcore struct {
	lcore.WorkerState
	moved   time.Time     // when its heartbeat was last seen to move
	still   time.Duration // for which it has been seen not to move since
	stalled bool
}

// look takes the state of all lcores at a moment. It returns whether every one of them has moved
// since the last look, and those that have become stalled or are no longer, as they were before
// they moved.
func (s *stalls) look(now time.Time, workers []lcore.WorkerState) (moving bool, changed []seenLcore) {
	if len(workers) != len(s.lcores) {
		s.begin(now, workers)
		return false, nil
	}
	// When the whole process was held up, the lcores had no chance to be seen: a long time between
	// two looks is not held against them.
	elapsed := min(now.Sub(s.looked), 2*s.period)
	s.looked, moving = now, true
	for i, w := range workers {
		l := &s.lcores[i]
		if w.Heartbeat != l.Heartbeat {
			if l.stalled {
				changed = append(changed, seenLcore{l.WorkerState, l.moved, l.still + elapsed, false})
			}
			*l = seenLcore{WorkerState: w, moved: now}
			continue
		}
		moving = false
		l.still += elapsed
		if !l.stalled && l.still >= s.after {
			l.stalled = true
			changed = append(changed, *l)
		}
	}
	return moving, changed
}

func (s *stalls) begin(now time.Time, workers []lcore.WorkerState) {
	s.looked, s.lcores = now, make([]seenLcore, len(workers))
	for i, w := range workers {
		s.lcores[i] = seenLcore{WorkerState: w, moved: now}
	}
}

// any tells whether some lcore is stalled.
func (s *stalls) any() bool {
	return slices.ContainsFunc(s.lcores, func(l seenLcore) bool { return l.stalled })
}

// String is one line for the service manager's status.
func (s *stalls) String() string {
	var list []string
	for i := range s.lcores {
		if l := &s.lcores[i]; l.stalled {
			list = append(list, fmt.Sprintf("lcore %d on CPU %d stands still since %s", l.Lcore, l.CPU, l.moved.Format(time.RFC3339)))
		}
	}
	if len(list) == 0 {
		return fmt.Sprintf("forwarding, lcores: %d", len(s.lcores))
	}
	return strings.Join(list, "; ")
}
