/*
 * run: copies of one session and direction in a row, which are counted together and mostly go one
 * way: traffic comes in runs, and one addition is cheaper than many to the same counter.
 */
#ifndef MGW_RUN_H
#define MGW_RUN_H

#include "pipe.h"

struct mgw_run {
	struct mgw_session_counters *session; /* NULL: no run yet */
	struct mgw_source_counters *source;
	const struct mgw_way *way;
	const struct mgw_next_hop *hop; /* of all; NULL: each copy asks for its own */
	uint32_t inner_max;             /* longer frames are cut; valid iff hop is not NULL */
	uint32_t packets;
	uint64_t bytes;
};

static __rte_always_inline void mgw_count_matched(struct mgw_pipe *pipe, const struct mgw_run *run)
{
	if (run->session == NULL)
		return;
	run->session->matched.packets += run->packets;
	run->session->matched.bytes += run->bytes;
	run->source->matched += run->packets; /* a session has one source */
	pipe->totals.matched += run->packets;
}

#endif
