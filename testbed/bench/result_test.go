package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/ctl/report"
)

// testpmdRun is what testpmd 22.11 prints in a run, shortened.
const testpmdRun = `testpmd> start
io packet forwarding - ports=2 - cores=1 - streams=2 - NUMA support enabled, MP allocation mode: native
  port 0: RX queue number: 1 Tx queue number: 1
    Rx offloads=0x0 Tx offloads=0x0
    RX queue: 0
  port 1: RX queue number: 1 Tx queue number: 1
    Rx offloads=0x0 Tx offloads=0x10000
    RX queue: 0

  ######################## NIC statistics for port 0  ########################
  RX-packets: 17812256   RX-missed: 0          RX-bytes:  1068735360
  Throughput (since last show)
  Rx-pps:            0          Rx-bps:            0
  Tx-pps:            0          Tx-bps:            0

  ######################## NIC statistics for port 0  ########################
  RX-packets: 81798048   RX-missed: 0          RX-bytes:  4907882880
  Throughput (since last show)
  Rx-pps:     63823494          Rx-bps:  30635277584
  Tx-pps:            0          Tx-bps:            0
Telling cores to stop...

  ---------------------- Forward statistics for port 0  ----------------------
  RX-packets: 81465440       RX-dropped: 0             RX-total: 81465440
  TX-packets: 0              TX-dropped: 0             TX-total: 0
  ----------------------------------------------------------------------------

  +++++++++++++++ Accumulated forward statistics for all ports+++++++++++++++
  RX-packets: 81465440       RX-dropped: 0             RX-total: 81465440
  TX-packets: 81465440       TX-dropped: 0             TX-total: 81465440
  ++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++
`

func TestParseTestpmd(t *testing.T) {
	got, err := parseTestpmd(testpmdRun)
	if err != nil || got.rxPPS != 63823494 || got.txOffloads != "0x10000" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseTestpmdRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"one rate":      {"Rx-pps:            0", "", "1 rates"},
		"no rate":       {"63823494", "0", "not one"},
		"no statistics": {"Accumulated", "", "no accumulated"},
		"drops":         {"TX-packets: 81465440       TX-dropped: 0 ", "TX-packets: 81465439       TX-dropped: 1 ", "dropped 1"},
	} {
		_, err := parseTestpmd(strings.Replace(testpmdRun, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// good is the report of a run that mirrored 100 frames by session 3 of a source.
func good() *report.Report {
	r := report.New()
	r.Seconds = 1
	r.Ports["wire0"] = report.Port{RxPackets: 100}
	r.Ports["wire1"] = report.Port{TxPackets: 100}
	r.Ports["tun0"] = report.Port{TxPackets: 103, CopiesPackets: 100, OriginatedPackets: 3}
	r.Sessions["a-1"] = report.Session{Number: 1}
	r.Sessions["a-3"] = report.Session{Number: 3, Egress: report.Direction{MatchedPackets: 60, MirroredPackets: 60}}
	r.Sessions["b-3"] = report.Session{Number: 3, Egress: report.Direction{MatchedPackets: 40, MirroredPackets: 40}}
	return r
}

func TestJudge(t *testing.T) {
	egress := func(name string, d report.Direction) func(*report.Report) {
		return func(r *report.Report) {
			s := r.Sessions[name]
			s.Egress = d
			r.Sessions[name] = s
		}
	}
	for name, c := range map[string]struct {
		spoil func(*report.Report)
		want  string // of the note; empty: the run is valid
	}{
		"good": {func(*report.Report) {}, ""},
		"law":  {func(r *report.Report) { r.Laws.Mirror = 1 }, "laws"},
		"dropped": {func(r *report.Report) {
			r.Ports["wire0"] = report.Port{RxPackets: 100, Dropped: report.Counts{"tx_full": 2}}
		}, "2 frames"},
		"nothing":     {func(r *report.Report) { *r = *report.New() }, "received 0"},
		"lost":        {func(r *report.Report) { r.Ports["wire1"] = report.Port{TxPackets: 99} }, "sent 99"},
		"skipped":     {egress("a-3", report.Direction{MatchedPackets: 60, MirroredPackets: 59, Skipped: report.Counts{"congestion": 1}}), "1 skipped"},
		"truncated":   {egress("a-3", report.Direction{MatchedPackets: 60, MirroredPackets: 60, TruncatedPackets: 60}), "60 truncated"},
		"not matched": {egress("b-3", report.Direction{MatchedPackets: 39, MirroredPackets: 39}), "99 matched"},
		"other":       {egress("a-1", report.Direction{MatchedPackets: 5, MirroredPackets: 5}), "5 went to other"},
		"copies":      {func(r *report.Report) { r.Ports["tun0"] = report.Port{TxPackets: 101, CopiesPackets: 98} }, "98 copies"},
	} {
		r := good()
		c.spoil(r)
		note := judge(r, &workload{decider: 3})
		if (note == "") != (c.want == "") || !strings.Contains(note, c.want) {
			t.Errorf("%s: %q, want %q", name, note, c.want)
		}
	}
	if note := judge(good(), &workload{}); note == "" {
		t.Error("a workload that must not mirror accepts copies")
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{1, 100, 2, 3, 0}, 2}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

func TestSummarize(t *testing.T) {
	r := row{Values: []float64{10, 30, 20}, PeerValues: []float64{100, 100, 40}}
	r.summarize()
	if r.Runs != 3 || r.Value != 20 || r.PeerValue != 100 || r.Ratio != 0.2 || math.Abs(r.PairRatio-0.3) > 1e-12 {
		t.Errorf("%+v", r)
	}
	if r.Values[1] != 30 {
		t.Error("the order of the runs is lost")
	}
}

func TestTableNamesThresholdAndVerdict(t *testing.T) {
	values := []float64{1}
	text := table([]row{
		{Name: "forward-64", Ratio: 0.8, Threshold: 0.7, Values: values, PeerValues: values},
		{Name: "mirror-64", Ratio: 0.1, Threshold: 0.25, Values: values, PeerValues: values},
		{Name: "rules-1000", Ratio: 0.1, Values: values, PeerValues: values},
		{Name: "mirror-512", Ratio: 0.9, Values: values, PeerValues: values, Invalid: "laws"},
	})
	for name, want := range map[string]string{"forward-64": ">= 0.70 met", "mirror-64": ">= 0.25 not met", "rules-1000": "0.100 0.000 -", "mirror-512": "invalid"} {
		if line := lineOf(text, name); !strings.Contains(line, want) {
			t.Errorf("line %q lacks %q", line, want)
		}
	}
}

// lineOf is the line of a row, its words one space apart.
func lineOf(text, name string) string {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == name {
			return strings.Join(words, " ")
		}
	}
	return ""
}

func TestInvalidRowsAreAnError(t *testing.T) {
	if err := invalid([]row{{Name: "a"}, {Name: "b"}}); err != nil {
		t.Error(err)
	}
	err := invalid([]row{{Name: "a"}, {Name: "b", Invalid: "run 2: laws"}})
	if err == nil || err.Error() != "b is invalid: run 2: laws" {
		t.Error(err)
	}
}

func TestWriteRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "bench.json")
	if err := writeRows(path, []row{{Name: "forward-64", Value: 50, Unit: "Mpps", Peer: "testpmd-io", Ratio: 0.9, Runs: 5}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(text, &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	for _, key := range []string{"name", "value", "unit", "peer", "ratio", "runs"} {
		if rows[0][key] == nil {
			t.Errorf("no key %s in %s", key, text)
		}
	}
}
