package pipeline

/*
#include "memory.h"
*/
import "C"

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// liveBlocks is how many blocks of all arenas are not freed yet, for tests that look for leaks.
var liveBlocks atomic.Int64

// arena owns blocks of zeroed C memory that live and die together.
type arena struct {
	blocks []block
}

type block struct {
	memory unsafe.Pointer
	size   C.size_t
}

func (a *arena) alloc(size uintptr) (unsafe.Pointer, error) {
	n := C.size_t(max(size, 1))
	p := C.mgw_memory_new(n)
	if p == nil {
		return nil, fmt.Errorf("no memory for %d bytes of a program: give the gateway more, or use fewer resources", n)
	}
	a.blocks = append(a.blocks, block{p, n})
	liveBlocks.Add(1)
	return p, nil
}

func (a *arena) free() {
	for _, b := range a.blocks {
		C.mgw_memory_free(b.memory, b.size)
	}
	liveBlocks.Add(-int64(len(a.blocks)))
	a.blocks = nil
}

// newArray returns n zeroed Ts in C memory; the slice is valid until the arena is freed. It is
// never empty, so that its address can always be taken.
func newArray[T any](a *arena, n int) ([]T, error) {
	var zero T
	count := max(n, 1)
	p, err := a.alloc(unsafe.Sizeof(zero) * uintptr(count))
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*T)(p), count), nil
}
