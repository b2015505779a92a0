package gateway

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
)

// reloads are the SIGHUPs of the process: what may change while the gateway runs is read again.
type reloads struct {
	signals chan os.Signal
	stop    chan struct{} // closed by close
	ended   chan struct{} // closed when none is answered any more; nil until serve
}

// awaitReloads takes SIGHUP over from now on; until serve they are kept, as one.
func awaitReloads() *reloads {
	r := &reloads{signals: make(chan os.Signal, 1), stop: make(chan struct{})}
	signal.Notify(r.signals, syscall.SIGHUP)
	return r
}

// serve has each signal answered by a reload, in a goroutine of its own.
func (r *reloads) serve(reload func()) {
	r.ended = make(chan struct{})
	go func() {
		defer close(r.ended)
		for {
			select {
			case <-r.signals:
				reload()
			case <-r.stop:
				return
			}
		}
	}()
}

// close waits for a reload under way. From then on SIGHUP does nothing: the gateway is ending.
func (r *reloads) close() {
	close(r.stop)
	if r.ended != nil {
		<-r.ended
	}
}

// reloader is ctl.Reloader: it knows what the gateway runs by, and what became of the last reload.
type reloader struct {
	life *life
	turn sync.Mutex // held by the reload under way

	mu      sync.Mutex
	running *config.Config // as started, with what was taken over since; replaced, never changed
	state   ctl.Configuration
}

func newReloader(l *life) *reloader {
	return &reloader{life: l, running: l.cfg, state: ctl.Configuration{File: l.o.Config, LoadedAt: time.Now()}}
}

// inForce is what the gateway runs by. It is never changed.
func (r *reloader) inForce() *config.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}

// onSignal is the reload that SIGHUP asks for.
func (r *reloader) onSignal() { r.Reload(context.Background(), false) }

// Reload implements ctl.Reloader. What became of it is logged too, whoever asked.
func (r *reloader) Reload(ctx context.Context, dryRun bool) ctl.Reload {
	r.turn.Lock()
	defer r.turn.Unlock()
	if !dryRun {
		r.life.watched.reloading()
		defer r.life.watched.reloaded()
	}
	result := ctl.Reload{Time: time.Now(), DryRun: dryRun}
	p, err := r.prepare(&result)
	if err == nil && !dryRun {
		err = p.commit(ctx, &result)
	}
	if err != nil {
		result.Failures = strings.Split(err.Error(), "\n")
		result.Changed, result.Read = nil, nil
	}
	if !dryRun {
		r.note(&result, p)
	}
	return result
}

// note remembers what became of a reload, and logs it.
func (r *reloader) note(result *ctl.Reload, p *preparedReload) {
	log := r.life.o.Log
	r.mu.Lock()
	r.state.Last = result
	r.state.Reloads++
	if len(result.Failures) > 0 {
		r.state.Failed++
	} else {
		r.running, r.state.LoadedAt, r.state.RestartNeeded = p.running, result.Time, result.RestartNeeded
	}
	r.mu.Unlock()
	for _, failure := range result.Failures {
		log.Error("the new configuration is not used, what was before stays", "error", failure)
	}
	for _, change := range result.Changed {
		log.Info("taken over", "key", change)
	}
	for _, difference := range result.RestartNeeded {
		log.Warn("a restart is needed", "key", difference)
	}
	for _, note := range result.Notes {
		log.Warn(note)
	}
	if len(result.Failures) == 0 {
		log.Info("reloaded", "log_level", r.life.o.Level.Level().String(), "changed", len(result.Changed), "restart_needed", len(result.RestartNeeded))
	}
}

// SetLogLevel implements ctl.Reloader.
func (r *reloader) SetLogLevel(level string) error {
	var to slog.Level
	if err := to.UnmarshalText([]byte(level)); err != nil {
		return err
	}
	r.life.o.Log.Log(context.Background(), max(to, slog.LevelInfo), "log level", "level", to.String(), "until", "the next reload")
	r.life.o.Level.Set(to)
	return nil
}

// Configuration implements ctl.Reloader.
func (r *reloader) Configuration() ctl.Configuration {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := r.state
	state.LogLevel = strings.ToLower(r.life.o.Level.Level().String())
	return state
}
