/*
 * hold: keep what a copy needs, in time for production to leave. Short copies are made now, into
 * mbufs that are already there; of longer frames every segment gets a reference, and its length is
 * noted, because afterwards only data bytes may still be read. Nothing here allocates.
 */
#ifndef MGW_HOLD_H
#define MGW_HOLD_H

#include <rte_memcpy.h>

#include "limit.h"
#include "match.h"
#include "run.h"

enum { MGW_LINE = 64 }; /* bytes of a cache line */

/*
 * A copy that will not be made: count it under its reason. A stage, so that the caller's vector
 * state need not change, which costs some 70 ns each way.
 */
MGW_STAGE void mgw_skip(struct mgw_pipe *pipe, const struct mgw_copy *copy, enum mgw_skip reason)
{
	struct mgw_count *skipped = &copy->counters->skipped[reason];

	skipped->packets++;
	skipped->bytes += copy->length;
	pipe->totals.skipped++;
	pipe->skips[reason]++;
}

static __rte_always_inline uint32_t mgw_room(const struct rte_mbuf *m)
{
	return (uint32_t)(m->buf_len - m->data_off);
}

/*
 * Gather the first copy->inner bytes of the frame into mirror mbufs from the stock, behind the
 * room for the outer header. False: the stock ran out; what was taken is back in it.
 */
MGW_STAGE bool mgw_gather(struct mgw_pipe *pipe, struct mgw_copy *copy,
			  const struct rte_mbuf *frame, uint16_t header_length)
{
	const uint16_t stock = pipe->n_stock;
	struct rte_mbuf *tail = pipe->stock[stock - 1];
	uint32_t at = header_length, left = copy->inner, from = 0;

	copy->head = tail;
	copy->head->data_len = header_length;
	pipe->n_stock--;
	while (left > 0) {
		const uint32_t in = rte_pktmbuf_data_len(frame) - from;
		uint32_t n = RTE_MIN(RTE_MIN(left, in), mgw_room(tail) - at);

		rte_memcpy(rte_pktmbuf_mtod_offset(tail, void *, at),
			   rte_pktmbuf_mtod_offset(frame, const void *, from), n);
		tail->data_len += n;
		left -= n;
		at += n;
		from += n;
		if (from == rte_pktmbuf_data_len(frame)) {
			frame = frame->next;
			from = 0;
		}
		if (left > 0 && at == mgw_room(tail)) {
			if (pipe->n_stock == 0)
				goto exhausted;
			tail->next = pipe->stock[--pipe->n_stock];
			tail = tail->next;
			tail->data_len = 0;
			copy->head->nb_segs++;
			at = 0;
		}
	}
	copy->n_held = 0;
	return true;

exhausted:
	for (struct rte_mbuf *m = copy->head, *after; m != NULL; m = after) {
		after = m->next;
		m->next = NULL;
		m->nb_segs = 1;
	}
	pipe->n_stock = stock;
	return false;
}

/* Take a reference on every segment that the copy needs. False: too many segments. */
static __rte_always_inline bool mgw_hold_segments(struct mgw_pipe *pipe, struct mgw_copy *copy,
						  struct rte_mbuf *frame)
{
	uint32_t left = copy->inner;
	uint16_t n = pipe->n_held;

	for (struct rte_mbuf *m = frame; left > 0; m = m->next) {
		const uint32_t length = RTE_MIN(left, (uint32_t)rte_pktmbuf_data_len(m));

		if (length == 0)
			continue;
		if (n == MGW_MAX_HELD)
			return false;
		pipe->held[n].segment = m;
		pipe->held[n++].length = (uint16_t)length;
		left -= length;
	}
	for (uint16_t i = pipe->n_held; i < n; i++)
		rte_mbuf_refcnt_update(pipe->held[i].segment, 1);
	copy->head = NULL; /* given by copy */
	copy->first_held = pipe->n_held;
	copy->n_held = (uint16_t)(n - pipe->n_held);
	pipe->n_held = n;
	return true;
}

/* Copy the bytes of a frame that is long, or lies in pieces. False: counted as skipped. */
static __rte_always_inline bool mgw_hold_bytes(struct mgw_pipe *pipe, struct mgw_copy *copy,
					       const struct rte_mbuf *frame, uint16_t header_length,
					       bool single_segment)
{
	if (pipe->n_stock == 0) {
		mgw_skip(pipe, copy, MGW_SKIP_MEMPOOL);
		return false;
	}
	if (single_segment &&
	    header_length + copy->inner > mgw_room(pipe->stock[pipe->n_stock - 1])) {
		mgw_skip(pipe, copy, MGW_SKIP_SEGMENTS);
		return false;
	}
	if (unlikely(!mgw_gather(pipe, copy, frame, header_length))) {
		mgw_skip(pipe, copy, MGW_SKIP_MEMPOOL);
		return false;
	}
	return true;
}

/* Take references. False: counted as skipped. */
static __rte_always_inline bool mgw_hold_frame(struct mgw_pipe *pipe, struct mgw_copy *copy,
					       struct rte_mbuf *frame, uint16_t max_segments)
{
	if (unlikely(max_segments != 0 && frame->nb_segs >= max_segments) ||
	    unlikely(!mgw_hold_segments(pipe, copy, frame))) {
		mgw_skip(pipe, copy, MGW_SKIP_SEGMENTS);
		return false;
	}
	return true;
}

/* Hold what mgw_hold_short does not. False: counted as skipped. */
MGW_STAGE bool mgw_hold_other(struct mgw_pipe *pipe, struct mgw_copy *copy, bool own_copies)
{
	const struct mgw_next_hop *hop = copy->hop;
	struct rte_mbuf *frame = pipe->frames[copy->frame];

	if (copy->inner <= MGW_COPY_MAX || own_copies || hop->own_copies || hop->single_segment)
		return mgw_hold_bytes(pipe, copy, frame, copy->way->header_length,
				      hop->single_segment);
	return mgw_hold_frame(pipe, copy, frame, hop->max_segments);
}

/* Where a copy begins so that the frame in it begins a cache line: then no store of a line is two.
 */
static __rte_always_inline uint32_t mgw_align_to_line(uint32_t header_length)
{
	return RTE_PKTMBUF_HEADROOM + (-header_length & (MGW_LINE - 1));
}

/*
 * One frame in one segment that fits: what nearly every short copy is. Whole cache lines are
 * moved, for a length that the compiler knows is one instruction; what lies behind the frame's
 * end comes along and is not sent. False: not such a frame, nothing was done.
 */
static __rte_always_inline bool mgw_hold_short(struct mgw_pipe *pipe, struct mgw_copy *copy,
					       const struct rte_mbuf *frame, uint32_t header_length)
{
	const uint8_t *from = rte_pktmbuf_mtod(frame, const uint8_t *);
	const uint32_t inner = copy->inner;
	struct rte_mbuf *head;
	uint8_t *to;

	if (unlikely(inner > MGW_COPY_MAX || inner > rte_pktmbuf_data_len(frame) ||
		     mgw_room(frame) < MGW_COPY_MAX || pipe->n_stock == 0))
		return false;
	head = pipe->stock[--pipe->n_stock];
	head->data_off = (uint16_t)mgw_align_to_line(header_length);
	to = rte_pktmbuf_mtod_offset(head, uint8_t *, header_length);
	memcpy(to, from, MGW_LINE);
	for (uint32_t at = MGW_LINE; at < inner; at += MGW_LINE)
		memcpy(to + at, from + at, MGW_LINE);
	head->data_len = (uint16_t)(header_length + inner);
	copy->head = head;
	copy->n_held = 0;
	return true;
}

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
 * Count what match accepted and hold it, in the order of arrival. The loop's counters are locals:
 * for all the compiler knows, a store into a copy could change the pipe. Returns the flags of all
 * frames held.
 */
MGW_STAGE uint64_t mgw_hold(struct mgw_pipe *pipe, const struct mgw_program *program,
			    bool own_copies)
{
	const uint32_t n_sightings = pipe->n_sightings;
	struct mgw_run run = {.session = NULL};
	uint32_t session = MGW_NONE, direction = MGW_DIRECTIONS, n = 0, runs = 0;
	uint64_t flags = 0;

	pipe->n_held = 0;
	for (uint32_t i = 0; i < n_sightings; i++) {
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
	pipe->one_run = runs == 1 && run.hop != NULL;
	mgw_count_matched(pipe, &run);
	return flags;
}

#endif
