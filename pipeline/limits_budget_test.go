package pipeline

import (
	"testing"

	"mirrorgw/rules"
)

// congest gives the harness a budget of so many copies in an interval, or with 0 none, and returns it.
func congest(h *Harness, copies uint32) (b budget) {
	if copies > 0 {
		b.begin(copies)
		b.c.state = 1 // limited
	}
	h.pipe.c.budget = b.c
	return b
}

// TestCongestionCostsNoTokens: what is skipped for congestion is there for the copies after it, and
// what is beyond a limit is not taken from the budget.
func TestCongestionCostsNoTokens(t *testing.T) {
	h := newHarness(t, DefaultHarnessPools)
	w := newWorld(t, h, limitedResources(0, rules.Limit{PPS: 1}, rules.Limit{PPS: 1}), &Layout{})
	defer w.close()
	defer congest(h, 0)
	burst := Input{Port: wire0, Frames: repeat(fromWeb(t, 60), Burst)}
	congest(h, 8)
	w.run(burst)
	skipped := h.Counters().Session(0, rules.Egress).Skipped["congestion"].Packets
	if skipped == 0 || skipped == Burst {
		t.Fatalf("a budget of 8 copies refused %d of %d", skipped, Burst)
	}
	congest(h, 0)
	w.run(burst)
	w.wantSession(rules.Egress, Burst, 0, map[string]uint64{"congestion": skipped, "rate-limit": Burst - skipped})
	whole := congest(h, 8)
	w.run(burst)
	w.wantSession(rules.Egress, Burst, 0, map[string]uint64{"congestion": skipped, "rate-limit": 2*Burst - skipped})
	if h.pipe.c.budget != whole.c {
		t.Errorf("of the budget %+v is left %+v", whole.c, h.pipe.c.budget)
	}
}
