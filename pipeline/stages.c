/*
 * The stages of the data path as one translation unit, so that the compiler sees the whole way
 * of a burst, and the doors that the poll loop uses: decide and copy, and what follows when the
 * copies were sent.
 */
/*
 * Fields of a structure that are set one after the other are stored one after the other: the
 * compiler would gather them in vectors first, which is longer.
 */
#pragma GCC optimize("no-tree-slp-vectorize")

#include "addressee.h"
#include "classify.h"
#include "columns.h"
#include "encap.h"
#include "handover.h"
#include "hold.h"
#include "match.h"
#include "outer.h"
#include "repair.h"
#include "source.h"
#include "stopwatch.h"

_Static_assert(MGW_BURST <= 32, "notices and unusual have a bit for each frame of a burst");

/* What few frames have: rules alone cannot say, an ICMP error about a copy. */
MGW_STAGE void mgw_note_unusual(struct mgw_pipe *pipe, struct mgw_port_counters *counters,
				uint32_t frame)
{
	const struct mgw_key *key = &pipe->keys[frame];

	pipe->unusual |= (uint32_t)key->unusual << frame;
	if (key->unclassified)
		counters->unclassified[key->unclassified - 1]++;
	if (key->icmp_type == (key->family == 4 ? 3 : 2) && mgw_quotes_copy(pipe->frames[frame]))
		pipe->notices |= 1u << frame;
}

/* List the frames that a source sees; seen from both sides once is enough. Returns how many. */
static __rte_always_inline uint32_t mgw_list_sighted(const struct mgw_pipe *pipe, uint8_t *frames)
{
	uint32_t n = 0, last = MGW_BURST; /* a frame that no burst has */

	for (uint32_t i = 0; i < pipe->n_sightings; i++) {
		const uint8_t frame = pipe->sightings[i].frame;

		frames[n] = frame;
		n += frame != last;
		last = frame;
	}
	return n;
}

/* Classify the frames that are not plain: bits of others, of n in the list, or of the burst. */
MGW_STAGE void mgw_classify_others(struct mgw_pipe *pipe, const struct mgw_program *program,
				   uint16_t port, const uint8_t *list, uint32_t others)
{
	struct mgw_port_counters *counters = &pipe->counters->ports[port];

	pipe->alike = false;
	for (; others != 0; others &= others - 1) {
		const uint32_t i = (uint32_t)__builtin_ctz(others);
		const uint32_t f = (list != NULL ? list[i] : i) % MGW_BURST;
		struct mgw_key *key = &pipe->keys[f];

		mgw_classify_any(program, pipe->frames[f], key);
		pipe->flows[f] = mgw_flow_hash(key);
		if (key->unusual | key->unclassified | key->icmp_type)
			mgw_note_unusual(pipe, counters, f);
	}
}

MGW_STAGE void mgw_classify_sighted(struct mgw_pipe *pipe, const struct mgw_program *program,
				    uint16_t port)
{
	uint8_t frames[MGW_BURST + 1], *list = NULL; /* all */
	uint32_t n = pipe->n, plain = 0;

	if (!pipe->alike || pipe->n_sightings != n)
		n = mgw_list_sighted(pipe, list = frames);
	if (mgw_is_wide())
		plain = mgw_classify_wide(pipe, list, n);
	else
		for (uint32_t i = 0; i < n; i++) {
			const uint32_t f = list != NULL ? list[i] : i;

			plain |= (uint32_t)mgw_classify_plain(pipe->frames[f], &pipe->keys[f],
							      &pipe->flows[f])
				 << i;
		}
	pipe->unusual = 0;
	if (unlikely(plain != (uint32_t)((1ull << n) - 1)))
		mgw_classify_others(pipe, program, port, list,
				    (uint32_t)((1ull << n) - 1) & ~plain);
}

/*
 * Too busy to match: count what should have been, for each source, or for the port when looking for
 * sources is too much as well.
 */
MGW_STAGE void mgw_decide_nothing(struct mgw_pipe *pipe, const struct mgw_program *program,
				  uint16_t port)
{
	if (pipe->budget.state == MGW_BLIND) {
		pipe->counters->ports[port].unseen_congestion += pipe->n;
		return;
	}
	mgw_find_sources(pipe, program, &program->ports[port]);
	for (uint32_t i = 0; i < pipe->n_sightings; i++) {
		const struct mgw_sighting *seen = &pipe->sightings[i];

		struct mgw_source_counters *source =
		    &pipe->counters->sources[seen->source][seen->direction];

		source->seen += program->scattered; /* which hold would count */
		source->unmatched_congestion++;
	}
	pipe->totals.unmatched_congestion += pipe->n_sightings;
}

static __rte_always_inline void mgw_decide_by(struct mgw_pipe *pipe,
					      const struct mgw_program *program, uint16_t port,
					      struct mgw_stopwatch *watch)
{
	const struct mgw_port_program *at = &program->ports[port];
	uint64_t flags;

	pipe->n_copies = 0;
	pipe->notices = 0;
	if (!at->any) {
		mgw_lap(watch, MGW_TIMED_FIND_SOURCES);
		return;
	}
	if (unlikely(pipe->budget.state >= MGW_UNMATCHED)) {
		mgw_decide_nothing(pipe, program, port);
		return;
	}
	mgw_find_sources(pipe, program, at);
	mgw_lap(watch, MGW_TIMED_FIND_SOURCES);
	mgw_classify_sighted(pipe, program, port);
	mgw_lap(watch, MGW_TIMED_CLASSIFY);
	mgw_match(pipe, program, pipe->counters->ports[port].fragments);
	mgw_lap(watch, MGW_TIMED_MATCH);
	flags = mgw_hold(pipe, program, at->own_copies);
	if (unlikely(mgw_may_repair(at, flags)))
		mgw_repair(pipe, at, &pipe->counters->ports[port]);
	mgw_lap(watch, MGW_TIMED_HOLD);
}

void mgw_decide(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port)
{
	mgw_decide_by(pipe, program, port, NULL);
}

void mgw_decide_timed(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port,
		      struct mgw_stopwatch *watch)
{
	mgw_decide_by(pipe, program, port, watch);
}

MGW_CLONES void mgw_copy(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t sent)
{
	struct mgw_outer outer = {.hop = NULL};
	const uint32_t n = pipe->n_copies;

	for (uint16_t t = 0; t < pipe->n_tunnels; t++)
		pipe->outboxes[t].n = pipe->outboxes[t].n_batches = 0;
	if (likely(mgw_is_row(pipe, program, sent, &outer)))
		mgw_copy_row(pipe, &outer);
	else
		for (uint32_t i = 0; i < n; i++)
			mgw_copy_one(pipe, program, i, sent, &outer);
}

/* Take the copies that a tunnel port refused out of their batches again. */
MGW_STAGE void mgw_refused(struct mgw_pipe *pipe, struct mgw_outbox *outbox, uint16_t sent)
{
	struct mgw_batch *batch = outbox->batch;

	for (uint16_t i = outbox->n; i-- > sent;) {
		const struct mgw_copy *copy = &pipe->copies[outbox->copies[i]];

		if (batch->packets == 0)
			batch--;
		batch->packets--;
		batch->truncated -= copy->inner < copy->length;
		batch->length -= copy->length;
		batch->outer -= rte_pktmbuf_pkt_len(outbox->mbufs[i]);
		mgw_skip(pipe, copy, MGW_SKIP_TUNNEL_FULL);
	}
	rte_pktmbuf_free_bulk(&outbox->mbufs[sent], (unsigned int)(outbox->n - sent));
}

void mgw_hand_over(struct mgw_pipe *pipe, const struct mgw_program *program,
		   struct mgw_handover *ring, uint16_t sent)
{
	mgw_put_over(pipe, program, ring, sent);
	pipe->n_copies = 0;
}

uint64_t mgw_handed_over(const struct mgw_handover *ring)
{
	return __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE);
}

const struct mgw_program *mgw_take_over(struct mgw_pipe *pipe, struct mgw_handover *ring,
					uint64_t end)
{
	const struct mgw_program *program;

	pipe->n_copies = 0;
	pipe->n_held = 0;
	pipe->one_run = false;
	if (ring->taken == end)
		return NULL;
	program = mgw_take_run(pipe, ring, end);
	pipe->totals.taken += pipe->n_copies;
	return program;
}

void mgw_copies_sent(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t tunnel,
		     uint16_t sent)
{
	struct mgw_outbox *outbox = &pipe->outboxes[tunnel];
	struct mgw_count *port = &pipe->counters->ports[program->tunnel_ports[tunnel]].copies;
	uint64_t bytes = 0;

	if (unlikely(sent < outbox->n))
		mgw_refused(pipe, outbox, sent);
	for (uint16_t i = 0; i < outbox->n_batches; i++) {
		const struct mgw_batch *batch = &outbox->batches[i];

		batch->counters->mirrored.packets += batch->packets;
		batch->counters->mirrored.bytes += batch->length;
		if (unlikely(batch->truncated > 0))
			mgw_details_of(pipe, batch->counters)->truncated += batch->truncated;
		bytes += batch->outer;
	}
	port->packets += sent;
	port->bytes += bytes;
	pipe->totals.mirrored += sent;
	outbox->n = outbox->n_batches = 0;
}

/*
 * Make mbufs of the header pool as new. Whoever frees one leaves next and nb_segs as new
 * (rte_pktmbuf_free_seg), the stages set the lengths, and the other fields count only with a flag.
 */
static void mgw_renew(struct rte_mbuf **mbufs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		mbufs[i]->data_off = RTE_PKTMBUF_HEADROOM;
		mbufs[i]->ol_flags = 0;
	}
}

void mgw_restock(struct mgw_pipe *pipe)
{
	struct rte_mbuf **first = &pipe->stock[pipe->n_stock];
	unsigned int want = (unsigned int)(MGW_STOCK - pipe->n_stock);

	if (want == 0)
		return;
	if (unlikely(rte_mempool_get_bulk(pipe->header_pool, (void **)first, want) != 0)) {
		for (want = 0; pipe->n_stock + want < MGW_STOCK; want++) /* what the pool has */
			if (rte_mempool_get(pipe->header_pool, (void **)&first[want]) != 0)
				break;
	}
	mgw_renew(first, want);
	pipe->n_stock += (uint16_t)want;
}

void mgw_unstock(struct mgw_pipe *pipe)
{
	rte_pktmbuf_free_bulk(pipe->stock, pipe->n_stock);
	pipe->n_stock = 0;
}

/*
 * Word by word: as vectors they would be loaded while stores of single words are still on their
 * way, for which the processor waits.
 */
void mgw_publish_totals(struct mgw_pipe *pipe)
{
	struct mgw_totals *total = &pipe->counters->totals;
	const uint64_t *from = &pipe->totals.sequence;
	uint64_t *to = &total->sequence;
	const uint64_t sequence = total->sequence;

	__atomic_store_n(&total->sequence, sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
#pragma GCC unroll 32
	for (size_t i = 1; i < sizeof(*total) / sizeof(*to); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
	__atomic_store_n(&total->sequence, sequence + 2, __ATOMIC_RELEASE);
}
