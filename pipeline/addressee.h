/* addressee: whom a frame is for, and what an ICMP error quotes; see host.h. */
#ifndef MGW_ADDRESSEE_H
#define MGW_ADDRESSEE_H

#include "classify.h"
#include "host.h"

enum {
	MGW_TYPE_VLAN = 0x8100,
	MGW_ICMP_HEADER = 8,  /* of an error, before what it quotes (RFC 792, RFC 4443) */
	MGW_OPTIONS_SIZE = 8, /* hop-by-hop options that are a router alert alone */
};

/*
 * The EtherType of a frame in the host's own VLAN; 0 for another VLAN or less than a header. A
 * priority tag, VLAN 0, says nothing of a VLAN (IEEE 802.1Q 6.9.1): to a host without one the frame
 * is as good as untagged.
 */
static uint16_t mgw_own_type(const struct mgw_host *host, const struct mgw_reader *r,
			     uint32_t *offset)
{
	uint8_t scratch[MGW_TAG_SIZE + 2];
	const uint8_t *p = mgw_read(r, MGW_ETHERTYPE_OFFSET, 2, scratch);

	if (p == NULL)
		return 0;
	if (mgw_be16(p) != MGW_TYPE_VLAN) {
		*offset = MGW_ETHERTYPE_OFFSET + 2;
		return host->vlan == 0 ? mgw_be16(p) : 0;
	}
	p = mgw_read(r, MGW_ETHERTYPE_OFFSET, MGW_TAG_SIZE + 2, scratch);
	if (p == NULL || (mgw_be16(p + 2) & 0x0fff) != host->vlan)
		return 0;
	*offset = MGW_ETHERTYPE_OFFSET + MGW_TAG_SIZE + 2;
	return mgw_be16(p + MGW_TAG_SIZE);
}

static bool mgw_has_v4(const struct mgw_host *host, const uint8_t *address)
{
	for (uint16_t i = 0; i < host->n4; i++)
		if (memcmp(&host->v4[i], address, 4) == 0)
			return true;
	return false;
}

static bool mgw_has_v6(const struct mgw_host *host, const uint8_t *address)
{
	for (uint16_t i = 0; i < host->n6; i++)
		if (memcmp(host->v6[i], address, 16) == 0)
			return true;
	return false;
}

/* All-nodes, or the solicited-node group of one of our addresses (RFC 4291 2.7.1). */
static bool mgw_in_group(const struct mgw_host *host, const uint8_t *group)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};

	if (memcmp(group, all_nodes, sizeof(all_nodes)) == 0)
		return host->n6 > 0;
	if (memcmp(group, solicited, sizeof(solicited)) != 0)
		return false;
	for (uint16_t i = 0; i < host->n6; i++)
		if (memcmp(&host->v6[i][13], group + 13, 3) == 0)
			return true;
	return false;
}

/*
 * Whether an IPv6 packet asks which groups are listened to: an MLD query has a router alert in
 * front (RFC 3810 5.1, RFC 2711). A switch that gets no answer keeps solicitations from us.
 */
static bool mgw_is_mld_query(const struct mgw_reader *r, uint32_t offset)
{
	uint8_t scratch[MGW_OPTIONS_SIZE + 1];
	const uint8_t *p = mgw_read(r, offset + MGW_IPV6_SIZE, sizeof(scratch), scratch);

	return p != NULL && p[0] == MGW_PROTO_ICMPV6 && p[1] == 0 && p[MGW_OPTIONS_SIZE] == 130;
}

/* A frame to a group MAC. */
static enum mgw_addressee mgw_group_addressee(const struct mgw_host *host,
					      const struct mgw_reader *r, uint32_t offset,
					      uint16_t type)
{
	uint8_t scratch[MGW_IPV6_SIZE + 1];
	const uint8_t *p;

	if (type == MGW_TYPE_ARP)
		return MGW_EVERYBODYS;
	if (type != MGW_TYPE_IPV6)
		return MGW_OTHERS;
	p = mgw_read(r, offset, sizeof(scratch), scratch);
	if (p == NULL || !mgw_in_group(host, p + 24))
		return MGW_OTHERS;
	if (p[6] == 0) /* hop-by-hop options */
		return mgw_is_mld_query(r, offset) ? MGW_EVERYBODYS : MGW_OTHERS;
	if (p[6] != MGW_PROTO_ICMPV6)
		return MGW_OTHERS;
	p += MGW_IPV6_SIZE; /* type 133 to 137: Neighbor Discovery (RFC 4861 4) */
	return p[0] >= 133 && p[0] <= 137 ? MGW_EVERYBODYS : MGW_OTHERS;
}

/* A frame to our MAC. */
static enum mgw_addressee mgw_unicast_addressee(const struct mgw_host *host,
						const struct mgw_reader *r, uint32_t offset,
						uint16_t type)
{
	uint8_t scratch[MGW_IPV6_SIZE];
	const uint8_t *ip;

	switch (type) {
	case MGW_TYPE_ARP:
		return MGW_OURS;
	case MGW_TYPE_IPV4:
		ip = mgw_read(r, offset, MGW_IPV4_SIZE, scratch);
		if (ip == NULL || !mgw_has_v4(host, ip + 16))
			return MGW_OTHERS;
		return ip[9] == MGW_PROTO_ICMP ? MGW_OURS : MGW_OURS_IDLE;
	case MGW_TYPE_IPV6:
		ip = mgw_read(r, offset, MGW_IPV6_SIZE, scratch);
		if (ip == NULL || !mgw_has_v6(host, ip + 24))
			return MGW_OTHERS;
		return ip[6] == MGW_PROTO_ICMPV6 ? MGW_OURS : MGW_OURS_IDLE;
	}
	return MGW_OTHERS;
}

enum mgw_addressee mgw_addressee_of(const struct mgw_host *host, const struct rte_mbuf *frame)
{
	const struct mgw_reader r = mgw_reader_of(frame);
	uint8_t scratch[MGW_ETHERNET_SIZE];
	const uint8_t *to = mgw_read(&r, 0, MGW_ETHERNET_SIZE, scratch);
	uint32_t offset;
	uint16_t type;

	if (to == NULL)
		return MGW_OTHERS;
	type = mgw_own_type(host, &r, &offset);
	if (type == 0)
		return MGW_OTHERS;
	if ((to[0] & 1) != 0)
		return mgw_group_addressee(host, &r, offset, type);
	if (memcmp(to, host->mac, sizeof(host->mac)) != 0)
		return MGW_OTHERS;
	return mgw_unicast_addressee(host, &r, offset, type);
}

/* Whether the packet that is quoted at offset is UDP to the port of VXLAN. */
static bool mgw_quoted_vxlan(const struct mgw_reader *r, uint32_t offset, uint8_t protocol)
{
	uint8_t scratch[MGW_PORTS_SIZE];
	const uint8_t *ports = mgw_read(r, offset, MGW_PORTS_SIZE, scratch);

	return ports != NULL && protocol == MGW_PROTO_UDP && mgw_be16(ports + 2) == MGW_VXLAN_PORT;
}

static bool mgw_quotes_copy4(const struct mgw_reader *r, uint32_t offset)
{
	uint8_t scratch[MGW_ICMP_HEADER + MGW_IPV4_SIZE];
	const uint8_t *p = mgw_read(r, offset, MGW_IPV4_SIZE, scratch);

	if (p == NULL || p[9] != MGW_PROTO_ICMP || (mgw_be16(p + 6) & 0x1fff) != 0)
		return false;
	offset += (p[0] & 0x0f) * 4u;
	p = mgw_read(r, offset, sizeof(scratch), scratch);
	if (p == NULL || p[0] != 3 || p[1] != 4)
		return false;
	p += MGW_ICMP_HEADER;
	return p[0] >> 4 == 4 && (mgw_be16(p + 6) & 0x1fff) == 0 &&
	       mgw_quoted_vxlan(r, offset + MGW_ICMP_HEADER + (p[0] & 0x0f) * 4u, p[9]);
}

static bool mgw_quotes_copy6(const struct mgw_reader *r, uint32_t offset)
{
	uint8_t scratch[MGW_ICMP_HEADER + MGW_IPV6_SIZE];
	const uint8_t *p = mgw_read(r, offset, MGW_IPV6_SIZE, scratch);

	if (p == NULL || p[6] != MGW_PROTO_ICMPV6)
		return false;
	offset += MGW_IPV6_SIZE;
	p = mgw_read(r, offset, sizeof(scratch), scratch);
	if (p == NULL || p[0] != 2)
		return false;
	p += MGW_ICMP_HEADER;
	return p[0] >> 4 == 6 &&
	       mgw_quoted_vxlan(r, offset + MGW_ICMP_HEADER + MGW_IPV6_SIZE, p[6]);
}

bool mgw_quotes_copy(const struct rte_mbuf *frame)
{
	const struct mgw_reader r = mgw_reader_of(frame);
	uint32_t offset = 0;

	switch (mgw_skip_tags(&r, &offset)) {
	case MGW_TYPE_IPV4:
		return mgw_quotes_copy4(&r, offset);
	case MGW_TYPE_IPV6:
		return mgw_quotes_copy6(&r, offset);
	}
	return false;
}

#endif
