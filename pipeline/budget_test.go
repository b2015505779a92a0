package pipeline

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// share has sessions ask for copies in random order, n interval after interval, and returns what part
// of them each got. wants is what each asks for in an interval, 0.25 being one in four of them.
func share(seed uint64, copies uint32, n int, wants ...float64) (got []float64, most int) {
	r, b := rand.New(rand.NewPCG(seed, 1)), budget{}
	b.begin(copies)
	credits, asked, admitted := make([]credit, len(wants)), make([]int, len(wants)), make([]int, len(wants))
	const settled = 50 // intervals
	for interval := range n + settled {
		var asks []int
		for i, w := range wants {
			times := int(w)
			if r.Float64() < w-float64(times) {
				times++
			}
			for range times {
				asks = append(asks, i)
			}
		}
		r.Shuffle(len(asks), func(i, k int) { asks[i], asks[k] = asks[k], asks[i] })
		sum := 0
		for _, i := range asks {
			ok := b.admits(&credits[i])
			if ok {
				sum++
			}
			if interval >= settled {
				asked[i]++
				if ok {
					admitted[i]++
				}
			}
		}
		most = max(most, sum)
		b.next()
	}
	for i := range wants {
		got = append(got, float64(admitted[i])/float64(max(asked[i], 1)))
	}
	return got, most
}

// TestBudgetIsFair: who wants less than the fair level loses nearly nothing, the others get equally
// much, and the budget is used.
func TestBudgetIsFair(t *testing.T) {
	for _, c := range []struct {
		name   string
		copies uint32
		wants  []float64
		least  []float64 // parts that each must get
		used   float64   // part of the budget that must be used
	}{
		{"one 100 times heavier", 128, []float64{500, 5}, []float64{0.22, 0.999}, 0.85},
		{"one 100 times heavier, hardly any budget", 4, []float64{500, 0.5}, []float64{0.005, 0.98}, 0.9},
		{"one 1,000 times heavier, the smallest budget", 1, []float64{100, 0.1}, []float64{0.007, 0.97}, 0.8},
		{"one wants most of its half", 50, []float64{1500, 15.5}, []float64{0.018, 0.99}, 0.85},
		{"one wants nearly its half", 60, []float64{1500, 22}, []float64{0.018, 0.97}, 0.85},
		{"equals", 100, []float64{200, 200}, []float64{0.22, 0.22}, 0.85},
		{"three to one", 100, []float64{300, 100}, []float64{0.14, 0.42}, 0.85},
		{"one light among many heavy", 64, []float64{40, 40, 40, 40, 40, 40, 40, 40, 1}, []float64{.14, .14, .14, .14, .14, .14, .14, .14, 0.98}, 0.85},
		{"enough for all", 128, []float64{100, 5}, []float64{1, 1}, 0.8},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := share(1, c.copies, 2000, c.wants...)
			used := 0.0
			for i, part := range got {
				used += part * c.wants[i]
				if part < c.least[i] {
					t.Errorf("session %d got %.3f of what it wanted, want at least %.3f (all: %.3f)", i, part, c.least[i], got)
				}
			}
			if used < c.used*float64(c.copies) || used > float64(c.copies) {
				t.Errorf("%.1f of %d copies were used in an interval", used, c.copies)
			}
		})
	}
}

// TestBudgetServesMoreSessionsThanCopies: none of 1,000 equal sessions is left out.
func TestBudgetServesMoreSessionsThanCopies(t *testing.T) {
	wants := make([]float64, 1000)
	for i := range wants {
		wants[i] = 0.5
	}
	got, _ := share(2, 100, 2000, wants...)
	for i, part := range got {
		if part < 0.1 || part > 0.4 {
			t.Errorf("session %d got %.3f of what it wanted, want about a fifth", i, part)
		}
	}
}

// TestBudgetIsKept: whatever is asked and however the budget changes, no interval gives more than
// the budget and its credit, no session more than its level, and in the long run it is the budget.
func TestBudgetIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, credits := budget{}, make([]credit, 8)
		b.begin(rapid.Uint32Range(1, 2000).Draw(t, "copies"))
		given, all := int64(b.c.copies), int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "intervals") {
			debt, sum, of := int64(b.c.copies)/4+8, int64(0), make([]uint32, len(credits))
			level := uint32(b.c.level) // of a round: one interval has no more
			if b.c.share > b.c.level || b.c.share < 1 {
				t.Fatalf("a session may have %d by the end of the interval: %+v", b.c.share, b.c)
			}
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(credits)-1), 0, 200).Draw(t, "asks") {
				if b.admits(&credits[i]) {
					sum, of[i] = sum+1, of[i]+1
				}
			}
			all += sum
			if sum > int64(b.c.copies)+debt {
				t.Fatalf("%d copies in an interval that has %d and a credit of %d", sum, b.c.copies, debt)
			}
			for i, n := range of {
				if n > level {
					t.Fatalf("session %d had %d copies, the level is %d", i, n, level)
				}
			}
			if rapid.Bool().Draw(t, "change") {
				b.set(rapid.Uint32Range(1, 2000).Draw(t, "changed"))
			}
			b.next()
			given += int64(b.c.copies)
			if b.c.level < 1 || b.c.level > max(b.c.copies, 2*64) || int64(b.c.left) > int64(b.c.copies) {
				t.Fatalf("the next interval begins with %+v", b.c)
			}
		}
		if left := int64(b.c.left); all > given-left {
			t.Fatalf("%d copies were made, %d were there and %d are left", all, given, left)
		}
	})
}
