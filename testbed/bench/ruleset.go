package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"mirrorgw/testbed/traffic"
)

// rule is an egress rule that accepts; its number is its place in the list, from 1.
type rule struct {
	tcp                 bool // else UDP
	source, destination netip.Prefix
	sourcePorts         ports
	destinationPorts    ports
}

// ports is an inclusive range.
type ports struct{ first, last uint16 }

// anyPort is the range that needs not be written.
var anyPort = ports{0, 65535}

// randomRules is a list as a large organisation could have it: IPv4 blocks of all sizes, ports and
// port ranges, some overlap.
func randomRules(n int) []rule {
	r, list := random(), make([]rule, n)
	for i := range list {
		list[i] = rule{
			tcp:              r.IntN(2) == 0,
			source:           randomPrefix(r, [4]byte{10}, 12+r.IntN(17)),
			destination:      randomPrefix(r, [4]byte{172}, 16+r.IntN(17)),
			sourcePorts:      anyPort,
			destinationPorts: randomPorts(r, 1000),
		}
		if r.IntN(4) == 0 {
			list[i].sourcePorts = randomPorts(r, 20000)
		}
	}
	return list
}

// randomPrefix is a block of the given length in the /8 of base.
func randomPrefix(r *rand.Rand, base [4]byte, bits int) netip.Prefix {
	binary.BigEndian.PutUint32(base[:], uint32(base[0])<<24|r.Uint32()>>8)
	return netip.PrefixFrom(netip.AddrFrom4(base), bits).Masked()
}

// randomPorts is a port, or a range of up to width ports; both above 1023, where nothing is
// excluded from mirroring.
func randomPorts(r *rand.Rand, width int) ports {
	first := 1024 + r.IntN(65536-1024-width)
	if r.IntN(2) == 0 {
		width = 1
	}
	return ports{uint16(first), uint16(first + r.IntN(width))}
}

// frame is a short frame from web-1's MAC address that the rule accepts.
func (f *rule) frame(r *rand.Rand) []byte {
	from, to := webServer, router
	from.IPv4, to.IPv4 = addressIn(r, f.source), addressIn(r, f.destination)
	packet := traffic.From(from).To(to)
	source, dest := f.sourcePorts.one(r), f.destinationPorts.one(r)
	if f.tcp {
		return packet.TCP(source, dest).Payload(make([]byte, short-headers-12)).Frame() // TCP's header is 12 bytes longer
	}
	return packet.UDP(source, dest).Payload(make([]byte, short-headers)).Frame()
}

func addressIn(r *rand.Rand, p netip.Prefix) netip.Addr {
	bytes := p.Addr().As4()
	host := r.Uint32() & (1<<(32-p.Bits()) - 1)
	binary.BigEndian.PutUint32(bytes[:], binary.BigEndian.Uint32(bytes[:])|host)
	return netip.AddrFrom4(bytes)
}

// one is a port of the range; of all ports, one that a client could use.
func (p ports) one(r *rand.Rand) uint16 {
	first := max(p.first, 1024)
	return first + uint16(r.IntN(int(p.last-first)+1))
}

// ruleTOML writes the rules of a filter.
func ruleTOML(list []rule) string {
	var text strings.Builder
	for i, f := range list {
		protocol := "udp"
		if f.tcp {
			protocol = "tcp"
		}
		fmt.Fprintf(&text, "[[filter.rule]]\ndirection = \"egress\"\nnumber = %d\naction = \"accept\"\nprotocol = %q\nsource = %q\ndestination = %q\ndestination_ports = %q\n",
			i+1, protocol, f.source, f.destination, f.destinationPorts)
		if f.sourcePorts != anyPort {
			fmt.Fprintf(&text, "source_ports = %q\n", f.sourcePorts)
		}
	}
	return text.String()
}

// String writes the range as the configuration wants it.
func (p ports) String() string { return fmt.Sprintf("%d-%d", p.first, p.last) }
