package pipeline

/*
#include "totals.h"
*/
import "C"

// Totals is what the laws are computed from: one lcore's, or the sum over lcores. Every value of
// one lcore was read at the same moment, between two bursts.
type Totals struct {
	WireRx, Forwarded, Dropped      uint64
	WireConsumed                    uint64
	TapRx, Observed                 uint64
	TunnelRx, Ignored               uint64 // ignored by tunnel ports
	TunnelConsumed                  uint64
	Seen, Matched, Missed, Excluded uint64
	UnmatchedCongestion             uint64
	Mirrored, Skipped               uint64
	Handed, Taken                   uint64 // copies, in split mode: by workers, by mirror lcores
}

// Totals returns the totals as of the lcore's last burst.
func (k *Counters) Totals() Totals {
	var t C.struct_mgw_totals
	C.mgw_totals_read(&k.c.totals, &t)
	return Totals{
		WireRx: uint64(t.wire_rx), Forwarded: uint64(t.forwarded), Dropped: uint64(t.dropped),
		WireConsumed: uint64(t.wire_consumed), TunnelConsumed: uint64(t.tunnel_consumed),
		TapRx: uint64(t.tap_rx), Observed: uint64(t.observed),
		TunnelRx: uint64(t.tunnel_rx), Ignored: uint64(t.ignored),
		Seen: uint64(t.seen), Matched: uint64(t.matched), Missed: uint64(t.missed), Excluded: uint64(t.excluded),
		UnmatchedCongestion: uint64(t.unmatched_congestion),
		Mirrored:            uint64(t.mirrored), Skipped: uint64(t.skipped),
		Handed: uint64(t.handed), Taken: uint64(t.taken),
	}
}

// Add adds another lcore's totals.
func (t *Totals) Add(o Totals) {
	t.WireRx += o.WireRx
	t.Forwarded += o.Forwarded
	t.Dropped += o.Dropped
	t.WireConsumed += o.WireConsumed
	t.TapRx += o.TapRx
	t.Observed += o.Observed
	t.TunnelRx += o.TunnelRx
	t.Ignored += o.Ignored
	t.TunnelConsumed += o.TunnelConsumed
	t.Seen += o.Seen
	t.Matched += o.Matched
	t.Missed += o.Missed
	t.Excluded += o.Excluded
	t.UnmatchedCongestion += o.UnmatchedCongestion
	t.Mirrored += o.Mirrored
	t.Skipped += o.Skipped
	t.Handed += o.Handed
	t.Taken += o.Taken
}

// ProductionLaw is 0 when every received frame was forwarded, consumed, observed, ignored or
// dropped with a reason. Any other value is frames that nobody accounts for.
func (t Totals) ProductionLaw() int64 {
	return abs(int64(t.WireRx-t.Forwarded-t.WireConsumed-t.Dropped)) + abs(int64(t.TapRx-t.Observed)) +
		abs(int64(t.TunnelRx-t.TunnelConsumed-t.Ignored))
}

// MirrorLaw is 0 when every frame that a source saw was matched, missed, excluded or not
// matched in congestion, and every matched one mirrored or skipped with a reason, or is on
// its way to a mirror lcore.
func (t Totals) MirrorLaw() int64 {
	return abs(int64(t.Seen-t.Matched-t.Missed-t.Excluded-t.UnmatchedCongestion)) + abs(int64(t.Matched+t.Taken-t.Mirrored-t.Skipped-t.Handed))
}

// Waiting is how many copies are on their way from workers to mirror lcores. Lcores are not read at
// the same moment: it is exact when nothing arrives.
func (t Totals) Waiting() uint64 {
	if t.Taken >= t.Handed {
		return 0
	}
	return t.Handed - t.Taken
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}
