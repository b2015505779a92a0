#include "acl.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rte_acl.h>
#include <rte_errno.h>

#include "pipe.h"

/* Fields of a key as rte_acl sees them; ports share one 4-byte input. */
enum { MGW_ACL_FIELDS4 = 5, MGW_ACL_FIELDS6 = 11 };

RTE_ACL_RULE_DEF(mgw_acl_entry, MGW_ACL_FIELDS6);

static struct rte_acl_field_def mgw_acl_field(uint8_t type, uint8_t size, uint8_t index,
					      uint8_t input, size_t offset)
{
	return (struct rte_acl_field_def){
	    .type = type,
	    .size = size,
	    .field_index = index,
	    .input_index = input,
	    .offset = (uint32_t)offset,
	};
}

/* class, source words, destination words, both ports */
static uint8_t mgw_acl_fields(int family, struct rte_acl_field_def *defs)
{
	const uint8_t words = family == 4 ? 1 : 4;
	uint8_t n = 0, input = 0;

	defs[n] = mgw_acl_field(RTE_ACL_FIELD_TYPE_BITMASK, 1, n, input++,
				offsetof(struct mgw_key, acl_class));
	n++;
	for (uint8_t w = 0; w < words; w++, n++)
		defs[n] = mgw_acl_field(RTE_ACL_FIELD_TYPE_MASK, 4, n, input++,
					offsetof(struct mgw_key, source) + 4u * w);
	for (uint8_t w = 0; w < words; w++, n++)
		defs[n] = mgw_acl_field(RTE_ACL_FIELD_TYPE_MASK, 4, n, input++,
					offsetof(struct mgw_key, destination) + 4u * w);
	defs[n] = mgw_acl_field(RTE_ACL_FIELD_TYPE_RANGE, 2, n, input,
				offsetof(struct mgw_key, source_port));
	n++;
	defs[n] = mgw_acl_field(RTE_ACL_FIELD_TYPE_RANGE, 2, n, input,
				offsetof(struct mgw_key, destination_port));
	return (uint8_t)(n + 1);
}

/* Prefix length of the part of a prefix that lies in word w. */
static uint32_t mgw_acl_word_length(uint8_t length, uint8_t w)
{
	const int left = (int)length - 32 * w;

	return left <= 0 ? 0 : left >= 32 ? 32 : (uint32_t)left;
}

static void mgw_acl_fill(struct mgw_acl_entry *entry, int family, const struct mgw_acl_rule *rule,
			 uint32_t position, uint32_t n)
{
	const uint8_t words = family == 4 ? 1 : 4;
	struct rte_acl_field *field = entry->field;

	memset(entry, 0, sizeof(*entry));
	entry->data.category_mask = 1;
	entry->data.priority = (int32_t)(n - position);
	entry->data.userdata = position + 1;
	field->value.u8 = rule->class_value;
	field->mask_range.u8 = rule->class_mask;
	field++;
	for (uint8_t w = 0; w < words; w++, field++) {
		field->value.u32 = rule->source[w];
		field->mask_range.u32 = mgw_acl_word_length(rule->source_length, w);
	}
	for (uint8_t w = 0; w < words; w++, field++) {
		field->value.u32 = rule->destination[w];
		field->mask_range.u32 = mgw_acl_word_length(rule->destination_length, w);
	}
	field->value.u16 = rule->source_first;
	field->mask_range.u16 = rule->source_last;
	field++;
	field->value.u16 = rule->destination_first;
	field->mask_range.u16 = rule->destination_last;
}

static int mgw_acl_add(struct rte_acl_ctx *acl, int family, const struct mgw_acl_rule *rules,
		       uint32_t n)
{
	struct mgw_acl_entry entry;
	int rc;

	for (uint32_t i = 0; i < n; i++) {
		mgw_acl_fill(&entry, family, &rules[i], i, n);
		rc = rte_acl_add_rules(acl, (const struct rte_acl_rule *)&entry, 1);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int mgw_acl_build(const char *name, int family, const struct mgw_acl_rule *rules, uint32_t n,
		  int node, struct rte_acl_ctx **built, const char **call)
{
	struct rte_acl_config config = {.num_categories = 1};
	struct rte_acl_param param = {
	    .name = name,
	    .socket_id = node,
	    .max_rule_num = n,
	};
	struct rte_acl_ctx *acl;
	int rc;

	config.num_fields = mgw_acl_fields(family, config.defs);
	param.rule_size = (uint32_t)RTE_ACL_RULE_SZ(config.num_fields);
	*call = "rte_acl_create";
	acl = rte_acl_create(&param);
	if (acl == NULL)
		return rte_errno > 0 ? -rte_errno : -ENOMEM;
	*call = "rte_acl_add_rules";
	rc = mgw_acl_add(acl, family, rules, n);
	if (rc == 0) {
		*call = "rte_acl_build";
		rc = rte_acl_build(acl, &config);
	}
	if (rc != 0) {
		rte_acl_free(acl);
		return rc;
	}
	*built = acl;
	return 0;
}

void mgw_acl_free(struct rte_acl_ctx *acl)
{
	rte_acl_free(acl);
}
