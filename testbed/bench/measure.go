package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mirrorgw/testbed/traffic"
)

// bench is one run of the program.
type bench struct {
	options
	dir          string // temporary: captures, configurations, reports
	huge         *hugepages
	interval     time.Duration
	peerOffloads string // transmit offloads that testpmd chose, as it prints them
}

// measureAll measures one workload after the other.
func (b *bench) measureAll(ctx context.Context, chosen []workload) ([]row, error) {
	var rows []row
	for _, w := range chosen {
		measure := b.measure
		if w.measure != nil {
			measure = func(ctx context.Context, w workload) ([]row, error) { return w.measure(b, ctx) }
		}
		some, err := measure(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

// measure takes turns between the gateway and its peer, so that a busy minute hurts both.
func (b *bench) measure(ctx context.Context, w workload) ([]row, error) {
	dir := filepath.Join(b.dir, w.name)
	if err := prepare(dir, w); err != nil {
		return nil, err
	}
	r := row{Name: w.name, Unit: "Mpps", Peer: testpmdPeer, Threshold: w.threshold}
	for i := range b.runs {
		ours, note, err := b.runGateway(ctx, dir, w)
		if err != nil {
			return nil, err
		}
		if note != "" && r.Invalid == "" {
			r.Invalid = fmt.Sprintf("run %d: %s", i+1, note)
		}
		peer, err := b.runTestpmd(ctx, dir, len(w.frames()))
		if err != nil {
			return nil, err
		}
		r.Values, r.PeerValues = append(r.Values, ours), append(r.PeerValues, peer)
		fmt.Printf("%-14s run %d of %d   mirrorgw %7.2f Mpps   testpmd %7.2f Mpps\n", w.name, i+1, b.runs, ours, peer)
	}
	r.summarize()
	return []row{r}, nil
}

// Files of a workload, in its directory.
const (
	captureFile   = "in.pcap"
	gatewayFile   = "gateway.toml"
	resourcesFile = "resources.toml"
	reportFile    = "report.json"
)

// prepare writes the capture and the configuration of a workload.
func prepare(dir string, w workload) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := traffic.Write(filepath.Join(dir, captureFile), w.frames()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, gatewayFile), []byte(gatewayTOML()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, resourcesFile), []byte(w.resources()), 0o644)
}
