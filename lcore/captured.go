package lcore

/*
#include "memory.h"
#include "capture.h"

static struct mgw_capture *new_capture(void) { return mgw_memory_new(sizeof(struct mgw_capture)); }
static void free_capture(struct mgw_capture *c) { mgw_memory_free(c, sizeof(*c)); }

// Every page is written to: a worker must not wait for the kernel to find one.
static struct mgw_capture_ring *new_capture_ring(uint32_t size)
{
	struct mgw_capture_ring *ring = mgw_memory_new(sizeof(*ring) + size);

	if (ring == NULL)
		return NULL;
	memset(ring, 0, sizeof(*ring) + size);
	ring->size = size;
	return ring;
}

static void free_capture_ring(struct mgw_capture_ring *ring)
{
	if (ring != NULL)
		mgw_memory_free(ring, sizeof(*ring) + ring->size);
}

static void set_capture(struct mgw_lcore *l, uint32_t place, struct mgw_capture *c)
{
	__atomic_store_n(&l->captures[place], c, __ATOMIC_RELEASE);
}

static void set_capturing(struct mgw_lcore *l, uint32_t n)
{
	__atomic_store_n(&l->capturing, n, __ATOMIC_RELEASE);
}

static uint64_t ring_put(const struct mgw_capture_ring *ring)
{
	return __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE);
}

static void ring_take(struct mgw_capture_ring *ring, uint64_t taken)
{
	__atomic_store_n(&ring->taken, taken, __ATOMIC_RELEASE);
}
*/
import "C"

import (
	"errors"
	"math"
	"math/bits"
	"time"
	"unsafe"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// ringsMemory is what the rings of one capture take together, bytes, unless there are so many lcores
// that the least of a ring is more.
const ringsMemory = 32 << 20

var errCaptureMemory = errors.New("no memory for the rings of a capture: give the gateway more, or end another capture")

// capturePart is C memory: what one lcore fills, and the filter, which all parts of a capture share.
type capturePart struct {
	c    *C.struct_mgw_capture
	ring *C.struct_mgw_capture_ring
	at   uint64 // how far the reader is, which the ring may be told later
	put  uint64 // how far the writer was, when it was asked
}

// captureRing is the size of the ring of each lcore: a power of two.
func captureRing(lcores int) C.uint32_t {
	size := C.uint32_t(1) << (bits.Len(uint(ringsMemory/max(lcores, 1))) - 1)
	return min(max(size, C.MGW_CAPTURE_RING_MIN), C.MGW_CAPTURE_RING_MAX)
}

// newParts makes the part of each lcore.
func newParts(lcores int, program []instruction) (parts []*capturePart, err error) {
	filter, err := newFilter(program)
	if err != nil {
		return nil, err
	}
	for range lcores {
		part := &capturePart{c: C.new_capture(), ring: C.new_capture_ring(captureRing(lcores))}
		if part.c == nil || part.ring == nil {
			part.free()
			freeParts(parts)
			if len(parts) == 0 {
				C.mgw_memory_free(filter, filterSize)
			}
			return nil, errCaptureMemory
		}
		part.c.ring, part.c.filter = part.ring, (*C.struct_sock_filter)(filter)
		parts = append(parts, part)
	}
	return parts, nil
}

// filterSize is the memory of every filter, bytes.
const filterSize = bpfMaxInstructions * 8

// newFilter lays a program out in C memory; nil if there is none.
func newFilter(program []instruction) (unsafe.Pointer, error) {
	if len(program) == 0 {
		return nil, nil
	}
	filter := C.mgw_memory_new(filterSize)
	if filter == nil {
		return nil, errCaptureMemory
	}
	copy(unsafe.Slice((*instruction)(filter), bpfMaxInstructions), program)
	return filter, nil
}

// describe says what is wanted, to one of so many lcores.
func (c *Capture) describe(to *C.struct_mgw_capture, lcores int) {
	for _, i := range c.interfaces {
		to.ports |= 1 << i.Port
		to.points |= 1 << i.Point
	}
	to.session, to.snap = C.uint32_t(c.slot), MaxCaptureSnap
	if c.spec.Snap != 0 {
		to.snap = C.uint32_t(c.spec.Snap)
	}
	if c.spec.Rate != 0 {
		hz := dpdk.TSCHz()
		to.cost = C.uint64_t(hz * uint64(lcores) / uint64(c.spec.Rate))
		to.depth = max(C.uint64_t(hz/10), to.cost)
	}
}

func (p *capturePart) free() {
	C.free_capture_ring(p.ring)
	C.free_capture(p.c)
}

// freeParts frees them and their filter.
func freeParts(parts []*capturePart) {
	for i, part := range parts {
		if i == 0 {
			C.mgw_memory_free(unsafe.Pointer(part.c.filter), filterSize)
		}
		part.free()
	}
}

// serveCaptures tells each lcore which captures there are. Called with captures.mu held, and when the
// workers are there.
func (g *Group) serveCaptures() {
	for i, w := range g.workers {
		n := C.uint32_t(0)
		for place, c := range g.captures.places {
			if c == nil || c.ended != nil {
				C.set_capture(w.c, C.uint32_t(place), nil)
				continue
			}
			C.set_capture(w.c, C.uint32_t(place), c.parts[i].c)
			n++
		}
		C.set_capturing(w.c, n)
	}
}

// release frees the memory and returns what was counted.
func (c *Capture) release() map[CaptureInterface]CaptureCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final = map[CaptureInterface]CaptureCounts{}
	for _, i := range c.interfaces {
		c.final[i] = c.counts(i)
	}
	freeParts(c.parts)
	c.parts = nil
	return c.final
}

// Counts is what came by at one of the capture's interfaces.
func (c *Capture) Counts(i CaptureInterface) CaptureCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parts == nil {
		return c.final[i]
	}
	return c.counts(i)
}

func (c *Capture) counts(i CaptureInterface) (sum CaptureCounts) {
	for _, part := range c.parts {
		fates := &part.c.counters[i.Point][i.Port].fates
		sum.Add(CaptureCounts{
			Other: load(&fates[C.MGW_CAPTURE_OTHER]), Taken: load(&fates[C.MGW_CAPTURE_TAKEN]), Full: load(&fates[C.MGW_CAPTURE_FULL]),
			Rate: load(&fates[C.MGW_CAPTURE_RATE]), Congestion: load(&fates[C.MGW_CAPTURE_CONGESTION]),
		})
	}
	return sum
}

// Captured is one frame.
type Captured struct {
	CaptureInterface
	Time      time.Time // when the loop began that received or sent it
	Length    int       // of the frame, bytes, without FCS
	Data      []byte    // the beginning of it, or all; valid during the call
	Session   string    // ID: whose copy it is, or whose capture this is; empty: of none, or not known any more
	Direction rules.Direction
}

// Read calls back for frames that were taken, oldest first, until do returns false or none is left, and
// returns how many it did. do must not call the capture, and not wait: captures cannot be made or counted
// meanwhile. A frame that do refuses is read again. Nothing announces frames: the caller comes by often
// enough.
func (c *Capture) Read(do func(*Captured) bool) (n int) {
	settled := c.group.settled()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.set()
	left := 0
	for _, part := range c.parts {
		part.put = uint64(C.ring_put(part.ring))
		left += part.skipGap()
	}
	for left > 0 {
		part := c.oldest()
		record := part.record()
		if !do(c.captured(record)) {
			break
		}
		n++
		part.at += uint64(record.size)
		left += part.skipGap() - 1
	}
	for _, part := range c.parts {
		C.ring_take(part.ring, C.uint64_t(part.at))
	}
	if left == 0 {
		c.names.forget(settled)
	}
	return n
}

func (p *capturePart) record() *C.struct_mgw_captured {
	return (*C.struct_mgw_captured)(unsafe.Add(unsafe.Pointer(p.ring), ringBytes+uintptr(p.at&uint64(p.ring.size-1))))
}

const ringBytes = unsafe.Sizeof(C.struct_mgw_capture_ring{})

// skipGap goes past the end of the ring where the next record did not fit. 1: a record is there.
func (p *capturePart) skipGap() int {
	if p.at == p.put {
		return 0
	}
	if record := p.record(); record.point == C.MGW_POINTS {
		p.at += uint64(record.size)
	}
	return 1
}

// oldest is the part whose next record is; one has any.
func (c *Capture) oldest() (oldest *capturePart) {
	first := uint64(math.MaxUint64)
	for _, part := range c.parts {
		if part.at == part.put {
			continue
		}
		if when := uint64(part.record().when); oldest == nil || when < first {
			oldest, first = part, when
		}
	}
	return oldest
}

func (c *Capture) captured(r *C.struct_mgw_captured) *Captured {
	f := &c.frame
	*f = Captured{CaptureInterface: CaptureInterface{int(r.port), CapturePoint(r.point)}, Time: c.clock.at(uint64(r.when)), Length: int(r.original)}
	f.Data = unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(r), unsafe.Sizeof(*r))), int(r.length))
	if r.session != C.MGW_NONE {
		f.Session, f.Direction = c.names.of(uint32(r.generation), int(r.session)), rules.Direction(r.direction)
	}
	return f
}
