package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"fmt"

	"mirrorgw/rules"
)

// filterMemory is one compiled filter in C memory. Every program that has the filter shares it,
// so that a change lays out only the filters that it brings.
type filterMemory struct {
	filter *rules.CompiledFilter
	slots  *RuleSlots
	serial uint64                                 // no other memory of the layout ever has it
	sets   [rules.Directions]C.struct_mgw_ruleset // copied into rule tables
	arena  arena
	acls   []string // contexts held
	users  int      // rule tables; guarded by Layout.build
}

// newFilterMemory lays out both directions and both families of a filter.
func newFilterMemory(l *Layout, f *rules.CompiledFilter, slots *RuleSlots) (*filterMemory, error) {
	l.serials++
	m := &filterMemory{filter: f, slots: slots, serial: l.serials}
	for d := range m.sets {
		err := m.fill(l, &m.sets[d].v4, 4, f.Rules[d], slots[d])
		if err == nil {
			err = m.fill(l, &m.sets[d].v6, 6, f.Rules[d], slots[d])
		}
		if err != nil {
			m.free(l)
			return nil, fmt.Errorf("filter %s: %w", f.Name, err)
		}
	}
	return m, nil
}

// free returns the memory; no program may have the filter any more.
func (m *filterMemory) free(l *Layout) {
	for _, key := range m.acls {
		l.releaseACL(key)
	}
	m.acls = nil
	m.arena.free()
}

// fill chooses the engine for one family of one direction and fills it. No rules: no memory.
func (m *filterMemory) fill(l *Layout, out *C.struct_mgw_rules, family int, all []rules.Rule, slots []uint32) error {
	list, position := ofFamily(all, family)
	if len(list) == 0 {
		return nil
	}
	refs, err := newArray[C.uint32_t](&m.arena, len(list))
	if err != nil {
		return err
	}
	for i := range list {
		refs[i] = refOf(slots[position[i]], list[i])
	}
	out.refs = &refs[0]
	if l.wantsACL(len(list)) {
		if classes, fits := classesOf(list); fits {
			return m.fillACL(l, out, family, list, &classes)
		}
	}
	if family == 4 {
		return fillLinear4(&m.arena, out, list)
	}
	return fillLinear6(&m.arena, out, list)
}

// refOf is what the data path reads of a rule that decides.
func refOf(slot uint32, rule *rules.Rule) C.uint32_t {
	return C.uint32_t(slot<<1 | uint32(rule.Action))
}

func (m *filterMemory) fillACL(l *Layout, out *C.struct_mgw_rules, family int, list []*rules.Rule, classes *[256]uint8) error {
	key := contextKey(family, list)
	context, err := l.acquireACL(key, family, list, classes)
	if err != nil {
		return err
	}
	m.acls = append(m.acls, key)
	out.acl, out.acl_serial = context.context, context.serial
	out.acl_class = &context.classes[0]
	out.acl_class_tcp_ports, out.acl_class_udp_ports = classTCPPorts, classUDPPorts
	out.acl_class_unknown = classOther
	return nil
}
