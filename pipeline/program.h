/*
 * A program: a rules.Snapshot laid out in C memory. Go writes it before it is published; after
 * that it is read-only until every lcore has let go of it. What changes without a new program, next
 * hops and balances, is replaced by storing one pointer.
 */
#ifndef MGW_PROGRAM_H
#define MGW_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "counters.h"

#define MGW_NONE          UINT32_MAX /* no source, no rule */
#define MGW_LANES         16         /* rules compared at a time */
#define MGW_HEADER_MAX    72         /* outer header: 50 bytes over IPv4, 70 over IPv6 */
#define MGW_MAX_TUNNELS   8          /* tunnel ports of one gateway */
#define MGW_MAX_RESOLVERS 16

struct rte_acl_ctx;

/* l4 word of a key and of a rule: protocol, ports present, protocol unknown. */
#define MGW_L4_PROTOCOL 0x0ffu
#define MGW_L4_PORTS    0x100u
#define MGW_L4_UNKNOWN  0x200u
#define MGW_L4_NEVER    UINT32_MAX /* in a rule: matches nothing (unused lanes) */

/*
 * Rules side by side, so that one compare instruction serves a whole block. Addresses and masks
 * are in network byte order, ports in host order; a port matches when port - first <= span.
 */
struct mgw_block4 {
	uint32_t source[MGW_LANES], source_mask[MGW_LANES];
	uint32_t destination[MGW_LANES], destination_mask[MGW_LANES];
	uint32_t l4[MGW_LANES], l4_mask[MGW_LANES];
	uint32_t source_first[MGW_LANES], source_span[MGW_LANES];
	uint32_t destination_first[MGW_LANES], destination_span[MGW_LANES];
	uint8_t ports; /* a rule of the block has ports; else their lanes need not be looked at */
} __attribute__((aligned(64)));

struct mgw_block6 {
	uint32_t source[4][MGW_LANES], source_mask[4][MGW_LANES];
	uint32_t destination[4][MGW_LANES], destination_mask[4][MGW_LANES];
	uint32_t l4[MGW_LANES], l4_mask[MGW_LANES];
	uint32_t source_first[MGW_LANES], source_span[MGW_LANES];
	uint32_t destination_first[MGW_LANES], destination_span[MGW_LANES];
} __attribute__((aligned(64)));

/* The rules of one family in one rule set; exactly one engine holds them. */
struct mgw_rules {
	const void *blocks;            /* mgw_block4 or mgw_block6; linear engine */
	const struct rte_acl_ctx *acl; /* not NULL: the rte_acl engine */
	uint64_t acl_serial;           /* no other context of the process ever has it; not 0 */
	const uint8_t *acl_class;      /* [256] protocol -> first key byte, rte_acl engine */
	const uint32_t *refs;          /* position -> rule slot << 1 | accept */
	const uint16_t *sessions;      /* position -> session, from the first on; NULL: all 0 */
	uint32_t n_sessions;           /* whose rules these are, one behind the other */
	uint32_t n_blocks;
	uint8_t acl_class_tcp_ports, acl_class_udp_ports; /* class of a packet that has ports */
	uint8_t acl_class_unknown;                        /* class of an unknown protocol */
};

struct mgw_ruleset {
	struct mgw_rules v4, v6;
};

/* A key of the source table: MAC in the low 48 bits (network order), VID above, kind on top. */
#define MGW_KEY_MAC       (1ull << 60) /* MAC, any tag */
#define MGW_KEY_MAC_VLAN  (2ull << 60) /* MAC and VID of the outer tag */
#define MGW_KEY_VLAN      (3ull << 60) /* VID alone */
#define MGW_KEY_VID_SHIFT 48
#define MGW_KEY_MAC_MASK  0xffffffffffffull

struct mgw_source_slot {
	uint64_t key; /* 0: empty */
	uint32_t source;
	uint32_t counters; /* slot of the source's counters */
};

/* The sources of one port. Open addressing; Go chose multiplier so that probes stay short. */
struct mgw_source_table {
	const struct mgw_source_slot *slots;
	uint64_t multiplier;
	uint32_t shift, mask;
	struct mgw_source_slot
	    whole_port; /* source without mac and vlan; .source may be MGW_NONE */
	uint8_t by_mac, by_mac_vlan, by_vlan, any;
};

struct mgw_source {
	uint32_t first, count;           /* run in sessions[] */
	const struct mgw_ruleset *rules; /* [MGW_DIRECTIONS]: what is asked first; see chains.go */
};

/*
 * A session: small, so that those of a source share a cache line. All else that is known of it is
 * its way, which others have too.
 */
struct mgw_session {
	uint32_t slot;    /* of its counters */
	uint32_t way;     /* index in ways[] */
	uint32_t vni;     /* as the VXLAN header has it: VNI << 8, network order */
	uint32_t address; /* outer source, network order; over IPv6 the way has it */
};

/* How copies get to one destination. A cache line; never written while a lcore may read it. */
struct mgw_next_hop {
	uint8_t macs[12];      /* destination and source, as an Ethernet header begins */
	uint8_t tag[4];        /* 802.1Q tag of the tunnel port; counts iff tagged */
	uint8_t address[16];   /* the destination, network order; IPv4 uses the first four bytes */
	uint32_t address_sum;  /* IPv4: sum of the address's words, host order */
	uint32_t inner_max;    /* longest inner frame that the path takes, bytes */
	uint16_t tunnel;       /* index in the lcore's tunnel ports */
	uint16_t max_segments; /* mbufs of one copy that the port sends; 0: no limit */
	uint8_t skip;          /* 0, or enum mgw_skip + 1: why nothing can be sent */
	uint8_t tagged;
	uint8_t ip_checksum_offload, udp_checksum_offload;
	uint8_t single_segment; /* the port sends no chains: copies own their bytes, in one mbuf */
	uint8_t own_copies;     /* the port hands the mbuf itself to a peer: no references */
} __attribute__((aligned(64)));

/*
 * An address that copies are sent to. Go fills the record that is not current and stores current
 * when a neighbour changes; it does so again only after every lcore has been seen past that.
 */
struct mgw_destination {
	const struct mgw_next_hop *current;
	struct mgw_next_hop records[2];
};

/* Which member gets which flow. Replaced whole, freed when no lcore can read it. */
struct mgw_balance {
	const struct mgw_destination *const *members;
	const uint16_t *table;    /* hash -> member */
	uint32_t size;            /* of table; 0: nobody is there */
	struct mgw_next_hop none; /* what a copy gets then: its skip says why */
};

/* A load balancer as the sources of one zone see it. */
struct mgw_balancer {
	const struct mgw_balance *current;
};

#define MGW_OWED_SHIFT 16 /* fraction bits of what a token bucket owes */

/*
 * A rate as one lcore keeps it: what one packet or byte costs, and what may be owed at most, in
 * units of the pipe's now << MGW_OWED_SHIFT. Both 0: no limit.
 */
struct mgw_rate {
	uint64_t cost, depth;
};

struct mgw_limit {
	struct mgw_rate packets, bytes; /* bytes of outer frames */
};

/* What the way of a session with limits has besides. */
struct mgw_limits {
	const struct mgw_destination *destination; /* NULL: the balancer says */
	uint64_t sample_below; /* flows whose mgw_flow_sample is below it are mirrored */
	struct mgw_limit session, target;
	uint32_t session_slot, target_slot; /* of the buckets; MGW_NONE: the target has no limit */
};

/* How copies are made: what sessions of one target, one length and without limits share. */
struct mgw_way {
	uint8_t header[MGW_HEADER_MAX]; /* MACs, lengths, IPv4 and UDP source, checksums, VNI: 0 */
	uint32_t inner_max;             /* longest inner frame: packet length and MTU, bytes */
	uint32_t ip_sum;                /* IPv4: sum of header words, host order, length 0 */
	const struct mgw_destination *destination; /* NULL: limits or balancer say, for each copy */
	const struct mgw_balancer *balancer;
	const struct mgw_limits *limits; /* NULL: none */
	uint16_t header_length;
	uint8_t ipv6;
} __attribute__((aligned(64)));

/* Addresses that copies are sent to: open addressing, at most half full. */
struct mgw_address {
	uint32_t words[4]; /* network order; IPv4 uses the first */
	uint32_t family;   /* 4 or 6; 0: empty */
};

struct mgw_address_set {
	const struct mgw_address *slots;
	uint64_t multiplier;
	uint32_t shift, mask;
};

/* Which partial L4 checksums are completed in copies of a port's frames. */
enum mgw_repair_mode { MGW_REPAIR_FLAGGED, MGW_REPAIR_ALL, MGW_REPAIR_NONE };

/* How frames received on a port find their sources. */
struct mgw_port_program {
	struct mgw_source_table egress;  /* by source MAC */
	struct mgw_source_table ingress; /* by destination MAC */
	uint8_t any;                     /* either table has an entry */
	uint8_t own_copies;  /* sending hands the mbuf itself to a peer: never hold a reference */
	uint8_t repair;      /* enum mgw_repair_mode */
	uint8_t sends_first; /* what was sent may be read as long as a reference is held */
};

struct mgw_resolver {
	uint8_t family; /* 4 or 6 */
	uint8_t address[16];
};

struct mgw_program {
	uint64_t generation;
	uint32_t exclude; /* bit 1 << enum mgw_excluded */
	uint32_t n_resolvers;
	uint32_t scattered; /* so many sources that fetching ahead pays */
	struct mgw_resolver resolvers[MGW_MAX_RESOLVERS];
	const struct mgw_source *sources;
	const struct mgw_session *sessions;
	const struct mgw_way *ways;
	const uint32_t *rules; /* by session: index in rulesets[] << 1 | amazon_dns */
	const struct mgw_ruleset *rulesets;
	const struct mgw_address_set *destinations; /* to know our own copies by */
	uint16_t tunnel_ports[MGW_MAX_TUNNELS];     /* configured port index, for counters */
	struct mgw_port_program ports[MGW_MAX_PORTS];
};

#endif
