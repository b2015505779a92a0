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

func (a *allocator) give(ids ...string) ([]uint32, error) {
	return a.assign(len(ids), func(i int) string { return ids[i] })
}

// gone is what accept says, as slots.
func (a *allocator) gone() (slots []uint32) {
	before := a.force
	for _, i := range a.accept() {
		slots = append(slots, before.slots[i])
	}
	return slots
}

func TestAllocator(t *testing.T) {
	a := newAllocator("sessions", 3)
	first, err := a.give("a", "b", "c")
	if err != nil || !slices.Equal(first, []uint32{0, 1, 2}) || len(a.gone()) != 0 {
		t.Fatalf("%v, %v", first, err)
	}
	if _, err := a.give("d"); err == nil || err.Error() != "more than 3 sessions: remove some first" {
		t.Errorf("a fourth of 3 sessions: %v", err)
	}
	a.refuse()
	if same, err := a.give("a", "c"); err != nil || !slices.Equal(same, []uint32{0, 2}) {
		t.Errorf("%v, %v; a and c keep theirs", same, err)
	}
	if gone := a.gone(); !slices.Equal(gone, []uint32{1}) {
		t.Errorf("slots %v are given up, want that of b", gone)
	}
	if _, err := a.give("c", "d", "a"); err == nil {
		t.Error("d got a slot in which an lcore may still count")
	}
	a.refuse()
	a.release(1)
	again, err := a.give("c", "d", "a")
	if err != nil || !slices.Equal(again, []uint32{2, 1, 0}) || len(a.gone()) != 0 {
		t.Errorf("%v, %v; c and a keep theirs, d gets b's", again, err)
	}
}

// holding is what a model of the allocator knows: who has which slot.
type holding map[string]uint32

var someIDs = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
	return fmt.Sprintf("tms-%d", rapid.IntRange(0, 30).Draw(t, "n"))
}), 0, 14, rapid.ID[string])

// TestAllocatorProperties drives it as changes do: assign, then accept or refuse; slots that were
// given up come back now or, when an lcore is stalled, later.
func TestAllocatorProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(0, 30).Draw(t, "capacity")
		a := newAllocator("sessions", capacity)
		held, stalled := holding{}, []uint32{}
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			ids := someIDs.Draw(t, "ids")
			slots, err := a.give(ids...)
			if fits := held.with(ids)+len(stalled) <= capacity; fits != (err == nil) {
				t.Fatalf("%d IDs and %d stalled in %d slots: %v", held.with(ids), len(stalled), capacity, err)
			}
			if err != nil || rapid.Bool().Draw(t, "discarded") {
				a.refuse()
				checkHeld(t, &a, held, stalled)
				continue
			}
			next := holding{}
			for i, id := range ids {
				if slot, known := held[id]; known && slot != slots[i] {
					t.Fatalf("%s moved from slot %d to %d", id, slot, slots[i])
				}
				next[id] = slots[i]
			}
			gone := a.gone()
			checkGone(t, held, next, gone)
			held, stalled = next, append(stalled, gone...)
			if rapid.Bool().Draw(t, "seen") {
				a.release(stalled...)
				stalled = nil
			}
			checkHeld(t, &a, held, stalled)
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
func checkHeld(t *rapid.T, a *allocator, held holding, stalled []uint32) {
	if !maps.Equal(a.byID, held) {
		t.Fatalf("the allocator has %v, want %v", a.byID, held)
	}
	seen := map[uint32]string{}
	take := func(id string, slot uint32) {
		if other, twice := seen[slot]; twice || int(slot) >= a.capacity {
			t.Fatalf("slot %d of %d: %s and %s", slot, a.capacity, id, other)
		}
		seen[slot] = id
	}
	for id, slot := range held {
		take(id, slot)
	}
	for _, slot := range a.free {
		take("nobody", slot)
	}
	for _, slot := range stalled {
		take("a stalled lcore", slot)
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

// TestReplacingEverything: as many sessions as there can be, all of them others than before.
func TestReplacingEverything(t *testing.T) {
	a := newAllocator("sessions", DefaultCapacity.Sessions)
	for round := range 3 {
		_, err := a.assign(rules.MaxSessions, func(i int) string { return fmt.Sprintf("tms-%d-%d", round, i) })
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		a.release(a.gone()...)
	}
	if n := taken(&a.slotPool); n != rules.MaxSessions {
		t.Errorf("%d slots are taken by %d sessions", n, rules.MaxSessions)
	}
}
