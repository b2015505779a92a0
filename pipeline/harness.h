/*
 * harness: take frames through the stages without a port or a poll loop, for tests, fuzzers and
 * questions. It calls the very functions that the poll loop calls, in its order.
 */
#ifndef MGW_HARNESS_H
#define MGW_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "pipe.h"

/* Frames as Go has them: all bytes in one array, cut into segments. */
struct mgw_input {
	const uint8_t *bytes;
	const uint32_t *frame_segments;  /* [frames] number of segments */
	const uint32_t *segment_lengths; /* [sum of frame_segments] */
	uint32_t frames;                 /* at most MGW_BURST */
	uint16_t port;
	uint16_t production_accepts; /* how many frames production's tx takes */
	uint16_t tunnel_accepts;     /* how many copies each tunnel port takes */
	uint32_t spare;              /* bytes that every segment's buffer has behind it */
	uint64_t now;                /* nanoseconds */
	const uint8_t *flagged; /* [frames] an mbuf flag says that the L4 checksum is partial */
};

struct mgw_output_copy {
	uint32_t session;        /* index in the program */
	uint32_t offset, length; /* in bytes[] */
	uint16_t frame, tunnel;
	uint8_t direction;
};

struct mgw_output {
	struct mgw_output_copy copies[MGW_MAX_COPIES];
	uint32_t n_copies;
	uint8_t *bytes; /* room for all copies */
	uint32_t size;
	bool frames_changed; /* production would have left with other bytes */
};

/*
 * Returns 0, -ENOMEM (frame_pool or the C heap is exhausted) or -ENOSPC (output too small). Every
 * segment lies in a heap block of exactly its size and what is spare, so that a sanitizer sees one
 * byte too far.
 */
int mgw_harness_run(struct mgw_pipe *pipe, const struct mgw_program *program,
		    struct rte_mempool *frame_pool, const struct mgw_input *in,
		    struct mgw_output *out);

/* Whom the first frame is for; *quotes: mgw_quotes_copy. Returns enum mgw_addressee or -ENOMEM. */
int mgw_harness_addressee(struct rte_mempool *frame_pool, const struct mgw_input *in,
			  const struct mgw_host *host, bool *quotes);

/*
 * Take the same burst through the stages again and again, for benchmarks: production keeps its
 * frames, copies are freed at once. Frames lie in mbufs of frame_pool, in one segment each.
 */
int mgw_harness_repeat(struct mgw_pipe *pipe, const struct mgw_program *program,
		       struct rte_mempool *frame_pool, const struct mgw_input *in, uint64_t rounds);

#endif
