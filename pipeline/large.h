/*
 * large: rule sets that rte_acl holds. Sightings that come to one wait; then each set is asked for
 * all of its packets in one call, less those whose answer the match cache remembers.
 */
#ifndef MGW_LARGE_H
#define MGW_LARGE_H

#include <rte_acl.h>

#include "matchcache.h"
#include "verdict.h"

/* Sightings that wait for rte_acl, as their numbers in the burst. */
struct mgw_list {
	uint16_t n;
	uint16_t sighting[MGW_MAX_COPIES];
};

static __rte_always_inline const struct mgw_rules *mgw_rules_of(const struct mgw_sighting *seen,
								const struct mgw_key *key)
{
	return key->family == 4 ? &seen->asks->v4 : &seen->asks->v6;
}

/* First byte of an rte_acl key: the protocol as this rule set distinguishes it. */
static __rte_always_inline uint8_t mgw_acl_class(const struct mgw_rules *rules,
						 const struct mgw_key *key)
{
	if (key->l4 & MGW_L4_PORTS)
		return (key->l4 & MGW_L4_PROTOCOL) == MGW_PROTO_TCP ? rules->acl_class_tcp_ports
								    : rules->acl_class_udp_ports;
	if (key->l4 & MGW_L4_UNKNOWN)
		return rules->acl_class_unknown;
	return rules->acl_class[key->l4 & MGW_L4_PROTOCOL];
}

/* Sightings that ask the same large rule set, and what it says of each. */
struct mgw_asking {
	const struct mgw_rules *rules;
	uint32_t n;
	uint16_t sighting[MGW_MAX_COPIES];
	const struct mgw_key *key[MGW_MAX_COPIES];
	uint64_t flow[MGW_MAX_COPIES];
	uint32_t position[MGW_MAX_COPIES];
};

/* Take all sightings that wait for the same rules as the first one out of waiting. */
static __rte_always_inline void mgw_take_waiting(struct mgw_pipe *pipe, struct mgw_list *waiting,
						 struct mgw_asking *asking)
{
	uint16_t left = 0;

	asking->rules = NULL;
	asking->n = 0;
	for (uint16_t i = 0; i < waiting->n; i++) {
		const uint16_t index = waiting->sighting[i];
		const struct mgw_sighting *seen = &pipe->sightings[index];
		struct mgw_key *key = &pipe->keys[seen->frame];
		const struct mgw_rules *its = mgw_rules_of(seen, key);

		if (asking->rules == NULL)
			asking->rules = its;
		if (its != asking->rules) {
			waiting->sighting[left++] = index;
			continue;
		}
		key->acl_class = mgw_acl_class(its, key);
		asking->key[asking->n] = key;
		asking->flow[asking->n] = pipe->flows[seen->frame];
		asking->sighting[asking->n++] = index;
	}
	waiting->n = left;
}

/* Ask rte_acl for n keys: position + 1 of the first rule that matches each, or 0. */
static __rte_always_inline void mgw_ask_acl(const struct mgw_rules *rules,
					    const struct mgw_key *const *keys, uint32_t *positions,
					    uint32_t n)
{
	rte_acl_classify(rules->acl, (const uint8_t **)(uintptr_t)keys, positions, n, 1);
	for (uint32_t i = 0; i < n; i++)
		positions[i]--; /* was position + 1, and 0 for no rule: 0 - 1 is MGW_NO_POSITION */
}

/* Ask rte_acl for n keys that are not in the match cache, those in the list. */
MGW_STAGE void mgw_ask_missing(struct mgw_match_cache *cache, struct mgw_asking *asking,
			       struct mgw_cache_line *const *places, const uint16_t *list,
			       uint32_t n)
{
	const uint64_t serial = asking->rules->acl_serial;
	const uint32_t chosen = mgw_cache_choose(cache);
	const struct mgw_key *keys[MGW_MAX_COPIES];
	uint32_t positions[MGW_MAX_COPIES];

	for (uint32_t i = 0; i < n; i++)
		keys[i] = asking->key[list[i]];
	mgw_ask_acl(asking->rules, keys, positions, n);
	for (uint32_t i = 0; i < n; i++) {
		asking->position[list[i]] = positions[i];
		if (mgw_cache_takes(places[list[i]], serial, keys[i], i + chosen))
			mgw_cache_put(places[list[i]], serial, keys[i], positions[i]);
	}
}

/* Ask the match cache, and rte_acl for what is not there. Returns how many that were. */
MGW_STAGE uint32_t mgw_ask_cache(struct mgw_match_cache *cache, struct mgw_asking *asking)
{
	const uint64_t serial = asking->rules->acl_serial;
	struct mgw_cache_line *places[MGW_MAX_COPIES];
	uint16_t list[MGW_MAX_COPIES];
	uint32_t missing = 0;

	for (uint32_t i = 0; i < asking->n; i++) {
		places[i] = mgw_cache_place(cache, serial, asking->key[i], asking->flow[i]);
		rte_prefetch0(places[i]);
	}
	for (uint32_t i = 0; i < asking->n; i++) {
		list[missing] = (uint16_t)i;
		missing += !mgw_cache_find(places[i], serial, asking->key[i], &asking->position[i]);
	}
	mgw_cache_judge(cache, asking->n, missing);
	if (missing > 0)
		mgw_ask_missing(cache, asking, places, list, missing);
	return missing;
}

/* All sightings that wait for one large rule set. Returns how many are kept now. */
static __rte_always_inline uint32_t mgw_ask_large(struct mgw_pipe *pipe,
						  const struct mgw_program *program,
						  struct mgw_list *waiting, uint16_t *keep,
						  uint32_t kept)
{
	struct mgw_asking asking;
	uint32_t searched;

	mgw_take_waiting(pipe, waiting, &asking);
	searched = asking.n;
	if (likely(mgw_cache_serves(&pipe->cache, asking.n)))
		searched = mgw_ask_cache(&pipe->cache, &asking);
	else
		mgw_ask_acl(asking.rules, asking.key, asking.position, asking.n);
	pipe->counters->match.cached += asking.n - searched;
	pipe->counters->match.searched += searched;
	return mgw_apply_rules(pipe, program, asking.rules, asking.sighting, asking.position,
			       asking.n, keep, kept);
}

#endif
