/*
 * consume: what a worker takes in for the slow path, which is Go. Frames cross as bytes, into the
 * worker's own ring; what finds no room there is counted. Nothing here waits.
 */
#ifndef MGW_CONSUME_H
#define MGW_CONSUME_H

#include "lcore.h"

/* The first bytes of a frame, as many as a slot has. */
static inline void mgw_fill_slot(struct mgw_slot *slot, const struct rte_mbuf *frame)
{
	slot->original = rte_pktmbuf_pkt_len(frame);
	slot->length = 0;
	for (; frame != NULL && slot->length < MGW_SLOT_ROOM; frame = frame->next) {
		const uint16_t room = (uint16_t)(MGW_SLOT_ROOM - slot->length);
		const uint16_t n = RTE_MIN(rte_pktmbuf_data_len(frame), room);

		memcpy(&slot->bytes[slot->length], rte_pktmbuf_mtod(frame, const void *), n);
		slot->length = (uint16_t)(slot->length + n);
	}
}

/*
 * Give the slow path a frame to read. False: it is behind; counted. Half of the ring is kept for
 * frames to us: an answer of a neighbour gets there in a flood of broadcasts too.
 */
static inline bool mgw_hand_up(const struct mgw_lcore *lcore, const struct mgw_rx *rx,
			       const struct rte_mbuf *frame, enum mgw_addressee whose)
{
	const uint32_t spare = whose == MGW_OURS ? 0 : MGW_RING_SLOTS / 2;
	struct mgw_slot *slot = mgw_ring_room(lcore->ring, spare);

	if (slot == NULL) {
		lcore->pipe->counters->ports[rx->port].ignored[MGW_IGNORE_SLOW_PATH_FULL]++;
		return false;
	}
	slot->port = rx->port;
	mgw_fill_slot(slot, frame);
	mgw_ring_put(lcore->ring);
	return true;
}

static inline void mgw_count_consumed(struct mgw_pipe *pipe, const struct mgw_rx *rx,
				      uint64_t packets, uint64_t bytes)
{
	pipe->counters->ports[rx->port].consumed.packets += packets;
	pipe->counters->ports[rx->port].consumed.bytes += bytes;
}

/*
 * A wire that is a tunnel port too: take what is for us out of the burst, from that frame on, and
 * let the slow path read what is for everybody. Returns the bytes of what was taken.
 */
static __rte_noinline uint64_t mgw_take_ours(const struct mgw_lcore *lcore, const struct mgw_rx *rx,
					     uint16_t from)
{
	struct mgw_pipe *pipe = lcore->pipe;
	struct rte_mbuf *taken[MGW_BURST];
	uint64_t bytes = 0;
	uint16_t n = 0, kept = from;

	for (uint16_t i = from; i < pipe->n; i++) {
		struct rte_mbuf *frame = pipe->frames[i];
		enum mgw_addressee whose = MGW_OTHERS;

		if (unlikely(mgw_may_concern(rx->host, frame)))
			whose = mgw_addressee_of(rx->host, frame);
		if (whose == MGW_OURS || whose == MGW_EVERYBODYS)
			mgw_hand_up(lcore, rx, frame, whose);
		if (whose == MGW_OURS_IDLE)
			pipe->counters->ports[rx->port].ignored[MGW_IGNORE_NOT_OURS]++;
		if (likely(whose == MGW_OTHERS || whose == MGW_EVERYBODYS)) {
			pipe->frames[kept++] = frame;
			continue;
		}
		bytes += rte_pktmbuf_pkt_len(frame);
		taken[n++] = frame;
	}
	pipe->n = kept;
	mgw_count_consumed(pipe, rx, n, bytes);
	pipe->totals.wire_consumed += n;
	rte_pktmbuf_free_bulk(taken, n);
	return bytes;
}

/* Whether the slow path wants a frame that a tunnel port received. */
static inline bool mgw_wanted(const struct rte_mbuf *frame, enum mgw_addressee whose)
{
	return whose == MGW_OURS || whose == MGW_EVERYBODYS || mgw_quotes_copy(frame);
}

/* A burst of a tunnel port: the slow path gets what it wants, the rest is for nobody. */
static __rte_noinline void mgw_listen(const struct mgw_lcore *lcore, const struct mgw_rx *rx)
{
	struct mgw_pipe *pipe = lcore->pipe;
	struct mgw_port_counters *port = &pipe->counters->ports[rx->port];
	uint64_t packets = 0, bytes = 0;

	for (uint16_t i = 0; i < pipe->n; i++) {
		const struct rte_mbuf *frame = pipe->frames[i];
		const enum mgw_addressee whose = mgw_addressee_of(rx->host, frame);

		if (!mgw_wanted(frame, whose)) {
			port->ignored[MGW_IGNORE_NOT_OURS]++;
		} else if (mgw_hand_up(lcore, rx, frame, whose)) {
			packets++;
			bytes += rte_pktmbuf_pkt_len(frame);
		}
	}
	mgw_count_consumed(pipe, rx, packets, bytes);
	pipe->totals.tunnel_rx += pipe->n;
	pipe->totals.tunnel_consumed += packets;
	pipe->totals.ignored += pipe->n - packets;
	rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
}

/* Let the slow path read the frames that tell of a copy being too big. They go on as they are. */
static __rte_noinline void mgw_hand_up_notices(const struct mgw_lcore *lcore,
					       const struct mgw_rx *rx)
{
	for (uint32_t left = lcore->pipe->notices; left != 0; left &= left - 1)
		mgw_hand_up(lcore, rx, lcore->pipe->frames[__builtin_ctz(left)], MGW_OTHERS);
}

#endif
