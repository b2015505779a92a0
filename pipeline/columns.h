/*
 * columns: mgw_classify_plain for processors with AVX-512, of sixteen frames at a time, one in each
 * lane of a vector. The tests of classify judge both ways.
 */
#ifndef MGW_COLUMNS_H
#define MGW_COLUMNS_H

#include "classify.h"
#include "wide.h"

#ifdef MGW_WIDE

/*
 * Frames to classify: a list of n, or if that is NULL the first n of the burst. The compiler makes
 * code of its own for either.
 */
struct mgw_some {
	const uint8_t *list;
	uint32_t first, n;
};

static __rte_always_inline uint32_t mgw_one_of(const struct mgw_some *some, uint32_t i)
{
	return some->list != NULL ? some->list[some->first + i] : some->first + i;
}

/* Where the headers of sixteen frames are. */
struct mgw_heads {
	const uint8_t *at[MGW_LANES];
};

/* The words that say what a frame is, as they stand in it. */
struct mgw_columns {
	__m512i start;  /* EtherType, version, length, TOS */
	__m512i middle; /* fragment, TTL, protocol */
	__m512i source, destination, ports;
};

/* Find the headers. Those of a frame that is too short are 0, as of no plain one. */
static inline __attribute__((always_inline)) MGW_WIDE void
mgw_find_heads(const struct mgw_pipe *pipe, const struct mgw_some *some, struct mgw_heads *heads)
{
	static const uint8_t none[MGW_ETHERNET_SIZE + MGW_IPV4_SIZE + MGW_PORTS_SIZE];

	for (uint32_t i = 0; i < some->n; i++) {
		const struct rte_mbuf *frame = pipe->frames[mgw_one_of(some, i)];

		heads->at[i] = likely(rte_pktmbuf_data_len(frame) >= sizeof(none))
				   ? rte_pktmbuf_mtod(frame, const uint8_t *)
				   : none;
	}
	for (uint32_t i = some->n; i < MGW_LANES; i++)
		heads->at[i] = none;
}

/* Sixteen bytes of every fourth frame, from the first one on. */
static inline __attribute__((always_inline)) MGW_WIDE __m512i
mgw_fourth(const struct mgw_heads *heads, uint32_t first, uint32_t offset)
{
#define MGW_BYTES(i) _mm_loadu_si128((const __m128i *)(heads->at[i] + offset))
	__m512i four = _mm512_castsi128_si512(MGW_BYTES(first));

	four = _mm512_inserti32x4(four, MGW_BYTES(first + 4), 1);
	four = _mm512_inserti32x4(four, MGW_BYTES(first + 8), 2);
	return _mm512_inserti32x4(four, MGW_BYTES(first + 12), 3);
#undef MGW_BYTES
}

/* Bytes 12 to 27 and 22 to 37 of each frame are four words, of which columns are made. */
static inline __attribute__((always_inline)) MGW_WIDE void
mgw_make_columns(const struct mgw_heads *heads, struct mgw_columns *columns)
{
	__m512i a = mgw_fourth(heads, 0, 12), b = mgw_fourth(heads, 1, 12);
	__m512i c = mgw_fourth(heads, 2, 12), d = mgw_fourth(heads, 3, 12);

	columns->start =
	    _mm512_unpacklo_epi64(_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
	columns->middle =
	    _mm512_unpacklo_epi64(_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
	a = mgw_fourth(heads, 0, 22);
	b = mgw_fourth(heads, 1, 22);
	c = mgw_fourth(heads, 2, 22);
	d = mgw_fourth(heads, 3, 22);
	columns->source =
	    _mm512_unpackhi_epi64(_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
	a = _mm512_unpackhi_epi32(a, b);
	c = _mm512_unpackhi_epi32(c, d);
	columns->destination = _mm512_unpacklo_epi64(a, c);
	columns->ports = _mm512_unpackhi_epi64(a, c);
}

/* Lanes where column & mask is value; both as they stand in the frame. */
static inline __attribute__((always_inline)) MGW_WIDE __mmask16 mgw_column_is(__m512i column,
									      uint32_t mask,
									      uint32_t value)
{
	return _mm512_cmpeq_epi32_mask(_mm512_and_si512(column, _mm512_set1_epi32((int)mask)),
				       _mm512_set1_epi32((int)value));
}

/* Lanes of which a port has a meaning, or is where copies go to. */
static inline __attribute__((always_inline)) MGW_WIDE uint32_t mgw_special_lanes(__m512i ports)
{
	const __m512i swap = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
	const __m512i host = _mm512_shuffle_epi8(ports, swap), s = _mm512_srli_epi32(host, 16);
	const __m512i d = _mm512_and_si512(host, _mm512_set1_epi32(0xffff));
	uint32_t low = _mm512_cmple_epu32_mask(_mm512_min_epu32(s, d),
					       _mm512_set1_epi32(MGW_SPECIAL_PORTS_LAST));
	uint32_t special = _mm512_cmpeq_epi32_mask(d, _mm512_set1_epi32(MGW_VXLAN_PORT));
	uint32_t words[MGW_LANES];

	if (likely(low == 0))
		return special;
	_mm512_storeu_si512(words, host);
	for (; low != 0; low &= low - 1) {
		const uint32_t lane = (uint32_t)__builtin_ctz(low);

		if (mgw_special_port(words[lane] >> 16) || mgw_special_port(words[lane] & 0xffff))
			special |= 1u << lane;
	}
	return special;
}

/* Lanes of plain frames. */
static inline __attribute__((always_inline)) MGW_WIDE uint32_t
mgw_plain_lanes(const struct mgw_columns *c)
{
	const uint32_t protocol = RTE_BE32(0xff), address = RTE_BE32(0xffff0000);
	const uint32_t link_local = RTE_BE32(0xa9fe0000);
	const uint32_t tcp_or_udp = mgw_column_is(c->middle, protocol, RTE_BE32(MGW_PROTO_TCP)) |
				    mgw_column_is(c->middle, protocol, RTE_BE32(MGW_PROTO_UDP));
	const uint32_t local = mgw_column_is(c->source, address, link_local) |
			       mgw_column_is(c->destination, address, link_local);

	return mgw_column_is(c->start, RTE_BE32(0xffffff00),
			     RTE_BE32(MGW_TYPE_IPV4 << 16 | 0x4500)) &
	       mgw_column_is(c->middle, RTE_BE32(0x3fff0000), 0) & tcp_or_udp & ~local &
	       ~mgw_special_lanes(c->ports);
}

/* mgw_flow_hash4 of eight lanes, low or high ones. */
static inline __attribute__((always_inline)) MGW_WIDE __m512i mgw_flows8(__m256i source,
									 __m256i destination,
									 __m256i sums,
									 __m256i differences)
{
	const __m512i a = _mm512_cvtepu32_epi64(source), b = _mm512_cvtepu32_epi64(destination);
	const __m512i between = _mm512_add_epi64(_mm512_slli_epi64(_mm512_cvtepu32_epi64(sums), 32),
						 _mm512_cvtepu32_epi64(differences));
	const __m512i pair =
	    _mm512_mullo_epi64(_mm512_add_epi64(a, b), _mm512_set1_epi64((long long)MGW_FLOW_PAIR));
	__m512i h = _mm512_add_epi64(_mm512_add_epi64(pair, _mm512_xor_si512(a, b)), between);

	h = _mm512_xor_si512(h, _mm512_srli_epi64(h, 32));
	h = _mm512_mullo_epi64(h, _mm512_set1_epi64((long long)MGW_FLOW_MIX));
	h = _mm512_xor_si512(h, _mm512_srli_epi64(h, 32));
	return _mm512_mullo_epi64(h, _mm512_set1_epi64((long long)MGW_FLOW_STIR));
}

/* The flows of all lanes. */
static inline __attribute__((always_inline)) MGW_WIDE void
mgw_flow_lanes(const struct mgw_columns *c, uint64_t *flows)
{
	const __m512i s = _mm512_and_si512(c->ports, _mm512_set1_epi32(0xffff));
	const __m512i d = _mm512_srli_epi32(c->ports, 16);
	const __m512i sums = _mm512_add_epi32(s, d);
	const __m512i differences =
	    _mm512_add_epi32(_mm512_xor_si512(s, d), _mm512_srli_epi32(c->middle, 24));

#define MGW_HALF(half)                                                                             \
	mgw_flows8(_mm512_extracti32x8_epi32(c->source, half),                                     \
		   _mm512_extracti32x8_epi32(c->destination, half),                                \
		   _mm512_extracti32x8_epi32(sums, half),                                          \
		   _mm512_extracti32x8_epi32(differences, half))
	_mm512_storeu_si512(flows, MGW_HALF(0));
	_mm512_storeu_si512(flows + 8, MGW_HALF(1));
#undef MGW_HALF
}

_Static_assert(offsetof(struct mgw_key, family) == 1 && offsetof(struct mgw_key, l4) == 8 &&
		   offsetof(struct mgw_key, source_port) == 12,
	       "the first sixteen bytes of a key are made at once");

/* The key of a plain frame. */
static inline __attribute__((always_inline)) MGW_WIDE void mgw_write_key(struct mgw_key *key,
									 const uint8_t *data)
{
	const __m128i known = _mm_setr_epi32(4 << 8, 0, MGW_L4_PORTS, 0);
	const __m128i from =
	    _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, 12, 13, 14, 15);
	const __m128i found = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 22)), from);

	_mm_store_si128((__m128i *)key, _mm_or_si128(found, known));
	memcpy(key->source, data + 26, 4);
	memcpy(key->destination, data + 30, 4);
}

/* Sixteen frames at most. Returns which are plain; the keys of others mean nothing. */
static inline __attribute__((always_inline)) MGW_WIDE uint32_t
mgw_classify16(struct mgw_pipe *pipe, const struct mgw_some *some)
{
	uint64_t flows[MGW_LANES];
	struct mgw_columns columns;
	struct mgw_heads heads;

	mgw_find_heads(pipe, some, &heads);
	mgw_make_columns(&heads, &columns);
	mgw_flow_lanes(&columns, flows);
	for (uint32_t i = 0; i < some->n; i++)
		mgw_write_key(&pipe->keys[mgw_one_of(some, i)], heads.at[i]);
	for (uint32_t i = 0; i < some->n; i++)
		pipe->flows[mgw_one_of(some, i)] = flows[i];
	return mgw_plain_lanes(&columns) & ((1u << some->n) - 1);
}

static inline __attribute__((always_inline)) MGW_WIDE uint32_t
mgw_classify_some(struct mgw_pipe *pipe, const uint8_t *list, uint32_t n)
{
	uint32_t plain = 0;

	for (uint32_t first = 0; first < n; first += MGW_LANES) {
		if (likely(n - first >= MGW_LANES)) { /* a number that the compiler knows */
			const struct mgw_some some = {list, first, MGW_LANES};

			plain |= mgw_classify16(pipe, &some) << first;
		} else {
			const struct mgw_some some = {list, first, n - first};

			plain |= mgw_classify16(pipe, &some) << first;
		}
	}
	return plain;
}

/*
 * Classify what is plain of n frames, those in the list or if that is NULL the first ones. Returns
 * which are, a bit for each.
 */
static MGW_WIDE __attribute__((noinline)) uint32_t
mgw_classify_wide(struct mgw_pipe *pipe, const uint8_t *list, uint32_t n)
{
	return list != NULL ? mgw_classify_some(pipe, list, n) : mgw_classify_some(pipe, NULL, n);
}
#else
static inline uint32_t mgw_classify_wide(struct mgw_pipe *pipe, const uint8_t *list, uint32_t n)
{
	(void)pipe, (void)list, (void)n;
	return 0;
}
#endif

#endif
