package lcore

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var congestionInTests = Congestion{Heeded: AllSigns, Backlog: 100 * time.Microsecond, Recovery: 10 * time.Millisecond}

// TestCongestionStory: signs halve the budget and, when frames wait to be received, end matching;
// without signs it all comes back in slow steps.
func TestCongestionStory(t *testing.T) {
	m, now, matched := newMachine(congestionInTests), uint64(0), uint64(0)
	look := func(signs Signs) {
		now, matched = now+25, matched+400 // 800 an interval
		m.look(now, signs, matched)
	}
	for range 100 {
		look(0)
	}
	if m.state() != Calm {
		t.Fatalf("%v without a sign", m.state())
	}
	look(SignReceive)
	if m.state() != Limited || m.budget() != 400 {
		t.Fatalf("%v with a budget of %d after the first sign, want half of 800", m.state(), m.budget())
	}
	began := now
	for m.state() != Blind && now < began+100_000 {
		look(SignReceive)
	}
	if took := now - began; took > 2500 {
		t.Errorf("it took %d us until no source was looked up", took)
	}
	var steps []Congested
	for began = now; m.state() != Calm && now < began+2_000_000; {
		before := m.state()
		if m.state() == Limited && m.budget() < 500 {
			m.refuse()
		}
		look(0)
		if m.state() != before {
			steps = append(steps, m.state())
		}
	}
	if took := now - began; took < 300_000 || took > 1_000_000 || len(steps) != 3 || steps[0] != Unmatched || steps[1] != Limited {
		t.Errorf("recovery took %d us by way of %v", took, steps)
	}
	if m.c.transitions != 6 {
		t.Errorf("%d transitions, want three there and three back", m.c.transitions)
	}
}

// TestOnlyABacklogEndsMatching: the other signs would not be helped by it.
func TestOnlyABacklogEndsMatching(t *testing.T) {
	for signs := Signs(1); signs <= AllSigns; signs++ {
		m := newMachine(congestionInTests)
		for now := uint64(0); now < 100_000; now += 25 {
			m.look(now, signs, now)
		}
		want := Limited
		if signs&SignReceive != 0 {
			want = Blind
		}
		if m.state() != want || m.budget() != 1 {
			t.Errorf("signs %b: %v with a budget of %d, want %v with 1", signs, m.state(), m.budget(), want)
		}
	}
}

// TestCongestionSteps: whatever the signs, a step down comes with a sign and at least twice the
// patience after the one before, a step up a whole recovery after the last sign or step, the state
// moves by one, and the budget is halved or grows by an eighth.
func TestCongestionSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, now := newMachine(congestionInTests), uint64(0)
		patience, recovery := uint64(100), uint64(10_000)
		var down, quiet uint64
		first, matched := true, uint64(0)
		for range rapid.IntRange(1, 300).Draw(t, "looks") {
			now += rapid.OneOf(rapid.Uint64Range(1, 60), rapid.Uint64Range(1, 20_000)).Draw(t, "time")
			signs := Signs(0)
			if rapid.IntRange(0, 2).Draw(t, "any") > 0 {
				signs = Signs(rapid.Uint32Range(1, uint32(AllSigns)).Draw(t, "signs"))
			}
			matched += rapid.Uint64Range(0, 5000).Draw(t, "matched")
			if m.state() == Limited && rapid.Bool().Draw(t, "refused") {
				m.refuse()
			}
			state, budget := m.state(), m.budget()
			m.look(now, signs, matched)
			switch s, b := m.state(), m.budget(); {
			case s == state && b == budget:
			case s > state || s == state && b < budget:
				if signs == 0 || !first && state != Calm && now-down < 2*patience || s > state+1 {
					t.Fatalf("at %d, %d after the last step down, with signs %b: %v %d -> %v %d", now, now-down, signs, state, budget, s, b)
				}
				if s == state && b != budget/2 || s > Limited && budget != 1 {
					t.Fatalf("%v %d -> %v %d", state, budget, s, b)
				}
				down, first = now, false
			default:
				if signs != 0 || now-quiet < recovery || s+1 < state {
					t.Fatalf("at %d, %d after the last sign or step up, with signs %b: %v %d -> %v %d", now, now-quiet, signs, state, budget, s, b)
				}
				if s == state && b != budget+max(budget/8, 1) {
					t.Fatalf("%v %d -> %v %d", state, budget, s, b)
				}
				quiet = now
			}
			if signs != 0 {
				quiet = now
			}
			if m.state() != Calm && m.budget() < 1 {
				t.Fatalf("%v with a budget of %d", m.state(), m.budget())
			}
		}
	})
}
