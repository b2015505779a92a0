package pipeline

/*
#include "memory.h"
#include "pipe.h"

static struct mgw_pipe *new_pipe(struct rte_mempool *header_pool, struct rte_mempool *indirect_pool,
				 struct mgw_counters *counters, uint16_t n_tunnels)
{
	struct mgw_pipe *pipe = mgw_memory_new(sizeof(*pipe));

	if (pipe == NULL)
		return NULL;
	memset(pipe, 0, sizeof(*pipe)); // all of it is there from now on: its lcore never waits for the kernel to find it
	pipe->header_pool = header_pool;
	pipe->indirect_pool = indirect_pool;
	pipe->counters = counters;
	pipe->n_tunnels = n_tunnels;
	mgw_restock(pipe);
	return pipe;
}

static void free_pipe(struct mgw_pipe *pipe)
{
	mgw_unstock(pipe);
	mgw_memory_free(pipe, sizeof(*pipe));
}
*/
import "C"

import (
	"errors"
	"math/rand/v2"
	"time"
	"unsafe"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// Sizes that mempools and rings are planned with.
const (
	Burst         = C.MGW_BURST       // frames a burst
	Stock         = C.MGW_STOCK       // mirror mbufs that each pipe keeps ready
	CopyMax       = C.MGW_COPY_MAX    // inner bytes up to which a copy owns its data
	HeaderRoom    = 128 + 320         // data room of a header mbuf, headroom included, bytes
	MaxHeldABurst = C.MGW_MAX_HELD    // indirect mbufs that one burst can need
	MaxCopies     = C.MGW_MAX_COPIES  // copies that one burst can yield
	Datagrams     = C.MGW_DATAGRAMS   // whose first fragment is remembered
	CacheTrial    = C.MGW_CACHE_TRIAL // packets after which a match cache is judged
)

// Pipe is the working memory of one lcore's stages.
type Pipe struct {
	c *C.struct_mgw_pipe
}

// NewPipe returns a pipe that takes mirror mbufs from the two mempools (struct rte_mempool) and
// counts in counters. Pools and counters must outlive it. Whoever uses it stores the TSC in now.
func NewPipe(headerPool, indirectPool unsafe.Pointer, counters *Counters, tunnels int) (*Pipe, error) {
	c := C.new_pipe((*C.struct_rte_mempool)(headerPool), (*C.struct_rte_mempool)(indirectPool),
		counters.c, C.uint16_t(tunnels))
	if c == nil {
		return nil, errors.New("no memory for a pipe")
	}
	c.datagram_life = C.uint64_t(dpdk.TSCHz() * uint64(rules.FragmentLife/time.Millisecond) / 1000)
	c.secret = C.uint64_t(secret)
	return &Pipe{c}, nil
}

// secret is what says where a pipe remembers a datagram: of this process alone, so that nobody
// outside can choose datagrams that compete for one place. Odd, so that multiplying loses nothing.
var secret = rand.Uint64() | 1

// Pointer is the struct mgw_pipe.
func (p *Pipe) Pointer() unsafe.Pointer { return unsafe.Pointer(p.c) }

// Now is what time the stages were told last, in the unit of whoever tells them; for tests. Its lcore
// may be writing it.
func (p *Pipe) Now() uint64 { return load(&p.c.now) }

// Free returns the pipe's mbufs and memory; its lcore must have stopped.
func (p *Pipe) Free() { C.free_pipe(p.c) }
