package rules

import "fmt"

// Ranges of sampling and of rate limits.
const (
	SampleMin = 2         // one flow in two; to mirror all flows, leave sampling out
	SampleMax = 1_000_000 // one flow in a million
	PPSMin    = 1
	PPSMax    = 1_000_000_000
	BPSMin    = 64_000            // less would leave whole frames waiting for minutes
	BPSMax    = 1_000_000_000_000 // 1 Tbit/s
)

// Limit is how many copies may be sent. What is beyond is skipped (rate-limit). The data path keeps
// a token bucket for it on each worker (docs/semantics.md, "Rate limits"); Evaluate, which knows no
// time, leaves limits out.
type Limit struct {
	PPS int // copies a second, PPSMin-PPSMax; 0: no limit
	BPS int // bits a second of their outer frames, without FCS, BPSMin-BPSMax; 0: no limit
}

// IsSet reports whether there is any limit.
func (l Limit) IsSet() bool { return l != Limit{} }

// check's error continues a sentence that began with what has the limit.
func (l Limit) check() error {
	if l.PPS != 0 && (l.PPS < PPSMin || l.PPS > PPSMax) {
		return fmt.Errorf("has a limit of %d packets a second; it must be %d to %d, or 0 for none", l.PPS, PPSMin, PPSMax)
	}
	if l.BPS != 0 && (l.BPS < BPSMin || l.BPS > BPSMax) {
		return fmt.Errorf("has a limit of %d bits a second; it must be %d to %d, or 0 for none", l.BPS, BPSMin, BPSMax)
	}
	return nil
}

// IsLimited reports whether not every copy that the session owes may be sent: it samples flows, or
// it or its target has a rate limit.
func (s *Session) IsLimited(target *Target) bool {
	return s.SampleOneIn != 0 || s.Limit.IsSet() || target.Limit.IsSet()
}

// LimitedTargets returns the indices of targets that have a rate limit, ascending.
func (s *Snapshot) LimitedTargets() (limited []int) {
	for i := range s.Targets {
		if s.Targets[i].Limit.IsSet() {
			limited = append(limited, i)
		}
	}
	return limited
}
