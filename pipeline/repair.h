/*
 * repair: complete partial L4 checksums in copies (docs/semantics.md, "Checksums"). A sender on the
 * same host leaves a TCP or UDP checksum to its network card: until then the field has the sum of
 * the pseudo header, not complemented (Linux, CHECKSUM_PARTIAL). Runs behind hold, in
 * mgw_decide, so all of the frame is there to be summed up; only copies are written to.
 */
#ifndef MGW_REPAIR_H
#define MGW_REPAIR_H

#include "encap.h"

/* Where the checksum of a frame is, and what it covers. */
struct mgw_checksum {
	uint32_t pseudo;       /* sum of the pseudo header, as words in memory, not folded */
	uint32_t start, field; /* offsets of the L4 header and of the checksum, bytes */
	uint32_t length;       /* of L4 header and payload, bytes */
	uint8_t protocol;
};

static inline uint16_t mgw_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Whether the driver says of a frame that its checksum is partial. */
static __rte_always_inline bool mgw_flagged(uint64_t flags)
{
	return (flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;
}

/* Whether a frame with these flags, or one of several that have them together, is looked at. */
static __rte_always_inline bool mgw_may_repair(const struct mgw_port_program *port, uint64_t flags)
{
	return port->repair == MGW_REPAIR_ALL ||
	       (mgw_flagged(flags) && port->repair != MGW_REPAIR_NONE);
}

/* One's complement sum of bytes in a chain, as words in memory. The chain must have them. */
MGW_STAGE uint32_t mgw_sum_bytes(const struct rte_mbuf *m, uint32_t offset, uint32_t length)
{
	uint32_t sum = 0;
	bool odd = false;

	for (; offset >= m->data_len; m = m->next)
		offset -= m->data_len;
	for (; length > 0; offset = 0, m = m->next) {
		const uint32_t here = RTE_MIN(length, (uint32_t)m->data_len - offset);
		const uint16_t part =
		    rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, offset), here);

		sum += odd ? rte_bswap16(part) : part;
		odd ^= here & 1;
		length -= here;
	}
	return sum;
}

/*
 * Length, protocol and start of an IPv4 payload. A total length of 0 is a giant's that its sender
 * did not cut yet: it ends with the frame.
 */
static inline void mgw_find_checksum4(const struct mgw_reader *r, uint32_t offset,
				      struct mgw_checksum *at)
{
	uint8_t scratch[MGW_IPV4_SIZE];
	const uint8_t *ip = mgw_read(r, offset, MGW_IPV4_SIZE, scratch);
	const uint32_t header = (ip[0] & 0x0f) * 4u, total = mgw_be16(ip + 2);

	at->start = offset + header;
	at->length = (total != 0 ? total : r->length - offset) - header;
	at->protocol = ip[9];
}

/* The same over IPv6. False: a routing header, so that the address it ends at is another. */
static inline bool mgw_find_checksum6(const struct mgw_reader *r, uint32_t offset,
				      struct mgw_checksum *at)
{
	uint8_t scratch[MGW_IPV6_SIZE];
	const uint8_t *ip = mgw_read(r, offset, MGW_IPV6_SIZE, scratch);
	const uint32_t payload = mgw_be16(ip + 4);
	struct mgw_key key = {.routed = 0};

	at->protocol = ip[6];
	at->start = offset + MGW_IPV6_SIZE;
	at->length = (payload != 0 ? payload : r->length - at->start) + at->start;
	if (!mgw_walk_chain(r, &at->start, &at->protocol, &key) || key.routed)
		return false;
	at->length -= at->start; /* less the extension headers */
	return true;
}

/* Find the checksum of a frame whose key is known. False: it has none that can be completed. */
static inline bool mgw_find_checksum(const struct mgw_reader *r, const struct mgw_key *key,
				     struct mgw_checksum *at)
{
	const uint32_t address = key->family == 4 ? 4 : 16;
	uint32_t offset = 0;

	if (!(key->l4 & MGW_L4_PORTS) || key->fragment != MGW_WHOLE)
		return false;
	mgw_skip_tags(r, &offset);
	if (key->family == 4)
		mgw_find_checksum4(r, offset, at);
	else if (!mgw_find_checksum6(r, offset, at))
		return false;
	at->field = at->start + (at->protocol == MGW_PROTO_TCP ? 16 : 6);
	if (at->length > r->length || at->start + at->length > r->length ||
	    at->field + 2 > at->start + at->length)
		return false; /* cut off, or shorter than its header */
	at->pseudo =
	    (uint32_t)rte_raw_cksum(key->source, address) +
	    rte_raw_cksum(key->destination, address) + rte_cpu_to_be_16((uint16_t)(at->length)) +
	    rte_cpu_to_be_16((uint16_t)(at->length >> 16)) + rte_cpu_to_be_16(at->protocol);
	return true;
}

/*
 * Whether the checksum of a frame is partial, and what it should be. On its word the driver is
 * believed whatever the field has; else the field must be what a sender leaves there.
 */
static inline bool mgw_is_partial(const struct rte_mbuf *frame, const struct mgw_key *key,
				  struct mgw_checksum *at, uint16_t *complete)
{
	const struct mgw_reader r = mgw_reader_of(frame);
	uint16_t scratch, field;

	if (!mgw_find_checksum(&r, key, at))
		return false;
	memcpy(&field, mgw_read(&r, at->field, 2, &scratch), sizeof(field));
	if (field == 0 && at->protocol == MGW_PROTO_UDP && key->family == 4)
		return false; /* RFC 768: the sender made none */
	if (field != mgw_fold(at->pseudo) && !mgw_flagged(frame->ol_flags))
		return false;
	*complete = (uint16_t)~mgw_fold(mgw_sum_bytes(frame, at->start, at->length) +
					(uint16_t)~field + at->pseudo);
	if (*complete == 0 && at->protocol == MGW_PROTO_UDP)
		*complete = 0xffff;
	return *complete != field; /* one checksum in 65,536 looks partial and is right */
}

/* Make a copy own its bytes. False: there is no room for them; counted as skipped. */
static inline bool mgw_own_copy(struct mgw_pipe *pipe, struct mgw_copy *copy)
{
	if (copy->n_held == 0)
		return true;
	mgw_release(pipe, copy); /* production has references of its own */
	if (!mgw_hold_bytes(pipe, copy, pipe->frames[copy->frame], copy->way->header_length,
			    copy->hop->single_segment))
		return false;
	if (copy->hop->max_segments == 0 || copy->head->nb_segs <= copy->hop->max_segments)
		return true;
	mgw_skip(pipe, copy, MGW_SKIP_SEGMENTS);
	rte_pktmbuf_free(copy->head);
	return false;
}

/* Write into a copy's chain, a byte at a time: the field may lie across two segments. */
static inline void mgw_write_checksum(struct rte_mbuf *m, uint32_t offset, uint16_t value)
{
	uint8_t bytes[sizeof(value)];

	memcpy(bytes, &value, sizeof(bytes));
	for (uint32_t i = 0; i < sizeof(bytes); i++, offset++) {
		for (; offset >= m->data_len; m = m->next)
			offset -= m->data_len;
		*rte_pktmbuf_mtod_offset(m, uint8_t *, offset) = bytes[i];
	}
}

/*
 * Complete the checksums of what hold has kept. Truncated copies stay as they are: nobody could
 * verify theirs. Copies for which there is no room are dropped from the burst.
 */
MGW_STAGE void mgw_repair(struct mgw_pipe *pipe, const struct mgw_port_program *port,
			  struct mgw_port_counters *counters)
{
	uint16_t complete = 0, kept = 0, last = MGW_BURST; /* a frame that no burst has */
	struct mgw_checksum at = {.field = 0};
	bool partial = false;

	for (uint16_t i = 0; i < pipe->n_copies; i++) {
		struct mgw_copy *copy = &pipe->copies[i];
		const struct rte_mbuf *frame = pipe->frames[copy->frame];

		if (copy->frame != last) {
			last = copy->frame;
			partial = mgw_may_repair(port, frame->ol_flags) &&
				  mgw_is_partial(frame, &pipe->keys[last], &at, &complete);
			counters->partial_checksums += partial;
		}
		if (partial && copy->inner == copy->length) {
			if (!mgw_own_copy(pipe, copy))
				continue;
			mgw_write_checksum(copy->head, copy->way->header_length + at.field,
					   complete);
		}
		if (kept != i)
			pipe->copies[kept] = *copy;
		kept++;
	}
	pipe->n_copies = kept;
}

#endif
