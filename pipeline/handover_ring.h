/*
 * handover_ring: copies between the worker that decided about them and the mirror lcore that sends
 * them. One worker writes, one mirror lcore reads, and neither ever waits.
 */
#ifndef MGW_HANDOVER_RING_H
#define MGW_HANDOVER_RING_H

#include "pipe.h"

#define MGW_HANDOVER_COPIES 4096 /* a power of two */
#define MGW_HANDOVER_HELD   4096 /* held segments of all of them together; a power of two */

/*
 * All counts only grow. put - taken copies wait, and their held segments, in the same order: how
 * many a copy has, it says itself.
 */
struct mgw_handover {
	/* the worker stores; the mirror lcore reads put only */
	uint64_t put __attribute__((aligned(64)));
	uint64_t held_put;
	uint64_t seen_taken, seen_held_taken; /* what the worker last read of the reader's */
	/* the mirror lcore stores, held_taken first */
	uint64_t taken __attribute__((aligned(64)));
	uint64_t held_taken;
	const struct mgw_program *programs[MGW_HANDOVER_COPIES] __attribute__((aligned(64)));
	struct mgw_copy copies[MGW_HANDOVER_COPIES];
	struct mgw_held held[MGW_HANDOVER_HELD];
};

/* For the worker: whether one more copy with so many held segments fits. */
static inline bool mgw_handover_room(struct mgw_handover *ring, uint64_t put, uint64_t held_put,
				     uint32_t n_held)
{
	for (int look = 0; look < 2; look++) {
		if (likely(put - ring->seen_taken < MGW_HANDOVER_COPIES &&
			   held_put - ring->seen_held_taken + n_held <= MGW_HANDOVER_HELD))
			return true;
		ring->seen_taken = __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE);
		ring->seen_held_taken = __atomic_load_n(&ring->held_taken, __ATOMIC_RELAXED);
	}
	return false;
}

#endif
