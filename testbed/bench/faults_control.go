package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// metricsFile is the socket that is scraped.
const metricsFile = "metrics.sock"

// scrapeEvery is how often. A scrape that takes longer is followed by the next one at once.
const scrapeEvery = 10 * time.Millisecond

// controlFault is something that keeps the control CPU busy. It goes on until ctx ends, and returns
// how often it was done.
type controlFault struct {
	name   string
	during func(*bench, context.Context, *controlLife) (int, error)
}

var controlFaults = []controlFault{
	{"fault-compiling", (*bench).compileAll},
	{"fault-scrapes", (*bench).scrapeAll},
}

// measureControlFaults watches the worker at its full rate (infinite_rx) with 10,000 sessions: in turn
// while nothing happens, while all of them are compiled anew in a loop, and while the metrics of all of
// them are read. A busy CPU may slow its neighbour down whatever it does: that is the row's second peer.
func (b *bench) measureControlFaults(ctx context.Context) (_ []row, err error) {
	dir := filepath.Join(b.dir, faultsControlName)
	if err := prepareControl(dir); err != nil {
		return nil, err
	}
	text := gatewayTOML(&workload{}) + fmt.Sprintf("\n[ctl]\nsocket = %q\n\n[metrics]\nsocket = %q\n", socketFile, metricsFile)
	if err := os.WriteFile(filepath.Join(dir, gatewayFile), []byte(text), 0o644); err != nil {
		return nil, err
	}
	end, err := undisturbed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	l, err := b.liveControl(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer l.cancel()
	if _, err := l.apply(ctx, scaleTOML(controlSources)); err != nil {
		return nil, err
	}
	rows, err := b.watchFaults(ctx, l)
	if err != nil {
		return nil, err
	}
	r, err := l.stop()
	if err == nil && judgeForwarding(r) != "" {
		err = errors.New(judgeForwarding(r))
	}
	return rows, err
}

// watchFaults takes turns, and begins each turn with another fault.
func (b *bench) watchFaults(ctx context.Context, l *controlLife) ([]row, error) {
	var rows []row
	for _, fault := range controlFaults {
		rows = append(rows, row{Name: fault.name, Unit: "Mpps", paced: true, Peer: "idle", Threshold: faultRatio},
			row{Name: fault.name, Unit: "Mpps", paced: true, Peer: "busy-machine"})
	}
	for run := range b.runs {
		idle, err := l.rate(ctx, func() error { return b.stayQuiet(ctx, l, nil) })
		if err != nil {
			return nil, err
		}
		busy, err := l.rate(ctx, func() error { return b.keepBusy(ctx, l, nil) })
		if err != nil {
			return nil, err
		}
		fmt.Printf("%-24s run %d of %d   idle %6.2f Mpps, busy machine %6.2f Mpps\n", faultsControlName, run+1, b.runs, idle, busy)
		for k := range controlFaults {
			i := (k + run) % len(controlFaults)
			hurt, err := b.watchFault(ctx, l, controlFaults[i])
			if err != nil {
				return nil, err
			}
			for j, peer := range []float64{idle, busy} {
				rows[2*i+j].add(true, hurt)
				rows[2*i+j].add(false, peer)
			}
		}
	}
	for i := range rows {
		rows[i].summarize()
	}
	return rows, nil
}

// watchFault is the worker's rate while a fault lasts.
func (b *bench) watchFault(ctx context.Context, l *controlLife, fault controlFault) (mpps float64, err error) {
	n, began := 0, time.Now()
	mpps, err = l.rate(ctx, func() error {
		within, cancel := context.WithTimeout(ctx, b.intervalLength())
		defer cancel()
		n, err = fault.during(b, within, l)
		return err
	})
	if err == nil {
		fmt.Printf("%-24s %6.2f Mpps   %d times in %.1f s\n", fault.name, mpps, n, time.Since(began).Seconds())
	}
	return mpps, err
}

// compileAll applies two documents in turn that have no filter in common. A document under way when the
// time is over is waited for.
func (b *bench) compileAll(ctx context.Context, l *controlLife) (n int, err error) {
	documents := []string{scaleTOML(controlSources),
		strings.ReplaceAll(scaleTOML(controlSources), `destination = "10.9.0.0/16"`, `destination = "10.8.0.0/15"`)}
	for ; ctx.Err() == nil; n++ {
		if _, err := l.apply(context.WithoutCancel(ctx), documents[(n+1)%2]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// scrapeAll reads all metrics again and again.
func (b *bench) scrapeAll(ctx context.Context, l *controlLife) (n int, err error) {
	socket := filepath.Join(l.dir, metricsFile)
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	due := time.NewTicker(scrapeEvery)
	defer due.Stop()
	for ; ctx.Err() == nil; n++ {
		answer, err := client.Get("http://gateway/metrics")
		if err != nil {
			return n, err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return n, err
		}
		if answer.StatusCode != http.StatusOK {
			return n, fmt.Errorf("a scrape was answered with %s", answer.Status)
		}
		<-due.C
	}
	return n, nil
}
