package lcore

import (
	"slices"

	"mirrorgw/pipeline"
	"mirrorgw/rules"
)

// ruleSlots gives rules their slots. They belong to a compiled filter, whose memory in C refers
// to them; a later version of the filter (same filter ID) inherits those of the rules that it
// still has, so that their hits go on.
type ruleSlots struct {
	slotPool
	known  map[*rules.CompiledFilter]*filterSlots // in force and being prepared
	byID   map[string]*filterSlots                // in force, by filter ID
	force  filterList
	draft  filterList
	fresh  []*filterSlots // new in draft
	same   bool           // draft is what is in force
	rounds uint64
}

// filterList is the filters of a snapshot and their slots, in its order.
type filterList struct {
	filters []*rules.CompiledFilter
	entries []*filterSlots
	slots   []*pipeline.RuleSlots
}

// filterSlots are the slots of one compiled filter.
type filterSlots struct {
	filter *rules.CompiledFilter
	slots  *pipeline.RuleSlots
	round  uint64       // of the assignment that had it last
	heir   *filterSlots // being prepared: the next version, which has inherited slots
	fresh  []uint32     // being prepared: slots that are not inherited
	from   *filterSlots // being prepared: whose heir this is
}

func newRuleSlots(capacity int) ruleSlots {
	return ruleSlots{
		slotPool: slotPool{kind: "rules", capacity: capacity},
		known:    map[*rules.CompiledFilter]*filterSlots{},
		byID:     map[string]*filterSlots{},
	}
}

func (r *ruleSlots) assign(filters []*rules.CompiledFilter) ([]*pipeline.RuleSlots, error) {
	r.rounds++
	if slices.Equal(filters, r.force.filters) {
		r.same = true
		return r.force.slots, nil
	}
	r.same = false
	r.draft = filterList{filters, make([]*filterSlots, len(filters)), make([]*pipeline.RuleSlots, len(filters))}
	// First those that stay: only what nobody has any more can be inherited.
	for i, f := range filters {
		if entry := r.known[f]; entry != nil {
			entry.round = r.rounds
			r.draft.entries[i], r.draft.slots[i] = entry, entry.slots
		}
	}
	for i, f := range filters {
		if r.draft.entries[i] != nil {
			continue
		}
		entry, err := r.enter(f)
		if err != nil {
			return nil, err
		}
		r.draft.entries[i], r.draft.slots[i] = entry, entry.slots
	}
	return r.draft.slots, nil
}

// enter gives slots to a filter that is new.
func (r *ruleSlots) enter(f *rules.CompiledFilter) (*filterSlots, error) {
	if twice := r.known[f]; twice != nil {
		return twice, nil
	}
	entry := &filterSlots{filter: f, slots: &pipeline.RuleSlots{}, round: r.rounds}
	r.known[f] = entry
	r.fresh = append(r.fresh, entry)
	inherited := r.inherit(entry)
	for d, list := range f.Rules {
		entry.slots[d] = make([]uint32, len(list))
		for i := range list {
			slot, known := inherited[identityOf(&list[i])]
			delete(inherited, identityOf(&list[i])) // only once, should two rules have one ID
			if !known {
				var err error
				if slot, err = r.take(); err != nil {
					return nil, err
				}
				entry.fresh = append(entry.fresh, slot)
			}
			entry.slots[d][i] = slot
		}
	}
	return entry, nil
}

// inherit returns the slots of the version that this one replaces, by rule; each only once.
func (r *ruleSlots) inherit(entry *filterSlots) map[identity]uint32 {
	old := r.byID[entry.filter.ID]
	if entry.filter.ID == "" || old == nil || old.round == r.rounds || old.heir != nil {
		return nil
	}
	old.heir, entry.from = entry, old
	slots := make(map[identity]uint32, old.filter.Len())
	for d, list := range old.filter.Rules {
		for i := range list {
			slots[identityOf(&list[i])] = old.slots[d][i]
		}
	}
	return slots
}

// identity is what a rule is known by in its filter: its ID, or its place if it has none.
type identity struct {
	id        string
	direction rules.Direction
	number    int
}

func identityOf(r *rules.Rule) identity {
	if r.ID != "" {
		return identity{id: r.ID}
	}
	return identity{direction: r.Direction, number: r.Number}
}

// accept returns the slots of rules that are gone.
func (r *ruleSlots) accept() (gone []uint32) {
	if r.same {
		return nil
	}
	for _, entry := range r.force.entries {
		if entry.round == r.rounds {
			continue
		}
		entry.round = r.rounds // once, should the list have it twice
		delete(r.known, entry.filter)
		if r.byID[entry.filter.ID] == entry {
			delete(r.byID, entry.filter.ID)
		}
		gone = append(gone, entry.notInherited()...)
	}
	for _, entry := range r.fresh {
		r.byID[entry.filter.ID] = entry
		entry.from, entry.fresh = nil, nil
	}
	r.force, r.draft, r.fresh = r.draft, filterList{}, nil
	return gone
}

// notInherited returns the slots that the heir has not taken over.
func (e *filterSlots) notInherited() (slots []uint32) {
	taken := map[uint32]bool{}
	if e.heir != nil {
		for _, list := range e.heir.slots {
			for _, slot := range list {
				taken[slot] = true
			}
		}
	}
	for _, list := range e.slots {
		for _, slot := range list {
			if !taken[slot] {
				slots = append(slots, slot)
			}
		}
	}
	return slots
}

func (r *ruleSlots) refuse() {
	for _, entry := range r.fresh {
		delete(r.known, entry.filter)
		r.release(entry.fresh...)
		if entry.from != nil {
			entry.from.heir = nil
		}
	}
	r.draft, r.fresh = filterList{}, nil
}
