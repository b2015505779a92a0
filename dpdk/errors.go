package dpdk

/*
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"syscall"
)

// Error is a DPDK call that failed.
type Error struct {
	Call    string // the DPDK function, such as rte_eth_dev_configure
	Subject string // what it was about, such as "port net_pcap0"; may be empty
	Errno   int    // positive; DPDK adds numbers of its own from 1001 on
}

// Error gives subject, call, DPDK's text and number.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s (%d)", e.Call, strerror(e.Errno), e.Errno)
	if e.Subject == "" {
		return text
	}
	return e.Subject + ": " + text
}

// Unwrap gives the errno, so that errors.Is(err, syscall.EINVAL) works. DPDK's own numbers
// (from 1001 on) equal no constant of package syscall.
func (e *Error) Unwrap() error { return syscall.Errno(e.Errno) }

func strerror(errno int) string {
	// rte_strerror answers in a buffer of its thread, and a goroutine may change threads
	// between two crossings: the shim copies.
	var text [256]C.char
	C.shim_strerror(C.int(errno), &text[0], C.size_t(len(text)))
	return C.GoString(&text[0])
}

// check turns a shim's return value into an error: negative is -errno.
func check(rc C.int, call, subject string) error {
	if rc >= 0 {
		return nil
	}
	return &Error{Call: call, Subject: subject, Errno: int(-rc)}
}
