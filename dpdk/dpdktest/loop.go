package dpdktest

/*
#include <stdlib.h>
#include "frames.h"
*/
import "C"

import (
	"testing"
	"unsafe"
)

// Loop is a busy function for dpdk.RemoteLaunch that runs until it is told to stop.
type Loop struct{ c *C.struct_dpdktest_loop }

// NewLoop makes a loop that returns result in the end. It is freed with the test, when the lcore
// must have returned.
func NewLoop(t testing.TB, result int) *Loop {
	t.Helper()
	l := &Loop{c: C.dpdktest_loop_new(C.int(result))}
	if l.c == nil {
		t.Fatal("out of memory")
	}
	t.Cleanup(func() { C.free(unsafe.Pointer(l.c)) })
	return l
}

// Function and Arg are what RemoteLaunch takes.
func (l *Loop) Function() unsafe.Pointer { return C.dpdktest_loop_function() }

// Arg is the function's argument.
func (l *Loop) Arg() unsafe.Pointer { return unsafe.Pointer(l.c) }

// Rounds returns how often the loop went round.
func (l *Loop) Rounds() uint64 { return uint64(C.dpdktest_loop_rounds(l.c)) }

// Lcore returns the lcore that ran the loop; valid after WaitLcore.
func (l *Loop) Lcore() int { return int(l.c.lcore) }

// Stop makes the function return.
func (l *Loop) Stop() { C.dpdktest_loop_stop(l.c) }

// ReaderOnline registers an RCU reader that no thread stands behind.
func ReaderOnline(t testing.TB, qsbr unsafe.Pointer, reader int) {
	t.Helper()
	if rc := C.dpdktest_reader_online(qsbr, C.uint(reader)); rc != 0 {
		t.Fatalf("rte_rcu_qsbr_thread_register of reader %d: %d", reader, rc)
	}
}

// ReaderQuiescent reports quiescence for such a reader.
func ReaderQuiescent(qsbr unsafe.Pointer, reader int) {
	C.dpdktest_reader_quiescent(qsbr, C.uint(reader))
}

// ReaderOffline takes such a reader away.
func ReaderOffline(qsbr unsafe.Pointer, reader int) {
	C.dpdktest_reader_offline(qsbr, C.uint(reader))
}
