package lcore

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/rules"
)

// version is a filter with some rules, by number; rules have IDs but for those above 20.
func version(t fataler, id string, numbers ...int) *rules.CompiledFilter {
	f := rules.Filter{ID: id}
	for _, n := range numbers {
		r := rules.Rule{Number: n, Direction: rules.Direction(n % 2), Protocol: rules.ProtocolAny}
		if n <= 20 {
			r.ID = fmt.Sprintf("tmfr-%s-%d", id, n)
		}
		f.Rules = append(f.Rules, r)
	}
	c, err := rules.CompileFilter(&f)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

type fataler interface{ Fatalf(string, ...any) }

// ruleModel knows which rule has which slot, by filter ID and rule number.
type ruleModel map[string]map[int]uint32

// modelOf reads the slots that a list was given, and checks that nobody shares one.
func modelOf(t *rapid.T, r *ruleSlots, filters []*rules.CompiledFilter) ruleModel {
	model, owner := ruleModel{}, map[uint32]string{}
	for i, f := range filters {
		model[f.ID] = map[int]uint32{}
		for d, list := range f.Rules {
			for at := range list {
				slot := r.force.slots[i][d][at]
				name := fmt.Sprintf("%s rule %d", f.ID, list[at].Number)
				if other, twice := owner[slot]; twice {
					t.Fatalf("slot %d: %s and %s", slot, name, other)
				}
				owner[slot] = name
				model[f.ID][list[at].Number] = slot
			}
		}
	}
	if n := taken(&r.slotPool); n != len(owner) {
		t.Fatalf("%d slots are taken, %d rules have one", n, len(owner))
	}
	return model
}

// TestRuleSlotsProperties: a rule keeps its slot while versions of its filter come and go, no two
// rules share one, and none is lost, whether changes are accepted or refused.
func TestRuleSlotsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRuleSlots(200)
		force := []*rules.CompiledFilter{}
		model := ruleModel{}
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			next := changeFilters(t, force)
			if _, err := r.assign(next); err != nil {
				t.Fatalf("%v", err)
			}
			if rapid.Bool().Draw(t, "discarded") {
				r.refuse()
				modelOf(t, &r, force)
				continue
			}
			r.release(r.accept()...)
			now := modelOf(t, &r, next)
			for id, numbers := range now {
				for number, slot := range numbers {
					if before, had := model[id][number]; had && before != slot {
						t.Fatalf("%s rule %d moved from slot %d to %d", id, number, before, slot)
					}
				}
			}
			force, model = next, now
			if len(r.known) != len(force) || len(r.byID) != len(force) {
				t.Fatalf("%d and %d entries for %d filters", len(r.known), len(r.byID), len(force))
			}
		}
	})
}

// changeFilters keeps, drops or replaces each filter and adds some.
func changeFilters(t *rapid.T, filters []*rules.CompiledFilter) (next []*rules.CompiledFilter) {
	numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 30), 0, 6, rapid.ID[int])
	has := map[string]bool{}
	for _, f := range filters {
		switch rapid.IntRange(0, 3).Draw(t, "fate") {
		case 0:
			continue
		case 1:
			f = version(t, f.ID, numbers.Draw(t, "numbers")...)
		}
		next, has[f.ID] = append(next, f), true
	}
	for range rapid.IntRange(0, 3).Draw(t, "more") {
		id := fmt.Sprintf("tmf-%d", rapid.IntRange(0, 8).Draw(t, "id"))
		if !has[id] {
			next, has[id] = append(next, version(t, id, numbers.Draw(t, "numbers")...)), true
		}
	}
	return next
}

// TestRuleSlotsOfTwins: filters and rules that have one ID do not share counters.
func TestRuleSlotsOfTwins(t *testing.T) {
	r := newRuleSlots(100)
	steps := [][]*rules.CompiledFilter{
		{version(t, "", 1, 2), version(t, "", 1, 2)},
		{version(t, "tmf-1", 1, 2), version(t, "tmf-1", 1, 2)},
		{version(t, "tmf-1", 1, 2), version(t, "tmf-1", 1, 2), version(t, "tmf-1", 2)},
	}
	steps = append(steps, append(steps[2][:1:1], version(t, "tmf-1", 1, 2)), nil)
	for i, filters := range steps {
		if _, err := r.assign(filters); err != nil {
			t.Fatal(err)
		}
		r.release(r.accept()...)
		owners := map[uint32]bool{}
		n := 0
		for _, both := range r.force.slots {
			for _, list := range both {
				for _, slot := range list {
					owners[slot] = true
					n++
				}
			}
		}
		if len(owners) != n || taken(&r.slotPool) != n {
			t.Errorf("step %d: %d rules, %d slots, %d taken", i, n, len(owners), taken(&r.slotPool))
		}
	}
}
