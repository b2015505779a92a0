package lcore

import (
	"fmt"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// slotTable gives each resource the place of its counters for as long as it exists.
type slotTable struct {
	sources, sessions, rules allocator
}

// allocator hands out slots by resource ID.
type allocator struct {
	kind     string
	capacity int
	byID     map[string]uint32
	free     []uint32
	next     uint32 // first slot never used
}

func newSlotTable(c pipeline.Capacity) slotTable {
	table := func(kind string, capacity int) allocator {
		return allocator{kind: kind, capacity: capacity, byID: map[string]uint32{}}
	}
	return slotTable{table("sources", c.Sources), table("sessions", c.Sessions), table("rules", c.Rules)}
}

// identities are the keys under which a snapshot's resources keep their slots.
func identities(s *rules.Snapshot) (sources, sessions, ruleIDs []string) {
	for i := range s.Sources {
		sources = append(sources, s.Sources[i].ID)
	}
	for i := range s.Sessions {
		sessions = append(sessions, s.Sessions[i].ID)
	}
	ruleIDs = make([]string, len(s.Rules))
	for _, set := range s.RuleSets {
		for i := set.First; i < set.First+set.Count; i++ {
			ruleIDs[i] = ruleIdentity(s.Filters[set.Filter].ID, &s.Rules[i])
		}
	}
	return sources, sessions, ruleIDs
}

// ruleIdentity is the rule's ID, or its place in its filter if it has none.
func ruleIdentity(filter string, r *rules.Rule) string {
	if r.ID != "" {
		return r.ID
	}
	return fmt.Sprintf("%s/%v/%d", filter, r.Direction, r.Number)
}

// assign returns the slots of a snapshot; resources that are new get fresh ones. On error the
// caller calls keepOnly with the snapshot in force.
func (t *slotTable) assign(s *rules.Snapshot) (slots pipeline.Slots, err error) {
	sources, sessions, ruleIDs := identities(s)
	if slots.Sources, err = t.sources.assign(sources); err != nil {
		return slots, err
	}
	if slots.Sessions, err = t.sessions.assign(sessions); err != nil {
		return slots, err
	}
	slots.Rules, err = t.rules.assign(ruleIDs)
	return slots, err
}

// keepOnly forgets every resource that the snapshot does not have and returns their slots.
func (t *slotTable) keepOnly(s *rules.Snapshot) (gone pipeline.Slots) {
	sources, sessions, ruleIDs := identities(s)
	return pipeline.Slots{
		Sources:  t.sources.keepOnly(sources),
		Sessions: t.sessions.keepOnly(sessions),
		Rules:    t.rules.keepOnly(ruleIDs),
	}
}

func (a *allocator) assign(ids []string) ([]uint32, error) {
	slots := make([]uint32, len(ids))
	for i, id := range ids {
		slot, err := a.slot(id)
		if err != nil {
			return nil, err
		}
		slots[i] = slot
	}
	return slots, nil
}

func (a *allocator) slot(id string) (uint32, error) {
	if slot, known := a.byID[id]; known {
		return slot, nil
	}
	var slot uint32
	switch n := len(a.free); {
	case n > 0:
		slot, a.free = a.free[n-1], a.free[:n-1]
	case int(a.next) < a.capacity:
		slot = a.next
		a.next++
	default:
		return 0, fmt.Errorf("more than %d %s: remove some first", a.capacity, a.kind)
	}
	a.byID[id] = slot
	return slot, nil
}

func (a *allocator) keepOnly(ids []string) (gone []uint32) {
	kept := make(map[string]bool, len(ids))
	for _, id := range ids {
		kept[id] = true
	}
	for id, slot := range a.byID {
		if !kept[id] {
			gone = append(gone, slot)
			delete(a.byID, id)
		}
	}
	a.free = append(a.free, gone...)
	return gone
}
