package bypass

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Events are what programs are run for.
const (
	EventInline    = "inline"    // production goes through the gateway
	EventBypass    = "bypass"    // production goes past it
	EventHeartbeat = "heartbeat" // all lcores poll; what misses it goes to bypass by itself
)

// Reasons of events.
const (
	ReasonStart   = "start"
	ReasonStop    = "stop"
	ReasonStalled = "stalled"
	ReasonMoving  = "moving" // all lcores have polled again for a while
)

const (
	// retryAfter is the pause after a program that failed.
	retryAfter = 2 * time.Second
	// calmTime is for how long all lcores must poll after one has stood still, before production comes back.
	calmTime = 5 * time.Second
	// aliveFor is how long a look at the lcores is good for a heartbeat.
	aliveFor = time.Second
)

// Options are the programs, each with its arguments; nil: none.
type Options struct {
	Inline, Bypass, Heartbeat []string
	TimeLimit                 time.Duration // of each run
	Interval                  time.Duration // of heartbeats
	Log                       *slog.Logger

	calm, retry time.Duration // 0: calmTime, retryAfter
}

// State is where production goes as far as is known, and what became of the programs.
type State struct {
	Wanted   string    // EventInline or EventBypass; empty: nothing yet
	Now      string    // what the last run that was no failure came to; empty: nothing is known
	Reason   string    // why it is wanted
	Since    time.Time // of Now
	Failure  string    // of the last run for Wanted; empty: it was none, or has not ended
	Runs     map[string]uint64
	Failures map[string]uint64 // of Runs, by event
}

// Switch runs the programs, one after the other. All methods may be called on nil: nothing is to be done.
type Switch struct {
	o     Options
	wake  chan struct{} // something is wanted
	close chan struct{}
	ended chan struct{}

	mu      sync.Mutex
	state   State
	tried   bool      // for Wanted
	alive   time.Time // when all lcores were last seen to poll
	stalled time.Time // when one was last seen to stand still; zero: never
	endBeat func()    // ends a heartbeat that is under way
}

// New starts to drive the programs. Nothing is run before the first Look.
func New(o Options) *Switch {
	if o.calm == 0 {
		o.calm = calmTime
	}
	if o.retry == 0 {
		o.retry = retryAfter
	}
	s := &Switch{o: o, wake: make(chan struct{}, 1), close: make(chan struct{}), ended: make(chan struct{}), endBeat: func() {}}
	s.state.Runs, s.state.Failures = map[string]uint64{}, map[string]uint64{}
	go s.run()
	return s
}

// Look is told what a look at the lcores has shown: whether all of them have moved since the last one, and
// whether one of them has stood still for so long that it counts as stalled.
func (s *Switch) Look(now time.Time, moving, stalled bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if moving {
		s.alive = now
	}
	switch {
	case s.state.Reason == ReasonStop:
	case stalled:
		s.stalled = now
		s.want(EventBypass, ReasonStalled)
	case !moving:
		if !s.stalled.IsZero() {
			s.stalled = now // not calm
		}
	case s.stalled.IsZero():
		s.want(EventInline, ReasonStart)
	case now.Sub(s.stalled) >= s.o.calm:
		s.want(EventInline, ReasonMoving)
	}
}

// want is called with the lock held.
func (s *Switch) want(event, reason string) {
	if s.state.Wanted == event {
		return
	}
	s.state.Wanted, s.state.Reason, s.state.Failure, s.tried = event, reason, "", false
	s.endBeat()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close has production go past the gateway, which is about to stop, and returns when the program has
// ended, or its time is over. Nothing is run afterwards.
func (s *Switch) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.state.Wanted = "" // whatever is in force, the program is run
	s.want(EventBypass, ReasonStop)
	s.mu.Unlock()
	close(s.close)
	<-s.ended
}

// State is what is known now.
func (s *Switch) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.state
	state.Runs, state.Failures = copied(s.state.Runs), copied(s.state.Failures)
	return state
}

func copied(m map[string]uint64) map[string]uint64 {
	c := make(map[string]uint64, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// run is the goroutine that runs programs.
func (s *Switch) run() {
	defer close(s.ended)
	var beat <-chan time.Time // never without heartbeats
	if s.o.Heartbeat != nil {
		ticker := time.NewTicker(s.o.Interval)
		defer ticker.Stop()
		beat = ticker.C
	}
	var retry <-chan time.Time
	for {
		select {
		case <-s.close:
			s.reach()
			return
		case <-s.wake:
		case <-retry:
		case now := <-beat:
			s.beat(now)
			continue
		}
		retry = nil
		if !s.reach() {
			retry = time.After(s.o.retry)
		}
	}
}

// reach runs the program of what is wanted, and reports whether there is nothing left to do.
func (s *Switch) reach() bool {
	s.mu.Lock()
	event, reason, again := s.state.Wanted, s.state.Reason, s.tried
	done := event == "" || again && s.state.Failure == ""
	s.mu.Unlock()
	argv := map[string][]string{EventInline: s.o.Inline, EventBypass: s.o.Bypass}[event]
	if done || argv == nil {
		return true
	}
	err := Run(context.Background(), argv, s.o.TimeLimit, event, reason)
	s.note(event, reason, err)
	return err == nil
}

// note remembers what became of a run, and logs it.
func (s *Switch) note(event, reason string, err error) {
	s.mu.Lock()
	s.state.Runs[event]++
	if err != nil {
		s.state.Failures[event]++
	} else {
		s.state.Now, s.state.Since = event, time.Now()
	}
	if s.state.Wanted == event {
		s.tried, s.state.Failure = true, ""
		if err != nil {
			s.state.Failure = err.Error()
		}
	}
	s.mu.Unlock()
	if err != nil {
		s.o.Log.Error("the bypass program failed; it is run again until the gateway stops", "event", event, "reason", reason, "error", err)
		return
	}
	s.o.Log.Warn("production has been switched", "to", event, "reason", reason)
}

// beat runs the heartbeat program while all lcores poll. Where production goes is more urgent: when that
// changes, the program is ended, which is no failure of its own.
func (s *Switch) beat(now time.Time) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.mu.Lock()
	due := s.state.Wanted == EventInline && now.Sub(s.alive) < aliveFor
	s.endBeat = cancel
	s.mu.Unlock()
	if !due {
		return
	}
	err := Run(ctx, s.o.Heartbeat, min(s.o.TimeLimit, s.o.Interval), EventHeartbeat, ReasonMoving)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Runs[EventHeartbeat]++
	if err != nil && ctx.Err() == nil {
		s.state.Failures[EventHeartbeat]++
		s.o.Log.Error("the heartbeat program of the bypass failed", "error", err)
	}
}
