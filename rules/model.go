package rules

import (
	"net/netip"
	"time"
)

// Limits of the engine and of the service (AWS guide, "Create a traffic mirror session" and "Quotas").
const (
	SessionNumberMin   = 1
	SessionNumberMax   = 32766     // AWS guide: "Valid values are 1-32766"
	VNIMin             = 1         // 0 is not assignable
	VNIMax             = 1<<24 - 1 // RFC 7348 section 5: 24 bits
	MaxSessions        = 65536     // in one snapshot
	MaxSessionsSource  = 256       // of one source
	MaxRulesFilter     = 10000     // of one filter, both directions together
	ProtocolAny        = -1        // a rule without protocol
	ProtocolTCP        = 6
	ProtocolUDP        = 17
	VLANAny            = -1 // a source without vlan: any tag or none
	NoPeer             = -1 // a port that is not one side of a wire
	PacketLengthEntire = 0  // mirror whole frames
	VLANMin            = 1  // IEEE 802.1Q-2018 9.6: VID 0 is a priority tag, 4095 is reserved
	VLANMax            = 4094
	MTUMin             = 100   // less leaves no room for an inner IP header behind the outer headers
	WeightMax          = 255   // of a member of a load balancer
	MTUMax             = 65535 // the length field of an outer IPv4 packet has 16 bits
)

// Direction of traffic as its source sees it.
type Direction uint8

// The two directions; the values index every per-direction array, in C too.
const (
	Ingress    Direction = 0 // towards the source: it leaves the gateway through the source's port
	Egress     Direction = 1 // from the source: it enters the gateway through the source's port
	Directions           = 2
)

func (d Direction) String() string {
	if d == Ingress {
		return "ingress"
	}
	return "egress"
}

// Action is what a rule says about a packet that it matches.
type Action uint8

// The two actions of a filter rule.
const (
	Reject Action = iota
	Accept
)

func (a Action) String() string {
	if a == Accept {
		return "accept"
	}
	return "reject"
}

// Role says what the gateway does with frames of a port.
type Role uint8

// The roles of a port.
const (
	RoleWire   Role = iota // frames go on to the peer, byte for byte
	RoleTap                // frames are only looked at
	RoleTunnel             // copies leave here
)

func (r Role) String() string { return [...]string{"wire", "tap", "tunnel"}[r] }

// Port is a port of the gateway. Its index in Resources.Ports is its identity in this package.
type Port struct {
	Name   string
	Role   Role
	Peer   int  // index of the other side of a wire, or NoPeer
	Tunnel bool // copies leave here too; a port of RoleTunnel needs not say so
}

// SendsCopies reports whether copies may leave through the port.
func (p *Port) SendsCopies() bool { return p.Role == RoleTunnel || p.Tunnel }

// PortRange is a range of L4 ports, both ends included.
type PortRange struct {
	First, Last uint16
}

// Contains reports whether p lies in the range.
func (r PortRange) Contains(p uint16) bool { return r.First <= p && p <= r.Last }

// Rule is one rule of a filter. Rules of one direction are tried in ascending Number.
type Rule struct {
	ID          string
	Direction   Direction
	Number      int // 1-32766, unique in its direction
	Action      Action
	Protocol    int          // IANA number 0-255, or ProtocolAny
	SrcPorts    *PortRange   // nil: any; not nil only for TCP and UDP
	DstPorts    *PortRange   // nil: any; not nil only for TCP and UDP
	Source      netip.Prefix // zero: any; both zero: IPv4 and IPv6
	Destination netip.Prefix // zero: any of Source's family
	Description string
}

// HasPorts reports whether the rule looks at L4 ports, so that it needs an L4 header.
func (r *Rule) HasPorts() bool { return r.SrcPorts != nil || r.DstPorts != nil }

// Filter is a set of rules and of network services.
type Filter struct {
	ID, Name  string
	AmazonDNS bool // network service amazon-dns: resolver traffic is mirrored whatever the rules say
	Rules     []Rule
}

// Interface is a network interface that can be a mirror source.
type Interface struct {
	ID, Name string
	Account  string // owner, for reports
	Port     int    // index in Resources.Ports
	MAC      [6]byte
	HasMAC   bool // false: everything on the port
	VLAN     int  // VID of the outer tag, 1-4094, or VLANAny
}

// Target is where copies go: to Address, or to the members of Balancer.
type Target struct {
	ID, Name string
	Address  netip.Addr // of the appliance; unused with Balancer
	Balancer *Balancer  // nil: Address
	MTU      int        // effective MTU of the outer IP packet, bytes
	Port     int        // tunnel port that leads to Address, index in Resources.Ports; unused with Balancer
	NextHop  [6]byte    // valid iff Resolved
	Resolved bool       // a static neighbour; else copies are skipped (unresolved) until one is found
	Limit    Limit      // of all sessions to it together
}

// IPv6 reports whether copies to the target have an outer IPv6 header. A balancer without members
// says IPv4, as nothing is sent to it.
func (t *Target) IPv6() bool {
	if t.Balancer != nil {
		return len(t.Balancer.Members) > 0 && t.Balancer.Members[0].Address.Is6()
	}
	return t.Address.Is6()
}

// place says in words where copies go.
func (t *Target) place() string {
	if t.Balancer != nil {
		return label("load balancer", t.Balancer.Name, t.Balancer.ID, 0)
	}
	return t.Address.String()
}

// Balancer is a load balancer. It is immutable: one that changes is another one.
type Balancer struct {
	ID, Name  string
	Listening bool // it has a listener on UDP 4789; else copies are skipped (no-listener)
	CrossZone bool // members of other zones serve a zone that has none left
	Health    *Health
	Members   []Member // of one family
}

// Member is an appliance behind a load balancer.
type Member struct {
	Address  netip.Addr
	Port     int     // tunnel port that leads there, index in Resources.Ports
	NextHop  [6]byte // valid iff Resolved
	Resolved bool    // a static neighbour
	Zone     string  // empty: every zone
	Weight   int     // share of the flows, 0-255
	Draining bool    // gets no flows
}

// Health says how members are probed.
type Health struct {
	Protocol                             string // icmp, tcp or http
	Port                                 int    // 1-65535; 0 with icmp
	Path                                 string // of http
	Interval, Timeout                    time.Duration
	HealthyThreshold, UnhealthyThreshold int // probes in a row
}

// Session mirrors what Filter selects of Source to Target.
type Session struct {
	ID, Name     string
	Account      string // owner, for reports
	Source       int    // index in Resources.Interfaces
	Target       int    // index in Resources.Targets
	Filter       int    // index in Resources.Filters
	Number       int    // 1-32766, unique per source; lower goes first
	VNI          uint32
	PacketLength int        // bytes of each frame from its Ethernet header on, or PacketLengthEntire
	OuterSource  netip.Addr // outer source address, of the target's family
	Zone         string     // of the source: whose members of a load balancer it uses; empty: all
	SampleOneIn  int        // one flow in so many is mirrored, SampleMin-SampleMax; 0: all
	Limit        Limit
}

// Exclude lists the traffic types that are never mirrored (AWS guide, "Traffic types").
type Exclude struct {
	ARP, DHCP, Metadata, NTP, WindowsActivation bool
}

// ExcludeAll is the AWS guide's list and the default.
var ExcludeAll = Exclude{ARP: true, DHCP: true, Metadata: true, NTP: true, WindowsActivation: true}

// Resources is the whole configuration of the data path, validated by the control plane.
type Resources struct {
	Ports      []Port
	Exclude    Exclude
	Resolvers  []netip.Addr // Amazon DNS: port 53 of these addresses
	Interfaces []Interface
	Targets    []Target
	Filters    []Filter
	Sessions   []Session
}
