/*
 * production: how frames are counted when they come and leave for the other side of their wire, or
 * nowhere if a tap received them. Every frame that does not leave is counted with its reason.
 */
#ifndef MGW_PRODUCTION_H
#define MGW_PRODUCTION_H

#include <rte_ethdev.h>

#include "lcore.h"

/* What a burst weighs. */
struct mgw_weight {
	uint64_t bytes;   /* of all frames */
	uint64_t longest; /* frame */
};

/* A burst on its way across a wire. */
struct mgw_crossing {
	struct mgw_weight weight; /* of the frames from the one called from on */
	uint16_t from;            /* frames before it have left already */
	uint16_t n;               /* frames that the peer can send, the first ones */
	uint16_t sent;            /* those that left, once they have */
	bool first;               /* they leave before anything is decided */
	bool unseen; /* captures have not had it yet as it came, and are to when it has left */
};

/*
 * Count what arrived, from that frame on. The longest frame is found by way of a condition, not of
 * a maximum, of which the compiler makes a vector of one element, by way of memory.
 */
static inline struct mgw_weight mgw_count_rx(struct mgw_pipe *pipe, const struct mgw_rx *rx,
					     uint16_t from)
{
	struct mgw_port_counters *port = &pipe->counters->ports[rx->port];
	struct mgw_weight burst = {0, 0};
	const uint32_t n = pipe->n;

#pragma GCC unroll 4
	for (uint32_t i = from; i < n; i++) {
		const uint64_t length = rte_pktmbuf_pkt_len(pipe->frames[i]);

		burst.bytes += length;
		if (unlikely(length > burst.longest))
			burst.longest = length;
	}
	port->rx.packets += n - from;
	port->rx.bytes += burst.bytes;
	return burst;
}

static bool mgw_too_long(const struct mgw_rx *rx, const struct rte_mbuf *frame)
{
	const uint8_t *data = rte_pktmbuf_mtod(frame, const uint8_t *);
	uint32_t most = rx->peer_frame_max;

	if (rx->peer_tag_extra != 0 && rte_pktmbuf_data_len(frame) >= 14 && data[12] == 0x81 &&
	    data[13] == 0x00)
		most += rx->peer_tag_extra;
	return rte_pktmbuf_pkt_len(frame) > most;
}

/*
 * Move frames from that one on that the peer cannot send behind the others, each kind in its order.
 * Returns how many of the burst can be sent.
 */
static uint16_t mgw_part_too_long(struct mgw_pipe *pipe, const struct mgw_rx *rx, uint16_t from)
{
	struct rte_mbuf *too_long[MGW_BURST];
	uint16_t n = 0, kept = from;

	for (uint16_t i = from; i < pipe->n; i++) {
		if (mgw_too_long(rx, pipe->frames[i]))
			too_long[n++] = pipe->frames[i];
		else
			pipe->frames[kept++] = pipe->frames[i];
	}
	for (uint16_t i = 0; i < n; i++)
		pipe->frames[kept + i] = too_long[i];
	return kept;
}

/* Count and free the frames from first to before end. Returns their bytes. */
static uint64_t mgw_drop(struct mgw_pipe *pipe, const struct mgw_rx *rx, uint16_t first,
			 uint16_t end, enum mgw_drop reason)
{
	struct mgw_count *dropped = &pipe->counters->ports[rx->port].dropped[reason];
	uint64_t bytes = 0;

	for (uint16_t i = first; i < end; i++)
		bytes += rte_pktmbuf_pkt_len(pipe->frames[i]);
	dropped->packets += (uint64_t)(end - first);
	dropped->bytes += bytes;
	pipe->totals.dropped += (uint64_t)(end - first);
	rte_pktmbuf_free_bulk(&pipe->frames[first], (unsigned int)(end - first));
	return bytes;
}

/*
 * A port that did not take a production burst at once is kept free of copies until it takes one,
 * or none has come for two housekeepings.
 */
static inline void mgw_note_acceptance(struct mgw_lcore *lcore, uint16_t port, bool whole)
{
	if (unlikely(!whole))
		lcore->congestion.refused = 1;
	lcore->reserved_until[port] = likely(whole) ? 0 : lcore->heartbeat + 2;
}

/*
 * Send what the peer can to it; the frames behind are too long for it, and what it refuses after a
 * few immediate retries is lost. Bytes were summed on arrival: a frame that was sent is no longer
 * ours.
 */
static inline void mgw_send_production(struct mgw_lcore *lcore, const struct mgw_rx *rx,
				       struct mgw_crossing *crossing)
{
	struct mgw_pipe *pipe = lcore->pipe;
	struct mgw_count *forwarded = &pipe->counters->ports[rx->peer].forwarded;
	const uint16_t from = crossing->from, n = crossing->n;
	uint64_t bytes = crossing->weight.bytes;
	uint16_t sent = from;

	sent += rte_eth_tx_burst(rx->peer_ethdev, lcore->queue, &pipe->frames[from],
				 (uint16_t)(n - from));

	mgw_note_acceptance(lcore, rx->peer, sent == n);
	for (int retry = 0; unlikely(sent < n) && retry < MGW_TX_RETRIES; retry++)
		sent += rte_eth_tx_burst(rx->peer_ethdev, lcore->queue, &pipe->frames[sent],
					 (uint16_t)(n - sent));
	if (unlikely(n < pipe->n))
		bytes -= mgw_drop(pipe, rx, n, pipe->n, MGW_DROP_TOO_LONG);
	if (unlikely(sent < n))
		bytes -= mgw_drop(pipe, rx, sent, n, MGW_DROP_TX_FULL);
	forwarded->packets += (uint64_t)(sent - from);
	forwarded->bytes += bytes;
	pipe->totals.forwarded += (uint64_t)(sent - from);
	crossing->sent = sent;
}

/*
 * Whether a burst leaves before it is decided about, so that it does not wait for that. The price
 * is a reference on each frame, which the worker has time for while bursts are short; with long
 * ones it would come to less. The port's driver must be known to leave alone what others refer to.
 */
static __rte_always_inline bool mgw_goes_first(const struct mgw_pipe *pipe,
					       const struct mgw_port_program *at, bool captured)
{
	return pipe->n <= MGW_FIRST_MAX && (at->any || captured) && at->sends_first;
}

/*
 * Take a reference on each segment of the burst from that frame on: as long as we have it such a
 * driver does not change the mbuf or free it, and the stages may read it though it was sent.
 */
static inline void mgw_keep(const struct mgw_pipe *pipe, uint16_t from)
{
	for (uint16_t i = from; i < pipe->n; i++)
		for (struct rte_mbuf *m = pipe->frames[i]; m != NULL; m = m->next)
			rte_mbuf_refcnt_update(m, 1);
}

/* Give the references back. */
static inline void mgw_let_go(struct mgw_pipe *pipe)
{
	rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
}

/* A tap's frames go nowhere: they are freed, and what the copies need is held. */
static inline void mgw_free_observed(struct mgw_pipe *pipe, const struct mgw_rx *rx)
{
	pipe->counters->ports[rx->port].observed += pipe->n;
	pipe->totals.observed += pipe->n;
	rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
}

#endif
