/* Mempools and RCU. */
#include <errno.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>

#include "shim.h"

int shim_pool_create(const char *name, unsigned n, unsigned cache, uint16_t priv_size,
		     uint16_t data_room, int node, void **pool)
{
	*pool = rte_pktmbuf_pool_create(name, n, cache, priv_size, data_room, node);
	if (*pool == NULL)
		return rte_errno != 0 ? -rte_errno : -ENOMEM;
	return 0;
}

void shim_pool_free(void *pool)
{
	rte_mempool_free(pool);
}

unsigned shim_pool_avail(void *pool)
{
	return rte_mempool_avail_count(pool);
}

unsigned shim_pool_in_use(void *pool)
{
	return rte_mempool_in_use_count(pool);
}

static void add_chunk(struct rte_mempool *mp, void *total, struct rte_mempool_memhdr *chunk,
		      unsigned index)
{
	(void)mp;
	(void)index;
	*(uint64_t *)total += chunk->len;
}

/* What the pool really occupies: objects, header with caches, ring of free objects. */
uint64_t shim_pool_bytes(void *pool)
{
	struct rte_mempool *mp = pool;
	uint64_t total = 0;

	rte_mempool_mem_iter(mp, add_chunk, &total);
	total += mp->mz->len;
	return total + sizeof(void *) * rte_align32pow2(mp->size + 1);
}

int shim_qsbr_create(unsigned max_readers, void **qsbr)
{
	size_t size = rte_rcu_qsbr_get_memsize(max_readers);

	if (size == 1) /* how DPDK says that max_readers is 0 */
		return -EINVAL;
	*qsbr = rte_zmalloc("qsbr", size, RTE_CACHE_LINE_SIZE);
	if (*qsbr == NULL)
		return -ENOMEM;
	if (rte_rcu_qsbr_init(*qsbr, max_readers) == 0)
		return 0;
	rte_free(*qsbr);
	*qsbr = NULL;
	return -rte_errno;
}

void shim_qsbr_free(void *qsbr)
{
	rte_free(qsbr);
}

uint64_t shim_qsbr_start(void *qsbr)
{
	return rte_rcu_qsbr_start(qsbr);
}

int shim_qsbr_check(void *qsbr, uint64_t token, bool wait)
{
	return rte_rcu_qsbr_check(qsbr, token, wait);
}
