/* Bursts from Go, for tests only: one crossing a burst, frames as consecutive bytes. */
#ifndef MIRRORGW_DPDKTEST_FRAMES_H
#define MIRRORGW_DPDKTEST_FRAMES_H

#include <stdint.h>

/*
 * Sends one frame, as mbufs of at most segment bytes each when segment is not 0. Returns 1 when
 * the port took it, 0 when not, a negative errno when it could not be built.
 */
int dpdktest_send(uint16_t port, uint16_t queue, void *pool, const uint8_t *frame, uint32_t length,
		  uint32_t segment);

/*
 * Receives one frame of at most size bytes. Returns its length, 0 when there is none, -EMSGSIZE
 * when it is longer. *segments is its number of mbufs.
 */
int dpdktest_receive(uint16_t port, uint16_t queue, uint8_t *frame, uint32_t size,
		     uint32_t *segments);

/* A function for rte_eal_remote_launch that runs until *stop, and what it saw. */
struct dpdktest_loop {
	int stop;
	int result; /* what the function returns */
	int lcore;
	uint64_t rounds;
};
int dpdktest_loop(void *arg);
void *dpdktest_loop_function(void);
struct dpdktest_loop *dpdktest_loop_new(int result);
uint64_t dpdktest_loop_rounds(struct dpdktest_loop *loop);
void dpdktest_loop_stop(struct dpdktest_loop *loop);

/* An RCU reader without a thread. */
int dpdktest_reader_online(void *qsbr, unsigned reader);
void dpdktest_reader_quiescent(void *qsbr, unsigned reader);
void dpdktest_reader_offline(void *qsbr, unsigned reader);

#endif
