/*
 * originate: frames that the slow path sends: ARP, Neighbor Discovery, ICMP. They come as bytes,
 * one ring a tunnel port, and leave from mbufs of a pool of their own.
 */
#ifndef MGW_ORIGINATE_H
#define MGW_ORIGINATE_H

#include <rte_ethdev.h>

#include "capture.h"
#include "lcore.h"

/* The slot's frame in an mbuf; NULL: the pool has none left. */
static inline struct rte_mbuf *mgw_new_origin(struct rte_mempool *pool, const struct mgw_slot *slot)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		return NULL;
	memcpy(rte_pktmbuf_mtod(m, void *), slot->bytes, slot->length);
	m->data_len = slot->length;
	m->pkt_len = slot->length;
	return m;
}

/* Send the oldest frame that waits. False: none does. It is tried once: who asks, asks again. */
static inline bool mgw_originate_one(const struct mgw_lcore *lcore, const struct mgw_origin *origin)
{
	struct mgw_port_counters *port = &lcore->pipe->counters->ports[origin->port];
	const struct mgw_slot *slot = mgw_ring_next(origin->ring);
	struct rte_mbuf *m;
	uint16_t sent = 0;

	if (slot == NULL)
		return false;
	m = mgw_new_origin(lcore->origin_pool, slot);
	if (m != NULL && mgw_captures(lcore))
		mgw_capture_originated(lcore, origin->port, m);
	if (m != NULL && rte_eth_tx_burst(origin->ethdev, lcore->queue, &m, 1) == 1) {
		port->originated.packets++;
		port->originated.bytes += slot->length;
		sent = 1;
	} else {
		port->originate_failed++;
		rte_pktmbuf_free(m);
	}
	if (mgw_captures(lcore))
		mgw_capture_sent(lcore, MGW_POINT_EGRESS, origin->port, sent);
	mgw_ring_taken(origin->ring);
	return true;
}

/* At most MGW_ORIGINATE frames a tunnel port. */
static __rte_noinline void mgw_originate(const struct mgw_lcore *lcore)
{
	for (uint16_t i = 0; i < lcore->n_origins; i++)
		for (int n = 0; n < MGW_ORIGINATE; n++)
			if (!mgw_originate_one(lcore, &lcore->origins[i]))
				break;
}

#endif
