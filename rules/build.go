package rules

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Packet describes a packet to ask about.
type Packet struct {
	SrcMAC, DstMAC     [6]byte
	VLAN               int        // 1-4094 for one 0x8100 tag; 0 or VLANNone for none
	Src, Dst           netip.Addr // of one family
	Protocol           int        // 0-255
	SrcPort, DstPort   uint16     // used for TCP, UDP and SCTP
	ICMPType, ICMPCode uint8      // used for ICMP and ICMPv6
}

// BuildFrame makes a minimal frame of which Parse reads the packet back: Ethernet, at most one
// tag, IPv4 or IPv6, and an L4 header without payload. The IPv4 header checksum is right, the L4
// checksum is left zero: the frame is for asking, not for sending. Errors name the field.
func BuildFrame(p Packet) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	frame := append(append(make([]byte, 0, 96), p.DstMAC[:]...), p.SrcMAC[:]...)
	if p.VLAN > 0 {
		frame = binary.BigEndian.AppendUint16(frame, 0x8100)
		frame = binary.BigEndian.AppendUint16(frame, uint16(p.VLAN))
	}
	l4 := p.l4()
	if p.Src.Is4() {
		frame = binary.BigEndian.AppendUint16(frame, EtherTypeIPv4)
		frame = p.appendIPv4(frame, len(l4))
	} else {
		frame = binary.BigEndian.AppendUint16(frame, EtherTypeIPv6)
		frame = p.appendIPv6(frame, len(l4))
	}
	return append(frame, l4...), nil
}

func (p *Packet) check() error {
	if !p.Src.IsValid() || !p.Dst.IsValid() || p.Src.Is4() != p.Dst.Is4() {
		return fmt.Errorf("packet from %s to %s; both addresses must be IPv4 or both IPv6", p.Src, p.Dst)
	}
	if p.VLAN < VLANNone || p.VLAN > VLANMax {
		return fmt.Errorf("packet has VLAN %d; it must be %d to %d, or %d for none", p.VLAN, VLANMin, VLANMax, VLANNone)
	}
	if p.Protocol < 0 || p.Protocol > 255 {
		return fmt.Errorf("packet has protocol %d; it must be 0 to 255", p.Protocol)
	}
	if p.Src.Is6() && IsChainHeader(uint8(p.Protocol)) {
		return fmt.Errorf("packet has protocol %d, an IPv6 extension header; it must be what follows the extension headers", p.Protocol)
	}
	return nil
}

func (p *Packet) l4() []byte {
	switch p.Protocol {
	case ProtocolTCP:
		l4 := make([]byte, 20)
		p.putPorts(l4)
		l4[12], l4[13] = 5<<4, 0x02 // RFC 9293 3.1: five words of header, SYN
		return l4
	case ProtocolUDP:
		l4 := make([]byte, 8)
		p.putPorts(l4)
		binary.BigEndian.PutUint16(l4[4:], uint16(len(l4)))
		return l4
	case ProtocolSCTP:
		l4 := make([]byte, 12)
		p.putPorts(l4)
		return l4
	case ProtocolICMP, ProtocolICMPv6:
		return []byte{p.ICMPType, p.ICMPCode, 0, 0, 0, 0, 0, 0}
	}
	return make([]byte, 8)
}

func (p *Packet) putPorts(l4 []byte) {
	binary.BigEndian.PutUint16(l4, p.SrcPort)
	binary.BigEndian.PutUint16(l4[2:], p.DstPort)
}

func (p *Packet) appendIPv4(frame []byte, payload int) []byte {
	h := make([]byte, ipv4Len)
	h[0] = 4<<4 | ipv4Len/4
	binary.BigEndian.PutUint16(h[2:], uint16(ipv4Len+payload))
	binary.BigEndian.PutUint16(h[6:], 0x4000) // DF
	h[8] = 64
	h[9] = uint8(p.Protocol)
	src, dst := p.Src.As4(), p.Dst.As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	binary.BigEndian.PutUint16(h[10:], headerChecksum(h))
	return append(frame, h...)
}

// headerChecksum is RFC 791's: h has an even length and a zero checksum field.
func headerChecksum(h []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(h); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

func (p *Packet) appendIPv6(frame []byte, payload int) []byte {
	h := make([]byte, ipv6Len)
	h[0] = 6 << 4
	binary.BigEndian.PutUint16(h[4:], uint16(payload))
	h[6] = uint8(p.Protocol)
	h[7] = 64
	src, dst := p.Src.As16(), p.Dst.As16()
	copy(h[8:], src[:])
	copy(h[24:], dst[:])
	return append(frame, h...)
}
