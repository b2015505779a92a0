package gateway

import (
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/lcore"
)

// second is what one worker has measured when a second ends.
func second(heartbeat int, longest, finished time.Duration) []lcore.WorkerState {
	return []lcore.WorkerState{{Heartbeat: uint64(heartbeat), LongestGap: longest, FinishedGap: finished}}
}

func longest(g *gaps, seconds int) time.Duration {
	return (&ctl.LcoreStatus{Gaps: g.of(0)}).LongestGap(seconds)
}

func TestLaunchIsNoGap(t *testing.T) {
	var g gaps
	g.note(second(0, 0, 0))          // not polling yet
	g.note(second(9, time.Hour, 0))  // the launch, and its faults
	g.note(second(10, 3, time.Hour)) // the first second that counts
	if got := longest(&g, 60); got != 3 || len(g.of(0)) != 1 {
		t.Errorf("%v of %v, want 3 ns of one second", got, g.of(0))
	}
}

func TestGapsOfTheLastSeconds(t *testing.T) {
	var g gaps
	g.note(second(1, 0, 0))
	for i := range 100 { // the gap of second i is i, but for two that are found out late
		finished := time.Duration(0)
		if i == 51 || i == 91 {
			finished = 1000 - time.Duration(i)
		}
		g.note(second(2, time.Duration(i), finished))
	}
	if n := len(g.of(0)); n != ctl.GapSeconds {
		t.Errorf("%d seconds are kept, want %d", n, ctl.GapSeconds)
	}
	for seconds, want := range map[int]time.Duration{1: 99, 9: 99, 10: 909, 49: 909, 50: 949, 60: 949, 61: 949} {
		if got := longest(&g, seconds); got != want {
			t.Errorf("the longest gap of %d seconds is %v, want %v", seconds, got, want)
		}
	}
	if got := g.of(1); got != nil {
		t.Errorf("a worker that does not exist has %v", got)
	}
	g.of(0)[59] = time.Hour
	if longest(&g, 60) != 949 {
		t.Error("what of returns is not the caller's")
	}
}
