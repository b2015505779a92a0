package pacer

/*
#cgo pkg-config: libdpdk
#cgo CFLAGS: -O3 -Wall -Wextra -Werror
#include "pacer.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"mirrorgw/dpdk"
)

// Slots is how many frames lie ready: more than any ring between two ports holds, because a port
// may own a frame that was sent until its peer has read it.
const Slots = 4096

// How long a pacer may be away from its ports. Longer than Gap counts as standing still: what was due
// meanwhile is not made up for. Longer than Look: what was under way meanwhile does not count for
// latency. Both would say something about the generator's CPU only.
const (
	Gap  = 20 * time.Microsecond
	Look = 4 * time.Microsecond
)

// drainTime without a frame ends a run: nothing is under way any more.
const drainTime = 5 * time.Millisecond

// Pacer sends and receives. It is not safe for concurrent use.
type Pacer struct{ c *C.struct_pacer }

// Frames is what New needs.
type Frames struct {
	Tx, Rx  dpdk.PortID   // started; queue 0 sends
	RxQueue int           // that receives
	Pool    *dpdk.Mempool // Slots mbufs of it are kept; room for the longest frame in one
	Frames  [][]byte      // sent in turn: IPv4 without tag and options, TCP or UDP, at least 50 bytes
}

// New lays frames ready. Close gives them back.
func New(f Frames) (*Pacer, error) {
	if len(f.Frames) == 0 || len(f.Frames) > Slots {
		return nil, fmt.Errorf("pacer: %d frames: give 1 to %d", len(f.Frames), Slots)
	}
	c := C.pacer_new(Slots)
	if c == nil {
		return nil, errors.New("pacer: out of memory")
	}
	p := &Pacer{c: c}
	c.tx_port, c.rx_port, c.rx_queue = C.uint16_t(f.Tx), C.uint16_t(f.Rx), C.uint16_t(f.RxQueue)
	for i := range Slots {
		frame := f.Frames[i%len(f.Frames)]
		if len(frame) < 1 || len(frame) > 65535 {
			p.Close()
			return nil, fmt.Errorf("pacer: frame %d has %d bytes: give 50 to 65535", i, len(frame))
		}
		rc := C.pacer_fill(c, C.uint32_t(i), f.Pool.Pointer(), (*C.uint8_t)(unsafe.Pointer(&frame[0])), C.uint16_t(len(frame)))
		if rc != 0 {
			p.Close()
			return nil, fmt.Errorf("pacer: frame %d of %d bytes: %w", i, len(frame), syscall.Errno(-rc))
		}
	}
	return p, nil
}

// Close frees the frames. Their port must have been stopped.
func (p *Pacer) Close() {
	C.pacer_free(p.c)
	p.c = nil
}

// Everything, as a rate, is as fast as the port takes frames.
const Everything = 0

// TakeAtMost is how fast the far port's wire is, frames a second, in the runs to come: what is received no
// sooner waits in its ring, and copies take part in it. Everything is without a limit.
func (p *Pacer) TakeAtMost(perSecond float64) {
	p.c.take_per_cycle = C.uint64_t(credit(max(0, perSecond), float64(dpdk.TSCHz())))
}

// Run sends perSecond frames a second for a time, receives until nothing is under way any more, and
// tells what it saw. It takes the CPU of the calling thread whole.
func (p *Pacer) Run(perSecond float64, length time.Duration) (Result, error) {
	hz := float64(dpdk.TSCHz())
	if perSecond < 0 || length <= 0 || length.Seconds()*hz > 1<<62 {
		return Result{}, fmt.Errorf("pacer: %g frames a second for %v: give a rate of at least 0 and a time", perSecond, length)
	}
	p.c.per_cycle = C.uint64_t(credit(perSecond, hz))
	p.c.length = C.uint64_t(length.Seconds() * hz)
	p.c.drain = C.uint64_t(drainTime.Seconds() * hz)
	p.c.gap = C.uint64_t(Gap.Seconds() * hz)
	p.c.look = C.uint64_t(Look.Seconds() * hz)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if rc := C.pacer_run(p.c); rc != 0 {
		return Result{}, fmt.Errorf("pacer: the thread cannot become an EAL thread: %w", syscall.Errno(-rc))
	}
	return p.result(hz), nil
}

// buckets is how many the C side has, and bucketInC how it finds one.
const buckets = C.PACER_BUCKETS

func bucketInC(cycles uint32) int { return int(C.pacer_bucket(C.uint32_t(cycles))) }

// credit is what a cycle earns: frames, with PACER_CREDIT bits behind the point. At least one bit, for
// 0 means everything.
func credit(perSecond, hz float64) uint64 {
	if perSecond == Everything {
		return 0
	}
	return max(1, uint64(perSecond/hz*(1<<C.PACER_CREDIT)+0.5))
}

// result reads what the last run has left.
func (p *Pacer) result(hz float64) Result {
	c, seconds := &p.c.counts, func(cycles C.uint64_t) float64 { return float64(cycles) / hz }
	r := Result{
		Offered: uint64(c.offered), Accepted: uint64(c.accepted), Late: uint64(c.late),
		Received: uint64(c.received), Reordered: uint64(c.reordered), Altered: uint64(c.altered),
		Copies: uint64(c.copies), Stale: uint64(c.stale), Compared: uint64(c.compared), Blind: uint64(c.blind), Gaps: uint64(c.gaps),
		Seconds: seconds(c.cycles), Still: seconds(c.gap_cycles), LongestGap: seconds(c.longest_gap),
		Latency: Histogram{CyclesPerSecond: hz},
	}
	for i, n := range p.c.latency {
		if n != 0 {
			r.Latency.Buckets = append(r.Latency.Buckets, Bucket{i, uint64(n)})
		}
	}
	return r
}
