package lcore

/*
#include "lcore.h"

#define MGW_NAME(symbol, name) name,
static const char *const stages[] = {MGW_TIMED_STAGES(MGW_NAME)};
static const char *stage_name(unsigned int i) { return stages[i]; }

static void note_loop(struct mgw_telemetry *t, uint64_t cycles) { mgw_note_loop(t, cycles, 1); }

static uint64_t loaded(const uint64_t *value) { return __atomic_load_n(value, __ATOMIC_RELAXED); }
*/
import "C"

import (
	"math/bits"
	"time"

	"mirrorgw/dpdk"
)

// Telemetry is what a worker has measured of itself since it was made. Everything only grows, each
// number by itself: two that are read together may be a loop apart. Cycles are those of the time
// stamp counter.
type Telemetry struct {
	Generation uint64 // of the program that its last loop began with; 0: there was none

	// Busy are the cycles of loops that received something, Idle those of the others. A loop lasts
	// until the next begins: Housekeeping is part of the one before it.
	Busy, Idle, Housekeeping uint64

	Bursts []uint64 // polls of one queue by what they received: 0 to 32 frames
	Gaps   []uint64 // loops by their duration: see GapBound

	// One loop in 256 is timed; of those that received something:
	TimedPackets, TimedCycles uint64
	Stages                    []Stage
}

// Stage is a part of the loop with its cycles in the timed loops.
type Stage struct {
	Name   string
	Cycles uint64
}

// GapBound returns the duration that the loops in Telemetry.Gaps[i] stay below; those of the last
// have no bound.
func GapBound(i int) time.Duration { return time.Second / C.MGW_GAP_UNITS << i }

// telemetry may be called at any time.
func (w *worker) telemetry() Telemetry {
	t := &w.c.telemetry
	read := Telemetry{
		Generation: load(&t.generation), Idle: load(&t.cycles[0]), Busy: load(&t.cycles[1]), Housekeeping: load(&t.housekeeping),
		Bursts: loadAll(t.bursts[:]), Gaps: loadAll(t.gaps[:]),
		TimedPackets: load(&t.timed_packets), TimedCycles: load(&t.timed_cycles),
	}
	for i := range t.stages {
		read.Stages = append(read.Stages, Stage{C.GoString(C.stage_name(C.uint(i))), load(&t.stages[i])})
	}
	return read
}

// prepareTelemetry tells the worker the unit of its durations.
func (w *worker) prepareTelemetry() { w.c.telemetry.scale = gapScale() }

func gapScale() C.uint64_t {
	scale, _ := bits.Div64(C.MGW_GAP_UNITS, 0, dpdk.TSCHz())
	return C.uint64_t(scale)
}

func load(value *C.uint64_t) uint64 { return uint64(C.loaded(value)) }

func loadAll(values []C.uint64_t) []uint64 {
	read := make([]uint64, len(values))
	for i := range values {
		read[i] = load(&values[i])
	}
	return read
}

// gapsOf is what stands in Gaps after one loop of so many cycles; cgo is not for tests.
func gapsOf(cycles uint64) []uint64 {
	t := C.struct_mgw_telemetry{scale: gapScale()}
	C.note_loop(&t, C.uint64_t(cycles))
	return loadAll(t.gaps[:])
}
