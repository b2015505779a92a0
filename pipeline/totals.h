/* totals: read another lcore's totals as one consistent set. */
#ifndef MGW_TOTALS_H
#define MGW_TOTALS_H

#include "counters.h"

/* Retries while the lcore writes; it writes a few words per burst, so this ends soon. */
void mgw_totals_read(const struct mgw_totals *from, struct mgw_totals *to);

#endif
