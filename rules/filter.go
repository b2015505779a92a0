package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// CompiledFilter is a filter ready to be evaluated: checked, its rules sorted by number, its CIDRs
// masked. It is immutable, so that every Snapshot that has the filter shares it; what a later
// stage derives from it may be kept for as long as the pointer lives.
type CompiledFilter struct {
	ID, Name  string
	AmazonDNS bool               // network service amazon-dns
	Rules     [Directions][]Rule // ascending number
}

// Len returns the number of rules of both directions.
func (f *CompiledFilter) Len() int { return len(f.Rules[Ingress]) + len(f.Rules[Egress]) }

// CompileFilter checks a filter and compiles it. It never modifies f and shares no memory with it
// that anybody could change. The error is one sentence that names the filter and the rule.
func CompileFilter(f *Filter) (*CompiledFilter, error) { return compileFilter(f, 0) }

// compileFilter does it for the filter with an index among others, by which an error names a
// filter that has neither name nor ID.
func compileFilter(f *Filter, index int) (*CompiledFilter, error) {
	if len(f.Rules) > MaxRulesFilter {
		return nil, fmt.Errorf("%s has %d rules; the engine takes at most %d in one filter",
			label("filter", f.Name, f.ID, index), len(f.Rules), MaxRulesFilter)
	}
	for i := range f.Rules {
		if err := checkRule(&f.Rules[i]); err != nil {
			return nil, fmt.Errorf("%s: %s %w", label("filter", f.Name, f.ID, index), ruleLabel(&f.Rules[i]), err)
		}
	}
	c := &CompiledFilter{ID: f.ID, Name: f.Name, AmazonDNS: f.AmazonDNS}
	for d := range c.Rules {
		c.Rules[d] = sortedRules(f.Rules, Direction(d))
		if twice := repeatedNumber(c.Rules[d]); twice != nil {
			return nil, fmt.Errorf("%s: %s has a number that another %s rule has; numbers must be unique in a direction",
				label("filter", f.Name, f.ID, index), ruleLabel(twice), Direction(d))
		}
	}
	return c, nil
}

// sortedRules copies the rules of one direction, lowest number first.
func sortedRules(rules []Rule, d Direction) []Rule {
	n := 0
	for i := range rules {
		if rules[i].Direction == d {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	sorted := make([]Rule, 0, n)
	for i := range rules {
		if rules[i].Direction == d {
			sorted = append(sorted, cloneRule(&rules[i]))
		}
	}
	slices.SortStableFunc(sorted, func(a, b Rule) int { return cmp.Compare(a.Number, b.Number) })
	return sorted
}

// repeatedNumber returns a rule whose number an earlier one has, nil if there is none.
func repeatedNumber(sorted []Rule) *Rule {
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Number == sorted[i-1].Number {
			return &sorted[i]
		}
	}
	return nil
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
