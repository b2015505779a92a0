package api

// Bypass is where production goes, as far as the programs of [bypass] know.
type Bypass struct {
	Wanted   string            `json:"wanted,omitempty"` // inline or bypass; absent: nothing yet
	Now      string            `json:"now,omitempty"`    // by the last run that did not fail; absent: not known
	Reason   string            `json:"reason,omitempty"` // why it is wanted: start, stop, stalled or moving
	Since    string            `json:"since,omitempty"`  // RFC 3339
	Failure  string            `json:"failure,omitempty"`
	Runs     map[string]uint64 `json:"runs"`     // by event: inline, bypass, heartbeat
	Failures map[string]uint64 `json:"failures"` // of these
}
