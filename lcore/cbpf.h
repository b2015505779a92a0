/*
 * cbpf: classic BPF programs, which tcpdump's filters become (McCanne and Jacobson, "The BSD Packet
 * Filter", 1993; the bits are those of linux/filter.h). They read a frame that may lie in several
 * mbufs and write nothing. There is no machine code: the daemon may not make memory executable.
 *
 * Only programs that Go has checked (filter.go) may be run: every code is known, jumps go forward
 * and end inside, the last instruction returns, and constants are in range.
 */
#ifndef MGW_CBPF_H
#define MGW_CBPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

struct mgw_cbpf {
	const struct rte_mbuf *frame;
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

/* Read size bytes, 1, 2 or 4, in network order. False: they are not all in the frame. */
static inline bool mgw_cbpf_read(const struct rte_mbuf *frame, uint64_t at, uint32_t size,
				 uint32_t *value)
{
	uint8_t gathered[4];
	const uint8_t *bytes;

	if (at + size > rte_pktmbuf_pkt_len(frame))
		return false;
	bytes = rte_pktmbuf_read(frame, (uint32_t)at, size, gathered);
	if (bytes == NULL)
		return false;
	*value = 0;
	for (uint32_t i = 0; i < size; i++)
		*value = *value << 8 | bytes[i];
	return true;
}

static inline uint32_t mgw_cbpf_size(uint16_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	}
	return 4;
}

/* What a load puts into A or X. False: it is outside of the frame, which the filter then refuses.
 */
static inline bool mgw_cbpf_load(const struct mgw_cbpf *m, const struct sock_filter *i,
				 uint32_t *value)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		*value = i->k;
		return true;
	case BPF_LEN:
		*value = rte_pktmbuf_pkt_len(m->frame);
		return true;
	case BPF_MEM:
		*value = m->memory[i->k];
		return true;
	case BPF_MSH: /* length of an IPv4 header */
		if (!mgw_cbpf_read(m->frame, i->k, 1, value))
			return false;
		*value = (*value & 0xf) << 2;
		return true;
	case BPF_IND:
		return mgw_cbpf_read(m->frame, (uint64_t)m->x + i->k, mgw_cbpf_size(i->code),
				     value);
	}
	return mgw_cbpf_read(m->frame, i->k, mgw_cbpf_size(i->code), value); /* BPF_ABS */
}

/* A op operand. False: a division by zero, which ends the program with a no. */
static inline bool mgw_cbpf_compute(uint32_t *a, uint16_t op, uint32_t operand)
{
	switch (op) {
	case BPF_ADD:
		*a += operand;
		return true;
	case BPF_SUB:
		*a -= operand;
		return true;
	case BPF_MUL:
		*a *= operand;
		return true;
	case BPF_DIV:
		*a = operand != 0 ? *a / operand : 0;
		return operand != 0;
	case BPF_MOD:
		*a = operand != 0 ? *a % operand : 0;
		return operand != 0;
	case BPF_OR:
		*a |= operand;
		return true;
	case BPF_AND:
		*a &= operand;
		return true;
	case BPF_XOR:
		*a ^= operand;
		return true;
	case BPF_LSH:
		*a = operand < 32 ? *a << operand : 0;
		return true;
	case BPF_RSH:
		*a = operand < 32 ? *a >> operand : 0;
		return true;
	}
	*a = -*a; /* BPF_NEG */
	return true;
}

/* How many instructions a jump skips. */
static inline uint32_t mgw_cbpf_jump(const struct mgw_cbpf *m, const struct sock_filter *i)
{
	const uint32_t operand = BPF_SRC(i->code) == BPF_X ? m->x : i->k;
	bool holds;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		holds = m->a == operand;
		break;
	case BPF_JGT:
		holds = m->a > operand;
		break;
	case BPF_JGE:
		holds = m->a >= operand;
		break;
	default: /* BPF_JSET */
		holds = (m->a & operand) != 0;
	}
	return holds ? i->jt : i->jf;
}

/* What neither returns nor jumps. False: the program ends with a no. */
static inline bool mgw_cbpf_step(struct mgw_cbpf *m, const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		return mgw_cbpf_load(m, i, &m->a);
	case BPF_LDX:
		return mgw_cbpf_load(m, i, &m->x);
	case BPF_ST:
		m->memory[i->k] = m->a;
		return true;
	case BPF_STX:
		m->memory[i->k] = m->x;
		return true;
	case BPF_ALU:
		return mgw_cbpf_compute(&m->a, BPF_OP(i->code),
					BPF_SRC(i->code) == BPF_X ? m->x : i->k);
	}
	if (BPF_MISCOP(i->code) == BPF_TAX)
		m->x = m->a;
	else
		m->a = m->x;
	return true;
}

/* Whether the program wants the frame. */
static inline bool mgw_cbpf_accepts(const struct sock_filter *program, const struct rte_mbuf *frame)
{
	struct mgw_cbpf m = {.frame = frame};

	for (const struct sock_filter *i = program;; i++) {
		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			return (BPF_RVAL(i->code) == BPF_A ? m.a : i->k) != 0;
		case BPF_JMP:
			i += mgw_cbpf_jump(&m, i);
			break;
		default:
			if (!mgw_cbpf_step(&m, i))
				return false;
		}
	}
}

#endif
