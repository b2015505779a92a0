package underlay

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Frames sends frames. Send gets a whole Ethernet frame with its VLAN tag, padded to 60 bytes,
// without FCS; the frame is the callee's from then on. It returns false when the frame was not
// accepted, which the host counts as send_refused. Send should not block: other goroutines' frames
// wait behind it.
type Frames interface {
	Send(port int, frame []byte) bool
}

// Port is a tunnel port.
type Port struct {
	Index     int            // the configured index, which names the port everywhere; 0 or more
	Name      string         // for people
	MAC       [6]byte        // unicast, not zero
	VLAN      int            // 1-4094: all frames carry this 802.1Q tag; 0: none
	MTU       int            // bytes of an IP packet, 576-65535, at least 1280 with IPv6 addresses
	Addresses []netip.Prefix // host address and length of the connected prefix: 192.0.2.1/24
}

// Route sends Prefix through the router Via on Port. An invalid Via means that Prefix is on link.
type Route struct {
	Prefix netip.Prefix
	Via    netip.Addr
	Port   int // -1: the port of the longest connected prefix with Via
}

// Static is a neighbour that is never asked for and never changes: what is sent to its address goes
// to its MAC, whatever prefixes and routes say. Its next hop counts as resolved even while our own
// address is tentative or duplicate.
type Static struct {
	Address netip.Addr
	MAC     [6]byte
	Port    int // -1: the port that the routes say, else the only one
}

// Config is what New needs. Slices are copied.
type Config struct {
	Ports  []Port
	Routes []Route
	Static []Static
	Frames Frames
	// Changed is told of each change of a watched destination's next hop; nil: nobody is.
	Changed func(dst netip.Addr, hop NextHop)
	// OurSource reports whether copies leave with this outer source address. Only ICMP errors that
	// quote such a copy count. It is called with the host's lock held: it must be quick and must
	// not call the host. nil: any address is.
	OurSource func(netip.Addr) bool
	Limits    Limits       // zero fields: the defaults
	Log       *slog.Logger // nil: no log
	Seed      uint64       // of jitter and echo tokens; 0: random
}

// Limits bounds work and memory. Rates are per second; the bucket of each holds as much as the
// rate, so that a quiet host answers a burst of one second's worth; that of Asks holds 100.
type Limits struct {
	AnswersPerPort int // ARP replies and Neighbor Advertisements on request; default 200
	AnswersTotal   int // the same on all ports; default 400
	EchoPerPort    int // echo replies; default 100
	EchoTotal      int // default 200
	Asks           int // ARP requests and Neighbor Solicitations of ours on all ports; default 1000
	TooBig         int // accepted reports of a path MTU; default 100
	EchoProbes     int // outstanding echo probes; default 1024
	EchoPeers      int // neighbours that only echo probes need; default 256
	Queue          int // frames decided and not yet handed to Frames.Send; default 4096
}

func (l *Limits) setDefaults() {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.AnswersPerPort, 200}, {&l.AnswersTotal, 400},
		{&l.EchoPerPort, 100}, {&l.EchoTotal, 200},
		{&l.Asks, 1000}, {&l.TooBig, 100},
		{&l.EchoProbes, 1024}, {&l.EchoPeers, 256}, {&l.Queue, 4096},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
}

// NextHop is where copies to a destination go.
type NextHop struct {
	Port     int        // -1: no route
	Via      netip.Addr // the neighbour: the destination itself or a router; invalid without route
	MAC      [6]byte    // valid if Resolved
	Resolved bool
	MTU      int       // bytes of the outer IP packet: the port's, or less when the path said so; 0 without route
	Reason   string    // why it is not resolved, one of the Reason constants; else empty
	Since    time.Time // of the last change of any other field
}

// Reasons why a next hop is not resolved.
const (
	ReasonNotUnicast = "not a unicast address"
	ReasonOwn        = "own address"
	ReasonNoRoute    = "no route"
	ReasonLinkDown   = "link down"
	ReasonNoIPv4     = "no IPv4 address on port"
	ReasonNoIPv6     = "no IPv6 address on port"
	ReasonTentative  = "our address is being checked" // for duplicates
	ReasonDuplicate  = "another host has our address"
	ReasonIncomplete = "asked, no answer yet"
	ReasonFailed     = "does not answer" // asked again from time to time
)

func (c *Config) validate() error {
	if c.Frames == nil {
		return errors.New("underlay: Config.Frames is nil; it must be able to send")
	}
	seen := map[int]bool{}
	for _, p := range c.Ports {
		if seen[p.Index] || p.Index < 0 {
			return fmt.Errorf("port %s: index %d is negative or given twice; each port has its own", p.Name, p.Index)
		}
		seen[p.Index] = true
		if err := p.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Port) validate() error {
	if p.MAC == ([6]byte{}) || p.MAC[0]&1 != 0 {
		return fmt.Errorf("port %s: MAC %s is zero or multicast; it must be unicast", p.Name, macString(p.MAC))
	}
	if p.VLAN < 0 || p.VLAN > 4094 {
		return fmt.Errorf("port %s: VLAN is %d; it must be 1-4094, or 0 for untagged", p.Name, p.VLAN)
	}
	least := minMTU4
	for i, prefix := range p.Addresses {
		a := prefix.Addr()
		if !prefix.IsValid() || !isUnicast(a) || a.Is4In6() || a.Zone() != "" {
			return fmt.Errorf("port %s: address %s is not a unicast address with a prefix length", p.Name, prefix)
		}
		for _, other := range p.Addresses[:i] {
			if other.Addr() == a {
				return fmt.Errorf("port %s: address %s is given twice", p.Name, a)
			}
		}
		if a.Is6() {
			least = minMTU6
		}
	}
	if p.MTU < least || p.MTU > 65535 {
		return fmt.Errorf("port %s: MTU is %d; with its addresses it must be %d-65535", p.Name, p.MTU, least)
	}
	return nil
}

// isUnicast reports whether a host can have this address. Loopback addresses are nobody's on a
// network.
func isUnicast(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != broadcast4
}

var broadcast4 = netip.AddrFrom4([4]byte{255, 255, 255, 255})

func macString(mac [6]byte) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
}
