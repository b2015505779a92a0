package pipeline

/*
#include "names.h"
#include "totals.h"
*/
import "C"

import (
	"unsafe"

	"mirrorgw/rules"
)

// Count is a number of packets and their original bytes, before truncation, without FCS.
type Count struct{ Packets, Bytes uint64 }

func (c *Count) add(o Count) {
	c.Packets += o.Packets
	c.Bytes += o.Bytes
}

// Reasons maps the name of a reason to how often it was the reason; zero counts are left out.
type Reasons map[string]uint64

// CountsByReason is Reasons with bytes.
type CountsByReason map[string]Count

// PortCounters is what one port did, summed over lcores.
type PortCounters struct {
	Rx, Forwarded, Copies Count
	Consumed              Count  // received and taken in: they were for us
	Originated            Count  // frames of our own that the port took
	OriginateFailed       uint64 // and those that it refused
	Observed              uint64 // frames of a tap, looked at and freed
	Dropped               CountsByReason
	Ignored               Reasons // on a wire or tap: consumed, forwarded or observed all the same
	Unclassified          Reasons
	Fragments             Reasons // other than first, by what became of them, once per source that saw them
	PartialChecksums      uint64  // mirrored frames with an incomplete L4 checksum
	UnseenCongestion      uint64  // frames whose sources were not looked for: the lcore was too busy
}

// SourceCounters is what one source saw in one direction.
type SourceCounters struct {
	Seen, Matched, Missed uint64
	Excluded              Reasons
	UnmatchedCongestion   uint64 // no session was asked: the lcore was too busy
}

// SessionCounters is what became of the frames that one session accepted in one direction.
type SessionCounters struct {
	Matched, Mirrored Count
	Truncated         uint64
	Skipped           CountsByReason
}

// MatchCounters is how often an lcore asked rule sets that rte_acl holds, by who answered.
type MatchCounters struct {
	Cached   uint64 // by the match cache, which remembers what rte_acl said of the same flow
	Searched uint64 // by rte_acl
}

// Capacity is how many slots a Counters has.
type Capacity struct{ Sources, Sessions, Rules, Targets int }

// slotted is counters of many slots, by direction: those that a frame usually changes, and apart from them the
// details.
type slotted[U, D any] struct {
	usual   [][rules.Directions]U
	details [][rules.Directions]D
}

func (s *slotted[U, D]) make(a *arena, n int) (err error) {
	if s.usual, err = newArray[[rules.Directions]U](a, n); err != nil {
		return err
	}
	s.details, err = newArray[[rules.Directions]D](a, n)
	return err
}

func (s *slotted[U, D]) clear(slot uint32) {
	clear(s.usual[slot][:])
	clear(s.details[slot][:])
}

// Counters is the C memory that one lcore counts in. Memory that no slot uses is never touched,
// so a large capacity costs address space only.
type Counters struct {
	arena    arena
	c        *C.struct_mgw_counters
	sources  slotted[sourceUsual, sourceDetails]
	sessions slotted[sessionUsual, sessionDetails]
	rules    []C.struct_mgw_count
	buckets  []C.struct_mgw_bucket // of sessions
	targets  []C.struct_mgw_bucket // and of targets
	credits  []C.struct_mgw_credit
}

// NewCounters returns counters that are all zero, and full token buckets.
func NewCounters(n Capacity) (*Counters, error) {
	k := &Counters{}
	all, err := newArray[C.struct_mgw_counters](&k.arena, 1)
	if err == nil {
		err = k.sources.make(&k.arena, n.Sources)
	}
	if err == nil {
		err = k.sessions.make(&k.arena, n.Sessions)
	}
	if err == nil {
		k.rules, err = newArray[C.struct_mgw_count](&k.arena, n.Rules)
	}
	if err == nil {
		k.buckets, err = newArray[C.struct_mgw_bucket](&k.arena, n.Sessions)
	}
	if err == nil {
		k.targets, err = newArray[C.struct_mgw_bucket](&k.arena, n.Targets)
	}
	if err == nil {
		k.credits, err = newArray[C.struct_mgw_credit](&k.arena, n.Sessions)
	}
	if err != nil {
		k.arena.free()
		return nil, err
	}
	k.c = &all[0]
	k.c.sources, k.c.source_details = &k.sources.usual[0], &k.sources.details[0]
	k.c.sessions, k.c.session_details = &k.sessions.usual[0], &k.sessions.details[0]
	k.c.rules = &k.rules[0]
	k.c.session_buckets, k.c.target_buckets = &k.buckets[0], &k.targets[0]
	k.c.credits = &k.credits[0]
	return k, nil
}

// Free returns the memory; no lcore may count in it any more.
func (k *Counters) Free() { k.arena.free() }

// load reads a counter that its lcore may be writing.
func load(v *C.uint64_t) uint64 { return *(*uint64)(unsafe.Pointer(v)) }

func loadCount(v *C.struct_mgw_count) Count { return Count{load(&v.packets), load(&v.bytes)} }

// Port returns the counters of a port.
func (k *Counters) Port(port int) PortCounters {
	c := &k.c.ports[port]
	return PortCounters{
		Rx:              loadCount(&c.rx),
		Forwarded:       loadCount(&c.forwarded),
		Copies:          loadCount(&c.copies),
		Consumed:        loadCount(&c.consumed),
		Originated:      loadCount(&c.originated),
		OriginateFailed: load(&c.originate_failed),
		Observed:        load(&c.observed),
		Dropped:         countsByReason(c.dropped[:], DropNames),
		Ignored:         reasons(c.ignored[:], IgnoreNames),
		Unclassified:    reasons(c.unclassified[:], UnclassifiedNames),
		Fragments:       reasons(c.fragments[:], FragmentNames),

		PartialChecksums: load(&c.partial_checksums),
		UnseenCongestion: load(&c.unseen_congestion),
	}
}

// Source returns the counters of a source slot.
func (k *Counters) Source(slot uint32, d rules.Direction) SourceCounters {
	var one SourceSum
	k.AddSource(slot, &one)
	return one.Counters(d)
}

// Session returns the counters of a session slot.
func (k *Counters) Session(slot uint32, d rules.Direction) SessionCounters {
	var one SessionSum
	k.AddSession(slot, &one)
	return one.Counters(d)
}

// Rule returns how often a rule decided.
func (k *Counters) Rule(slot uint32) Count { return loadCount(&k.rules[slot]) }

// Match returns who answered for large rule sets.
func (k *Counters) Match() MatchCounters {
	return MatchCounters{Cached: load(&k.c.match.cached), Searched: load(&k.c.match.searched)}
}

// SlowPathFull returns how many frames, on all ports, the slow path had no room for.
func (k *Counters) SlowPathFull() (n uint64) {
	for i := range k.c.ports {
		n += load(&k.c.ports[i].ignored[C.MGW_IGNORE_SLOW_PATH_FULL])
	}
	return n
}

// ClearSource, ClearSession, ClearRule and ClearTarget set a slot to zero before it is used again. No lcore may
// count in it.
func (k *Counters) ClearSource(slot uint32) { k.sources.clear(slot) }

// ClearSession is ClearSource for a session slot; its token bucket is full afterwards.
func (k *Counters) ClearSession(slot uint32) {
	k.sessions.clear(slot)
	k.buckets[slot] = C.struct_mgw_bucket{}
	k.credits[slot] = C.struct_mgw_credit{}
}

// ClearRule is ClearSource for a rule slot.
func (k *Counters) ClearRule(slot uint32) { k.rules[slot] = C.struct_mgw_count{} }

// ClearTarget makes the token bucket of a target's slot full.
func (k *Counters) ClearTarget(slot uint32) { k.targets[slot] = C.struct_mgw_bucket{} }

func reasons(values []C.uint64_t, names []string) Reasons {
	found := Reasons{}
	for i := range values {
		if n := load(&values[i]); n != 0 {
			found[names[i]] = n
		}
	}
	return found
}

func countsByReason(values []C.struct_mgw_count, names []string) CountsByReason {
	found := CountsByReason{}
	for i := range values {
		if n := loadCount(&values[i]); n.Packets != 0 {
			found[names[i]] = n
		}
	}
	return found
}

// Names of reasons, in the order of the C enums.
var (
	SkipNames         = cNames(func(i C.uint) *C.char { return C.mgw_skip_name(i) })
	DropNames         = cNames(func(i C.uint) *C.char { return C.mgw_drop_name(i) })
	UnclassifiedNames = cNames(func(i C.uint) *C.char { return C.mgw_unclassified_name(i) })
	FragmentNames     = cNames(func(i C.uint) *C.char { return C.mgw_fragment_name(i) })
	IgnoreNames       = cNames(func(i C.uint) *C.char { return C.mgw_ignore_name(i) })
	ExcludedNames     = cNames(func(i C.uint) *C.char { return C.mgw_excluded_name(i) })
)

// SkipSampled is the reason of a copy whose flow is not in its session's sample.
var SkipSampled = SkipNames[C.MGW_SKIP_SAMPLED]

func cNames(name func(C.uint) *C.char) (names []string) {
	for i := C.uint(0); name(i) != nil; i++ {
		names = append(names, C.GoString(name(i)))
	}
	return names
}
