package traffic

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/gopacket/layers"
)

// Packet is a description of one IP packet in an Ethernet frame. Every method returns a changed
// description and leaves its receiver alone, so that a description can be shared and varied.
// Frame and Fragments turn it into bytes.
type Packet struct {
	from, to   Host
	ipv6       bool
	tags       []tag
	extensions []extension
	hopLimit   uint8 // TTL of IPv4, hop limit of IPv6
	id         uint32
	transport  transport
	payload    []byte
}

type tag struct {
	tpid uint16 // EtherType of the tag
	vid  uint16 // 1-4094; priority 0
}

type transport struct {
	protocol         layers.IPProtocol
	source, dest     uint16
	sequence, answer uint32
	syn, ack, fin    bool
	rst              bool
	typ, code        uint8 // ICMP and ICMPv6
}

// Sender is the first word of a sentence.
type Sender struct{ host Host }

// From names the host that sends: source MAC and source address.
func From(h Host) Sender { return Sender{h} }

// To names the receiver: destination MAC and address. The packet is IPv4 when both hosts have an
// IPv4 address, IPv6 otherwise.
func (s Sender) To(h Host) Packet {
	v4 := s.host.IPv4.IsValid() && h.IPv4.IsValid()
	return Packet{from: s.host, to: h, ipv6: !v4, hopLimit: 64}
}

// OverIPv6 uses the IPv6 addresses of both hosts.
func (p Packet) OverIPv6() Packet { p.ipv6 = true; return p }

// Tagged puts a tag in front of the tags there are: the last call is the outermost. tpid is the
// EtherType of the tag (0x8100, 0x88a8, 0x9100), vid its VLAN identifier.
func (p Packet) Tagged(tpid, vid uint16) Packet {
	p.tags = append([]tag{{tpid, vid}}, p.tags...)
	return p
}

// VLAN adds an IEEE 802.1Q tag.
func (p Packet) VLAN(vid uint16) Packet { return p.Tagged(0x8100, vid) }

// QinQ adds two tags as IEEE 802.1ad does: a service tag (0x88a8) outside, a customer tag inside.
func (p Packet) QinQ(service, customer uint16) Packet {
	return p.Tagged(0x8100, customer).Tagged(0x88a8, service)
}

// ID sets the identification that the fragments of one datagram share. IPv4 uses the low 16 bits.
func (p Packet) ID(id uint32) Packet { p.id = id; return p }

// Payload sets the bytes behind the transport header. They are not copied until Frame.
func (p Packet) Payload(b []byte) Packet { p.payload = b; return p }

// UDP makes the packet a UDP datagram.
func (p Packet) UDP(source, dest uint16) Packet {
	p.transport = transport{protocol: layers.IPProtocolUDP, source: source, dest: dest}
	return p
}

// SCTP makes the packet an SCTP packet whose payload is one DATA chunk (RFC 9260 section 3.3.1).
func (p Packet) SCTP(source, dest uint16) Packet {
	p.transport = transport{protocol: layers.IPProtocolSCTP, source: source, dest: dest}
	return p
}

// TCP makes the packet a TCP segment: sequence number 1, no flag but ACK.
func (p Packet) TCP(source, dest uint16) Packet {
	p.transport = transport{protocol: layers.IPProtocolTCP, source: source, dest: dest, sequence: 1, answer: 1, ack: true}
	return p
}

// SYN makes a TCP segment the first of its connection.
func (p Packet) SYN() Packet {
	p.transport.syn, p.transport.ack, p.transport.sequence, p.transport.answer = true, false, 0, 0
	return p
}

// SYNACK makes a TCP segment the answer to a SYN.
func (p Packet) SYNACK() Packet {
	p.transport.syn, p.transport.ack, p.transport.sequence, p.transport.answer = true, true, 0, 1
	return p
}

// FIN makes a TCP segment the last that its sender has something to say in.
func (p Packet) FIN() Packet { p.transport.fin = true; return p }

// RST makes a TCP segment a reset.
func (p Packet) RST() Packet { p.transport.rst = true; return p }

// At sets sequence and acknowledgement number of a TCP segment.
func (p Packet) At(sequence, answer uint32) Packet {
	p.transport.sequence, p.transport.answer = sequence, answer
	return p
}

// Ping makes the packet an ICMP or ICMPv6 echo request of the given sequence number, identifier 7.
// What the packet travels over (OverIPv6, extension headers) is said before it.
func (p Packet) Ping(sequence uint16) Packet { return p.echo(8, 128, sequence) }

// Pong is the answer to Ping.
func (p Packet) Pong(sequence uint16) Packet { return p.echo(0, 129, sequence) }

func (p Packet) echo(type4, type6 uint8, sequence uint16) Packet {
	p.transport = transport{protocol: layers.IPProtocolICMPv4, typ: type4, sequence: uint32(sequence)}
	if p.ipv6 {
		p.transport.protocol, p.transport.typ = layers.IPProtocolICMPv6, type6
	}
	return p
}

// IPProtocol makes the packet one of a protocol that has no builder here: the payload follows the
// IP header directly.
func (p Packet) IPProtocol(number uint8) Packet {
	p.transport = transport{protocol: layers.IPProtocol(number)}
	return p
}

// addresses of the family in use.
func (p Packet) addresses() (source, dest netip.Addr) {
	source, dest = p.from.IPv4, p.to.IPv4
	if p.ipv6 {
		source, dest = p.from.IPv6, p.to.IPv6
	}
	if !source.IsValid() || !dest.IsValid() {
		panic("traffic: " + p.from.Name + " and " + p.to.Name + " have no addresses of one family")
	}
	return source, dest
}

// ethernet puts the Ethernet header and the tags in front of a payload of the given EtherType.
func (p Packet) ethernet(etherType uint16, payload []byte) []byte {
	frame := make([]byte, 0, 14+4*len(p.tags)+len(payload))
	frame = append(frame, p.to.MAC...)
	frame = append(frame, p.from.MAC...)
	for _, t := range p.tags {
		frame = binary.BigEndian.AppendUint16(frame, t.tpid)
		frame = binary.BigEndian.AppendUint16(frame, t.vid)
	}
	frame = binary.BigEndian.AppendUint16(frame, etherType)
	return append(frame, payload...)
}
