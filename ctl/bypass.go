package ctl

import "time"

// Bypass is where production goes, through the gateway or past it, as far as the programs of [bypass] know.
type Bypass struct {
	Wanted   string            // inline or bypass; empty: nothing yet
	Now      string            // what the last run that did not fail came to; empty: not known
	Reason   string            // why it is wanted: start, stop, stalled or moving
	Since    time.Time         // of Now
	Failure  string            // of the last run for Wanted; empty: none
	Runs     map[string]uint64 // by event: inline, bypass, heartbeat
	Failures map[string]uint64 // of Runs
}
