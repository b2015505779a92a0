package dpdktest

// #include "pieces.h"
import "C"

import (
	"testing"

	"mirrorgw/dpdk"
)

// InPieces has each poll of a receive queue give at most so many frames, in the order of arrival, while up to 512 wait.
// Nobody polls while it begins or ends; the test ends it before it closes the port.
func InPieces(t testing.TB, port dpdk.PortID, queue, most int) (end func()) {
	t.Helper()
	pieces := C.dpdktest_in_pieces(C.uint16_t(port), C.uint16_t(queue), C.uint16_t(most))
	if pieces == nil {
		t.Fatalf("port %d, queue %d cannot be received from in pieces", port, queue)
	}
	return func() { C.dpdktest_pieces_end(pieces) }
}
