package lcore

/*
#include <time.h>

#include <rte_cycles.h>

// Now, by both clocks: of a few tries the one that took the least time.
static void read_clocks(uint64_t *cycles, int64_t *wall)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 3; i++) {
		struct timespec now;
		const uint64_t before = rte_rdtsc();
		uint64_t after;

		clock_gettime(CLOCK_REALTIME, &now);
		after = rte_rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		*cycles = before + least / 2;
		*wall = now.tv_sec * 1000000000ll + now.tv_nsec;
	}
}
*/
import "C"

import (
	"time"

	"mirrorgw/dpdk"
)

// captureClock turns cycles into times of day, outside of the loop. It follows the system's clock by a
// line that is bent every second and never broken, so that times keep the order of cycles; unless that
// clock is set.
type captureClock struct {
	now, before line    // before: until now begins
	rate        float64 // ns a cycle, by what was seen so far
}

// line is a stretch of time.
type line struct {
	cycles uint64  // when it begins
	wall   float64 // then, ns since base
	slope  float64 // ns a cycle
	base   int64   // ns since 1970
}

func (l *line) at(cycles uint64) float64 { return l.wall + float64(int64(cycles-l.cycles))*l.slope }

// How far the clocks may be apart before times jump, and how much faster or slower they may go to meet.
const (
	clockJump = 100e6 // ns
	clockBend = 500e-6
)

// set looks at both clocks.
func (k *captureClock) set() {
	var cycles C.uint64_t
	var wall C.int64_t
	C.read_clocks(&cycles, &wall)
	k.follow(uint64(cycles), int64(wall), dpdk.TSCHz())
}

// follow is told what time it is, by both clocks.
func (k *captureClock) follow(cycles uint64, wall int64, hz uint64) {
	nominal := 1e9 / float64(hz)
	behind := float64(wall-k.now.base) - k.now.at(cycles)
	switch {
	case k.now.slope == 0 || behind > clockJump || behind < -clockJump:
		k.now = line{cycles: cycles, slope: nominal, base: wall}
		k.before, k.rate = k.now, nominal
	case cycles-k.now.cycles > hz:
		off := behind / float64(cycles-k.now.cycles) // ns a cycle
		k.rate = within(k.rate+off/2, nominal)
		k.before = k.now
		k.now = line{cycles: cycles, wall: k.now.at(cycles), slope: within(k.rate+behind/float64(hz)/2, nominal), base: k.now.base}
	}
}

// within bounds how fast the clock goes.
func within(slope, nominal float64) float64 {
	return min(max(slope, nominal*(1-clockBend)), nominal*(1+clockBend))
}

func (k *captureClock) at(cycles uint64) time.Time {
	l := &k.now
	if cycles < l.cycles {
		l = &k.before
	}
	return time.Unix(0, l.base+int64(l.at(cycles)))
}
