package dpdk

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Sizes of mbufs and mempools, bytes unless said otherwise (rte_mbuf.h, rte_mempool.h of 22.11).
const (
	AnyNode      = -1   // memory of whatever NUMA node has some
	Headroom     = 128  // RTE_PKTMBUF_HEADROOM: part of the data room, before the frame
	DataRoom     = 2176 // a frame of 2,048 with headroom: RTE_MBUF_DEFAULT_BUF_SIZE
	MbufSize     = 128  // struct rte_mbuf
	MaxPoolCache = 512  // RTE_MEMPOOL_CACHE_MAX_SIZE, mbufs
	maxDataRoom  = 65535
	privAlign    = 8 // RTE_MBUF_PRIV_ALIGN
)

// Mempool is a pool of packet mbufs in EAL's memory.
type Mempool struct {
	name     string
	ptr      unsafe.Pointer
	size     int
	dataRoom int
}

// NewPktmbufPool makes a pool of n mbufs. cache is the number of mbufs that each lcore keeps to
// itself (0-512, at most n/1.5); privSize is the private area of an mbuf (bytes, a multiple of
// 8); dataRoom includes the headroom (bytes, at most 65,535; 0 for mbufs that are only ever
// indirect). Names are unique in the process, at most 25 bytes. n is best one less than a
// power of two. The caller frees the pool.
func NewPktmbufPool(name string, n, cache, privSize, dataRoom, node int) (*Mempool, error) {
	subject := "mempool " + name
	switch {
	case n < 1 || uint64(n) > 1<<31-1:
		return nil, fmt.Errorf("%s: %d mbufs: at least 1", subject, n)
	case cache < 0 || cache > MaxPoolCache || cache*3 > n*2:
		return nil, fmt.Errorf("%s: cache of %d mbufs: 0-%d and at most two thirds of %d", subject, cache, MaxPoolCache, n)
	case privSize < 0 || privSize > maxDataRoom || privSize%privAlign != 0:
		return nil, fmt.Errorf("%s: private area of %d bytes: a multiple of %d up to %d", subject, privSize, privAlign, maxDataRoom)
	case dataRoom < 0 || dataRoom > maxDataRoom:
		return nil, fmt.Errorf("%s: data room of %d bytes: 0-%d", subject, dataRoom, maxDataRoom)
	}
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	var ptr unsafe.Pointer
	rc := C.shim_pool_create(cName, C.uint(n), C.uint(cache), C.uint16_t(privSize), C.uint16_t(dataRoom), C.int(node), &ptr)
	if err := check(rc, "rte_pktmbuf_pool_create", subject); err != nil {
		return nil, err
	}
	return &Mempool{name: name, ptr: ptr, size: n, dataRoom: dataRoom}, nil
}

// Pointer returns the struct rte_mempool *, for C of other packages. It is valid until Free.
func (p *Mempool) Pointer() unsafe.Pointer { return p.ptr }

// Name returns the pool's name.
func (p *Mempool) Name() string { return p.name }

// Size returns the number of mbufs, free or not.
func (p *Mempool) Size() int { return p.size }

// DataRoom returns the bytes of an mbuf's data room, headroom included.
func (p *Mempool) DataRoom() int { return p.dataRoom }

// Avail returns the number of free mbufs. While lcores use the pool it is an approximation; it
// looks at every lcore's cache, so it is not for a fast path.
func (p *Mempool) Avail() int { return int(C.shim_pool_avail(p.ptr)) }

// InUse returns the number of mbufs that are not free, with Avail's reservations.
func (p *Mempool) InUse() int { return int(C.shim_pool_in_use(p.ptr)) }

// Free gives the memory back. No mbuf of the pool may be in use and no port may have it. A
// second call does nothing.
func (p *Mempool) Free() {
	C.shim_pool_free(p.ptr)
	p.ptr = nil
}

// bytes is what the pool really occupies; PktmbufPoolBytes is judged against it.
func (p *Mempool) bytes() int { return int(C.shim_pool_bytes(p.ptr)) }

// Page sizes of EAL's memory, bytes, for PktmbufPoolBytes.
const (
	PageSizeNoHuge = 4 << 10
	PageSizeHuge   = 2 << 20
)

// PktmbufPoolBytes estimates from above what such a pool takes of EAL's memory, in bytes, with
// pages of pageSize bytes. It needs no EAL. The page size matters: a mempool lets no mbuf cross
// a page, so that with --no-huge an mbuf with a data room of 2,176 takes 4,096 bytes.
func PktmbufPoolBytes(n, cache, privSize, dataRoom, pageSize int) int {
	const (
		objectHeader = 64 // struct rte_mempool_objhdr, padded to a cache line
		maxLcores    = 128
		lcoreCache   = 64 + 2*MaxPoolCache*8 // struct rte_mempool_cache: room for twice the largest size
		poolHeader   = 8192                  // struct rte_mempool, its ring's header, memzone padding
		spread       = 2 * 64                // objects are spread over memory channels
	)
	object := roundUp(objectHeader+MbufSize+privSize+dataRoom, 64) + spread
	total := poolHeader + objectsBytes(n, object, pageSize)
	ring := 8
	for ring < 8*(n+1) {
		ring *= 2
	}
	total += ring
	if cache > 0 {
		total += maxLcores * lcoreCache
	}
	return total
}

// objectsBytes is rte_mempool_op_calc_mem_size_helper: no object crosses a page.
func objectsBytes(n, object, pageSize int) int {
	perPage := pageSize / object
	if perPage == 0 {
		return n * roundUp(object, pageSize)
	}
	// A little more than one page's worth for the alignment of the first object.
	return (n+perPage-1)/perPage*pageSize + object
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
