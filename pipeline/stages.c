/*
 * The stages of the data path as one translation unit, so that the compiler sees the whole way
 * of a burst, and the doors that the poll loop uses: decide and copy, and what follows when the
 * copies were sent.
 */
#include "addressee.h"
#include "classify.h"
#include "encap.h"
#include "handover.h"
#include "hold.h"
#include "match.h"
#include "repair.h"
#include "source.h"

_Static_assert(MGW_BURST <= 32, "notices has a bit for each frame of a burst");

/* What few frames have: headers that could not be followed, an ICMP error about a copy. */
static __rte_noinline void mgw_note_unusual(struct mgw_pipe *pipe,
					    struct mgw_port_counters *counters, uint32_t frame)
{
	const struct mgw_key *key = &pipe->keys[frame];

	if (key->unclassified)
		counters->unclassified[key->unclassified - 1]++;
	if (key->icmp_type == (key->family == 4 ? 3 : 2) && mgw_quotes_copy(pipe->frames[frame]))
		pipe->notices |= 1u << frame;
}

MGW_STAGE void mgw_classify_sighted(struct mgw_pipe *pipe, const struct mgw_program *program,
				    uint16_t port)
{
	struct mgw_port_counters *counters = &pipe->counters->ports[port];
	const uint32_t n = pipe->n_sightings;
	uint32_t last = MGW_BURST; /* a frame that no burst has */

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t frame = pipe->sightings[i].frame;
		struct mgw_key *key = &pipe->keys[frame];

		if (frame == last) /* both sides see it: once is enough */
			continue;
		last = frame;
		mgw_classify(program, pipe->frames[frame], key);
		if (unlikely(key->unclassified | key->icmp_type))
			mgw_note_unusual(pipe, counters, frame);
	}
}

void mgw_decide(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port)
{
	const struct mgw_port_program *at = &program->ports[port];
	uint64_t flags;

	pipe->n_copies = 0;
	pipe->notices = 0;
	if (!at->any)
		return;
	mgw_find_sources(pipe, program, at);
	mgw_classify_sighted(pipe, program, port);
	mgw_match(pipe, program, pipe->counters->ports[port].fragments);
	flags = mgw_hold(pipe, program, at->own_copies);
	if (unlikely(mgw_may_repair(at, flags)))
		mgw_repair(pipe, program, at, &pipe->counters->ports[port]);
}

MGW_CLONES void mgw_copy(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t sent)
{
	const uint32_t n = pipe->n_copies;

	for (uint16_t t = 0; t < pipe->n_tunnels; t++)
		pipe->outboxes[t].n = 0;
	for (uint32_t i = 0; i < n; i++)
		mgw_copy_one(pipe, program, i, sent);
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
	if (ring->taken == end)
		return NULL;
	program = mgw_take_run(pipe, ring, end);
	pipe->burst.taken += pipe->n_copies;
	return program;
}

void mgw_copies_sent(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t tunnel,
		     uint16_t sent)
{
	struct mgw_outbox *outbox = &pipe->outboxes[tunnel];
	struct mgw_count *port = &pipe->counters->ports[program->tunnel_ports[tunnel]].copies;
	struct mgw_run run = mgw_new_run(NULL, NULL);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < sent; i++) {
		const struct mgw_copy *copy = &pipe->copies[outbox->copies[i]];

		if (copy->counters != run.session) {
			mgw_count_mirrored(&run);
			run = mgw_new_run(copy->counters, NULL);
		}
		run.packets++;
		run.bytes += copy->length;
		run.truncated += copy->inner < copy->length;
		bytes += copy->outer;
	}
	mgw_count_mirrored(&run);
	port->bytes += bytes;
	port->packets += sent;
	pipe->burst.mirrored += sent;
	for (uint16_t i = sent; i < outbox->n; i++)
		mgw_skip(pipe, &pipe->copies[outbox->copies[i]], MGW_SKIP_TUNNEL_FULL);
	if (unlikely(sent < outbox->n))
		rte_pktmbuf_free_bulk(&outbox->mbufs[sent], (unsigned int)(outbox->n - sent));
	outbox->n = 0;
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

void mgw_publish_totals(struct mgw_pipe *pipe)
{
	struct mgw_totals *total = &pipe->counters->totals;
	const struct mgw_totals *burst = &pipe->burst;
	const uint64_t sequence = total->sequence;

	__atomic_store_n(&total->sequence, sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	total->wire_rx += burst->wire_rx;
	total->forwarded += burst->forwarded;
	total->wire_consumed += burst->wire_consumed;
	total->dropped += burst->dropped;
	total->tap_rx += burst->tap_rx;
	total->observed += burst->observed;
	total->tunnel_rx += burst->tunnel_rx;
	total->tunnel_consumed += burst->tunnel_consumed;
	total->ignored += burst->ignored;
	total->seen += burst->seen;
	total->matched += burst->matched;
	total->missed += burst->missed;
	total->excluded += burst->excluded;
	total->mirrored += burst->mirrored;
	total->skipped += burst->skipped;
	total->handed += burst->handed;
	total->taken += burst->taken;
	__atomic_store_n(&total->sequence, sequence + 2, __ATOMIC_RELEASE);
	memset(&pipe->burst, 0, sizeof(pipe->burst));
}
