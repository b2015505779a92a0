/*
 * run: copies of one session and direction in a row, which are counted together: traffic comes in
 * runs, and one addition is cheaper than many to the same counter.
 */
#ifndef MGW_RUN_H
#define MGW_RUN_H

#include "pipe.h"

struct mgw_run {
	uint32_t slot, source; /* of the counters */
	uint8_t direction;
	uint64_t packets, bytes, truncated;
};

/* A run that no copy belongs to, and that counts nothing. */
#define MGW_NO_RUN ((struct mgw_run){.slot = MGW_NONE})

static __rte_always_inline struct mgw_run mgw_new_run(const struct mgw_copy *copy)
{
	return (struct mgw_run){
	    .slot = copy->slot,
	    .source = copy->source,
	    .direction = copy->direction,
	};
}

/* A session has one source, so its slot and the direction are enough. */
static __rte_always_inline bool mgw_in_run(const struct mgw_run *run, const struct mgw_copy *copy)
{
	return run->slot == copy->slot && run->direction == copy->direction;
}

static __rte_always_inline void mgw_count_matched(struct mgw_pipe *pipe, const struct mgw_run *run)
{
	struct mgw_count *matched;

	if (run->packets == 0)
		return;
	matched = &pipe->counters->sessions[run->slot][run->direction].matched;
	matched->packets += run->packets;
	matched->bytes += run->bytes;
	pipe->counters->sources[run->source][run->direction].matched += run->packets;
	pipe->burst.matched += run->packets;
}

static __rte_always_inline void mgw_count_mirrored(struct mgw_pipe *pipe, const struct mgw_run *run)
{
	struct mgw_session_counters *session;

	if (run->packets == 0)
		return;
	session = &pipe->counters->sessions[run->slot][run->direction];
	session->mirrored.packets += run->packets;
	session->mirrored.bytes += run->bytes;
	session->truncated += run->truncated;
}

#endif
