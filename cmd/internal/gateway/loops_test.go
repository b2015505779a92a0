package gateway

import (
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/lcore"
	"mirrorgw/pipeline"
)

// TestLoopsOfTheLastSeconds: second i has i busy cycles, and so many polls of two frames.
func TestLoopsOfTheLastSeconds(t *testing.T) {
	var l loops
	telemetry := lcore.Telemetry{Bursts: make([]uint64, 33), Gaps: make([]uint64, 24), Stages: []lcore.Stage{{Name: "decide"}}}
	note := func(heartbeat uint64) {
		copied := telemetry
		copied.Bursts = append([]uint64{}, telemetry.Bursts...)
		l.note([]lcore.WorkerState{{Heartbeat: heartbeat, Telemetry: copied}})
	}
	recent := func(seconds int) ctl.Loop { return (&ctl.LcoreStatus{Past: l.of(0)}).RecentLoop(seconds) }
	telemetry.Busy = 1 << 60 // before the first poll
	note(0)
	note(1)
	if got := recent(60); got.Busy != 0 || got.Hz != 0 || len(l.of(0)) != 1 {
		t.Errorf("before a second has passed: %+v of %d", got, len(l.of(0)))
	}
	for i := range uint64(100) {
		telemetry.Busy += i
		telemetry.Bursts[2] += i
		note(2)
	}
	for seconds, want := range map[int]uint64{1: 99, 2: 99 + 98, 60: (99 + 40) * 30, 61: (99 + 40) * 30} {
		if got := recent(seconds); got.Busy != want || got.Packets() != 2*want || got.Gaps[23].Below != 0 || got.Gaps[22].Below == 0 || got.Stages[0].Stage != "decide" {
			t.Errorf("%d seconds: %+v, want %d", seconds, got, want)
		}
	}
	if got := loopOf(&lcore.WorkerState{Match: pipeline.MatchCounters{Cached: 8, Searched: 9}}); got.RulesCached != 8 || got.RulesSearched != 9 {
		t.Errorf("a worker knew %d answers and searched for %d, not 8 and 9", got.RulesCached, got.RulesSearched)
	}
	if got := loopOf(&lcore.WorkerState{Mirror: true, TakenOver: 7}); got.TakenOver != 7 {
		t.Errorf("a mirror lcore took over %d copies, not 7", got.TakenOver)
	}
	if l.of(1) != nil {
		t.Error("a worker that does not exist has a past")
	}
}
