#include <stdlib.h>
#include <string.h>

#include <rte_debug.h>
#include <rte_ethdev.h>

#include "pieces.h"

struct dpdktest_pieces {
	const struct rte_eth_rxtx_callback *callback;
	uint16_t port, queue, most, n;
	struct rte_mbuf *waiting[DPDKTEST_PIECES_MAX];
};

/* The worker calls it with what the driver gave. */
static uint16_t give(uint16_t port, uint16_t queue, struct rte_mbuf *frames[], uint16_t n,
		     uint16_t room, void *arg)
{
	struct dpdktest_pieces *p = arg;
	uint16_t given;

	RTE_SET_USED(port);
	RTE_SET_USED(queue);
	if (p->n + n > DPDKTEST_PIECES_MAX)
		rte_panic("more than %d frames wait\n", DPDKTEST_PIECES_MAX);
	memcpy(&p->waiting[p->n], frames, n * sizeof(frames[0]));
	p->n += n;
	given = RTE_MIN(RTE_MIN(p->most, room), p->n);
	memcpy(frames, p->waiting, given * sizeof(frames[0]));
	p->n -= given;
	memmove(p->waiting, &p->waiting[given], p->n * sizeof(frames[0]));
	return given;
}

struct dpdktest_pieces *dpdktest_in_pieces(uint16_t port, uint16_t queue, uint16_t most)
{
	struct dpdktest_pieces *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->port = port;
	p->queue = queue;
	p->most = most;
	p->callback = rte_eth_add_rx_callback(port, queue, give, p);
	if (p->callback != NULL)
		return p;
	free(p);
	return NULL;
}

void dpdktest_pieces_end(struct dpdktest_pieces *p)
{
	rte_eth_remove_rx_callback(p->port, p->queue, p->callback);
	rte_pktmbuf_free_bulk(p->waiting, p->n);
	free(p);
}
