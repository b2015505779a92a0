package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"encoding/binary"
	"slices"

	"mirrorgw/rules"
)

// chain is the rules of several filters as one list, in the order in which the sessions of a source
// ask them: the first rule that matches is then that of the first session of which one matches.
// Programs share it as they share filters.
type chain struct {
	key   string
	sets  []C.struct_mgw_ruleset // by direction
	arena arena
	users int // programs; guarded by Layout.build
}

// maxChains bounds what the chains of a program cost, in memory and at a change. Sources beyond it
// have their sessions asked one after the other.
const maxChains = 256

// chainer finds out what the sessions of each source of a snapshot ask first. It is of no use after
// fillSources.
type chainer struct {
	program  *Program
	snapshot *rules.Snapshot
	known    map[string]*C.struct_mgw_ruleset // by indices of filters; nil: not to be joined
	indices  []byte                           // of the filters of the source before
	last     *C.struct_mgw_ruleset            // which it had
}

// rulesOf returns the chain of a source, or the rules of its first session alone: [Directions] of them.
// Called with the layout's build held.
func (c *chainer) rulesOf(source int) (*C.struct_mgw_ruleset, error) {
	sessions := c.snapshot.SessionsOf(source)
	if len(sessions) == 0 {
		return &c.program.rules.sets[0], nil // nobody asks
	}
	alone := &c.program.rules.sets[rules.Directions*sessions[0].Filter]
	if len(sessions) == 1 || len(sessions) > LinearMax {
		return alone, nil
	}
	joined, err := c.joined(sessions)
	if joined == nil {
		return alone, err
	}
	return joined, nil
}

// joined returns the chain of the filters of sessions; nil: there is none.
func (c *chainer) joined(sessions []rules.Session) (*C.struct_mgw_ruleset, error) {
	indices := make([]byte, 0, 64)
	for i := range sessions {
		indices = binary.NativeEndian.AppendUint32(indices, uint32(sessions[i].Filter))
	}
	if slices.Equal(indices, c.indices) {
		return c.last, nil
	}
	found, known := c.known[string(indices)]
	if !known && len(c.program.chains) < maxChains {
		made, err := c.program.acquireChain(sessions)
		if err != nil {
			return nil, err
		}
		if made != nil {
			found = &made.sets[0]
		}
		c.known[string(indices)] = found
	}
	c.indices, c.last = indices, found
	return found, nil
}

// acquireChain returns the chain of the filters of sessions, made if no program has it; nil if it
// would be too long. Called with the layout's build held.
func (p *Program) acquireChain(sessions []rules.Session) (*chain, error) {
	var entries []*filterMemory
	var key []byte
	for i := range sessions {
		entry := p.rules.entries[sessions[i].Filter]
		entries = append(entries, entry)
		key = binary.NativeEndian.AppendUint64(key, entry.serial)
	}
	l := p.layout
	made := l.chains[string(key)]
	if made == nil {
		if !l.canJoin(entries) {
			return nil, nil
		}
		made = &chain{key: string(key)}
		if err := made.fill(entries); err != nil {
			made.arena.free()
			return nil, err
		}
		if l.chains == nil {
			l.chains = map[string]*chain{}
		}
		l.chains[made.key] = made
	}
	made.users++
	p.chains = append(p.chains, made)
	return made, nil
}

// releaseChains lets go of a program's chains; the last user of each frees it.
func (l *Layout) releaseChains(chains []*chain) {
	l.build.Lock()
	defer l.build.Unlock()
	for _, c := range chains {
		if c.users--; c.users == 0 {
			delete(l.chains, c.key)
			c.arena.free()
		}
	}
}

// canJoin reports whether all rules of the filters together are few enough to be compared directly.
func (l *Layout) canJoin(entries []*filterMemory) bool {
	for d := range rules.Directions {
		for _, family := range []int{4, 6} {
			n := 0
			for _, entry := range entries {
				list, _ := ofFamily(entry.filter.Rules[d], family)
				if len(list) > 0 && l.wantsACL(len(list)) {
					return false
				}
				n += len(list)
			}
			if n > LinearMax {
				return false
			}
		}
	}
	return true
}

func (c *chain) fill(entries []*filterMemory) (err error) {
	if c.sets, err = newArray[C.struct_mgw_ruleset](&c.arena, rules.Directions); err != nil {
		return err
	}
	for d := range c.sets {
		if err = c.join(&c.sets[d].v4, 4, d, entries); err != nil {
			return err
		}
		if err = c.join(&c.sets[d].v6, 6, d, entries); err != nil {
			return err
		}
	}
	return nil
}

// join lays out the rules of one family and direction of all filters, one filter behind the other.
func (c *chain) join(out *C.struct_mgw_rules, family, d int, entries []*filterMemory) error {
	refs, err := newArray[C.uint32_t](&c.arena, LinearMax)
	if err != nil {
		return err
	}
	sessions, err := newArray[C.uint16_t](&c.arena, LinearMax)
	if err != nil {
		return err
	}
	var all []*rules.Rule
	for i, entry := range entries {
		list, position := ofFamily(entry.filter.Rules[d], family)
		for k, rule := range list {
			refs[len(all)] = refOf(entry.slots[d][position[k]], rule)
			sessions[len(all)] = C.uint16_t(i)
			all = append(all, rule)
		}
	}
	out.refs, out.sessions, out.n_sessions = &refs[0], &sessions[0], C.uint32_t(len(entries))
	if len(all) == 0 {
		return nil
	}
	if family == 4 {
		return fillLinear4(&c.arena, out, all)
	}
	return fillLinear6(&c.arena, out, all)
}
