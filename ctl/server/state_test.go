package server_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
)

// TestGapSeconds: the longest gap is that of so many seconds back; see dataPath.gaps.
func TestGapSeconds(t *testing.T) {
	w := newWorld(t, server.Limits{})
	for options, want := range map[int]int64{0: 90, 1: 5, 9: 5, 10: 40, 59: 40, 60: 90} {
		var some []client.Option
		if options != 0 {
			some = append(some, client.GapSeconds(options))
		}
		state := must(w.client.State(background, some...))(t)
		if got := state.Lcores[0].LongestGapMicroseconds; got != want {
			t.Errorf("gapSeconds %d: %d us, want %d", options, got, want)
		}
	}
	for _, bad := range []string{"0", "61", "-1", "1.5", "many", "1&gapSeconds=2"} {
		status, text, _ := w.curl("GET", api.PathState+"?gapSeconds="+bad, "")
		var body api.ErrorBody
		if err := json.Unmarshal([]byte(text), &body); err != nil || status != http.StatusBadRequest ||
			body.Error.Code != api.CodeInvalidValue || body.Error.Field != "gapSeconds" {
			t.Errorf("gapSeconds %s: %d %s", bad, status, text)
		}
	}
}

// TestLoopOfSeconds: what a worker's loop did is that of so many seconds back; see dataPath.loops.
func TestLoopOfSeconds(t *testing.T) {
	w := newWorld(t, server.Limits{})
	for seconds, want := range map[int]api.Loop{
		1:  {BusyShare: 1, Packets: 1e6, CyclesPerPacket: 1000},
		2:  {BusyShare: 0.75, Packets: 2e6, CyclesPerPacket: 750},
		60: {BusyShare: 30.5 / 60, Packets: 60e6, CyclesPerPacket: 30.5e9 / 60e6},
	} {
		n := uint64(seconds)
		want.CyclesPerSecond, want.HousekeepingCyclesPerSecond = 1e9, 1000
		want.RulesCached, want.RulesSearched = 5*n, 2*n
		want.Stages = []api.LoopStage{{Stage: "decide", CyclesPerPacket: 12.5}}
		want.Bursts = []api.LoopBursts{{UpTo: 0, Polls: 1000 * n}, {UpTo: 1, Polls: 1e6 * n}, {UpTo: 3}, {UpTo: 7}, {UpTo: 15}, {UpTo: 31}, {UpTo: 32}}
		want.Gaps = []api.LoopGaps{{BelowMicroseconds: 0.25, Loops: 7 * n}, {Loops: n}}
		lcore := must(w.client.State(background, client.GapSeconds(seconds)))(t).Lcores[0]
		if diff := cmp.Diff(want, lcore.Loop); diff != "" || lcore.Generation != 4 {
			t.Errorf("of %d seconds, generation %d:\n%s", seconds, lcore.Generation, diff)
		}
	}
}

// TestOnlyWhatIsNeededIsGathered: a report of everything is large.
func TestOnlyWhatIsNeededIsGathered(t *testing.T) {
	w := newWorld(t, server.Limits{})
	w.build()
	for path, want := range map[string]report.Kinds{
		api.PathState:                              report.Law,
		api.PathHealth:                             report.Law,
		api.PathStats:                              report.Everything,
		api.PathStats + "?kind=ports":              report.Ports,
		api.PathStats + "?kind=ports,laws":         report.Ports | report.Law,
		api.PathStats + "?kind=sources&kind=rules": report.Sources | report.Rules,
		api.PathStats + "?kind=sessions":           report.Sessions,
		api.PathStats + "?kind=rules&session=s1":   report.Rules | report.Sessions,
		api.PathStats + "?kind=ports&source=web-1": report.Ports | report.Sessions | report.Sources,
		api.PathStats + "?source=web-1":            report.Everything,
	} {
		w.path.asked.Store(0)
		if status, text, _ := w.curl("GET", path, ""); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, text)
		}
		if got := report.Kinds(w.path.asked.Load()); got != want {
			t.Errorf("%s gathers %b, want %b", path, got, want)
		}
	}
}
