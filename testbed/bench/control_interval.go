package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl"
)

// interval is something that goes on while the worker is watched.
type interval struct {
	name   string
	during func(*bench, context.Context, *controlLife, *controlRows) error
}

// The kinds of intervals. A CPU that is busy beside the worker's may slow it down whatever it does,
// for on many machines the two share a core, its caches or its clock: the second kind tells how
// much of what changes cost is the machine's.
const (
	quiet = iota
	busy
	changing
)

var intervals = []interval{
	quiet:    {"without changes", (*bench).stayQuiet},
	busy:     {"busy machine", (*bench).keepBusy},
	changing: {"with changes", (*bench).makeChanges},
}

// intervalLength is that of one of the three of a life. The daemon tells the longest gap of whole
// seconds, the youngest of which may have ended a second ago: those must lie within the interval.
func (b *bench) intervalLength() time.Duration { return max(b.interval, 3*time.Second) }

func (b *bench) gapSeconds() int { return min(int(b.intervalLength()/time.Second)-1, ctl.GapSeconds) }

// measureInterval notes the worker's rate and its longest gap in an interval.
func (b *bench) measureInterval(ctx context.Context, l *controlLife, kind int, rows *controlRows) error {
	i := intervals[kind]
	before, err := l.workerCPU()
	if err != nil {
		return err
	}
	began := time.Now()
	mpps, err := l.rate(ctx, func() error { return i.during(b, ctx, l, rows) })
	if err != nil {
		return err
	}
	took := time.Since(began)
	after, err := l.workerCPU()
	if err != nil {
		return err
	}
	gap, err := l.longestGap(ctx, b.gapSeconds())
	if err = errors.Join(err, l.finish(ctx)); err != nil {
		return err
	}
	rows.watched(kind, mpps, gap)
	fmt.Printf("%-14s %-15s  %6.2f Mpps   longest gap %6.0f us   the worker had its CPU %5.1f %% of the time\n",
		controlName, i.name, mpps, gap, 100*(after-before).Seconds()/took.Seconds())
	return nil
}

// stayQuiet does nothing.
func (b *bench) stayQuiet(ctx context.Context, l *controlLife, _ *controlRows) error {
	return pause(ctx, b.intervalLength(), "mirrorgw", l.log, l.end)
}

// syncsPerSecond is about how often the gateway writes its state during changes: two waits for
// the disk a batch.
const syncsPerSecond = 35

// keepBusy keeps the control CPU and the disk as busy as changes do, with nothing: it asks nobody.
// The disk matters, for its interrupts may belong to the worker's CPU, and a virtual disk's cannot
// always be moved away.
func (b *bench) keepBusy(ctx context.Context, l *controlLife, _ *controlRows) (err error) {
	file, err := os.CreateTemp(l.dir, "busy")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	page := make([]byte, 16<<10) // about what one batch writes
	began := time.Now()
	for synced := time.Duration(0); time.Since(began) < b.intervalLength(); {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(began) < synced*time.Second/syncsPerSecond {
			continue
		}
		synced++
		if _, err := file.WriteAt(page, 0); err != nil {
			return err
		}
		if err := unix.Fdatasync(int(file.Fd())); err != nil {
			return err
		}
	}
	return nil
}

// makeChanges makes changes by the clock. What is left of them is for finish, when the interval is over.
func (b *bench) makeChanges(ctx context.Context, l *controlLife, rows *controlRows) error {
	for i := range changers {
		l.changers = append(l.changers, newChanger(l.client.Socket(), i*controlSources/changers))
	}
	done, err := drive(ctx, l.changers, changesPerSecond, b.intervalLength())
	if err != nil {
		return err
	}
	rows.changes.Values = append(rows.changes.Values, done.perSecond())
	fmt.Printf("%-14s %.0f changes a second, answered in %.1f ms (median), %.1f ms (p99)\n",
		controlName, done.perSecond(), median(done.latencies), percentile(done.latencies, 99))
	return nil
}
