/*
 * wide: linear's comparison for processors with AVX-512. The rules of a block stay in registers
 * while the packets pass, and what differs becomes a mask at once. linear.h says what is compared
 * and is the other way; a test has both judged by the same packets.
 */
#ifndef MGW_WIDE_H
#define MGW_WIDE_H

#include <stdbool.h>

#include "pipe.h"

/* A position that no rule has. */
#define MGW_NO_POSITION UINT32_MAX

#if defined(__x86_64__) && !defined(MGW_NO_CLONES)
#include <immintrin.h>

#define MGW_WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2")))

static inline bool mgw_is_wide(void)
{
	return __builtin_cpu_supports("avx512bw");
}

/* (a ^ b) & c, and a | b | c: what _mm512_ternarylogic_epi32 calls them. */
enum { MGW_DIFFERS = 0x28, MGW_ANY = 0xfe };

static inline __attribute__((always_inline)) MGW_WIDE __m512i mgw_differs(const uint32_t *row,
									  uint32_t value,
									  const uint32_t *mask)
{
	return _mm512_ternarylogic_epi32(_mm512_load_si512(row), _mm512_set1_epi32((int)value),
					 _mm512_load_si512(mask), MGW_DIFFERS);
}

/* Of these lanes those whose range has the port. */
static inline __attribute__((always_inline)) MGW_WIDE __mmask16 mgw_port_fits(__mmask16 lanes,
									      uint16_t port,
									      const uint32_t *first,
									      const uint32_t *span)
{
	const __m512i host = _mm512_set1_epi32((int)port);

	return _mm512_mask_cmple_epu32_mask(lanes, _mm512_sub_epi32(host, _mm512_load_si512(first)),
					    _mm512_load_si512(span));
}

/* The lanes of a block whose rule matches the packet. */
static inline __attribute__((always_inline)) MGW_WIDE uint32_t
mgw_block4_wide(const struct mgw_block4 *block, const struct mgw_key *key, bool ports)
{
	const __m512i differs = _mm512_ternarylogic_epi32(
	    mgw_differs(block->source, key->source[0], block->source_mask),
	    mgw_differs(block->destination, key->destination[0], block->destination_mask),
	    mgw_differs(block->l4, key->l4, block->l4_mask), MGW_ANY);
	__mmask16 fits = _mm512_testn_epi32_mask(differs, differs);

	if (ports) {
		const uint32_t both = mgw_ports_of(key);

		fits = mgw_port_fits(fits, both >> 16, block->source_first, block->source_span);
		fits = mgw_port_fits(fits, both & 0xffff, block->destination_first,
				     block->destination_span);
	}
	return fits;
}

/* The blocks behind the first. */
static MGW_WIDE uint32_t mgw_more_blocks4_wide(const struct mgw_rules *rules,
					       const struct mgw_key *key)
{
	const struct mgw_block4 *blocks = rules->blocks;

	for (uint32_t b = 1; b < rules->n_blocks; b++) {
		const uint32_t fits = mgw_block4_wide(&blocks[b], key, true);

		if (fits != 0)
			return b * MGW_LANES + (uint32_t)__builtin_ctz(fits);
	}
	return MGW_NO_POSITION;
}

/* Position of the first rule that matches each of n packets, or MGW_NO_POSITION. */
static inline __attribute__((always_inline)) MGW_WIDE void
mgw_packets4_wide(const struct mgw_rules *rules, const struct mgw_key *const *keys, uint32_t n,
		  uint32_t *restrict positions, bool ports)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t fits = mgw_block4_wide(rules->blocks, keys[i], ports);

		positions[i] = likely(fits != 0) ? (uint32_t)__builtin_ctz(fits)
						 : mgw_more_blocks4_wide(rules, keys[i]);
	}
}

static MGW_WIDE __attribute__((noinline)) void mgw_linear4_wide(const struct mgw_rules *rules,
								const struct mgw_key *const *keys,
								uint32_t n, uint32_t *positions)
{
	const struct mgw_block4 *first = rules->blocks;

	if (rules->n_blocks == 0) {
		for (uint32_t i = 0; i < n; i++)
			positions[i] = MGW_NO_POSITION;
	} else if (first->ports) {
		mgw_packets4_wide(rules, keys, n, positions, true);
	} else {
		mgw_packets4_wide(rules, keys, n, positions, false);
	}
}
#else
static inline bool mgw_is_wide(void)
{
	return false;
}

static inline void mgw_linear4_wide(const struct mgw_rules *rules,
				    const struct mgw_key *const *keys, uint32_t n,
				    uint32_t *positions)
{
	(void)rules, (void)keys, (void)n, (void)positions;
}
#endif

#endif
