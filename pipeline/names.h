/* names: what counters are called outside. One list serves C and Go. */
#ifndef MGW_NAMES_H
#define MGW_NAMES_H

/* NULL when i is not a reason of that kind. */
const char *mgw_skip_name(unsigned int i);
const char *mgw_drop_name(unsigned int i);
const char *mgw_unclassified_name(unsigned int i);
const char *mgw_fragment_name(unsigned int i);
const char *mgw_ignore_name(unsigned int i);
const char *mgw_excluded_name(unsigned int i);

#endif
