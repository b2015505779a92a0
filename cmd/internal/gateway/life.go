package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mirrorgw/cmd/internal/bypass"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/store"
	"mirrorgw/ctl/tally"
	"mirrorgw/lcore"
)

// life is what happens between the opening of the ports and their end. One goroutine lives it;
// another one loads the resources meanwhile.
type life struct {
	loader  // not touched between the start and the end of its load
	loaded  loaded
	control *control     // nil without [ctl]
	scraped *scraped     // nil without [metrics]
	aws     *awsDoor     // nil without [aws]
	console *consoleDoor // nil without [console]
	audit   *audit.Log   // nil without [audit]
	reloads *reloads
	again   *reloader
	kept    *kept // nil without [history]
	notify  *notifier
	watched *watchdog      // nil until the ports forward
	bypass  *bypass.Switch // nil until the ports forward, and without [bypass]
	tally   tally.Control
}

// abandonAfter is how long a stop waits for a start that is still loading. What is abandoned ends
// with the process; a state file survives that.
const abandonAfter = 5 * time.Second

// run starts everything in order, waits for the end and takes it down in reverse. The socket is
// made before anything is in force, so that a gateway that nobody could steer does not start, and
// is answered last.
func (l *life) run(ctx context.Context) (err error) {
	if l.audit, err = openAudit(l.cfg, l.o.Log); err != nil {
		return err
	}
	defer l.closeAudit()
	if l.control, err = listen(l.cfg, l.o.Log); err != nil {
		return err
	}
	l.reloads = awaitReloads()
	defer func() { err = errors.Join(err, l.stop()) }()
	if l.scraped, err = listenMetrics(l.cfg, l.o.Log); err != nil {
		return err
	}
	if l.aws, err = listenAWS(l.cfg, l.o.Log); err != nil {
		return err
	}
	if l.console, err = listenConsole(l.cfg, l.aws, l.o.Log); err != nil {
		return err
	}
	l.notify.send("STATUS=loading the resources")
	if err := l.awaitLoad(ctx); err != nil || l.loaded.store == nil {
		return err
	}
	if err := l.forward(); err != nil {
		return err
	}
	l.logForwarding()
	l.kept = keepHistory(l)
	l.again = newReloader(l)
	l.scraped.serve(l) // first: who reads that the gateway is ready finds the metrics
	l.aws.serve(l)
	l.reloads.serve(l.again.onSignal)
	if err := l.serveAPI(); err != nil {
		return err
	}
	l.watched.ready()
	reason := waitForEnd(ctx, l.o.UntilIdle, l.group)
	l.o.Log.Info("stopping", "reason", reason)
	return nil
}

// serveAPI opens the doors to the control API. The socket is the last one: who reads that the gateway
// is ready finds the others.
func (l *life) serveAPI() error {
	api, err := l.newAPI()
	if err != nil {
		return err
	}
	l.console.prepare(l, api)
	l.console.serve(l)
	l.control.serve(l, api)
	return nil
}

// awaitLoad loads the resources and returns when they are in force, when they cannot be, or when
// ctx ends before. Production starts without them when [state] forward_after passes.
func (l *life) awaitLoad(ctx context.Context) error {
	done := make(chan loaded, 1)
	loading := l.loader
	go func() { done <- loading.load() }()
	var late <-chan time.Time // never, without forward_after
	if after := l.cfg.State.ForwardAfter; after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case l.loaded = <-done:
			return l.loaded.err
		case <-late:
			if err := l.forwardWithout(); err != nil {
				return errors.Join(err, l.abandon(done))
			}
		case <-ctx.Done():
			l.o.Log.Info("stopping", "reason", context.Cause(ctx).Error())
			return l.abandon(done)
		}
	}
}

// abandon gives a load that is under way some time to end.
func (l *life) abandon(done <-chan loaded) error {
	select {
	case l.loaded = <-done:
		err := l.loaded.err
		if l.loaded.store != nil {
			err = errors.Join(err, l.loaded.store.Close())
		}
		l.loaded = loaded{}
		return err
	case <-time.After(abandonAfter):
		return fmt.Errorf("the resources were still being loaded after %v more; the state stays as it is on disk", abandonAfter)
	}
}

// forwardWithout starts production while the resources are still being loaded. An empty store
// compiles to what the configuration alone says.
func (l *life) forwardWithout() error {
	options := l.storeOptions(nil)
	options.Publisher = unlessPublished{l.data}
	empty, err := store.Open(options)
	if err != nil {
		return err
	}
	if err := errors.Join(empty.Start(), empty.Close()); err != nil {
		return err
	}
	if err := l.forward(); err != nil {
		return err
	}
	l.notify.send("STATUS=forwarding without resources: they are still being loaded")
	l.o.Log.Warn("forwarding without resources: they are still being loaded", "forward_after", l.cfg.State.ForwardAfter)
	return nil
}

// forward starts the ports and the workers and has the workers watched, once.
func (l *life) forward() error {
	err := l.data.start()
	if err == nil && l.watched == nil {
		l.bypass = l.driveBypass()
		l.watched = watch(l.group, l.notify, l.bypass, l.o.Log)
	}
	return err
}

func (l *life) logForwarding() {
	s := l.group.View().Snapshot
	l.o.Log.Info("forwarding", "sessions", len(s.Sessions), "sources", len(s.Sources))
}

// stop: no more clients, then no more changes, then no more production, then the workers.
func (l *life) stop() (err error) {
	l.watched.stopping()
	defer l.watched.stop()
	l.notify.send("STOPPING=1", "STATUS=stopping")
	l.reloads.close()
	l.console.close()
	l.control.close()
	l.aws.close()
	l.scraped.close()
	l.kept.close()
	if l.loaded.store != nil {
		err = l.loaded.store.Close()
	}
	l.bypass.Close()
	return errors.Join(err, l.data.stop())
}

// waitForEnd returns why the gateway ends.
func waitForEnd(ctx context.Context, untilIdle time.Duration, group *lcore.Group) string {
	if untilIdle == 0 {
		<-ctx.Done()
		return context.Cause(ctx).Error()
	}
	look := time.NewTicker(max(untilIdle/20, time.Millisecond))
	defer look.Stop()
	received, since := group.Received(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx).Error()
		case now := <-look.C:
			if n := group.Received(); n != received {
				received, since = n, now
			} else if now.Sub(since) >= untilIdle {
				return fmt.Sprintf("no frame for %v", untilIdle)
			}
		}
	}
}
