package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// runOVS lets Open vSwitch do the workload for one interval and returns its rate in Mpps, and a
// note that says what it did not do, if anything.
func (b *bench) runOVS(ctx context.Context, dir string, w *workload) (mpps float64, note string, err error) {
	v, err := b.startOVS(ctx, dir, w)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, v.stop()) }()
	if err := v.awaitCopies(ctx); err != nil {
		return 0, "", err
	}
	if b.ovsBest[w.name] == nil {
		if b.ovsBest[w.name], err = v.tune(ctx); err != nil {
			return 0, "", err
		}
	}
	if err := v.set(ctx, b.ovsBest[w.name]); err != nil {
		return 0, "", err
	}
	first, last, err := v.watch(ctx, b.interval)
	if err != nil {
		return 0, "", err
	}
	return rateOf(first, last), judgeOVS(first, last, w.ovs), nil
}

// ovsTuning is what a user would try: how lookups are cached, and whether packets wait to leave
// together. The defaults are the first.
var ovsTuning = [][]string{
	{"emc-insert-inv-prob=100", "smc-enable=false", "tx-flush-interval=0"},
	{"emc-insert-inv-prob=1", "smc-enable=false", "tx-flush-interval=0"},
	{"emc-insert-inv-prob=0", "smc-enable=false", "tx-flush-interval=0"},
	{"emc-insert-inv-prob=0", "smc-enable=true", "tx-flush-interval=0"},
	{"emc-insert-inv-prob=100", "smc-enable=true", "tx-flush-interval=0"},
	{"emc-insert-inv-prob=0", "smc-enable=true", "tx-flush-interval=50"},
	{"emc-insert-inv-prob=100", "smc-enable=false", "tx-flush-interval=50"},
}

// tune tries all of them for a moment and returns the fastest.
func (v *openVSwitch) tune(ctx context.Context) (best []string, err error) {
	const moment = 300 * time.Millisecond
	fastest := -1.0
	for _, some := range ovsTuning {
		if err := v.set(ctx, some); err != nil {
			return nil, err
		}
		first, last, err := v.watch(ctx, moment)
		if err != nil {
			return nil, err
		}
		if rate := rateOf(first, last); rate > fastest {
			fastest, best = rate, some
		}
	}
	fmt.Printf("%-14s Open vSwitch is fastest with %s\n", v.w.name, strings.Join(best, ", "))
	return best, nil
}

// set changes the running daemon, and lets its caches fill.
func (v *openVSwitch) set(ctx context.Context, settings []string) error {
	args := []string{"set", "Open_vSwitch", "."}
	for _, s := range settings {
		args = append(args, "other_config:"+s)
	}
	if err := v.vsctl(ctx, args...); err != nil {
		return err
	}
	return pause(ctx, 200*time.Millisecond, v.daemon.name, v.daemon.log, v.daemon.end)
}

// awaitCopies waits until what comes in goes out, and into the tunnel: a neighbour that was entered
// counts only once the daemon has looked at its flows again.
func (v *openVSwitch) awaitCopies(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		first, last, err := v.watch(ctx, 100*time.Millisecond)
		if err != nil {
			return err
		}
		if judgeOVS(first, last, v.w.ovs) == "" {
			return nil
		}
	}
}

// ovsCounts are the counters of its DPDK ports at one moment.
type ovsCounts struct {
	at    time.Time
	ports map[string]ovsPort
}

// ovsPort counts packets; lost are errors and drops of both directions.
type ovsPort struct{ rx, tx, lost uint64 }

// watch reads the counters twice, an interval apart.
func (v *openVSwitch) watch(ctx context.Context, interval time.Duration) (first, last ovsCounts, err error) {
	if first, err = v.counts(ctx); err != nil {
		return
	}
	if err = pause(ctx, interval, v.daemon.name, v.daemon.log, v.daemon.end); err != nil {
		return
	}
	last, err = v.counts(ctx)
	return
}

// counts reads the counters; the moment is the middle of the time that this took.
func (v *openVSwitch) counts(ctx context.Context) (ovsCounts, error) {
	before := time.Now()
	text, err := v.do(ctx, "ovs-appctl", "-t", v.file("daemon.ctl"), "dpctl/show", "-s")
	if err != nil {
		return ovsCounts{}, err
	}
	ports, err := parseOVS(text)
	return ovsCounts{at: before.Add(time.Since(before) / 2), ports: ports}, err
}

var ovsPortLines = regexp.MustCompile(`(?m)^\s*port \d+: (\S+) \(dpdk[^\n]*\n` +
	`\s*RX packets:(\d+) errors:(\d+) dropped:(\d+)[^\n]*\n\s*TX packets:(\d+) errors:(\d+) dropped:(\d+)`)

// parseOVS reads what dpctl/show prints of DPDK ports.
func parseOVS(text string) (map[string]ovsPort, error) {
	ports := map[string]ovsPort{}
	for _, found := range ovsPortLines.FindAllStringSubmatch(text, -1) {
		var n [6]uint64
		for i := range n {
			value, err := strconv.ParseUint(found[i+2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("counter of Open vSwitch: %w", err)
			}
			n[i] = value
		}
		ports[found[1]] = ovsPort{rx: n[0], tx: n[3], lost: n[1] + n[2] + n[4] + n[5]}
	}
	if _, in := ports["in"]; !in {
		return nil, fmt.Errorf("Open vSwitch has no counters of its ports, only:\n%s", text)
	}
	return ports, nil
}

// rateOf is what was received, in Mpps.
func rateOf(first, last ovsCounts) float64 {
	return float64(last.ports["in"].rx-first.ports["in"].rx) / last.at.Sub(first.at).Seconds() / 1e6
}

// judgeOVS returns what was not done of the job between two moments. The counters of two ports are not
// read at the same time, so they may differ by what passes in 5 ms, or by 2 %.
func judgeOVS(first, last ovsCounts, job ovsJob) string {
	received := float64(last.ports["in"].rx - first.ports["in"].rx)
	if received == 0 {
		return "Open vSwitch received nothing"
	}
	tolerance := max(0.02, 0.005/last.at.Sub(first.at).Seconds()) * received
	sinks := []string{"out"}
	if job == ovsMirror {
		sinks = append(sinks, "tun")
	}
	for _, name := range sinks {
		if sent := float64(last.ports[name].tx - first.ports[name].tx); math.Abs(sent-received) > tolerance {
			return fmt.Sprintf("Open vSwitch received %.0f frames and sent %.0f through %s", received, sent, name)
		}
	}
	for name, p := range last.ports {
		if n := p.lost - first.ports[name].lost; n != 0 {
			return fmt.Sprintf("Open vSwitch lost %d frames at port %s", n, name)
		}
	}
	return ""
}
