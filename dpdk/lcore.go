package dpdk

/*
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// LcoreState is what an lcore does.
type LcoreState int

// The states of a worker lcore.
const (
	LcoreWaiting LcoreState = 0 // no function runs
	LcoreBusy    LcoreState = 1 // a function runs
)

func (s LcoreState) String() string {
	if s == LcoreBusy {
		return "running"
	}
	return "waiting"
}

// RemoteLaunch starts a C function `int fn(void *arg)` on a worker lcore and returns at once.
// arg must be C memory and stay valid until the function returned. A worker that runs
// something already is an error of EBUSY.
func RemoteLaunch(fn, arg unsafe.Pointer, lcore int) error {
	if err := checkWorker("rte_eal_remote_launch", lcore); err != nil {
		return err
	}
	return check(C.shim_launch(fn, arg, C.uint(lcore)), "rte_eal_remote_launch", lcoreSubject(lcore))
}

// WaitLcore waits until the worker's function returned and gives its result; 0 when nothing was
// launched since the last call. rte_eal_wait_lcore alone would spin on a control CPU: this
// looks every millisecond.
func WaitLcore(lcore int) (int, error) {
	if err := checkWorker("rte_eal_wait_lcore", lcore); err != nil {
		return 0, err
	}
	for LcoreRunning(lcore) {
		time.Sleep(time.Millisecond)
	}
	return int(C.shim_wait_lcore(C.uint(lcore))), nil
}

// StateOfLcore returns what a worker lcore does.
func StateOfLcore(lcore int) (LcoreState, error) {
	if err := checkWorker("rte_eal_get_lcore_state", lcore); err != nil {
		return LcoreWaiting, err
	}
	return LcoreState(C.shim_lcore_state(C.uint(lcore))), nil
}

// LcoreRunning reports whether a function runs on a worker lcore; false for no worker.
func LcoreRunning(lcore int) bool {
	state, err := StateOfLcore(lcore)
	return err == nil && state == LcoreBusy
}

// NodeOfLcore returns the NUMA node of an enabled lcore, main or worker.
func NodeOfLcore(lcore int) (int, error) {
	if lcore < 0 {
		return 0, &Error{Call: "rte_lcore_to_socket_id", Subject: lcoreSubject(lcore), Errno: int(syscall.EINVAL)}
	}
	node := C.shim_lcore_node(C.uint(lcore))
	return max(int(node), 0), check(node, "rte_lcore_to_socket_id", lcoreSubject(lcore))
}

// TSCHz returns the rate of the time stamp counter that workers read, cycles a second. EAL must
// have been initialised: it measures the rate then.
func TSCHz() uint64 { return uint64(C.shim_tsc_hz()) }

// checkWorker keeps numbers out of DPDK that it would use as array indexes unchecked.
func checkWorker(call string, lcore int) error {
	if lcore >= 0 && bool(C.shim_is_worker(C.uint(lcore))) {
		return nil
	}
	return &Error{Call: call, Subject: lcoreSubject(lcore) + " is not a worker of this process", Errno: int(syscall.EINVAL)}
}

func lcoreSubject(lcore int) string { return fmt.Sprintf("lcore %d", lcore) }
