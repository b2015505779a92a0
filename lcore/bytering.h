/*
 * bytering: frames as bytes between one writer and one reader that never wait for each other: one
 * side is a worker, the other is Go, so no ring or mempool of DPDK is shared between them. It
 * takes MGW_RING_SLOTS frames; what comes when it is full is refused.
 */
#ifndef MGW_BYTERING_H
#define MGW_BYTERING_H

#include <stdint.h>
#include <stddef.h>

#define MGW_RING_SLOTS 256  /* a power of two */
#define MGW_SLOT_SIZE  2048 /* bytes */
#define MGW_SLOT_ROOM  (MGW_SLOT_SIZE - 8)

struct mgw_slot {
	uint16_t port;     /* configured index */
	uint16_t length;   /* of bytes[] that are filled */
	uint32_t original; /* length of the frame: longer where it did not fit */
	uint8_t bytes[MGW_SLOT_ROOM];
};

/* Both counts only grow; put - taken is how many slots are full. */
struct mgw_byte_ring {
	uint64_t put __attribute__((aligned(64)));   /* the writer stores */
	uint64_t taken __attribute__((aligned(64))); /* the reader stores */
	struct mgw_slot slots[MGW_RING_SLOTS] __attribute__((aligned(64)));
};

/*
 * For the writer: the slot to fill next, or NULL if no more than spare slots are free. mgw_ring_put
 * makes it the reader's.
 */
static inline struct mgw_slot *mgw_ring_room(struct mgw_byte_ring *ring, uint32_t spare)
{
	const uint64_t taken = __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE);

	if (ring->put - taken + spare >= MGW_RING_SLOTS)
		return NULL;
	return &ring->slots[ring->put % MGW_RING_SLOTS];
}

static inline void mgw_ring_put(struct mgw_byte_ring *ring)
{
	__atomic_store_n(&ring->put, ring->put + 1, __ATOMIC_RELEASE);
}

/* For the reader: the oldest full slot, or NULL. mgw_ring_taken gives it back. */
static inline const struct mgw_slot *mgw_ring_next(const struct mgw_byte_ring *ring)
{
	const uint64_t put = __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE);

	if (ring->taken == put)
		return NULL;
	return &ring->slots[ring->taken % MGW_RING_SLOTS];
}

static inline void mgw_ring_taken(struct mgw_byte_ring *ring)
{
	__atomic_store_n(&ring->taken, ring->taken + 1, __ATOMIC_RELEASE);
}

#endif
