// Package lcore is who runs the data path: it opens ports and mempools, launches the poll loop
// (C) on EAL worker lcores, publishes programs to them and waits until each has been seen past
// the old one, reads their counters, and stops them in order.
//
// Threads: a Group is safe for use by many goroutines; changes are serialised, counters can be read
// at any time, even after Close. The workers never run Go code, and no Go code touches a ring of
// DPDK, a mempool or a queue that they use while they run: frames of the slow path cross as bytes,
// by Receive and Send.
package lcore

/*
#cgo pkg-config: libdpdk
#cgo CFLAGS: -O3 -Wall -Wextra -Werror -DRTE_FORCE_INTRINSICS -I${SRCDIR}/../pipeline
#include "lcore.h"
*/
import "C"
