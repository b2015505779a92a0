/*
 * linear: compare a packet with a block of rules at a time. The lanes are written as plain loops
 * over MGW_LANES, which the compiler turns into one vector instruction (AVX-512), two (AVX2) or
 * four (SSE) for each compare.
 */
#ifndef MGW_LINEAR_H
#define MGW_LINEAR_H

#include "pipe.h"

/* A position that no rule has. */
#define MGW_NO_POSITION UINT32_MAX

/* First lane whose word is 0, or MGW_LANES. By way of bytes: narrowing is a vector operation. */
static __rte_always_inline uint32_t mgw_first_zero(const uint32_t *words)
{
	uint8_t zero[MGW_LANES];
	uint64_t low, high;

	for (uint32_t i = 0; i < MGW_LANES; i++)
		zero[i] = words[i] == 0 ? 0xff : 0;
	memcpy(&low, zero, sizeof(low));
	memcpy(&high, zero + sizeof(low), sizeof(high));
	low = rte_cpu_to_le_64(low);
	high = rte_cpu_to_le_64(high);
	if (low != 0)
		return (uint32_t)__builtin_ctzll(low) / 8;
	return high != 0 ? 8 + (uint32_t)__builtin_ctzll(high) / 8 : MGW_LANES;
}

/* Position of the first rule that matches, or MGW_NO_POSITION. */
static __rte_always_inline uint32_t mgw_linear4(const struct mgw_rules *rules,
						const struct mgw_key *key)
{
	const struct mgw_block4 *block = rules->blocks;
	const uint32_t source = key->source[0], destination = key->destination[0];
	const uint32_t sport = rte_be_to_cpu_16(key->source_port);
	const uint32_t dport = rte_be_to_cpu_16(key->destination_port);

	for (uint32_t b = 0; b < rules->n_blocks; b++, block++) {
		uint32_t differs[MGW_LANES], lane;

		for (uint32_t i = 0; i < MGW_LANES; i++)
			differs[i] =
			    ((source ^ block->source[i]) & block->source_mask[i]) |
			    ((destination ^ block->destination[i]) & block->destination_mask[i]) |
			    ((key->l4 ^ block->l4[i]) & block->l4_mask[i]);
		if (block->ports)
			for (uint32_t i = 0; i < MGW_LANES; i++)
				differs[i] |=
				    (sport - block->source_first[i] > block->source_span[i]) |
				    (dport - block->destination_first[i] >
				     block->destination_span[i]);
		lane = mgw_first_zero(differs);
		if (lane < MGW_LANES)
			return b * MGW_LANES + lane;
	}
	return MGW_NO_POSITION;
}

static __rte_always_inline uint32_t mgw_linear6(const struct mgw_rules *rules,
						const struct mgw_key *key)
{
	const struct mgw_block6 *block = rules->blocks;
	const uint32_t sport = rte_be_to_cpu_16(key->source_port);
	const uint32_t dport = rte_be_to_cpu_16(key->destination_port);

	for (uint32_t b = 0; b < rules->n_blocks; b++, block++) {
		uint32_t differs[MGW_LANES], lane;

		for (uint32_t i = 0; i < MGW_LANES; i++)
			differs[i] =
			    ((key->l4 ^ block->l4[i]) & block->l4_mask[i]) |
			    (sport - block->source_first[i] > block->source_span[i]) |
			    (dport - block->destination_first[i] > block->destination_span[i]);
		for (uint32_t w = 0; w < 4; w++)
			for (uint32_t i = 0; i < MGW_LANES; i++)
				differs[i] |= ((key->source[w] ^ block->source[w][i]) &
					       block->source_mask[w][i]) |
					      ((key->destination[w] ^ block->destination[w][i]) &
					       block->destination_mask[w][i]);
		lane = mgw_first_zero(differs);
		if (lane < MGW_LANES)
			return b * MGW_LANES + lane;
	}
	return MGW_NO_POSITION;
}

#endif
