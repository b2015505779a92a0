/*
 * How frames get into the rings of captures. A frame that is about to leave is written before, as
 * its bytes may be gone afterwards, and becomes the reader's when it has left. Of a short burst
 * that has left already a reference is held.
 */
#include "capture.h"

/* Sessions of frames that pass. */
struct mgw_whose {
	uint32_t sessions[MGW_CAPTURE_BURST_MAX];
	uint8_t directions[MGW_CAPTURE_BURST_MAX];
};

/* Frames that come by together. */
struct mgw_passing {
	struct rte_mbuf *const *frames;
	const struct mgw_whose *whose;     /* NULL: of no session in particular */
	const struct mgw_program *program; /* valid iff whose is */
	uint64_t now;
	uint16_t n, port;
	enum mgw_point point;
	bool congested;
};

static inline bool mgw_looks_at(const struct mgw_capture *capture, enum mgw_point point,
				uint16_t port)
{
	return (capture->points & 1u << point) != 0 && (capture->ports & 1ull << port) != 0;
}

/*
 * Capture number i, if it looks at a point of a port, else NULL. One that comes or goes between
 * staging and settling does no harm: nothing is staged in it, or what is stays so.
 */
static inline struct mgw_capture *mgw_looking(const struct mgw_lcore *lcore, uint32_t i,
					      enum mgw_point point, uint16_t port)
{
	struct mgw_capture *capture = __atomic_load_n(&lcore->captures[i], __ATOMIC_ACQUIRE);

	return capture != NULL && mgw_looks_at(capture, point, port) ? capture : NULL;
}

/* Bytes that are free behind at, by what is known; look again with again. */
static inline uint64_t mgw_capture_free(struct mgw_capture *capture, uint64_t at, bool again)
{
	if (again)
		capture->taken = __atomic_load_n(&capture->ring->taken, __ATOMIC_ACQUIRE);
	return capture->ring->size - (at - capture->taken);
}

/* A reader that is behind is waited for until a quarter of the ring is free. */
static inline bool mgw_is_behind(struct mgw_capture *capture)
{
	const struct mgw_capture_ring *ring = capture->ring;

	if (unlikely(capture->behind))
		capture->behind = mgw_capture_free(capture, ring->put, true) < ring->size / 4;
	return capture->behind;
}

/*
 * Room for a record of size bytes that begins at *at, which moves behind a gap where the ring ends
 * too early. NULL: there is none.
 */
static struct mgw_captured *mgw_capture_room(struct mgw_capture *capture, uint64_t *at,
					     uint32_t size)
{
	struct mgw_capture_ring *ring = capture->ring;
	const uint32_t offset = (uint32_t)*at & (ring->size - 1);
	const uint32_t gap = offset + size > ring->size ? ring->size - offset : 0;

	if (mgw_capture_free(capture, *at, false) < gap + size &&
	    mgw_capture_free(capture, *at, true) < gap + size)
		return NULL;
	if (gap != 0)
		*(struct mgw_captured *)&ring->bytes[offset] =
		    (struct mgw_captured){.size = gap, .point = MGW_POINTS};
	*at += gap;
	return (struct mgw_captured *)&ring->bytes[(uint32_t)*at & (ring->size - 1)];
}

static void mgw_copy_frame(uint8_t *to, const struct rte_mbuf *frame, uint32_t left)
{
	for (; left > 0; frame = frame->next) {
		const uint32_t n = RTE_MIN(left, (uint32_t)rte_pktmbuf_data_len(frame));

		memcpy(to, rte_pktmbuf_mtod(frame, const void *), n);
		to += n;
		left -= n;
	}
}

/* Whether the rate allows one more; mgw_capture_pay takes it. */
static inline bool mgw_within_rate(struct mgw_capture *capture, uint64_t now)
{
	const uint64_t elapsed = now - capture->paid;

	capture->owed -= RTE_MIN(capture->owed, elapsed);
	capture->paid = now;
	return capture->owed + capture->cost <= capture->depth;
}

/* Frame i of those that pass: where the ring ends afterwards is *end. */
static enum mgw_capture_fate mgw_capture_frame(struct mgw_capture *capture,
					       const struct mgw_passing *p, uint16_t i,
					       uint64_t *end)
{
	const struct rte_mbuf *frame = p->frames[i];
	const uint32_t original = rte_pktmbuf_pkt_len(frame);
	const uint32_t length = RTE_MIN(original, capture->snap);
	const uint32_t size = RTE_ALIGN_CEIL((uint32_t)sizeof(struct mgw_captured) + length,
					     (uint32_t)sizeof(struct mgw_captured));
	const uint32_t session = p->whose != NULL ? p->whose->sessions[i] : MGW_NONE;
	struct mgw_captured *record;

	if (capture->session != MGW_NONE &&
	    (session == MGW_NONE || p->program->sessions[session].slot != capture->session))
		return MGW_CAPTURE_OTHER;
	if (capture->filter != NULL && !mgw_cbpf_accepts(capture->filter, frame))
		return MGW_CAPTURE_OTHER;
	if (!mgw_within_rate(capture, p->now))
		return MGW_CAPTURE_RATE;
	record = mgw_capture_room(capture, end, size);
	if (record == NULL) {
		capture->behind = true;
		return MGW_CAPTURE_FULL;
	}
	capture->owed += capture->cost;
	*record = (struct mgw_captured){.size = size,
					.port = p->port,
					.point = (uint8_t)p->point,
					.when = p->now,
					.original = original,
					.length = length,
					.session = session};
	if (session != MGW_NONE) {
		record->direction = p->whose->directions[i];
		record->generation = (uint32_t)p->program->generation;
	}
	mgw_copy_frame((uint8_t *)(record + 1), frame, length);
	*end += size;
	return MGW_CAPTURE_TAKEN;
}

/* Write what a capture wants of the frames that pass, not for the reader yet. */
static void mgw_stage(struct mgw_capture *capture, const struct mgw_passing *p)
{
	uint64_t end = capture->ring->put;

	capture->staged = p->n;
	capture->all = MGW_CAPTURE_TAKEN;
	if (p->congested)
		capture->all = MGW_CAPTURE_CONGESTION;
	else if (mgw_is_behind(capture))
		capture->all = MGW_CAPTURE_FULL;
	if (capture->all != MGW_CAPTURE_TAKEN)
		return;
	for (uint16_t i = 0; i < p->n; i++) {
		capture->fates[i] =
		    capture->behind ? MGW_CAPTURE_FULL : mgw_capture_frame(capture, p, i, &end);
		capture->ends[i] = end;
	}
}

/* Count the first n of what is staged, and give it to the reader; forget the rest. */
static void mgw_settle(struct mgw_capture *capture, enum mgw_point point, uint16_t port, uint16_t n)
{
	struct mgw_capture_counters *counters = &capture->counters[point][port];
	const uint16_t settled = RTE_MIN(n, capture->staged);

	capture->staged = 0;
	if (capture->all != MGW_CAPTURE_TAKEN) {
		counters->fates[capture->all] += settled;
		return;
	}
	if (settled == 0)
		return;
	for (uint16_t i = 0; i < settled; i++)
		counters->fates[capture->fates[i]]++;
	__atomic_store_n(&capture->ring->put, capture->ends[settled - 1], __ATOMIC_RELEASE);
}

static inline bool mgw_is_congested(const struct mgw_pipe *pipe)
{
	return pipe->budget.state != MGW_CALM;
}

/* Which frames of the burst are copied for the session in this slot. */
static void mgw_find_session(const struct mgw_pipe *pipe, const struct mgw_program *program,
			     uint32_t slot, struct mgw_whose *whose)
{
	for (uint16_t i = 0; i < pipe->n; i++)
		whose->sessions[i] = MGW_NONE;
	for (uint16_t i = 0; i < pipe->n_copies; i++) {
		const struct mgw_copy *copy = &pipe->copies[i];

		if (program->sessions[copy->session].slot != slot)
			continue;
		whose->sessions[copy->frame] = copy->session;
		whose->directions[copy->frame] = copy->direction;
	}
}

void mgw_capture_received(const struct mgw_lcore *lcore, uint16_t port)
{
	const struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_passing p = {.frames = pipe->frames,
				      .now = pipe->now,
				      .n = pipe->n,
				      .port = port,
				      .point = MGW_POINT_INGRESS,
				      .congested = mgw_is_congested(pipe)};

	for (uint32_t i = 0; i < MGW_MAX_CAPTURES; i++) {
		struct mgw_capture *capture = mgw_looking(lcore, i, p.point, port);

		if (capture == NULL || capture->session != MGW_NONE)
			continue;
		mgw_stage(capture, &p);
		mgw_settle(capture, p.point, port, p.n);
	}
}

/* The same for a capture of one session: it is known only now. */
static void mgw_capture_session(struct mgw_capture *capture, struct mgw_passing *p,
				struct mgw_whose *whose, const struct mgw_pipe *pipe)
{
	mgw_find_session(pipe, p->program, capture->session, whose);
	p->whose = whose;
	if (!mgw_looks_at(capture, MGW_POINT_INGRESS, p->port))
		return;
	mgw_stage(capture, p);
	mgw_settle(capture, MGW_POINT_INGRESS, p->port, p->n);
}

void mgw_capture_decided(const struct mgw_lcore *lcore, const struct mgw_program *program,
			 uint16_t in, uint16_t out, uint16_t n)
{
	const struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_passing burst = {.frames = pipe->frames,
					  .program = program,
					  .now = pipe->now,
					  .n = pipe->n,
					  .port = in,
					  .point = MGW_POINT_INGRESS,
					  .congested = mgw_is_congested(pipe)};

	for (uint32_t i = 0; i < MGW_MAX_CAPTURES; i++) {
		struct mgw_capture *capture =
		    __atomic_load_n(&lcore->captures[i], __ATOMIC_ACQUIRE);
		struct mgw_passing p = burst;
		struct mgw_whose whose;

		if (capture == NULL)
			continue;
		if (capture->session != MGW_NONE)
			mgw_capture_session(capture, &p, &whose, pipe);
		if (!mgw_looks_at(capture, MGW_POINT_EGRESS, out))
			continue;
		p.point = MGW_POINT_EGRESS;
		p.port = out;
		p.n = n;
		mgw_stage(capture, &p);
	}
}

/* Stage what leaves by p->port for all captures that want it. */
static void mgw_stage_all(const struct mgw_lcore *lcore, const struct mgw_passing *p)
{
	for (uint32_t i = 0; i < MGW_MAX_CAPTURES; i++) {
		struct mgw_capture *capture = mgw_looking(lcore, i, p->point, p->port);

		if (capture != NULL)
			mgw_stage(capture, p);
	}
}

void mgw_capture_copies(const struct mgw_lcore *lcore, const struct mgw_program *program,
			uint16_t tunnel)
{
	const struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_outbox *outbox = &pipe->outboxes[tunnel];
	struct mgw_whose whose;
	const struct mgw_passing p = {.frames = outbox->mbufs,
				      .whose = &whose,
				      .program = program,
				      .now = pipe->now,
				      .n = outbox->n,
				      .port = lcore->tunnels[tunnel].port,
				      .point = MGW_POINT_COPIES,
				      .congested = mgw_is_congested(pipe)};

	for (uint16_t i = 0; i < outbox->n; i++) {
		whose.sessions[i] = pipe->copies[outbox->copies[i]].session;
		whose.directions[i] = pipe->copies[outbox->copies[i]].direction;
	}
	mgw_stage_all(lcore, &p);
}

void mgw_capture_originated(const struct mgw_lcore *lcore, uint16_t port, struct rte_mbuf *frame)
{
	const struct mgw_passing p = {.frames = &frame,
				      .now = lcore->pipe->now,
				      .n = 1,
				      .port = port,
				      .point = MGW_POINT_EGRESS};

	mgw_stage_all(lcore, &p);
}

void mgw_capture_sent(const struct mgw_lcore *lcore, enum mgw_point point, uint16_t port,
		      uint16_t n)
{
	for (uint32_t i = 0; i < MGW_MAX_CAPTURES; i++) {
		struct mgw_capture *capture = mgw_looking(lcore, i, point, port);

		if (capture != NULL)
			mgw_settle(capture, point, port, n);
	}
}
