package gateway

import (
	"os"
	"os/signal"
	"syscall"

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

// reload reads the configuration again and takes over what may change: the log level, of [aws] the
// rate limits, the access keys and certificates of [aws] and [console], and the directory of users and policies. A file
// that is no good changes nothing of what it is about; all is logged.
func (l *life) reload() {
	log := l.o.Log
	if cfg, err := config.Load(l.o.Config); err != nil {
		log.Error("the new configuration is not used, the one before stays", "error", err)
	} else {
		next := prepared{cfg: cfg}
		l.o.Level.Set(next.level())
		l.aws.setRates(&cfg.AWS)
	}
	if err := l.aws.reload(); err != nil {
		log.Error("what [aws] names is not used where it is no good, what was before stays", "error", err)
	}
	if err := l.console.reload(); err != nil {
		log.Error("what [console] names is not used where it is no good, what was before stays", "error", err)
	}
	l.reloadAccess()
	log.Info("reloaded", "log_level", l.o.Level.Level().String())
}
