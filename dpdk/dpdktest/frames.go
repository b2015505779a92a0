package dpdktest

/*
#cgo pkg-config: libdpdk
#cgo CFLAGS: -O3 -Wall -Wextra -Werror
#include <stdlib.h>
#include "frames.h"
*/
import "C"

import (
	"testing"
	"unsafe"

	"mirrorgw/dpdk"
)

// MaxFrame is the longest frame that Receive takes, bytes.
const MaxFrame = 65535

// Send sends frames on a queue, each as one mbuf where it fits, and returns how many the port
// accepted.
func Send(t testing.TB, port dpdk.PortID, queue int, pool *dpdk.Mempool, frames ...[]byte) int {
	t.Helper()
	return SendSegments(t, port, queue, pool, 0, frames...)
}

// SendSegments is Send with mbufs of at most segment bytes of data each; 0: as many as fit.
func SendSegments(t testing.TB, port dpdk.PortID, queue int, pool *dpdk.Mempool, segment int, frames ...[]byte) int {
	t.Helper()
	sent := 0
	for _, frame := range frames {
		rc := C.dpdktest_send(C.uint16_t(port), C.uint16_t(queue), pool.Pointer(),
			(*C.uint8_t)(unsafe.SliceData(frame)), C.uint32_t(len(frame)), C.uint32_t(segment))
		if rc < 0 {
			t.Fatalf("no mbuf for a frame of %d bytes: %d of %d mbufs of %s are free", len(frame), pool.Avail(), pool.Size(), pool.Name())
		}
		sent += int(rc)
	}
	return sent
}

// Received is a frame and the number of mbufs it arrived in.
type Received struct {
	Frame    []byte
	Segments int
}

// Receive receives frames until a poll finds none or most have come.
func Receive(t testing.TB, port dpdk.PortID, queue, most int) []Received {
	t.Helper()
	var all []Received
	room := make([]byte, MaxFrame)
	for len(all) < most {
		var segments C.uint32_t
		n := C.dpdktest_receive(C.uint16_t(port), C.uint16_t(queue), (*C.uint8_t)(&room[0]), MaxFrame, &segments)
		if n < 0 {
			t.Fatalf("received a frame longer than %d bytes", MaxFrame)
		}
		if n == 0 {
			break
		}
		all = append(all, Received{Frame: append([]byte(nil), room[:n]...), Segments: int(segments)})
	}
	return all
}
