package main

import (
	"testing"

	"mirrorgw/ctl/report"
)

// TestCountedIsComplete: a frame that a session should have mirrored is matched, unmatched or unseen.
func TestCountedIsComplete(t *testing.T) {
	before, after := report.New(), report.New()
	before.Ports = map[string]report.Port{"wire0": {RxPackets: 10}}
	before.Sources = map[string]report.Source{"web-1": {Egress: report.Traffic{Matched: 10}}}
	after.Ports = map[string]report.Port{"wire0": {RxPackets: 100, UnseenCongestion: 20}}
	after.Sources = map[string]report.Source{"web-1": {Egress: report.Traffic{Matched: 60, UnmatchedCongestion: 20}}}
	after.Sessions = map[string]report.Session{"s-1": {Egress: report.Direction{Skipped: report.Counts{"congestion": 7}}}}
	c := countedOf(after).since(countedOf(before))
	if problem := c.judge(); problem != "" {
		t.Error(problem)
	}
	if got, want := c.String(), "skipped.congestion 7, unmatched_congestion 20, unseen_congestion 20"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c.add(counted{"received": 1})
	if c.judge() == "" {
		t.Error("a frame that nobody counted goes unnoticed")
	}
}
