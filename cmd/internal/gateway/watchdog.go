package gateway

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/cmd/internal/bypass"
	"mirrorgw/lcore"
)

// How lcores are watched, unless the service manager's watchdog wants it faster.
const (
	lookEvery    = 250 * time.Millisecond
	stalledAfter = time.Second
)

// watchdog watches the heartbeats of the lcores, logs which one stands still, and gives the service
// manager its signs of life. Those come from here and not from the loops, so that they say both:
// every lcore polls, and Go runs. All methods may be called on nil, and by any goroutine.
type watchdog struct {
	workers func() []lcore.WorkerState
	notify  *notifier
	bypass  *bypass.Switch // nil: nothing to be switched
	log     *slog.Logger

	mu     sync.Mutex
	stalls stalls
	jams   jams
	phase  phase
	fed    time.Time // last sign of life

	ending, ended chan struct{}
}

// phase is what the service manager has been told.
type phase int

const (
	starting phase = iota // nothing: its watchdog does not run yet
	ready
	stopping // workers end; the stop has time limits of its own
)

func newWatchdog(workers func() []lcore.WorkerState, notify *notifier, log *slog.Logger) *watchdog {
	w := &watchdog{workers: workers, notify: notify, log: log, ending: make(chan struct{}), ended: make(chan struct{})}
	w.stalls.after, w.stalls.period = stalledAfter, lookEvery
	if limit := notify.watchdogTime(); limit > 0 {
		w.stalls.after = min(stalledAfter, limit/2)
		w.stalls.period = max(time.Millisecond, min(lookEvery, limit/8))
	}
	return w
}

// watch watches lcores that have been launched, until stop.
func watch(group *lcore.Group, notify *notifier, bypass *bypass.Switch, log *slog.Logger) *watchdog {
	w := newWatchdog(group.Workers, notify, log)
	w.bypass = bypass
	w.look(time.Now())
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(w.stalls.period)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.look(time.Now())
			case <-w.ending:
				return
			}
		}
	}()
	return w
}

// look logs what has changed and gives a sign of life if one is due. One that is due and cannot be
// given, because some lcore does not move, is given as soon as all of them do.
func (w *watchdog) look(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	alive := w.phase == stopping
	if !alive {
		workers := w.workers()
		moving, changed := w.stalls.look(now, workers)
		w.tell(changed)
		w.bypass.Look(now, moving, w.stalls.any())
		w.tellJams(w.jams.look(now, workers))
		alive = moving && w.phase == ready
	}
	if limit := w.notify.watchdogTime(); alive && limit > 0 && now.Sub(w.fed) >= limit/2-w.stalls.period/2 {
		w.fed = now
		w.notify.send("WATCHDOG=1")
	}
}

// tell logs which lcores have stopped to poll, or go on.
func (w *watchdog) tell(changed []seenLcore) {
	for i := range changed {
		l := &changed[i]
		if l.stalled {
			w.log.Error("an lcore stands still: frames of its queues wait or are lost; see what else runs on its CPU",
				"lcore", l.Lcore, "cpu", l.CPU, "since", l.moved)
		} else {
			w.log.Warn("an lcore goes on that stood still", "lcore", l.Lcore, "cpu", l.CPU, "since", l.moved, "for", l.still.Round(time.Millisecond))
		}
	}
	if len(changed) > 0 && w.phase == ready {
		w.notify.send("STATUS=" + w.stalls.String())
	}
}

// ready tells the service manager that everything is up. From now on it gets signs of life.
func (w *watchdog) ready() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, w.fed = ready, time.Now() // READY starts the service manager's clock
	w.notify.send("READY=1", "STATUS="+w.stalls.String())
}

// reloading tells the service manager that the configuration is being read again, as sd_notify(3)
// asks for: with the time by the monotonic clock.
func (w *watchdog) reloading() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notify.send("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", monotonic().Microseconds()), "STATUS=reloading")
}

// reloaded tells it that this is over.
func (w *watchdog) reloaded() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notify.send("READY=1", "STATUS="+w.stalls.String())
}

// monotonic is CLOCK_MONOTONIC.
func monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// stopping is called before the workers are stopped: that their heartbeats end is right now.
func (w *watchdog) stopping() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = stopping
}

// stop returns when nothing is watched any more.
func (w *watchdog) stop() {
	if w != nil {
		close(w.ending)
		<-w.ended
	}
}
