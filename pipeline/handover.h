/*
 * handover: the way of held copies from the worker that decided about them to the mirror lcore that
 * sends them, in split mode. What finds no room is skipped and counted.
 */
#ifndef MGW_HANDOVER_H
#define MGW_HANDOVER_H

#include "encap.h"
#include "handover_ring.h"

/* Copies that this lcore does not hand over: skipped, and what they hold is given back. */
static inline bool mgw_may_leave(struct mgw_pipe *pipe, const struct mgw_copy *copy, bool left,
				 bool room)
{
	if (likely(left && room))
		return true;
	mgw_skip(pipe, copy, left ? MGW_SKIP_HANDOVER_FULL : MGW_SKIP_PRODUCTION_DROPPED);
	mgw_release(pipe, copy);
	return false;
}

static inline void mgw_put_over(struct mgw_pipe *pipe, const struct mgw_program *program,
				struct mgw_handover *ring, uint32_t sent)
{
	uint64_t put = ring->put, held_put = ring->held_put;

	for (uint32_t i = 0; i < pipe->n_copies; i++) {
		const struct mgw_copy *copy = &pipe->copies[i];
		const bool left = copy->frame < sent || copy->direction != MGW_INGRESS;
		const uint64_t at = put % MGW_HANDOVER_COPIES;

		if (!mgw_may_leave(pipe, copy, left,
				   mgw_handover_room(ring, put, held_put, copy->n_held)))
			continue;
		ring->copies[at] = *copy;
		ring->programs[at] = program;
		for (uint32_t h = 0; h < copy->n_held; h++)
			ring->held[held_put++ % MGW_HANDOVER_HELD] =
			    pipe->held[copy->first_held + h];
		put++;
	}
	pipe->totals.handed += put - ring->put;
	ring->held_put = held_put;
	__atomic_store_n(&ring->put, put, __ATOMIC_RELEASE);
}

/*
 * Put a copy that waits into the reader's pipe, to be counted with its own counters. False: it
 * holds more segments than the pipe has room for now.
 */
static inline bool mgw_take_one(struct mgw_pipe *pipe, const struct mgw_program *program,
				const struct mgw_handover *ring, uint64_t taken, uint64_t held)
{
	struct mgw_copy *copy = &pipe->copies[pipe->n_copies];
	uint32_t slot;

	*copy = ring->copies[taken % MGW_HANDOVER_COPIES];
	if (unlikely(pipe->n_held + copy->n_held > MGW_MAX_HELD))
		return false;
	slot = program->match[copy->session].slot;
	copy->counters = &pipe->counters->sessions[slot][copy->direction];
	copy->first_held = pipe->n_held;
	for (uint32_t h = 0; h < copy->n_held; h++)
		pipe->held[pipe->n_held++] = ring->held[(held + h) % MGW_HANDOVER_HELD];
	pipe->n_copies++;
	return true;
}

/* The copies before end that share the first one's program, as many as a pipe holds. */
static inline const struct mgw_program *mgw_take_run(struct mgw_pipe *pipe,
						     struct mgw_handover *ring, uint64_t end)
{
	const struct mgw_program *program = ring->programs[ring->taken % MGW_HANDOVER_COPIES];
	uint64_t taken = ring->taken, held_taken = ring->held_taken;

	while (taken != end && pipe->n_copies < MGW_MAX_COPIES &&
	       ring->programs[taken % MGW_HANDOVER_COPIES] == program) {
		if (!mgw_take_one(pipe, program, ring, taken, held_taken))
			break;
		held_taken += pipe->copies[pipe->n_copies - 1].n_held;
		taken++;
	}
	__atomic_store_n(&ring->held_taken, held_taken, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->taken, taken, __ATOMIC_RELEASE);
	return program;
}

#endif
