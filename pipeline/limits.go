package pipeline

/*
#include "program.h"
*/
import "C"

import "mirrorgw/rules"

// What a token bucket holds when it is full: what its share of the rate earns in a burstDivisor'th of
// a second, and at least so many packets or bytes: a burst of the poll loop, or the longest frame.
const (
	burstDivisor = 100 // 10 ms
	burstPackets = Burst
	burstBytes   = 72_000
)

// nanosecondsPerSecond is the second of a Harness.
const nanosecondsPerSecond = 1_000_000_000

// limiter lays out what sessions with limits have besides. It is of no use after fillSessions.
type limiter struct {
	snapshot *rules.Snapshot
	memory   []C.struct_mgw_limits // unused ones
	second   uint64                // units of an lcore's time
	sharers  []uint64              // by session: lcores that may see its frames
	targets  map[int]targetLimit   // by index of the target
}

// targetLimit is the limit of a target that has one.
type targetLimit struct {
	slot  uint32
	limit C.struct_mgw_limit
}

func (p *Program) newLimiter(s *rules.Snapshot, targetSlots []uint32) (*limiter, error) {
	n := 0
	for i := range s.Sessions {
		if s.Sessions[i].IsLimited(&s.Targets[s.Sessions[i].Target]) {
			n++
		}
	}
	l := &limiter{snapshot: s, second: p.layout.Second}
	if n == 0 {
		return l, nil
	}
	if l.second == 0 {
		l.second = nanosecondsPerSecond
	}
	memory, err := newArray[C.struct_mgw_limits](&p.arena, n)
	l.memory = memory
	l.share(p.layout.Sharers)
	l.limitTargets(targetSlots)
	return l, err
}

// share finds out which part of a limit one lcore gets: of what a port receives, each of the lcores
// that poll it sees a part.
func (l *limiter) share(sharers []int) {
	l.sharers = make([]uint64, len(l.snapshot.Sessions))
	for i := range l.snapshot.Sessions {
		port := l.snapshot.Sources[l.snapshot.Sessions[i].Source].Port
		l.sharers[i] = 1
		if port < len(sharers) && sharers[port] > 1 {
			l.sharers[i] = uint64(sharers[port])
		}
	}
}

// limitTargets lays out the limits of targets. Which lcores share one depends on its sessions.
func (l *limiter) limitTargets(slots []uint32) {
	sharers := map[int]uint64{}
	for i := range l.snapshot.Sessions {
		target := l.snapshot.Sessions[i].Target
		sharers[target] = max(sharers[target], l.sharers[i])
	}
	l.targets = map[int]targetLimit{}
	for i, target := range l.snapshot.LimitedTargets() {
		l.targets[target] = targetLimit{slots[i], l.limit(l.snapshot.Targets[target].Limit, max(sharers[target], 1))}
	}
}

// apply moves the destination of a session's way into its limits; it must have some.
func (l *limiter) apply(out *C.struct_mgw_way, slot uint32, index int) {
	session := &l.snapshot.Sessions[index]
	limits := &l.memory[0]
	l.memory = l.memory[1:]
	limits.destination, out.destination = out.destination, nil
	limits.sample_below = C.uint64_t(rules.SampleBelow(session.SampleOneIn))
	limits.session_slot, limits.target_slot = C.uint32_t(slot), C.MGW_NONE
	limits.session = l.limit(session.Limit, l.sharers[index])
	if target, limited := l.targets[session.Target]; limited {
		limits.target_slot, limits.target = C.uint32_t(target.slot), target.limit
	}
	out.limits = limits
}

// limit is one lcore's share of a limit.
func (l *limiter) limit(limit rules.Limit, sharers uint64) C.struct_mgw_limit {
	return C.struct_mgw_limit{
		packets: l.rate(uint64(limit.PPS), 1, sharers, burstPackets),
		bytes:   l.rate(uint64(limit.BPS), 8, sharers, burstBytes),
	}
}

// rate turns a number of tokens a second, of which one packet or byte takes weight, into times.
// Rounded up, so that the limit is never exceeded: at 100 Gbit/s by less than 1 in 10,000.
func (l *limiter) rate(perSecond, weight, sharers, burst uint64) C.struct_mgw_rate {
	if perSecond == 0 {
		return C.struct_mgw_rate{}
	}
	cost := (l.second*sharers*weight<<C.MGW_OWED_SHIFT + perSecond - 1) / perSecond
	depth := max(l.second/burstDivisor<<C.MGW_OWED_SHIFT, burst*cost)
	return C.struct_mgw_rate{cost: C.uint64_t(cost), depth: C.uint64_t(depth)}
}
