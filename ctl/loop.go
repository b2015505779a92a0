package ctl

import (
	"slices"
	"time"
)

// Loop is what the poll loop of one worker has measured of itself: since its start, or, between
// two readings, what Since returns. Its slices are shared and never modified.
type Loop struct {
	Hz uint64 // cycles a second; all cycles are those of the time stamp counter

	// Busy are the cycles of loops that received something, Idle those of the others. A loop lasts
	// until the next begins: Housekeeping is part of the one before it.
	Busy, Idle, Housekeeping uint64

	TakenOver uint64 // copies that a mirror lcore got from workers

	// Packets for which a rule set of more than 64 rules was asked, by who answered: the match cache, for
	// the same was asked for their flow before, or a search.
	RulesCached, RulesSearched uint64

	Bursts []uint64    // polls of one queue by what they received: 0 to 32 frames
	Gaps   []GapBucket // loops by their duration, shortest first

	// One loop in 256 is timed, stage by stage; of those that received something (copies of a mirror
	// lcore are packets here):
	TimedPackets uint64
	Stages       []StageCycles
}

// GapBucket counts loops that took less than Below, and not less than the bucket before says.
type GapBucket struct {
	Below time.Duration // 0: however long
	Loops uint64
}

// StageCycles are the cycles of a stage in the timed loops.
type StageCycles struct {
	Stage  string
	Cycles uint64
}

// Since returns what happened since an earlier reading of the same worker; all of it, if that is
// the zero Loop.
func (l Loop) Since(before Loop) Loop {
	l.Busy -= before.Busy
	l.Idle -= before.Idle
	l.Housekeeping -= before.Housekeeping
	l.TakenOver -= before.TakenOver
	l.RulesCached -= before.RulesCached
	l.RulesSearched -= before.RulesSearched
	l.TimedPackets -= before.TimedPackets
	l.Bursts, l.Gaps, l.Stages = slices.Clone(l.Bursts), slices.Clone(l.Gaps), slices.Clone(l.Stages)
	for i, n := range before.Bursts {
		l.Bursts[i] -= n
	}
	for i, b := range before.Gaps {
		l.Gaps[i].Loops -= b.Loops
	}
	for i, s := range before.Stages {
		l.Stages[i].Cycles -= s.Cycles
	}
	return l
}

// BusyShare is the share of time in loops that received something: 0 to 1.
func (l *Loop) BusyShare() float64 { return ratio(l.Busy, l.Busy+l.Idle) }

// Packets is how many frames were received.
func (l *Loop) Packets() (n uint64) {
	for size, polls := range l.Bursts {
		n += uint64(size) * polls
	}
	return n
}

// CyclesPerPacket are cycles of loops that received something, by what they received: packets, and
// copies of a mirror lcore. 0 when nothing was.
func (l *Loop) CyclesPerPacket() float64 { return ratio(l.Busy, l.Packets()+l.TakenOver) }

// Loops is how many loops there were.
func (l *Loop) Loops() (n uint64) {
	for _, b := range l.Gaps {
		n += b.Loops
	}
	return n
}

// Seconds turns cycles into seconds.
func (l *Loop) Seconds(cycles uint64) float64 { return ratio(cycles, l.Hz) }

// BurstBucket counts polls that received as many frames as UpTo says, or fewer, but more than the
// bucket before.
type BurstBucket struct {
	UpTo  int
	Polls uint64
}

// burstBounds are those of the histogram of bursts: nothing, powers of two, and a full burst.
var burstBounds = []int{0, 1, 3, 7, 15, 31, 32}

// BurstBuckets is Bursts, coarser.
func (l *Loop) BurstBuckets() []BurstBucket {
	buckets := make([]BurstBucket, len(burstBounds))
	for i, bound := range burstBounds {
		buckets[i].UpTo = bound
	}
	for size, polls := range l.Bursts {
		i, _ := slices.BinarySearch(burstBounds, size)
		buckets[min(i, len(buckets)-1)].Polls += polls
	}
	return buckets
}

// StagePerPacket are the cycles that a stage takes of each packet, in timed loops; 0 while none was.
func (l *Loop) StagePerPacket(s StageCycles) float64 { return ratio(s.Cycles, l.TimedPackets) }

func ratio(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// RecentLoop is what happened in the last n whole seconds, or in as many as are known; all zero
// when none has passed.
func (l *LcoreStatus) RecentLoop(n int) Loop {
	last := len(l.Past) - 1
	if last < 1 {
		return Loop{}
	}
	return l.Past[last].Since(l.Past[max(0, last-n)])
}
