package sampler

import (
	"context"
	"log/slog"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/store"
)

// Options say where counters come from and go to.
type Options struct {
	History *history.Store
	Store   *store.Store                      // whose interfaces belong to instances
	Report  func(report.Kinds) *report.Report // counters, now; it belongs to the sampler
	Lcores  func() []ctl.LcoreStatus          // now
	Clock   Clock                             // nil: the machine's
	Log     *slog.Logger
}

// Sampler samples. One goroutine uses it.
type Sampler struct {
	options Options
	counted counted // as of the last sample
	failing bool    // the last minute could not be written

	wall    time.Time // of the last sample; zero: there was none
	running time.Duration
}

// New makes a sampler whose first sample has everything counted so far.
func New(o Options) *Sampler {
	if o.Clock == nil {
		o.Clock = NewSystem()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Sampler{options: o, counted: newCounted()}
}

const (
	early = 10 * time.Second // how much of a first minute is too little for a sample of its own
	late  = 2 * time.Second  // how far from a minute a sample may be and still be whole
)

// Run samples at the end of every minute, until ctx is done, and then once more.
func (s *Sampler) Run(ctx context.Context) {
	for {
		now, _ := s.options.Clock.Now()
		next := now.Add(early).Truncate(time.Minute).Add(time.Minute)
		if !s.options.Clock.Wait(ctx, next.Sub(now)) {
			s.last()
			return
		}
		s.sample()
	}
}

// sample samples the minute that has just ended.
func (s *Sampler) sample() {
	now, running := s.options.Clock.Now()
	partial := s.wall.IsZero() || far(running-s.running, time.Minute) || far(now.Sub(s.wall), running-s.running)
	s.add(now.Add(-time.Minute/2), now, running, partial)
}

func far(a, b time.Duration) bool { return a-b > late || b-a > late }

// last samples the minute under way.
func (s *Sampler) last() {
	now, running := s.options.Clock.Now()
	s.add(now, now, running, true)
}

func (s *Sampler) add(minute, now time.Time, running time.Duration, partial bool) {
	s.wall, s.running = now, running
	rows := s.look()
	err := s.options.History.Add(history.Minute{Time: minute, Partial: partial, Rows: rows})
	switch {
	case err != nil && !s.failing:
		s.options.Log.Error("the history cannot be written: minutes will be missing after a restart; production goes on", "error", err)
	case err == nil && s.failing:
		s.options.Log.Info("the history is written again")
	}
	s.failing = err != nil
}

// look asks for the counters and returns what they have grown by.
func (s *Sampler) look() []history.Row {
	r := s.options.Report(report.Ports | report.Sources | report.Sessions)
	lcores := s.options.Lcores()
	keys := map[string]history.Key{} // of the instances that sources belong to, by the source's key
	s.options.Store.Read(func(v *store.View) {
		for name, source := range r.Sources {
			if rec, ok := v.Interface("", source.ID); ok && rec.Instance != "" {
				keys[name] = instanceOf(rec)
			}
		}
	})
	rows := newRows()
	for _, key := range keys {
		rows.of(key) // an instance without traffic has zeros
	}
	s.counted.ports(rows, r)
	s.counted.workers(rows, lcores)
	s.counted.sessions(rows, r, keys)
	return rows.list()
}

// detailed is the value of an interface's monitoring that has minutes, and no packets.
const detailed = "detailed"

// instanceOf is the series that an interface's traffic belongs to. Only dimensions that are published
// are part of it: image and type with detailed monitoring.
func instanceOf(rec *ctl.Interface) history.Key {
	k := history.Key{Kind: history.Instance, Step: 5, Account: rec.Account, Name: rec.Instance, Group: rec.AutoscalingGroup}
	if rec.Monitoring == detailed {
		k.Step, k.Image, k.Type = 1, rec.Image, rec.InstanceType
	}
	return k
}
