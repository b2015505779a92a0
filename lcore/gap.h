/*
 * gap: the longest time that passed between two polls of a worker, which is how long a frame may
 * have waited before anybody looked. The worker alone writes it. Go has it measured anew by storing
 * another epoch; the worker notices at its next poll, and the gap it is in counts for the new one.
 * What it had measured stays readable, so that of measurements that follow each other no gap is
 * missed.
 */
#ifndef MGW_GAP_H
#define MGW_GAP_H

#include <rte_cycles.h>

#include "lcore.h"

/* A gap begins when the loop does: time spent stopped is none. */
static inline uint64_t mgw_first_poll(void)
{
	return rte_rdtsc();
}

/*
 * Begin a poll; polled is when the last one began. Returns now, and the stages are told. The loop's
 * only clock read.
 */
static inline uint64_t mgw_note_poll(struct mgw_lcore *lcore, uint64_t polled)
{
	const uint64_t now = rte_rdtsc(), gap = now - polled;
	const uint32_t wanted = __atomic_load_n(&lcore->wanted_epoch, __ATOMIC_RELAXED);

	if (unlikely(gap > lcore->longest_gap || wanted != lcore->epoch)) {
		if (wanted != lcore->epoch)
			__atomic_store_n(&lcore->finished_gap, lcore->longest_gap,
					 __ATOMIC_RELAXED);
		__atomic_store_n(&lcore->longest_gap, gap, __ATOMIC_RELAXED);
		__atomic_store_n(&lcore->epoch, wanted, __ATOMIC_RELEASE);
	}
	lcore->pipe->now = now;
	return now;
}

/* For Go, which stores wanted_epoch: 0 while the worker has not taken the latest epoch. */
static inline uint64_t mgw_longest_gap(const struct mgw_lcore *lcore)
{
	const uint32_t epoch = __atomic_load_n(&lcore->epoch, __ATOMIC_ACQUIRE);

	if (epoch != __atomic_load_n(&lcore->wanted_epoch, __ATOMIC_RELAXED))
		return 0;
	return __atomic_load_n(&lcore->longest_gap, __ATOMIC_RELAXED);
}

/* The same for the epoch before. */
static inline uint64_t mgw_finished_gap(const struct mgw_lcore *lcore)
{
	const uint32_t epoch = __atomic_load_n(&lcore->epoch, __ATOMIC_ACQUIRE);

	if (epoch != __atomic_load_n(&lcore->wanted_epoch, __ATOMIC_RELAXED))
		return 0;
	return __atomic_load_n(&lcore->finished_gap, __ATOMIC_RELAXED);
}

#endif
