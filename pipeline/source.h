/* source: which mirror sources see a frame. Constant time, whatever the number of sources. */
#ifndef MGW_SOURCE_H
#define MGW_SOURCE_H

#include <rte_prefetch.h>

#include "classify.h"

static __rte_always_inline uint32_t mgw_table_start(const struct mgw_source_table *table,
						    uint64_t key)
{
	return (uint32_t)((key * table->multiplier) >> table->shift);
}

/* What a lookup without success returns. */
static const struct mgw_source_slot mgw_no_source = {.source = MGW_NONE};

/* One probe sequence; Go built the table so that a key's run of full slots is short. */
static __rte_always_inline const struct mgw_source_slot *
mgw_table_find(const struct mgw_source_table *table, uint64_t key)
{
	for (uint32_t at = mgw_table_start(table, key);; at++) {
		const struct mgw_source_slot *slot = &table->slots[at & table->mask];

		if (likely(slot->key == key))
			return slot;
		if (slot->key == 0)
			return &mgw_no_source;
	}
}

/* The MAC at offset 0 or 6 of an Ethernet header, which has the two bytes behind it as well. */
static __rte_always_inline uint64_t mgw_mac(const uint8_t *ethernet, uint32_t offset)
{
	uint64_t word;

	memcpy(&word, ethernet + offset, sizeof(word));
	return rte_le_to_cpu_64(word) & MGW_KEY_MAC_MASK;
}

/* VID of the outer tag, or -1: untagged, or the frame ends before the EtherType behind the tag. */
static __rte_always_inline int mgw_outer_vid(const struct mgw_reader *r)
{
	uint8_t scratch[MGW_TAG_SIZE + 2];
	const uint8_t *p = mgw_read(r, MGW_ETHERTYPE_OFFSET, sizeof(scratch), scratch);

	if (p == NULL || !mgw_is_tag(mgw_be16(p)))
		return -1;
	return mgw_be16(p + 2) & 0x0fff;
}

/* The most specific source wins: MAC and VID, MAC, VID, whole port (docs/semantics.md). */
MGW_STAGE const struct mgw_source_slot *mgw_find_by_vlan(const struct mgw_source_table *table,
							 const struct rte_mbuf *frame, uint64_t mac)
{
	const struct mgw_reader r = mgw_reader_of(frame);
	const int vid = mgw_outer_vid(&r);
	const struct mgw_source_slot *found = &mgw_no_source;

	if (table->by_mac_vlan && vid >= 0)
		found = mgw_table_find(table, (mac & MGW_KEY_MAC_MASK) | MGW_KEY_MAC_VLAN |
						  (uint64_t)vid << MGW_KEY_VID_SHIFT);
	if (found->source == MGW_NONE && table->by_mac)
		found = mgw_table_find(table, mac);
	if (found->source == MGW_NONE && table->by_vlan && vid >= 0)
		found = mgw_table_find(table, (uint64_t)vid << MGW_KEY_VID_SHIFT | MGW_KEY_VLAN);
	return found;
}

/* The table key of a frame's MAC at offset; 0, which no table has, for less than a header. */
static __rte_always_inline uint64_t mgw_lookup_key(const struct rte_mbuf *frame,
						   uint32_t mac_offset)
{
	uint8_t scratch[MGW_ETHERNET_SIZE];
	struct mgw_reader r;
	const uint8_t *ethernet;

	if (likely(rte_pktmbuf_data_len(frame) >= MGW_ETHERNET_SIZE))
		return mgw_mac(rte_pktmbuf_mtod(frame, const uint8_t *), mac_offset) | MGW_KEY_MAC;
	r = mgw_reader_of(frame);
	ethernet = mgw_read(&r, 0, MGW_ETHERNET_SIZE, scratch);
	return ethernet != NULL ? mgw_mac(ethernet, mac_offset) | MGW_KEY_MAC : 0;
}

static __rte_always_inline const struct mgw_source_slot *
mgw_find_key(const struct mgw_source_table *table, const struct rte_mbuf *frame, uint64_t key)
{
	const struct mgw_source_slot *found = &mgw_no_source;

	if (likely(key != 0))
		found = table->by_mac_vlan || table->by_vlan ? mgw_find_by_vlan(table, frame, key)
							     : mgw_table_find(table, key);
	return likely(found->source != MGW_NONE) ? found : &table->whole_port;
}

/* One side of a burst's frames, senders or receivers, as far as it was looked up. */
struct mgw_side {
	const struct mgw_source_table *table;
	uint64_t key;                  /* of the frame before; MGW_NO_KEY: look up the next one */
	struct mgw_sighting sighting;  /* of its source, but for the frame */
	uint32_t slot_source, packets; /* which it is, MGW_NONE for none; seen in a row */
	uint64_t *seen;                /* where they are counted */
};

#define MGW_NO_KEY UINT64_MAX /* no frame has it */

static __rte_always_inline void mgw_count_seen(const struct mgw_side *side)
{
	if (side->packets > 0)
		*side->seen += side->packets;
}

/* The source of a frame that the one before does not tell. */
MGW_STAGE void mgw_turn_to(struct mgw_side *side, const struct mgw_pipe *pipe,
			   const struct mgw_program *program, const struct rte_mbuf *frame,
			   uint64_t key)
{
	const struct mgw_source_table *table = side->table;
	const struct mgw_source_slot *slot = mgw_find_key(table, frame, key);
	const uint8_t direction = side->sighting.direction;
	const struct mgw_source *source;

	mgw_count_seen(side);
	side->packets = 0;
	side->key = table->by_mac_vlan || table->by_vlan ? MGW_NO_KEY : key;
	side->slot_source = slot->source;
	if (slot->source == MGW_NONE)
		return;
	source = &program->sources[slot->source];
	side->sighting.source = slot->counters;
	side->sighting.session = source->first;
	side->sighting.end = source->first + source->count;
	side->sighting.asks = source->rules + direction;
	side->seen = &pipe->counters->sources[slot->counters][direction].seen;
}

static __rte_always_inline void mgw_look_up(struct mgw_side *side, const struct mgw_pipe *pipe,
					    const struct mgw_program *program,
					    const struct rte_mbuf *frame, uint32_t mac_offset)
{
	const uint64_t key = mgw_lookup_key(frame, mac_offset);

	if (unlikely(key != side->key))
		mgw_turn_to(side, pipe, program, frame, key);
}

/* Returns how many sightings there are now. */
static __rte_always_inline uint32_t mgw_sight_near(struct mgw_pipe *pipe, struct mgw_side *side,
						   uint32_t frame, uint32_t n)
{
	pipe->sightings[n] = side->sighting;
	pipe->sightings[n].frame = (uint8_t)frame;
	side->packets++;
	return n + 1;
}

/*
 * Few sources: everything is in the first-level cache, one pass is the shortest way. Frames of one
 * source come in rows, so that most have the source of the one before.
 */
static __rte_always_inline void mgw_find_near(struct mgw_pipe *pipe,
					      const struct mgw_program *program,
					      const struct mgw_port_program *port)
{
	struct mgw_side senders = {.table = &port->egress, .key = MGW_NO_KEY},
			receivers = {.table = &port->ingress, .key = MGW_NO_KEY};
	const bool egress = port->egress.any, ingress = port->ingress.any;
	const uint32_t frames = pipe->n;
	uint32_t n = 0;

	senders.sighting.direction = MGW_EGRESS;
	receivers.sighting.direction = MGW_INGRESS;
	senders.slot_source = receivers.slot_source = MGW_NONE;
	for (uint32_t i = 0; i < frames; i++) {
		const struct rte_mbuf *frame = pipe->frames[i];

		if (egress)
			mgw_look_up(&senders, pipe, program, frame, 6);
		if (ingress)
			mgw_look_up(&receivers, pipe, program, frame, 0);
		if (senders.slot_source != MGW_NONE)
			n = mgw_sight_near(pipe, &senders, i, n);
		/* a source that a tap sees talking to itself: once is enough */
		if (receivers.slot_source != MGW_NONE &&
		    receivers.slot_source != senders.slot_source)
			n = mgw_sight_near(pipe, &receivers, i, n);
	}
	mgw_count_seen(&senders);
	mgw_count_seen(&receivers);
	pipe->n_sightings = (uint16_t)n;
	pipe->alike = senders.packets == n || receivers.packets == n;
	pipe->one_source = pipe->alike && n == frames;
}

/* Many sources, one side: where to look for each frame. */
static __rte_always_inline void mgw_fetch_slots(const struct mgw_pipe *pipe,
						const struct mgw_source_table *table,
						uint32_t mac_offset, uint64_t *keys)
{
	const struct mgw_source_table at = *table; /* which no store can change */
	const uint32_t n = pipe->n;

	for (uint32_t i = 0; i < n; i++) {
		keys[i] = mgw_lookup_key(pipe->frames[i], mac_offset);
		rte_prefetch0(&at.slots[mgw_table_start(&at, keys[i])]);
	}
}

/* Whether all sightings of the burst ask the same, and somebody to ask there is. */
struct mgw_likeness {
	const struct mgw_ruleset *asks;
	bool differs;
};

/* Returns how many sightings there are now. That it was seen, hold counts. */
static __rte_always_inline uint32_t mgw_sight(struct mgw_pipe *pipe,
					      const struct mgw_program *program, uint32_t frame,
					      uint8_t direction, const struct mgw_source_slot *slot,
					      struct mgw_likeness *like, uint32_t n)
{
	const struct mgw_source *source = &program->sources[slot->source];
	struct mgw_sighting *seen = &pipe->sightings[n];
	const struct mgw_ruleset *asks = source->rules + direction;

	seen->frame = (uint8_t)frame;
	seen->direction = direction;
	seen->accepted = seen->excluded = 0;
	seen->source = slot->counters;
	seen->session = source->first;
	seen->end = source->first + source->count;
	seen->asks = asks;
	like->differs |= (n != 0 && asks != like->asks) || source->count == 0;
	like->asks = asks;
	return n + 1;
}

/* A frame's sender goes before its receiver. Returns how many sightings there are now. */
static __rte_always_inline uint32_t mgw_sight_both(struct mgw_pipe *pipe,
						   const struct mgw_program *program,
						   uint32_t frame,
						   const struct mgw_source_slot *sender,
						   const struct mgw_source_slot *receiver,
						   struct mgw_likeness *like, uint32_t n)
{
	if (sender->source != MGW_NONE)
		n = mgw_sight(pipe, program, frame, MGW_EGRESS, sender, like, n);
	/* a source that a tap sees talking to itself: once is enough */
	if (receiver->source != MGW_NONE && receiver->source != sender->source)
		n = mgw_sight(pipe, program, frame, MGW_INGRESS, receiver, like, n);
	return n;
}

/*
 * Many sources: neighbours have nothing in common, so all slots are fetched before the first is
 * looked at. Further on each stage fetches what the next one needs.
 */
static __rte_always_inline void mgw_find_scattered(struct mgw_pipe *pipe,
						   const struct mgw_program *program,
						   const struct mgw_port_program *port)
{
	const struct mgw_source_table *egress = &port->egress, *ingress = &port->ingress;
	const bool senders = egress->any, receivers = ingress->any;
	uint64_t sender_keys[MGW_BURST], receiver_keys[MGW_BURST];
	struct mgw_likeness like = {.differs = false};
	const uint32_t frames = pipe->n;
	uint32_t n = 0;

	if (senders)
		mgw_fetch_slots(pipe, egress, 6, sender_keys);
	if (receivers)
		mgw_fetch_slots(pipe, ingress, 0, receiver_keys);
	for (uint32_t i = 0; i < frames; i++) {
		const struct rte_mbuf *frame = pipe->frames[i];
		const struct mgw_source_slot *sender = &mgw_no_source, *receiver = &mgw_no_source;

		if (senders)
			sender = mgw_find_key(egress, frame, sender_keys[i]);
		if (receivers)
			receiver = mgw_find_key(ingress, frame, receiver_keys[i]);
		n = mgw_sight_both(pipe, program, i, sender, receiver, &like, n);
	}
	pipe->n_sightings = (uint16_t)n;
	pipe->alike = n > 0 && !like.differs;
	pipe->one_source = false;
}

/* Every source that sees a frame of the burst: as its egress, as its ingress. */
MGW_STAGE void mgw_find_sources(struct mgw_pipe *pipe, const struct mgw_program *program,
				const struct mgw_port_program *port)
{
	if (program->scattered)
		mgw_find_scattered(pipe, program, port);
	else
		mgw_find_near(pipe, program, port);
	pipe->totals.seen += pipe->n_sightings;
}

#endif
