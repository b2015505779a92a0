/*
 * exclude: traffic that is never mirrored (AWS guide, "Traffic types"), and DNS resolvers.
 * rules.Exclude is the same in Go.
 */
#ifndef MGW_EXCLUDE_H
#define MGW_EXCLUDE_H

#include <stdbool.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>

#include "pipe.h"
#include "protocol.h"

MGW_STAGE bool mgw_is_resolver(const struct mgw_program *program, uint8_t family,
			       const uint32_t *address)
{
	for (uint32_t i = 0; i < program->n_resolvers; i++) {
		const struct mgw_resolver *known = &program->resolvers[i];

		if (known->family == family &&
		    memcmp(known->address, address, family == 4 ? 4 : 16) == 0)
			return true;
	}
	return false;
}

enum { MGW_SPECIAL_PORTS_LAST = 547 };

/* Whether a port has a meaning here: 53, 67, 68, 123, 546, 547. Nearly every frame ends here. */
static __rte_always_inline bool mgw_special_port(uint32_t port)
{
	static const uint64_t special[] = {
	    [53 / 64] = 1ull << 53 % 64,
	    [67 / 64] = 1ull << 67 % 64 | 1ull << 68 % 64 | 1ull << 123 % 64,
	    [547 / 64] = 1ull << 546 % 64 | 1ull << 547 % 64,
	};

	return port / 64 < RTE_DIM(special) && (special[port / 64] >> port % 64 & 1) != 0;
}

/* Whether either of two ports has; most ports are above all that have. */
static __rte_always_inline bool mgw_special_ports(uint32_t a, uint32_t b)
{
	return unlikely(RTE_MIN(a, b) <= MGW_SPECIAL_PORTS_LAST) &&
	       (mgw_special_port(a) || mgw_special_port(b));
}

/* The AWS guide's "Traffic types", as far as L4 ports tell them: bits 1 << enum mgw_excluded. */
MGW_STAGE uint32_t mgw_excluded_by_ports(const struct mgw_program *program, struct mgw_key *key,
					 uint16_t s, uint16_t d)
{
	uint32_t types = 0;

	if ((d == 53 && mgw_is_resolver(program, key->family, key->destination)) ||
	    (s == 53 && mgw_is_resolver(program, key->family, key->source)))
		key->resolver = 1;
	if ((key->l4 & MGW_L4_PROTOCOL) != MGW_PROTO_UDP)
		return 0;
	if (key->family == 4 && (s == 67 || s == 68 || d == 67 || d == 68))
		types |= 1u << MGW_EXCLUDED_DHCP;
	if (key->family == 6 && (s == 546 || s == 547 || d == 546 || d == 547))
		types |= 1u << MGW_EXCLUDED_DHCP;
	if (s == 123 || d == 123)
		types |= 1u << MGW_EXCLUDED_NTP;
	return types;
}

/* Whether an address can have a meaning here: 169.254.0.0/16 or fd00::/16. */
static __rte_always_inline bool mgw_special_address(uint8_t family, const uint32_t *address)
{
	uint8_t start[2];

	memcpy(start, address, sizeof(start));
	return family == 4 ? start[0] == 169 && start[1] == 254 : start[0] == 0xfd && start[1] == 0;
}

/* The AWS guide's "Traffic types", as far as one IP address tells them: a bit, or 0. */
MGW_STAGE uint32_t mgw_excluded_by_address(uint8_t family, const uint32_t *address)
{
	static const uint8_t metadata6[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54};

	if (family == 6)
		return memcmp(address, metadata6, 16) == 0 ? 1u << MGW_EXCLUDED_METADATA : 0;
	switch (rte_be_to_cpu_32(address[0])) {
	case 0xa9fea9fe: /* 169.254.169.254 */
		return 1u << MGW_EXCLUDED_METADATA;
	case 0xa9fea9fa: /* 169.254.169.250 */
	case 0xa9fea9fb: /* 169.254.169.251 */
		return 1u << MGW_EXCLUDED_WINDOWS_ACTIVATION;
	}
	return 0;
}

/*
 * Whether the packet is a copy of ours (or another gateway's to the same appliance): mirroring it
 * again would never end where copies leave through a mirrored wire.
 */
MGW_STAGE bool mgw_is_own_copy(const struct mgw_program *program, const struct mgw_key *key)
{
	const struct mgw_address_set *set = program->destinations;
	const uint32_t *address = key->destination;
	const uint64_t word = (uint64_t)(address[0] ^ address[2]) << 32 | (address[1] ^ address[3]);

	for (uint32_t at = (uint32_t)(word * set->multiplier >> set->shift);; at++) {
		const struct mgw_address *known = &set->slots[at & set->mask];

		if (known->family == 0)
			return false;
		if (known->family == key->family &&
		    memcmp(known->words, address, key->family == 4 ? 4 : 16) == 0)
			return true;
	}
}

/* First excluded type in the AWS guide's order that is switched on. */
static __rte_always_inline uint8_t mgw_excluded_type(const struct mgw_program *program,
						     struct mgw_key *key)
{
	const uint16_t s = rte_be_to_cpu_16(key->source_port);
	const uint16_t d = rte_be_to_cpu_16(key->destination_port);
	uint32_t types = 0;

	if (unlikely(mgw_special_address(key->family, key->source)))
		types |= mgw_excluded_by_address(key->family, key->source);
	if (unlikely(mgw_special_address(key->family, key->destination)))
		types |= mgw_excluded_by_address(key->family, key->destination);
	if (unlikely(mgw_special_port(s) || mgw_special_port(d)) && (key->l4 & MGW_L4_PORTS))
		types |= mgw_excluded_by_ports(program, key, s, d);
	types &= program->exclude;
	if (unlikely(d == MGW_VXLAN_PORT) && key->l4 == (MGW_PROTO_UDP | MGW_L4_PORTS) &&
	    mgw_is_own_copy(program, key))
		return MGW_EXCLUDED_OWN_COPY;
	return unlikely(types != 0) ? (uint8_t)__builtin_ctz(types) : MGW_EXCLUDED_NONE;
}

#endif
