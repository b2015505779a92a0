package traffic

import (
	"fmt"
	"net"
	"net/netip"
)

// Host is a machine of a fixture: a name to talk about it, a MAC address and at most one address
// of each family (the zero netip.Addr where it has none).
type Host struct {
	Name string
	MAC  net.HardwareAddr
	IPv4 netip.Addr
	IPv6 netip.Addr
}

// NewHost describes a host. mac is written with colons; addresses are IPv4 or IPv6 literals, the
// last of each family counts. It panics on text that is neither.
func NewHost(name, mac string, addresses ...string) Host {
	hardware, err := net.ParseMAC(mac)
	if err != nil {
		panic(fmt.Sprintf("traffic: host %s: %q is not a MAC address", name, mac))
	}
	h := Host{Name: name, MAC: hardware}
	for _, text := range addresses {
		if a := netip.MustParseAddr(text); a.Is4() {
			h.IPv4 = a
		} else {
			h.IPv6 = a
		}
	}
	return h
}

// Through returns the host as it looks behind a router: its own addresses, the router's MAC.
func (h Host) Through(router Host) Host {
	h.MAC = router.MAC
	return h
}

// Broadcast is every host of an Ethernet segment: ff:ff:ff:ff:ff:ff, 255.255.255.255, and for IPv6
// (which has no broadcast) all nodes of the link.
var Broadcast = NewHost("broadcast", "ff:ff:ff:ff:ff:ff", "255.255.255.255", "ff02::1")

// MDNS is the multicast group of RFC 6762 section 3 with the MAC of its IPv4 address.
var MDNS = NewHost("mdns", "01:00:5e:00:00:fb", "224.0.0.251", "ff02::fb")
