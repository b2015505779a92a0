package lcore

import (
	"fmt"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// slotTable gives each resource the place of its counters for as long as it exists.
//
// A change comes in two steps: assign gives slots to what is new, and then either accept makes
// the new snapshot the one in force and says which slots are given up, or refuse forgets it. Slots
// that were given up come back with release, once no lcore can count in them and their counters
// have been cleared. Until then the old and the new need room side by side: see DefaultCapacity.
type slotTable struct {
	sources, sessions allocator
	targets           allocator // those with a limit
	rules             ruleSlots
}

func newSlotTable(c pipeline.Capacity) slotTable {
	return slotTable{
		sources:  newAllocator("sources", c.Sources),
		sessions: newAllocator("sessions", c.Sessions),
		targets:  newAllocator("targets with a limit", c.Targets),
		rules:    newRuleSlots(c.Rules),
	}
}

// assign returns the slots of a snapshot; resources that are new get fresh ones. The caller goes
// on with accept or refuse, and with refuse after an error.
func (t *slotTable) assign(s *rules.Snapshot) (slots pipeline.Slots, err error) {
	if slots.Sources, err = t.sources.assign(len(s.Sources), func(i int) string { return s.Sources[i].ID }); err != nil {
		return slots, err
	}
	if slots.Sessions, err = t.sessions.assign(len(s.Sessions), func(i int) string { return s.Sessions[i].ID }); err != nil {
		return slots, err
	}
	limited := s.LimitedTargets()
	if slots.Targets, err = t.targets.assign(len(limited), func(i int) string { return s.Targets[limited[i]].ID }); err != nil {
		return slots, err
	}
	slots.Filters, err = t.rules.assign(s.Filters)
	return slots, err
}

// given is what a change gives up: indices in the snapshot before it, targets among those with a limit,
// and slots of rules.
type given struct {
	sources, sessions, targets []int
	rules                      []uint32
}

func (t *slotTable) accept() given {
	return given{sources: t.sources.accept(), sessions: t.sessions.accept(), targets: t.targets.accept(), rules: t.rules.accept()}
}

func (t *slotTable) refuse() {
	t.sources.refuse()
	t.sessions.refuse()
	t.targets.refuse()
	t.rules.refuse()
}

// slotPool hands out numbers below capacity.
type slotPool struct {
	kind     string
	capacity int
	free     []uint32
	next     uint32 // first slot never used
	touched  uint32 // first slot whose counters have never been written
}

func (p *slotPool) take() (uint32, error) {
	if n := len(p.free); n > 0 {
		slot := p.free[n-1]
		p.free = p.free[:n-1]
		return slot, nil
	}
	if int(p.next) >= p.capacity {
		return 0, fmt.Errorf("more than %d %s: remove some first", p.capacity, p.kind)
	}
	p.next++
	return p.next - 1, nil
}

// unused returns the slots that have been handed out for the first time since it was last asked.
func (p *slotPool) unused() (first, end uint32) {
	first, p.touched = p.touched, p.next
	return first, p.next
}

// release takes back slots whose counters are zero.
func (p *slotPool) release(slots ...uint32) { p.free = append(p.free, slots...) }

// allocator hands out slots by resource ID. Most IDs of a snapshot stand where they stood in the
// one before, so it walks along that one and asks the map only about the rest.
type allocator struct {
	slotPool
	byID   map[string]uint32
	force  assignment // in force
	draft  assignment // being prepared
	round  []uint64   // by slot: the assignment that had it last
	rounds uint64
	fresh  []string // IDs that are new in draft
}

// assignment is which slot each resource of a snapshot has. The IDs stay where they are.
type assignment struct {
	id    func(int) string
	slots []uint32
}

func newAllocator(kind string, capacity int) allocator {
	return allocator{slotPool: slotPool{kind: kind, capacity: capacity}, byID: map[string]uint32{}}
}

func (a *allocator) assign(n int, id func(int) string) ([]uint32, error) {
	a.draft = assignment{id, make([]uint32, n)}
	a.rounds++
	at := 0
	for i := range n {
		id := id(i)
		slot, found := a.force.slot(&at, id)
		if !found {
			var err error
			if slot, err = a.lookup(id); err != nil {
				return nil, err
			}
		}
		a.round[slot] = a.rounds
		a.draft.slots[i] = slot
	}
	return a.draft.slots, nil
}

// slot finds an ID that comes next, or after one that went; not found does not say that it is
// not there.
func (l *assignment) slot(at *int, id string) (uint32, bool) {
	for i := *at; i < min(*at+2, len(l.slots)); i++ {
		if l.id(i) == id {
			*at = i + 1
			return l.slots[i], true
		}
	}
	return 0, false
}

// lookup returns the slot of an ID, a new one if it has none.
func (a *allocator) lookup(id string) (uint32, error) {
	if slot, known := a.byID[id]; known {
		return slot, nil
	}
	slot, err := a.take()
	if err != nil {
		return 0, err
	}
	a.byID[id] = slot
	a.fresh = append(a.fresh, id)
	for int(slot) >= len(a.round) {
		a.round = append(a.round, 0)
	}
	return slot, nil
}

// accept returns the indices, in the snapshot that was in force, of resources that are gone.
func (a *allocator) accept() (gone []int) {
	for i, slot := range a.force.slots {
		if a.round[slot] == a.rounds {
			continue
		}
		a.round[slot] = a.rounds // once, should two have had one ID
		delete(a.byID, a.force.id(i))
		gone = append(gone, i)
	}
	a.force, a.draft, a.fresh = a.draft, assignment{}, nil
	return gone
}

func (a *allocator) refuse() {
	for _, id := range a.fresh {
		a.release(a.byID[id])
		delete(a.byID, id)
	}
	a.draft, a.fresh = assignment{}, nil
}
