/*
 * stopwatch: where the cycles of one loop in 256 go. The timed loop is a copy of the loop for which
 * the compiler is told so by a constant; in the other loops the watch is NULL, a constant too, and
 * nothing of this is left.
 */
#ifndef MGW_STOPWATCH_H
#define MGW_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>

#include <rte_cycles.h>

/* What a loop does, in this order for each port. X(symbol, name) */
#define MGW_TIMED_STAGES(X)                                                                        \
	X(MGW_TIMED_RECEIVE, "receive") /* the driver's receive, empty polls of the loop too */    \
	X(MGW_TIMED_ACCOUNT, "account") /* counters, totals, what is for the gateway itself */     \
	X(MGW_TIMED_FIND_SOURCES, "find_sources")                                                  \
	X(MGW_TIMED_CLASSIFY, "classify")                                                          \
	X(MGW_TIMED_MATCH, "match")                                                                \
	X(MGW_TIMED_HOLD, "hold")                       /* with the repair of checksums */         \
	X(MGW_TIMED_SEND_PRODUCTION, "send_production") /* on a tap: let the frames go */          \
	X(MGW_TIMED_ENCAP, "encap")                     /* make the copies */                      \
	X(MGW_TIMED_SEND_COPIES, "send_copies")         /* with new mbufs for those that left */

#define MGW_SYMBOL(symbol, name) symbol,
enum mgw_timed_stage { MGW_TIMED_STAGES(MGW_SYMBOL) MGW_TIMED };
#undef MGW_SYMBOL

struct mgw_stopwatch {
	uint64_t started, last; /* TSC */
	uint64_t cycles[MGW_TIMED];
};

static inline void mgw_start_watch(struct mgw_stopwatch *watch)
{
	*watch = (struct mgw_stopwatch){.started = rte_rdtsc()};
	watch->last = watch->started;
}

/* What was done since the last lap belongs to a stage. */
static __rte_always_inline void mgw_lap(struct mgw_stopwatch *watch, enum mgw_timed_stage stage)
{
	uint64_t now;

	if (watch == NULL)
		return;
	now = rte_rdtsc();
	watch->cycles[stage] += now - watch->last;
	watch->last = now;
}

#endif
