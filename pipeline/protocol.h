/* protocol: sizes and numbers of the headers that the stages read (IEEE 802, IANA). */
#ifndef MGW_PROTOCOL_H
#define MGW_PROTOCOL_H

enum {
	MGW_ETHERNET_SIZE = 14,
	MGW_ETHERTYPE_OFFSET = 12,
	MGW_TAG_SIZE = 4,
	MGW_TAGS_MAX = 2,
	MGW_CHAIN_MAX = 8, /* IPv6 extension headers */
	MGW_IPV4_SIZE = 20,
	MGW_IPV6_SIZE = 40,
	MGW_VXLAN_PORT = 4789, /* RFC 7348 section 8 */
	MGW_PORTS_SIZE = 4,    /* both ports, at the start of TCP, UDP and SCTP */
};

enum {
	MGW_TYPE_IPV4 = 0x0800,
	MGW_TYPE_ARP = 0x0806,
	MGW_TYPE_IPV6 = 0x86dd,
};

enum {
	MGW_PROTO_ICMP = 1,
	MGW_PROTO_TCP = 6,
	MGW_PROTO_UDP = 17,
	MGW_PROTO_ROUTING = 43,
	MGW_PROTO_FRAGMENT = 44,
	MGW_PROTO_AH = 51,
	MGW_PROTO_ICMPV6 = 58,
	MGW_PROTO_SCTP = 132,
};

#endif
