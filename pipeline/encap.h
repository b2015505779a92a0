/*
 * encap: turn held frames into copies and put the outer header in front. The header was built
 * when the session was; only MACs, lengths, source port and checksums are written here.
 */
#ifndef MGW_ENCAP_H
#define MGW_ENCAP_H

#include <rte_ip.h>

#include "hold.h"

enum {
	MGW_IPV4_LENGTH_OFFSET = 16, /* total length */
	MGW_IPV4_SUM_OFFSET = 24,
	MGW_IPV4_SOURCE_OFFSET = 26,
	MGW_IPV4_DESTINATION_OFFSET = 30,
	MGW_IPV6_DESTINATION_OFFSET = 38,
	MGW_IPV4_UDP_OFFSET = 34,
	MGW_IPV6_LENGTH_OFFSET = 18, /* payload length */
	MGW_IPV6_UDP_OFFSET = 54,
	MGW_UDP_LENGTH_OFFSET = 4, /* from the UDP header on */
	MGW_UDP_SUM_OFFSET = 6,
	MGW_VNI_OFFSET = 12, /* with the byte behind it, which is 0 */
	MGW_VNI4_OFFSET = MGW_IPV4_UDP_OFFSET + MGW_VNI_OFFSET, /* from the start on */
	MGW_UDP_AND_VXLAN = 16,
	MGW_HEADER4_SIZE = 50,
	MGW_HEADER6_SIZE = 70,
};

static __rte_always_inline void mgw_put16(uint8_t *at, uint32_t value)
{
	const uint16_t be = rte_cpu_to_be_16((uint16_t)value);

	memcpy(at, &be, sizeof(be));
}

/* Give back the references of a copy that is not made. */
MGW_STAGE void mgw_release(struct mgw_pipe *pipe, const struct mgw_copy *copy)
{
	for (uint16_t i = 0; i < copy->n_held; i++)
		rte_pktmbuf_free_seg(pipe->held[copy->first_held + i].segment);
	rte_pktmbuf_free(copy->head);
}

/*
 * What rte_pktmbuf_attach does for a direct segment, but for the reference, which hold took: it is
 * handed over, for another one and its return would be an atomic operation each.
 */
static __rte_always_inline void mgw_attach_direct(struct rte_mbuf *indirect,
						  const struct rte_mbuf *segment)
{
	indirect->priv_size = segment->priv_size; /* leads back to the segment when freed */
	indirect->buf_addr = segment->buf_addr;
	rte_mbuf_iova_set(indirect, rte_mbuf_iova_get(segment));
	indirect->buf_len = segment->buf_len;
	indirect->data_off = segment->data_off;
	indirect->ol_flags = RTE_MBUF_F_INDIRECT;
}

/*
 * Make indirect refer to the segment, taking over the reference that hold took. Where the data
 * lies is read from the segment again, after production was sent: a driver leaves that alone
 * while others hold references. The length was noted before.
 */
static __rte_always_inline void mgw_attach(struct rte_mbuf *indirect, const struct mgw_held *held)
{
	struct rte_mbuf *segment = held->segment;

	if (likely(RTE_MBUF_DIRECT(segment))) {
		mgw_attach_direct(indirect, segment);
	} else {
		rte_pktmbuf_attach(indirect, segment);
		indirect->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
		rte_pktmbuf_free_seg(segment); /* attach took its own */
	}
	indirect->data_len = held->length;
}

/* Chain an indirect mbuf behind the header for every held segment. False: no mbuf left. */
MGW_STAGE bool mgw_reference(struct mgw_pipe *pipe, struct mgw_copy *copy, uint16_t header_length)
{
	struct rte_mbuf *indirects[MGW_MAX_HELD], *tail;

	if (unlikely(pipe->n_stock == 0))
		return false;
	if (unlikely(rte_pktmbuf_alloc_bulk(pipe->indirect_pool, indirects, copy->n_held) != 0))
		return false;
	tail = copy->head = pipe->stock[--pipe->n_stock];
	copy->head->data_len = header_length;
	for (uint16_t i = 0; i < copy->n_held; i++) {
		mgw_attach(indirects[i], &pipe->held[copy->first_held + i]);
		tail->next = indirects[i];
		tail = indirects[i];
	}
	copy->head->nb_segs = (uint16_t)(1 + copy->n_held);
	copy->n_held = 0;
	return true;
}

/* The outer source address of an IPv4 header. Returns what it adds to the header's sum. */
static __rte_always_inline uint32_t mgw_put_source(uint8_t *header, uint32_t address)
{
	const uint32_t host = rte_be_to_cpu_32(address);

	memcpy(header + MGW_IPV4_SOURCE_OFFSET, &address, sizeof(address));
	return (host >> 16) + (host & 0xffff);
}

static __rte_always_inline void mgw_finish_ipv4(struct rte_mbuf *m, uint8_t *header, uint32_t sum,
						const struct mgw_copy *copy, uint32_t address)
{
	const uint32_t total = copy->inner + MGW_IPV4_SIZE + MGW_UDP_AND_VXLAN;
	const struct mgw_next_hop *hop = copy->hop;

	sum += mgw_put_source(header, address);
	mgw_put16(header + MGW_IPV4_LENGTH_OFFSET, total);
	if (hop->ip_checksum_offload) {
		m->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
		m->l2_len = MGW_ETHERNET_SIZE;
		m->l3_len = MGW_IPV4_SIZE;
		return;
	}
	sum += total;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	mgw_put16(header + MGW_IPV4_SUM_OFFSET, ~sum);
}

/*
 * One's complement sum of everything from offset (in the first segment) on. rte_raw_cksum_mbuf of
 * 22.11 loses carries behind a segment of odd length, so segments are added up here.
 */
MGW_STAGE uint32_t mgw_sum_chain(const struct rte_mbuf *m, uint16_t offset)
{
	uint32_t sum = 0, done = 0;

	for (; m != NULL; offset = 0, m = m->next) {
		const uint32_t length = (uint32_t)(m->data_len - offset);
		const uint16_t part =
		    rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, offset), length);

		sum += done & 1 ? rte_bswap16(part) : part;
		done += length;
	}
	return sum;
}

/* RFC 8200 section 8.1: the checksum is not optional, and 0 is sent as 0xffff. */
MGW_STAGE void mgw_finish_ipv6(struct rte_mbuf *m, uint8_t *header, uint32_t inner,
			       const struct mgw_next_hop *hop)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(header + MGW_ETHERNET_SIZE);
	uint8_t *sum_at = header + MGW_IPV6_UDP_OFFSET + MGW_UDP_SUM_OFFSET;
	uint32_t sum;
	uint16_t folded;

	mgw_put16(header + MGW_IPV6_LENGTH_OFFSET, inner + MGW_UDP_AND_VXLAN);
	if (hop->udp_checksum_offload) {
		m->ol_flags |= RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM;
		m->l2_len = MGW_ETHERNET_SIZE;
		m->l3_len = MGW_IPV6_SIZE;
		folded = rte_ipv6_phdr_cksum(ip, m->ol_flags);
		memcpy(sum_at, &folded, sizeof(folded));
		return;
	}
	sum = mgw_sum_chain(m, MGW_IPV6_UDP_OFFSET) + rte_ipv6_phdr_cksum(ip, 0);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	folded = sum == 0xffff ? 0xffff : (uint16_t)~sum;
	memcpy(sum_at, &folded, sizeof(folded));
}

/*
 * The header of a session to a load balancer has no destination: the flow's member has. Returns
 * what it adds to the sum of an IPv4 header.
 */
MGW_STAGE uint32_t mgw_put_member(uint8_t *header, bool ipv6, const struct mgw_next_hop *hop)
{
	if (ipv6)
		memcpy(header + MGW_IPV6_DESTINATION_OFFSET, hop->address, 16);
	else
		memcpy(header + MGW_IPV4_DESTINATION_OFFSET, hop->address, 4);
	return hop->address_sum;
}

/* The tunnel port's own 802.1Q tag, into the headroom. */
MGW_STAGE void mgw_put_tag(struct rte_mbuf *m, uint8_t *header, const struct mgw_next_hop *hop)
{
	memmove(header - MGW_TAG_SIZE, header, sizeof(hop->macs));
	memcpy(header - MGW_TAG_SIZE + sizeof(hop->macs), hop->tag, sizeof(hop->tag));
	m->data_off -= MGW_TAG_SIZE;
	m->data_len += MGW_TAG_SIZE;
	m->pkt_len += MGW_TAG_SIZE;
	m->l2_len += MGW_TAG_SIZE; /* read with an offload flag only */
}

/* The outer header of one copy whose inner bytes are in place. */
static __rte_always_inline void mgw_encap(const struct mgw_copy *copy,
					  const struct mgw_session *session)
{
	const struct mgw_way *way = copy->way;
	const struct mgw_next_hop *hop = copy->hop;
	struct rte_mbuf *m = copy->head;
	uint8_t *header = rte_pktmbuf_mtod(m, uint8_t *);
	const uint32_t inner = copy->inner;
	const bool ipv6 = way->ipv6;
	uint32_t sum = way->ip_sum;
	uint8_t *udp = header + (ipv6 ? MGW_IPV6_UDP_OFFSET : MGW_IPV4_UDP_OFFSET);

	if (ipv6) /* lengths that the compiler knows */
		memcpy(header, way->header, MGW_HEADER6_SIZE);
	else
		memcpy(header, way->header, MGW_HEADER4_SIZE);
	memcpy(header, hop->macs, sizeof(hop->macs));
	if (unlikely(way->destination == NULL))
		sum += mgw_put_member(header, ipv6, hop);
	memcpy(udp, &copy->source_port, 2);
	mgw_put16(udp + MGW_UDP_LENGTH_OFFSET, inner + MGW_UDP_AND_VXLAN);
	memcpy(udp + MGW_VNI_OFFSET, &session->vni, sizeof(session->vni));
	m->pkt_len = way->header_length + inner;
	if (ipv6)
		mgw_finish_ipv6(m, header, inner, hop);
	else
		mgw_finish_ipv4(m, header, sum, copy, session->address);
	if (unlikely(hop->tagged))
		mgw_put_tag(m, header, hop);
}

#endif
