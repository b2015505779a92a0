#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>

#include "frames.h"

/* One mbuf with up to limit bytes of the frame; 0: what fits. */
static struct rte_mbuf *build_segment(struct rte_mempool *pool, const uint8_t *frame,
				      uint32_t length, uint32_t limit)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		return NULL;
	if (limit == 0 || limit > rte_pktmbuf_tailroom(m))
		limit = rte_pktmbuf_tailroom(m);
	if (length > limit)
		length = limit;
	memcpy(rte_pktmbuf_mtod(m, void *), frame, length);
	m->data_len = length;
	m->pkt_len = length;
	return m;
}

static struct rte_mbuf *build(struct rte_mempool *pool, const uint8_t *frame, uint32_t length,
			      uint32_t segment)
{
	struct rte_mbuf *head = build_segment(pool, frame, length, segment);

	while (head != NULL && head->pkt_len < length) {
		uint32_t done = head->pkt_len;
		struct rte_mbuf *next = build_segment(pool, frame + done, length - done, segment);

		if (next == NULL || next->data_len == 0 || rte_pktmbuf_chain(head, next) != 0) {
			rte_pktmbuf_free(next);
			rte_pktmbuf_free(head);
			return NULL;
		}
	}
	return head;
}

int dpdktest_send(uint16_t port, uint16_t queue, void *pool, const uint8_t *frame, uint32_t length,
		  uint32_t segment)
{
	struct rte_mbuf *m = build(pool, frame, length, segment);

	if (m == NULL)
		return -ENOMEM;
	if (rte_eth_tx_burst(port, queue, &m, 1) == 1)
		return 1;
	rte_pktmbuf_free(m);
	return 0;
}

int dpdktest_receive(uint16_t port, uint16_t queue, uint8_t *frame, uint32_t size,
		     uint32_t *segments)
{
	struct rte_mbuf *m;
	const void *data;
	int length;

	if (rte_eth_rx_burst(port, queue, &m, 1) == 0)
		return 0;
	length = -EMSGSIZE;
	if (m->pkt_len <= size) {
		length = m->pkt_len;
		*segments = m->nb_segs;
		data = rte_pktmbuf_read(m, 0, length, frame);
		if (data != frame)
			memcpy(frame, data, length);
	}
	rte_pktmbuf_free(m);
	return length;
}

int dpdktest_loop(void *arg)
{
	struct dpdktest_loop *loop = arg;

	__atomic_store_n(&loop->lcore, (int)rte_lcore_id(), __ATOMIC_RELAXED);
	while (__atomic_load_n(&loop->stop, __ATOMIC_ACQUIRE) == 0)
		__atomic_fetch_add(&loop->rounds, 1, __ATOMIC_RELEASE);
	return loop->result;
}

void *dpdktest_loop_function(void)
{
	int (*function)(void *) = dpdktest_loop;

	return *(void **)&function;
}

struct dpdktest_loop *dpdktest_loop_new(int result)
{
	struct dpdktest_loop *loop = calloc(1, sizeof(*loop));

	if (loop != NULL)
		loop->result = result;
	return loop;
}

uint64_t dpdktest_loop_rounds(struct dpdktest_loop *loop)
{
	return __atomic_load_n(&loop->rounds, __ATOMIC_ACQUIRE);
}

void dpdktest_loop_stop(struct dpdktest_loop *loop)
{
	__atomic_store_n(&loop->stop, 1, __ATOMIC_RELEASE);
}

int dpdktest_reader_online(void *qsbr, unsigned reader)
{
	int rc = rte_rcu_qsbr_thread_register(qsbr, reader);

	if (rc == 0)
		rte_rcu_qsbr_thread_online(qsbr, reader);
	return rc;
}

void dpdktest_reader_quiescent(void *qsbr, unsigned reader)
{
	rte_rcu_qsbr_quiescent(qsbr, reader);
}

void dpdktest_reader_offline(void *qsbr, unsigned reader)
{
	rte_rcu_qsbr_thread_offline(qsbr, reader);
	rte_rcu_qsbr_thread_unregister(qsbr, reader);
}
