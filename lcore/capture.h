/*
 * capture: copies of frames as bytes for whoever looks at the wire, in a ring of each capture and
 * lcore with one writer and one reader. When nobody captures, a burst costs one look at a pointer.
 * Nothing here waits, and what finds no room is counted: production never depends on a reader.
 */
#ifndef MGW_CAPTURE_H
#define MGW_CAPTURE_H

#include "cbpf.h"
#include "lcore.h"

#define MGW_CAPTURE_SNAP_MAX  65535      /* bytes of a frame */
#define MGW_CAPTURE_RING_MIN  (1u << 20) /* bytes; rings are powers of two */
#define MGW_CAPTURE_RING_MAX  (4u << 20)
#define MGW_CAPTURE_BURST_MAX (2 * MGW_BURST) /* frames that are staged together */

/* Where a frame was seen. */
enum mgw_point { MGW_POINT_INGRESS, MGW_POINT_EGRESS, MGW_POINT_COPIES, MGW_POINTS };

/* What became of a frame that came by. */
enum mgw_capture_fate {
	MGW_CAPTURE_OTHER,      /* the filter, or the session, did not ask for it */
	MGW_CAPTURE_TAKEN,      /* it is in the ring */
	MGW_CAPTURE_FULL,       /* the reader is behind; while it is, nobody asks the filter */
	MGW_CAPTURE_RATE,       /* above the rate that the capture may have */
	MGW_CAPTURE_CONGESTION, /* the worker is congested, nobody asks the filter */
	MGW_CAPTURE_FATES
};

/* What was seen at one point of one port. The lcore writes it, Go reads it. */
struct mgw_capture_counters {
	uint64_t fates[MGW_CAPTURE_FATES];
};

/* A frame in the ring; its bytes follow. size 0 never is; MGW_POINTS at point is a gap to skip. */
struct mgw_captured {
	uint32_t size;       /* of the record, this included; a multiple of this structure's */
	uint16_t port;       /* configured index */
	uint8_t point;       /* enum mgw_point */
	uint8_t direction;   /* of the session's traffic; valid iff session is */
	uint64_t when;       /* TSC cycles, when the loop began */
	uint32_t original;   /* length of the frame, bytes */
	uint32_t length;     /* of those that follow */
	uint32_t session;    /* index in the program; MGW_NONE: of no session in particular */
	uint32_t generation; /* of that program, lower half */
};

/* Both counts only grow, in bytes; put - taken is what is full. */
struct mgw_capture_ring {
	uint64_t put __attribute__((aligned(64)));   /* the writer stores */
	uint64_t taken __attribute__((aligned(64))); /* the reader stores */
	uint32_t size __attribute__((aligned(64)));  /* of bytes[] */
	uint8_t bytes[] __attribute__((aligned(64)));
};

/* The part of a capture that one lcore has. Go fills it, and the ring, before the lcore sees it. */
struct mgw_capture {
	struct mgw_capture_ring *ring;
	const struct sock_filter *filter; /* NULL: every frame */
	uint64_t ports;                   /* bit 1 << configured index */
	uint32_t points;                  /* bit 1 << enum mgw_point */
	uint32_t session;                 /* slot of its counters; MGW_NONE: all */
	uint32_t snap;                    /* bytes of a frame that are taken */
	uint64_t cost, depth; /* of a frame, of the bucket: TSC cycles; both 0: no limit */

	/* the lcore's own */
	uint64_t owed, paid; /* TSC cycles that frames cost and time has not paid; when that was */
	uint64_t taken;      /* of the ring, when it was looked at last */
	bool behind;         /* the ring was full, and is not a quarter empty yet */
	/* frames that are written, or were left out, and not counted yet: they may not leave */
	uint16_t staged;
	uint8_t all; /* what became of all of them; MGW_CAPTURE_TAKEN: see each */
	uint8_t fates[MGW_CAPTURE_BURST_MAX]; /* enum mgw_capture_fate */
	uint64_t ends[MGW_CAPTURE_BURST_MAX]; /* of the ring, behind each */

	struct mgw_capture_counters counters[MGW_POINTS][MGW_MAX_PORTS];
};

/* Whether anybody captures. All else here is called only if so. */
static __rte_always_inline bool mgw_captures(const struct mgw_lcore *lcore)
{
	return unlikely(__atomic_load_n(&lcore->capturing, __ATOMIC_RELAXED) != 0);
}

/* A burst has arrived on port, and is as it came. */
void mgw_capture_received(const struct mgw_lcore *lcore, uint16_t port);

/*
 * The burst has been decided about and is as it came; its first n frames leave by port out, or have
 * left and references are held. Then mgw_capture_sent must follow, which says how many did.
 */
void mgw_capture_decided(const struct mgw_lcore *lcore, const struct mgw_program *program,
			 uint16_t in, uint16_t out, uint16_t n);

/* Copies of a tunnel port are about to leave. Then mgw_capture_sent must follow. */
void mgw_capture_copies(const struct mgw_lcore *lcore, const struct mgw_program *program,
			uint16_t tunnel);

/* A frame of our own is about to leave. Then mgw_capture_sent must follow. */
void mgw_capture_originated(const struct mgw_lcore *lcore, uint16_t port, struct rte_mbuf *frame);

/* Of what was about to leave, n frames did, the first ones. */
void mgw_capture_sent(const struct mgw_lcore *lcore, enum mgw_point point, uint16_t port,
		      uint16_t n);

#endif
