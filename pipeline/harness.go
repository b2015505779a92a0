package pipeline

/*
#include "harness.h"
#include "memory.h"

// sighting flattens what Go wants to know of one source's look at one frame.
struct mgw_seen {
	uint32_t source, session;
	uint16_t frame;
	uint8_t direction, accepted, excluded;
};

static struct mgw_seen seen_at(const struct mgw_pipe *pipe, uint16_t i)
{
	const struct mgw_sighting *s = &pipe->sightings[i];

	return (struct mgw_seen){s->source,    s->session,  s->frame,
				 s->direction, s->accepted, s->excluded};
}

static uint16_t seen_count(const struct mgw_pipe *pipe, const struct mgw_program *program,
			   uint16_t port)
{
	return program->ports[port].any ? pipe->n_sightings : 0;
}
*/
import "C"

import (
	"fmt"
	"math"
	"syscall"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/rules"
)

// Harness takes frames through the stages without ports or a poll loop, with whatever program its
// caller has (one that lcores use too, say: they only read it). Not for concurrent use.
type Harness struct {
	frames, headers, indirects *dpdk.Mempool
	counters                   *Counters
	pipe                       *Pipe
	output                     []byte // C memory
	arena                      arena
}

// Input is one burst of frames for a Harness.
type Input struct {
	Port     int      // configured index that they arrive on
	Frames   [][]byte // at most Burst
	Segments [][]int  // how each frame is cut; nil: in one piece. Lengths must add up.
	Spare    int      // bytes behind each segment in its buffer: the short way of hold wants CopyMax, as buffers of drivers have

	ProductionRefuses int // frames at the end of the burst that production's tx does not take
	TunnelTakes       int // copies each tunnel port takes; 0: all

	Now     time.Duration // since any moment; never less than in an earlier burst
	Flagged []bool        // frames that the driver says have a partial L4 checksum; nil: none
}

// Seen is what the data path decided for one frame at one source.
type Seen struct {
	Frame   int
	Verdict rules.Verdict // without the rule, which only the counters tell
}

// Made is one copy that left.
type Made struct {
	Frame, Session, Tunnel int // Session is an index in the snapshot
	Direction              rules.Direction
	Bytes                  []byte // the whole outer frame
}

// Output is what became of an Input.
type Output struct {
	Seen          []Seen
	Copies        []Made
	FramesChanged bool // production would not have left as it came: always a defect
}

// HarnessPools sizes a Harness: mbufs for segments of input frames, headers and short copies,
// and references.
type HarnessPools struct {
	Frames, Headers, Indirects int
	FrameRoom                  int // data room of frame mbufs, for Repeat; Run needs none
	HeaderRoom                 int // data room of header mbufs; 0: HeaderRoom, the constant
	Cache                      int // of all pools, mbufs; needs an lcore
}

// Bytes estimates from above what the pools take of EAL's memory on pages of the given size, bytes.
func (p *HarnessPools) Bytes(pageSize int) int {
	return dpdk.PktmbufPoolBytes(p.Frames, p.Cache, 0, p.FrameRoom, pageSize) +
		dpdk.PktmbufPoolBytes(p.Headers, p.Cache, 0, p.headerRoom(), pageSize) +
		dpdk.PktmbufPoolBytes(p.Indirects, p.Cache, 0, 0, pageSize)
}

func (p *HarnessPools) headerRoom() int {
	if p.HeaderRoom == 0 {
		return HeaderRoom
	}
	return p.HeaderRoom
}

// DefaultHarnessPools is enough for any burst.
var DefaultHarnessPools = HarnessPools{Frames: 8191, Headers: 1023, Indirects: 2047}

// maxOutput holds a burst's copies of the longest frames.
const maxOutput = MaxCopies * (math.MaxUint16 + C.MGW_HEADER_MAX)

// NewHarness makes a harness whose mempools are named after name. EAL must be initialised.
func NewHarness(name string, tunnels int, pools HarnessPools, capacity Capacity) (*Harness, error) {
	h := &Harness{}
	err := h.open(name, tunnels, pools, capacity)
	if err != nil {
		h.Free()
		return nil, err
	}
	return h, nil
}

func (h *Harness) open(name string, tunnels int, pools HarnessPools, capacity Capacity) (err error) {
	if h.frames, err = dpdk.NewPktmbufPool(name+"_f", pools.Frames, pools.Cache, 0, pools.FrameRoom, dpdk.AnyNode); err != nil {
		return err
	}
	if h.headers, err = dpdk.NewPktmbufPool(name+"_h", pools.Headers, pools.Cache, 0, pools.headerRoom(), dpdk.AnyNode); err != nil {
		return err
	}
	if h.indirects, err = dpdk.NewPktmbufPool(name+"_i", pools.Indirects, pools.Cache, 0, 0, dpdk.AnyNode); err != nil {
		return err
	}
	if h.output, err = newArray[byte](&h.arena, maxOutput); err != nil {
		return err
	}
	if h.counters, err = NewCounters(capacity); err != nil {
		return err
	}
	if h.pipe, err = NewPipe(h.headers.Pointer(), h.indirects.Pointer(), h.counters, tunnels); err != nil {
		return err
	}
	h.pipe.c.datagram_life = C.uint64_t(rules.FragmentLife) // nanoseconds, as Input.Now
	return nil
}

// Free returns everything.
func (h *Harness) Free() {
	if h.pipe != nil {
		h.pipe.Free()
	}
	if h.counters != nil {
		h.counters.Free()
	}
	for _, pool := range []*dpdk.Mempool{h.frames, h.headers, h.indirects} {
		if pool != nil {
			pool.Free()
		}
	}
	h.arena.free()
}

// ForgetFragments makes the next burst the first that the stages see.
func (h *Harness) ForgetFragments() { clear(h.pipe.c.datagrams[:]) }

// Counters are what the stages counted so far.
func (h *Harness) Counters() *Counters { return h.counters }

// Leaked returns how many mbufs are neither in a pool nor in the stock: 0 between bursts.
func (h *Harness) Leaked() int {
	return h.frames.InUse() + h.headers.InUse() - int(h.pipe.c.n_stock) + h.indirects.InUse()
}

// Run takes one burst through the stages.
func (h *Harness) Run(p *Program, in Input) (*Output, error) {
	flat, err := flatten(in)
	if err != nil {
		return nil, err
	}
	var a arena
	defer a.free()
	c, err := flat.toC(&a, in)
	if err != nil {
		return nil, err
	}
	result, err := newArray[C.struct_mgw_output](&a, 1)
	if err != nil {
		return nil, err
	}
	out := &result[0]
	out.bytes, out.size = (*C.uint8_t)(&h.output[0]), C.uint32_t(len(h.output))
	rc := C.mgw_harness_run(h.pipe.c, p.c, (*C.struct_rte_mempool)(h.frames.Pointer()), c, out)
	if rc != 0 {
		return nil, fmt.Errorf("harness: %w", syscall.Errno(-rc))
	}
	return h.read(p, in.Port, out), nil
}

// Repeat takes the same burst through the stages rounds times, in one call, for benchmarks. Frames
// lie in one segment each.
func (h *Harness) Repeat(p *Program, in Input, rounds int) error {
	flat, err := flatten(Input{Frames: in.Frames})
	if err != nil {
		return err
	}
	var a arena
	defer a.free()
	c, err := flat.toC(&a, in)
	if err != nil {
		return err
	}
	rc := C.mgw_harness_repeat(h.pipe.c, p.c, (*C.struct_rte_mempool)(h.frames.Pointer()), c, C.uint64_t(rounds))
	if rc != 0 {
		return fmt.Errorf("harness: %w", syscall.Errno(-rc))
	}
	return nil
}

func (h *Harness) read(p *Program, port int, c *C.struct_mgw_output) *Output {
	out := &Output{FramesChanged: bool(c.frames_changed)}
	for i := C.uint16_t(0); i < C.seen_count(h.pipe.c, p.c, C.uint16_t(port)); i++ {
		out.Seen = append(out.Seen, seenOf(C.seen_at(h.pipe.c, i)))
	}
	for i := range c.copies[:c.n_copies] {
		made := &c.copies[i]
		out.Copies = append(out.Copies, Made{
			Frame: int(made.frame), Session: int(made.session), Tunnel: int(made.tunnel),
			Direction: rules.Direction(made.direction),
			Bytes:     append([]byte(nil), h.output[made.offset:made.offset+made.length]...),
		})
	}
	return out
}

func seenOf(s C.struct_mgw_seen) Seen {
	v := rules.Verdict{Source: int(s.source), Direction: rules.Direction(s.direction), Session: rules.NoSession}
	switch {
	case s.accepted != 0:
		v.Outcome, v.Session = rules.Matched, int(s.session)
	case s.excluded != 0:
		v.Outcome, v.Exclusion = rules.Excluded, rules.Exclusion(s.excluded)
	default:
		v.Outcome = rules.Missed
	}
	return Seen{Frame: int(s.frame), Verdict: v}
}
