package pipeline

/*
#include "harness.h"
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"
)

// MaxHostAddresses is how many addresses of its own the gateway can have on one port.
const MaxHostAddresses = C.MGW_HOST_ADDRESSES

// Host is who the gateway is on the network of one tunnel port.
type Host struct {
	MAC       [6]byte
	VLAN      int          // VID of its own traffic, 0: untagged
	Addresses []netip.Addr // at most MaxHostAddresses
}

// Addressee is whom a frame is for.
type Addressee int

// The values of enum mgw_addressee, which says more.
const (
	Others     Addressee = C.MGW_OTHERS
	Everybodys Addressee = C.MGW_EVERYBODYS
	Ours       Addressee = C.MGW_OURS
	OursIdle   Addressee = C.MGW_OURS_IDLE
)

// Put writes the host to a struct mgw_host, which no lcore may be reading.
func (h *Host) Put(to unsafe.Pointer) {
	c := (*C.struct_mgw_host)(to)
	*c = C.struct_mgw_host{vlan: C.uint16_t(h.VLAN)}
	copy(unsafe.Slice((*byte)(&c.mac[0]), len(c.mac)), h.MAC[:])
	for _, address := range h.Addresses {
		if address.Is4() {
			c.v4[c.n4] = C.uint32_t(binary.NativeEndian.Uint32(address.AsSlice()))
			c.n4++
			continue
		}
		a := address.As16()
		copy(unsafe.Slice((*byte)(&c.v6[c.n6][0]), len(a)), a[:])
		c.n6++
	}
}

// Addressee says whom a frame, cut into segments (nil: in one piece), is for where the gateway is host, and whether it
// is an ICMP error that tells of a copy being too big.
func (h *Harness) Addressee(host *Host, frame []byte, segments []int) (whose Addressee, quotes bool, err error) {
	in := Input{Frames: [][]byte{frame}}
	if segments != nil {
		in.Segments = [][]int{segments}
	}
	flat, err := flatten(in)
	if err != nil {
		return Others, false, err
	}
	var a arena
	defer a.free()
	c, err := flat.toC(&a, in)
	if err != nil {
		return Others, false, err
	}
	var cHost C.struct_mgw_host
	var cQuotes C.bool
	host.Put(unsafe.Pointer(&cHost))
	rc := C.mgw_harness_addressee((*C.struct_rte_mempool)(h.frames.Pointer()), c, &cHost, &cQuotes)
	if rc < 0 {
		return Others, false, fmt.Errorf("harness: %w", syscall.Errno(-rc))
	}
	return Addressee(rc), bool(cQuotes), nil
}
