package lcore

/*
#include "memory.h"
#include "lcore.h"

static struct mgw_byte_ring *new_ring(void) { return mgw_memory_new(sizeof(struct mgw_byte_ring)); }
static void free_ring(struct mgw_byte_ring *r) { mgw_memory_free(r, sizeof(*r)); }
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// The slow path is what decides about frames that are not traffic: ARP, Neighbor Discovery, ICMP.
// It is Go and lives elsewhere; here its frames cross between Go and the workers, as bytes, in rings
// that have one writer and one reader each.

// MaxSlowFrame is the longest frame that crosses whole, bytes. Of longer ones Receive sees the
// beginning, and Send refuses them.
const MaxSlowFrame = C.MGW_SLOT_ROOM

// SlowPathSlots is how many frames wait for Receive at each worker, and for a worker at each port.
const SlowPathSlots = C.MGW_RING_SLOTS

// ErrSendFull says that a port's worker has not sent what it was given before.
var ErrSendFull = errors.New("as many frames wait to be sent as there is room for; send less, or later")

// byteRing is C memory that outlives the workers that use it.
type byteRing struct{ c *C.struct_mgw_byte_ring }

func newByteRing() (*byteRing, error) {
	c := C.new_ring()
	if c == nil {
		return nil, errors.New("no memory for a ring of the slow path")
	}
	return &byteRing{c}, nil
}

func (r *byteRing) free() {
	C.free_ring(r.c)
	r.c = nil
}

// put adds a frame of at most MaxSlowFrame bytes; false: no room. One goroutine at a time.
func (r *byteRing) put(port int, frame []byte) bool {
	slot := C.mgw_ring_room(r.c, 0)
	if slot == nil {
		return false
	}
	slot.port, slot.length, slot.original = C.uint16_t(port), C.uint16_t(len(frame)), C.uint32_t(len(frame))
	copy(unsafe.Slice((*byte)(&slot.bytes[0]), MaxSlowFrame), frame)
	C.mgw_ring_put(r.c)
	return true
}

// take calls back for the oldest frame; false: there is none. One goroutine at a time.
func (r *byteRing) take(do func(port int, frame []byte)) bool {
	slot := C.mgw_ring_next(r.c)
	if slot == nil {
		return false
	}
	do(int(slot.port), unsafe.Slice((*byte)(&slot.bytes[0]), int(slot.length)))
	C.mgw_ring_taken(r.c)
	return true
}

// slowPath are the rings of a group. Its locks are never held while a worker is waited for.
type slowPath struct {
	receive sync.Mutex  // guards in and next: one reader
	in      []*byteRing // by worker
	next    int         // worker that is asked first

	out []*outbound // by port; nil: not a tunnel port
}

// outbound is the way of frames to one tunnel port.
type outbound struct {
	mu   sync.Mutex // one writer
	ring *byteRing  // nil: closed
}

// open makes a ring for each worker and each tunnel port.
func (s *slowPath) open(g *Group) error {
	for range g.spec.Lcores() {
		ring, err := newByteRing()
		if err != nil {
			return err
		}
		s.in = append(s.in, ring)
	}
	s.out = make([]*outbound, len(g.ports))
	for _, tunnel := range g.tunnels {
		ring, err := newByteRing()
		if err != nil {
			return err
		}
		s.out[tunnel.Port] = &outbound{ring: ring}
	}
	return nil
}

// close frees the rings; the workers must have stopped. Receive and Send may be called still.
func (s *slowPath) close() {
	s.receive.Lock()
	defer s.receive.Unlock()
	for _, ring := range s.in {
		ring.free()
	}
	s.in = nil
	for _, out := range s.out {
		if out != nil {
			out.close()
		}
	}
}

func (o *outbound) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ring.free()
	o.ring = nil
}

// Receive calls back for at most max frames that the workers have handed over since: what tunnel
// ports received for the gateway itself, and ICMP errors about copies, seen on any port. It returns
// how many there were, workers taking turns. port is the index in the configuration; frame is without
// FCS, at most MaxSlowFrame bytes of it, and valid during the call, which must not call Receive or
// Close; it may call Send. Nothing announces frames: the caller comes by often enough, as each worker
// keeps SlowPathSlots of them, half of that of frames that are not for the gateway alone, and
// counts the rest as ignored, slow_path_full. After Close there are none.
func (g *Group) Receive(max int, do func(port int, frame []byte)) (n int) {
	s := &g.slow
	s.receive.Lock()
	defer s.receive.Unlock()
	for empty := 0; n < max && empty < len(s.in); {
		ring := s.in[s.next%len(s.in)]
		s.next++
		if !ring.take(do) {
			empty++
			continue
		}
		empty = 0
		n++
	}
	return n
}

// ReceiveLost returns how many frames found no room on their way to Receive, since Open.
func (g *Group) ReceiveLost() (n uint64) {
	g.read.RLock()
	defer g.read.RUnlock()
	for _, w := range g.workers {
		n += w.counters.SlowPathFull()
	}
	return n
}

// Send gives a tunnel port a frame of the gateway's own, from the Ethernet header on, tag included,
// without FCS. It leaves within a moment after the worker's next housekeeping, as it is: nothing is
// padded or filled in. Sent or refused by the port, it is counted there. Many goroutines may call it.
// A frame that does not fit is an error, ErrSendFull if only now.
func (g *Group) Send(port int, frame []byte) error {
	s := &g.slow
	switch {
	case port < 0 || port >= len(s.out) || s.out[port] == nil:
		return fmt.Errorf("port %d is not a tunnel port: frames of the gateway's own leave through tunnel ports only", port)
	case len(frame) < ethernetHeader || len(frame) > MaxSlowFrame:
		return fmt.Errorf("a frame of %d bytes cannot be sent: %d to %d are possible", len(frame), ethernetHeader, MaxSlowFrame)
	}
	out := s.out[port]
	out.mu.Lock()
	defer out.mu.Unlock()
	if out.ring == nil {
		return errClosed
	}
	if !out.ring.put(port, frame) {
		return fmt.Errorf("port %s: %w", g.ports[port].Name, ErrSendFull)
	}
	return nil
}
