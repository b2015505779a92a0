package pipeline

import (
	"fmt"
	"net/netip"
	"strings"

	"mirrorgw/rules"
)

// Engine says how a rule set is searched.
type Engine int

// The two engines, and the choice between them by length.
const (
	EngineAuto   Engine = iota // linear up to LinearMax rules of one family
	EngineLinear               // compare with blocks of rules, one after the other
	EngineACL                  // rte_acl
)

// LinearMax is the number of rules of one family up to which comparing them is faster than
// rte_acl, or nearly so, and costs nothing to build. Measured by BenchmarkMatch.
const LinearMax = 64

// ofFamily picks the rules that can match packets of one family, in order.
func ofFamily(list []rules.Rule, family int) (picked []*rules.Rule, position []int) {
	for i := range list {
		r := &list[i]
		if covers(r.Source, family) && covers(r.Destination, family) {
			picked = append(picked, r)
			position = append(position, i)
		}
	}
	return picked, position
}

// covers reports whether an address of the family can lie in prefix; the zero prefix covers all.
func covers(prefix netip.Prefix, family int) bool {
	return !prefix.IsValid() || prefix.Addr().Is4() == (family == 4)
}

// contextKey is equal for rule lists that an rte_acl context cannot tell apart.
func contextKey(family int, list []*rules.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", family)
	for _, r := range list {
		sf, sl := portsOf(r.SrcPorts)
		df, dl := portsOf(r.DstPorts)
		fmt.Fprintf(&b, "|%d %v %v %v %d-%d %d-%d", r.Protocol, r.HasPorts(), r.Source, r.Destination, sf, sl, df, dl)
	}
	return b.String()
}
