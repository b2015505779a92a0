/* Ports. */
#define ALLOW_EXPERIMENTAL_API    /* rte_eth_dev_conf_get: stable from 23.11 on, unchanged         \
				     since 21.11 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "shim.h"

static const struct {
	uint8_t ours;
	uint64_t theirs;
} rss_map[] = {
    {SHIM_RSS_IPV4, RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER},
    {SHIM_RSS_IPV6, RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER |
			RTE_ETH_RSS_IPV6_EX},
    {SHIM_RSS_TCP, RTE_ETH_RSS_TCP},
    {SHIM_RSS_UDP, RTE_ETH_RSS_UDP},
    {SHIM_RSS_SCTP, RTE_ETH_RSS_SCTP},
};

static uint8_t rss_to_ours(uint64_t theirs)
{
	uint8_t ours = 0;

	for (size_t i = 0; i < RTE_DIM(rss_map); i++)
		if ((theirs & rss_map[i].theirs) != 0)
			ours |= rss_map[i].ours;
	return ours;
}

static uint64_t rss_to_theirs(uint8_t ours)
{
	uint64_t theirs = 0;

	for (size_t i = 0; i < RTE_DIM(rss_map); i++)
		if ((ours & rss_map[i].ours) != 0)
			theirs |= rss_map[i].theirs;
	return theirs;
}

int shim_dev_probe(const char *devargs)
{
	return rte_dev_probe(devargs);
}

int shim_dev_remove(uint16_t port)
{
	struct rte_eth_dev_info dev;
	int rc = rte_eth_dev_info_get(port, &dev);

	return rc != 0 ? rc : rte_dev_remove(dev.device);
}

int shim_port_by_name(const char *name, uint16_t *port)
{
	return rte_eth_dev_get_port_by_name(name, port);
}

int shim_port_name(uint16_t port, char name[SHIM_NAME])
{
	static_assert(RTE_ETH_NAME_MAX_LEN <= SHIM_NAME, "a port's name fits");
	return rte_eth_dev_get_name_by_port(port, name);
}

static void fill_offloads(struct shim_port_info *info, const struct rte_eth_dev_info *dev)
{
	info->rss_types = rss_to_ours(dev->flow_type_rss_offloads);
	info->hash_key_size = dev->hash_key_size;
	info->reta_size = dev->reta_size;
	info->rx_scatter = dev->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	info->tx_ipv4_cksum = dev->tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	info->tx_udp_cksum = dev->tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	info->tx_multi_segs = dev->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	info->tx_fast_free = dev->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
}

int shim_port_info(uint16_t port, struct shim_port_info *info)
{
	struct rte_eth_dev_info dev;
	struct rte_ether_addr mac;
	int rc = rte_eth_dev_info_get(port, &dev);

	if (rc != 0)
		return rc;
	memset(info, 0, sizeof(*info));
	snprintf(info->driver, sizeof(info->driver), "%s", dev.driver_name);
	rte_eth_dev_get_name_by_port(port, info->device);
	rte_eth_dev_get_mtu(port, &info->mtu);
	if (rte_eth_macaddr_get(port, &mac) == 0)
		memcpy(info->mac, mac.addr_bytes, sizeof(info->mac));
	info->node = rte_eth_dev_socket_id(port);
	info->max_rx_queues = dev.max_rx_queues;
	info->max_tx_queues = dev.max_tx_queues;
	info->min_mtu = dev.min_mtu;
	info->max_mtu = dev.max_mtu;
	info->max_rx_desc = dev.rx_desc_lim.nb_max;
	info->max_tx_desc = dev.tx_desc_lim.nb_max;
	info->max_tx_segs = dev.tx_desc_lim.nb_mtu_seg_max;
	info->min_rx_buf = dev.min_rx_bufsize;
	fill_offloads(info, &dev);
	return 0;
}

static uint64_t tx_offloads(const struct shim_port_conf *conf)
{
	uint64_t tx = 0;

	/* Never RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE: held frames reach tx with refcnt 2. */
	if (conf->tx_ipv4_cksum)
		tx |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	if (conf->tx_udp_cksum)
		tx |= RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	if (conf->tx_multi_segs)
		tx |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	return tx;
}

int shim_port_configure(uint16_t port, const struct shim_port_conf *conf)
{
	static uint8_t key[UINT8_MAX]; /* ethdev keeps the pointer: drivers read it at start */
	struct rte_eth_conf eth = {0};

	/* Toeplitz with a key of period 16 bits gives both directions of a flow one hash. */
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a;
	eth.rxmode.mtu = conf->mtu;
	/* Nothing that hides or alters bytes: no VLAN strip, no LRO. */
	if (conf->rx_scatter)
		eth.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
	eth.txmode.offloads = tx_offloads(conf);
	if (conf->rss_types != 0) {
		eth.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		eth.rx_adv_conf.rss_conf.rss_hf = rss_to_theirs(conf->rss_types);
	}
	if (conf->rss_types != 0 && conf->hash_key_size != 0) {
		eth.rx_adv_conf.rss_conf.rss_key = key;
		eth.rx_adv_conf.rss_conf.rss_key_len = conf->hash_key_size;
	}
	return rte_eth_dev_configure(port, conf->rx_queues, conf->tx_queues, &eth);
}

int shim_port_adjust_desc(uint16_t port, uint16_t *rx_desc, uint16_t *tx_desc)
{
	return rte_eth_dev_adjust_nb_rx_tx_desc(port, rx_desc, tx_desc);
}

int shim_port_rx_queue(uint16_t port, uint16_t queue, uint16_t desc, void *pool)
{
	struct rte_eth_dev_info dev;
	struct rte_eth_conf eth;
	int rc = rte_eth_dev_info_get(port, &dev);

	if (rc == 0)
		rc = rte_eth_dev_conf_get(port, &eth);
	if (rc != 0)
		return rc;
	dev.default_rxconf.offloads = eth.rxmode.offloads;
	return rte_eth_rx_queue_setup(port, queue, desc, rte_eth_dev_socket_id(port),
				      &dev.default_rxconf, pool);
}

int shim_port_tx_queue(uint16_t port, uint16_t queue, uint16_t desc)
{
	struct rte_eth_dev_info dev;
	struct rte_eth_conf eth;
	int rc = rte_eth_dev_info_get(port, &dev);

	if (rc == 0)
		rc = rte_eth_dev_conf_get(port, &eth);
	if (rc != 0)
		return rc;
	/* The driver's default may hold FAST_FREE; ours never does. */
	dev.default_txconf.offloads = eth.txmode.offloads;
	return rte_eth_tx_queue_setup(port, queue, desc, rte_eth_dev_socket_id(port),
				      &dev.default_txconf);
}

int shim_port_set_mtu(uint16_t port, uint16_t mtu)
{
	return rte_eth_dev_set_mtu(port, mtu);
}

int shim_port_promiscuous(uint16_t port)
{
	return rte_eth_promiscuous_enable(port);
}

int shim_port_allmulticast(uint16_t port)
{
	return rte_eth_allmulticast_enable(port);
}

int shim_port_start(uint16_t port)
{
	return rte_eth_dev_start(port);
}

int shim_port_stop(uint16_t port)
{
	return rte_eth_dev_stop(port);
}

int shim_port_close(uint16_t port)
{
	return rte_eth_dev_close(port);
}

int shim_port_set_link(uint16_t port, bool up)
{
	return up ? rte_eth_dev_set_link_up(port) : rte_eth_dev_set_link_down(port);
}

int shim_port_link(uint16_t port, struct shim_link *link)
{
	struct rte_eth_link eth = {0};
	int rc = rte_eth_link_get_nowait(port, &eth);

	if (rc != 0)
		return rc;
	link->speed = eth.link_speed;
	link->up = eth.link_status == RTE_ETH_LINK_UP;
	link->full_duplex = eth.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
	link->autoneg = eth.link_autoneg == RTE_ETH_LINK_AUTONEG;
	return 0;
}

int shim_port_tx_pending(uint16_t port, uint16_t queue, uint16_t desc)
{
	if (!rte_eth_dev_is_valid_port(port))
		return -ENODEV;
	for (uint16_t offset = 0; offset < desc; offset++) {
		int status = rte_eth_tx_descriptor_status(port, queue, offset);

		if (status < 0)
			return status;
		if (status == RTE_ETH_TX_DESC_FULL)
			return 1;
	}
	return 0;
}

int shim_port_stats(uint16_t port, struct shim_stats *stats)
{
	struct rte_eth_stats eth;
	int rc = rte_eth_stats_get(port, &eth);

	if (rc != 0)
		return rc;
	stats->ipackets = eth.ipackets;
	stats->opackets = eth.opackets;
	stats->ibytes = eth.ibytes;
	stats->obytes = eth.obytes;
	stats->imissed = eth.imissed;
	stats->ierrors = eth.ierrors;
	stats->oerrors = eth.oerrors;
	stats->rx_nombuf = eth.rx_nombuf;
	return 0;
}

int shim_port_stats_reset(uint16_t port)
{
	return rte_eth_stats_reset(port);
}

static int copy_xstats(uint16_t port, struct shim_xstat *stats, unsigned n,
		       struct rte_eth_xstat *values, struct rte_eth_xstat_name *names)
{
	int count;

	if (values == NULL || names == NULL)
		return -ENOMEM;
	count = rte_eth_xstats_get_names(port, names, n);
	if (count < 0 || (unsigned)count > n)
		return count;
	count = rte_eth_xstats_get(port, values, n);
	if (count < 0 || (unsigned)count > n)
		return count;
	for (int i = 0; i < count; i++) {
		/* values[i].id is the index of the name. */
		snprintf(stats[i].name, sizeof(stats[i].name), "%s", names[values[i].id].name);
		stats[i].value = values[i].value;
	}
	return count;
}

int shim_port_xstats(uint16_t port, struct shim_xstat *stats, unsigned size)
{
	int count = rte_eth_xstats_get_names(port, NULL, 0);
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;

	static_assert(RTE_ETH_XSTATS_NAME_SIZE <= SHIM_NAME, "a statistic's name fits");
	if (count <= 0 || (unsigned)count > size)
		return count;
	names = calloc(count, sizeof(*names));
	values = calloc(count, sizeof(*values));
	count = copy_xstats(port, stats, count, values, names);
	free(names);
	free(values);
	return count;
}

int shim_port_offloads(uint16_t port, uint64_t *rx, uint64_t *tx)
{
	struct rte_eth_dev_info dev;
	struct rte_eth_conf eth;
	int rc = rte_eth_dev_conf_get(port, &eth);

	if (rc == 0)
		rc = rte_eth_dev_info_get(port, &dev);
	if (rc != 0)
		return rc;
	*rx = eth.rxmode.offloads;
	*tx = eth.txmode.offloads;
	/* Not every driver tells about its queues; then the port's mask is all there is. */
	for (uint16_t q = 0; q < dev.nb_rx_queues; q++) {
		struct rte_eth_rxq_info info;

		if (rte_eth_rx_queue_info_get(port, q, &info) == 0)
			*rx |= info.conf.offloads;
	}
	for (uint16_t q = 0; q < dev.nb_tx_queues; q++) {
		struct rte_eth_txq_info info;

		if (rte_eth_tx_queue_info_get(port, q, &info) == 0)
			*tx |= info.conf.offloads;
	}
	return 0;
}

int shim_port_announced(uint16_t port, uint64_t *rx, uint64_t *tx)
{
	struct rte_eth_dev_info dev;
	int rc = rte_eth_dev_info_get(port, &dev);

	if (rc != 0)
		return rc;
	*rx = dev.rx_offload_capa;
	*tx = dev.tx_offload_capa;
	return 0;
}

const char *shim_rx_offload_name(uint64_t bit)
{
	return rte_eth_dev_rx_offload_name(bit);
}

const char *shim_tx_offload_name(uint64_t bit)
{
	return rte_eth_dev_tx_offload_name(bit);
}
