package vxlan

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Constants of FlowHash: 2^64 divided by the golden ratio, a prime of xxHash, and the two
// multipliers of the finaliser of MurmurHash3 (fmix64).
const (
	foldMultiplier = 0x9e3779b97f4a7c15
	portMultiplier = 0xc2b2ae3d27d4eb4f
	mixMultiplier1 = 0xff51afd7ed558ccd
	mixMultiplier2 = 0xc4ceb9fe1a85ec53
)

// FlowHash hashes an inner flow so that both directions get the same value: one monitoring
// instance behind ECMP or a load balancer then sees whole conversations. The data path computes
// the same bits in C.
//
// Ports are 0 for protocols without ports. l3Only leaves out protocol and ports; it is set for
// every fragment, since only the first one shows ports, and when the protocol is unknown.
// Addresses are hashed as they stand: an IPv4 address mapped into IPv6 is an IPv6 address. An
// invalid address hashes as 0.
func FlowHash(src, dst netip.Addr, protocol uint8, srcPort, dstPort uint16, l3Only bool) uint64 {
	a, b := fold(src), fold(dst)
	h := (a + b) ^ bits.RotateLeft64(a^b, 32)
	if !l3Only {
		h += (uint64(srcPort) + uint64(dstPort)) * portMultiplier
		h ^= uint64(srcPort^dstPort) << 16
		h += uint64(protocol)
	}
	h ^= h >> 33
	h *= mixMultiplier1
	h ^= h >> 33
	h *= mixMultiplier2
	h ^= h >> 33
	return h
}

// fold makes 64 bits of an address: of IPv4 the address itself, of IPv6 both halves mixed.
func fold(a netip.Addr) uint64 {
	if a.Is4() {
		b := a.As4()
		return uint64(binary.BigEndian.Uint32(b[:]))
	}
	if !a.IsValid() {
		return 0
	}
	b := a.As16()
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	return hi ^ lo*foldMultiplier
}

// SourcePort makes the outer UDP source port of a flow hash: its top 14 bits into the dynamic
// range 49152-65535 that RFC 7348 section 5 recommends.
func SourcePort(h uint64) uint16 {
	return sourcePortFirst + uint16(h>>sourcePortEntropyShift)
}
