package lcore

/*
#include <stdlib.h>

#include "cbpf.h"

// One segment of a frame, whose bytes lie in memory that is no longer than they are.
static struct rte_mbuf *new_segment(const void *bytes, uint32_t length)
{
	struct rte_mbuf *m = calloc(1, sizeof(*m));

	m->buf_addr = malloc(length);
	memcpy(m->buf_addr, bytes, length);
	m->buf_len = m->data_len = (uint16_t)length;
	return m;
}

static void free_segments(struct rte_mbuf *m)
{
	while (m != NULL) {
		struct rte_mbuf *next = m->next;

		free(m->buf_addr);
		free(m);
		m = next;
	}
}

static bool accepts(const void *program, const struct rte_mbuf *frame)
{
	return mgw_cbpf_accepts(program, frame);
}
*/
import "C"

import "unsafe"

// tryFilter runs a program that checkProgram allows on a frame that lies in segments, none of them empty:
// for tests, which have no C of their own.
func tryFilter(program []instruction, segments [][]byte) bool {
	var head, tail *C.struct_rte_mbuf
	for _, s := range segments {
		m := C.new_segment(unsafe.Pointer(unsafe.SliceData(s)), C.uint32_t(len(s)))
		if head == nil {
			head = m
		} else {
			tail.next = m
		}
		tail = m
		head.pkt_len += C.uint32_t(len(s))
		head.nb_segs++
	}
	defer C.free_segments(head)
	return bool(C.accepts(unsafe.Pointer(unsafe.SliceData(program)), head))
}
