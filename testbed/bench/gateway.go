package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"syscall"

	"mirrorgw/ctl/report"
)

// runGateway runs the daemon for one interval and returns its rate in Mpps, and a note that says
// what it did not do, if anything.
func (b *bench) runGateway(ctx context.Context, dir string, w *workload) (mpps float64, note string, err error) {
	if err := b.huge.ensure(w.memory()); err != nil {
		return 0, "", err
	}
	if err := b.driveGateway(ctx, dir); err != nil {
		return 0, "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, reportFile))
	if err != nil {
		return 0, "", err
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return 0, "", fmt.Errorf("%s of the gateway: %w", reportFile, err)
	}
	if r.Seconds <= 0 {
		return 0, "", fmt.Errorf("%s has no seconds: build the gateway anew", reportFile)
	}
	return float64(r.Ports["wire0"].RxPackets) / r.Seconds / 1e6, judge(&r, w), nil
}

// driveGateway starts the daemon, lets it work for the interval, and ends it as an operator would.
func (b *bench) driveGateway(ctx context.Context, dir string) error {
	const name = "mirrorgw"
	ctx, cancel := context.WithTimeout(ctx, 2*patience+b.interval)
	defer cancel()
	if err := os.RemoveAll(filepath.Join(dir, reportFile)); err != nil {
		return err
	}
	command := newCommand(ctx, dir, b.bin, "--config", gatewayFile, "--apply", resourcesFile, "--report", reportFile)
	log := newOutput("msg=forwarding")
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return err
	}
	end := waitFor(command)
	defer cancelAndWait(cancel, end)
	if err := awaitMarker(ctx, name, log, end); err != nil {
		return err
	}
	if err := pause(ctx, b.interval, name, log, end); err != nil {
		return err
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return awaitEnd(name, log, end)
}

// judge returns what is wrong with a run of a workload, in words.
func judge(r *report.Report, w *workload) string {
	received := r.Ports["wire0"].RxPackets
	if r.Laws.Production != 0 || r.Laws.Mirror != 0 {
		return fmt.Sprintf("laws are not 0: production %d, mirror %d", r.Laws.Production, r.Laws.Mirror)
	}
	for name, p := range r.Ports {
		if n := p.Dropped.Sum() + p.Unclassified.Sum(); n != 0 {
			return fmt.Sprintf("port %s dropped or did not understand %d frames", name, n)
		}
	}
	if sent := r.Ports["wire1"].TxPackets; received == 0 || sent != received {
		return fmt.Sprintf("wire0 received %d frames and wire1 sent %d", received, sent)
	}
	return judgeSessions(r, w, received)
}

// judgeSessions asks whether the decider mirrored what it should, whole, and nobody else anything. Where it
// should mirror a part, the last pass over the capture was not a whole one.
func judgeSessions(r *report.Report, w *workload, received int64) string {
	var matched, mirrored, skipped, truncated, others int64
	for _, s := range r.Sessions {
		if s.Number != w.decider {
			others += s.Egress.MatchedPackets
			continue
		}
		matched += s.Egress.MatchedPackets
		mirrored += s.Egress.MirroredPackets
		truncated += s.Egress.TruncatedPackets
		skipped += s.Egress.Skipped.Sum()
	}
	copies, want := r.Ports["tun0"].CopiesPackets, received
	tolerance := int64(0)
	switch {
	case w.decider == 0:
		want = 0
	case w.missed != 0:
		want, tolerance = int64(math.Round((1-w.missed)*float64(received))), flows
	}
	if off := matched - want; off < -tolerance || off > tolerance || mirrored != matched || copies != matched || skipped+truncated+others != 0 {
		return fmt.Sprintf("of %d frames to mirror %d matched, %d were mirrored, %d skipped, %d truncated, %d went to other sessions, %d copies were sent",
			want, matched, mirrored, skipped, truncated, others, copies)
	}
	return ""
}
