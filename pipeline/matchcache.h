/*
 * matchcache: what rte_acl answered for the keys that it was asked for last, so that it is asked
 * once for a flow and not for each of its packets. It never says what rte_acl would not: an answer
 * is found by all that it depends on, the context's serial, the class, addresses and ports.
 *
 * rte_acl takes about as long for a few keys of a burst as for all. So where flows are so many that
 * they push each other out, looking costs and brings nothing: after MGW_CACHE_TRIAL keys of which
 * more than one in MGW_CACHE_WORTH were missing, the cache is left alone for a while.
 */
#ifndef MGW_MATCHCACHE_H
#define MGW_MATCHCACHE_H

#include <rte_prefetch.h>

#include "entropy.h"

/* Whether the cache is to be asked for n keys: not while it pauses. */
static __rte_always_inline bool mgw_cache_serves(struct mgw_match_cache *cache, uint32_t n)
{
	if (likely(cache->pause == 0))
		return true;
	cache->pause -= RTE_MIN(cache->pause, n);
	return false;
}

/*
 * n keys were looked for, so many of them were missing. A trial that found too few ends in a pause,
 * twice as long as the one before if there was no better trial in between.
 */
static __rte_always_inline void mgw_cache_judge(struct mgw_match_cache *cache, uint32_t n,
						uint32_t missing)
{
	cache->looked += n;
	cache->missed += missing;
	if (likely(cache->looked < MGW_CACHE_TRIAL))
		return;
	if (cache->missed <= MGW_CACHE_TRIAL / MGW_CACHE_WORTH)
		cache->trials = 0;
	else
		cache->trials =
		    cache->trials == 0 ? 1 : RTE_MIN(2 * cache->trials, MGW_CACHE_TRIALS);
	cache->pause = cache->trials * MGW_CACHE_TRIAL;
	cache->looked = cache->missed = 0;
}

/*
 * Which of a burst's missing keys are remembered though another has to go: chance says so, for it
 * must have nothing to do with the rhythm of the traffic.
 */
static __rte_always_inline uint32_t mgw_cache_choose(struct mgw_match_cache *cache)
{
	cache->chance =
	    cache->chance * 1664525u + 1013904223u; /* a linear congruential generator */
	return cache->chance >> 16;
}

/* Who is asked for what: the context, of one family, and the class of the key. Never 0. */
static __rte_always_inline uint64_t mgw_asked_of(uint64_t serial, const struct mgw_key *key)
{
	return serial << 8 | key->acl_class;
}

/* Where a key may be. flow is the same for both directions: the ports tell them apart. */
static __rte_always_inline struct mgw_cache_line *mgw_cache_place(struct mgw_match_cache *cache,
								  uint64_t serial,
								  const struct mgw_key *key,
								  uint64_t flow)
{
	uint32_t ports;

	memcpy(&ports, &key->source_port, sizeof(ports));
	flow += (mgw_asked_of(serial, key) + ports) * MGW_FLOW_PAIR;
	return &cache->lines[flow >> (64 - MGW_CACHE_BITS)];
}

static __rte_always_inline bool mgw_is_cached4(const struct mgw_cached4 *cached,
					       const struct mgw_key *key)
{
	return cached->source == key->source[0] && cached->destination == key->destination[0] &&
	       memcmp(&cached->ports, &key->source_port, sizeof(cached->ports)) == 0;
}

static __rte_always_inline bool mgw_is_cached6(const struct mgw_cached6 *cached,
					       const struct mgw_key *key)
{
	return memcmp(cached->source, key->source, sizeof(cached->source)) == 0 &&
	       memcmp(cached->destination, key->destination, sizeof(cached->destination)) == 0 &&
	       memcmp(&cached->ports, &key->source_port, sizeof(cached->ports)) == 0;
}

/* Whether it is known which rule a key finds: its position, or MGW_NO_POSITION. */
static __rte_always_inline bool mgw_cache_find(const struct mgw_cache_line *line, uint64_t serial,
					       const struct mgw_key *key, uint32_t *position)
{
	const uint64_t asked = mgw_asked_of(serial, key);

	if (unlikely(key->family == 6)) {
		*position = line->v6.position;
		return line->asked[0] == asked && mgw_is_cached6(&line->v6, key);
	}
	for (uint32_t way = 0; way < RTE_DIM(line->v4); way++) {
		*position = line->v4[way].position;
		if (line->asked[way] == asked && mgw_is_cached4(&line->v4[way], key))
			return true;
	}
	return false;
}

/*
 * Whether a key that was missing is remembered: where there is room, or if it is chosen, but not
 * twice if several frames of a burst have it.
 */
static __rte_always_inline bool mgw_cache_takes(const struct mgw_cache_line *line, uint64_t serial,
						const struct mgw_key *key, uint32_t chosen)
{
	uint32_t position;

	return (line->asked[key->family == 4] == 0 || chosen % MGW_CACHE_ONE_IN == 0) &&
	       !mgw_cache_find(line, serial, key, &position);
}

/*
 * Remember which rule a key finds, instead of the older of two. What is left of a key of the other
 * family is not taken for one of this: its context is another.
 */
static __rte_always_inline void mgw_cache_put(struct mgw_cache_line *line, uint64_t serial,
					      const struct mgw_key *key, uint32_t position)
{
	if (unlikely(key->family == 6)) {
		memcpy(line->v6.source, key->source, sizeof(line->v6.source));
		memcpy(line->v6.destination, key->destination, sizeof(line->v6.destination));
		memcpy(&line->v6.ports, &key->source_port, sizeof(line->v6.ports));
		line->v6.position = position;
		line->asked[1] = mgw_asked_of(serial, key); /* not a free place */
	} else {
		line->v4[1] = line->v4[0];
		line->v4[0].source = key->source[0];
		line->v4[0].destination = key->destination[0];
		memcpy(&line->v4[0].ports, &key->source_port, sizeof(line->v4[0].ports));
		line->v4[0].position = position;
		line->asked[1] = line->asked[0];
	}
	line->asked[0] = mgw_asked_of(serial, key);
}

#endif
