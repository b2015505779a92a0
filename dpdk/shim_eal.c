/* EAL and lcores. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "shim.h"

void shim_strerror(int errnum, char *text, size_t size)
{
	snprintf(text, size, "%s", rte_strerror(errnum));
}

/* Every signal but those that a thread raises itself by a fault. */
static void asynchronous_signals(sigset_t *set)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

	sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(set, faults[i]);
}

/*
 * The threads that EAL creates inherit the caller's signal mask, so that with asynchronous
 * signals blocked here none ever interrupts a worker.
 */
int shim_eal_init(int argc, char **argv)
{
	sigset_t block, saved;
	int rc;

	asynchronous_signals(&block);
	rc = pthread_sigmask(SIG_BLOCK, &block, &saved);
	if (rc != 0)
		return -rc;
	rc = rte_eal_init(argc, argv);
	if (rc < 0)
		rc = rte_errno != 0 ? -rte_errno : -EINVAL;
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return rc < 0 ? rc : 0;
}

int shim_eal_cleanup(void)
{
	return rte_eal_cleanup();
}

const char *shim_runtime_dir(void)
{
	return rte_eal_get_runtime_dir();
}

unsigned shim_max_lcore(void)
{
	return RTE_MAX_LCORE;
}

unsigned shim_main_lcore(void)
{
	return rte_get_main_lcore();
}

uint64_t shim_tsc_hz(void)
{
	return rte_get_tsc_hz();
}

int shim_lcore_node(unsigned lcore)
{
	if (lcore >= RTE_MAX_LCORE || !rte_lcore_is_enabled(lcore))
		return -EINVAL;
	return (int)rte_lcore_to_socket_id(lcore);
}

bool shim_is_worker(unsigned lcore)
{
	return lcore < RTE_MAX_LCORE && rte_lcore_is_enabled(lcore) &&
	       lcore != rte_get_main_lcore();
}

int shim_launch(void *fn, void *arg, unsigned lcore)
{
	lcore_function_t *function = NULL;

	/* ISO C has no conversion from void * to a function pointer; POSIX promises this one. */
	*(void **)&function = fn;
	return rte_eal_remote_launch(function, arg, lcore);
}

/* 1 running, 0 waiting. */
int shim_lcore_state(unsigned lcore)
{
	return rte_eal_get_lcore_state(lcore) == RUNNING;
}

int shim_wait_lcore(unsigned lcore)
{
	return rte_eal_wait_lcore(lcore);
}
