#include "names.h"

#include <stddef.h>

#include "counters.h"

#define MGW_NAME(symbol, name) name,
static const char *const skips[] = {MGW_SKIP_REASONS(MGW_NAME)};
static const char *const drops[] = {MGW_DROP_REASONS(MGW_NAME)};
static const char *const unclassifieds[] = {MGW_UNCLASSIFIED_REASONS(MGW_NAME)};
static const char *const fragments[] = {MGW_FRAGMENT_FATES(MGW_NAME)};
static const char *const ignores[] = {MGW_IGNORE_REASONS(MGW_NAME)};
static const char *const exclusions[] = {MGW_EXCLUSIONS(MGW_NAME)};

const char *mgw_skip_name(unsigned int i)
{
	return i < MGW_SKIPS ? skips[i] : NULL;
}

const char *mgw_drop_name(unsigned int i)
{
	return i < MGW_DROPS ? drops[i] : NULL;
}

const char *mgw_unclassified_name(unsigned int i)
{
	return i < MGW_UNCLASSIFIEDS ? unclassifieds[i] : NULL;
}

const char *mgw_fragment_name(unsigned int i)
{
	return i < MGW_FRAGMENT_FATE_COUNT ? fragments[i] : NULL;
}

const char *mgw_ignore_name(unsigned int i)
{
	return i < MGW_IGNORES ? ignores[i] : NULL;
}

const char *mgw_excluded_name(unsigned int i)
{
	return i < MGW_EXCLUDEDS ? exclusions[i] : NULL;
}
