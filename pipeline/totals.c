#include "totals.h"

#include <string.h>

void mgw_totals_read(const struct mgw_totals *from, struct mgw_totals *to)
{
	uint64_t before, after;

	do {
		before = __atomic_load_n(&from->sequence, __ATOMIC_ACQUIRE);
		memcpy(to, from, sizeof(*to));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&from->sequence, __ATOMIC_RELAXED);
	} while ((before & 1) != 0 || before != after);
}
