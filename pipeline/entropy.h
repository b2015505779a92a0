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

/* Both directions of a flow, and all fragments of a datagram, get the same number. */
static __rte_always_inline uint64_t mgw_flow_hash(const struct mgw_key *key)
{
	const uint64_t a = mgw_fold_address(key->family, key->source);
	const uint64_t b = mgw_fold_address(key->family, key->destination);
	const uint64_t s = rte_le_to_cpu_16(key->source_port);
	const uint64_t d = rte_le_to_cpu_16(key->destination_port);
	uint64_t h = (a + b) * 0x9e3779b97f4a7c15ull + (a ^ b);

	if (likely(!key->fragment && !(key->l4 & MGW_L4_UNKNOWN)))
		h += ((s + d) << 32) + (s ^ d) + (key->l4 & MGW_L4_PROTOCOL);
	h ^= h >> 32;
	h *= 0xff51afd7ed558ccdull;
	h ^= h >> 32;
	return h * 0xc4ceb9fe1a85ec53ull;
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
