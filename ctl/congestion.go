package ctl

import "time"

// Congestion is how a worker does about signs that copies get in the way of production
// (docs/congestion.md).
type Congestion struct {
	State       string           // calm, limited, unmatched or blind
	Budget      int              // copies in an interval; 0 when calm
	Changed     time.Duration    // since the state last changed; 0: it never has
	Transitions uint64           // from one state to another
	States      []CongestionTime // every state, from none to the worst
	Signs       []CongestionSign // every sign
}

// CongestionTime is what a worker has spent in one state.
type CongestionTime struct {
	State string
	Loops uint64
	Time  time.Duration
}

// CongestionSign is how often a worker saw one sign: receive, transmit, tunnel or mempool.
type CongestionSign struct {
	Sign  string
	Looks uint64 // that saw it; 16 loops apart
}

// Calm is the state without congestion.
const Calm = "calm"
