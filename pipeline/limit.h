/*
 * limit: which next hop a copy takes, and whether it may: sessions may mirror a sample of their
 * flows, and sessions and targets may have rate limits (docs/semantics.md). Only a session that has
 * any of that comes here for more than its way.
 *
 * A rate limit is a token bucket of each worker, which has its share of the rate. It is kept as
 * what is owed: each copy costs the time in which its share earns it, time pays that back, and no
 * more may be owed than the bucket is deep.
 */
#ifndef MGW_LIMIT_H
#define MGW_LIMIT_H

#include "entropy.h"
#include "protocol.h"

/* The ways on which nothing is sent. */
static const struct mgw_next_hop mgw_hop_sampled = {.skip = MGW_SKIP_SAMPLED + 1};
static const struct mgw_next_hop mgw_hop_congestion = {.skip = MGW_SKIP_CONGESTION + 1};
static const struct mgw_next_hop mgw_hop_rate_limit = {.skip = MGW_SKIP_RATE_LIMIT + 1};

/*
 * What sampling compares, as rules.SampleNumber in Go. Mixed once more, so that the flows of a
 * sample spread over source ports and members like all others.
 */
static __rte_always_inline uint32_t mgw_flow_sample(uint64_t flow)
{
	flow ^= flow >> 29;
	return (uint32_t)(flow * 0xbf58476d1ce4e5b9ull >> 32);
}

/* What is left to pay of a debt after time has paid: never more than the limit now allows. */
static inline uint64_t mgw_still_owed(uint64_t owed, uint64_t paid, const struct mgw_rate *rate)
{
	return RTE_MIN(owed > paid ? owed - paid : 0, rate->depth);
}

static inline void mgw_pay_back(struct mgw_bucket *bucket, const struct mgw_limit *limit,
				uint64_t now)
{
	const uint64_t elapsed = now - bucket->when;
	const uint64_t paid =
	    elapsed < UINT64_MAX >> MGW_OWED_SHIFT ? elapsed << MGW_OWED_SHIFT : UINT64_MAX;

	bucket->when = now;
	bucket->packets = mgw_still_owed(bucket->packets, paid, &limit->packets);
	bucket->bytes = mgw_still_owed(bucket->bytes, paid, &limit->bytes);
}

/* Whether the bucket bears one more copy. Without a limit cost and depth are 0, and it does. */
static inline bool mgw_bears(const struct mgw_bucket *bucket, const struct mgw_limit *limit,
			     uint64_t outer)
{
	return bucket->packets + limit->packets.cost <= limit->packets.depth &&
	       bucket->bytes + limit->bytes.cost * outer <= limit->bytes.depth;
}

static inline void mgw_owe(struct mgw_bucket *bucket, const struct mgw_limit *limit, uint64_t outer)
{
	bucket->packets += limit->packets.cost;
	bucket->bytes += limit->bytes.cost * outer;
}

/* Whether the budget has a copy for the session that has this slot. */
static inline bool mgw_affords(struct mgw_pipe *pipe, uint32_t slot)
{
	return pipe->budget.state == MGW_CALM ||
	       mgw_budget_admits(&pipe->budget, &pipe->counters->credits[slot]);
}

/*
 * Charge a copy of outer bytes to its session, its target and the budget; to none of them if one
 * cannot bear it. Returns the way that says so, or hop.
 */
static inline const struct mgw_next_hop *mgw_charge(struct mgw_pipe *pipe,
						    const struct mgw_limits *limits,
						    const struct mgw_next_hop *hop, uint64_t outer)
{
	struct mgw_bucket *session = &pipe->counters->session_buckets[limits->session_slot];
	struct mgw_bucket none = {0, 0, 0};
	struct mgw_bucket *target = limits->target_slot == MGW_NONE
					? &none
					: &pipe->counters->target_buckets[limits->target_slot];

	mgw_pay_back(session, &limits->session, pipe->now);
	mgw_pay_back(target, &limits->target, pipe->now);
	if (!mgw_bears(session, &limits->session, outer) ||
	    !mgw_bears(target, &limits->target, outer))
		return &mgw_hop_rate_limit;
	if (unlikely(!mgw_affords(pipe, limits->session_slot)))
		return &mgw_hop_congestion;
	mgw_owe(session, &limits->session, outer);
	mgw_owe(target, &limits->target, outer);
	return hop;
}

/* To a destination, or if that is NULL to the flow's member of a load balancer. */
static __rte_always_inline const struct mgw_next_hop *
mgw_hop_to(const struct mgw_destination *to, const struct mgw_balancer *balancer, uint64_t flow)
{
	if (unlikely(to == NULL)) {
		const struct mgw_balance *balance =
		    __atomic_load_n(&balancer->current, __ATOMIC_ACQUIRE);

		if (balance->size == 0)
			return &balance->none;
		to = balance->members[balance->table[mgw_flow_share(flow, balance->size)]];
	}
	return __atomic_load_n(&to->current, __ATOMIC_ACQUIRE);
}

/*
 * What is sampled out costs neither tokens nor budget, nor does what cannot be sent. A stage,
 * though it is part of one: code for another generation than its caller's costs some 70 ns at each
 * change of vector state.
 */
MGW_STAGE const struct mgw_next_hop *
mgw_limited_hop(struct mgw_pipe *pipe, const struct mgw_way *way, uint32_t length, uint64_t flow)
{
	const struct mgw_limits *limits = way->limits;
	const struct mgw_next_hop *hop;
	uint32_t inner;

	if (mgw_flow_sample(flow) >= limits->sample_below)
		return &mgw_hop_sampled;
	hop = mgw_hop_to(limits->destination, way->balancer, flow);
	if (hop->skip != 0)
		return hop;
	inner = RTE_MIN(RTE_MIN(length, way->inner_max), hop->inner_max);
	return mgw_charge(pipe, limits, hop,
			  way->header_length + inner + (hop->tagged ? MGW_TAG_SIZE : 0));
}

/*
 * How the copy of a frame of that length gets to its destination; skip in it says that it does not.
 * destination is NULL in ways to load balancers and in those with limits, so that others are
 * asked about neither.
 */
static __rte_always_inline const struct mgw_next_hop *
mgw_next_hop_of(struct mgw_pipe *pipe, const struct mgw_way *way, uint32_t length, uint64_t flow)
{
	if (unlikely(way->destination == NULL && way->limits != NULL))
		return mgw_limited_hop(pipe, way, length, flow);
	return mgw_hop_to(way->destination, way->balancer, flow);
}

#endif
