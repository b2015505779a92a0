package underlay

import (
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Status is the host as it is at one moment, for people and metrics. It shares nothing with the
// host.
type Status struct {
	Ports        []PortStatus        // by index
	Neighbors    []NeighborStatus    // by port and address
	Destinations []DestinationStatus // the watched ones, by address
	// Input and Events are as in PortStatus, of frames from other ports and of echo probes without
	// a next hop.
	Input       map[string]uint64
	Events      map[string]uint64
	EchoProbes  int // outstanding
	NextTimeout time.Time
}

// PortStatus is a port.
type PortStatus struct {
	Port      int
	Name      string
	LinkUp    bool
	Addresses []AddressStatus
	// Input has one count per frame handed to Input, by outcome: their sum is the number of frames.
	Input map[string]uint64
	// Events counts what happened besides: frames sent by kind (sent_...), ends of echo probes
	// (probe_...), changes, conflicts. No name is among those of Input.
	Events map[string]uint64
}

// AddressStatus is an address of ours.
type AddressStatus struct {
	Address netip.Prefix
	State   AddressState
	Since   time.Time // zero: from the beginning
	Rival   [6]byte   // the last MAC that was seen with our address; zero: none

	Disputed time.Time // when another host last claimed the address while we used it; zero: never
}

// NeighborStatus is an entry of the table.
type NeighborStatus struct {
	Port     int
	Address  netip.Addr
	State    NeighborState
	MAC      [6]byte // of a neighbour that can be sent to; else the last known, or zero
	Since    time.Time
	Answered time.Time // its last answer to a request of ours; zero: none
	Watched  int       // destinations behind it
}

// DestinationStatus is a watched destination.
type DestinationStatus struct {
	Destination netip.Addr
	References  int
	NextHop     NextHop
	LearnedMTU  int       // bytes of the outer IP packet, as ICMP said; 0: none
	MTUExpires  time.Time // when LearnedMTU is forgotten; zero: none
	// Unreachable counts ICMP errors that quoted copies, without those about size; the last one's
	// words and time follow.
	Unreachable     uint64
	UnreachableSaid string
	LastUnreachable time.Time
}

// Status describes the host.
func (h *Host) Status() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Status{
		Input: maps.Clone(h.elsewhere.input), Events: maps.Clone(h.elsewhere.events),
		EchoProbes: len(h.echoes.byID), NextTimeout: h.timers.next(),
	}
	for _, p := range h.inOrder {
		s.Ports = append(s.Ports, p.status())
		for _, n := range h.neighborsOf(p) {
			s.Neighbors = append(s.Neighbors, NeighborStatus{
				Port: p.Index, Address: n.key.addr, State: n.state, MAC: n.mac,
				Since: n.since, Answered: n.answered, Watched: len(n.watches),
			})
		}
	}
	for _, w := range h.watches {
		s.Destinations = append(s.Destinations, w.status())
	}
	slices.SortFunc(s.Destinations, func(a, b DestinationStatus) int { return a.Destination.Compare(b.Destination) })
	return s
}

func (p *port) status() PortStatus {
	s := PortStatus{Port: p.Index, Name: p.Name, LinkUp: p.up, Input: maps.Clone(p.input), Events: maps.Clone(p.events)}
	for _, a := range p.addresses {
		s.Addresses = append(s.Addresses, AddressStatus{
			Address: netip.PrefixFrom(a.addr, a.prefix.Bits()), State: a.state, Since: a.since, Rival: a.rival, Disputed: a.disputed,
		})
	}
	return s
}

func (w *watch) status() DestinationStatus {
	s := DestinationStatus{
		Destination: w.dst, References: w.refs, NextHop: w.hop, LearnedMTU: w.learned,
		Unreachable: w.unreachables, UnreachableSaid: w.unreachable, LastUnreachable: w.lastError,
	}
	if w.learned != 0 {
		s.MTUExpires = w.mtuExpiry.at
	}
	return s
}
