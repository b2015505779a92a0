/*
 * split: mirror lcores, which do after production what a worker would otherwise do itself: make the
 * copies that workers hand over, and send them. They listen to the tunnel ports too.
 */
#ifndef MGW_SPLIT_H
#define MGW_SPLIT_H

#include "lcore.h"

/*
 * How far the workers that hand over to this lcore have been seen: the lcore is past a program once
 * they are and what they had handed over until then is gone. Read before the rings are drained.
 * A worker that is offline has stopped, or has not begun; it holds no program.
 */
static inline uint64_t mgw_workers_passed(const struct mgw_lcore *lcore)
{
	uint64_t passed = __atomic_load_n(&lcore->qsbr->token, __ATOMIC_ACQUIRE);

	for (uint16_t i = 0; i < lcore->n_feeders; i++) {
		const uint16_t reader = lcore->feeders[i].worker->reader;
		const uint64_t seen =
		    __atomic_load_n(&lcore->qsbr->qsbr_cnt[reader].cnt, __ATOMIC_ACQUIRE);

		if (seen != __RTE_QSBR_CNT_THR_OFFLINE && seen < passed)
			passed = seen;
	}
	return passed;
}

/* rte_rcu_qsbr_quiescent, but for the token: the workers' instead of the latest. */
static inline void mgw_report_passed(const struct mgw_lcore *lcore, uint64_t passed)
{
	uint64_t *own = &lcore->qsbr->qsbr_cnt[lcore->reader].cnt;

	if (passed > __atomic_load_n(own, __ATOMIC_RELAXED))
		__atomic_store_n(own, passed, __ATOMIC_RELEASE);
}

/* Whether a worker wants the port for production alone. */
static inline bool mgw_worker_reserves(const struct mgw_lcore *lcore, uint16_t port)
{
	for (uint16_t i = 0; i < lcore->n_feeders; i++) {
		const struct mgw_lcore *worker = lcore->feeders[i].worker;

		if (__atomic_load_n(&worker->reserved_until[port], __ATOMIC_RELAXED) >
		    __atomic_load_n(&worker->heartbeat, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

#endif
