/*
 * budget: how many copies an lcore makes while it is congested, and who gets them
 * (docs/congestion.md). hold asks for each copy; lcore/congestion.h says how many there are.
 *
 * Copies are handed out by the interval. A session gets at most level of them in a round, which is
 * as many intervals as have 64 copies, a part of them by the end of each interval, and level
 * settles where all sessions together just use the budget up: those that want less than level lose
 * nothing, the others get the same (max-min fairness). A session's first copies of a round may be
 * made on credit, which later intervals pay back: whoever asks late finds something left.
 */
#ifndef MGW_BUDGET_H
#define MGW_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* How congested an lcore is. X(symbol, name) */
#define MGW_CONGESTION_STATES(X)                                                                   \
	X(MGW_CALM, "calm")           /* every copy is made */                                     \
	X(MGW_LIMITED, "limited")     /* as many copies as the budget has */                       \
	X(MGW_UNMATCHED, "unmatched") /* no rule is asked; sources still count their frames */     \
	X(MGW_BLIND, "blind")         /* no source is looked up; ports count the frames */

#define MGW_SYMBOL(symbol, name) symbol,
enum mgw_congestion_state { MGW_CONGESTION_STATES(MGW_SYMBOL) MGW_CONGESTION_STATE_COUNT };
#undef MGW_SYMBOL

/* What a session has had. Beside its counters, for both directions together. */
struct mgw_credit {
	uint32_t round; /* in which it had that */
	uint32_t copies;
};

#define MGW_ROUND 64 /* copies, at least */

/* The lcore's own; all zero is calm. */
struct mgw_budget {
	uint32_t state;     /* enum mgw_congestion_state; others read it */
	uint32_t copies;    /* an interval, at least 1 unless calm; others read it */
	uint32_t round;     /* number of the present one */
	uint32_t intervals; /* of the present round that have begun */
	uint32_t level;     /* copies of one session in a round */
	uint32_t share;     /* of the level: copies of one session by the end of this interval */
	int64_t left;       /* copies in the present interval; below 0: owed to the next */
	uint64_t unused;    /* copies that were left in earlier intervals of the round */
	uint32_t sessions;  /* that asked in the present round */
	uint32_t capped;    /* copies refused in it because their session had its level */
	uint32_t missing;   /* copies refused in it because none was left */
	uint64_t refused;   /* copies, ever */
};

/* Intervals that a round of so many copies each has. */
static inline uint32_t mgw_round_length(uint32_t copies)
{
	return copies >= MGW_ROUND ? 1 : (MGW_ROUND + copies - 1) / copies;
}

/* Copies that a round has. */
static inline uint64_t mgw_round_copies(uint32_t copies)
{
	return (uint64_t)copies * mgw_round_length(copies);
}

/*
 * How far below 0 what is left may be for a session that has had so many copies: the fewer, the
 * further, so that those who have had most leave credit to the others.
 */
static inline int64_t mgw_budget_debt(const struct mgw_budget *b, uint32_t had)
{
	const uint32_t first = b->level / 2 + 1;

	if (had >= first)
		return 0;
	return (int64_t)(b->copies / 4 + 8) * (first - had) / first;
}

/* Whether a session that has had credit gets another copy. */
static inline bool mgw_budget_admits(struct mgw_budget *b, struct mgw_credit *credit)
{
	if (credit->round != b->round) {
		*credit = (struct mgw_credit){.round = b->round};
		b->sessions++;
	}
	if (credit->copies >= b->share) {
		b->capped++;
		b->refused++;
		return false;
	}
	if (b->left <= -mgw_budget_debt(b, credit->copies)) {
		b->missing++;
		b->refused++;
		return false;
	}
	credit->copies++;
	b->left--;
	return true;
}

/* The level that would have suited the round that ends, or is on the way there. */
static inline uint32_t mgw_budget_next_level(const struct mgw_budget *b)
{
	const uint64_t most = mgw_round_copies(b->copies), spare = most / 8;
	uint64_t level = b->level;

	if (b->unused == 0 && (b->missing > 0 || b->left < 0))
		level -= level / 8 + (level > 1);
	else if (b->capped > 0 && b->unused > spare)
		level += 1 + (b->unused - spare) / (2ull * b->sessions + 1);
	level = level < most ? level : most;
	return level > 0 ? (uint32_t)level : 1;
}

/*
 * What of its level a session may have had by the end of the present interval: who asks for much
 * leaves something of each interval to the others.
 */
static inline void mgw_budget_share(struct mgw_budget *b)
{
	const uint64_t length = mgw_round_length(b->copies);
	const uint64_t begun = b->intervals < length ? b->intervals : length;

	b->share = (uint32_t)((b->level * begun + length - 1) / length);
}

static inline void mgw_begin_round(struct mgw_budget *b)
{
	b->round++;
	b->intervals = 1;
	b->unused = 0;
	b->sessions = b->capped = b->missing = 0;
}

/* Begin the next interval. What is left is not kept, what is owed is. */
static inline void mgw_budget_next(struct mgw_budget *b)
{
	if (b->left > 0)
		b->unused += (uint64_t)b->left;
	if (b->intervals++ >= mgw_round_length(b->copies)) {
		b->level = mgw_budget_next_level(b);
		mgw_begin_round(b);
	}
	mgw_budget_share(b);
	b->left = b->left < 0 ? b->left + b->copies : b->copies;
}

/* Change the budget, at least 1; what part of a round a session can have stays. */
static inline void mgw_budget_set(struct mgw_budget *b, uint32_t copies)
{
	const uint64_t before = mgw_round_copies(b->copies), most = mgw_round_copies(copies);
	const uint64_t level = b->level * most / before;

	__atomic_store_n(&b->copies, copies, __ATOMIC_RELAXED);
	b->level = level > most ? (uint32_t)most : level > 0 ? (uint32_t)level : 1;
	mgw_budget_share(b);
	if (b->left > copies)
		b->left = copies;
}

/* Begin to count: until now every copy was made. */
static inline void mgw_budget_begin(struct mgw_budget *b, uint32_t copies)
{
	__atomic_store_n(&b->copies, copies, __ATOMIC_RELAXED);
	b->level = (uint32_t)mgw_round_copies(copies);
	b->left = copies;
	mgw_begin_round(b);
	mgw_budget_share(b);
}

#endif
