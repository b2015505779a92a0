/*
 * One thread that sends stamped frames at a steady rate and receives them again.
 *
 * Every frame is IPv4 without a tag and carries 8 bytes of ours, host byte order: a sequence number
 * and the low half of the time stamp counter when it was sent. They are the first of a UDP payload,
 * or the sequence and acknowledgement numbers of TCP: short frames have no other room. Frames lie
 * ready in mbufs of which we keep a reference: nothing is allocated or copied to send one.
 */
#ifndef MIRRORGW_PACER_H
#define MIRRORGW_PACER_H

#include <stdint.h>

#define PACER_BURST  32
#define PACER_LAG    256  /* frames that may be overdue before they are given up */
#define PACER_CREDIT 40   /* bits behind the point of a credit */
#define PACER_ROOM   8192 /* frames that may be received late */

/* Buckets of latencies: 64 to an octave, so that a bucket is at most 1/64 wide (histogram.go). */
#define PACER_SUB     6
#define PACER_BUCKETS ((32 - PACER_SUB + 1) << PACER_SUB)

/* A frame that lies ready. */
struct pacer_slot {
	struct rte_mbuf *mbuf;
	uint16_t length; /* bytes */
};

struct pacer_counts {
	uint64_t offered;   /* frames that were due */
	uint64_t accepted;  /* of these, taken by the port */
	uint64_t late;      /* not sent because we were too slow: not offered */
	uint64_t received;  /* that is: have come back; copies apart */
	uint64_t copies;    /* arrived too, in VXLAN */
	uint64_t stale;     /* of the run before, whose end they outlasted: not received */
	uint64_t reordered; /* arrived after a later one */
	uint64_t altered;   /* wrong length, sequence number or bytes */
	uint64_t compared;  /* of the received, those compared byte by byte */
	uint64_t blind;     /* under way while we did not look: their latency says nothing */
	uint64_t gaps;      /* times that we stood still */
	uint64_t gap_cycles, longest_gap;
	uint64_t cycles; /* length of the sending, gaps included */
};

struct pacer {
	/* fixed */
	struct pacer_slot *slots;
	uint32_t mask; /* number of slots, a power of two, less one */
	uint16_t tx_port, rx_port, rx_queue;

	/* of a run */
	uint64_t length;    /* cycles to send */
	uint64_t drain;     /* cycles without a frame that end the receiving */
	uint64_t per_cycle; /* frames a cycle, PACER_CREDIT bits behind the point; 0: all the port
			       takes */
	uint64_t take_per_cycle; /* the same of what is received; 0: all there is */
	uint64_t gap;  /* cycles between two looks at the clock that count as standing still */
	uint64_t look; /* and that make what was under way useless for latency; at most gap */

	/* state */
	uint32_t next;     /* sequence number to send */
	uint32_t expected; /* sequence number to receive */
	uint32_t began;    /* sequence number of the run's first frame */
	uint32_t blind;    /* frames stamped before do not count for latency */
	uint64_t room;     /* frames that may be received, PACER_CREDIT bits behind the point */

	struct pacer_counts counts;
	uint32_t latency[PACER_BUCKETS]; /* frames by latency */
};

/* Makes room for n slots, a power of two. Returns NULL without memory. */
struct pacer *pacer_new(uint32_t n);

/* Fills a slot from a pool. Returns 0 or a negative errno: -EINVAL if it has no place for a stamp.
 */
int pacer_fill(struct pacer *p, uint32_t slot, void *pool, const uint8_t *frame, uint16_t length);

/* Frees all; the ports must have been stopped. */
void pacer_free(struct pacer *p);

/* The bucket of a duration, cycles; for tests. */
uint32_t pacer_bucket(uint32_t cycles);

/*
 * Sends for length cycles, then receives what is still under way. The calling thread becomes an EAL
 * thread meanwhile. Returns 0 or a negative errno.
 */
int pacer_run(struct pacer *p);

#endif
