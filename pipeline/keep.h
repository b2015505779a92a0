/*
 * keep: what a copy needs of its frame is kept before production leaves. Short copies are made now,
 * into mbufs that are already there; of longer frames every segment gets a reference, and its
 * length is noted, because afterwards only data bytes may still be read. Nothing here allocates.
 */
#ifndef MGW_KEEP_H
#define MGW_KEEP_H

#include <rte_memcpy.h>

#include "pipe.h"

enum { MGW_LINE = 64 }; /* bytes of a cache line */

/* What is counted rarely of the session and direction that has these counters. */
static __rte_always_inline struct mgw_session_details *
mgw_details_of(const struct mgw_pipe *pipe, const struct mgw_session_counters *counters)
{
	const ptrdiff_t at = counters - pipe->counters->sessions[0];

	return &pipe->counters->session_details[at / MGW_DIRECTIONS][at % MGW_DIRECTIONS];
}

/*
 * A copy that will not be made: count it under its reason. A stage, so that the caller's vector
 * state need not change, which costs some 70 ns each way.
 */
MGW_STAGE void mgw_skip(struct mgw_pipe *pipe, const struct mgw_copy *copy, enum mgw_skip reason)
{
	struct mgw_count *skipped = &mgw_details_of(pipe, copy->counters)->skipped[reason];

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

/* Whether the first inner bytes of a frame lie in one segment, and lines of them can be moved. */
static __rte_always_inline bool mgw_is_short(const struct rte_mbuf *frame, uint32_t inner)
{
	return likely(inner <= MGW_COPY_MAX && inner <= rte_pktmbuf_data_len(frame) &&
		      mgw_room(frame) >= MGW_COPY_MAX);
}

/*
 * Copy the first bytes of a short frame: what nearly every short copy is. Whole cache lines are
 * moved, for a length that the compiler knows is one instruction; what lies behind the frame's
 * end comes along and is not sent.
 */
static __rte_always_inline void mgw_move_short(struct rte_mbuf *head, const struct rte_mbuf *frame,
					       uint32_t header_length, uint32_t inner)
{
	const uint8_t *from = rte_pktmbuf_mtod(frame, const uint8_t *);
	uint8_t *to;

	head->data_off = (uint16_t)mgw_align_to_line(header_length);
	to = rte_pktmbuf_mtod_offset(head, uint8_t *, header_length);
	memcpy(to, from, MGW_LINE);
	for (uint32_t at = MGW_LINE; at < inner; at += MGW_LINE)
		memcpy(to + at, from + at, MGW_LINE);
	head->data_len = (uint16_t)(header_length + inner);
}

/* False: not a short frame, or no mbuf is there; nothing was done. */
static __rte_always_inline bool mgw_hold_short(struct mgw_pipe *pipe, struct mgw_copy *copy,
					       const struct rte_mbuf *frame, uint32_t header_length)
{
	if (unlikely(!mgw_is_short(frame, copy->inner) || pipe->n_stock == 0))
		return false;
	copy->head = pipe->stock[--pipe->n_stock];
	copy->n_held = 0;
	mgw_move_short(copy->head, frame, header_length, copy->inner);
	return true;
}

#endif
