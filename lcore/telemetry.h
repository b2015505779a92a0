/*
 * telemetry: what a worker measures of itself, always. The worker alone writes it, with plain
 * stores of 64 bits on cache lines of its own; Go reads whenever it likes. Everything only grows,
 * but for the generation.
 */
#ifndef MGW_TELEMETRY_H
#define MGW_TELEMETRY_H

#include "pipe.h"
#include "stopwatch.h"

/*
 * Durations of loops: number b counts those shorter than 2^b units, and not less than half of that;
 * the last one all that are longer.
 */
#define MGW_GAP_UNITS   4000000ull /* a second: the unit is 250 ns */
#define MGW_GAP_BUCKETS 24

struct mgw_telemetry {
	/* Go stores it before the launch: 2^64 / cycles of a unit */
	uint64_t scale;
	/* of the program that the last loop began with */
	uint64_t generation;
	/* TSC cycles of loops that received nothing, and of those that received something */
	uint64_t cycles[2];
	uint64_t housekeeping; /* TSC cycles of that, which are part of the loop before it */
	uint64_t gaps[MGW_GAP_BUCKETS];
	uint64_t bursts[MGW_BURST + 1]; /* polls of one queue, by what they received */
	/* of the timed loops, those that received something */
	uint64_t timed_packets, timed_cycles;
	uint64_t stages[MGW_TIMED]; /* TSC cycles */
} __attribute__((aligned(64)));

/* A loop has ended that took so many cycles and received so many frames. */
static inline void mgw_note_loop(struct mgw_telemetry *t, uint64_t cycles, uint32_t received)
{
	const uint64_t units = (uint64_t)(((unsigned __int128)cycles * t->scale) >> 64);
	const uint32_t bucket = 63u - (uint32_t)__builtin_clzll(2 * units + 1);

	t->cycles[received != 0] += cycles;
	t->gaps[RTE_MIN(bucket, MGW_GAP_BUCKETS - 1u)]++;
}

static inline void mgw_note_burst(struct mgw_telemetry *t, uint16_t received)
{
	t->bursts[received]++;
}

/*
 * Which of the loops until the next housekeeping is timed. Spread by the golden ratio, for traffic
 * may have a rhythm of its own.
 */
static inline uint32_t mgw_timed_of(uint64_t heartbeat, uint32_t loops)
{
	return (uint32_t)((heartbeat * 0x9e3779b97f4a7c15ull) >> 32) % loops;
}

/* The timed loop has ended. What a loop costs that receives nothing, nobody wants to know. */
static inline void mgw_note_timed(struct mgw_telemetry *t, const struct mgw_stopwatch *watch,
				  uint32_t received)
{
	if (received == 0)
		return;
	t->timed_packets += received;
	t->timed_cycles += watch->last - watch->started;
	for (int stage = 0; stage < MGW_TIMED; stage++)
		t->stages[stage] += watch->cycles[stage];
}

static inline uint64_t mgw_begin_housekeeping(void)
{
	return rte_rdtsc();
}

static inline void mgw_end_housekeeping(struct mgw_telemetry *t, uint64_t began)
{
	t->housekeeping += rte_rdtsc() - began;
}

#endif
