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
	peerOffloads string              // transmit offloads that testpmd chose, as it prints them
	ovsBest      map[string][]string // the settings that Open vSwitch is fastest with, by workload
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

// measure takes turns between the gateway and its peers, so that a busy minute hurts all of them.
func (b *bench) measure(ctx context.Context, w workload) ([]row, error) {
	dir := filepath.Join(b.dir, w.name)
	defer os.RemoveAll(dir) // a capture can be large
	frames, err := prepare(dir, w)
	if err != nil {
		return nil, err
	}
	peers, err := b.peersOf(w, dir, frames)
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(peers))
	for i := range b.runs {
		ours, note, err := b.runGateway(ctx, dir, &w)
		if err != nil {
			return nil, err
		}
		fmt.Printf("%-15s run %d of %d   mirrorgw %7.2f Mpps", w.name, i+1, b.runs, ours)
		for k, p := range peers {
			rate, peerNote, err := p.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Printf("   %s %7.2f", p.name, rate)
			rows[k].pair(i+1, ours, rate, note, peerNote)
		}
		fmt.Println()
	}
	for k, p := range peers {
		rows[k].Name, rows[k].Unit, rows[k].Peer, rows[k].Threshold = w.name, "Mpps", p.name, p.threshold
		rows[k].summarize()
	}
	return rows, nil
}

// peer is what stands beside the gateway in a row.
type peer struct {
	name      string
	threshold float64
	run       func(context.Context) (mpps float64, note string, err error)
}

// peersOf are those of a workload, whose files are in dir.
func (b *bench) peersOf(w workload, dir string, frames int) ([]peer, error) {
	peers := []peer{{testpmdPeer, w.threshold, func(ctx context.Context) (float64, string, error) {
		mpps, err := b.runTestpmd(ctx, dir, frames, &w)
		return mpps, "", err
	}}}
	if w.ovs != ovsNothing {
		peers = append(peers, peer{ovsPeer, w.ovsThreshold, func(ctx context.Context) (float64, string, error) {
			return b.runOVS(ctx, dir, &w)
		}})
	}
	if w.beside == "" {
		return peers, nil
	}
	other, err := choose(workloads(), w.beside, false)
	if err != nil {
		return nil, err
	}
	otherDir := filepath.Join(dir, w.beside)
	if _, err := prepare(otherDir, other[0]); err != nil {
		return nil, err
	}
	return append(peers, peer{w.beside, w.besideThreshold, func(ctx context.Context) (float64, string, error) {
		return b.runGateway(ctx, otherDir, &other[0])
	}}), nil
}

// Files of a workload, in its directory.
const (
	captureFile   = "in.pcap"
	gatewayFile   = "gateway.toml"
	resourcesFile = "resources.toml"
	reportFile    = "report.json"
)

// prepare writes the capture and the configuration of a workload, and returns how many frames there are.
func prepare(dir string, w workload) (frames int, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	all := w.frames()
	if err := traffic.Write(filepath.Join(dir, captureFile), all); err != nil {
		return 0, err
	}
	if w.ovsFrames != 0 {
		if err := traffic.Write(filepath.Join(dir, w.ovsCapture()), all[:w.ovsFrames]); err != nil {
			return 0, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, gatewayFile), []byte(gatewayTOML(&w)), 0o644); err != nil {
		return 0, err
	}
	return len(all), os.WriteFile(filepath.Join(dir, resourcesFile), []byte(w.resources()), 0o644)
}

// ovsCapture is the capture of Open vSwitch, in the directory of the workload.
func (w *workload) ovsCapture() string {
	if w.ovsFrames == 0 {
		return captureFile
	}
	return "in-ovs.pcap"
}
