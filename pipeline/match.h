/*
 * match: which session mirrors a frame. Sessions of a source are asked in ascending number, each
 * session's rules of the direction in ascending number; the first rule that matches decides for
 * that session: accept ends the search, reject or no rule passes on to the next session.
 *
 * All sightings ask their first session, then those that it did not accept the second one, and so
 * on: traffic comes in runs, and neighbours mostly ask the same rules, which are then compared with
 * many packets at a time. The rules of all sessions of a source are one list where that is short
 * (chains.go): then its sessions are asked at once. Small rule sets are compared directly. Large
 * ones belong to rte_acl: sightings that come to such a set wait until all have got that far, then
 * each set is asked for all of its packets in one call, less those whose answer the match cache
 * remembers. Fragments other than the first come last of all: what they inherit is known by then.
 */
#ifndef MGW_MATCH_H
#define MGW_MATCH_H

#include <rte_acl.h>

#include "fragment.h"
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

/* Traffic of a DNS resolver: only the service amazon-dns decides, whatever the rules say. */
static __rte_always_inline void mgw_match_resolver(struct mgw_pipe *pipe,
						   const struct mgw_program *program,
						   struct mgw_sighting *seen)
{
	for (; seen->session < seen->end; seen->session++) {
		if (program->rules[seen->session] & 1) {
			mgw_accept(program, seen);
			return;
		}
	}
	mgw_count_excluded(pipe, seen, MGW_EXCLUDED_AMAZON_DNS);
}

/* Sightings in a row that ask the same rules. */
struct mgw_row {
	const struct mgw_rules *rules; /* NULL: their source has no session left to ask */
	uint32_t n;
	const struct mgw_key *keys[MGW_MAX_COPIES];
};

/* The rules of a sighting's next session; NULL: none is left. */
static __rte_always_inline const struct mgw_rules *mgw_next_rules(const struct mgw_sighting *seen,
								  const struct mgw_key *key)
{
	return seen->session < seen->end ? mgw_rules_of(seen, key) : NULL;
}

/* The row at the start of the list. */
MGW_STAGE void mgw_find_row(const struct mgw_pipe *pipe, const uint16_t *list, uint32_t n,
			    struct mgw_row *row)
{
	const struct mgw_sighting *first = &pipe->sightings[list[0]];
	const struct mgw_key *key = &pipe->keys[first->frame];
	uint32_t i = 1;

	row->rules = mgw_next_rules(first, key);
	row->keys[0] = key;
	if (likely(pipe->alike)) {
		for (; i < n; i++)
			row->keys[i] = &pipe->keys[pipe->sightings[list[i]].frame];
	}
	for (; i < n; i++) {
		const struct mgw_sighting *seen = &pipe->sightings[list[i]];

		key = &pipe->keys[seen->frame];
		if (mgw_next_rules(seen, key) != row->rules)
			break;
		row->keys[i] = key;
	}
	row->n = i;
}

/*
 * Everybody in the list asks one session. Those that wait for rte_acl go to waiting. Returns how
 * many are to ask another session; they are at the start of the list.
 */
static __rte_always_inline uint32_t mgw_ask_round(struct mgw_pipe *pipe,
						  const struct mgw_program *program, uint16_t *list,
						  uint32_t n, struct mgw_list *waiting)
{
	uint32_t positions[MGW_MAX_COPIES], kept = 0;
	struct mgw_row row;

	for (uint32_t i = 0; i < n; i += row.n) {
		mgw_find_row(pipe, &list[i], n - i, &row);
		if (unlikely(row.rules == NULL)) {
			for (uint32_t k = 0; k < row.n; k++)
				mgw_count_missed(pipe, &pipe->sightings[list[i + k]]);
		} else if (row.rules->acl != NULL) {
			for (uint32_t k = 0; k < row.n; k++)
				waiting->sighting[waiting->n++] = list[i + k];
		} else {
			if (row.keys[0]->family == 4)
				mgw_linear4(row.rules, row.keys, row.n, positions);
			else
				mgw_linear6(row.rules, row.keys, row.n, positions);
			kept = mgw_apply_rules(pipe, program, row.rules, &list[i], positions, row.n,
					       list, kept);
		}
	}
	return kept;
}

/* What no rule needs to be asked for is decided here. True: the sessions are to be asked. */
static __rte_always_inline bool
mgw_match_by_itself(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t index)
{
	struct mgw_sighting *seen = &pipe->sightings[index];
	const struct mgw_key *key = &pipe->keys[seen->frame];

	if (key->excluded != MGW_EXCLUDED_NONE)
		mgw_count_excluded(pipe, seen, key->excluded);
	else if (key->family == 0)
		mgw_count_missed(pipe, seen);
	else if (key->resolver)
		mgw_match_resolver(pipe, program, seen);
	else
		return true;
	return false;
}

/* One that is not for the sessions alone. Later fragments wait until all others are settled. */
MGW_STAGE bool mgw_match_unusual(struct mgw_pipe *pipe, const struct mgw_program *program,
				 uint16_t index)
{
	const uint8_t part = pipe->keys[pipe->sightings[index].frame].fragment;

	pipe->n_fragments += part != MGW_WHOLE;
	return part != MGW_LATER && mgw_match_by_itself(pipe, program, index);
}

/* Give a later fragment the outcome of its first. */
static inline void mgw_inherit(struct mgw_pipe *pipe, struct mgw_sighting *seen,
			       const struct mgw_datagram *first)
{
	if (first->accepted) {
		seen->accepted = 1;
		seen->session = first->session;
	} else if (first->excluded != MGW_EXCLUDED_NONE) {
		mgw_count_excluded(pipe, seen, first->excluded);
	} else {
		mgw_count_missed(pipe, seen);
	}
}

/*
 * In the order of arrival: remember first fragments, all settled, and decide the later ones.
 * Returns how many are to ask sessions; they are in the list.
 */
MGW_STAGE uint32_t mgw_match_fragments(struct mgw_pipe *pipe, const struct mgw_program *program,
				       uint64_t *fates, uint16_t *list)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < pipe->n_sightings; i++) {
		struct mgw_sighting *seen = &pipe->sightings[i];
		const struct mgw_key *key = &pipe->keys[seen->frame];
		const struct mgw_datagram *first;

		if (key->fragment == MGW_FIRST)
			mgw_remember(pipe, program, seen, key, fates);
		if (key->fragment != MGW_LATER)
			continue;
		first = mgw_find_datagram(pipe, program, seen, key);
		if (first != NULL)
			mgw_inherit(pipe, seen, first);
		else if (mgw_match_by_itself(pipe, program, i))
			list[n++] = i;
		fates[first != NULL ? MGW_FRAGMENT_INHERITED : MGW_FRAGMENT_UNKNOWN_FIRST]++;
	}
	return n;
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

/* Let n sightings ask until all are decided. */
static __rte_always_inline void mgw_settle(struct mgw_pipe *pipe, const struct mgw_program *program,
					   uint16_t *list, uint32_t n)
{
	struct mgw_list waiting = {.n = 0};

	while (n > 0) {
		n = mgw_ask_round(pipe, program, list, n, &waiting);
		/* who asked several sessions at once may ask different ones next */
		pipe->alike = false;
		while (n == 0 && waiting.n > 0)
			n = mgw_ask_large(pipe, program, &waiting, list, n);
	}
}

/* List the sightings that are to ask sessions, and settle those that need not. */
static __rte_always_inline uint32_t mgw_list_usual(struct mgw_pipe *pipe,
						   const struct mgw_program *program,
						   uint16_t *list)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < pipe->n_sightings; i++) {
		list[n] = (uint16_t)i;
		n += (pipe->unusual >> pipe->sightings[i].frame & 1) == 0 ||
		     mgw_match_unusual(pipe, program, (uint16_t)i);
	}
	return n;
}

/*
 * Decide every sighting of the burst: afterwards each is accepted or counted otherwise. fates are
 * the counters of what becomes of fragments.
 */
MGW_STAGE void mgw_match(struct mgw_pipe *pipe, const struct mgw_program *program, uint64_t *fates)
{
	uint16_t list[MGW_MAX_COPIES];
	uint32_t n = pipe->n_sightings;

	pipe->as_one = false;
	pipe->n_fragments = 0;
	if (likely(pipe->unusual == 0))
		for (uint32_t i = 0; i < MGW_MAX_COPIES; i++) /* all: a few vectors */
			list[i] = (uint16_t)i;
	else
		n = mgw_list_usual(pipe, program, list);
	mgw_settle(pipe, program, list, n);
	if (unlikely(pipe->n_fragments > 0)) {
		n = mgw_match_fragments(pipe, program, fates, list);
		mgw_settle(pipe, program, list, n);
	}
}

#endif
