package pipeline

/*
#include "counters.h"
*/
import "C"

import (
	"unsafe"

	"mirrorgw/rules"
)

// SourceSum, SessionSum and RuleSum add up counters of several slots or lcores, by direction. They
// are made for adding tens of thousands: no maps. The zero value is an empty sum.
type (
	SourceSum  [rules.Directions]sourceCounters
	SessionSum [rules.Directions]sessionCounters
	RuleSum    C.struct_mgw_count
)

// sourceCounters and sessionCounters are all that is counted of a slot in one direction. Both parts are aliases,
// for a type of C cannot be embedded by its own name.
type (
	sourceCounters struct {
		sourceUsual
		sourceDetails
	}
	sessionCounters struct {
		sessionUsual
		sessionDetails
	}
	sourceUsual    = C.struct_mgw_source_counters
	sourceDetails  = C.struct_mgw_source_details
	sessionUsual   = C.struct_mgw_session_counters
	sessionDetails = C.struct_mgw_session_details
)

// words is a counter struct as what it consists of: 64-bit counters and padding.
func words[T any](counters *T) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(counters)), unsafe.Sizeof(*counters)/8)
}

// addWords adds from, which an lcore may be writing, to to.
func addWords[T any](to, from *T) {
	sum, add := words(to), words(from)
	for i := range sum {
		sum[i] += add[i]
	}
}

// AddSource adds a source slot to a sum.
func (k *Counters) AddSource(slot uint32, to *SourceSum) {
	for d := range to {
		addWords(&to[d].sourceUsual, &k.sources.usual[slot][d])
		addWords(&to[d].sourceDetails, &k.sources.details[slot][d])
	}
}

// AddSession adds a session slot to a sum.
func (k *Counters) AddSession(slot uint32, to *SessionSum) {
	for d := range to {
		addWords(&to[d].sessionUsual, &k.sessions.usual[slot][d])
		addWords(&to[d].sessionDetails, &k.sessions.details[slot][d])
	}
}

// AddRule adds a rule slot to a sum.
func (k *Counters) AddRule(slot uint32, to *RuleSum) {
	addWords(to, (*RuleSum)(&k.rules[slot]))
}

// Add adds another sum.
func (s *SourceSum) Add(o *SourceSum) { addWords(s, o) }

// Add adds another sum.
func (s *SessionSum) Add(o *SessionSum) { addWords(s, o) }

// Counters returns one direction of the sum.
func (s *SourceSum) Counters(d rules.Direction) SourceCounters {
	c := &s[d]
	return SourceCounters{
		Seen:     load(&c.seen),
		Matched:  load(&c.matched),
		Missed:   load(&c.missed),
		Excluded: reasons(c.excluded[:], ExcludedNames),

		UnmatchedCongestion: load(&c.unmatched_congestion),
	}
}

// Counters returns one direction of the sum.
func (s *SessionSum) Counters(d rules.Direction) SessionCounters {
	c := &s[d]
	return SessionCounters{
		Matched:   loadCount(&c.matched),
		Mirrored:  loadCount(&c.mirrored),
		Truncated: load(&c.truncated),
		Skipped:   countsByReason(c.skipped[:], SkipNames),
	}
}

// Count returns the sum.
func (s *RuleSum) Count() Count { return Count{uint64(s.packets), uint64(s.bytes)} }

// Law is 0 when every frame of either direction was matched, missed, excluded, or not matched in
// congestion.
func (s *SourceSum) Law() (law int64) {
	for d := range s {
		c := &s[d]
		accounted := c.matched + c.missed + c.unmatched_congestion
		for _, n := range c.excluded {
			accounted += n
		}
		law += abs(int64(c.seen - accounted))
	}
	return law
}

// Law is 0 when every matched frame of either direction was mirrored or skipped, in packets and
// in bytes.
func (s *SessionSum) Law() (law int64) {
	for d := range s {
		c := &s[d]
		accounted := c.mirrored
		for _, n := range c.skipped {
			accounted.packets += n.packets
			accounted.bytes += n.bytes
		}
		law += abs(int64(c.matched.packets-accounted.packets)) + abs(int64(c.matched.bytes-accounted.bytes))
	}
	return law
}

// Differs returns by how much a lcores' totals and the sums over all their sources and sessions
// disagree; 0 is right.
func (t *Totals) Differs(sources *SourceSum, sessions *SessionSum) (off int64) {
	var sum Totals
	for d := range sources {
		src, s := &sources[d], &sessions[d]
		sum.Seen += uint64(src.seen)
		sum.Matched += uint64(s.matched.packets)
		sum.Missed += uint64(src.missed)
		sum.UnmatchedCongestion += uint64(src.unmatched_congestion)
		sum.Mirrored += uint64(s.mirrored.packets)
		for _, n := range src.excluded {
			sum.Excluded += uint64(n)
		}
		for _, n := range s.skipped {
			sum.Skipped += uint64(n.packets)
		}
	}
	for _, pair := range [][2]uint64{
		{t.Seen, sum.Seen}, {t.Matched, sum.Matched}, {t.Missed, sum.Missed},
		{t.Excluded, sum.Excluded}, {t.Mirrored, sum.Mirrored}, {t.Skipped, sum.Skipped},
		{t.UnmatchedCongestion, sum.UnmatchedCongestion},
	} {
		off += abs(int64(pair[0] - pair[1]))
	}
	return off
}
