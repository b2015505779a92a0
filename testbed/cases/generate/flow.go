package main

import (
	"encoding/binary"
	"math/bits"
)

// flow is what the entropy of the outer UDP source port comes from.
type flow struct {
	source, dest         []byte // addresses, 4 or 16 bytes
	protocol             uint8
	sourcePort, destPort uint16
	layer3Only           bool // any fragment: ports are not in every part, so they count in none
}

// sourcePort is the hash folded into 49152-65535.
func sourcePort(f flow) uint16 { return uint16(49152 + hash(f)>>50) }

// sampled reports whether the flow is one of those of a session that mirrors one in n: those whose
// number, the hash mixed once more, is below 2^32 / n.
func sampled(f flow, n uint64) bool {
	h := hash(f)
	h ^= h >> 29
	return h*0xbf58476d1ce4e5b9>>32 < 1<<32/n
}

// hash is the documented one of vxlan.FlowHash, written down a second time: symmetric in source and
// destination.
func hash(f flow) uint64 {
	a, b := fold(f.source), fold(f.dest)
	h := (a+b)*0x9e3779b97f4a7c15 + (a ^ b)
	if !f.layer3Only {
		s, d := uint64(bits.ReverseBytes16(f.sourcePort)), uint64(bits.ReverseBytes16(f.destPort))
		h += (s+d)<<32 + (s ^ d) + uint64(f.protocol)
	}
	h ^= h >> 32
	h *= 0xff51afd7ed558ccd
	h ^= h >> 32
	return h * 0xc4ceb9fe1a85ec53
}

func fold(address []byte) uint64 {
	if len(address) == 4 {
		return uint64(binary.LittleEndian.Uint32(address))
	}
	return binary.BigEndian.Uint64(address) ^ binary.BigEndian.Uint64(address[8:])*0x9e3779b97f4a7c15
}

// flowOf reads the flow of a frame that a case says is mirrored, so it is well formed IP.
func flowOf(frame []byte) flow {
	at := 12
	for isTag(binary.BigEndian.Uint16(frame[at:])) {
		at += 4
	}
	packet := frame[at+2:]
	if binary.BigEndian.Uint16(frame[at:]) == 0x0800 {
		return flowIPv4(packet)
	}
	return flowIPv6(packet)
}

func isTag(etherType uint16) bool {
	return etherType == 0x8100 || etherType == 0x88a8 || etherType == 0x9100
}

func flowIPv4(p []byte) flow {
	f := flow{source: p[12:16], dest: p[16:20], protocol: p[9]}
	f.layer3Only = binary.BigEndian.Uint16(p[6:])&0x3fff != 0 // more fragments, or an offset
	return f.withPorts(p[4*int(p[0]&15):])
}

func flowIPv6(p []byte) flow {
	f := flow{source: p[8:24], dest: p[24:40], protocol: p[6]}
	p = p[40:]
	for {
		length := 8 + 8*int(p[1])
		switch f.protocol {
		case 44:
			length = 8
			field := binary.BigEndian.Uint16(p[2:]) // 13 bits of offset, 2 reserved, M
			f.layer3Only = field&0xfff9 != 0        // an atomic fragment (RFC 6946) is none
			if field&0xfff8 != 0 {
				f.protocol = p[0]
				return f // what follows is the middle of a datagram
			}
		case 51:
			length = 4 * (int(p[1]) + 2)
		case 0, 43, 60, 135, 139, 140:
		default:
			return f.withPorts(p)
		}
		f.protocol, p = p[0], p[length:]
	}
}

// withPorts adds the ports of TCP, UDP and SCTP; they are 0 otherwise, and in a cut header.
func (f flow) withPorts(upper []byte) flow {
	if (f.protocol == 6 || f.protocol == 17 || f.protocol == 132) && !f.layer3Only && len(upper) >= 4 {
		f.sourcePort, f.destPort = binary.BigEndian.Uint16(upper), binary.BigEndian.Uint16(upper[2:])
	}
	return f
}
