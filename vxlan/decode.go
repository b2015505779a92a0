package vxlan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Packet is a decoded copy.
type Packet struct {
	Outer
	SrcPort      uint16 // of the outer UDP header
	TrafficClass uint8  // DSCP and ECN
	HopLimit     uint8  // TTL over IPv4; routers count it down
	Inner        []byte // part of the decoded frame, not a copy of it
}

// IPv6 reports the family of the outer header.
func (p *Packet) IPv6() bool { return p.Src.Is6() }

// Decode takes a copy apart and is strict about it: an untagged Ethernet frame (without FCS or
// padding) with exactly the headers that a Template makes. It checks versions, header and packet
// lengths, the IPv4 header checksum, DF set and no fragment, UDP destination port and length, the
// UDP checksum (zero over IPv4, present and right over IPv6), and VXLAN flags and reserved bits
// (zero, though RFC 7348 section 5 lets a receiver ignore them). It does not judge what routers
// may change (hop limit, DSCP) nor the range of the source port. The error names the field, what
// it is and what would be right.
func Decode(frame []byte) (Packet, error) {
	var p Packet
	if len(frame) < etherLen {
		return p, fmt.Errorf("frame has %d bytes; an Ethernet header needs %d", len(frame), etherLen)
	}
	p.DstMAC, p.SrcMAC = [6]byte(frame[0:6]), [6]byte(frame[6:12])
	packet := frame[etherLen:]
	var udp []byte
	var err error
	switch etherType := binary.BigEndian.Uint16(frame[12:]); etherType {
	case etherTypeIPv4:
		udp, err = p.decodeIPv4(packet)
	case etherTypeIPv6:
		udp, err = p.decodeIPv6(packet)
	default:
		err = fmt.Errorf("EtherType is 0x%04x; it must be 0x%04x or 0x%04x, untagged", etherType, etherTypeIPv4, etherTypeIPv6)
	}
	if err != nil {
		return Packet{}, err
	}
	if err := p.decodeUDP(udp); err != nil {
		return Packet{}, err
	}
	if err := p.decodeVXLAN(udp[udpLen:]); err != nil {
		return Packet{}, err
	}
	return p, nil
}

func (p *Packet) decodeIPv4(b []byte) (udp []byte, err error) {
	if len(b) < ipv4Len {
		return nil, fmt.Errorf("IPv4 header has %d bytes; it needs %d", len(b), ipv4Len)
	}
	if b[0] != ipv4VersionAndLength {
		return nil, fmt.Errorf("IPv4 version is %d and IHL %d; they must be 4 and 5", b[0]>>4, b[0]&0x0f)
	}
	if total := int(binary.BigEndian.Uint16(b[2:])); total != len(b) {
		return nil, fmt.Errorf("IPv4 total length is %d; the frame carries %d bytes", total, len(b))
	}
	if err := checkFragmentField(binary.BigEndian.Uint16(b[6:])); err != nil {
		return nil, err
	}
	if b[9] != protocolUDP {
		return nil, fmt.Errorf("IPv4 protocol is %d; it must be %d (UDP)", b[9], protocolUDP)
	}
	// A header with its own checksum sums up to all ones (RFC 1071 section 1).
	if sum := foldSum(sumWords(0, b[:ipv4Len])); sum != maxUint16 {
		return nil, fmt.Errorf("IPv4 header checksum is 0x%04x, which is wrong; the header sums up to 0x%04x, not 0xffff",
			binary.BigEndian.Uint16(b[10:]), sum)
	}
	p.TrafficClass, p.HopLimit = b[1], b[8]
	p.Src, p.Dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	return b[ipv4Len:], nil
}

func checkFragmentField(field uint16) error {
	switch {
	case field&flagReserved != 0:
		return fmt.Errorf("IPv4 reserved flag is set; it must be zero")
	case field&flagDF == 0:
		return fmt.Errorf("IPv4 DF flag is not set; copies must not be fragmented")
	case field&(flagMF|fragmentOffsetMask) != 0:
		return fmt.Errorf("IPv4 packet is a fragment (flags and offset 0x%04x); it must be whole", field)
	}
	return nil
}

func (p *Packet) decodeIPv6(b []byte) (udp []byte, err error) {
	if len(b) < ipv6Len {
		return nil, fmt.Errorf("IPv6 header has %d bytes; it needs %d", len(b), ipv6Len)
	}
	if b[0]>>4 != 6 {
		return nil, fmt.Errorf("IPv6 version is %d; it must be 6", b[0]>>4)
	}
	if length := int(binary.BigEndian.Uint16(b[4:])); length != len(b)-ipv6Len {
		return nil, fmt.Errorf("IPv6 payload length is %d; the frame carries %d bytes", length, len(b)-ipv6Len)
	}
	if b[6] != protocolUDP {
		return nil, fmt.Errorf("IPv6 next header is %d; it must be %d (UDP)", b[6], protocolUDP)
	}
	p.TrafficClass, p.HopLimit = b[0]<<4|b[1]>>4, b[7]
	p.Src, p.Dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	return b[ipv6Len:], nil
}

func (p *Packet) decodeUDP(b []byte) error {
	if len(b) < udpLen {
		return fmt.Errorf("UDP header has %d bytes; it needs %d", len(b), udpLen)
	}
	if port := binary.BigEndian.Uint16(b[offsetDestinationPort:]); port != Port {
		return fmt.Errorf("UDP destination port is %d; it must be %d", port, Port)
	}
	if length := int(binary.BigEndian.Uint16(b[4:])); length != len(b) {
		return fmt.Errorf("UDP length is %d; the packet carries %d bytes", length, len(b))
	}
	p.SrcPort = binary.BigEndian.Uint16(b)
	return p.checkUDPChecksum(b)
}

func (p *Packet) checkUDPChecksum(b []byte) error {
	checksum := binary.BigEndian.Uint16(b[6:])
	if !p.IPv6() {
		if checksum != 0 {
			return fmt.Errorf("UDP checksum is 0x%04x; it must be zero over IPv4", checksum)
		}
		return nil
	}
	if checksum == 0 {
		return fmt.Errorf("UDP checksum is zero; over IPv6 it must be computed")
	}
	src, dst := p.Src.As16(), p.Dst.As16()
	sum := sumWords(sumWords(uint64(len(b))+protocolUDP, src[:]), dst[:])
	if folded := foldSum(sumWords(sum, b)); folded != maxUint16 {
		return fmt.Errorf("UDP checksum is 0x%04x, which is wrong; the packet sums up to 0x%04x, not 0xffff", checksum, folded)
	}
	return nil
}

func (p *Packet) decodeVXLAN(b []byte) error {
	if len(b) < vxlanLen {
		return fmt.Errorf("VXLAN header has %d bytes; it needs %d", len(b), vxlanLen)
	}
	if b[0] != flagVNI {
		return fmt.Errorf("VXLAN flags are 0x%02x; they must be 0x%02x", b[0], flagVNI)
	}
	if b[1] != 0 || b[2] != 0 || b[3] != 0 || b[7] != 0 {
		return fmt.Errorf("VXLAN reserved bits are %02x%02x%02x and %02x; they must be zero", b[1], b[2], b[3], b[7])
	}
	p.VNI = binary.BigEndian.Uint32(b[offsetVNI:]) >> 8
	p.Inner = b[vxlanLen:]
	return nil
}
