/*
 * hold: keep what a copy needs before production leaves. Short copies are made now, into mbufs
 * that are already there; of longer frames every segment gets a reference, and its length is
 * noted, because after the send only data bytes may still be read. Nothing here allocates.
 */
#ifndef MGW_HOLD_H
#define MGW_HOLD_H

#include <rte_memcpy.h>

#include "entropy.h"
#include "match.h"

/* A copy that will not be made: count it under its reason. */
static inline void mgw_skip(struct mgw_pipe *pipe, const struct mgw_copy *copy,
			    enum mgw_skip reason)
{
	struct mgw_count *skipped =
	    &pipe->counters->sessions[copy->slot][copy->direction].skipped[reason];

	skipped->packets++;
	skipped->bytes += copy->length;
	pipe->burst.skipped++;
}

static inline uint32_t mgw_room(const struct rte_mbuf *m)
{
	return (uint32_t)(m->buf_len - m->data_off);
}

/*
 * Gather the first copy->inner bytes of the frame into mirror mbufs from the stock, behind the
 * room for the outer header. False: the stock ran out; what was taken is back in it.
 */
static inline bool mgw_gather(struct mgw_pipe *pipe, struct mgw_copy *copy,
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

/* One frame in one segment that fits: what nearly every short copy is. */
static inline void mgw_gather_short(struct mgw_pipe *pipe, struct mgw_copy *copy,
				    const struct rte_mbuf *frame, uint16_t header_length)
{
	struct rte_mbuf *head = pipe->stock[--pipe->n_stock];

	rte_memcpy(rte_pktmbuf_mtod_offset(head, void *, header_length),
		   rte_pktmbuf_mtod(frame, const void *), copy->inner);
	head->data_len = (uint16_t)(header_length + copy->inner);
	copy->head = head;
	copy->n_held = 0;
}

/* Take a reference on every segment that the copy needs. False: too many segments. */
static inline bool mgw_hold_segments(struct mgw_pipe *pipe, struct mgw_copy *copy,
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

/* Copy the bytes now. False: counted as skipped. */
static inline bool mgw_hold_bytes(struct mgw_pipe *pipe, struct mgw_copy *copy,
				  const struct rte_mbuf *frame, uint16_t header_length,
				  bool single_segment)
{
	if (unlikely(pipe->n_stock == 0)) {
		mgw_skip(pipe, copy, MGW_SKIP_MEMPOOL);
		return false;
	}
	if (likely(copy->inner <= MGW_COPY_MAX && copy->inner <= rte_pktmbuf_data_len(frame))) {
		mgw_gather_short(pipe, copy, frame, header_length);
		return true;
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
static inline bool mgw_hold_frame(struct mgw_pipe *pipe, struct mgw_copy *copy,
				  struct rte_mbuf *frame)
{
	if (unlikely(!mgw_hold_segments(pipe, copy, frame))) {
		mgw_skip(pipe, copy, MGW_SKIP_SEGMENTS);
		return false;
	}
	return true;
}

/* Hold the frame of one accepted sighting, or count why not. */
static inline void mgw_hold_one(struct mgw_pipe *pipe, const struct mgw_program *program,
				const struct mgw_sighting *seen, bool own_copies)
{
	const struct mgw_session *session = &program->sessions[seen->session];
	const struct mgw_next_hop *hop = &program->next_hops[session->target];
	struct rte_mbuf *frame = pipe->frames[seen->frame];
	struct mgw_copy *copy = &pipe->copies[pipe->n_copies];
	bool held;

	copy->session = seen->session;
	copy->slot = program->match[seen->session].slot;
	copy->frame = seen->frame;
	copy->direction = seen->direction;
	copy->length = rte_pktmbuf_pkt_len(frame);
	copy->inner = RTE_MIN(copy->length, session->inner_max);
	if (unlikely(!hop->resolved)) {
		mgw_skip(pipe, copy, MGW_SKIP_UNRESOLVED);
		return;
	}
	copy->source_port = mgw_source_port(&pipe->keys[seen->frame]);
	if (copy->inner <= MGW_COPY_MAX || own_copies || hop->single_segment)
		held =
		    mgw_hold_bytes(pipe, copy, frame, session->header_length, hop->single_segment);
	else
		held = mgw_hold_frame(pipe, copy, frame);
	pipe->n_copies += held;
}

/* Hold what match accepted, in the order of arrival. */
static inline void mgw_hold(struct mgw_pipe *pipe, const struct mgw_program *program,
			    bool own_copies)
{
	pipe->n_copies = 0;
	pipe->n_held = 0;
	for (uint16_t i = 0; i < pipe->n_sightings; i++)
		if (pipe->sightings[i].accepted)
			mgw_hold_one(pipe, program, &pipe->sightings[i], own_copies);
}

#endif
