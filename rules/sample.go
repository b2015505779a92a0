package rules

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
)

// Sampling is by flow: a number of 32 bits that both directions of a flow share, and all fragments
// of a datagram, decides. One flow in n is mirrored: those whose number is below 2^32 / n. So the
// flows of 1 in 100 are among those of 1 in 10, and gateways with the same n choose the same flows.

// SampleNumber is the number of a frame's flow. It is made from the flow's hash (vxlan.FlowHash) but
// mixed once more, so that the flows of a sample still spread over source ports and over the members
// of a load balancer.
func SampleNumber(k *Key) uint32 {
	h := flowHash(k)
	h ^= h >> 29
	return uint32(h * 0xbf58476d1ce4e5b9 >> 32)
}

// SampleBelow is the number that those of mirrored flows are below, when one in n is; all with 0.
func SampleBelow(n int) uint64 {
	if n == 0 {
		return 1 << 32
	}
	return 1 << 32 / uint64(n)
}

// samplesOut reports whether the session mirrors a sample of the flows that does not have the
// frame's.
func (s *Session) samplesOut(k *Key) bool {
	return uint64(SampleNumber(k)) >= SampleBelow(s.SampleOneIn)
}

// checkSample's error continues a sentence that began with the session.
func checkSample(n int) error {
	if n != 0 && (n < SampleMin || n > SampleMax) {
		return fmt.Errorf("mirrors one flow in %d; it must be one in %d to %d, or 0 for all", n, SampleMin, SampleMax)
	}
	return nil
}

// flowHash is vxlan.FlowHash, written again because this package does not know that one: a test of
// the data path compares both with its own.
func flowHash(k *Key) uint64 {
	const fold, mix1, mix2 = 0x9e3779b97f4a7c15, 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53
	a, b := addressNumber(k.Src, fold), addressNumber(k.Dst, fold)
	h := (a+b)*fold + (a ^ b)
	if !k.Fragment && k.Protocol != ProtocolUnknown {
		s, d := bits.ReverseBytes16(k.SrcPort), bits.ReverseBytes16(k.DstPort)
		h += (uint64(s)+uint64(d))<<32 + uint64(s^d) + uint64(k.Protocol)
	}
	h ^= h >> 32
	h *= mix1
	h ^= h >> 32
	return h * mix2
}

func addressNumber(a netip.Addr, fold uint64) uint64 {
	switch {
	case !a.IsValid():
		return 0
	case a.Is4():
		b := a.As4()
		return uint64(binary.LittleEndian.Uint32(b[:]))
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]) ^ binary.BigEndian.Uint64(b[8:])*fold
}
