package pipeline

/*
#include "program.h"
*/
import "C"

import (
	"encoding/binary"
	"net/netip"

	"mirrorgw/vxlan"
)

// NextHop is how copies get to a destination.
type NextHop struct {
	MAC      [6]byte // of the neighbour; valid iff Resolved
	Resolved bool    // false: copies are skipped (unresolved)
	MTU      int     // of the path, bytes of the outer IP packet; 0: as long as the session's says
}

// fill writes a record that no lcore reads.
func (h *NextHop) fill(out *C.struct_mgw_next_hop, tunnel *Tunnel, index int, address netip.Addr) {
	*out = C.struct_mgw_next_hop{
		tunnel:               C.uint16_t(index),
		max_segments:         C.uint16_t(tunnel.MaxSegments),
		ip_checksum_offload:  cBool(tunnel.IPChecksumOffload),
		udp_checksum_offload: cBool(tunnel.UDPChecksumOffload),
		single_segment:       cBool(tunnel.SingleSegmentCopies),
		own_copies:           cBool(tunnel.OwnCopies),
		inner_max:            C.uint32_t(vxlan.InnerLimit(h.mtu(), address.Is6())),
	}
	if !h.Resolved {
		out.skip = C.MGW_SKIP_UNRESOLVED + 1
	}
	for b := range 6 {
		out.macs[b] = C.uint8_t(h.MAC[b])
		out.macs[6+b] = C.uint8_t(tunnel.MAC[b])
	}
	for i, b := range address.AsSlice() {
		out.address[i] = C.uint8_t(b)
	}
	if address.Is4() {
		out.address_sum = C.uint32_t(wordSum(address.AsSlice()))
	}
	if tunnel.VLAN != 0 {
		tag := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, typeTag), uint16(tunnel.VLAN))
		for i, b := range tag {
			out.tag[i] = C.uint8_t(b)
		}
		out.tagged = 1
	}
}

const typeTag = 0x8100 // IEEE 802.1Q-2018 9.4: a customer VLAN tag

func (h *NextHop) mtu() int {
	if h.MTU == 0 {
		return 1<<16 - 1
	}
	return h.MTU
}
