package pipeline

/*
#include "program.h"
*/
import "C"

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
func ofFamily(list []rules.Rule, family int) (picked []rules.Rule, position []int) {
	for i := range list {
		r := &list[i]
		if covers(r.Source, family) && covers(r.Destination, family) {
			picked = append(picked, *r)
			position = append(position, i)
		}
	}
	return picked, position
}

// covers reports whether an address of the family can lie in prefix; the zero prefix covers all.
func covers(prefix netip.Prefix, family int) bool {
	return !prefix.IsValid() || prefix.Addr().Is4() == (family == 4)
}

// fillRuleSets lays out every rule set of the snapshot.
func (p *Program) fillRuleSets(s *rules.Snapshot, layout *Layout, slots []uint32) error {
	sets, err := newArray[C.struct_mgw_ruleset](&p.arena, len(s.RuleSets))
	if err != nil {
		return err
	}
	p.c.rulesets = &sets[0]
	for i := range s.RuleSets {
		first := s.RuleSets[i].First
		for family, out := range map[int]*C.struct_mgw_rules{4: &sets[i].v4, 6: &sets[i].v6} {
			if err := p.fillRules(out, family, s.RulesOf(i), slots[first:], layout); err != nil {
				return fmt.Errorf("filter %s: %w", s.Filters[s.RuleSets[i].Filter].Name, err)
			}
		}
	}
	return nil
}

// fillRules chooses the engine for one family of one rule set and fills it.
func (p *Program) fillRules(out *C.struct_mgw_rules, family int, all []rules.Rule, slots []uint32, layout *Layout) error {
	list, position := ofFamily(all, family)
	refs, err := newArray[C.uint32_t](&p.arena, len(list))
	if err != nil {
		return err
	}
	for i := range list {
		refs[i] = C.uint32_t(slots[position[i]]<<1 | uint32(list[i].Action))
	}
	out.refs = &refs[0]
	classes, fits := classesOf(list)
	if len(list) > 0 && fits && layout.wantsACL(len(list)) {
		return p.fillACL(out, family, list, &classes, layout)
	}
	if family == 4 {
		return p.fillLinear4(out, list)
	}
	return p.fillLinear6(out, list)
}

func (p *Program) fillACL(out *C.struct_mgw_rules, family int, list []rules.Rule, classes *[256]uint8, layout *Layout) error {
	context, err := layout.acquireACL(family, list, classes)
	if err != nil {
		return err
	}
	p.acls = append(p.acls, contextKey(family, list))
	out.acl = context.context
	out.acl_class = &context.classes[0]
	out.acl_class_tcp_ports, out.acl_class_udp_ports = classTCPPorts, classUDPPorts
	out.acl_class_unknown = classOther
	return nil
}

// contextKey is equal for rule lists that an rte_acl context cannot tell apart.
func contextKey(family int, list []rules.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", family)
	for i := range list {
		r := &list[i]
		sf, sl := portsOf(r.SrcPorts)
		df, dl := portsOf(r.DstPorts)
		fmt.Fprintf(&b, "|%d %v %v %v %d-%d %d-%d", r.Protocol, r.HasPorts(), r.Source, r.Destination, sf, sl, df, dl)
	}
	return b.String()
}
