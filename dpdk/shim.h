/*
 * The C side of package dpdk. No DPDK header is included here: Go sees only these structs.
 *
 * Unless said otherwise a function returns 0 or a positive value on success and a negative
 * errno (rte_errno where DPDK uses it) on failure. rte_errno is thread local, so that it must be
 * read in the same crossing as the call that set it.
 */
#ifndef MIRRORGW_DPDK_SHIM_H
#define MIRRORGW_DPDK_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHIM_NAME = 64,     /* bytes of a name, NUL included */
	SHIM_OFFLOADS = 64, /* bits of an offload mask */
	SHIM_RSS_IPV4 = 1,  /* bits of an RSS type mask, ours */
	SHIM_RSS_IPV6 = 2,
	SHIM_RSS_TCP = 4,
	SHIM_RSS_UDP = 8,
	SHIM_RSS_SCTP = 16,
};

/* EAL and lcores: shim_eal.c */
void shim_strerror(int errnum, char *text, size_t size);
int shim_eal_init(int argc, char **argv);
int shim_eal_cleanup(void);
const char *shim_runtime_dir(void);
unsigned shim_max_lcore(void);
unsigned shim_main_lcore(void);
uint64_t shim_tsc_hz(void);
int shim_lcore_node(unsigned lcore);
bool shim_is_worker(unsigned lcore);
int shim_launch(void *fn, void *arg, unsigned lcore);
int shim_lcore_state(unsigned lcore);
int shim_wait_lcore(unsigned lcore);

/* Memory: shim_mem.c */
int shim_pool_create(const char *name, unsigned n, unsigned cache, uint16_t priv_size,
		     uint16_t data_room, int node, void **pool);
void shim_pool_free(void *pool);
unsigned shim_pool_avail(void *pool);
unsigned shim_pool_in_use(void *pool);
uint64_t shim_pool_bytes(void *pool);
int shim_qsbr_create(unsigned max_readers, void **qsbr);
void shim_qsbr_free(void *qsbr);
uint64_t shim_qsbr_start(void *qsbr);
int shim_qsbr_check(void *qsbr, uint64_t token, bool wait);

/* Ports: shim_port.c */
struct shim_port_info {
	char driver[SHIM_NAME];
	char device[SHIM_NAME];
	uint8_t mac[6];
	int node; /* -1: none */
	uint16_t max_rx_queues, max_tx_queues;
	uint16_t min_mtu, max_mtu, mtu;
	uint16_t max_rx_desc, max_tx_desc;
	uint16_t max_tx_segs; /* of one frame; 0: no limit known */
	uint32_t min_rx_buf;
	uint8_t rss_types;     /* SHIM_RSS_* */
	uint8_t hash_key_size; /* bytes, 0: unknown */
	uint16_t reta_size;
	bool rx_scatter;
	bool tx_ipv4_cksum, tx_udp_cksum, tx_multi_segs, tx_fast_free;
};

struct shim_port_conf {
	uint16_t rx_queues, tx_queues;
	uint16_t mtu;          /* 0: the driver's choice */
	uint8_t rss_types;     /* SHIM_RSS_*, 0: no RSS */
	uint8_t hash_key_size; /* bytes of the symmetric key, 0: the driver's own key */
	bool rx_scatter;
	bool tx_ipv4_cksum, tx_udp_cksum, tx_multi_segs;
};

struct shim_link {
	uint32_t speed; /* Mbit/s; UINT32_MAX: unknown */
	bool up, full_duplex, autoneg;
};

struct shim_stats {
	uint64_t ipackets, opackets, ibytes, obytes;
	uint64_t imissed, ierrors, oerrors, rx_nombuf;
};

struct shim_xstat {
	char name[SHIM_NAME];
	uint64_t value;
};

int shim_dev_probe(const char *devargs);
int shim_dev_remove(uint16_t port);
int shim_port_by_name(const char *name, uint16_t *port);
int shim_port_name(uint16_t port, char name[SHIM_NAME]);
int shim_port_info(uint16_t port, struct shim_port_info *info);
int shim_port_configure(uint16_t port, const struct shim_port_conf *conf);
int shim_port_adjust_desc(uint16_t port, uint16_t *rx_desc, uint16_t *tx_desc);
int shim_port_rx_queue(uint16_t port, uint16_t queue, uint16_t desc, void *pool);
int shim_port_tx_queue(uint16_t port, uint16_t queue, uint16_t desc);
int shim_port_set_mtu(uint16_t port, uint16_t mtu);
int shim_port_promiscuous(uint16_t port);
int shim_port_allmulticast(uint16_t port);
int shim_port_start(uint16_t port);
int shim_port_stop(uint16_t port);
int shim_port_close(uint16_t port);
int shim_port_set_link(uint16_t port, bool up);
int shim_port_link(uint16_t port, struct shim_link *link);
/* 1: the queue has frames that the device has not sent; 0: none. -ENOTSUP: it cannot tell. */
int shim_port_tx_pending(uint16_t port, uint16_t queue, uint16_t desc);
int shim_port_stats(uint16_t port, struct shim_stats *stats);
int shim_port_stats_reset(uint16_t port);
/* Returns how many there are; fills stats only when size is at least that. */
int shim_port_xstats(uint16_t port, struct shim_xstat *stats, unsigned size);
/* Masks of what is in force on the port or any of its queues. */
int shim_port_offloads(uint16_t port, uint64_t *rx, uint64_t *tx);
/* Masks of what the driver announces. */
int shim_port_announced(uint16_t port, uint64_t *rx, uint64_t *tx);
const char *shim_rx_offload_name(uint64_t bit);
const char *shim_tx_offload_name(uint64_t bit);

#endif
