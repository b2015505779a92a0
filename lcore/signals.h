/*
 * signals: what a worker sees of congestion, from what the loop notes by the way. All of it is for
 * the looks of congestion.h; the loop itself only notes bursts that were not full
 * (mgw_note_drained) and production that was not taken at once.
 */
#ifndef MGW_SIGNALS_H
#define MGW_SIGNALS_H

#include <rte_ethdev.h>

#include "lcore.h"

/* A queue that gave less than a whole burst has nothing left that waits. */
static __rte_always_inline void mgw_note_drained(struct mgw_lcore *lcore, const struct mgw_rx *rx,
						 uint16_t received)
{
	if (received < MGW_BURST)
		lcore->congestion.drained |= rx->bit;
}

/* Whether a tunnel port's queue has more room than what is kept for production. */
static inline bool mgw_has_room(const struct mgw_tx *tunnel)
{
	return tunnel->room == 0 ||
	       rte_eth_tx_descriptor_status(tunnel->ethdev, tunnel->queue, tunnel->room) !=
		   RTE_ETH_TX_DESC_FULL;
}

/* Whether frames of a queue that was never found empty wait for too long, or too many do. */
static inline bool mgw_behind(const struct mgw_lcore *lcore, uint16_t i, uint64_t now)
{
	const struct mgw_rx *rx = &lcore->rx[i];
	const struct mgw_congestion *c = &lcore->congestion;

	if (rx->backlog != 0 && rte_eth_rx_queue_count(rx->ethdev, rx->queue) >= (int)rx->backlog)
		return true;
	return now - c->full_since[i] >= c->patience;
}

static inline bool mgw_receives_too_much(struct mgw_lcore *lcore, uint64_t now)
{
	struct mgw_congestion *c = &lcore->congestion;
	bool behind = false;

	for (uint16_t i = 0; i < lcore->n_rx; i++) {
		if (likely(c->drained & lcore->rx[i].bit))
			c->full_since[i] = now;
		else if (c->watched & lcore->rx[i].bit)
			behind |= mgw_behind(lcore, i, now);
	}
	c->drained = 0;
	return behind;
}

static inline bool mgw_tunnels_are_full(struct mgw_lcore *lcore)
{
	const uint64_t skips =
	    lcore->pipe->skips[MGW_SKIP_TUNNEL_FULL] + lcore->pipe->skips[MGW_SKIP_HANDOVER_FULL];
	bool full = skips != lcore->congestion.tunnel_skips;

	lcore->congestion.tunnel_skips = skips;
	for (uint16_t t = 0; t < lcore->n_tunnels; t++)
		full |= !mgw_has_room(&lcore->tunnels[t]);
	return full;
}

/* The stock is full between bursts, unless its pool is empty. */
static inline bool mgw_memory_runs_out(struct mgw_lcore *lcore)
{
	const uint64_t skips = lcore->pipe->skips[MGW_SKIP_MEMPOOL];
	const bool out = skips != lcore->congestion.mempool_skips;

	lcore->congestion.mempool_skips = skips;
	return out || lcore->pipe->n_stock < MGW_STOCK;
}

/* The signs since the last look, bits MGW_SIGN. */
static inline uint32_t mgw_signs_of(struct mgw_lcore *lcore, uint64_t now)
{
	uint32_t signs = 0;

	if (unlikely(mgw_receives_too_much(lcore, now)))
		signs |= MGW_SIGN(MGW_SIGN_RECEIVE);
	if (unlikely(lcore->congestion.refused != 0))
		signs |= MGW_SIGN(MGW_SIGN_TRANSMIT);
	if (unlikely(mgw_tunnels_are_full(lcore)))
		signs |= MGW_SIGN(MGW_SIGN_TUNNEL);
	if (unlikely(mgw_memory_runs_out(lcore)))
		signs |= MGW_SIGN(MGW_SIGN_MEMPOOL);
	lcore->congestion.refused = 0;
	return signs & lcore->congestion.heeded;
}

/* Every MGW_LOOK loops. now is when the last one began. */
static __rte_noinline void mgw_look_for_congestion(struct mgw_lcore *lcore, uint64_t now)
{
	struct mgw_congestion *c = &lcore->congestion;
	struct mgw_budget *budget = &lcore->pipe->budget;
	const uint64_t matched = lcore->pipe->counters->totals.matched;
	const uint32_t signs = mgw_signs_of(lcore, now);

	mgw_note_look(c, budget, signs, now);
	mgw_note_demand(c, matched);
	if (unlikely(signs != 0 || budget->state != MGW_CALM))
		mgw_judge(c, budget, signs, now);
	mgw_note_interval(c, budget, matched, now);
}

#endif
