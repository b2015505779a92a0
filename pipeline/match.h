/*
 * match: which session mirrors a frame. Sessions of a source are asked in ascending number, each
 * session's rules of the direction in ascending number; the first rule that matches decides for
 * that session: accept ends the search, reject or no rule passes on to the next session.
 *
 * Small rule sets are compared directly. Large ones belong to rte_acl, which wants many packets
 * at once: sightings that come to such a set wait until all have got that far, then each set is
 * asked for all of its packets in one call. Fragments other than the first come last of all: what
 * they inherit is known by then.
 */
#ifndef MGW_MATCH_H
#define MGW_MATCH_H

#include <rte_acl.h>

#include "fragment.h"
#include "linear.h"

/* Sightings that wait for rte_acl. */
struct mgw_waiting {
	uint16_t n;
	uint16_t sighting[MGW_MAX_COPIES];
};

static __rte_always_inline const struct mgw_rules *mgw_rules_of(const struct mgw_program *program,
								const struct mgw_sighting *seen,
								const struct mgw_key *key)
{
	const struct mgw_session_match *session = &program->match[seen->session];
	const struct mgw_ruleset *set = &program->rulesets[session->ruleset[seen->direction]];

	return key->family == 4 ? &set->v4 : &set->v6;
}

static __rte_always_inline void mgw_count_missed(struct mgw_pipe *pipe,
						 const struct mgw_sighting *seen)
{
	pipe->counters->sources[seen->source][seen->direction].missed++;
	pipe->burst.missed++;
}

static __rte_always_inline void mgw_count_excluded(struct mgw_pipe *pipe, struct mgw_sighting *seen,
						   uint8_t type)
{
	seen->excluded = type;
	pipe->counters->sources[seen->source][seen->direction].excluded[type]++;
	pipe->burst.excluded++;
}

/* The session at seen->session accepted the frame: it is owed a copy. hold counts it. */
static __rte_always_inline void mgw_accept(struct mgw_pipe *pipe, const struct mgw_program *program,
					   struct mgw_sighting *seen)
{
	const uint32_t slot = program->match[seen->session].slot;

	seen->accepted = 1;
	if (!program->scattered)
		return;
	rte_prefetch0(&program->sessions[seen->session]);
	rte_prefetch0(&program->sessions[seen->session].inner_max);
	rte_prefetch0(&pipe->counters->sessions[slot][seen->direction]);
}

/* What the rule at position says. True: the search is over. */
static __rte_always_inline bool mgw_apply_rule(struct mgw_pipe *pipe,
					       const struct mgw_program *program,
					       const struct mgw_rules *rules,
					       struct mgw_sighting *seen, uint32_t position)
{
	if (position != MGW_NO_POSITION) {
		const uint32_t ref = rules->refs[position];
		struct mgw_count *hits = &pipe->counters->rules[ref >> 1];

		hits->packets++;
		hits->bytes += rte_pktmbuf_pkt_len(pipe->frames[seen->frame]);
		if (ref & 1) {
			mgw_accept(pipe, program, seen);
			return true;
		}
	}
	seen->session++;
	return false;
}

/* Traffic of a DNS resolver: only the service amazon-dns decides, whatever the rules say. */
static __rte_always_inline void mgw_match_resolver(struct mgw_pipe *pipe,
						   const struct mgw_program *program,
						   struct mgw_sighting *seen)
{
	for (; seen->session < seen->end; seen->session++) {
		if (program->match[seen->session].amazon_dns) {
			mgw_accept(pipe, program, seen);
			return;
		}
	}
	mgw_count_excluded(pipe, seen, MGW_EXCLUDED_AMAZON_DNS);
}

/* Ask sessions until one accepts, none is left, or the next one's rules belong to rte_acl. */
static __rte_always_inline void mgw_ask_sessions(struct mgw_pipe *pipe,
						 const struct mgw_program *program, uint16_t index,
						 struct mgw_waiting *waiting)
{
	struct mgw_sighting *seen = &pipe->sightings[index];
	const struct mgw_key *key = &pipe->keys[seen->frame];

	while (seen->session < seen->end) {
		const struct mgw_rules *rules = mgw_rules_of(program, seen, key);
		uint32_t position;

		if (rules->acl != NULL) {
			waiting->sighting[waiting->n++] = index;
			return;
		}
		position = key->family == 4 ? mgw_linear4(rules, key) : mgw_linear6(rules, key);
		if (mgw_apply_rule(pipe, program, rules, seen, position))
			return;
	}
	mgw_count_missed(pipe, seen);
}

/* What no rule needs to be asked for is decided here; the rest goes to the sessions. */
static __rte_always_inline void mgw_match_by_itself(struct mgw_pipe *pipe,
						    const struct mgw_program *program,
						    uint16_t index, struct mgw_waiting *waiting)
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
		mgw_ask_sessions(pipe, program, index, waiting);
}

/* One that is not for the sessions alone. Later fragments wait until all others are settled. */
MGW_STAGE void mgw_match_unusual(struct mgw_pipe *pipe, const struct mgw_program *program,
				 uint16_t index, struct mgw_waiting *waiting)
{
	const uint8_t part = pipe->keys[pipe->sightings[index].frame].fragment;

	pipe->n_fragments += part != MGW_WHOLE;
	if (part != MGW_LATER)
		mgw_match_by_itself(pipe, program, index, waiting);
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

/* In the order of arrival: remember first fragments, all settled, and decide the later ones. */
MGW_STAGE void mgw_match_fragments(struct mgw_pipe *pipe, const struct mgw_program *program,
				   uint64_t *fates, struct mgw_waiting *waiting)
{
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
		else
			mgw_match_by_itself(pipe, program, i, waiting);
		fates[first != NULL ? MGW_FRAGMENT_INHERITED : MGW_FRAGMENT_UNKNOWN_FIRST]++;
	}
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

/*
 * Take all sightings that wait for the same rules as the first one out of waiting, ask rte_acl
 * for them in one call, and send those that were not accepted on to their next sessions.
 */
static __rte_always_inline void mgw_ask_acl(struct mgw_pipe *pipe,
					    const struct mgw_program *program,
					    struct mgw_waiting *waiting, struct mgw_waiting *next)
{
	const uint8_t *keys[MGW_MAX_COPIES];
	uint32_t found[MGW_MAX_COPIES];
	uint16_t asked[MGW_MAX_COPIES];
	const struct mgw_rules *rules = NULL;
	uint16_t n = 0, left = 0;

	for (uint16_t i = 0; i < waiting->n; i++) {
		const uint16_t index = waiting->sighting[i];
		struct mgw_sighting *seen = &pipe->sightings[index];
		struct mgw_key *key = &pipe->keys[seen->frame];
		const struct mgw_rules *its = mgw_rules_of(program, seen, key);

		if (rules == NULL)
			rules = its;
		if (its != rules) {
			waiting->sighting[left++] = index;
			continue;
		}
		key->acl_class = mgw_acl_class(rules, key);
		keys[n] = (const uint8_t *)key;
		asked[n++] = index;
	}
	waiting->n = left;
	rte_acl_classify(rules->acl, keys, found, n, 1);
	for (uint16_t i = 0; i < n; i++) {
		struct mgw_sighting *seen = &pipe->sightings[asked[i]];

		/* rte_acl answers position + 1, and 0 for no rule: 0 - 1 is MGW_NO_POSITION */
		if (!mgw_apply_rule(pipe, program, rules, seen, found[i] - 1))
			mgw_ask_sessions(pipe, program, asked[i], next);
	}
}

/* Ask rte_acl until nobody waits. */
static __rte_always_inline void mgw_settle(struct mgw_pipe *pipe, const struct mgw_program *program,
					   struct mgw_waiting *waiting)
{
	struct mgw_waiting next = {.n = 0};

	while (waiting->n > 0) {
		while (waiting->n > 0)
			mgw_ask_acl(pipe, program, waiting, &next);
		waiting->n = next.n;
		memcpy(waiting->sighting, next.sighting, next.n * sizeof(next.sighting[0]));
		next.n = 0;
	}
}

/*
 * Decide every sighting of the burst: afterwards each is accepted or counted otherwise. fates are
 * the counters of what becomes of fragments.
 */
MGW_STAGE void mgw_match(struct mgw_pipe *pipe, const struct mgw_program *program, uint64_t *fates)
{
	struct mgw_waiting waiting = {.n = 0};

	pipe->n_fragments = 0;
	for (uint16_t i = 0; i < pipe->n_sightings; i++) {
		if (unlikely(pipe->keys[pipe->sightings[i].frame].unusual))
			mgw_match_unusual(pipe, program, i, &waiting);
		else
			mgw_ask_sessions(pipe, program, i, &waiting);
	}
	mgw_settle(pipe, program, &waiting);
	if (unlikely(pipe->n_fragments > 0)) {
		mgw_match_fragments(pipe, program, fates, &waiting);
		mgw_settle(pipe, program, &waiting);
	}
}

#endif
