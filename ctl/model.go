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
	ID          string // kind's prefix and 17 hexadecimal digits; empty until Complete
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

// Target is where copies go: exactly one of Address and Interface is set.
type Target struct {
	Common
	Address   netip.Addr
	Interface string // name or ID
	MTU       int    // bytes of the outer IP packet; 0: the tunnel port's
}

// Filter is a set of rules and of network services.
type Filter struct {
	Common
	Services []string // amazon-dns
	Rules    []Rule
}

// Rule is one rule of a filter, in the words of rules.Rule.
type Rule struct {
	rules.Rule

	src *tomldoc.Table
}

// Session mirrors what Filter selects of Source to Target.
type Session struct {
	Common
	Source, Target, Filter string // names or IDs
	Number                 int    // 1-32766, unique per source; lower goes first
	VNI                    int    // 1-16777215; 0 until Complete draws one
	PacketLength           int    // bytes of each frame, 1-65535; 0: whole frames
}

// Document is a set of resources that belong together.
type Document struct {
	File       string
	Interfaces []Interface
	Targets    []Target
	Filters    []Filter
	Sessions   []Session
}

// clone copies the records deeply enough for Complete.
func (d *Document) clone() *Document {
	c := *d
	c.Interfaces = append([]Interface(nil), d.Interfaces...)
	c.Targets = append([]Target(nil), d.Targets...)
	c.Sessions = append([]Session(nil), d.Sessions...)
	c.Filters = append([]Filter(nil), d.Filters...)
	for i := range c.Filters {
		c.Filters[i].Rules = append([]Rule(nil), d.Filters[i].Rules...)
	}
	return &c
}
