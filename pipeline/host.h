/*
 * host: the gateway as a host on the network of a tunnel port: which of the frames that the port
 * receives are for the gateway itself.
 */
#ifndef MGW_HOST_H
#define MGW_HOST_H

#include <stdbool.h>
#include <string.h>

#include <rte_mbuf.h>

#define MGW_HOST_ADDRESSES 16 /* of one tunnel port, of either family */

/* Who the gateway is on one tunnel port. Go fills it before the launch. */
struct mgw_host {
	uint8_t mac[6];
	uint16_t vlan; /* VID of its own traffic (tag 0x8100); 0: untagged, or VID 0 */
	uint16_t n4, n6;
	uint32_t v4[MGW_HOST_ADDRESSES]; /* network order */
	uint8_t v6[MGW_HOST_ADDRESSES][16];
};

/* Whom a frame is for. */
enum mgw_addressee {
	MGW_OTHERS,     /* nothing to us */
	MGW_EVERYBODYS, /* broadcast ARP; Neighbor Discovery, MLD queries to a group that we are in
			 */
	MGW_OURS,       /* ARP to our MAC; ICMP to our MAC and one of our addresses */
	MGW_OURS_IDLE,  /* to our MAC and one of our addresses, but nothing that we speak */
};

/*
 * Look at a frame of any shape. VLAN tags other than the host's own, and frames that end before
 * their destination address, make it others'.
 */
enum mgw_addressee mgw_addressee_of(const struct mgw_host *host, const struct rte_mbuf *frame);

/*
 * Whether a frame is "fragmentation needed" (ICMP type 3 code 4) or "packet too big" (ICMPv6
 * type 2) and quotes a packet to UDP port 4789, as our copies are, whomever it is for.
 */
bool mgw_quotes_copy(const struct rte_mbuf *frame);

/* False for nearly every frame of a busy wire: unicast to another MAC. */
static inline bool mgw_may_concern(const struct mgw_host *host, const struct rte_mbuf *frame)
{
	const uint8_t *to = rte_pktmbuf_mtod(frame, const uint8_t *);

	return rte_pktmbuf_data_len(frame) < sizeof(host->mac) || (to[0] & 1) != 0 ||
	       memcmp(to, host->mac, sizeof(host->mac)) == 0;
}

#endif
