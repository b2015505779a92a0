/*
 * The poll loop. Read mgw_poll aloud and it says what becomes of a burst. No lock, log or system
 * call in here, one clock read a loop (gap.h); mempools are asked only after production has left.
 */
#include "capture.h"
#include "consume.h"
#include "copies.h"
#include "gap.h"
#include "originate.h"
#include "production.h"

/* Put what is too long for the peer behind; captures must have seen the order before. */
static __rte_noinline void mgw_part_crossing(const struct mgw_lcore *lcore, const struct mgw_rx *rx,
					     struct mgw_crossing *crossing)
{
	if (crossing->unseen)
		mgw_capture_received(lcore, rx->port);
	crossing->unseen = false;
	crossing->n = mgw_part_too_long(lcore->pipe, rx, crossing->from);
}

/*
 * Of the frames from crossing->from on: count them, take what is for us, put what is too long for
 * the peer behind. False: nothing is left.
 */
static __rte_always_inline bool mgw_take_in(const struct mgw_lcore *lcore, const struct mgw_rx *rx,
					    struct mgw_crossing *crossing)
{
	struct mgw_pipe *pipe = lcore->pipe;

	crossing->weight = mgw_count_rx(pipe, rx, crossing->from);
	pipe->totals.wire_rx += (uint64_t)(pipe->n - crossing->from);
	if (rx->host != NULL) {
		crossing->weight.bytes -= mgw_take_ours(lcore, rx, crossing->from);
		if (pipe->n == crossing->from)
			return false;
	}
	crossing->n = pipe->n;
	if (unlikely(rx->peer_frame_max != 0 && crossing->weight.longest > rx->peer_frame_max))
		mgw_part_crossing(lcore, rx, crossing);
	return true;
}

/* Production leaves, and captures see what did not go by them as it came. */
static __rte_always_inline void mgw_send_crossing(struct mgw_lcore *lcore, const struct mgw_rx *rx,
						  struct mgw_crossing *crossing,
						  struct mgw_stopwatch *watch)
{
	mgw_send_production(lcore, rx, crossing);
	if (unlikely(crossing->unseen))
		mgw_capture_received(lcore, rx->port);
	mgw_lap(watch, MGW_TIMED_SEND_PRODUCTION);
}

/* Poll a queue once, for frames behind those of the pipe. Returns how many came. */
static __rte_always_inline uint16_t mgw_receive(struct mgw_lcore *lcore, const struct mgw_rx *rx,
						uint16_t from, struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;
	const uint16_t n = rte_eth_rx_burst(rx->ethdev, rx->queue, &pipe->frames[from],
					    (uint16_t)(MGW_BURST - from));

	mgw_note_burst(&lcore->telemetry, n);
	mgw_lap(watch, MGW_TIMED_RECEIVE);
	pipe->n = from + n;
	return n;
}

/*
 * The burst has left before anything is decided, and so does what came in the meantime, until
 * nothing comes, the peer does not take all or the burst is full: production does not wait for
 * copies of what came shortly before. Returns how many frames came.
 */
static __rte_always_inline uint16_t mgw_send_following(struct mgw_lcore *lcore,
						       const struct mgw_rx *rx,
						       struct mgw_crossing *crossing,
						       struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;
	uint16_t came = 0;

	while (crossing->sent == pipe->n && pipe->n < MGW_BURST) {
		const uint16_t n = mgw_receive(lcore, rx, pipe->n, watch);

		came += n;
		crossing->from = crossing->sent;
		if (n == 0 || !mgw_take_in(lcore, rx, crossing))
			break;
		mgw_lap(watch, MGW_TIMED_ACCOUNT);
		mgw_keep(pipe, crossing->from);
		mgw_send_crossing(lcore, rx, crossing, watch);
	}
	return came;
}

/* Classify, match and hold. */
static __rte_always_inline void mgw_decide_watched(const struct mgw_lcore *lcore,
						   const struct mgw_program *program,
						   const struct mgw_rx *rx,
						   struct mgw_stopwatch *watch)
{
	if (watch == NULL)
		mgw_decide(lcore->pipe, program, rx->port);
	else
		mgw_decide_timed(lcore->pipe, program, rx->port, watch);
	if (unlikely(lcore->pipe->notices != 0))
		mgw_hand_up_notices(lcore, rx);
}

/*
 * A burst of a wire: take what is for us, decide, send production, then copy. A short burst is sent
 * before anything is decided, with what follows it, and before captures look at it, unless they
 * must see frames for us. Returns how many frames followed.
 */
static __rte_always_inline uint16_t mgw_forward_by(struct mgw_lcore *lcore, const struct mgw_rx *rx,
						   struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_program *program = __atomic_load_n(&lcore->program, __ATOMIC_ACQUIRE);
	const bool captured = mgw_captures(lcore);
	struct mgw_crossing crossing;
	uint16_t following = 0;

	crossing.from = 0;
	crossing.first = mgw_goes_first(pipe, &program->ports[rx->port], captured);
	crossing.unseen = captured && crossing.first && rx->host == NULL;
	if (captured && !crossing.unseen)
		mgw_capture_received(lcore, rx->port);
	if (!mgw_take_in(lcore, rx, &crossing))
		return 0;
	mgw_lap(watch, MGW_TIMED_ACCOUNT);
	if (crossing.first) {
		mgw_keep(pipe, 0);
		mgw_send_crossing(lcore, rx, &crossing, watch);
		if (likely(!captured))
			following = mgw_send_following(lcore, rx, &crossing, watch);
	}
	mgw_decide_watched(lcore, program, rx, watch);
	if (mgw_captures(lcore))
		mgw_capture_decided(lcore, program, rx->port, rx->peer, crossing.n);
	mgw_lap(watch, MGW_TIMED_ACCOUNT);
	if (!crossing.first)
		mgw_send_crossing(lcore, rx, &crossing, watch);
	if (mgw_captures(lcore))
		mgw_capture_sent(lcore, MGW_POINT_EGRESS, rx->peer, crossing.sent);
	if (pipe->n_copies > 0)
		mgw_leave_copies(lcore, program, crossing.sent, watch);
	if (crossing.first)
		mgw_let_go(pipe);
	return following;
}

/* A burst of a tap: decide, let it go, then copy. */
static __rte_always_inline void mgw_look_by(const struct mgw_lcore *lcore, const struct mgw_rx *rx,
					    struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;
	const struct mgw_program *program = __atomic_load_n(&lcore->program, __ATOMIC_ACQUIRE);

	if (mgw_captures(lcore))
		mgw_capture_received(lcore, rx->port);
	mgw_count_rx(pipe, rx, 0);
	pipe->totals.tap_rx += pipe->n;
	mgw_lap(watch, MGW_TIMED_ACCOUNT);
	mgw_decide_watched(lcore, program, rx, watch);
	if (mgw_captures(lcore))
		mgw_capture_decided(lcore, program, rx->port, rx->port, 0);
	mgw_lap(watch, MGW_TIMED_ACCOUNT);
	mgw_free_observed(pipe, rx);
	mgw_lap(watch, MGW_TIMED_SEND_PRODUCTION);
	if (pipe->n_copies > 0)
		mgw_leave_copies(lcore, program, pipe->n, watch);
}

/*
 * What a role makes of a burst is a function of its own in all loops but the timed ones, so that a
 * poll without frames has few values to keep.
 */
static __rte_noinline uint16_t mgw_forward(struct mgw_lcore *lcore, const struct mgw_rx *rx)
{
	return mgw_forward_by(lcore, rx, NULL);
}

static __rte_noinline void mgw_look(const struct mgw_lcore *lcore, const struct mgw_rx *rx)
{
	mgw_look_by(lcore, rx, NULL);
}

/* Returns how many frames came. watch is NULL in all loops but the timed ones. */
static __rte_always_inline uint16_t mgw_poll(struct mgw_lcore *lcore, const struct mgw_rx *rx,
					     struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;
	uint16_t n = mgw_receive(lcore, rx, 0, watch);

	mgw_note_drained(lcore, rx, n);
	if (n == 0)
		return 0;
	switch (rx->role) {
	case MGW_ROLE_WIRE:
		if (watch == NULL)
			n += mgw_forward(lcore, rx);
		else
			n += mgw_forward_by(lcore, rx, watch);
		break;
	case MGW_ROLE_TAP:
		if (watch == NULL)
			mgw_look(lcore, rx);
		else
			mgw_look_by(lcore, rx, watch);
		break;
	default:
		if (mgw_captures(lcore))
			mgw_capture_received(lcore, rx->port);
		mgw_count_rx(pipe, rx, 0);
		mgw_listen(lcore, rx);
	}
	mgw_publish_totals(pipe);
	mgw_lap(watch, MGW_TIMED_ACCOUNT);
	return n;
}

/* Every port once. Returns how many frames came. */
static __rte_always_inline uint32_t mgw_poll_all(struct mgw_lcore *lcore,
						 struct mgw_stopwatch *watch)
{
	uint32_t received = 0;

	for (const struct mgw_rx *rx = lcore->rx, *end = rx + lcore->n_rx; rx < end; rx++)
		received += mgw_poll(lcore, rx, watch);
	return received;
}

/* The same by the clock, once in each housekeeping interval. */
static __rte_noinline uint32_t mgw_poll_timed(struct mgw_lcore *lcore)
{
	struct mgw_stopwatch watch;
	uint32_t received;

	mgw_start_watch(&watch);
	received = mgw_poll_all(lcore, &watch);
	mgw_note_timed(&lcore->telemetry, &watch, received);
	return received;
}

/*
 * What is not traffic, and the little that we send ourselves. A pool that ran dry is asked again
 * here, should no copy be due.
 */
static inline bool mgw_housekeep(struct mgw_lcore *lcore)
{
	const uint64_t began = mgw_begin_housekeeping();

	if (lcore->pipe->n_stock < MGW_STOCK)
		mgw_restock(lcore->pipe);
	mgw_originate(lcore);
	mgw_end_housekeeping(&lcore->telemetry, began);
	__atomic_store_n(&lcore->heartbeat, lcore->heartbeat + 1, __ATOMIC_RELAXED);
	return __atomic_load_n(&lcore->stop, __ATOMIC_RELAXED) == 0;
}

/* Begin a loop: say what the last one was, which began at polled. Returns now. */
static inline uint64_t mgw_begin_loop(struct mgw_lcore *lcore, uint64_t polled, uint32_t received)
{
	const uint64_t now = mgw_note_poll(lcore, polled);
	const struct mgw_program *program = __atomic_load_n(&lcore->program, __ATOMIC_ACQUIRE);

	mgw_note_loop(&lcore->telemetry, now - polled, received);
	lcore->telemetry.generation = program->generation;
	return now;
}

/* Send all copies that the workers had handed over when the turn began. Returns how many. */
static __rte_always_inline uint32_t mgw_take_copies(const struct mgw_lcore *lcore,
						    struct mgw_stopwatch *watch)
{
	struct mgw_pipe *pipe = lcore->pipe;
	const uint64_t before = pipe->totals.taken;

	for (uint16_t i = 0; i < lcore->n_feeders; i++) {
		struct mgw_handover *ring = lcore->feeders[i].ring;
		const uint64_t end = mgw_handed_over(ring);
		const struct mgw_program *program;

		while ((program = mgw_take_over(pipe, ring, end)) != NULL) {
			mgw_lap(watch, MGW_TIMED_ACCOUNT);
			mgw_send_copies(lcore, program, UINT16_MAX, watch);
			mgw_publish_totals(pipe);
		}
	}
	return (uint32_t)(pipe->totals.taken - before);
}

/* Listen, and send what was handed over. Returns how many frames and copies came. */
static __rte_always_inline uint32_t mgw_mirror_turn(struct mgw_lcore *lcore,
						    struct mgw_stopwatch *watch)
{
	const uint64_t passed = mgw_workers_passed(lcore);
	const uint32_t received = mgw_poll_all(lcore, watch);
	const uint32_t taken = mgw_take_copies(lcore, watch);

	mgw_report_passed(lcore, passed);
	return received + taken;
}

/* The same by the clock, once in each housekeeping interval. */
static __rte_noinline uint32_t mgw_mirror_turn_timed(struct mgw_lcore *lcore)
{
	struct mgw_stopwatch watch;
	uint32_t came;

	mgw_start_watch(&watch);
	came = mgw_mirror_turn(lcore, &watch);
	mgw_note_timed(&lcore->telemetry, &watch, came);
	return came;
}

/*
 * Who launches it has made it an online reader. When it is asked to stop, the workers have stopped:
 * what they handed over last still leaves.
 */
int mgw_mirror_run(void *arg)
{
	struct mgw_lcore *lcore = arg;
	uint64_t polled = mgw_first_poll();
	uint32_t received = 0;
	bool running = true;

	while (running) {
		const uint32_t timed = mgw_timed_of(lcore->heartbeat, MGW_HOUSEKEEPING);

		for (uint32_t loop = 0; loop < MGW_HOUSEKEEPING; loop++) {
			polled = mgw_begin_loop(lcore, polled, received);
			received = likely(loop != timed) ? mgw_mirror_turn(lcore, NULL)
							 : mgw_mirror_turn_timed(lcore);
		}
		running = mgw_housekeep(lcore);
	}
	mgw_take_copies(lcore, NULL);
	rte_rcu_qsbr_thread_offline(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_unregister(lcore->qsbr, lcore->reader);
	return 0;
}

int mgw_lcore_run(void *arg)
{
	struct mgw_lcore *lcore = arg;
	uint64_t polled = mgw_first_poll();
	uint32_t received = 0;
	bool running = true;

	rte_rcu_qsbr_thread_register(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_online(lcore->qsbr, lcore->reader);
	mgw_forget(&lcore->congestion, &lcore->pipe->budget, polled);
	while (running) {
		const uint32_t timed = mgw_timed_of(lcore->heartbeat, MGW_HOUSEKEEPING);

		for (uint32_t loop = 0; loop < MGW_HOUSEKEEPING; loop++) {
			polled = mgw_begin_loop(lcore, polled, received);
			received = likely(loop != timed) ? mgw_poll_all(lcore, NULL)
							 : mgw_poll_timed(lcore);
			rte_rcu_qsbr_quiescent(lcore->qsbr, lcore->reader);
			if ((loop + 1) % MGW_LOOK == 0)
				mgw_look_for_congestion(lcore, polled);
		}
		running = mgw_housekeep(lcore);
	}
	rte_rcu_qsbr_thread_offline(lcore->qsbr, lcore->reader);
	rte_rcu_qsbr_thread_unregister(lcore->qsbr, lcore->reader);
	return 0;
}
