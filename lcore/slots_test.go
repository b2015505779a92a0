package lcore

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

func TestAllocator(t *testing.T) {
	a := newSlotTable(pipeline.Capacity{Sessions: 3}).sessions
	first, err := a.assign([]string{"a", "b", "c"})
	if err != nil || !slices.Equal(first, []uint32{0, 1, 2}) {
		t.Fatalf("%v, %v", first, err)
	}
	if _, err := a.assign([]string{"d"}); err == nil || err.Error() != "more than 3 sessions: remove some first" {
		t.Errorf("a fourth of 3 sessions: %v", err)
	}
	if gone := a.keepOnly([]string{"a", "c"}); !slices.Equal(gone, []uint32{1}) {
		t.Errorf("slots %v are free, want that of b", gone)
	}
	if gone := a.keepOnly([]string{"a", "c"}); len(gone) != 0 {
		t.Errorf("slots %v are free once more", gone)
	}
	again, err := a.assign([]string{"c", "d", "a"})
	if err != nil || !slices.Equal(again, []uint32{2, 1, 0}) {
		t.Errorf("%v, %v; c and a keep theirs, d gets b's", again, err)
	}
}

// holding is what a model of the allocator knows: who has which slot.
type holding map[string]uint32

var someIDs = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
	return fmt.Sprintf("tms-%d", rapid.IntRange(0, 30).Draw(t, "n"))
}), 0, 14, rapid.ID[string])

// TestAllocatorProperties drives it as Publish does: assign the new, then keep only the new or,
// when something failed, only the old.
func TestAllocatorProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(0, 20).Draw(t, "capacity")
		a := allocator{kind: "sessions", capacity: capacity, byID: map[string]uint32{}}
		held := holding{}
		for range rapid.IntRange(1, 20).Draw(t, "publishes") {
			ids := someIDs.Draw(t, "ids")
			refused := rapid.Bool().Draw(t, "refused")
			slots, err := a.assign(ids)
			if fits := held.with(ids) <= capacity; fits != (err == nil) {
				t.Fatalf("%d IDs in %d slots: %v", held.with(ids), capacity, err)
			}
			if err != nil || refused {
				a.keepOnly(slices.Collect(maps.Keys(held)))
				checkHeld(t, &a, held)
				continue
			}
			next := holding{}
			for i, id := range ids {
				if slot, known := held[id]; known && slot != slots[i] {
					t.Fatalf("%s moved from slot %d to %d", id, slot, slots[i])
				}
				next[id] = slots[i]
			}
			gone := a.keepOnly(ids)
			checkGone(t, held, next, gone)
			held = next
			checkHeld(t, &a, held)
		}
	})
}

// with is how many slots are taken while both the old and the new have theirs.
func (h holding) with(ids []string) int {
	n := len(h)
	for _, id := range ids {
		if _, known := h[id]; !known {
			n++
		}
	}
	return n
}

// checkHeld: the allocator has exactly these, no slot twice, none lost.
func checkHeld(t *rapid.T, a *allocator, held holding) {
	if !maps.Equal(a.byID, held) {
		t.Fatalf("the allocator has %v, want %v", a.byID, held)
	}
	seen := map[uint32]string{}
	for id, slot := range held {
		if other, twice := seen[slot]; twice || int(slot) >= a.capacity {
			t.Fatalf("slot %d of %d: %s and %s", slot, a.capacity, id, other)
		}
		seen[slot] = id
	}
	for _, slot := range a.free {
		if other, taken := seen[slot]; taken {
			t.Fatalf("slot %d is free and has %s", slot, other)
		}
		seen[slot] = "nobody"
	}
	if len(seen) != int(a.next) {
		t.Fatalf("%d of %d slots are lost", int(a.next)-len(seen), a.next)
	}
}

// checkGone: the slots to clear are those of the ones that went.
func checkGone(t *rapid.T, before, after holding, gone []uint32) {
	var want []uint32
	for id, slot := range before {
		if _, stays := after[id]; !stays {
			want = append(want, slot)
		}
	}
	slices.Sort(want)
	slices.Sort(gone)
	if !slices.Equal(gone, want) {
		t.Fatalf("slots %v are cleared, want %v", gone, want)
	}
}

// TestRuleIdentity: rules without ID keep their counters by place, and filters do not share them.
func TestRuleIdentity(t *testing.T) {
	rule := func(id string, d rules.Direction, n int) *rules.Rule {
		return &rules.Rule{ID: id, Direction: d, Number: n}
	}
	names := []string{
		ruleIdentity("tmf-1", rule("tmfr-1", rules.Ingress, 1)),
		ruleIdentity("tmf-1", rule("", rules.Ingress, 1)), ruleIdentity("tmf-1", rule("", rules.Egress, 1)),
		ruleIdentity("tmf-1", rule("", rules.Ingress, 11)), ruleIdentity("tmf-2", rule("", rules.Ingress, 1)),
	}
	for i, name := range names {
		if slices.Index(names, name) != i {
			t.Errorf("two rules are called %q", name)
		}
	}
	if names[0] != "tmfr-1" {
		t.Errorf("the rule's ID is not its identity: %q", names[0])
	}
}

func TestSlotTableNamesWhatIsFull(t *testing.T) {
	r := &rules.Resources{
		Ports:      []rules.Port{{Name: "wire0", Peer: 1}, {Name: "wire1", Peer: 0}},
		Interfaces: []rules.Interface{{ID: "eni-1", VLAN: rules.VLANAny}, {ID: "eni-2", Port: 1, VLAN: rules.VLANAny}},
		Filters:    []rules.Filter{{ID: "tmf-1", Rules: []rules.Rule{{Number: 1, Protocol: rules.ProtocolAny}}}},
	}
	s := compile(t, r)
	for _, c := range []struct {
		capacity pipeline.Capacity
		want     string
	}{
		{pipeline.Capacity{Sources: 1, Rules: 1}, "more than 1 sources: remove some first"},
		{pipeline.Capacity{Sources: 2}, "more than 0 rules: remove some first"},
	} {
		table := newSlotTable(c.capacity)
		if _, err := table.assign(s); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.capacity, err, c.want)
		}
	}
}
