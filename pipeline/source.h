/* source: which mirror sources see a frame. Constant time, whatever the number of sources. */
#ifndef MGW_SOURCE_H
#define MGW_SOURCE_H

#include "classify.h"

/* One probe sequence; Go built the table so that a key's run of full slots is short. */
static inline uint32_t mgw_table_find(const struct mgw_source_table *table, uint64_t key)
{
	uint32_t at = (uint32_t)((key * table->multiplier) >> table->shift);

	for (;; at++) {
		const struct mgw_source_slot *slot = &table->slots[at & table->mask];

		if (slot->key == key)
			return slot->source;
		if (slot->key == 0)
			return MGW_NONE;
	}
}

/* VID of the outer tag, or -1: untagged, or the frame ends before the EtherType behind the tag. */
static inline int mgw_outer_vid(const struct mgw_reader *r)
{
	uint8_t scratch[MGW_TAG_SIZE + 2];
	const uint8_t *p = mgw_read(r, MGW_ETHERTYPE_OFFSET, sizeof(scratch), scratch);

	if (p == NULL || !mgw_is_tag(mgw_be16(p)))
		return -1;
	return mgw_be16(p + 2) & 0x0fff;
}

/* The most specific source wins: MAC and VID, MAC, VID, whole port (DESIGN 11). */
static inline uint32_t mgw_find_source(const struct mgw_source_table *table,
				       const struct mgw_reader *r, uint32_t mac_offset)
{
	uint8_t scratch[MGW_ETHERNET_SIZE];
	const uint8_t *ethernet = mgw_read(r, 0, MGW_ETHERNET_SIZE, scratch);
	uint32_t source = MGW_NONE;
	uint64_t mac = 0;
	int vid = -1;

	if (unlikely(ethernet == NULL))
		return table->whole_port;
	memcpy(&mac, ethernet + mac_offset, 6);
	if (table->by_mac_vlan || table->by_vlan)
		vid = mgw_outer_vid(r);
	if (table->by_mac_vlan && vid >= 0)
		source = mgw_table_find(table, mac | (uint64_t)vid << MGW_KEY_VID_SHIFT |
						   MGW_KEY_MAC_VLAN);
	if (source == MGW_NONE && table->by_mac)
		source = mgw_table_find(table, mac | MGW_KEY_MAC);
	if (source == MGW_NONE && table->by_vlan && vid >= 0)
		source = mgw_table_find(table, (uint64_t)vid << MGW_KEY_VID_SHIFT | MGW_KEY_VLAN);
	return source == MGW_NONE ? table->whole_port : source;
}

static inline void mgw_sight(struct mgw_pipe *pipe, const struct mgw_program *program,
			     uint16_t frame, uint8_t direction, uint32_t source)
{
	const struct mgw_source *s = &program->sources[source];
	struct mgw_sighting *seen = &pipe->sightings[pipe->n_sightings++];

	seen->frame = frame;
	seen->direction = direction;
	seen->accepted = 0;
	seen->source = s->slot;
	seen->session = s->first;
	seen->end = s->first + s->count;
	pipe->counters->sources[s->slot][direction].seen++;
}

/* Every source that sees a frame of the burst: as its egress, as its ingress. */
static inline void mgw_find_sources(struct mgw_pipe *pipe, const struct mgw_program *program,
				    const struct mgw_port_program *port)
{
	uint32_t sender, receiver;

	pipe->n_sightings = 0;
	for (uint16_t i = 0; i < pipe->n; i++) {
		const struct rte_mbuf *frame = pipe->frames[i];
		const struct mgw_reader r = {
		    .frame = frame,
		    .data = rte_pktmbuf_mtod(frame, const uint8_t *),
		    .length = rte_pktmbuf_pkt_len(frame),
		    .first = rte_pktmbuf_data_len(frame),
		};

		sender = receiver = MGW_NONE;
		if (port->egress.any)
			sender = mgw_find_source(&port->egress, &r, 6);
		if (port->ingress.any)
			receiver = mgw_find_source(&port->ingress, &r, 0);
		if (sender != MGW_NONE)
			mgw_sight(pipe, program, i, MGW_EGRESS, sender);
		/* a source that a tap sees talking to itself: once is enough */
		if (receiver != MGW_NONE && receiver != sender)
			mgw_sight(pipe, program, i, MGW_INGRESS, receiver);
	}
	pipe->burst.seen += pipe->n_sightings;
}

#endif
