/* entropy: the number of a flow, and the outer UDP source port. vxlan.FlowHash is the same in Go; a
 * test compares them. */
#ifndef MGW_ENTROPY_H
#define MGW_ENTROPY_H

#include <rte_byteorder.h>

#include "pipe.h"

enum { MGW_SOURCE_PORT_FIRST = 49152 }; /* RFC 7348 section 5: dynamic/private ports */

/*
 * IPv4: the little-endian number of the bytes on the wire, on our machines just a load. IPv6: both
 * halves, big-endian, so that hosts of one network differ in low bits.
 */
static __rte_always_inline uint64_t mgw_fold_address(uint8_t family, const uint32_t *address)
{
	uint64_t first, second;

	if (likely(family == 4))
		return rte_le_to_cpu_32(address[0]);
	memcpy(&first, address, 8);
	memcpy(&second, address + 2, 8);
	return rte_be_to_cpu_64(first) ^ (rte_be_to_cpu_64(second) * 0x9e3779b97f4a7c15ull);
}

#define MGW_FLOW_PAIR 0x9e3779b97f4a7c15ull
#define MGW_FLOW_MIX  0xff51afd7ed558ccdull
#define MGW_FLOW_STIR 0xc4ceb9fe1a85ec53ull

/* Two addresses and what is between them make a number that the order does not change. */
static __rte_always_inline uint64_t mgw_mix_flow(uint64_t a, uint64_t b, uint64_t between)
{
	uint64_t h = (a + b) * MGW_FLOW_PAIR + (a ^ b) + between;

	h ^= h >> 32;
	h *= MGW_FLOW_MIX;
	h ^= h >> 32;
	return h * MGW_FLOW_STIR;
}

/* Two ports as they stand in the frame, and the protocol. */
static __rte_always_inline uint64_t mgw_between(uint32_t ports, uint8_t protocol)
{
	const uint64_t s = rte_le_to_cpu_32(ports) & 0xffff, d = rte_le_to_cpu_32(ports) >> 16;

	return ((s + d) << 32) + (s ^ d) + protocol;
}

/* mgw_flow_hash of IPv4 that is no fragment; all as it stands in the frame. */
static __rte_always_inline uint64_t mgw_flow_hash4(uint32_t source, uint32_t destination,
						   uint32_t ports, uint8_t protocol)
{
	return mgw_mix_flow(rte_le_to_cpu_32(source), rte_le_to_cpu_32(destination),
			    mgw_between(ports, protocol));
}

/* Both directions of a flow, and all fragments of a datagram, get the same number. */
static inline uint64_t mgw_flow_hash(const struct mgw_key *key)
{
	uint64_t between = 0;
	uint32_t ports;

	memcpy(&ports, &key->source_port, sizeof(ports));
	if (likely(!key->fragment && !(key->l4 & MGW_L4_UNKNOWN)))
		between = mgw_between(ports, key->l4 & MGW_L4_PROTOCOL);
	return mgw_mix_flow(mgw_fold_address(key->family, key->source),
			    mgw_fold_address(key->family, key->destination), between);
}

/* The outer UDP source port, host order. */
static __rte_always_inline uint16_t mgw_source_port(uint64_t flow)
{
	return (uint16_t)(MGW_SOURCE_PORT_FIRST + (flow >> 50));
}

/* Which of n shares a flow belongs to: by bits that the source port does not show. */
static __rte_always_inline uint32_t mgw_flow_share(uint64_t flow, uint32_t n)
{
	return (uint32_t)(((flow >> 18 & UINT32_MAX) * n) >> 32);
}

#endif
