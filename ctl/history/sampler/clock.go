package sampler

import (
	"context"
	"time"
)

// Clock is the time as a Sampler needs it.
type Clock interface {
	// Now is the time of day, and a time that only grows, however the former is set.
	Now() (wall time.Time, running time.Duration)

	// Wait returns after a time, true, or when ctx is done, false.
	Wait(ctx context.Context, d time.Duration) bool
}

// System is the clock of the machine.
type System struct{ begun time.Time }

// NewSystem returns the clock of the machine.
func NewSystem() System { return System{time.Now()} }

// Now implements Clock.
func (c System) Now() (time.Time, time.Duration) {
	now := time.Now()
	return now.Round(0), now.Sub(c.begun) // by the monotonic clock
}

// Wait implements Clock.
func (System) Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
