package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"slices"

	"mirrorgw/rules"
)

// ruleTable is the array of rule sets of a list of filters: index is 2*filter + direction.
// Programs with the same filters share it, so that a change of anything else costs nothing here.
type ruleTable struct {
	filters []*rules.CompiledFilter
	slots   []*RuleSlots
	entries []*filterMemory // same order
	sets    []C.struct_mgw_ruleset
	arena   arena
	users   int // programs; guarded by Layout.build
}

// acquireRules returns the table of a snapshot's filters. What the table made last has is taken
// from there, so that the time grows with the number of filters and with the rules that are new.
func (l *Layout) acquireRules(s *rules.Snapshot, slots []*RuleSlots) (*ruleTable, error) {
	l.build.Lock()
	defer l.build.Unlock()
	if l.lastRules != nil && slices.Equal(l.lastRules.filters, s.Filters) && slices.Equal(l.lastRules.slots, slots) {
		l.lastRules.users++
		return l.lastRules, nil
	}
	t := &ruleTable{filters: s.Filters, slots: slots, users: 1}
	if err := t.fill(l); err != nil {
		l.dropRules(t)
		return nil, err
	}
	l.lastRules = t
	return t, nil
}

func (t *ruleTable) fill(l *Layout) (err error) {
	if t.sets, err = newArray[C.struct_mgw_ruleset](&t.arena, rules.Directions*len(t.filters)); err != nil {
		return err
	}
	t.entries = make([]*filterMemory, 0, len(t.filters))
	like := l.lastRules.cursor()
	for i, f := range t.filters {
		entry := like.next(f, t.slots[i])
		if entry == nil {
			if entry, err = l.filterMemory(f, t.slots[i]); err != nil {
				return err
			}
		}
		entry.users++
		t.entries = append(t.entries, entry)
		copy(t.sets[rules.Directions*i:], entry.sets[:])
	}
	return nil
}

// cursor walks along a table whose filters are nearly those of another.
type cursor struct {
	entries []*filterMemory
	at      int
}

func (t *ruleTable) cursor() *cursor {
	if t == nil {
		return &cursor{}
	}
	return &cursor{entries: t.entries}
}

// next returns the memory of f with these slots if it comes next, or after one filter that went or
// before one that came; nil does not say that there is none.
func (c *cursor) next(f *rules.CompiledFilter, slots *RuleSlots) *filterMemory {
	for step := range 2 {
		if at := c.at + step; at < len(c.entries) && c.entries[at].filter == f && c.entries[at].slots == slots {
			c.at = at + 1
			return c.entries[at]
		}
	}
	return nil
}

// countedFilter is a filter that counts in certain slots. A filter that came back while a program that
// had it before is still in use has other slots than there.
type countedFilter struct {
	filter *rules.CompiledFilter
	slots  *RuleSlots
}

// filterMemory finds or makes the memory of a filter. Called with build held.
func (l *Layout) filterMemory(f *rules.CompiledFilter, slots *RuleSlots) (*filterMemory, error) {
	if known := l.filters[countedFilter{f, slots}]; known != nil {
		return known, nil
	}
	made, err := newFilterMemory(l, f, slots)
	if err != nil {
		return nil, err
	}
	if l.filters == nil {
		l.filters = map[countedFilter]*filterMemory{}
	}
	l.filters[countedFilter{f, slots}] = made
	return made, nil
}

// releaseRules lets go of a table; the last user frees it.
func (l *Layout) releaseRules(t *ruleTable) {
	l.build.Lock()
	defer l.build.Unlock()
	if t.users--; t.users == 0 {
		l.dropRules(t)
	}
}

// dropRules frees a table and what nobody else has of it. Called with build held.
func (l *Layout) dropRules(t *ruleTable) {
	for _, entry := range t.entries {
		if entry.users--; entry.users == 0 {
			delete(l.filters, countedFilter{entry.filter, entry.slots})
			entry.free(l)
		}
	}
	t.arena.free()
	if l.lastRules == t {
		l.lastRules = nil
	}
}
