/*
 * verdict: what becomes of a sighting once match knows: it is accepted, asks on, or is counted as
 * missed or excluded.
 */
#ifndef MGW_VERDICT_H
#define MGW_VERDICT_H

#include "linear.h"

/* Hits of one rule in a row, which are counted together. */
struct mgw_hits {
	struct mgw_count *rule; /* NULL: no row yet */
	uint32_t packets;
	uint64_t bytes;
};

static __rte_always_inline void mgw_count_missed(struct mgw_pipe *pipe,
						 const struct mgw_sighting *seen)
{
	pipe->counters->sources[seen->source][seen->direction].missed++;
	pipe->totals.missed++;
}

static __rte_always_inline void mgw_count_excluded(struct mgw_pipe *pipe, struct mgw_sighting *seen,
						   uint8_t type)
{
	seen->excluded = type;
	pipe->counters->source_details[seen->source][seen->direction].excluded[type]++;
	pipe->totals.excluded++;
}

/* The session at seen->session accepted the frame: it is owed a copy. hold counts it. */
static __rte_always_inline void mgw_accept(const struct mgw_program *program,
					   struct mgw_sighting *seen)
{
	seen->accepted = 1;
	if (program->scattered)
		rte_prefetch0(&program->sessions[seen->session]);
}

/* The session whose rule is at a position accepts. */
static __rte_always_inline void mgw_accept_at(const struct mgw_program *program,
					      const struct mgw_rules *rules, uint32_t position,
					      struct mgw_sighting *seen)
{
	if (rules->sessions != NULL)
		seen->session += rules->sessions[position];
	mgw_accept(program, seen);
}

/*
 * A rule rejects, or none matches: the next session is asked, by itself. That is the one behind
 * those that were asked together, or behind the one whose rule rejects.
 */
static __rte_always_inline void mgw_ask_next(const struct mgw_program *program,
					     const struct mgw_rules *rules, uint32_t position,
					     struct mgw_sighting *seen)
{
	if (rules->sessions == NULL)
		seen->session++;
	else if (position == MGW_NO_POSITION)
		seen->session += rules->n_sessions;
	else
		seen->session += rules->sessions[position] + 1u;
	if (seen->session < seen->end)
		seen->asks =
		    &program->rulesets[(program->rules[seen->session] >> 1) + seen->direction];
}

static __rte_always_inline void mgw_count_hits(const struct mgw_hits *hits)
{
	if (hits->rule == NULL)
		return;
	hits->rule->packets += hits->packets;
	hits->rule->bytes += hits->bytes;
}

/* Whether n sightings, at least one, all found the same position. */
static __rte_always_inline bool mgw_agree(const uint32_t *positions, uint32_t n)
{
	uint32_t differ = 0;

	for (uint32_t i = 1; i < n; i++)
		differ |= positions[i] ^ positions[0];
	return differ == 0;
}

/* Whether the first n sightings are accepted by one session. */
static __rte_always_inline bool mgw_one_session(const struct mgw_pipe *pipe, uint32_t n)
{
	uint32_t differ = 0;

	for (uint32_t i = 1; i < n; i++)
		differ |= pipe->sightings[i].session ^ pipe->sightings[0].session;
	return differ == 0;
}

/*
 * n sightings were accepted at once: if those are all of a burst of one source, and by one session,
 * hold takes them as one. alike: that it is one session is known.
 */
static __rte_always_inline void mgw_note_accepted(struct mgw_pipe *pipe, uint32_t n, bool alike)
{
	if (pipe->one_source && n == pipe->n && (alike || mgw_one_session(pipe, n)))
		pipe->as_one = true;
}

/* A rule accepts all n sightings, for their session of that number from the next on. */
static __rte_always_inline void mgw_accept_all(struct mgw_pipe *pipe,
					       const struct mgw_program *program,
					       struct mgw_count *rule, uint32_t session,
					       const uint16_t *asked, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct mgw_sighting *seen = &pipe->sightings[asked[i]];

		bytes += rte_pktmbuf_pkt_len(pipe->frames[seen->frame]);
		seen->session += session;
		mgw_accept(program, seen);
	}
	rule->packets += n;
	rule->bytes += bytes;
	mgw_note_accepted(pipe, n, pipe->alike);
}

/*
 * What the rules at these positions say of n sightings that all asked the same rules. Those that
 * are not accepted are kept, to ask their next session. Returns how many are kept now.
 */
MGW_STAGE uint32_t mgw_apply_rules(struct mgw_pipe *pipe, const struct mgw_program *program,
				   const struct mgw_rules *rules, const uint16_t *asked,
				   const uint32_t *positions, uint32_t n, uint16_t *keep,
				   uint32_t kept)
{
	uint32_t last = MGW_NO_POSITION, ref = 0; /* of the one before, and what its rule says */
	const uint32_t before = kept;
	struct mgw_hits hits = {.rule = NULL};

	if (positions[0] != MGW_NO_POSITION && rules->refs[positions[0]] & 1 &&
	    mgw_agree(positions, n)) {
		const uint32_t session =
		    rules->sessions != NULL ? rules->sessions[positions[0]] : 0;

		ref = rules->refs[positions[0]];
		mgw_accept_all(pipe, program, &pipe->counters->rules[ref >> 1], session, asked, n);
		return kept;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct mgw_sighting *seen = &pipe->sightings[asked[i]];

		if (unlikely(positions[i] != last)) {
			mgw_count_hits(&hits);
			hits = (struct mgw_hits){.rule = NULL};
			last = positions[i];
			ref = last != MGW_NO_POSITION ? rules->refs[last] : 0;
			if (last != MGW_NO_POSITION)
				hits.rule = &pipe->counters->rules[ref >> 1];
		}
		hits.packets++;
		hits.bytes += rte_pktmbuf_pkt_len(pipe->frames[seen->frame]);
		if (likely(ref & 1)) {
			mgw_accept_at(program, rules, positions[i], seen);
			continue;
		}
		mgw_ask_next(program, rules, positions[i], seen);
		keep[kept++] = asked[i];
	}
	mgw_count_hits(&hits);
	if (kept == before)
		mgw_note_accepted(pipe, n, false);
	return kept;
}

#endif
