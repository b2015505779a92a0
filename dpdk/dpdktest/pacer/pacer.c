#include "pacer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#define COMPARE 61 /* one frame of so many is compared byte by byte */

/* What a frame carries. */
struct stamp {
	uint32_t sequence, tsc;
};

/* Offsets in an IPv4 frame without tag and options, bytes. */
enum { IP = 14, PROTOCOL = 23, UDP_TO = 36, TCP_SEQUENCE = 38, UDP_PAYLOAD = 42 };

static inline uint16_t stamp_at(const char *frame)
{
	return frame[PROTOCOL] == IPPROTO_TCP ? TCP_SEQUENCE : UDP_PAYLOAD;
}

static inline bool has_place(const char *frame, uint32_t length)
{
	return length >= UDP_PAYLOAD + sizeof(struct stamp) && frame[12] == 8 && frame[13] == 0 &&
	       frame[IP] == 0x45 &&
	       (frame[PROTOCOL] == IPPROTO_TCP || frame[PROTOCOL] == IPPROTO_UDP);
}

struct pacer *pacer_new(uint32_t n)
{
	struct pacer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->slots = calloc(n, sizeof(*p->slots));
	p->mask = n - 1;
	if (p->slots == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

int pacer_fill(struct pacer *p, uint32_t slot, void *pool, const uint8_t *frame, uint16_t length)
{
	struct rte_mbuf *mbuf;
	char *data;

	if (!has_place((const char *)frame, length))
		return -EINVAL;
	mbuf = rte_pktmbuf_alloc(pool);
	if (mbuf == NULL)
		return -ENOMEM;
	data = rte_pktmbuf_append(mbuf, length);
	if (data == NULL) {
		rte_pktmbuf_free(mbuf);
		return -EMSGSIZE;
	}
	memcpy(data, frame, length);
	p->slots[slot] = (struct pacer_slot){mbuf, length};
	return 0;
}

void pacer_free(struct pacer *p)
{
	for (uint32_t i = 0; i <= p->mask; i++)
		rte_pktmbuf_free(p->slots[i].mbuf);
	free(p->slots);
	free(p);
}

static struct pacer_slot *slot_of(const struct pacer *p, uint32_t sequence)
{
	return &p->slots[sequence & p->mask];
}

/* Send n frames at most; those that the port refuses are lost, as a network card would lose them.
 */
static inline void send_due(struct pacer *p, uint16_t n, uint64_t now)
{
	struct rte_mbuf *burst[PACER_BURST];
	uint16_t sent;

	for (uint16_t i = 0; i < n; i++) {
		struct pacer_slot *slot = slot_of(p, p->next + i);
		const struct stamp stamp = {p->next + i, (uint32_t)now};
		char *data = rte_pktmbuf_mtod(slot->mbuf, char *);

		burst[i] = slot->mbuf;
		rte_mbuf_refcnt_set(slot->mbuf, 2); /* the port frees one of them */
		memcpy(data + stamp_at(data), &stamp, sizeof(stamp));
	}
	sent = rte_eth_tx_burst(p->tx_port, 0, burst, n);
	for (uint16_t i = sent; i < n; i++)
		rte_mbuf_refcnt_set(burst[i], 1);
	p->next += sent;
	p->counts.accepted += sent;
	p->counts.offered += p->per_cycle != 0 ? n : sent;
}

/* Whether a received frame is the one that was sent, its stamp apart. */
static bool same(struct pacer *p, const struct pacer_slot *slot, const struct rte_mbuf *frame)
{
	const char *sent = rte_pktmbuf_mtod(slot->mbuf, const char *);
	const char *got = rte_pktmbuf_mtod(frame, const char *);
	const uint16_t at = stamp_at(sent);
	const size_t behind = at + sizeof(struct stamp);

	p->counts.compared++;
	return memcmp(sent, got, at) == 0 &&
	       memcmp(sent + behind, got + behind, slot->length - behind) == 0;
}

static inline uint32_t bucket(uint32_t cycles)
{
	uint32_t shift;

	if (cycles < 1u << PACER_SUB)
		return cycles;
	shift = 31u - PACER_SUB - (uint32_t)__builtin_clz(cycles);
	return (shift << PACER_SUB) + (cycles >> shift);
}

uint32_t pacer_bucket(uint32_t cycles)
{
	return bucket(cycles);
}

/* A copy that shares a port with production: UDP to the port of VXLAN. */
static inline bool is_copy(const char *frame)
{
	return frame[PROTOCOL] == IPPROTO_UDP && frame[UDP_TO] == 0x12 &&
	       (uint8_t)frame[UDP_TO + 1] == 0xb5;
}

/* What the gateway under test says for itself, where copies leave by the same port. */
static inline bool is_arp(const char *frame)
{
	return frame[12] == 8 && frame[13] == 6;
}

/* Note one frame that has come back. */
static inline void note(struct pacer *p, const struct rte_mbuf *frame, uint32_t now)
{
	const char *data = rte_pktmbuf_mtod(frame, const char *);
	const struct pacer_slot *slot;
	struct stamp stamp;

	if (unlikely(frame->data_len != frame->pkt_len || !has_place(data, frame->pkt_len))) {
		if (is_arp(data))
			p->counts.received--;
		else
			p->counts.altered++;
		return;
	}
	if (unlikely(is_copy(data))) {
		p->counts.copies++;
		p->counts.received--;
		return;
	}
	memcpy(&stamp, data + stamp_at(data), sizeof(stamp));
	slot = slot_of(p, stamp.sequence);
	if (unlikely(p->began - stamp.sequence - 1 <= p->mask)) {
		p->counts.stale++;
		p->counts.received--;
		return;
	}
	if (unlikely(stamp.sequence - p->began >= p->next - p->began ||
		     frame->pkt_len != slot->length ||
		     (stamp.sequence % COMPARE == 0 && !same(p, slot, frame)))) {
		p->counts.altered++;
		return;
	}
	if (unlikely((int32_t)(stamp.sequence - p->expected) < 0))
		p->counts.reordered++;
	else
		p->expected = stamp.sequence + 1;
	if (unlikely((int32_t)(stamp.tsc - p->blind) < 0))
		p->counts.blind++;
	else
		p->latency[bucket(now - stamp.tsc)]++;
}

/* How many frames the wire behind the port has had time for, some at a time. */
static inline uint16_t may_receive(const struct pacer *p)
{
	const uint64_t room = p->room >> PACER_CREDIT;

	if (likely(p->take_per_cycle == 0))
		return 2 * PACER_BURST;
	return room < PACER_BURST / 4 ? 0 : (uint16_t)RTE_MIN(room, 2ull * PACER_BURST);
}

/* Time in which nothing waited is lost. */
static inline void note_taken(struct pacer *p, uint16_t asked, uint16_t n)
{
	if (unlikely(p->take_per_cycle != 0))
		p->room = n < asked ? 0 : p->room - ((uint64_t)n << PACER_CREDIT);
}

static inline void give_room(struct pacer *p, uint64_t passed)
{
	if (unlikely(p->take_per_cycle != 0))
		p->room = RTE_MIN(p->room + passed * p->take_per_cycle,
				  (uint64_t)PACER_ROOM << PACER_CREDIT);
}

/* Receive what is there. Returns how many frames. */
static inline uint16_t receive(struct pacer *p)
{
	struct rte_mbuf *burst[2 * PACER_BURST];
	const uint16_t asked = may_receive(p);
	const uint16_t n = rte_eth_rx_burst(p->rx_port, p->rx_queue, burst, asked);

	note_taken(p, asked, n);
	if (n == 0)
		return 0;
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(burst[i], void *));
	const uint32_t now = (uint32_t)rte_rdtsc();

	p->counts.received += n;
	for (uint16_t i = 0; i < n; i++)
		note(p, burst[i], now);
	rte_pktmbuf_free_bulk(burst, n);
	return n;
}

/* What was under way while we did not look is late by us, and no matter for latency. */
static inline void note_look(struct pacer *p, uint64_t now, uint64_t passed)
{
	if (unlikely(passed > p->look))
		p->blind = (uint32_t)now;
}

/* What has come due since the last look at the clock; time that we stood still is no one's. */
static inline uint64_t earn(struct pacer *p, uint64_t now, uint64_t passed)
{
	note_look(p, now, passed);
	if (likely(passed <= p->gap))
		return passed * p->per_cycle;
	p->counts.gaps++;
	p->counts.gap_cycles += passed;
	p->counts.longest_gap = RTE_MAX(p->counts.longest_gap, passed);
	return 0;
}

/* Send by the clock and receive for the length of the run. */
static void work(struct pacer *p)
{
	const uint64_t most = (uint64_t)PACER_LAG << PACER_CREDIT, began = rte_rdtsc();
	uint64_t now = began, last = began, credit = 0;

	while (now - began < p->length) {
		uint16_t n;

		now = rte_rdtsc();
		credit += earn(p, now, now - last);
		give_room(p, now - last);
		last = now;
		if (unlikely(credit > most)) {
			p->counts.late += (credit - most) >> PACER_CREDIT;
			credit = most;
		}
		n = (uint16_t)RTE_MIN(credit >> PACER_CREDIT, (uint64_t)PACER_BURST);
		if (p->per_cycle == 0)
			n = PACER_BURST;
		else
			credit -= (uint64_t)n << PACER_CREDIT;
		if (n > 0)
			send_due(p, n, now);
		receive(p);
	}
	p->counts.cycles = now - began;
}

/* Receive until nothing has come for a while, whatever the wire's rate. */
static void drain(struct pacer *p)
{
	const uint64_t rate = p->take_per_cycle;
	uint64_t seen = rte_rdtsc();

	p->take_per_cycle = 0;
	for (uint64_t now = seen, last = seen; now - seen < p->drain; last = now) {
		if (receive(p) > 0)
			seen = now;
		now = rte_rdtsc();
		note_look(p, now, now - last);
	}
	p->take_per_cycle = rate;
	rte_eth_tx_burst(p->tx_port, 0, NULL,
			 0); /* lets a zero-copy port give back what was sent */
}

int pacer_run(struct pacer *p)
{
	const bool registered = rte_lcore_id() == LCORE_ID_ANY;

	if (registered && rte_thread_register() != 0)
		return -rte_errno;
	memset(&p->counts, 0, sizeof(p->counts));
	memset(p->latency, 0, sizeof(p->latency));
	p->began = p->expected = p->next;
	p->room = 0;
	p->blind = (uint32_t)rte_rdtsc();
	work(p);
	drain(p);
	if (registered)
		rte_thread_unregister();
	return 0;
}
