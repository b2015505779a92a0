/* lcore: what one worker needs to run. Go fills it before the launch. */
#ifndef MGW_LCORE_H
#define MGW_LCORE_H

#include <rte_rcu_qsbr.h>

#include "bytering.h"
#include "congestion.h"
#include "host.h"
#include "pipe.h"
#include "telemetry.h"

enum mgw_role { MGW_ROLE_WIRE, MGW_ROLE_TAP, MGW_ROLE_TUNNEL }; /* as rules.Role */

#define MGW_TX_RETRIES   4   /* for refused production frames, at once, no waiting */
#define MGW_FIRST_MAX    16  /* frames of a burst that may leave before it is decided about */
#define MGW_HOUSEKEEPING 256 /* loops between two looks at what is not traffic */
#define MGW_ORIGINATE    16  /* frames of our own that a tunnel port sends in one of these looks */

#define MGW_MAX_CAPTURES 4 /* at once */

#define MGW_MAX_FEEDERS 127 /* as many workers as there are lcores */

/* A receive queue that this worker polls, and where its frames go. */
struct mgw_rx {
	uint16_t ethdev, queue;
	uint16_t port; /* configured index, for program and counters */
	uint16_t peer; /* configured index of the other side of a wire */
	uint16_t peer_ethdev;
	uint32_t peer_frame_max; /* longest frame the peer can send, bytes; 0: no limit known */
	uint32_t
	    peer_tag_extra; /* bytes more if the outer tag is 0x8100: Linux does not count it */
	uint8_t role;       /* enum mgw_role */
	uint32_t backlog;   /* frames that wait there in congestion; 0: the driver cannot say */
	uint64_t bit;       /* 1 << index in rx[] */
	const struct mgw_host *host; /* who we are here; NULL: not a tunnel port */
};

/* A transmit queue for copies. */
struct mgw_tx {
	uint16_t ethdev, queue;
	uint16_t port;  /* configured index */
	uint16_t room;  /* descriptors that are free without congestion; 0: the driver cannot say */
	uint8_t shared; /* with production: that much is kept for it */
};

/* A tunnel port that this worker sends the slow path's frames on. */
struct mgw_origin {
	struct mgw_byte_ring *ring; /* Go writes, the worker reads */
	uint16_t ethdev;
	uint16_t port; /* configured index */
};

/* A worker whose copies a mirror lcore sends. */
struct mgw_feeder {
	const struct mgw_lcore *worker;
	struct mgw_handover *ring;
};

struct mgw_lcore {
	/* fixed while running */
	struct mgw_pipe *pipe;
	struct rte_rcu_qsbr *qsbr;
	uint16_t queue;  /* of every port that this worker sends on */
	uint16_t reader; /* its number in qsbr */
	uint16_t n_rx, n_tunnels;
	struct mgw_rx rx[MGW_MAX_PORTS];
	struct mgw_tx tunnels[MGW_MAX_TUNNELS];
	struct mgw_host hosts[MGW_MAX_TUNNELS];
	struct mgw_byte_ring *ring; /* for the slow path: the worker writes, Go reads */
	uint16_t n_origins;         /* 0 unless queue is 0 */
	struct mgw_origin origins[MGW_MAX_TUNNELS];
	struct rte_mempool *origin_pool;
	struct mgw_handover *handover; /* split mode: where a worker's copies go, else NULL */
	uint16_t n_feeders;            /* of a mirror lcore; 0 otherwise */
	struct mgw_feeder feeders[MGW_MAX_FEEDERS];

	struct mgw_congestion congestion;

	/* the worker's own, by port: heartbeat before which no copies go out beside production */
	uint64_t reserved_until[MGW_MAX_PORTS];

	/* Go stores, the worker loads once per burst */
	struct mgw_program *program __attribute__((aligned(64)));
	/* Go stores, the worker looks a few times per burst: how many of captures[] are not NULL */
	uint32_t capturing;
	/* Go stores 1, the worker looks while housekeeping */
	uint32_t stop;
	/* Go stores another value to have gaps measured anew, the worker looks once per loop */
	uint32_t wanted_epoch;

	/* Go stores, the worker loads when capturing: see capture.h */
	struct mgw_capture *captures[MGW_MAX_CAPTURES];

	/* the worker stores, Go loads: number of housekeepings so far */
	uint64_t heartbeat __attribute__((aligned(64)));
	/* the longest time between two polls in this epoch, TSC cycles: see gap.h */
	uint64_t longest_gap;
	/* the same of the epoch before, final; 0 in the first one */
	uint64_t finished_gap;
	uint32_t epoch;

	/* the worker stores, Go loads */
	struct mgw_telemetry telemetry;
};

/* Polls until stop is set; for rte_eal_remote_launch, lcore is a struct mgw_lcore. Returns 0. */
int mgw_lcore_run(void *lcore);

/* The same for a mirror lcore. */
int mgw_mirror_run(void *lcore);

#endif
