/* Zeroed C memory for programs and counters: cache-line aligned, large blocks on huge pages. */
#ifndef MGW_MEMORY_H
#define MGW_MEMORY_H

#include <stddef.h>

/* NULL when the system has no memory left. */
void *mgw_memory_new(size_t size);

/* size as given to mgw_memory_new. NULL is allowed. */
void mgw_memory_free(void *memory, size_t size);

#endif
