package gateway

import (
	"context"
	"log/slog"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/console/past"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/history/sampler"
	"mirrorgw/dpdk"
)

// kept is the history and who fills it. All methods may be called on nil: without [history] there is
// none.
type kept struct {
	store *history.Store
	stop  context.CancelFunc
	ended chan struct{} // closed when nothing is sampled any more
	log   *slog.Logger
}

// keepHistory opens the history and has the counters sampled from now on. One that cannot be opened
// is no reason not to forward: it is logged, and nothing is kept.
func keepHistory(l *life) *kept {
	h := &l.cfg.History
	if h.Path == "" {
		return nil
	}
	store, err := history.Open(history.Options{Dir: h.Path, Days: h.Days, MaxBytes: int64(h.MaxMB) << 20, Log: l.o.Log})
	if err != nil {
		l.o.Log.Error("no history is kept; production goes on", "error", err)
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &kept{store: store, stop: cancel, ended: make(chan struct{}), log: l.o.Log}
	s := sampler.New(sampler.Options{History: store, Store: l.loaded.store, Report: l.data.report, Lcores: l.data.busy, Log: l.o.Log})
	go func() {
		defer close(k.ended)
		s.Run(ctx)
	}()
	counts := store.Counts()
	l.o.Log.Info("history", "path", h.Path, "series", counts.Series, "bytes", counts.Bytes)
	return k
}

// setLimits takes over how long and how much is kept.
func (k *kept) setLimits(h *config.History) {
	if k != nil && h.Path != "" {
		k.store.SetLimits(h.Days, int64(h.MaxMB)<<20)
	}
}

// counts is how much is kept; nil: there is no history.
func (k *kept) counts() *history.Counts {
	if k == nil {
		return nil
	}
	c := k.store.Counts()
	return &c
}

// history is what is kept; nil: there is none.
func (k *kept) history() *history.Store {
	if k == nil {
		return nil
	}
	return k.store
}

// past makes plots of the history; nil: there is none.
func (k *kept) past(cfg *config.Config) *past.Past {
	if k == nil {
		return nil
	}
	return past.New(k.store, cfg.Ports)
}

// close samples the minute under way and closes the history. The workers still run, and the resources
// are still there.
func (k *kept) close() {
	if k == nil {
		return
	}
	k.stop()
	<-k.ended
	if err := k.store.Close(); err != nil {
		k.log.Warn("the history could not be closed", "error", err)
	}
}

// busy is how busy the workers have been, without what a status tells besides.
func (d *dataPath) busy() (list []ctl.LcoreStatus) {
	hz := dpdk.TSCHz()
	for _, w := range d.group.Workers() {
		list = append(list, ctl.LcoreStatus{Lcore: w.Lcore, CPU: w.CPU, Loop: ctl.Loop{Hz: hz, Busy: w.Telemetry.Busy, Idle: w.Telemetry.Idle}})
	}
	return list
}
