package rules

import (
	"encoding/binary"
	"net/netip"
)

const (
	etherLen     = 14
	tagLen       = 4 // what a tag inserts: its TCI and the EtherType behind it follow the TPID
	maxTags      = 2
	ipv4Len      = 20
	ipv6Len      = 40
	maxChain     = 8 // IPv6 extension headers
	fragmentLen  = 8 // RFC 8200 section 4.5
	chainFragHdr = 44
	chainAuthHdr = 51
)

// Parse reads what the engine looks at out of an Ethernet frame (without FCS, network byte
// order). It accepts any bytes, reads nothing outside frame, and keeps no reference to it.
// docs/semantics.md has the rule; total and payload lengths are not judged.
func Parse(frame []byte) Key {
	k := Key{VLAN: VLANNone, Protocol: ProtocolUnknown}
	if len(frame) < etherLen {
		k.Class = ClassShort
		return k
	}
	k.HasEthernet = true
	copy(k.DstMAC[:], frame[0:6])
	copy(k.SrcMAC[:], frame[6:12])
	packet, ok := k.parseTags(frame[12:])
	if !ok {
		k.Class = ClassShort
		return k
	}
	switch k.EtherType {
	case EtherTypeIPv4:
		k.Class = k.parseIPv4(packet)
	case EtherTypeIPv6:
		k.Class = k.parseIPv6(packet)
	default:
		k.Class = ClassNotIP
	}
	return k
}

// IsTPID reports whether an EtherType announces a VLAN tag.
func IsTPID(etherType uint16) bool {
	return etherType == 0x8100 || etherType == 0x88a8 || etherType == 0x9100
}

// parseTags reads the EtherType at the start of rest and steps over up to two tags. It returns
// what follows; ok is false when a tag is cut off. A tag counts only when all its four bytes and
// so the EtherType behind it are there.
func (k *Key) parseTags(rest []byte) (packet []byte, ok bool) {
	k.EtherType = binary.BigEndian.Uint16(rest)
	rest = rest[2:]
	for n := 0; n < maxTags && IsTPID(k.EtherType); n++ {
		if len(rest) < tagLen {
			return nil, false
		}
		if n == 0 {
			k.VLAN = int(binary.BigEndian.Uint16(rest) & 0x0fff)
		}
		k.EtherType = binary.BigEndian.Uint16(rest[2:])
		rest = rest[tagLen:]
	}
	return rest, true
}

func (k *Key) parseIPv4(packet []byte) Class {
	if len(packet) < ipv4Len {
		return ClassShort
	}
	version, headerLen := packet[0]>>4, int(packet[0]&0x0f)*4
	if version != 4 || headerLen < ipv4Len || headerLen > len(packet) {
		return ClassMalformed
	}
	k.Family = 4
	k.Src = netip.AddrFrom4([4]byte(packet[12:16]))
	k.Dst = netip.AddrFrom4([4]byte(packet[16:20]))
	k.Protocol = int(packet[9])
	flags := binary.BigEndian.Uint16(packet[6:]) // RFC 791: reserved, DF, MF, 13 bits of offset
	k.setFragment(flags&0x1fff, flags&0x2000 != 0, uint32(binary.BigEndian.Uint16(packet[4:])))
	k.parseL4(packet[headerLen:])
	return ClassIP
}

// setFragment takes in one fragment header. Of several, the first that says "fragment" names the
// datagram: a receiver would begin with it.
func (k *Key) setFragment(offset uint16, more bool, identification uint32) {
	if offset == 0 && !more {
		return
	}
	if !k.Fragment {
		k.Identification = identification
	}
	k.Fragment = true
	k.NonFirst = k.NonFirst || offset != 0
	k.FirstFragment = k.Fragment && !k.NonFirst
}

func (k *Key) parseIPv6(packet []byte) Class {
	if len(packet) < ipv6Len {
		return ClassShort
	}
	if packet[0]>>4 != 6 {
		return ClassMalformed
	}
	k.Family = 6
	k.Src = netip.AddrFrom16([16]byte(packet[8:24]))
	k.Dst = netip.AddrFrom16([16]byte(packet[24:40]))
	return k.parseChain(packet[6], packet[ipv6Len:])
}

// IsChainHeader reports whether an IPv6 next-header value is an extension header that the engine
// steps over: hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP
// and shim6 (IANA, IPv6 Extension Header Types; ESP hides what follows, so it ends the chain).
func IsChainHeader(nextHeader uint8) bool {
	switch nextHeader {
	case 0, 43, chainFragHdr, chainAuthHdr, 60, 135, 139, 140:
		return true
	}
	return false
}

// parseChain follows the extension headers; rest begins where the first header should be.
func (k *Key) parseChain(next uint8, rest []byte) Class {
	for n := 0; IsChainHeader(next); n++ {
		if n == maxChain {
			return ClassBadChain
		}
		length, ok := chainLen(next, rest)
		if !ok {
			return ClassBadChain
		}
		if next == chainFragHdr {
			field := binary.BigEndian.Uint16(rest[2:]) // 13 bits of offset, 2 reserved, M
			k.setFragment(field>>3, field&1 != 0, binary.BigEndian.Uint32(rest[4:]))
		}
		next = rest[0]
		if k.NonFirst {
			break // what follows is the middle of something, not a header
		}
		// A header may claim to reach beyond the frame: then nothing of the next one is there.
		rest = rest[min(length, len(rest)):]
	}
	k.Protocol = int(next)
	k.parseL4(rest)
	return ClassIP
}

// chainLen returns the length in bytes of the extension header at the start of rest; ok is false
// when the frame ends before its length field (or inside a fragment header).
func chainLen(kind uint8, rest []byte) (length int, ok bool) {
	if kind == chainFragHdr {
		return fragmentLen, len(rest) >= fragmentLen
	}
	if len(rest) < 2 {
		return 0, false
	}
	if kind == chainAuthHdr {
		return (int(rest[1]) + 2) * 4, true // RFC 4302 section 2.2: 4-byte units, minus 2
	}
	return (int(rest[1]) + 1) * 8, true // RFC 8200 section 4: 8-byte units, minus 1
}

// parseL4 reads ports or ICMP type and code, if the protocol has them and they are there.
func (k *Key) parseL4(l4 []byte) {
	if k.NonFirst {
		return
	}
	switch {
	case k.Protocol == ProtocolTCP || k.Protocol == ProtocolUDP || k.Protocol == ProtocolSCTP:
		if len(l4) >= 4 {
			k.HasPorts = true
			k.SrcPort = binary.BigEndian.Uint16(l4)
			k.DstPort = binary.BigEndian.Uint16(l4[2:])
		}
	case k.Family == 4 && k.Protocol == ProtocolICMP, k.Family == 6 && k.Protocol == ProtocolICMPv6:
		if len(l4) >= 2 {
			k.HasICMP = true
			k.ICMPType, k.ICMPCode = l4[0], l4[1]
		}
	}
}
