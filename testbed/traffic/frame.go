package traffic

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

var fix = gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}

// Frame returns the bytes of the frame.
func (p Packet) Frame() []byte {
	upper := p.upper()
	if p.ipv6 {
		return p.ethernet(uint16(layers.EthernetTypeIPv6), p.ipv6Packet(p.extensions, uint8(p.transport.protocol), upper))
	}
	return p.ethernet(uint16(layers.EthernetTypeIPv4), p.ipv4Packet(upper, 0, false))
}

// Fragments returns the frames that carry the packet in IP fragments of at most size bytes of
// IP payload each; size is rounded down to a multiple of 8 (RFC 791 section 2.3). Over IPv6 the
// extension headers are repeated in front of the fragment header.
func (p Packet) Fragments(size int) [][]byte {
	upper, size := p.upper(), size&^7
	var frames [][]byte
	for at := 0; at < len(upper); at += size {
		end := min(at+size, len(upper))
		frames = append(frames, p.fragment(upper[at:end], at, end < len(upper)))
	}
	return frames
}

// fragment returns one fragment; offset is in bytes.
func (p Packet) fragment(part []byte, offset int, more bool) []byte {
	if !p.ipv6 {
		return p.ethernet(uint16(layers.EthernetTypeIPv4), p.ipv4Packet(part, offset, more))
	}
	chain := append(append([]extension{}, p.extensions...), fragmentHeader(offset, more, p.id))
	return p.ethernet(uint16(layers.EthernetTypeIPv6), p.ipv6Packet(chain, uint8(p.transport.protocol), part))
}

func (p Packet) ipv4Header() *layers.IPv4 {
	source, dest := p.addresses()
	return &layers.IPv4{
		Version: 4, TTL: p.hopLimit, Id: uint16(p.id), Protocol: p.transport.protocol,
		SrcIP: source.AsSlice(), DstIP: dest.AsSlice(),
	}
}

func (p Packet) ipv6Header() *layers.IPv6 {
	source, dest := p.addresses()
	return &layers.IPv6{Version: 6, HopLimit: p.hopLimit, SrcIP: source.AsSlice(), DstIP: dest.AsSlice()}
}

func (p Packet) ipv4Packet(payload []byte, offset int, more bool) []byte {
	ip := p.ipv4Header()
	ip.FragOffset = uint16(offset / 8) // RFC 791 section 3.1: units of 8 bytes
	if more {
		ip.Flags = layers.IPv4MoreFragments
	}
	return serialize(ip, gopacket.Payload(payload))
}

func (p Packet) ipv6Packet(chain []extension, protocol uint8, payload []byte) []byte {
	ip := p.ipv6Header()
	first, headers := joinExtensions(chain, protocol)
	ip.NextHeader = layers.IPProtocol(first)
	return serialize(ip, gopacket.Payload(append(headers, payload...)))
}

// upper returns transport header and payload, the checksum over the whole of them.
func (p Packet) upper() []byte {
	t, payload := p.transport, gopacket.Payload(p.payload)
	switch t.protocol {
	case layers.IPProtocolTCP:
		return serialize(p.tcp(), payload)
	case layers.IPProtocolUDP:
		udp := &layers.UDP{SrcPort: layers.UDPPort(t.source), DstPort: layers.UDPPort(t.dest)}
		p.checksumOver(udp)
		return serialize(udp, payload)
	case layers.IPProtocolSCTP:
		return p.sctp()
	case layers.IPProtocolICMPv4:
		icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(t.typ, t.code), Id: 7, Seq: uint16(t.sequence)}
		return serialize(icmp, payload)
	case layers.IPProtocolICMPv6:
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(t.typ, t.code)}
		p.checksumOver(icmp)
		return serialize(icmp, &layers.ICMPv6Echo{Identifier: 7, SeqNumber: uint16(t.sequence)}, payload)
	default:
		return serialize(payload)
	}
}

func (p Packet) tcp() *layers.TCP {
	t := p.transport
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(t.source), DstPort: layers.TCPPort(t.dest), Seq: t.sequence, Ack: t.answer,
		SYN: t.syn, ACK: t.ack, FIN: t.fin, RST: t.rst, PSH: len(p.payload) > 0, Window: 64240,
	}
	p.checksumOver(tcp)
	return tcp
}

// checksumOver gives a transport layer the pseudo header that its checksum includes.
func (p Packet) checksumOver(l interface {
	SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
}) {
	var ip gopacket.NetworkLayer = p.ipv4Header()
	if p.ipv6 {
		ip = p.ipv6Header()
	}
	if err := l.SetNetworkLayerForChecksum(ip); err != nil {
		panic("traffic: " + err.Error())
	}
}

// sctp writes common header and one DATA chunk by hand: RFC 9260 sections 3.1 and 3.3.1. The
// checksum is CRC32c, sent least significant byte first (RFC 9260 appendix A).
func (p Packet) sctp() []byte {
	b := binary.BigEndian.AppendUint16(nil, p.transport.source)
	b = binary.BigEndian.AppendUint16(b, p.transport.dest)
	b = binary.BigEndian.AppendUint32(b, 1) // verification tag
	b = append(b, 0, 0, 0, 0)               // checksum, below
	b = append(b, 0, 3)                     // DATA, first and last part of the message
	b = binary.BigEndian.AppendUint16(b, uint16(16+len(p.payload)))
	b = append(b, make([]byte, 12)...) // TSN, stream, sequence, payload protocol
	b = append(b, p.payload...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint32(b[8:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func serialize(l ...gopacket.SerializableLayer) []byte {
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, fix, l...); err != nil {
		panic("traffic: a fixture cannot be built: " + err.Error())
	}
	return buffer.Bytes()
}
