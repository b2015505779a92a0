/* acl: build an rte_acl context from the rules of one family. Control side only. */
#ifndef MGW_ACL_H
#define MGW_ACL_H

#include <stdint.h>

struct rte_acl_ctx;

/* One rule. Addresses are words in host order, lengths are prefix lengths, ranges inclusive. */
struct mgw_acl_rule {
	uint8_t class_value, class_mask;
	uint32_t source[4], destination[4];
	uint8_t source_length, destination_length;
	uint16_t source_first, source_last;
	uint16_t destination_first, destination_last;
};

/*
 * Rules in order of precedence; the context answers position + 1. family is 4 or 6. Returns 0 or
 * a negative errno, and names the call that failed.
 */
int mgw_acl_build(const char *name, int family, const struct mgw_acl_rule *rules, uint32_t n,
		  int node, struct rte_acl_ctx **built, const char **call);

void mgw_acl_free(struct rte_acl_ctx *acl);

#endif
