package vxlan

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Constants of FlowHash: 2^64 divided by the golden ratio, and the two multipliers of the
// finaliser of MurmurHash3 (fmix64).
const (
	foldMultiplier = 0x9e3779b97f4a7c15
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
// invalid address counts as 0. IPv4 addresses and ports are taken as little-endian numbers of
// their bytes on the wire, which saves the data path the swaps; IPv6 addresses as big-endian
// halves, so that hosts of one network differ in low bits. Only the top bits of the result, which
// SourcePort takes, are well mixed.
func FlowHash(src, dst netip.Addr, protocol uint8, srcPort, dstPort uint16, l3Only bool) uint64 {
	a, b := fold(src), fold(dst)
	h := (a+b)*foldMultiplier + (a ^ b)
	if !l3Only {
		s, d := bits.ReverseBytes16(srcPort), bits.ReverseBytes16(dstPort)
		h += (uint64(s)+uint64(d))<<32 + uint64(s^d) + uint64(protocol)
	}
	h ^= h >> 32
	h *= mixMultiplier1
	h ^= h >> 32
	return h * mixMultiplier2
}

// fold makes 64 bits of an address: of IPv4 the address itself, of IPv6 both halves mixed.
func fold(a netip.Addr) uint64 {
	if a.Is4() {
		b := a.As4()
		return uint64(binary.LittleEndian.Uint32(b[:]))
	}
	if !a.IsValid() {
		return 0
	}
	b := a.As16()
	first, second := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	return first ^ second*foldMultiplier
}

// SourcePort makes the outer UDP source port of a flow hash: its top 14 bits into the dynamic
// range 49152-65535 that RFC 7348 section 5 recommends.
func SourcePort(h uint64) uint16 {
	return sourcePortFirst + uint16(h>>sourcePortEntropyShift)
}
