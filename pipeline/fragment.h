/*
 * fragment: what was decided about first fragments, for those that follow (docs/semantics.md,
 * "Fragments"). A fixed table: a first fragment for which there is no room takes the place of the
 * oldest that competes with it. rules.Fragments is the same in Go, without bounds.
 */
#ifndef MGW_FRAGMENT_H
#define MGW_FRAGMENT_H

#include <string.h>

#include "pipe.h"

static inline struct mgw_datagram_id mgw_datagram_id_of(const struct mgw_sighting *seen,
							const struct mgw_key *key)
{
	struct mgw_datagram_id id = {
	    .identification = key->identification,
	    .mirror_source = seen->source,
	    .family = key->family,
	    .direction = seen->direction,
	    .protocol = key->family == 4 ? key->l4 & MGW_L4_PROTOCOL : 0,
	};

	memcpy(id.source, key->source, sizeof(id.source));
	memcpy(id.destination, key->destination, sizeof(id.destination));
	return id;
}

/*
 * The places that a datagram may have. Each word is mixed in by the secret before the next, so that
 * without it nobody can choose datagrams that compete.
 */
static inline struct mgw_datagram *mgw_places_of(struct mgw_pipe *pipe,
						 const struct mgw_datagram_id *id)
{
	uint32_t words[sizeof(*id) / sizeof(uint32_t)];
	uint64_t hash = pipe->secret;

	memcpy(words, id, sizeof(words));
	for (size_t i = 0; i < RTE_DIM(words); i++) {
		hash = (hash ^ words[i]) * pipe->secret;
		hash ^= hash >> 32;
	}
	return &pipe->datagrams[hash % (MGW_DATAGRAMS / MGW_DATAGRAM_WAYS) * MGW_DATAGRAM_WAYS];
}

/* Whether a place holds something that still counts. */
static inline bool mgw_remembered(const struct mgw_pipe *pipe, const struct mgw_program *program,
				  const struct mgw_datagram *place)
{
	return place->id.family != 0 && place->generation == (uint32_t)program->generation &&
	       pipe->now - place->when < pipe->datagram_life;
}

/* What is known of a fragment's datagram, or NULL. */
static inline const struct mgw_datagram *mgw_find_datagram(struct mgw_pipe *pipe,
							   const struct mgw_program *program,
							   const struct mgw_sighting *seen,
							   const struct mgw_key *key)
{
	const struct mgw_datagram_id id = mgw_datagram_id_of(seen, key);
	const struct mgw_datagram *place = mgw_places_of(pipe, &id);

	for (int way = 0; way < MGW_DATAGRAM_WAYS; way++, place++)
		if (memcmp(&place->id, &id, sizeof(id)) == 0)
			return mgw_remembered(pipe, program, place) ? place : NULL;
	return NULL;
}

/* The place for a datagram: the one that it has, else a free one, else the oldest. */
static inline struct mgw_datagram *mgw_choose_place(struct mgw_pipe *pipe,
						    const struct mgw_program *program,
						    const struct mgw_datagram_id *id)
{
	struct mgw_datagram *place = mgw_places_of(pipe, id), *chosen = place;
	bool taken = true;

	for (int way = 0; way < MGW_DATAGRAM_WAYS; way++, place++) {
		if (memcmp(&place->id, id, sizeof(*id)) == 0)
			return place;
		if (!taken)
			continue;
		taken = mgw_remembered(pipe, program, place);
		if (!taken || place->when < chosen->when)
			chosen = place;
	}
	return chosen;
}

/* Remember what was decided about a first fragment. */
static inline void mgw_remember(struct mgw_pipe *pipe, const struct mgw_program *program,
				const struct mgw_sighting *seen, const struct mgw_key *key,
				uint64_t *fates)
{
	const struct mgw_datagram_id id = mgw_datagram_id_of(seen, key);
	struct mgw_datagram *place = mgw_choose_place(pipe, program, &id);

	if (mgw_remembered(pipe, program, place) && memcmp(&place->id, &id, sizeof(id)) != 0)
		fates[MGW_FRAGMENT_EVICTED]++;
	*place = (struct mgw_datagram){
	    .id = id,
	    .generation = (uint32_t)program->generation,
	    .when = pipe->now,
	    .session = seen->session,
	    .accepted = seen->accepted,
	    .excluded = seen->excluded,
	};
}

#endif
