/*
 * hold: what match accepted becomes copies, which have what they need (keep.h) in time for
 * production to leave: whether and where each goes, and how many bytes of it.
 */
#ifndef MGW_HOLD_H
#define MGW_HOLD_H

#include "keep.h"
#include "limit.h"
#include "match.h"
#include "run.h"

/* How much of a frame that is too long is copied. */
MGW_STAGE uint32_t mgw_cut(uint32_t length, const struct mgw_way *way,
			   const struct mgw_next_hop *hop)
{
	return RTE_MIN(RTE_MIN(length, way->inner_max), hop->inner_max);
}

/*
 * Whether the budget has a copy for this session; of one with limits mgw_charge has asked. False:
 * counted as skipped.
 */
MGW_STAGE bool mgw_admit(struct mgw_pipe *pipe, const struct mgw_program *program,
			 const struct mgw_copy *copy)
{
	const uint32_t slot = program->sessions[copy->session].slot;

	if (copy->way->limits != NULL || mgw_affords(pipe, slot))
		return true;
	mgw_skip(pipe, copy, MGW_SKIP_CONGESTION);
	return false;
}

/* Where a copy goes and how much of it, if not all of its run go there. False: counted as skipped.
 */
static __rte_always_inline bool mgw_route(struct mgw_pipe *pipe, const struct mgw_program *program,
					  struct mgw_copy *copy, uint64_t flow)
{
	const struct mgw_way *way = copy->way;
	const struct mgw_next_hop *hop = mgw_next_hop_of(pipe, way, copy->length, flow);

	if (unlikely(hop->skip != 0)) {
		mgw_skip(pipe, copy, hop->skip - 1);
		return false;
	}
	if (unlikely(pipe->budget.state != MGW_CALM) && !mgw_admit(pipe, program, copy))
		return false;
	copy->hop = hop;
	if (unlikely(copy->length > way->inner_max || copy->length > hop->inner_max))
		copy->inner = mgw_cut(copy->length, way, hop);
	return true;
}

/* Hold what a copy needs. False: counted as skipped. */
static __rte_always_inline bool mgw_hold_copy(struct mgw_pipe *pipe,
					      const struct mgw_program *program,
					      const struct mgw_run *run, struct mgw_copy *copy,
					      const struct rte_mbuf *frame, bool own_copies)
{
	const uint64_t flow = pipe->flows[copy->frame];

	copy->hop = run->hop;
	copy->inner = copy->length;
	copy->source_port = rte_cpu_to_be_16(mgw_source_port(flow));
	if (unlikely(run->hop == NULL)) {
		if (!mgw_route(pipe, program, copy, flow))
			return false;
	} else if (unlikely(copy->length > run->inner_max)) {
		copy->inner = run->inner_max;
	}
	return mgw_hold_short(pipe, copy, frame, run->way->header_length) ||
	       mgw_hold_other(pipe, copy, own_copies);
}

/* What match accepted becomes a copy, of which nothing is held yet. */
static __rte_always_inline void mgw_begin_copy(const struct mgw_sighting *seen,
					       const struct mgw_run *run, struct mgw_copy *copy,
					       uint32_t length)
{
	copy->counters = run->session;
	copy->way = run->way;
	copy->session = seen->session;
	copy->length = length;
	copy->frame = seen->frame;
	copy->direction = seen->direction;
}

/* The one next hop of a way's copies; NULL: there may be several, or not each copy is made. */
static __rte_always_inline const struct mgw_next_hop *mgw_only_hop(const struct mgw_pipe *pipe,
								   const struct mgw_way *way)
{
	const struct mgw_next_hop *hop;

	if (unlikely(way->destination == NULL || pipe->budget.state != MGW_CALM))
		return NULL;
	hop = __atomic_load_n(&way->destination->current, __ATOMIC_ACQUIRE);
	return likely(hop->skip == 0) ? hop : NULL;
}

/* Copies of the session and direction that accepted a frame. */
static __rte_always_inline struct mgw_run mgw_run_of(const struct mgw_pipe *pipe,
						     const struct mgw_program *program,
						     const struct mgw_sighting *seen)
{
	const struct mgw_session *session = &program->sessions[seen->session];
	const struct mgw_way *way = &program->ways[session->way];
	const struct mgw_next_hop *hop = mgw_only_hop(pipe, way);

	return (struct mgw_run){
	    .session = &pipe->counters->sessions[session->slot][seen->direction],
	    .source = &pipe->counters->sources[seen->source][seen->direction],
	    .way = way,
	    .hop = hop,
	    .inner_max = hop != NULL ? RTE_MIN(way->inner_max, hop->inner_max) : 0,
	};
}

/*
 * Hold the first frames of a burst that one session accepts as a whole, as long as they are short
 * and all of each goes the run's way: what copies have in common is put down as one line for each.
 * Returns the flags of all frames held.
 */
MGW_STAGE uint64_t mgw_hold_row(struct mgw_pipe *pipe, const struct mgw_program *program)
{
	const struct mgw_sighting *first = &pipe->sightings[0];
	struct mgw_run run = mgw_run_of(pipe, program, first);
	const uint32_t header_length = run.way->header_length;
	const uint32_t most = run.hop != NULL ? RTE_MIN(pipe->n, pipe->n_stock) : 0;
	struct rte_mbuf **stock = &pipe->stock[pipe->n_stock];
	struct mgw_copy *like = &pipe->like;
	uint64_t flags = 0;
	uint32_t n = 0;

	*like = (struct mgw_copy){
	    .counters = run.session,
	    .hop = run.hop,
	    .way = run.way,
	    .session = first->session,
	    .direction = first->direction,
	};
	for (; n < most; n++) {
		const struct rte_mbuf *frame = pipe->frames[n];
		const uint32_t length = rte_pktmbuf_pkt_len(frame);
		struct mgw_copy *copy = &pipe->copies[n];

		if (unlikely(length > run.inner_max || !mgw_is_short(frame, length)))
			break;
		*copy = *like; /* one store: it is memory, which a local would not be */
		copy->head = *--stock;
		copy->length = copy->inner = length;
		copy->source_port = rte_cpu_to_be_16(mgw_source_port(pipe->flows[n]));
		copy->frame = (uint16_t)n;
		mgw_move_short(copy->head, frame, header_length, length);
		run.bytes += length;
		flags |= frame->ol_flags;
	}
	run.packets = n;
	pipe->n_stock -= (uint16_t)n;
	pipe->n_copies = (uint16_t)n;
	pipe->one_run = true;
	mgw_count_matched(pipe, &run);
	return flags;
}

/*
 * Hold all frames from sighting number first on, which has as many copies before it. The loop's
 * counters are locals: for all the compiler knows, a store into a copy could change the pipe.
 * Returns the flags of all frames held.
 */
MGW_STAGE uint64_t mgw_hold_near(struct mgw_pipe *pipe, const struct mgw_program *program,
				 uint32_t first, bool own_copies)
{
	const uint32_t n_sightings = pipe->n_sightings;
	struct mgw_run run = {.session = NULL};
	uint32_t session = MGW_NONE, direction = MGW_DIRECTIONS, n = first, runs = 0;
	uint64_t flags = 0;

	for (uint32_t i = first; i < n_sightings; i++) {
		const struct mgw_sighting *seen = &pipe->sightings[i];
		const struct rte_mbuf *frame = pipe->frames[seen->frame];
		struct mgw_copy *copy = &pipe->copies[n];

		if (!seen->accepted)
			continue;
		if (unlikely(seen->session != session || seen->direction != direction)) {
			mgw_count_matched(pipe, &run);
			run = mgw_run_of(pipe, program, seen);
			session = seen->session;
			direction = seen->direction;
			runs++;
		}
		mgw_begin_copy(seen, &run, copy, rte_pktmbuf_pkt_len(frame));
		run.packets++;
		run.bytes += rte_pktmbuf_pkt_len(frame);
		flags |= frame->ol_flags;
		n += mgw_hold_copy(pipe, program, &run, copy, frame, own_copies);
	}
	pipe->n_copies = (uint16_t)n;
	pipe->one_run = runs == 1 && run.hop != NULL && pipe->copies[0].hop == run.hop;
	mgw_count_matched(pipe, &run);
	return flags;
}

/* How many sightings ahead hold fetches their counters. */
enum { MGW_HOLD_AHEAD = 6 };

/*
 * Fetch the counters of sighting i, if there is one. Here and not where they are first known, for
 * there is much to do in between: prefetches one behind the other wait for each other.
 */
static __rte_always_inline void mgw_fetch_counters(const struct mgw_pipe *pipe,
						   const struct mgw_program *program, uint32_t i)
{
	const struct mgw_sighting *seen;

	if (i >= pipe->n_sightings)
		return;
	seen = &pipe->sightings[i];
	rte_prefetch0(pipe->counters->sources[seen->source]);
	if (seen->accepted)
		rte_prefetch0(pipe->counters->sessions[program->sessions[seen->session].slot]);
}

/*
 * The same of scattered sources: neighbours have nothing in common, so each is a run of its own.
 * What the sources saw is counted here too, when their counters are there.
 */
MGW_STAGE uint64_t mgw_hold_scattered(struct mgw_pipe *pipe, const struct mgw_program *program,
				      bool own_copies)
{
	const uint32_t n_sightings = pipe->n_sightings;
	uint64_t flags = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < MGW_HOLD_AHEAD; i++)
		mgw_fetch_counters(pipe, program, i);
	for (uint32_t i = 0; i < n_sightings; i++) {
		const struct mgw_sighting *seen = &pipe->sightings[i];
		const struct rte_mbuf *frame = pipe->frames[seen->frame];
		struct mgw_copy *copy = &pipe->copies[n];
		struct mgw_run run;

		mgw_fetch_counters(pipe, program, i + MGW_HOLD_AHEAD);
		pipe->counters->sources[seen->source][seen->direction].seen++;
		if (!seen->accepted)
			continue;
		run = mgw_run_of(pipe, program, seen);
		mgw_begin_copy(seen, &run, copy, rte_pktmbuf_pkt_len(frame));
		run.packets = 1;
		run.bytes = rte_pktmbuf_pkt_len(frame);
		mgw_count_matched(pipe, &run);
		flags |= frame->ol_flags;
		n += mgw_hold_copy(pipe, program, &run, copy, frame, own_copies);
	}
	pipe->n_copies = (uint16_t)n;
	pipe->one_run = false;
	return flags;
}

/*
 * Count what match accepted and hold it, in the order of arrival. Returns the flags of all frames
 * held.
 */
static __rte_always_inline uint64_t mgw_hold(struct mgw_pipe *pipe,
					     const struct mgw_program *program, bool own_copies)
{
	uint64_t flags = 0;

	pipe->n_held = 0;
	if (unlikely(program->scattered))
		return mgw_hold_scattered(pipe, program, own_copies);
	if (likely(pipe->as_one && rte_pktmbuf_pkt_len(pipe->frames[0]) <= MGW_COPY_MAX))
		flags = mgw_hold_row(pipe, program);
	if (pipe->n_copies < pipe->n_sightings)
		flags |= mgw_hold_near(pipe, program, pipe->n_copies, own_copies);
	return flags;
}

#endif
