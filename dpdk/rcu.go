package dpdk

/*
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// QSBR is a quiescent-state based RCU variable (rte_rcu_qsbr.h). Readers are lcores; they
// register, go online and report quiescence in C, through Pointer.
type QSBR struct {
	ptr unsafe.Pointer
}

// Token marks a moment: see Start.
type Token uint64

// NewQSBR makes a variable for readers 0 to maxReaders-1, in EAL's memory. The caller frees it.
func NewQSBR(maxReaders int) (*QSBR, error) {
	if maxReaders < 1 || maxReaders > 1<<16 {
		return nil, fmt.Errorf("qsbr of %d readers: 1-%d", maxReaders, 1<<16)
	}
	q := &QSBR{}
	rc := C.shim_qsbr_create(C.uint(maxReaders), &q.ptr)
	if err := check(rc, "rte_rcu_qsbr_init", "qsbr"); err != nil {
		return nil, err
	}
	return q, nil
}

// Pointer returns the struct rte_rcu_qsbr *, valid until Free.
func (q *QSBR) Pointer() unsafe.Pointer { return q.ptr }

// Start opens a grace period: what was unlinked before it may be freed once Check says so.
func (q *QSBR) Start() Token { return Token(C.shim_qsbr_start(q.ptr)) }

// Check reports whether every online reader has been quiescent since Start. With wait it spins
// until that is so, in C on the caller's CPU; a caller that can pace itself does without.
func (q *QSBR) Check(t Token, wait bool) bool {
	return C.shim_qsbr_check(q.ptr, C.uint64_t(t), C.bool(wait)) == 1
}

// Free gives the memory back; no reader may use the variable any more. A second call does
// nothing.
func (q *QSBR) Free() {
	C.shim_qsbr_free(q.ptr)
	q.ptr = nil
}
