/*
 * run: copies of one session and direction in a row, which are counted together: traffic comes in
 * runs, and one addition is cheaper than many to the same counter.
 */
#ifndef MGW_RUN_H
#define MGW_RUN_H

#include "pipe.h"

struct mgw_run {
	struct mgw_session_counters *session; /* NULL: no run yet */
	struct mgw_source_counters *source;
	uint32_t packets;
	uint64_t bytes;
};

/* Start a run of copies of the same session and direction. */
static __rte_always_inline struct mgw_run mgw_new_run(struct mgw_session_counters *session,
						      struct mgw_source_counters *source)
{
	return (struct mgw_run){.session = session, .source = source};
}

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
