package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"mirrorgw/rules"
)

const lanes = C.MGW_LANES

// wordsOf returns a prefix as masked value and mask, as the words that a packet has in memory.
func wordsOf(prefix netip.Prefix) (value, mask [4]C.uint32_t) {
	if !prefix.IsValid() {
		return
	}
	address := prefix.Masked().Addr().AsSlice()
	ones := make([]byte, len(address))
	for i := range prefix.Bits() {
		ones[i/8] |= 0x80 >> (i % 8)
	}
	for w := 0; w < len(address)/4; w++ {
		value[w] = C.uint32_t(binary.NativeEndian.Uint32(address[4*w:]))
		mask[w] = C.uint32_t(binary.NativeEndian.Uint32(ones[4*w:]))
	}
	return
}

// l4Of returns the l4 word of a rule and its mask.
func l4Of(r *rules.Rule) (value, mask C.uint32_t) {
	switch {
	case r.Protocol == rules.ProtocolAny:
		return 0, 0
	case r.HasPorts():
		return C.uint32_t(r.Protocol) | C.MGW_L4_PORTS, C.MGW_L4_PROTOCOL | C.MGW_L4_PORTS | C.MGW_L4_UNKNOWN
	}
	return C.uint32_t(r.Protocol), C.MGW_L4_PROTOCOL | C.MGW_L4_UNKNOWN
}

// portsOf returns the range a rule allows; nil allows every port.
func portsOf(r *rules.PortRange) (first, last C.uint16_t) {
	if r == nil {
		return 0, 0xffff
	}
	return C.uint16_t(r.First), C.uint16_t(r.Last)
}

// fillLinear4 lays IPv4 rules out as blocks of lanes.
func fillLinear4(a *arena, out *C.struct_mgw_rules, list []*rules.Rule) error {
	blocks, err := newArray[C.struct_mgw_block4](a, (len(list)+lanes-1)/lanes)
	if err != nil {
		return err
	}
	for i := range blocks {
		neverMatch(&blocks[i].l4, &blocks[i].l4_mask)
	}
	for i := range list {
		b, lane := &blocks[i/lanes], i%lanes
		value, mask := wordsOf(list[i].Source)
		b.source[lane], b.source_mask[lane] = value[0], mask[0]
		value, mask = wordsOf(list[i].Destination)
		b.destination[lane], b.destination_mask[lane] = value[0], mask[0]
		b.l4[lane], b.l4_mask[lane] = l4Of(list[i])
		b.source_first[lane], b.source_span[lane] = spanOf(list[i].SrcPorts)
		b.destination_first[lane], b.destination_span[lane] = spanOf(list[i].DstPorts)
		if list[i].HasPorts() {
			b.ports = 1
		}
	}
	out.blocks, out.n_blocks = unsafe.Pointer(&blocks[0]), blockCount(list)
	return nil
}

// fillLinear6 is fillLinear4 for IPv6: addresses have four words.
func fillLinear6(a *arena, out *C.struct_mgw_rules, list []*rules.Rule) error {
	blocks, err := newArray[C.struct_mgw_block6](a, (len(list)+lanes-1)/lanes)
	if err != nil {
		return err
	}
	for i := range blocks {
		neverMatch(&blocks[i].l4, &blocks[i].l4_mask)
	}
	for i := range list {
		b, lane := &blocks[i/lanes], i%lanes
		source, sourceMask := wordsOf(list[i].Source)
		destination, destinationMask := wordsOf(list[i].Destination)
		for w := range 4 {
			b.source[w][lane], b.source_mask[w][lane] = source[w], sourceMask[w]
			b.destination[w][lane], b.destination_mask[w][lane] = destination[w], destinationMask[w]
		}
		b.l4[lane], b.l4_mask[lane] = l4Of(list[i])
		b.source_first[lane], b.source_span[lane] = spanOf(list[i].SrcPorts)
		b.destination_first[lane], b.destination_span[lane] = spanOf(list[i].DstPorts)
	}
	out.blocks, out.n_blocks = unsafe.Pointer(&blocks[0]), blockCount(list)
	return nil
}

func neverMatch(l4, mask *[lanes]C.uint32_t) {
	for lane := range lanes {
		l4[lane], mask[lane] = C.MGW_L4_NEVER, C.MGW_L4_NEVER
	}
}

func spanOf(r *rules.PortRange) (first, span C.uint32_t) {
	from, to := portsOf(r)
	return C.uint32_t(from), C.uint32_t(to - from)
}

func blockCount(list []*rules.Rule) C.uint32_t { return C.uint32_t((len(list) + lanes - 1) / lanes) }
