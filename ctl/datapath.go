package ctl

import (
	"errors"
	"time"

	"mirrorgw/rules"
)

// The control plane sees the data path through these interfaces only.

// ErrStalled says that a change is in force on every lcore that runs, but that one has not been
// seen past the previous snapshot within a second. The change stays.
var ErrStalled = errors.New("an lcore has not reported within 1 s; the change stays and will be in force there when it does")

// Publisher puts compiled configurations in force.
type Publisher interface {
	// Prepare does everything that can fail and leaves what is in force alone. The snapshot
	// belongs to the publisher from then on and is never modified. Calls must not overlap: each
	// Prepared is committed or discarded before the next Prepare.
	Prepare(*rules.Snapshot) (Prepared, error)
}

// Prepared is a snapshot that is ready to be put in force.
type Prepared interface {
	// Commit returns once every lcore works by the snapshot and none uses the previous one, so
	// that a change may be acknowledged afterwards. The only error is ErrStalled.
	Commit() error
	// Discard gives the snapshot up; nothing has happened.
	Discard()
}

// Explainer takes one frame through the production data path without sending anything.
type Explainer interface {
	// Explain judges a frame that arrives on a port, by index in the configuration. The frame is
	// not modified.
	Explain(port int, frame []byte) (*Decided, error)
}

// Decided is what the data path made of one frame.
type Decided struct {
	Snapshot *rules.Snapshot // by which it decided
	Verdicts []rules.Verdict // one for each mirrored source that saw the frame
	Copies   []Copy          // what would be sent
	Skipped  []Skip          // accepted, but no copy would be sent
}

// Copy is one copy as it would leave.
type Copy struct {
	Session   int // index in Snapshot.Sessions
	Direction rules.Direction
	Port      int    // tunnel port, by index in the configuration
	Frame     []byte // from the outer Ethernet header
}

// Skip is a copy that would not be sent.
type Skip struct {
	Session   int // index in Snapshot.Sessions
	Direction rules.Direction
	Reason    string // a skip reason, as in the counters
}

// Status is the state of the data path at one moment.
type Status struct {
	Forwarding bool
	Generation uint64 // of the program in force
	Pending    int    // changes that a stalled lcore has not taken yet
	Lcores     []LcoreStatus
	Ports      []PortStatus
	Underlay   Underlay
	Balancers  []BalancerState
	Bypass     *Bypass // nil: nothing takes production past the gateway
}

// Roles of lcores.
const (
	RoleWorker = "worker" // receives, decides and forwards; without mirror lcores it sends copies too
	RoleMirror = "mirror" // sends the copies that workers hand over (split mode)
)

// LcoreStatus is one worker, or one mirror lcore.
type LcoreStatus struct {
	Lcore, CPU int
	Role       string          // RoleWorker or RoleMirror
	Heartbeat  uint64          // housekeeping intervals
	Generation uint64          // of the program that its last loop began with
	Gaps       []time.Duration // the longest between two polls in each of the last whole seconds, youngest last, at most GapSeconds
	Loop       Loop            // since its start
	Past       []Loop          // the same at the end of each of the last whole seconds, youngest last, at most GapSeconds and one
	Congestion Congestion
	HandedOver uint64 // copies, by a worker in split mode, since its start
}

// GapSeconds is how many seconds back the gaps of lcores are known.
const GapSeconds = 60

// LongestGap is the longest between two polls in the last n whole seconds; 0 when none has passed.
func (l *LcoreStatus) LongestGap(n int) time.Duration {
	if n >= len(l.Gaps) {
		n = len(l.Gaps)
	}
	longest := time.Duration(0)
	for _, gap := range l.Gaps[len(l.Gaps)-n:] {
		longest = max(longest, gap)
	}
	return longest
}

// PortStatus is one port, in configured order.
type PortStatus struct {
	MAC        [6]byte
	MTU        int    // bytes of an IP packet
	Driver     string // net_pcap, …
	LinkUp     bool
	Wire       *WireLink // nil: not a side of a wire
	SpeedMbps  uint32    // 0: unknown
	FullDuplex bool      //
	Notes      []string  // what this driver loses or alters, one sentence each
	Advice     []string  // what to do about frames that it has received, one sentence each
}
