package ctl

import (
	"net/netip"
	"time"
)

// Underlay is what the gateway knows of the networks that copies leave into. Whoever asks for it owns
// it.
type Underlay struct {
	Addresses    []AddressState
	Neighbors    []NeighborState
	Destinations []DestinationState // one for each address that copies are sent to
	Counters     map[string]uint64  // of the slow path, since the start: requests, answers, limits, refusals
}

// AddressState is one of our own addresses.
type AddressState struct {
	Port   string
	Prefix netip.Prefix // with our address in it
	State  string       // tentative, valid or duplicate: another host has it

	Rival    [6]byte   // MAC of the last host that was seen with it; zero: none was
	Disputed time.Time // when one last claimed it while it was in use; zero: never
}

// NeighborState is one entry of the neighbour table (RFC 826, RFC 4861 section 5.1).
type NeighborState struct {
	Address netip.Addr
	MAC     [6]byte // zero: not known
	Port    string
	State   string // incomplete, reachable, stale, probe, failed or static
	Since   time.Time
	Static  bool // from a [[neighbor]]
}

// DestinationState is an address that copies are sent to, and the way there.
type DestinationState struct {
	Address  netip.Addr
	Port     string     // tunnel port that leads there
	Via      netip.Addr // router; the zero address, or Address itself: it is reached directly
	MAC      [6]byte    // of the next hop; valid iff Resolved
	Resolved bool       // else copies are skipped (unresolved)
	Reason   string     // why it is not resolved, a clause; empty: it is
	PathMTU  int        // bytes of the outer IP packet: the port's, or less where the network said so; 0: not known
	Since    time.Time  // of the last change of any of these

	Errors    uint64    // ICMP errors that quoted copies, without those about size
	LastError string    // what the last of them said; empty: there was none
	ErrorTime time.Time // when
}

// Router is the router on the way, the zero address where there is none.
func (d *DestinationState) Router() netip.Addr {
	if d.Via == d.Address {
		return netip.Addr{}
	}
	return d.Via
}

// BalancerState is a load balancer in force.
type BalancerState struct {
	ID, Name string
	Members  []MemberState // in the order of the record
	Zones    []ZoneState   // of the sources that use it
}

// MemberState is one member of a load balancer.
type MemberState struct {
	Address   netip.Addr
	Zone      string
	Weight    int
	State     string        // MemberHealthy and its kin
	Reason    string        // why, a clause; empty where the state says it all
	Since     time.Time     // of the last change of State
	LastProbe time.Time     // when its result came; zero: there was none yet
	RTT       time.Duration // of the last good probe; 0: there was none
}

// States of a member.
const (
	MemberInitial   = "initial"   // not probed yet
	MemberHealthy   = "healthy"   // it gets flows
	MemberUnhealthy = "unhealthy" // its probes fail
	MemberDraining  = "draining"  // taken out by an operator
	MemberDown      = "down"      // its next hop is not resolved
)

// ZoneState says who serves the sources of one zone.
type ZoneState struct {
	Zone    string       // empty: sources without zone
	Members []netip.Addr // in use
	Skip    string       // why there are none, the reason that copies are counted with; empty: there are
}
