/*
 * The stages of the data path as one translation unit, so that the compiler sees the whole way
 * of a burst, and the doors that the poll loop uses: decide and copy, and what follows when the
 * copies were sent.
 */
#include "classify.h"
#include "encap.h"
#include "hold.h"
#include "match.h"
#include "source.h"

/*
 * The vector code of linear.h is worth having at the machine's own width; the loader picks the
 * clone. Sanitizers run before the loader's choice could, so their builds keep to the baseline.
 */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(MGW_NO_CLONES)
#define MGW_CLONES                                                                                 \
	__attribute__((flatten, target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MGW_CLONES
#endif

static __rte_always_inline void
mgw_classify_sighted(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port)
{
	struct mgw_port_counters *counters = &pipe->counters->ports[port];
	uint16_t last = UINT16_MAX;

	for (uint16_t i = 0; i < pipe->n_sightings; i++) {
		const uint16_t frame = pipe->sightings[i].frame;
		struct mgw_key *key = &pipe->keys[frame];

		if (frame == last) /* both sides see it: once is enough */
			continue;
		last = frame;
		mgw_classify(program, pipe->frames[frame], key);
		if (unlikely(key->unclassified))
			counters->unclassified[key->unclassified - 1]++;
	}
}

MGW_CLONES void mgw_decide(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port)
{
	const struct mgw_port_program *at = &program->ports[port];

	pipe->n_copies = 0;
	if (!at->any)
		return;
	mgw_find_sources(pipe, program, at);
	mgw_classify_sighted(pipe, program, port);
	mgw_match(pipe, program);
	mgw_hold(pipe, program, at->own_copies);
}

MGW_CLONES void mgw_copy(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t sent)
{
	for (uint16_t t = 0; t < pipe->n_tunnels; t++)
		pipe->outboxes[t].n = 0;
	for (uint16_t i = 0; i < pipe->n_copies; i++)
		mgw_copy_one(pipe, program, i, sent);
}

void mgw_copies_sent(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t tunnel,
		     uint16_t sent)
{
	struct mgw_outbox *outbox = &pipe->outboxes[tunnel];
	struct mgw_count *port = &pipe->counters->ports[program->tunnel_ports[tunnel]].copies;
	struct mgw_run run = MGW_NO_RUN;

	for (uint16_t i = 0; i < sent; i++) {
		const struct mgw_copy *copy = &pipe->copies[outbox->copies[i]];

		if (!mgw_in_run(&run, copy)) {
			mgw_count_mirrored(pipe, &run);
			run = mgw_new_run(copy);
		}
		run.packets++;
		run.bytes += copy->length;
		run.truncated += copy->inner < copy->length;
		port->bytes += copy->outer;
	}
	mgw_count_mirrored(pipe, &run);
	port->packets += sent;
	pipe->burst.mirrored += sent;
	for (uint16_t i = sent; i < outbox->n; i++)
		mgw_skip(pipe, &pipe->copies[outbox->copies[i]], MGW_SKIP_TUNNEL_FULL);
	if (unlikely(sent < outbox->n))
		rte_pktmbuf_free_bulk(&outbox->mbufs[sent], (unsigned int)(outbox->n - sent));
	outbox->n = 0;
}

void mgw_restock(struct mgw_pipe *pipe)
{
	const unsigned int want = (unsigned int)(MGW_STOCK - pipe->n_stock);

	if (want == 0)
		return;
	if (likely(rte_pktmbuf_alloc_bulk(pipe->header_pool, &pipe->stock[pipe->n_stock], want) ==
		   0)) {
		pipe->n_stock = MGW_STOCK;
		return;
	}
	while (pipe->n_stock < MGW_STOCK) { /* what the pool still has */
		struct rte_mbuf *m = rte_pktmbuf_alloc(pipe->header_pool);

		if (m == NULL)
			return;
		pipe->stock[pipe->n_stock++] = m;
	}
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
	total->dropped += burst->dropped;
	total->tap_rx += burst->tap_rx;
	total->observed += burst->observed;
	total->tunnel_rx += burst->tunnel_rx;
	total->ignored += burst->ignored;
	total->seen += burst->seen;
	total->matched += burst->matched;
	total->missed += burst->missed;
	total->excluded += burst->excluded;
	total->mirrored += burst->mirrored;
	total->skipped += burst->skipped;
	__atomic_store_n(&total->sequence, sequence + 2, __ATOMIC_RELEASE);
	memset(&pipe->burst, 0, sizeof(pipe->burst));
}
