package ctl

import "time"

// WireLink is how the link of one side of a wire goes with that of the other.
type WireLink struct {
	Propagation string    // of this port's link to the peer's: PropagationOn and its kin
	TakenDown   bool      // this port's link, because the peer's is down
	TakenAt     time.Time // when it last was; zero: never
	Changes     uint64    // of this port's link as it was read, flaps included; those that we made are none
	Taken       uint64    // times that it was taken down
}

// Whether the peer's link is taken down when a port's link is down.
const (
	PropagationOn         = "on"
	PropagationOff        = "off"        // by configuration
	PropagationImpossible = "impossible" // one of the two drivers has no link, or cannot switch it
)

// LinkState is news of a port's link.
type LinkState struct {
	Port   string
	State  string // LinkUp and its kin
	Reason string // why, a clause; empty where the state says it all
}

// States of a link, which was the same for the port's hold-down time.
const (
	LinkUp        = "up"
	LinkDown      = "down"
	LinkUnknown   = "unknown"    // nobody can tell any more
	LinkTakenDown = "taken-down" // by the gateway
	LinkComingUp  = "coming-up"  // let go again, not up yet
)
