package ctl

import (
	"net/netip"

	"mirrorgw/ctl/tomldoc"
	"mirrorgw/rules"
)

// DefaultAccount owns every resource that names no account.
const DefaultAccount = "000000000000"

// DefaultInterfaceMTU is the MTU of an interface that names none, bytes of an IP packet.
const DefaultInterfaceMTU = 1500

// MaxTags is how many tags one resource may have.
const MaxTags = 50

// Common is what all resources have. Identity is kind, account and name.
type Common struct {
	ID          string // kind's prefix and 17 hexadecimal digits; empty until it is drawn
	Name        string // unique per kind and account
	Account     string // 12 digits
	Description string
	Tags        map[string]string

	src *tomldoc.Table // where it was read; nil when it does not come from a document
}

// Interface is a network interface: a mirror source, or what a target points at.
type Interface struct {
	Common
	Port             string  // wire or tap port it is seen on; empty: it cannot be a source
	MAC              [6]byte // valid iff HasMAC
	HasMAC           bool    // false: everything on the port is its traffic
	VLAN             int     // VID of the outer tag, 1-4094, or rules.VLANAny
	Addresses        []netip.Addr
	MTU              int // bytes of an IP packet; 0: DefaultInterfaceMTU
	Zone             string
	Instance         string
	Image            string
	InstanceType     string
	AutoscalingGroup string
	Monitoring       string // basic or detailed
}

// Target is where copies go: exactly one of Address, Interface and LoadBalancer is set.
type Target struct {
	Common
	Address      netip.Addr
	Interface    string      // name or ID; an ID in a store
	LoadBalancer string      // name or ID; an ID in a store
	MTU          int         // bytes of the outer IP packet; 0: the tunnel port's
	Limit        rules.Limit // of all copies to it together
}

// Filter is a set of rules and of network services.
type Filter struct {
	Common
	Services []string // amazon-dns
	Rules    []*Rule  // in a store: ascending direction and number
}

// Rule is one rule of a filter, in the words of rules.Rule.
type Rule struct {
	rules.Rule
	Tags map[string]string

	src *tomldoc.Table
}

// Session mirrors what Filter selects of Source to Target.
type Session struct {
	Common
	Source, Target, Filter string // names or IDs; IDs in a store
	Number                 int    // 1-32766, unique per source; lower goes first
	VNI                    int    // 1-16777215; 0 until one is drawn
	PacketLength           int    // bytes of each frame, 1-65535; 0: whole frames
	SampleOneIn            int    // one flow in so many is mirrored, 2-1000000; 0: all
	Limit                  rules.Limit

	// Inactive says why the session has lost its target: InactiveShareDeleted or
	// InactiveTargetDeleted; empty: it has not. The store writes it. Of a record that is put, only
	// that of a document counts: it says that the target may be out of reach.
	Inactive string
}

// Words of Session.Inactive.
const (
	InactiveShareDeleted  = "share-deleted"  // the target is another account's, and not shared with the session's
	InactiveTargetDeleted = "target-deleted" // another account has deleted the target
)

// LoadBalancer spreads the copies of one target over its members.
type LoadBalancer struct {
	Common
	CrossZone bool
	Listeners []Listener
	Health    *HealthCheck // nil: members are not probed
	Members   []Member
}

// Listener is a protocol and port that a load balancer accepts.
type Listener struct {
	Protocol string // udp
	Port     int    // 1-65535
}

// HealthCheck says how members are probed. A zero number is the service's default.
type HealthCheck struct {
	Protocol           string // tcp, http or icmp
	Port               int    // 1-65535; 0 with icmp
	Path               string // of http
	IntervalSeconds    int    // 1-300
	TimeoutSeconds     int    // 1-120
	HealthyThreshold   int    // 1-10
	UnhealthyThreshold int    // 1-10
}

// DefaultWeight is the weight of a member that names none.
const DefaultWeight = 1

// Member is one appliance behind a load balancer.
type Member struct {
	Address  netip.Addr
	Zone     string // empty: it belongs to every zone
	Weight   int    // 0-255, share of the flows; 0: none
	Draining bool   // taken out for maintenance: no flows, but probed
}

// Document is a set of resources that belong together.
type Document struct {
	File          string
	Interfaces    []*Interface
	Targets       []*Target
	Filters       []*Filter
	Sessions      []*Session
	LoadBalancers []*LoadBalancer
	Shares        []*Share
}
