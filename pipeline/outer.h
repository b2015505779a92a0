/*
 * outer: copies into outboxes. What the outer headers of several copies in a row have in common is
 * put together once.
 */
#ifndef MGW_OUTER_H
#define MGW_OUTER_H

#include "encap.h"

/*
 * What the outer headers of copies of one way to one next hop have in common. Made for two in a
 * row and more: of many ways in turn each header is as quickly made alone.
 */
struct mgw_outer {
	/* the header ends the line, which is written whole: one store, and aligned where the copy
	   is. What lies before a header is headroom. */
	uint8_t line[MGW_LINE] __attribute__((aligned(MGW_LINE)));
	bool plain;     /* that is all but lengths, source port and checksum; IPv4, untagged */
	bool ready;     /* the four around this are valid */
	uint16_t sum;   /* of the IPv4 header, folded */
	uint32_t owner; /* whose address and VNI are in there too; MGW_NONE: nobody's */
	const struct mgw_way *way;
	const struct mgw_next_hop *hop; /* NULL: no copy yet */
	struct mgw_outbox *outbox;
};

enum { MGW_BEFORE_HEADER4 = MGW_LINE - MGW_HEADER4_SIZE }; /* bytes of a line */

_Static_assert(MGW_BEFORE_HEADER4 <= RTE_PKTMBUF_HEADROOM, "a line before a copy is in its mbuf");

/* The first copy of another way or to another next hop, or no longer the owner's. */
static __rte_always_inline void mgw_begin_outer(struct mgw_outer *outer, struct mgw_pipe *pipe,
						const struct mgw_copy *copy)
{
	outer->way = copy->way;
	outer->hop = copy->hop;
	outer->outbox = &pipe->outboxes[copy->hop->tunnel];
	outer->owner = MGW_NONE;
	outer->plain = outer->ready = false;
}

static __rte_always_inline uint16_t mgw_fold_sum(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* When there are more of them: of one session, or of session NULL, which is several. */
MGW_STAGE void mgw_prepare_outer(struct mgw_outer *outer, const struct mgw_session *session)
{
	uint8_t *header = outer->line + MGW_BEFORE_HEADER4;
	const struct mgw_way *way = outer->way;
	const struct mgw_next_hop *hop = outer->hop;
	uint32_t sum = way->ip_sum;

	outer->ready = true;
	outer->plain = !way->ipv6 && !hop->tagged && !hop->ip_checksum_offload;
	if (!outer->plain)
		return;
	memcpy(header, way->header, MGW_HEADER4_SIZE);
	memcpy(header, hop->macs, sizeof(hop->macs));
	if (way->destination == NULL)
		sum += mgw_put_member(header, false, hop);
	if (session != NULL) {
		sum += mgw_put_source(header, session->address);
		memcpy(header + MGW_VNI4_OFFSET, &session->vni, sizeof(session->vni));
	}
	outer->sum = mgw_fold_sum(sum);
}

/* mgw_encap of a plain one; session is NULL for the owner's. */
static __rte_always_inline void mgw_encap_plain(const struct mgw_copy *copy,
						const struct mgw_session *session,
						const struct mgw_outer *outer)
{
	struct rte_mbuf *m = copy->head;
	uint8_t *header = rte_pktmbuf_mtod(m, uint8_t *);
	const uint32_t total = copy->inner + MGW_IPV4_SIZE + MGW_UDP_AND_VXLAN;
	uint32_t sum = outer->sum + total;

	memcpy(header - MGW_BEFORE_HEADER4, outer->line, MGW_LINE);
	if (session != NULL) {
		sum += mgw_put_source(header, session->address);
		sum = (sum & 0xffff) + (sum >> 16);
		memcpy(header + MGW_VNI4_OFFSET, &session->vni, sizeof(session->vni));
	}
	mgw_put16(header + MGW_IPV4_LENGTH_OFFSET, total);
	mgw_put16(header + MGW_IPV4_SUM_OFFSET, ~(sum + (sum >> 16)));
	memcpy(header + MGW_IPV4_UDP_OFFSET, &copy->source_port, 2);
	mgw_put16(header + MGW_IPV4_UDP_OFFSET + MGW_UDP_LENGTH_OFFSET, total - MGW_IPV4_SIZE);
	m->pkt_len = MGW_HEADER4_SIZE + copy->inner;
}

/* A batch that begins with a finished copy; zeros would be waited for by those who add to them. */
static __rte_always_inline void mgw_begin_batch(struct mgw_outbox *outbox,
						const struct mgw_copy *copy)
{
	struct mgw_batch *batch = &outbox->batches[outbox->n_batches++];

	batch->counters = copy->counters;
	batch->packets = 1;
	batch->truncated = copy->inner < copy->length;
	batch->length = copy->length;
	batch->outer = rte_pktmbuf_pkt_len(copy->head);
	outbox->batch = batch;
}

/* Count a finished copy. */
static __rte_always_inline void mgw_add_to_batch(struct mgw_batch *batch,
						 const struct mgw_copy *copy)
{
	batch->packets++;
	batch->truncated += copy->inner < copy->length;
	batch->length += copy->length;
	batch->outer += rte_pktmbuf_pkt_len(copy->head);
}

/* Put a finished copy, number index in copies[], into the outbox. */
static __rte_always_inline void mgw_post(struct mgw_outbox *outbox, const struct mgw_copy *copy,
					 uint32_t index)
{
	const uint32_t n = outbox->n;

	if (unlikely(n == 0 || outbox->batch->counters != copy->counters))
		mgw_begin_batch(outbox, copy);
	else
		mgw_add_to_batch(outbox->batch, copy);
	outbox->copies[n] = (uint16_t)index;
	outbox->mbufs[n] = copy->head;
	outbox->n = (uint16_t)(n + 1);
}

/* Count and give back a copy that is not made: production did not send the frame, or no mbuf is
 * left. */
MGW_STAGE void mgw_abandon(struct mgw_pipe *pipe, const struct mgw_copy *copy, enum mgw_skip reason)
{
	mgw_skip(pipe, copy, reason);
	mgw_release(pipe, copy);
}

/* Whether copy number index is there, and of the same way and next hop. */
static __rte_always_inline bool mgw_same_outer(const struct mgw_pipe *pipe,
					       const struct mgw_copy *copy, uint32_t index)
{
	return index < pipe->n_copies && pipe->copies[index].way == copy->way &&
	       pipe->copies[index].hop == copy->hop;
}

/* What outer says is not this copy's: begin anew, and prepare if the next one is alike. */
static __rte_always_inline void mgw_turn_outer(struct mgw_outer *outer, struct mgw_pipe *pipe,
					       const struct mgw_program *program,
					       const struct mgw_copy *copy, uint32_t index)
{
	if (copy->way != outer->way || copy->hop != outer->hop || outer->owner != MGW_NONE)
		mgw_begin_outer(outer, pipe, copy);
	if (outer->ready || !mgw_same_outer(pipe, copy, index + 1))
		return;
	if (pipe->copies[index + 1].session == copy->session)
		outer->owner = copy->session;
	mgw_prepare_outer(outer,
			  outer->owner != MGW_NONE ? &program->sessions[outer->owner] : NULL);
}

/* Everything after production was sent, for one copy; outer is what the one before left. */
static __rte_always_inline void mgw_copy_one(struct mgw_pipe *pipe,
					     const struct mgw_program *program, uint32_t index,
					     uint32_t sent, struct mgw_outer *outer)
{
	struct mgw_copy *copy = &pipe->copies[index];
	const struct mgw_session *session = &program->sessions[copy->session];

	if (unlikely(copy->frame >= sent && copy->direction == MGW_INGRESS)) {
		mgw_abandon(pipe, copy, MGW_SKIP_PRODUCTION_DROPPED);
		return;
	}
	if (copy->n_held > 0 && unlikely(!mgw_reference(pipe, copy, copy->way->header_length))) {
		mgw_abandon(pipe, copy, MGW_SKIP_MEMPOOL);
		return;
	}
	if (unlikely(copy->session != outer->owner || copy->hop != outer->hop))
		mgw_turn_outer(outer, pipe, program, copy, index);
	if (likely(outer->plain && outer->owner != MGW_NONE))
		mgw_encap_plain(copy, NULL, outer);
	else if (outer->plain)
		mgw_encap_plain(copy, session, outer);
	else
		mgw_encap(copy, session);
	mgw_post(outer->outbox, copy, index);
}

/*
 * The same for all copies of the burst, which are of one session and direction and to one next hop
 * with a plain header, and no frame of which was lost: what they share is not looked at again.
 */
static __rte_always_inline void mgw_copy_row(struct mgw_pipe *pipe, const struct mgw_outer *outer)
{
	struct mgw_outbox *outbox = outer->outbox;
	struct mgw_batch row = {.counters = NULL};
	const uint32_t n_copies = pipe->n_copies;
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_copies; i++) {
		struct mgw_copy *copy = &pipe->copies[i];

		if (copy->n_held > 0 && unlikely(!mgw_reference(pipe, copy, MGW_HEADER4_SIZE))) {
			mgw_abandon(pipe, copy, MGW_SKIP_MEMPOOL);
			continue;
		}
		mgw_encap_plain(copy, NULL, outer);
		mgw_add_to_batch(&row, copy);
		outbox->copies[n] = (uint16_t)i;
		outbox->mbufs[n++] = copy->head;
	}
	row.counters = pipe->copies[0].counters;
	outbox->batch = &outbox->batches[outbox->n_batches++];
	*outbox->batch = row;
	outbox->n = (uint16_t)n;
}

/* Whether all copies can be made as a row; then outer is prepared for it. */
static __rte_always_inline bool mgw_is_row(struct mgw_pipe *pipe, const struct mgw_program *program,
					   uint32_t sent, struct mgw_outer *outer)
{
	const struct mgw_copy *first = &pipe->copies[0];

	if (!pipe->one_run || pipe->n_copies < 2 || sent < pipe->n)
		return false;
	mgw_begin_outer(outer, pipe, first);
	outer->owner = first->session;
	mgw_prepare_outer(outer, &program->sessions[first->session]);
	return outer->plain;
}

#endif
