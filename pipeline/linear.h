/*
 * linear: compare a packet with a block of rules at a time. A row of a block is one vector of
 * MGW_LANES words, which the compiler splits into what the machine has: one register (AVX-512),
 * two (AVX2) or four (SSE).
 */
#ifndef MGW_LINEAR_H
#define MGW_LINEAR_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "wide.h"

/* A row of a block: what the block says, or how the packet differs, a word for each rule. */
typedef uint32_t mgw_row __attribute__((vector_size(sizeof(uint32_t[MGW_LANES])), may_alias));

/* The same row of a block in memory. */
#define MGW_ROW(words) (*(const mgw_row *)(words))

/* First lane whose word is 0, or MGW_LANES. By way of bytes, of which a mask is made. */
static __rte_always_inline uint32_t mgw_first_zero(const mgw_row *row)
{
	typedef char bytes __attribute__((vector_size(MGW_LANES)));
	const bytes zero = __builtin_convertvector(*row == 0, bytes);
	uint32_t mask = 1u << MGW_LANES;

#ifdef __SSE2__
	mask |= (uint32_t)_mm_movemask_epi8((__m128i)zero);
#else
	for (uint32_t i = 0; i < MGW_LANES; i++)
		mask |= zero[i] != 0 ? 1u << i : 0;
#endif
	return (uint32_t)__builtin_ctz(mask);
}

/* Position of the first rule that matches, or MGW_NO_POSITION. */
static __rte_always_inline uint32_t mgw_linear4_one(const struct mgw_rules *rules,
						    const struct mgw_key *key)
{
	const struct mgw_block4 *block = rules->blocks;
	const uint32_t source = key->source[0], destination = key->destination[0];
	const uint32_t ports = mgw_ports_of(key), sport = ports >> 16, dport = ports & 0xffff;

	for (uint32_t b = 0; b < rules->n_blocks; b++, block++) {
		mgw_row differs =
		    ((MGW_ROW(block->source) ^ source) & MGW_ROW(block->source_mask)) |
		    ((MGW_ROW(block->destination) ^ destination) &
		     MGW_ROW(block->destination_mask)) |
		    ((MGW_ROW(block->l4) ^ key->l4) & MGW_ROW(block->l4_mask));
		uint32_t lane;

		if (block->ports)
			differs |= (mgw_row)(sport - MGW_ROW(block->source_first) >
					     MGW_ROW(block->source_span)) |
				   (mgw_row)(dport - MGW_ROW(block->destination_first) >
					     MGW_ROW(block->destination_span));
		lane = mgw_first_zero(&differs);
		if (lane < MGW_LANES)
			return b * MGW_LANES + lane;
	}
	return MGW_NO_POSITION;
}

static __rte_always_inline uint32_t mgw_linear6_one(const struct mgw_rules *rules,
						    const struct mgw_key *key)
{
	const struct mgw_block6 *block = rules->blocks;
	const uint32_t ports = mgw_ports_of(key), sport = ports >> 16, dport = ports & 0xffff;

	for (uint32_t b = 0; b < rules->n_blocks; b++, block++) {
		mgw_row differs =
		    ((MGW_ROW(block->l4) ^ key->l4) & MGW_ROW(block->l4_mask)) |
		    (mgw_row)(sport - MGW_ROW(block->source_first) > MGW_ROW(block->source_span)) |
		    (mgw_row)(dport - MGW_ROW(block->destination_first) >
			      MGW_ROW(block->destination_span));
		uint32_t lane;

		for (uint32_t w = 0; w < 4; w++)
			differs |= ((MGW_ROW(block->source[w]) ^ key->source[w]) &
				    MGW_ROW(block->source_mask[w])) |
				   ((MGW_ROW(block->destination[w]) ^ key->destination[w]) &
				    MGW_ROW(block->destination_mask[w]));
		lane = mgw_first_zero(&differs);
		if (lane < MGW_LANES)
			return b * MGW_LANES + lane;
	}
	return MGW_NO_POSITION;
}

/* Position of the first rule that matches each of n packets, or MGW_NO_POSITION. */
static __rte_always_inline void mgw_linear4(const struct mgw_rules *rules,
					    const struct mgw_key *const *keys, uint32_t n,
					    uint32_t *positions)
{
	if (mgw_is_wide())
		mgw_linear4_wide(rules, keys, n, positions);
	else
		for (uint32_t i = 0; i < n; i++)
			positions[i] = mgw_linear4_one(rules, keys[i]);
}

MGW_STAGE void mgw_linear6(const struct mgw_rules *rules, const struct mgw_key *const *keys,
			   uint32_t n, uint32_t *positions)
{
	for (uint32_t i = 0; i < n; i++)
		positions[i] = mgw_linear6_one(rules, keys[i]);
}

#endif
