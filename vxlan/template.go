package vxlan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Outer is what an outer header is made of. Addresses are of one family, which decides between
// IPv4 and IPv6; IPv4 mapped into IPv6 and zones are refused.
type Outer struct {
	SrcMAC, DstMAC [6]byte
	Src, Dst       netip.Addr
	VNI            uint32 // VNIMin to VNIMax
}

// Template is an outer header that needs only patching. It owns Bytes; nobody writes them.
type Template struct {
	// Bytes is the header in wire format, HeaderLenIPv4 or HeaderLenIPv6 long. Lengths, source
	// port and checksums in it are zero.
	Bytes []byte
	IPv6  bool
	// PartialSum is a one's complement sum (RFC 1071) of big-endian 16-bit words, folded to 16
	// bits, so that a few more words can be added in 32 bits before the next fold.
	// IPv4: the IPv4 header with length and checksum zero. The header checksum is the complement
	// of the folded PartialSum + total length.
	// IPv6: pseudo header (RFC 8200 section 8.1) with length zero, plus UDP header with source
	// port, length and checksum zero, plus VXLAN header. The UDP checksum is the complement of
	// the folded PartialSum + 2 * UDP length (pseudo header and UDP header) + source port + words
	// of the inner frame (an odd last byte is the high byte of its word); 0 is sent as 0xffff.
	PartialSum uint32
}

// NewTemplate builds the outer header for copies of one session to one target: DF set, id 0, TTL
// 64, DSCP 0 over IPv4; hop limit 64, traffic class and flow label 0 over IPv6; UDP to port 4789;
// VXLAN with the I flag alone (RFC 7348 section 5). The error names the field of o.
func NewTemplate(o Outer) (Template, error) {
	if err := o.check(); err != nil {
		return Template{}, err
	}
	t := Template{IPv6: o.Src.Is6()}
	t.Bytes = append(append(make([]byte, 0, HeaderLenIPv6), o.DstMAC[:]...), o.SrcMAC[:]...)
	if t.IPv6 {
		t.Bytes = appendIPv6(t.Bytes, o.Src.As16(), o.Dst.As16())
	} else {
		t.Bytes = appendIPv4(t.Bytes, o.Src.As4(), o.Dst.As4())
	}
	t.Bytes = appendUDPAndVXLAN(t.Bytes, o.VNI)
	t.PartialSum = uint32(partialSum(t.Bytes, t.IPv6))
	return t, nil
}

func (o *Outer) check() error {
	for _, end := range []struct {
		name string
		addr netip.Addr
	}{{"source", o.Src}, {"destination", o.Dst}} {
		if !end.addr.IsValid() || end.addr.Zone() != "" || end.addr.Is4In6() {
			return fmt.Errorf("outer %s address is %s; it must be an IPv4 or IPv6 address without zone", end.name, end.addr)
		}
	}
	if o.Src.Is4() != o.Dst.Is4() {
		return fmt.Errorf("outer header from %s to %s; both addresses must be IPv4 or both IPv6", o.Src, o.Dst)
	}
	if o.VNI < VNIMin || o.VNI > VNIMax {
		return fmt.Errorf("outer header has VNI %d; it must be %d to %d", o.VNI, VNIMin, VNIMax)
	}
	return nil
}

func appendIPv4(b []byte, src, dst [4]byte) []byte {
	b = binary.BigEndian.AppendUint16(b, etherTypeIPv4)
	b = append(b, ipv4VersionAndLength, 0)       // DSCP and ECN 0
	b = append(b, 0, 0, 0, 0)                    // total length comes later, id 0 (RFC 6864: atomic)
	b = binary.BigEndian.AppendUint16(b, flagDF) // offset 0
	b = append(b, hopLimit, protocolUDP, 0, 0)   // header checksum comes later
	return append(append(b, src[:]...), dst[:]...)
}

func appendIPv6(b []byte, src, dst [16]byte) []byte {
	b = binary.BigEndian.AppendUint16(b, etherTypeIPv6)
	b = append(b, 6<<4, 0, 0, 0)               // traffic class 0, flow label 0
	b = append(b, 0, 0, protocolUDP, hopLimit) // payload length comes later
	return append(append(b, src[:]...), dst[:]...)
}

func appendUDPAndVXLAN(b []byte, vni uint32) []byte {
	b = binary.BigEndian.AppendUint16(b, 0) // source port comes later
	b = binary.BigEndian.AppendUint16(b, Port)
	b = append(b, 0, 0, 0, 0) // length comes later, checksum too over IPv6
	b = append(b, flagVNI, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, vni<<8)
}

// partialSum is Template.PartialSum of a header whose variable fields are zero.
func partialSum(header []byte, v6 bool) uint16 {
	if !v6 {
		return foldSum(sumWords(0, header[etherLen:etherLen+ipv4Len]))
	}
	// The addresses are the last 32 bytes of the IPv6 header, right before UDP and VXLAN.
	return foldSum(sumWords(protocolUDP, header[etherLen+8:]))
}

// Encapsulate appends an outer header with this source port, and inner behind it, to dst and
// returns the extended slice, as append does. It is the reference for what the data path sends.
// inner must not overlap dst's spare capacity, and must fit the length fields: Encapsulate panics
// beyond MaxInnerIPv4 or MaxInnerIPv6 bytes, which whoever truncates to InnerLimit never reaches.
func (t *Template) Encapsulate(dst, inner []byte, srcPort uint16) []byte {
	if limit := t.maxInner(); len(inner) > limit {
		panic(fmt.Sprintf("vxlan: inner frame of %d bytes; an outer header can carry at most %d", len(inner), limit))
	}
	start := len(dst)
	dst = append(append(dst, t.Bytes...), inner...)
	if t.IPv6 {
		t.patchIPv6(dst[start:], inner, srcPort)
	} else {
		t.patchIPv4(dst[start:], len(inner), srcPort)
	}
	return dst
}

func (t *Template) maxInner() int {
	if t.IPv6 {
		return MaxInnerIPv6
	}
	return MaxInnerIPv4
}

func (t *Template) patchIPv4(frame []byte, inner int, srcPort uint16) {
	udpLength := uint16(udpLen + vxlanLen + inner)
	total := udpLength + ipv4Len
	binary.BigEndian.PutUint16(frame[OffsetIPv4TotalLength:], total)
	binary.BigEndian.PutUint16(frame[OffsetIPv4SourcePort:], srcPort)
	binary.BigEndian.PutUint16(frame[OffsetIPv4UDPLength:], udpLength)
	// The UDP checksum stays zero, which RFC 7348 section 5 asks for over IPv4.
	binary.BigEndian.PutUint16(frame[OffsetIPv4Checksum:], ^foldSum(uint64(t.PartialSum)+uint64(total)))
}

func (t *Template) patchIPv6(frame, inner []byte, srcPort uint16) {
	udpLength := uint16(udpLen + vxlanLen + len(inner))
	binary.BigEndian.PutUint16(frame[OffsetIPv6PayloadLen:], udpLength)
	binary.BigEndian.PutUint16(frame[OffsetIPv6SourcePort:], srcPort)
	binary.BigEndian.PutUint16(frame[OffsetIPv6UDPLength:], udpLength)
	sum := uint64(t.PartialSum) + 2*uint64(udpLength) + uint64(srcPort)
	checksum := ^foldSum(sumWords(sum, inner))
	if checksum == 0 {
		checksum = maxUint16 // RFC 8200 section 8.1: zero would mean "no checksum"
	}
	binary.BigEndian.PutUint16(frame[OffsetIPv6UDPChecksum:], checksum)
}
