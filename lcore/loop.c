/*
 * The poll loop. Read mgw_poll aloud and it says what becomes of a burst. No lock, log or system
 * call in here, one clock read a loop (gap.h); mempools are asked only after production has left.
 */
#include "consume.h"
#include "gap.h"
#include "originate.h"
#include "split.h"

#include <rte_ethdev.h>

/* What a burst weighs. */
struct mgw_weight {
	uint64_t bytes;   /* of all frames */
	uint32_t longest; /* frame */
};

/* Count what arrived. */
static inline struct mgw_weight mgw_count_rx(struct mgw_pipe *pipe, const struct mgw_rx *rx)
{
	struct mgw_port_counters *port = &pipe->counters->ports[rx->port];
	struct mgw_weight burst = {0, 0};

	for (uint16_t i = 0; i < pipe->n; i++) {
		const uint32_t length = rte_pktmbuf_pkt_len(pipe->frames[i]);

		burst.bytes += length;
		burst.longest = RTE_MAX(burst.longest, length);
	}
	port->rx.packets += pipe->n;
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
 * Move frames that the peer cannot send behind the others, each kind in its order. Returns how
 * many can be sent.
 */
static uint16_t mgw_part_too_long(struct mgw_pipe *pipe, const struct mgw_rx *rx)
{
	struct rte_mbuf *too_long[MGW_BURST];
	uint16_t n = 0, kept = 0;

	for (uint16_t i = 0; i < pipe->n; i++) {
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
	pipe->burst.dropped += (uint64_t)(end - first);
	rte_pktmbuf_free_bulk(&pipe->frames[first], (unsigned int)(end - first));
	return bytes;
}

/*
 * A port that did not take a production burst at once is kept free of copies until it takes one,
 * or none has come for two housekeepings.
 */
static inline void mgw_note_acceptance(struct mgw_lcore *lcore, uint16_t port, bool whole)
{
	lcore->reserved_until[port] = likely(whole) ? 0 : lcore->heartbeat + 2;
}

static inline bool mgw_reserved(const struct mgw_lcore *lcore, uint16_t port)
{
	return lcore->reserved_until[port] > lcore->heartbeat || mgw_worker_reserves(lcore, port);
}

/*
 * Send the first n frames to the peer; those behind are too long for it, and what it refuses
 * after a few immediate retries is lost. bytes are those of the whole burst, summed on arrival: a
 * frame that was sent is no longer ours. Returns how many left.
 */
static inline uint16_t mgw_send_production(struct mgw_lcore *lcore, const struct mgw_rx *rx,
					   uint16_t n, uint64_t bytes)
{
	struct mgw_pipe *pipe = lcore->pipe;
	struct mgw_count *forwarded = &pipe->counters->ports[rx->peer].forwarded;
	uint16_t sent = rte_eth_tx_burst(rx->peer_ethdev, lcore->queue, pipe->frames, n);

	mgw_note_acceptance(lcore, rx->peer, sent == n);
	for (int retry = 0; unlikely(sent < n) && retry < MGW_TX_RETRIES; retry++)
		sent += rte_eth_tx_burst(rx->peer_ethdev, lcore->queue, &pipe->frames[sent],
					 (uint16_t)(n - sent));
	if (unlikely(n < pipe->n))
		bytes -= mgw_drop(pipe, rx, n, pipe->n, MGW_DROP_TOO_LONG);
	if (unlikely(sent < n))
		bytes -= mgw_drop(pipe, rx, sent, n, MGW_DROP_TX_FULL);
	forwarded->packets += sent;
	forwarded->bytes += bytes;
	pipe->burst.forwarded += sent;
	return sent;
}

/* A tap's frames go nowhere: they are freed, and what the copies need is held. */
static inline void mgw_free_observed(struct mgw_pipe *pipe, const struct mgw_rx *rx)
{
	pipe->counters->ports[rx->port].observed += pipe->n;
	pipe->burst.observed += pipe->n;
	rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
}

/* Make the held copies and send them to their tunnel ports. */
static inline void mgw_send_copies(const struct mgw_lcore *lcore, const struct mgw_program *program,
				   uint16_t production_sent)
{
	struct mgw_pipe *pipe = lcore->pipe;

	mgw_copy(pipe, program, production_sent);
	for (uint16_t t = 0; t < lcore->n_tunnels; t++) {
		const struct mgw_tx *tunnel = &lcore->tunnels[t];
		struct mgw_outbox *outbox = &pipe->outboxes[t];
		uint16_t sent = 0;

		if (outbox->n == 0)
			continue;
		if (likely(!mgw_reserved(lcore, tunnel->port)))
			sent = rte_eth_tx_burst(tunnel->ethdev, tunnel->queue, outbox->mbufs,
						outbox->n);
		mgw_copies_sent(pipe, program, t, sent);
	}
	mgw_restock(pipe);
}

/* The copies are on their way; in split mode it is another lcore that makes them. */
static inline void mgw_leave_copies(const struct mgw_lcore *lcore,
				    const struct mgw_program *program, uint16_t production_sent)
{
	if (likely(lcore->handover == NULL)) {
		mgw_send_copies(lcore, program, production_sent);
		return;
	}
	mgw_hand_over(lcore->pipe, program, lcore->handover, production_sent);
	mgw_restock(lcore->pipe);
}

/* A burst of a wire: take what is for us, decide, send production, then copy. */
static inline void mgw_forward(struct mgw_lcore *lcore, const struct mgw_rx *rx)
{
	struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_program *program = __atomic_load_n(&lcore->program, __ATOMIC_ACQUIRE);
	struct mgw_weight burst = mgw_count_rx(pipe, rx);
	uint16_t n, sent;

	pipe->burst.wire_rx += pipe->n;
	if (rx->host != NULL) {
		burst.bytes -= mgw_take_ours(lcore, rx);
		if (pipe->n == 0)
			return;
	}
	n = pipe->n;
	if (unlikely(rx->peer_frame_max != 0 && burst.longest > rx->peer_frame_max))
		n = mgw_part_too_long(pipe, rx);
	mgw_decide(pipe, program, rx->port);
	if (unlikely(pipe->notices != 0))
		mgw_hand_up_notices(lcore, rx);
	sent = mgw_send_production(lcore, rx, n, burst.bytes);
	if (pipe->n_copies > 0)
		mgw_leave_copies(lcore, program, sent);
}

/* A burst of a tap: decide, let it go, then copy. */
static inline void mgw_look(const struct mgw_lcore *lcore, const struct mgw_rx *rx)
{
	struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_program *program = __atomic_load_n(&lcore->program, __ATOMIC_ACQUIRE);

	mgw_count_rx(pipe, rx);
	pipe->burst.tap_rx += pipe->n;
	mgw_decide(pipe, program, rx->port);
	if (unlikely(pipe->notices != 0))
		mgw_hand_up_notices(lcore, rx);
	mgw_free_observed(pipe, rx);
	if (pipe->n_copies > 0)
		mgw_leave_copies(lcore, program, pipe->n);
}

static inline void mgw_poll(struct mgw_lcore *lcore, const struct mgw_rx *rx)
{
	struct mgw_pipe *pipe = lcore->pipe;

	pipe->n = rte_eth_rx_burst(rx->ethdev, rx->queue, pipe->frames, MGW_BURST);
	if (pipe->n == 0)
		return;
	switch (rx->role) {
	case MGW_ROLE_WIRE:
		mgw_forward(lcore, rx);
		break;
	case MGW_ROLE_TAP:
		mgw_look(lcore, rx);
		break;
	default:
		mgw_count_rx(pipe, rx);
		mgw_listen(lcore, rx);
	}
	mgw_publish_totals(pipe);
}

/*
 * What is not traffic, and the little that we send ourselves. A pool that ran dry is asked again
 * here, should no copy be due.
 */
static inline bool mgw_housekeep(struct mgw_lcore *lcore)
{
	if (lcore->pipe->n_stock < MGW_STOCK)
		mgw_restock(lcore->pipe);
	mgw_originate(lcore);
	__atomic_store_n(&lcore->heartbeat, lcore->heartbeat + 1, __ATOMIC_RELAXED);
	return __atomic_load_n(&lcore->stop, __ATOMIC_RELAXED) == 0;
}

/* Send all copies that the workers had handed over when the turn began. */
static inline void mgw_take_copies(const struct mgw_lcore *lcore)
{
	struct mgw_pipe *pipe = lcore->pipe;

	for (uint16_t i = 0; i < lcore->n_feeders; i++) {
		struct mgw_handover *ring = lcore->feeders[i].ring;
		const uint64_t end = mgw_handed_over(ring);
		const struct mgw_program *program;

		while ((program = mgw_take_over(pipe, ring, end)) != NULL) {
			mgw_send_copies(lcore, program, UINT16_MAX);
			mgw_publish_totals(pipe);
		}
	}
}

static inline void mgw_mirror_turn(struct mgw_lcore *lcore)
{
	const uint64_t passed = mgw_workers_passed(lcore);

	for (uint16_t i = 0; i < lcore->n_rx; i++)
		mgw_poll(lcore, &lcore->rx[i]);
	mgw_take_copies(lcore);
	mgw_report_passed(lcore, passed);
}

/* When it is asked to stop, the workers have stopped: what they handed over last still leaves. */
int mgw_mirror_run(void *arg)
{
	struct mgw_lcore *lcore = arg;
	uint64_t polled = mgw_first_poll();
	bool running = true;

	rte_rcu_qsbr_thread_register(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_online(lcore->qsbr, lcore->reader);
	while (running) {
		for (int loop = 0; loop < MGW_HOUSEKEEPING; loop++) {
			polled = mgw_note_poll(lcore, polled);
			mgw_mirror_turn(lcore);
		}
		running = mgw_housekeep(lcore);
	}
	mgw_take_copies(lcore);
	rte_rcu_qsbr_thread_offline(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_unregister(lcore->qsbr, lcore->reader);
	return 0;
}

int mgw_lcore_run(void *arg)
{
	struct mgw_lcore *lcore = arg;
	uint64_t polled = mgw_first_poll();
	bool running = true;

	rte_rcu_qsbr_thread_register(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_online(lcore->qsbr, lcore->reader);
	while (running) {
		for (int loop = 0; loop < MGW_HOUSEKEEPING; loop++) {
			polled = mgw_note_poll(lcore, polled);
			for (uint16_t i = 0; i < lcore->n_rx; i++)
				mgw_poll(lcore, &lcore->rx[i]);
			rte_rcu_qsbr_quiescent(lcore->qsbr, lcore->reader);
		}
		running = mgw_housekeep(lcore);
	}
	rte_rcu_qsbr_thread_offline(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_unregister(lcore->qsbr, lcore->reader);
	return 0;
}
