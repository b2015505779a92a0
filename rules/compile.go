package rules

import (
	"cmp"
	"net/netip"
	"slices"
)

// Compile checks r and lays it out as a Snapshot. It is the last line before the data path: what
// it lets through, C may index without looking. CIDRs are masked; everything else is kept as it
// is. Compile never modifies r, and the Snapshot shares no memory with it that anybody could
// change. The error is one sentence that names the resource by Name (else by ID) and says what
// would be right; it describes the first fault found.
func Compile(r *Resources) (*Snapshot, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	s := &Snapshot{
		Ports:     slices.Clone(r.Ports),
		Exclude:   r.Exclude,
		Resolvers: slices.Clone(r.Resolvers),
		Targets:   slices.Clone(r.Targets),
	}
	s.layFilters(r.Filters)
	s.laySources(r.Interfaces, r.Sessions)
	return s, nil
}

// layFilters fills Filters, RuleSets and Rules. The Rules of a filter in the Snapshot are the
// run of Snapshot.Rules that its two sets cover, not a second copy.
func (s *Snapshot) layFilters(filters []Filter) {
	total := 0
	for i := range filters {
		total += len(filters[i].Rules)
	}
	// The capacity is exact, so that no append moves the array away from under the filters.
	s.Rules = make([]Rule, 0, total)
	s.Filters = slices.Clone(filters)
	s.RuleSets = make([]RuleSet, 0, Directions*len(filters))
	for i := range filters {
		begin := len(s.Rules)
		for d := Ingress; d < Directions; d++ {
			s.layRuleSet(i, d, filters[i].Rules)
		}
		end := len(s.Rules)
		s.Filters[i].Rules = s.Rules[begin:end:end]
	}
}

// layRuleSet appends the rules of one direction of a filter, lowest number first.
func (s *Snapshot) layRuleSet(filter int, d Direction, rules []Rule) {
	first := len(s.Rules)
	for i := range rules {
		if rules[i].Direction == d {
			s.Rules = append(s.Rules, cloneRule(&rules[i]))
		}
	}
	run := s.Rules[first:]
	slices.SortFunc(run, func(a, b Rule) int { return cmp.Compare(a.Number, b.Number) })
	s.RuleSets = append(s.RuleSets, RuleSet{Filter: filter, Direction: d, First: first, Count: len(run)})
}

// cloneRule copies a rule with what it points at, and masks its CIDRs.
func cloneRule(r *Rule) Rule {
	c := *r
	c.SrcPorts = cloneRange(r.SrcPorts)
	c.DstPorts = cloneRange(r.DstPorts)
	c.Source = maskPrefix(r.Source)
	c.Destination = maskPrefix(r.Destination)
	return c
}

func cloneRange(r *PortRange) *PortRange {
	if r == nil {
		return nil
	}
	c := *r
	return &c
}

func maskPrefix(p netip.Prefix) netip.Prefix {
	if !p.IsValid() {
		return netip.Prefix{}
	}
	return p.Masked()
}

// laySources fills Sources and Sessions: grouped by source, lowest number first.
func (s *Snapshot) laySources(interfaces []Interface, sessions []Session) {
	s.Sessions = make([]Entry, len(sessions))
	for i, session := range sessions {
		set := Directions * session.Filter
		s.Sessions[i] = Entry{Session: session, RuleSets: [Directions]int{set + int(Ingress), set + int(Egress)}}
	}
	slices.SortFunc(s.Sessions, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Number, b.Number))
	})
	s.Sources = make([]Source, len(interfaces))
	next := 0
	for i := range interfaces {
		first := next
		for next < len(s.Sessions) && s.Sessions[next].Source == i {
			next++
		}
		s.Sources[i] = Source{Interface: interfaces[i], First: first, Count: next - first}
	}
}
