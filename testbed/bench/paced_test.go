package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/dpdk/dpdktest/pacer"
	"mirrorgw/testbed/traffic"
)

// TestPacedLoadsCarryStamps: the generator needs IPv4 without tag and options, TCP or UDP, and 50 bytes.
func TestPacedLoadsCarryStamps(t *testing.T) {
	for _, w := range pacedLoads() {
		frames := w.frames()
		if len(frames) > pacer.Slots || pacer.Slots%len(frames) != 0 {
			t.Errorf("%s: %d frames do not fit into %d slots evenly", w.name, len(frames), pacer.Slots)
		}
		for i, f := range frames {
			if len(f) < 50 || f[12] != 8 || f[13] != 0 || f[14] != 0x45 || f[23] != 6 && f[23] != 17 {
				t.Fatalf("%s: frame %d has no place for a stamp: % x", w.name, i, f[:24])
			}
		}
		s, port := snapshot(t, w)
		checkVerdicts(t, s, port, w, every(frames, 17))
	}
}

func TestImixShares(t *testing.T) {
	counts := map[int]int{}
	for _, f := range imixFlows() {
		counts[len(f)]++
	}
	for length, want := range map[int]float64{short: 7. / 12, middle: 4. / 12, long: 1. / 12} {
		if got := float64(counts[length]) / flows; got < want-0.002 || got > want+0.002 {
			t.Errorf("%d bytes: a share of %.4f, want %.4f", length, got, want)
		}
	}
}

func TestExport(t *testing.T) {
	dir := t.TempDir()
	loads, err := choose(pacedLoads(), "64,imix", true)
	if err != nil {
		t.Fatal(err)
	}
	if err := export(dir, loads); err != nil {
		t.Fatal(err)
	}
	frames, err := traffic.Read(filepath.Join(dir, "imix.pcap"))
	if err != nil || len(frames) != flows {
		t.Errorf("%d frames, %v", len(frames), err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "64.toml")); err != nil || string(text) != tenRules() {
		t.Errorf("resources: %v", err)
	}
}

func TestCurveDraws(t *testing.T) {
	c := curve{Load: "1500", Mirrored: []loadPoint{{1, 1, 1, 0, false}, {2, 2, 1, 1, false}}, NoSession: []loadPoint{{1, 1, 0, 0, false}}}
	path := filepath.Join(t.TempDir(), "overload.svg")
	if err := c.draw(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "no session") || !strings.Contains(string(text), "copies") {
		t.Errorf("the plot lacks a series (%v)", err)
	}
}

// TestLatencyRows: what is wanted is said of one row only, and follows from its peer.
func TestLatencyRows(t *testing.T) {
	l := newLatencies("64", sameRates)
	h := func(cycles int) *pacer.Histogram {
		return &pacer.Histogram{CyclesPerSecond: 1e9, Buckets: []pacer.Bucket{{Index: cycles, Count: 1}}}
	}
	for i := range latencyParts {
		l.add(i, true, h(49))
		l.add(i, false, h(39))
	}
	for _, r := range l.list() {
		if want := r.Name == "latency-64-50%-p99"; (r.Limit != 0) != want {
			t.Errorf("%s: limit %g", r.Name, r.Limit)
		} else if want && (r.Limit < 0.0499 || r.Limit > 0.0501 || r.Value != 0.05 || r.PeerValue != 0.04) {
			t.Errorf("%+v", r)
		}
	}
}
