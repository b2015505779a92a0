#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void mgw_free_block(void *block, void *info)
{
	free(block);
	free(info);
}

/* Put length bytes into a heap block of that size, and of spare bytes more, and attach it to m. */
static int mgw_attach_block(struct rte_mbuf *m, const uint8_t *bytes, uint32_t length,
			    uint32_t spare)
{
	const uint32_t size = RTE_MIN(length + spare, (uint32_t)UINT16_MAX);
	struct rte_mbuf_ext_shared_info *info = malloc(sizeof(*info));
	void *block = malloc(size > 0 ? size : 1);

	if (info == NULL || block == NULL) {
		mgw_free_block(block, info);
		return -ENOMEM;
	}
	memcpy(block, bytes, length);
	info->free_cb = mgw_free_block;
	info->fcb_opaque = info;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(m, block, RTE_BAD_IOVA, (uint16_t)size, info);
	m->data_len = (uint16_t)length;
	m->pkt_len = length;
	return 0;
}

/* One frame as a chain of n segments; NULL when memory ran out. */
static struct rte_mbuf *mgw_new_frame(struct rte_mempool *pool, const uint8_t *bytes,
				      const uint32_t *lengths, uint32_t n, uint32_t spare)
{
	struct rte_mbuf *head = NULL, *tail = NULL;

	for (uint32_t i = 0; i < n; bytes += lengths[i++]) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		if (m == NULL || mgw_attach_block(m, bytes, lengths[i], spare) != 0) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(head);
			return NULL;
		}
		if (head == NULL) {
			head = m;
		} else {
			tail->next = m;
			head->nb_segs++;
			head->pkt_len += lengths[i];
		}
		tail = m;
	}
	return head;
}

static int mgw_fill_burst(struct mgw_pipe *pipe, struct rte_mempool *pool,
			  const struct mgw_input *in)
{
	const uint8_t *bytes = in->bytes;
	const uint32_t *lengths = in->segment_lengths;

	pipe->n = 0;
	for (uint32_t i = 0; i < in->frames; i++) {
		struct rte_mbuf *frame =
		    mgw_new_frame(pool, bytes, lengths, in->frame_segments[i], in->spare);

		if (frame == NULL) {
			rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
			return -ENOMEM;
		}
		if (in->flagged[i])
			frame->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
		pipe->frames[pipe->n++] = frame;
		bytes += frame->pkt_len;
		lengths += in->frame_segments[i];
	}
	return 0;
}

/* Whether production leaves as it came: bytes, lengths, segments. */
static bool mgw_burst_changed(const struct mgw_pipe *pipe, const struct mgw_input *in)
{
	const uint8_t *bytes = in->bytes;
	const uint32_t *lengths = in->segment_lengths;

	for (uint16_t i = 0; i < pipe->n; i++) {
		const struct rte_mbuf *m = pipe->frames[i];

		if (m->nb_segs != in->frame_segments[i])
			return true;
		for (; m != NULL; m = m->next) {
			if (m->data_len != *lengths ||
			    memcmp(rte_pktmbuf_mtod(m, const void *), bytes, *lengths) != 0)
				return true;
			bytes += *lengths++;
		}
	}
	return false;
}

static int mgw_take_copy(const struct mgw_pipe *pipe, uint16_t tunnel, uint16_t i,
			 struct mgw_output *out, uint32_t *at)
{
	const struct mgw_outbox *outbox = &pipe->outboxes[tunnel];
	const struct mgw_copy *copy = &pipe->copies[outbox->copies[i]];
	struct mgw_output_copy *to = &out->copies[out->n_copies];

	if (*at + outbox->mbufs[i]->pkt_len > out->size)
		return -ENOSPC;
	to->session = copy->session;
	to->offset = *at;
	to->length = outbox->mbufs[i]->pkt_len;
	to->frame = copy->frame;
	to->tunnel = tunnel;
	to->direction = copy->direction;
	for (const struct rte_mbuf *m = outbox->mbufs[i]; m != NULL; m = m->next) {
		memcpy(out->bytes + *at, rte_pktmbuf_mtod(m, const void *), m->data_len);
		*at += m->data_len;
	}
	if (*at != to->offset + to->length)
		return -EBADMSG; /* segment lengths and packet length disagree */
	out->n_copies++;
	return 0;
}

/* A tunnel port that takes the first in->tunnel_accepts copies of each burst. */
static int mgw_take_copies(struct mgw_pipe *pipe, const struct mgw_program *program,
			   const struct mgw_input *in, struct mgw_output *out)
{
	uint32_t at = 0;
	int rc = 0;

	for (uint16_t t = 0; t < pipe->n_tunnels; t++) {
		struct mgw_outbox *outbox = &pipe->outboxes[t];
		struct rte_mbuf *sent[MGW_MAX_COPIES];
		const uint16_t n = RTE_MIN(outbox->n, in->tunnel_accepts);

		for (uint16_t i = 0; i < n && rc == 0; i++)
			rc = mgw_take_copy(pipe, t, i, out, &at);
		memcpy(sent, outbox->mbufs, n * sizeof(sent[0]));
		mgw_copies_sent(pipe, program, t, n);
		rte_pktmbuf_free_bulk(sent, n);
	}
	return rc;
}

int mgw_harness_run(struct mgw_pipe *pipe, const struct mgw_program *program,
		    struct rte_mempool *frame_pool, const struct mgw_input *in,
		    struct mgw_output *out)
{
	uint16_t sent;
	int rc;

	out->n_copies = 0;
	rc = mgw_fill_burst(pipe, frame_pool, in);
	if (rc != 0)
		return rc;
	sent = RTE_MIN(pipe->n, in->production_accepts);
	pipe->now = in->now;
	mgw_decide(pipe, program, in->port);
	out->frames_changed = mgw_burst_changed(pipe, in);
	rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
	mgw_copy(pipe, program, sent);
	rc = mgw_take_copies(pipe, program, in, out);
	mgw_restock(pipe);
	mgw_publish_totals(pipe);
	return rc;
}

int mgw_harness_addressee(struct rte_mempool *frame_pool, const struct mgw_input *in,
			  const struct mgw_host *host, bool *quotes)
{
	struct rte_mbuf *frame =
	    mgw_new_frame(frame_pool, in->bytes, in->segment_lengths, in->frame_segments[0], 0);
	int whose;

	if (frame == NULL)
		return -ENOMEM;
	whose = mgw_may_concern(host, frame) ? mgw_addressee_of(host, frame) : MGW_OTHERS;
	*quotes = mgw_quotes_copy(frame);
	rte_pktmbuf_free(frame);
	return whose;
}

static int mgw_load_burst(struct mgw_pipe *pipe, struct rte_mempool *pool,
			  const struct mgw_input *in)
{
	const uint8_t *bytes = in->bytes;

	for (pipe->n = 0; pipe->n < in->frames; pipe->n++) {
		const uint32_t length = in->segment_lengths[pipe->n];
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		char *data = m == NULL ? NULL : rte_pktmbuf_append(m, (uint16_t)length);

		if (data == NULL) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
			return -ENOMEM;
		}
		memcpy(data, bytes, length);
		pipe->frames[pipe->n] = m;
		bytes += length;
	}
	return 0;
}

int mgw_harness_repeat(struct mgw_pipe *pipe, const struct mgw_program *program,
		       struct rte_mempool *frame_pool, const struct mgw_input *in, uint64_t rounds)
{
	const int rc = mgw_load_burst(pipe, frame_pool, in);

	if (rc != 0)
		return rc;
	for (uint64_t i = 0; i < rounds; i++) {
		pipe->now++;
		mgw_decide(pipe, program, in->port);
		mgw_copy(pipe, program, pipe->n);
		for (uint16_t t = 0; t < pipe->n_tunnels; t++) {
			struct mgw_outbox *outbox = &pipe->outboxes[t];

			for (uint16_t k = 0; k < outbox->n; k++)
				rte_pktmbuf_free(outbox->mbufs[k]);
			mgw_copies_sent(pipe, program, t, outbox->n);
		}
		mgw_restock(pipe);
		mgw_publish_totals(pipe);
	}
	rte_pktmbuf_free_bulk(pipe->frames, pipe->n);
	return 0;
}
