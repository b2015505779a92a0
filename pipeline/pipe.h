/*
 * A pipe: everything one lcore needs to take bursts through the stages. Only its lcore touches
 * it (or, in tests, the one caller that hands frames in).
 */
#ifndef MGW_PIPE_H
#define MGW_PIPE_H

#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "clones.h"
#include "program.h"

#define MGW_BURST 32 /* frames received at a time */
#define MGW_MAX_COPIES                                                                             \
	(2 * MGW_BURST) /* a frame is mirrored at most once per source, two sources */

/*
 * Mirror mbufs kept ready, so that hold never allocates: enough for two owned copies of every
 * frame of a burst, 9,000 bytes each.
 */
#define MGW_STOCK (10 * MGW_BURST)

#define MGW_MAX_HELD 1024 /* segments held in one burst */

/* Up to this many inner bytes are copied, longer ones referenced. A multiple of a cache line. */
#define MGW_COPY_MAX 192

/* Outcomes of first fragments that one lcore remembers, and how many compete for one place. */
#define MGW_DATAGRAMS     4096
#define MGW_DATAGRAM_WAYS 4

/* Which part of a datagram a frame is. */
enum mgw_part { MGW_WHOLE, MGW_FIRST, MGW_LATER };

/* What classify says of a frame. A cache line each, as copies are: none straddles two. */
struct mgw_key {
	uint8_t acl_class;    /* set by match, per rule set; rte_acl wants one byte first */
	uint8_t family;       /* 0: not IP, matches no rule */
	uint8_t excluded;     /* enum mgw_excluded */
	uint8_t fragment;     /* enum mgw_part: any fragment is not 0 */
	uint8_t resolver;     /* traffic of a DNS resolver */
	uint8_t unclassified; /* enum mgw_unclassified + 1, or 0 */
	uint8_t unusual;      /* rules alone cannot say: one of the five above does */
	uint8_t icmp_type;    /* of ICMP and ICMPv6, else 0 */
	uint32_t l4;          /* MGW_L4_* */
	uint16_t source_port, destination_port; /* network order; 0 without ports */
	uint32_t source[4], destination[4];     /* network order; IPv4 uses the first word */
	uint32_t identification;                /* of a fragment; as it stands in the header */
	uint8_t icmp_code;                      /* valid iff protocol is ICMP or ICMPv6 */
	uint8_t routed;                         /* has a routing header; valid iff family is 6 */
} __attribute__((aligned(64)));

/*
 * Both ports of a key in host order, the source port in the upper half. Turned around together: a
 * 16-bit load that swaps would wait for what its register held before.
 */
static __rte_always_inline uint32_t mgw_ports_of(const struct mgw_key *key)
{
	uint32_t ports;

	memcpy(&ports, &key->source_port, sizeof(ports));
	return rte_be_to_cpu_32(ports);
}

/* One source that sees a frame. */
struct mgw_sighting {
	uint8_t frame;
	uint8_t direction;
	uint8_t accepted;               /* by session; set by match */
	uint8_t excluded;               /* enum mgw_excluded; set by match */
	uint32_t source;                /* slot of its counters */
	uint32_t session, end;          /* run of sessions still to be asked */
	const struct mgw_ruleset *asks; /* of that session and maybe more; valid iff one is left */
};

/* Whose first fragment it was, at which source. */
struct mgw_datagram_id {
	uint32_t source[4], destination[4], identification; /* as in a key */
	uint32_t mirror_source;                             /* as in a sighting */
	uint8_t family, direction;
	uint8_t protocol; /* IPv4 only, else 0 (RFC 8200 section 4.5) */
	uint8_t padding;  /* 0: compared with the rest */
};

/* What match decided about it, for the fragments that follow. A cache line. */
struct mgw_datagram {
	struct mgw_datagram_id id; /* family 0: an empty place */
	uint32_t generation;       /* of the program, lower half */
	uint64_t when;             /* as in pipe->now */
	uint32_t session;          /* as in a sighting */
	uint8_t accepted, excluded;
} __attribute__((aligned(64)));

/*
 * The match cache (matchcache.h): 2^bits cache lines. It is judged after so many keys, of which one
 * in so many may be missing, or it pauses for as long as up to so many trials. Of the keys that
 * were missing one in so many pushes out another.
 */
#define MGW_CACHE_BITS   15
#define MGW_CACHE_TRIAL  (4u << MGW_CACHE_BITS)
#define MGW_CACHE_WORTH  8
#define MGW_CACHE_TRIALS 32u
#define MGW_CACHE_ONE_IN 4

/* An IPv4 key, its fields as they stand there, and the first rule that matches it. */
struct mgw_cached4 {
	uint32_t source, destination, ports;
	uint32_t position; /* MGW_NO_POSITION: no rule */
};

struct mgw_cached6 {
	uint32_t source[4], destination[4], ports;
	uint32_t position;
};

/* Two IPv4 keys, the newer one first, or one of IPv6. */
struct mgw_cache_line {
	uint64_t asked[2]; /* serial of a context << 8 | class, of an IPv6 key twice; 0: free */
	union {
		struct mgw_cached4 v4[2];
		struct mgw_cached6 v6;
	};
} __attribute__((aligned(64)));

struct mgw_match_cache {
	uint32_t looked, missed; /* keys, since it was judged last */
	uint32_t pause;          /* keys left until it is asked again */
	uint32_t trials;         /* as long as so many the last pause was; 0: the trial was good */
	uint32_t chance;         /* says which keys are remembered */
	struct mgw_cache_line lines[1 << MGW_CACHE_BITS];
};

_Static_assert(sizeof(struct mgw_cache_line) == 64, "one look is one cache line");

/* A copy on its way: from the session's yes to the tunnel port's. */
struct mgw_copy {
	struct rte_mbuf *head;                 /* mirror mbuf; NULL: given by copy */
	struct mgw_session_counters *counters; /* of the session and direction */
	const struct mgw_next_hop *hop;        /* valid until the lcore is quiescent */
	const struct mgw_way *way;             /* of the session */
	uint32_t session;                      /* index in program->sessions */
	uint32_t length;                       /* of the frame */
	uint32_t inner;                        /* bytes of it in the copy */
	uint16_t source_port;                  /* outer UDP, network order */
	uint16_t first_held, n_held; /* run in held[]; n_held 0: the bytes are in head already */
	uint16_t frame;
	uint8_t direction;
} __attribute__((aligned(64)));

/* A production segment with a reference of ours. Afterwards the length is read from here. */
struct mgw_held {
	struct rte_mbuf *segment;
	uint16_t length;
};

/* Copies in a row of an outbox that are counted together: of one session and direction. */
struct mgw_batch {
	struct mgw_session_counters *counters;
	uint32_t packets, truncated;
	uint64_t length, outer; /* of all frames, of all copies; bytes */
};

/* Copies of one tunnel port, ready to be sent. */
struct mgw_outbox {
	uint16_t n, n_batches;
	struct mgw_batch *batch; /* the last one; valid iff n is not 0 */
	struct mgw_batch batches[MGW_MAX_COPIES];
	struct rte_mbuf *mbufs[MGW_MAX_COPIES];
	uint16_t copies[MGW_MAX_COPIES]; /* index in copies[] */
};

struct mgw_pipe {
	/* fixed while running */
	struct rte_mempool *header_pool;   /* room for MGW_HEADER_MAX + MGW_COPY_MAX bytes */
	struct rte_mempool *indirect_pool; /* references to production segments */
	struct mgw_counters *counters;
	uint16_t n_tunnels;
	uint64_t datagram_life; /* how long first fragments are remembered, in units of now */
	uint64_t secret;        /* odd: where a datagram is remembered, nobody outside can tell */

	/* how many copies may be made: the caller of decide says so, between bursts */
	struct mgw_budget budget;
	uint64_t skips[MGW_SKIPS]; /* copies that were not made, by reason, ever */

	/* what time it is: set by the caller of decide, in any unit, from any moment on */
	uint64_t now;

	/* the burst: set by the caller of decide */
	uint16_t n;
	struct rte_mbuf *frames[MGW_BURST];

	/* set by source: which sources see which frames */
	uint16_t n_sightings;
	struct mgw_sighting sightings[MGW_MAX_COPIES];
	bool one_source; /* one source sees all frames, each once, and nobody else any; unknown
			    where sources are scattered */
	bool alike; /* one direction, and the same is asked; cleared by classify if not all IPv4,
		       and by match's first round */

	/* set by classify, for frames that a source sees */
	struct mgw_key keys[MGW_BURST];
	uint64_t flows[MGW_BURST]; /* mgw_flow_hash of each */
	uint32_t unusual;          /* bit 1 << frame: its key says so */
	uint32_t notices; /* bit 1 << frame: it says that a copy is too big (mgw_quotes_copy) */

	/* set by match: one session accepts all frames of the burst, which no other source sees */
	bool as_one;

	/* of match's own */
	uint16_t n_fragments; /* sightings of fragments in the burst */
	struct mgw_datagram datagrams[MGW_DATAGRAMS];
	struct mgw_match_cache cache;

	/* set by match and hold, consumed by copy */
	bool one_run; /* all copies are of one session and direction, and to one next hop */
	uint16_t n_copies, n_held, n_stock;
	struct mgw_copy copies[MGW_MAX_COPIES];
	struct mgw_copy like; /* of hold's own: what the copies of a row have in common */
	struct mgw_held held[MGW_MAX_HELD];
	struct rte_mbuf *stock[MGW_STOCK];
	struct mgw_outbox outboxes[MGW_MAX_TUNNELS];

	/*
	 * The lcore's totals, ever, the present burst's so far included: counters->totals, which
	 * others read, is what they were when mgw_publish_totals copied them last. The lcore alone
	 * writes these and nobody else looks here, so stages add without a lock. The sequence is
	 * not used.
	 */
	struct mgw_totals totals;
} __attribute__((aligned(64)));

struct mgw_handover; /* see handover.h */

/*
 * Classify, match and hold the pipe's burst, received on port. Never changes a frame. If frames
 * have been sent the caller holds references on all of their segments.
 */
void mgw_decide(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port);

/* The same, with laps. */
struct mgw_stopwatch;
void mgw_decide_timed(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t port,
		      struct mgw_stopwatch *watch);

/*
 * Make the copies that mgw_decide held and put them into the outboxes. sent says how many frames
 * of the burst production accepted; those after it never left.
 */
void mgw_copy(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t sent);

/*
 * Split mode, instead of mgw_copy: give the held copies to the mirror lcore that reads ring. For
 * the worker that writes it.
 */
void mgw_hand_over(struct mgw_pipe *pipe, const struct mgw_program *program,
		   struct mgw_handover *ring, uint16_t sent);

/* Where the ring ends by now: for its reader, to know when it has taken what was there. */
uint64_t mgw_handed_over(const struct mgw_handover *ring);

/*
 * Take copies from before end into the pipe, for mgw_copy with the program returned and all of them
 * sent. NULL: none is left. Never more than one program's.
 */
const struct mgw_program *mgw_take_over(struct mgw_pipe *pipe, struct mgw_handover *ring,
					uint64_t end);

/* Count what a tunnel port did with its outbox: the first sent left, the rest is freed. */
void mgw_copies_sent(struct mgw_pipe *pipe, const struct mgw_program *program, uint16_t tunnel,
		     uint16_t sent);

/* Fill the stock; between bursts only. */
void mgw_restock(struct mgw_pipe *pipe);

/* Give the stock back to its pool; after the last burst. */
void mgw_unstock(struct mgw_pipe *pipe);

/* Publish the totals, this burst's included, under the sequence lock. */
void mgw_publish_totals(struct mgw_pipe *pipe);

#endif
