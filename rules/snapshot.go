package rules

import "net/netip"

// Snapshot is a compiled configuration. It is immutable after Compile, so that any number of
// goroutines may read it, and flat, so that it can be laid out in C memory as it stands.
type Snapshot struct {
	Ports     []Port
	Exclude   Exclude
	Resolvers []netip.Addr
	Sources   []Source  // one per interface, same order as Resources.Interfaces
	Targets   []Target  // same order as Resources.Targets
	Filters   []Filter  // same order as Resources.Filters; Rules of each sorted by direction, number
	Sessions  []Entry   // grouped by source, ascending number within one source
	RuleSets  []RuleSet // two per filter: index is 2*filter + direction
	Rules     []Rule    // all rules of all sets; a set is a run of them, ascending number
}

// Source is an interface with the run of its sessions.
type Source struct {
	Interface
	First, Count int // Sessions[First : First+Count]
}

// Entry is a session ready to be evaluated.
type Entry struct {
	Session
	RuleSets [Directions]int // index in Snapshot.RuleSets
}

// RuleSet is what one filter says about one direction.
type RuleSet struct {
	Filter       int
	Direction    Direction
	First, Count int // Rules[First : First+Count]
}

// SessionsOf returns the sessions of a source, lowest number first.
func (s *Snapshot) SessionsOf(source int) []Entry {
	src := &s.Sources[source]
	return s.Sessions[src.First : src.First+src.Count]
}

// RulesOf returns the rules of a set, lowest number first.
func (s *Snapshot) RulesOf(set int) []Rule {
	rs := &s.RuleSets[set]
	return s.Rules[rs.First : rs.First+rs.Count]
}
