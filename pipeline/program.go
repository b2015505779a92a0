package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"fmt"
	"unsafe"

	"mirrorgw/rules"
)

// Limits of a program.
const (
	MaxPorts     = C.MGW_MAX_PORTS
	MaxTunnels   = C.MGW_MAX_TUNNELS
	MaxResolvers = C.MGW_MAX_RESOLVERS
)

// Program is a snapshot laid out in C memory. The caller publishes Pointer to the lcores and
// calls Free once none of them uses it.
type Program struct {
	arena   arena
	layout  *Layout
	c       *C.struct_mgw_program
	rules   *ruleTable   // shared
	sources *sourceTable // shared
	places  *places      // shared
	chains  []*chain     // shared

	balancers map[BalancerKey]*balancer // shared
}

// NewProgram lays out a snapshot. Everything that can fail fails here, before anything is in
// force; on error nothing is left behind.
func NewProgram(s *rules.Snapshot, layout *Layout, slots Slots, generation uint64) (*Program, error) {
	p := &Program{layout: layout}
	if err := p.fill(s, slots, generation); err != nil {
		p.Free()
		return nil, err
	}
	return p, nil
}

// Pointer is the struct mgw_program.
func (p *Program) Pointer() unsafe.Pointer { return unsafe.Pointer(p.c) }

// Free returns all memory. No lcore may be able to reach the program any more.
func (p *Program) Free() {
	p.layout.releaseChains(p.chains)
	if p.rules != nil {
		p.layout.releaseRules(p.rules)
	}
	if p.sources != nil {
		p.layout.releaseSources(p.sources)
	}
	if p.places != nil {
		p.layout.releasePlaces(p.places)
	}
	p.layout.releaseBalancers(p.balancers)
	p.chains, p.rules, p.sources, p.places, p.balancers = nil, nil, nil, nil, nil
	p.arena.free()
	p.c = nil
}

func (p *Program) fill(s *rules.Snapshot, slots Slots, generation uint64) error {
	if len(s.Ports) > MaxPorts {
		return fmt.Errorf("%d ports are more than a gateway can have: at most %d", len(s.Ports), MaxPorts)
	}
	memory, err := newArray[C.struct_mgw_program](&p.arena, 1)
	if err != nil {
		return err
	}
	p.c = &memory[0]
	p.c.generation = C.uint64_t(generation)
	p.c.exclude = excludeBits(s.Exclude)
	for _, step := range []func() error{
		func() error { return p.fillResolvers(s) },
		func() error { return p.fillPorts(s, slots.Sources) },
		func() error { return p.fillRules(s, slots.Filters) },
		func() error { return p.fillSources(s) },
		func() error { return p.fillPlaces(s) },
		func() error { return p.fillSessions(s, slots.Sessions, slots.Targets) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func excludeBits(e rules.Exclude) (bits C.uint32_t) {
	for exclusion, on := range map[rules.Exclusion]bool{
		rules.ExcludedARP:               e.ARP,
		rules.ExcludedDHCP:              e.DHCP,
		rules.ExcludedMetadata:          e.Metadata,
		rules.ExcludedNTP:               e.NTP,
		rules.ExcludedWindowsActivation: e.WindowsActivation,
	} {
		if on {
			bits |= 1 << exclusion
		}
	}
	return bits
}

func (p *Program) fillResolvers(s *rules.Snapshot) error {
	if len(s.Resolvers) > MaxResolvers {
		return fmt.Errorf("dns_resolvers has %d addresses: at most %d are possible", len(s.Resolvers), MaxResolvers)
	}
	p.c.n_resolvers = C.uint32_t(len(s.Resolvers))
	for i, address := range s.Resolvers {
		r := &p.c.resolvers[i]
		r.family = 6
		if address.Is4() {
			r.family = 4
		}
		for at, b := range address.AsSlice() {
			r.address[at] = C.uint8_t(b)
		}
	}
	return nil
}

// fillPorts gives each port the sources that see what it receives: those on the port itself by
// source MAC, and by destination MAC those on the port through which the frame leaves.
func (p *Program) fillPorts(s *rules.Snapshot, slots []uint32) error {
	tables, err := p.layout.acquireSources(s, slots)
	if err != nil {
		return err
	}
	p.sources = tables
	for i, port := range s.Ports {
		out := &p.c.ports[i]
		leaves := port.Peer
		if port.Role == rules.RoleTap {
			leaves = i // a tap sees both directions of the same sources
		}
		out.egress = tables.ports[i]
		out.ingress.whole_port.source = C.MGW_NONE
		if leaves != rules.NoPeer {
			out.ingress = tables.ports[leaves]
		}
		out.any = out.egress.any | out.ingress.any
		if i < len(p.layout.OwnCopies) && p.layout.OwnCopies[i] {
			out.own_copies = 1
		}
		if i < len(p.layout.SendFirst) && p.layout.SendFirst[i] {
			out.sends_first = 1
		}
		if i < len(p.layout.Repair) {
			out.repair = C.uint8_t(p.layout.Repair[i])
		}
	}
	return nil
}

// scatteredSources is about how many sources fit into a first-level cache with their tables and
// counters; beyond, the stages fetch ahead, below that costs more than it saves.
const scatteredSources = 64

func (p *Program) fillSources(s *rules.Snapshot) error {
	sources, err := newArray[C.struct_mgw_source](&p.arena, len(s.Sources))
	if err != nil {
		return err
	}
	p.layout.build.Lock()
	defer p.layout.build.Unlock()
	chains := chainer{program: p, snapshot: s, known: map[string]*C.struct_mgw_ruleset{}}
	for i := range s.Sources {
		sources[i].first = C.uint32_t(s.Sources[i].First)
		sources[i].count = C.uint32_t(s.Sources[i].Count)
		if sources[i].rules, err = chains.rulesOf(i); err != nil {
			return err
		}
	}
	p.c.sources = &sources[0]
	if len(s.Sources) > scatteredSources || p.layout.Scattered {
		p.c.scattered = 1
	}
	return nil
}

func (p *Program) fillRules(s *rules.Snapshot, slots []*RuleSlots) error {
	table, err := p.layout.acquireRules(s, slots)
	if err != nil {
		return err
	}
	p.rules = table
	p.c.rulesets = &table.sets[0]
	return nil
}

func (p *Program) fillPlaces(s *rules.Snapshot) (err error) {
	for i, tunnel := range p.layout.Tunnels {
		p.c.tunnel_ports[i] = C.uint16_t(tunnel.Port)
	}
	if p.places, err = p.layout.acquirePlaces(s.Targets); err != nil {
		return err
	}
	p.c.destinations = p.places.known.c
	return nil
}

func cBool(b bool) C.uint8_t {
	if b {
		return 1
	}
	return 0
}
