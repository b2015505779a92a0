/*
 * classify: what a frame is. Reads headers only, through one accessor that works across segments.
 * docs/semantics.md fixes the limits; rules.Parse is the same in Go and judges this one.
 */
#ifndef MGW_CLASSIFY_H
#define MGW_CLASSIFY_H

#include <stdbool.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>

#include "entropy.h"
#include "exclude.h"
#include "pipe.h"

/* A frame being read. length counts all segments, first only the bytes of the first one. */
struct mgw_reader {
	const struct rte_mbuf *frame;
	const uint8_t *data;
	uint32_t length, first;
};

static __rte_always_inline struct mgw_reader mgw_reader_of(const struct rte_mbuf *frame)
{
	return (struct mgw_reader){
	    .frame = frame,
	    .data = rte_pktmbuf_mtod(frame, const uint8_t *),
	    .length = rte_pktmbuf_pkt_len(frame),
	    .first = rte_pktmbuf_data_len(frame),
	};
}

/* n bytes at offset, in place where one segment holds them, else gathered into scratch. */
static __rte_always_inline const uint8_t *mgw_read(const struct mgw_reader *r, uint32_t offset,
						   uint32_t n, void *scratch)
{
	if (likely(offset + n <= r->first))
		return r->data + offset;
	if (offset + n > r->length)
		return NULL;
	return rte_pktmbuf_read(r->frame, offset, n, scratch);
}

static __rte_always_inline uint16_t mgw_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static __rte_always_inline bool mgw_is_tag(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* IPv6 headers that lead to another one (IANA "IPv6 Extension Header Types", less ESP). */
static __rte_always_inline bool mgw_in_chain(uint8_t protocol)
{
	switch (protocol) {
	case 0: /* hop-by-hop options */
	case MGW_PROTO_ROUTING:
	case MGW_PROTO_FRAGMENT:
	case MGW_PROTO_AH:
	case 60:  /* destination options */
	case 135: /* mobility */
	case 139: /* HIP */
	case 140: /* shim6 */
		return true;
	}
	return false;
}

/* Skip at most two tags. Returns the EtherType behind them, 0 when the frame ends first. */
static __rte_always_inline uint16_t mgw_skip_tags(const struct mgw_reader *r, uint32_t *offset)
{
	uint8_t scratch[2];
	const uint8_t *p = mgw_read(r, MGW_ETHERTYPE_OFFSET, 2, scratch);
	uint16_t type;
	uint32_t at = MGW_ETHERTYPE_OFFSET;

	if (p == NULL)
		return 0;
	type = mgw_be16(p);
	for (int tags = 0; tags < MGW_TAGS_MAX && mgw_is_tag(type); tags++) {
		at += MGW_TAG_SIZE;
		p = mgw_read(r, at, 2, scratch);
		if (p == NULL)
			return 0;
		type = mgw_be16(p);
	}
	*offset = at + 2;
	return type;
}

/* Ports and ICMP type of an unfragmented packet or first fragment. */
static __rte_always_inline void mgw_classify_l4(const struct mgw_reader *r, uint32_t offset,
						uint8_t protocol, struct mgw_key *key)
{
	uint8_t scratch[MGW_PORTS_SIZE];
	const uint8_t *p;

	key->l4 = protocol;
	if (protocol == MGW_PROTO_TCP || protocol == MGW_PROTO_UDP || protocol == MGW_PROTO_SCTP) {
		p = mgw_read(r, offset, MGW_PORTS_SIZE, scratch);
		if (p == NULL)
			return;
		memcpy(&key->source_port, p, 2);
		memcpy(&key->destination_port, p + 2, 2);
		if (protocol != MGW_PROTO_SCTP) /* rules know ports of TCP and UDP only */
			key->l4 |= MGW_L4_PORTS;
		return;
	}
	if ((protocol == MGW_PROTO_ICMP && key->family == 4) ||
	    (protocol == MGW_PROTO_ICMPV6 && key->family == 6)) {
		p = mgw_read(r, offset, 2, scratch);
		if (p != NULL) {
			key->icmp_type = p[0];
			key->icmp_code = p[1];
		}
	}
}

static __rte_always_inline void mgw_classify_ipv4(const struct mgw_reader *r, uint32_t offset,
						  struct mgw_key *key)
{
	uint8_t scratch[MGW_IPV4_SIZE];
	const uint8_t *ip = mgw_read(r, offset, MGW_IPV4_SIZE, scratch);
	uint32_t header;
	uint16_t fragment;

	if (unlikely(ip == NULL)) {
		key->unclassified = MGW_UNCLASSIFIED_SHORT + 1;
		return;
	}
	header = (ip[0] & 0x0f) * 4u;
	if (unlikely(ip[0] >> 4 != 4 || header < MGW_IPV4_SIZE || offset + header > r->length)) {
		key->unclassified = MGW_UNCLASSIFIED_MALFORMED + 1;
		return;
	}
	key->family = 4;
	memcpy(&key->source[0], ip + 12, 4);
	memcpy(&key->destination[0], ip + 16, 4);
	fragment = mgw_be16(ip + 6) & 0x3fff; /* more-fragments flag and offset */
	if (fragment != 0) {
		key->fragment = (fragment & 0x1fff) == 0 ? MGW_FIRST : MGW_LATER;
		memcpy(&key->identification, ip + 4, 2);
	}
	key->l4 = ip[9];
	if (likely(key->fragment != MGW_LATER))
		mgw_classify_l4(r, offset + header, ip[9], key);
}

/*
 * Take in an IPv6 fragment header. Of several, the first that is not atomic (RFC 6946) names the
 * datagram: a receiver would begin with it.
 */
static __rte_always_inline void mgw_classify_fragment(const uint8_t *header, struct mgw_key *key)
{
	const uint16_t fragment = mgw_be16(header + 2) & 0xfff9; /* offset, more fragments */

	if (fragment == 0)
		return;
	if (key->fragment == MGW_WHOLE)
		memcpy(&key->identification, header + 4, 4);
	key->fragment = fragment == 1 ? MGW_FIRST : MGW_LATER;
}

/*
 * Walk the extension headers from *offset on. False: cut off, or more than MGW_CHAIN_MAX. The
 * protocol of a later fragment is taken as it stands.
 */
static __rte_always_inline bool mgw_walk_chain(const struct mgw_reader *r, uint32_t *offset,
					       uint8_t *protocol, struct mgw_key *key)
{
	uint8_t scratch[8];
	const uint8_t *h;

	for (int headers = 0; mgw_in_chain(*protocol); headers++) {
		if (headers == MGW_CHAIN_MAX)
			return false;
		h = mgw_read(r, *offset, *protocol == MGW_PROTO_FRAGMENT ? 8 : 2, scratch);
		if (h == NULL)
			return false;
		if (*protocol == MGW_PROTO_FRAGMENT) {
			mgw_classify_fragment(h, key);
			*offset += 8;
			*protocol = h[0];
			if (key->fragment == MGW_LATER)
				return true;
			continue;
		}
		if (*protocol == MGW_PROTO_ROUTING)
			key->routed = 1;
		*offset += *protocol == MGW_PROTO_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
		*protocol = h[0];
	}
	return true;
}

static __rte_always_inline void mgw_classify_ipv6(const struct mgw_reader *r, uint32_t offset,
						  struct mgw_key *key)
{
	uint8_t scratch[MGW_IPV6_SIZE];
	const uint8_t *ip = mgw_read(r, offset, MGW_IPV6_SIZE, scratch);
	uint8_t protocol;

	if (unlikely(ip == NULL)) {
		key->unclassified = MGW_UNCLASSIFIED_SHORT + 1;
		return;
	}
	if (unlikely(ip[0] >> 4 != 6)) {
		key->unclassified = MGW_UNCLASSIFIED_MALFORMED + 1;
		return;
	}
	key->family = 6;
	memcpy(key->source, ip + 8, 16);
	memcpy(key->destination, ip + 24, 16);
	protocol = ip[6];
	offset += MGW_IPV6_SIZE;
	if (unlikely(!mgw_walk_chain(r, &offset, &protocol, key))) {
		key->unclassified = MGW_UNCLASSIFIED_BAD_CHAIN + 1;
		key->l4 = MGW_L4_UNKNOWN;
		return;
	}
	key->l4 = protocol;
	if (key->fragment != MGW_LATER)
		mgw_classify_l4(r, offset, protocol, key);
}

/* Fill key with what the frame is, whatever it is; the key is all zero. */
static __rte_always_inline void mgw_classify_frame(const struct mgw_program *program,
						   const struct rte_mbuf *frame,
						   struct mgw_key *key)
{
	const struct mgw_reader r = mgw_reader_of(frame);
	uint32_t offset = 0;
	const uint16_t type = mgw_skip_tags(&r, &offset);

	switch (type) {
	case MGW_TYPE_IPV4:
		mgw_classify_ipv4(&r, offset, key);
		break;
	case MGW_TYPE_IPV6:
		mgw_classify_ipv6(&r, offset, key);
		break;
	case MGW_TYPE_ARP:
		if (program->exclude & 1u << MGW_EXCLUDED_ARP)
			key->excluded = MGW_EXCLUDED_ARP;
		/* fall through */
	default:
		key->unclassified =
		    (offset == 0 ? MGW_UNCLASSIFIED_SHORT : MGW_UNCLASSIFIED_NOT_IP) + 1;
		return;
	}
	if (key->family != 0)
		key->excluded = mgw_excluded_type(program, key);
}

/* Fill key with what the frame is: the way of all frames but the plain ones. */
MGW_STAGE void mgw_classify_any(const struct mgw_program *program, const struct rte_mbuf *frame,
				struct mgw_key *key)
{
	memset(key, 0, sizeof(*key));
	mgw_classify_frame(program, frame, key);
	key->unusual = key->family == 0 || key->excluded != MGW_EXCLUDED_NONE || key->resolver ||
		       key->fragment != MGW_WHOLE;
}

/*
 * What most frames are, decided by a few compares: untagged IPv4 without options and fragments,
 * TCP or UDP, neither address nor port special, all headers in the first segment. False: ask
 * mgw_classify_any, which says the same of such a frame.
 */
static __rte_always_inline bool mgw_classify_plain(const struct rte_mbuf *frame,
						   struct mgw_key *key, uint64_t *flow)
{
	const uint8_t *data = rte_pktmbuf_mtod(frame, const uint8_t *);
	const uint8_t *ip = data + MGW_ETHERNET_SIZE;
	uint32_t start, middle, source, destination, ports, s, d;
	uint8_t protocol;

	if (rte_pktmbuf_data_len(frame) < MGW_ETHERNET_SIZE + MGW_IPV4_SIZE + MGW_PORTS_SIZE)
		return false;
	memcpy(&start, data + MGW_ETHERTYPE_OFFSET, 4); /* EtherType, version, length, TOS */
	memcpy(&middle, ip + 6, 4);                     /* fragment, TTL, protocol */
	memcpy(&source, ip + 12, 4);
	memcpy(&destination, ip + 16, 4);
	memcpy(&ports, ip + MGW_IPV4_SIZE, 4);
	s = rte_be_to_cpu_32(ports) >> 16; /* see mgw_ports_of */
	d = rte_be_to_cpu_32(ports) & 0xffff;
	protocol = ip[9];
	if ((start & RTE_BE32(0xffffff00)) != RTE_BE32(MGW_TYPE_IPV4 << 16 | 0x4500) ||
	    (middle & RTE_BE32(0x3fff0000)) != 0 ||
	    (protocol != MGW_PROTO_TCP && protocol != MGW_PROTO_UDP) ||
	    (source & RTE_BE32(0xffff0000)) == RTE_BE32(0xa9fe0000) ||
	    (destination & RTE_BE32(0xffff0000)) == RTE_BE32(0xa9fe0000) ||
	    mgw_special_ports(s, d) || d == MGW_VXLAN_PORT)
		return false;
	key->acl_class = key->excluded = key->fragment = key->resolver = key->unclassified = 0;
	key->unusual = key->icmp_type = 0;
	key->family = 4;
	key->l4 = protocol | MGW_L4_PORTS;
	memcpy(&key->source_port, &ports, sizeof(ports));
	key->source[0] = source;
	key->destination[0] = destination;
	*flow = mgw_flow_hash4(source, destination, ports, protocol);
	return true;
}

#endif
