package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mirrorgw/ctl/report"
)

// controlName is what --only calls the control rows.
const controlName = "control"

const (
	changesPerSecond = 1000
	changers         = 64 // clients that share them
)

// measureControl measures how the gateway is steered: what changes cost, and what they cost the
// worker. The gateway is its own peer: with little loaded, or without changes.
func (b *bench) measureControl(ctx context.Context) (_ []row, err error) {
	full, empty := filepath.Join(b.dir, controlName), filepath.Join(b.dir, controlName+"-empty")
	if err := errors.Join(prepareControl(full), prepareControl(empty)); err != nil {
		return nil, err
	}
	release, err := confine()
	if err != nil {
		return nil, fmt.Errorf("the clients cannot be kept off the worker's CPU: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	back, err := setAside()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, back()) }()
	rows := newControlRows()
	if err := b.measureAcks(ctx, full, rows); err != nil {
		return nil, err
	}
	for i := range b.lives() {
		if err := b.measureEmpty(ctx, empty, rows); err != nil {
			return nil, err
		}
		if err := b.measureFull(ctx, full, i, rows); err != nil {
			return nil, err
		}
	}
	return rows.list(), nil
}

// measureEmpty is the start of a gateway that has nothing to load.
func (b *bench) measureEmpty(ctx context.Context, dir string, rows *controlRows) error {
	if err := os.RemoveAll(filepath.Join(dir, stateFile)); err != nil {
		return err
	}
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return err
	}
	defer l.cancel()
	if rows.emptyKiB, err = l.memory(); err != nil {
		return err
	}
	rows.start.PeerValues = append(rows.start.PeerValues, l.start.Seconds())
	_, err = l.stop()
	return err
}

// lives is how often the loaded gateway lives: as often as it runs, or a little more, so that each
// kind of interval is the first of a life equally often.
func (b *bench) lives() int {
	n := len(intervals)
	return (b.runs + n - 1) / n * n
}

// measureFull is one life of the loaded gateway with an interval of each kind.
func (b *bench) measureFull(ctx context.Context, dir string, number int, rows *controlRows) error {
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return err
	}
	defer l.cancel()
	resident, err := l.memory()
	if err != nil {
		return err
	}
	rows.loaded(l.start, resident)
	for i := range intervals {
		if err := b.measureInterval(ctx, l, (number+i)%len(intervals), rows); err != nil {
			return err
		}
	}
	after, err := l.memory()
	if err != nil {
		return err
	}
	r, err := l.stop()
	if err != nil {
		return err
	}
	rows.refuse(fmt.Sprintf("life %d", number+1), judge(r, &workload{decider: 1}))
	fmt.Printf("%-14s life %d of %d   ready after %.2f s   resident %.0f MiB, at the end %.0f MiB\n",
		controlName, number+1, b.lives(), l.start.Seconds(), resident/1024, after/1024)
	return nil
}

// judgeForwarding returns what is wrong with a run of which only production is known.
func judgeForwarding(r *report.Report) string {
	received, sent := r.Ports["wire0"].RxPackets, r.Ports["wire1"].TxPackets
	if r.Laws.Production != 0 || r.Laws.Mirror != 0 {
		return fmt.Sprintf("laws are not 0: production %d, mirror %d", r.Laws.Production, r.Laws.Mirror)
	}
	if received == 0 || sent != received {
		return fmt.Sprintf("wire0 received %d frames and wire1 sent %d", received, sent)
	}
	return ""
}
