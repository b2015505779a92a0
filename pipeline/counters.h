/* What the data path counts. One copy per lcore: only that lcore writes, anyone may read. */
#ifndef MGW_COUNTERS_H
#define MGW_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "budget.h"

#define MGW_MAX_PORTS 64 /* configured ports of one gateway */

/* Why a copy was not made though a session accepted the frame. X(symbol, name) */
#define MGW_SKIP_REASONS(X)                                                                        \
	X(MGW_SKIP_MEMPOOL, "mempool")         /* no mirror mbuf was left */                       \
	X(MGW_SKIP_TUNNEL_FULL, "tunnel-full") /* the tunnel port did not accept it */             \
	X(MGW_SKIP_PRODUCTION_DROPPED, "production-dropped") /* the frame itself never left */     \
	X(MGW_SKIP_UNRESOLVED, "unresolved")                 /* no neighbour for the target */     \
	X(MGW_SKIP_TARGET_DOWN, "target-down") /* no member of the load balancer can take it */    \
	X(MGW_SKIP_NO_LISTENER, "no-listener") /* the load balancer has none for UDP 4789 */       \
	X(MGW_SKIP_SAMPLED, "sampled")         /* the flow is not in the session's sample */       \
	X(MGW_SKIP_RATE_LIMIT, "rate-limit")   /* beyond a limit of the session or the target */   \
	X(MGW_SKIP_SEGMENTS, "segments") /* more segments than a burst holds or a port sends */    \
	X(MGW_SKIP_CONGESTION, "congestion") /* production needed what the copy would have cost */ \
	X(MGW_SKIP_HANDOVER_FULL, "handover-full") /* the mirror lcore is behind (split mode) */

/* Why a production frame was lost. */
#define MGW_DROP_REASONS(X)                                                                        \
	X(MGW_DROP_TX_FULL, "tx_full")   /* the peer's queue refused it, retries included */       \
	X(MGW_DROP_TOO_LONG, "too_long") /* the peer cannot send a frame of that length */

/* Why a frame of a mirrored source could not be compared with every rule. */
#define MGW_UNCLASSIFIED_REASONS(X)                                                                \
	X(MGW_UNCLASSIFIED_NOT_IP, "not_ip") /* another EtherType */                               \
	X(MGW_UNCLASSIFIED_SHORT, "short")   /* ends inside Ethernet, a tag or the IP header */    \
	X(MGW_UNCLASSIFIED_MALFORMED, "malformed") /* version or header length impossible */       \
	X(MGW_UNCLASSIFIED_BAD_CHAIN, "bad_chain") /* IPv6 extension headers cut off or too many   \
						    */

/* What became of fragments that a mirror source saw, other than the first of a datagram. */
#define MGW_FRAGMENT_FATES(X)                                                                      \
	X(MGW_FRAGMENT_INHERITED, "inherited")         /* has the first fragment's outcome */      \
	X(MGW_FRAGMENT_UNKNOWN_FIRST, "unknown_first") /* judged by itself */                      \
	X(MGW_FRAGMENT_EVICTED, "evicted") /* a first fragment forgotten before its time */

/* Why a frame that a tunnel port received was of no use to us. */
#define MGW_IGNORE_REASONS(X)                                                                      \
	X(MGW_IGNORE_NOT_OURS, "not_ours")             /* not for us, or nothing that we speak */  \
	X(MGW_IGNORE_SLOW_PATH_FULL, "slow_path_full") /* the slow path is behind */

/* Traffic types that are never mirrored; the order is that of rules.Exclusion (a test compares). */
#define MGW_EXCLUSIONS(X)                                                                          \
	X(MGW_EXCLUDED_NONE, "")                                                                   \
	X(MGW_EXCLUDED_ARP, "arp")                                                                 \
	X(MGW_EXCLUDED_DHCP, "dhcp")                                                               \
	X(MGW_EXCLUDED_METADATA, "metadata")                                                       \
	X(MGW_EXCLUDED_NTP, "ntp")                                                                 \
	X(MGW_EXCLUDED_WINDOWS_ACTIVATION, "windows_activation")                                   \
	X(MGW_EXCLUDED_AMAZON_DNS, "amazon_dns")                                                   \
	X(MGW_EXCLUDED_OWN_COPY, "own_copy")

#define MGW_SYMBOL(symbol, name) symbol,
enum mgw_skip { MGW_SKIP_REASONS(MGW_SYMBOL) MGW_SKIPS };
enum mgw_drop { MGW_DROP_REASONS(MGW_SYMBOL) MGW_DROPS };
enum mgw_unclassified { MGW_UNCLASSIFIED_REASONS(MGW_SYMBOL) MGW_UNCLASSIFIEDS };
enum mgw_fragment_fate { MGW_FRAGMENT_FATES(MGW_SYMBOL) MGW_FRAGMENT_FATE_COUNT };
enum mgw_ignore { MGW_IGNORE_REASONS(MGW_SYMBOL) MGW_IGNORES };
enum mgw_excluded { MGW_EXCLUSIONS(MGW_SYMBOL) MGW_EXCLUDEDS };
#undef MGW_SYMBOL

enum mgw_direction { MGW_INGRESS, MGW_EGRESS, MGW_DIRECTIONS };

/* Packets and bytes; bytes are original frame lengths, before truncation, without FCS. */
struct mgw_count {
	uint64_t packets, bytes;
};

struct mgw_port_counters {
	struct mgw_count rx;                 /* received from the port */
	struct mgw_count forwarded;          /* production accepted by this port's tx */
	struct mgw_count copies;             /* copies accepted by this port's tx */
	struct mgw_count dropped[MGW_DROPS]; /* production received here and lost */
	struct mgw_count consumed;           /* received and taken in: they were for us */
	struct mgw_count originated;         /* frames of our own accepted by this port's tx */
	uint64_t originate_failed;           /* and those that it refused */
	uint64_t observed;                   /* frames of a tap, looked at and freed */
	/* a tunnel port: frames received; elsewhere: frames consumed, forwarded or observed all
	   the same, of which the slow path learnt nothing */
	uint64_t ignored[MGW_IGNORES];
	uint64_t unclassified[MGW_UNCLASSIFIEDS];
	uint64_t fragments[MGW_FRAGMENT_FATE_COUNT];
	uint64_t partial_checksums; /* frames whose L4 checksum was found incomplete */
	uint64_t unseen_congestion; /* frames whose sources were not looked for: too busy */
} __attribute__((aligned(64)));

/*
 * Of sources and sessions, what a frame usually changes lies apart from the details, so that with
 * thousands of them few cache lines and pages are touched: both directions are one line.
 *
 * seen = matched + missed + sum of excluded + unmatched_congestion
 */
struct mgw_source_counters {
	uint64_t seen, matched, missed;
	uint64_t unmatched_congestion; /* no session was asked: too busy */
};

struct mgw_source_details {
	uint64_t excluded[MGW_EXCLUDEDS];
};

/* matched = mirrored + sum of skipped (+ what is between decide and send right now) */
struct mgw_session_counters {
	struct mgw_count matched, mirrored;
};

struct mgw_session_details {
	uint64_t truncated; /* of mirrored: cut by packet length or by the target's MTU */
	struct mgw_count skipped[MGW_SKIPS];
};

_Static_assert(sizeof(struct mgw_source_counters[MGW_DIRECTIONS]) == 64 &&
		   sizeof(struct mgw_session_counters[MGW_DIRECTIONS]) == 64,
	       "both directions of a source or session are one cache line");

/*
 * What a token bucket owes after its last copy (limit.h), in units of now << MGW_OWED_SHIFT. Not a
 * count, but it belongs to a slot and an lcore like one.
 */
struct mgw_bucket {
	uint64_t when; /* as in pipe->now */
	uint64_t packets, bytes;
};

/*
 * What both laws are computed from. The lcore publishes one burst's work at once under the sequence
 * lock: sequence is odd while it writes, so a reader that sees the same even value before and
 * after has a consistent set. Three cache lines of the lcore's own, by what a burst changes.
 */
struct mgw_totals {
	/* each burst of a wire whose frames are mirrored */
	uint64_t sequence;
	uint64_t wire_rx, forwarded;
	uint64_t seen, matched, missed, excluded;
	uint64_t mirrored;
	/* split mode, congestion and taps: copies given to a mirror lcore, got from a worker */
	uint64_t handed, taken;
	uint64_t skipped, unmatched_congestion;
	uint64_t tap_rx, observed;
	/* what is rare, and what tunnel ports receive; ignored by those only */
	uint64_t dropped, wire_consumed;
	uint64_t tunnel_rx, tunnel_consumed, ignored;
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct mgw_totals, handed) == 64 &&
		   offsetof(struct mgw_totals, tunnel_rx) == 128,
	       "a burst of a wire changes the first cache line, whatever becomes of it the second");

/* Sightings for which a rule set was asked that rte_acl holds, by who answered. */
struct mgw_match_counters {
	uint64_t cached;   /* the match cache */
	uint64_t searched; /* rte_acl */
};

/* All counters of one lcore. The arrays are indexed by slots that Go hands out. */
struct mgw_counters {
	struct mgw_totals totals;
	struct mgw_match_counters match;
	struct mgw_port_counters ports[MGW_MAX_PORTS];
	struct mgw_source_counters (*sources)[MGW_DIRECTIONS];
	struct mgw_source_details (*source_details)[MGW_DIRECTIONS];
	struct mgw_session_counters (*sessions)[MGW_DIRECTIONS];
	struct mgw_session_details (*session_details)[MGW_DIRECTIONS];
	struct mgw_count *rules;
	struct mgw_bucket *session_buckets; /* by session slot */
	struct mgw_bucket *target_buckets;  /* by slot of targets with a limit */
	struct mgw_credit *credits;         /* by session slot: what sessions had of a budget */
};

#endif
