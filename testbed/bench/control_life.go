package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
)

// controlLife is one run of the daemon with a control socket.
type controlLife struct {
	dir      string
	client   *client.Client
	changers []*changer    // of the interval under way
	start    time.Duration // from the start of the process until it was ready for clients
	command  *exec.Cmd
	log      *output
	end      *ending
	cancel   func()
}

// liveControl starts the daemon in dir and returns once it forwards and takes changes. The caller
// ends it with stop, and calls cancel in any case.
func (b *bench) liveControl(ctx context.Context, dir string) (*controlLife, error) {
	if err := b.huge.ensure(memoryMB); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(filepath.Join(dir, reportFile)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &controlLife{dir: dir, client: client.New(filepath.Join(dir, socketFile)), log: newOutput("msg=ready")}
	l.command = newCommand(ctx, dir, b.bin, "--config", gatewayFile, "--report", reportFile)
	l.command.Stdout, l.command.Stderr = l.log, l.log
	began := time.Now()
	if err := startEverywhere(l.command); err != nil {
		cancel()
		return nil, err
	}
	l.end = waitFor(l.command)
	l.cancel = func() { l.client.Close(); cancelAndWait(cancel, l.end) }
	waiting, done := context.WithTimeout(ctx, patience)
	defer done()
	if err := awaitMarker(waiting, "mirrorgw", l.log, l.end); err != nil {
		l.cancel()
		return nil, err
	}
	l.start = time.Since(began)
	return l, nil
}

// finish takes back what the changers of an interval have left.
func (l *controlLife) finish(ctx context.Context) error {
	for _, c := range l.changers {
		if err := c.finish(ctx); err != nil {
			return err
		}
	}
	l.changers = nil
	return nil
}

// stop ends the daemon as an operator would and returns its report.
func (l *controlLife) stop() (*report.Report, error) {
	if err := l.command.Process.Signal(syscall.SIGTERM); err != nil {
		return nil, err
	}
	if err := awaitEnd("mirrorgw", l.log, l.end); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(l.dir, reportFile))
	if err != nil {
		return nil, err
	}
	r := report.New()
	return r, json.Unmarshal(text, r)
}

// received is how many frames the worker has received, and when. The daemon reads the ports first,
// so the moment is that of the request.
func (l *controlLife) received(ctx context.Context) (frames int64, at time.Time, err error) {
	at = time.Now()
	r, err := l.client.Stats(ctx, client.StatsQuery{Kinds: []string{"ports"}})
	if err != nil {
		return 0, at, err
	}
	return r.Ports["wire0"].RxPackets, at, nil
}

// rate is the worker's rate in Mpps while during runs.
func (l *controlLife) rate(ctx context.Context, during func() error) (mpps float64, err error) {
	before, from, err := l.received(ctx)
	if err != nil {
		return 0, err
	}
	if err := during(); err != nil {
		return 0, err
	}
	after, to, err := l.received(ctx)
	if err != nil {
		return 0, err
	}
	if after <= before {
		return 0, fmt.Errorf("the worker received %d frames in %v: traffic does not flow", after-before, to.Sub(from))
	}
	return float64(after-before) / to.Sub(from).Seconds() / 1e6, nil
}

// longestGap is the longest time between two polls of the worker in the last whole seconds,
// microseconds.
func (l *controlLife) longestGap(ctx context.Context, seconds int) (float64, error) {
	state, err := l.client.State(ctx, client.GapSeconds(seconds))
	if err != nil {
		return 0, err
	}
	if len(state.Lcores) != 1 || state.Lcores[0].CPU != workerCPU {
		return 0, fmt.Errorf("the lcores are %+v, want one on CPU %d", state.Lcores, workerCPU)
	}
	return float64(state.Lcores[0].LongestGapMicroseconds), nil
}

// workerCPU is how long the worker's thread has been on a CPU. A worker polls without pause, so what
// lacks was taken by others.
func (l *controlLife) workerCPU() (time.Duration, error) {
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", l.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && bytes.HasPrefix(text, []byte("rte-worker")) {
			text, err = os.ReadFile(filepath.Join(filepath.Dir(name), "schedstat"))
			if err != nil {
				return 0, err
			}
			return onCPU(text)
		}
	}
	return 0, errors.New("the daemon has no thread rte-worker: it has ended")
}

// onCPU is the first number of a schedstat file, nanoseconds (the kernel's sched-stats.rst).
func onCPU(schedstat []byte) (time.Duration, error) {
	first, _, _ := strings.Cut(string(schedstat), " ")
	n, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(n), err
}

// memory is the daemon's resident memory in KiB. Huge pages are not part of it.
func (l *controlLife) memory() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	return residentKiB(text)
}

// residentKiB finds VmRSS in /proc/PID/status (proc(5)).
func residentKiB(status []byte) (float64, error) {
	for line := range bytes.Lines(status) {
		name, value, _ := strings.Cut(string(line), ":")
		if name != "VmRSS" {
			continue
		}
		number, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
		if unit != "kB" {
			return 0, fmt.Errorf("VmRSS is in %q, want kB", unit)
		}
		return strconv.ParseFloat(number, 64)
	}
	return 0, errors.New("the status of the process has no VmRSS: it has ended")
}
