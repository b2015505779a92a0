/*
 * copies: how what a burst's copies need leaves after production: as copies by the tunnel ports, or
 * in split mode to the mirror lcore that makes them.
 */
#ifndef MGW_COPIES_H
#define MGW_COPIES_H

#include <rte_ethdev.h>

#include "capture.h"
#include "signals.h"
#include "split.h"
#include "stopwatch.h"

static inline bool mgw_reserved(const struct mgw_lcore *lcore, uint16_t port)
{
	return lcore->reserved_until[port] > lcore->heartbeat || mgw_worker_reserves(lcore, port);
}

/* Whether copies must leave a port to production. */
static inline bool mgw_keeps_off(const struct mgw_lcore *lcore, const struct mgw_tx *tunnel)
{
	return mgw_reserved(lcore, tunnel->port) || (tunnel->shared && !mgw_has_room(tunnel));
}

/* Make the held copies and send them to their tunnel ports. */
static __rte_always_inline void mgw_send_copies(const struct mgw_lcore *lcore,
						const struct mgw_program *program,
						uint16_t production_sent,
						struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;

	mgw_copy(pipe, program, production_sent);
	mgw_lap(watch, MGW_TIMED_ENCAP);
	for (uint16_t t = 0; t < lcore->n_tunnels; t++) {
		const struct mgw_tx *tunnel = &lcore->tunnels[t];
		struct mgw_outbox *outbox = &pipe->outboxes[t];
		uint16_t sent = 0;

		if (outbox->n == 0)
			continue;
		if (mgw_captures(lcore))
			mgw_capture_copies(lcore, program, t);
		if (likely(!mgw_keeps_off(lcore, tunnel)))
			sent = rte_eth_tx_burst(tunnel->ethdev, tunnel->queue, outbox->mbufs,
						outbox->n);
		if (mgw_captures(lcore))
			mgw_capture_sent(lcore, MGW_POINT_COPIES, tunnel->port, sent);
		mgw_copies_sent(pipe, program, t, sent);
	}
	mgw_restock(pipe);
	mgw_lap(watch, MGW_TIMED_SEND_COPIES);
}

/* The copies are on their way; in split mode it is another lcore that makes them. */
static __rte_always_inline void mgw_leave_copies(const struct mgw_lcore *lcore,
						 const struct mgw_program *program,
						 uint16_t production_sent,
						 struct mgw_stopwatch *watch)
{
	if (likely(lcore->handover == NULL)) {
		mgw_send_copies(lcore, program, production_sent, watch);
		return;
	}
	mgw_hand_over(lcore->pipe, program, lcore->handover, production_sent);
	mgw_restock(lcore->pipe);
	mgw_lap(watch, MGW_TIMED_SEND_COPIES);
}

#endif
