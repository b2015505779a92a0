/*
 * congestion: what an lcore does about signs that mirroring gets in the way of production
 * (docs/congestion.md has the drawing). Every few loops the worker looks for signs (signals.h) and
 * comes here. Signs halve the budget of copies; at its end, if frames still wait to be received,
 * matching is left out, and then the lookup of sources. Without signs it all comes back step by
 * step.
 */
#ifndef MGW_CONGESTION_H
#define MGW_CONGESTION_H

#include "pipe.h"

#define MGW_LOOK 16 /* loops between two looks for signs */

/* Signs of congestion. X(symbol, name) */
#define MGW_SIGNS_OF_CONGESTION(X)                                                                 \
	X(MGW_SIGN_RECEIVE, "receive")   /* received frames wait */                                \
	X(MGW_SIGN_TRANSMIT, "transmit") /* a port did not take production at once */              \
	X(MGW_SIGN_TUNNEL, "tunnel")     /* a tunnel port did not take copies */                   \
	X(MGW_SIGN_MEMPOOL, "mempool")   /* the mirror's memory runs out */

#define MGW_SYMBOL(symbol, name) symbol,
enum mgw_sign { MGW_SIGNS_OF_CONGESTION(MGW_SYMBOL) MGW_SIGNS };
#undef MGW_SYMBOL

#define MGW_SIGN(sign) (1u << (sign))

/* Times are in TSC cycles. The worker alone writes what is not fixed. */
struct mgw_congestion {
	/* fixed while running: Go fills it before the launch */
	uint64_t interval; /* shortest time for which copies are handed out */
	uint64_t patience; /* for which bursts must be full before that is a sign */
	uint64_t recovery; /* without signs, from one step back to the next */
	uint64_t watched;  /* bit 1 << index in rx[]: a backlog there counts */
	uint32_t heeded;   /* bits MGW_SIGN: signs that count */

	/* between two looks */
	uint32_t refused; /* production that was not taken at once: not 0 */
	uint64_t drained; /* bit 1 << index in rx[]: it had a burst that was not full */

	/* since when bursts of rx[] are full */
	uint64_t full_since[MGW_MAX_PORTS];

	uint64_t interval_began;
	uint64_t matched; /* copies that sessions wanted, ever, when the interval began */
	uint64_t wanted;  /* the same of the last interval */
	uint64_t tightened, quiet_since;
	uint64_t refusals;                    /* of the budget, ever, at the last step back */
	uint64_t tunnel_skips, mempool_skips; /* ever, at the last look */

	/* Go reads, with the state and the budget */
	uint64_t looked __attribute__((aligned(64))); /* when the worker last did */
	uint64_t changed;                             /* when the state last did; 0: never */
	uint64_t transitions;
	uint64_t signs[MGW_SIGNS]; /* looks that saw them */
	uint64_t loops[MGW_CONGESTION_STATE_COUNT];
	uint64_t cycles[MGW_CONGESTION_STATE_COUNT];
};

static inline void mgw_store(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static inline void mgw_change_state(struct mgw_congestion *c, struct mgw_budget *b, uint32_t state,
				    uint64_t now)
{
	__atomic_store_n(&b->state, state, __ATOMIC_RELAXED);
	mgw_store(&c->changed, now);
	mgw_store(&c->transitions, c->transitions + 1);
}

/* One step down. What cannot be helped by matching less is left at the smallest budget. */
static inline void mgw_tighten(struct mgw_congestion *c, struct mgw_budget *b, uint32_t signs,
			       uint64_t now)
{
	if (b->state == MGW_CALM) {
		mgw_budget_begin(b, (uint32_t)RTE_MAX(c->wanted / 2, 1u));
		c->refusals = b->refused;
		mgw_change_state(c, b, MGW_LIMITED, now);
	} else if (b->copies > 1) {
		mgw_budget_set(b, b->copies / 2);
	} else if ((signs & MGW_SIGN(MGW_SIGN_RECEIVE)) != 0 && b->state != MGW_BLIND) {
		mgw_change_state(c, b, b->state + 1, now);
	}
}

/* One step up. A budget that refused nobody since the last step is not needed any more. */
static inline void mgw_relax(struct mgw_congestion *c, struct mgw_budget *b, uint64_t now)
{
	if (b->state == MGW_LIMITED && b->refused != c->refusals)
		mgw_budget_set(b, b->copies + RTE_MAX(b->copies / 8, 1u));
	else
		mgw_change_state(c, b, b->state - 1, now);
	c->refusals = b->refused;
}

/*
 * What follows from the signs of a look. Two steps down are at least twice the patience apart, so
 * that the first can show what it does; a step up comes after a whole recovery without signs.
 */
static inline void mgw_judge(struct mgw_congestion *c, struct mgw_budget *b, uint32_t signs,
			     uint64_t now)
{
	if (signs != 0) {
		c->quiet_since = now;
		if (b->state != MGW_CALM && now - c->tightened < 2 * c->patience)
			return;
		c->tightened = now;
		mgw_tighten(c, b, signs, now);
	} else if (b->state != MGW_CALM && now - c->quiet_since >= c->recovery) {
		c->quiet_since = now;
		mgw_relax(c, b, now);
	}
}

/* Hand out copies for another interval if this one is over; matched is that of all totals. */
static inline void mgw_note_interval(struct mgw_congestion *c, struct mgw_budget *b,
				     uint64_t matched, uint64_t now)
{
	if (now - c->interval_began < c->interval)
		return;
	c->interval_began = now;
	c->wanted = matched - c->matched;
	c->matched = matched;
	if (unlikely(b->state != MGW_CALM))
		mgw_budget_next(b);
}

/* Account for the loops since the last look. */
static inline void mgw_note_look(struct mgw_congestion *c, const struct mgw_budget *b,
				 uint32_t signs, uint64_t now)
{
	mgw_store(&c->loops[b->state], c->loops[b->state] + MGW_LOOK);
	mgw_store(&c->cycles[b->state], c->cycles[b->state] + (now - c->looked));
	mgw_store(&c->looked, now);
	for (; unlikely(signs != 0); signs &= signs - 1) {
		const int sign = __builtin_ctz(signs);

		mgw_store(&c->signs[sign], c->signs[sign] + 1);
	}
}

/* A loop begins: nothing of what came before counts, and nobody is congested. */
static inline void mgw_forget(struct mgw_congestion *c, struct mgw_budget *b, uint64_t now)
{
	if (b->state != MGW_CALM)
		mgw_change_state(c, b, MGW_CALM, now);
	mgw_store(&c->looked, now);
	c->drained = 0;
	c->refused = 0;
	c->interval_began = c->quiet_since = now;
	c->wanted = 0;
	for (uint32_t i = 0; i < MGW_MAX_PORTS; i++)
		c->full_since[i] = now;
}

#endif
