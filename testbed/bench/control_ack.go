package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

const (
	ackRounds  = 5  // before and after loading, each
	ackChanges = 40 // sessions created and deleted in a round
)

// The daemon makes changes that follow each other closely wait for the sake of the workers, at most
// 50 ms. A lone change comes after a longer pause than that.
const (
	lone   = 60 * time.Millisecond
	inARow = time.Duration(0)
)

// measureAcks loads one source and then all of them into an empty gateway, and times single
// changes after each. What is left is the state of all sources.
func (b *bench) measureAcks(ctx context.Context, dir string, rows *controlRows) error {
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return err
	}
	defer l.cancel()
	document := scaleTOML(controlSources)
	if _, err := l.apply(ctx, scaleTOML(1)); err != nil {
		return err
	}
	if rows.ack.PeerValues, rows.ackP99.PeerValues, err = l.acks(ctx, 1, lone); err != nil {
		return err
	}
	if rows.ackRow.PeerValues, _, err = l.acks(ctx, 1, inARow); err != nil {
		return err
	}
	if err := l.measureApply(ctx, document, rows); err != nil {
		return err
	}
	if rows.ack.Values, rows.ackP99.Values, err = l.acks(ctx, controlSources, lone); err != nil {
		return err
	}
	if rows.ackRow.Values, _, err = l.acks(ctx, controlSources, inARow); err != nil {
		return err
	}
	rows.documentKiB = float64(len(document)) / 1024 / controlSources
	r, err := l.stop()
	if err != nil {
		return err
	}
	rows.refuse("loading", judgeForwarding(r))
	fmt.Printf("%-14s median %.2f ms of one more session among %d, %.2f ms among 1; loaded in %.2f s\n",
		rows.ack.Name, median(rows.ack.Values), controlSources, median(rows.ack.PeerValues), rows.apply.Values[0])
	return nil
}

// measureApply times a document that changes everything, and the same once more, which changes
// nothing.
func (l *controlLife) measureApply(ctx context.Context, document string, rows *controlRows) error {
	first, err := l.apply(ctx, document)
	if err != nil {
		return err
	}
	again, err := l.apply(ctx, document)
	if err != nil {
		return err
	}
	rows.apply.Values, rows.apply.PeerValues = []float64{first}, []float64{again}
	file, err := os.Stat(filepath.Join(l.dir, stateFile))
	if err != nil {
		return err
	}
	fmt.Printf("%-14s %.2f s for a document of %.1f MiB, %.2f s for the same again; the state file has %.1f MiB\n",
		rows.apply.Name, first, float64(len(document))/(1<<20), again, float64(file.Size())/(1<<20))
	return nil
}

// apply returns how many seconds it took to have a document in force.
func (l *controlLife) apply(ctx context.Context, document string) (seconds float64, err error) {
	began := time.Now()
	_, err = l.client.Apply(ctx, []byte(document), client.ApplyOptions{ContentType: api.ContentTypeTOML})
	return time.Since(began).Seconds(), err
}

// acks creates and deletes one more session again and again, of sources spread over n, with a pause
// before each change. Each round gives a median and a 99th percentile, milliseconds.
func (l *controlLife) acks(ctx context.Context, n int, before time.Duration) (medians, p99s []float64, err error) {
	for round := range ackRounds {
		var times []float64
		for k := range ackChanges {
			c := newChanger(l.client.Socket(), ((round*ackChanges+k)*7919)%n)
			c.client = l.client // one connection, as a script has
			for _, change := range []func(context.Context) error{c.create, c.delete} {
				if err := pause(ctx, before, "mirrorgw", l.log, l.end); err != nil {
					return nil, nil, err
				}
				began := time.Now()
				if err := change(ctx); err != nil {
					return nil, nil, err
				}
				times = append(times, milliseconds(time.Since(began)))
			}
		}
		medians, p99s = append(medians, median(times)), append(p99s, percentile(times, 99))
	}
	return medians, p99s, nil
}

// percentile is the smallest of the values that p percent of them do not exceed, p above 0 and at most
// 100 (nearest rank). There is at least one value.
func percentile(values []float64, p float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return v[max(0, int(math.Ceil(p/100*float64(len(v))))-1)]
}
