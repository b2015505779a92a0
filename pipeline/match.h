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

#include "fragment.h"
#include "large.h"

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
