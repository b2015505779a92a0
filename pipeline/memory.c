#define _GNU_SOURCE
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MGW_CACHE_LINE = 64, MGW_HUGE_PAGE = 2 << 20 };

void *mgw_memory_new(size_t size)
{
	void *memory;

	if (size < MGW_HUGE_PAGE) {
		if (posix_memalign(&memory, MGW_CACHE_LINE, size) != 0)
			return NULL;
		return memset(memory, 0, size);
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, MADV_HUGEPAGE); /* a wish: 4 KiB pages are right too, only slower */
	return memory;
}

void mgw_memory_free(void *memory, size_t size)
{
	if (size < MGW_HUGE_PAGE)
		free(memory);
	else if (memory != NULL)
		munmap(memory, size);
}
