package rules

import "net/netip"

// Snapshot is a compiled configuration. It is immutable after Assemble, so that any number of
// goroutines may read it. Snapshots share their filters: one that differs from another in a
// session costs nothing for the rules.
type Snapshot struct {
	Ports     []Port
	Exclude   Exclude
	Resolvers []netip.Addr
	Sources   []Source // one per interface, same order as Parts.Interfaces
	Targets   []Target // same order as Parts.Targets
	Filters   []*CompiledFilter
	Sessions  []Session // grouped by source, ascending number within one source
}

// Source is an interface with the run of its sessions.
type Source struct {
	Interface
	First, Count int // Sessions[First : First+Count]
}

// SessionsOf returns the sessions of a source, lowest number first.
func (s *Snapshot) SessionsOf(source int) []Session {
	src := &s.Sources[source]
	return s.Sessions[src.First : src.First+src.Count]
}

// RulesOf returns what a session's filter says about one direction, lowest number first. A
// Verdict's Rule is an index in it.
func (s *Snapshot) RulesOf(session int, d Direction) []Rule {
	return s.Filters[s.Sessions[session].Filter].Rules[d]
}
