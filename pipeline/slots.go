package pipeline

import "mirrorgw/rules"

// RuleSlots are the counters of one compiled filter's rules, by direction and index. They must
// not change while any program has the filter: its memory in C refers to them.
type RuleSlots [rules.Directions][]uint32

// Slots say where the counters of a snapshot's sources, sessions and rules, and the token buckets of
// sessions and targets, are kept. They outlive
// programs, so that a resource keeps its counters when something else changes.
type Slots struct {
	Sources, Sessions []uint32     // by index in the snapshot
	Filters           []*RuleSlots // by index in Snapshot.Filters; one pointer for one compiled filter
	Targets           []uint32     // of those with a limit, in the order of Snapshot.LimitedTargets
}

// IdentitySlots numbers everything as the snapshot does; rules filter by filter, ingress first.
func IdentitySlots(s *rules.Snapshot) Slots {
	next := uint32(0)
	count := func(n int) []uint32 {
		slots := make([]uint32, n)
		for i := range slots {
			slots[i], next = next, next+1
		}
		return slots
	}
	slots := Slots{Sources: count(len(s.Sources))}
	next = 0
	slots.Sessions = count(len(s.Sessions))
	next = 0
	slots.Targets = count(len(s.LimitedTargets()))
	next = 0
	known := map[*rules.CompiledFilter]*RuleSlots{}
	for _, f := range s.Filters {
		if known[f] == nil {
			known[f] = &RuleSlots{count(len(f.Rules[rules.Ingress])), count(len(f.Rules[rules.Egress]))}
		}
		slots.Filters = append(slots.Filters, known[f])
	}
	return slots
}
