/*
 * What a round of bench_worker.c measures with, and the raw limits: the same
 * with system calls alone.
 */
#ifndef TESTS_BENCH_WORKER_H
#define TESTS_BENCH_WORKER_H

#include "runtime/shared.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <uv.h>

enum row {
	ROW_START,
	ROW_ROUND_TRIP,
	ROW_ONE_WAY,
	ROW_TRANSFER,
	ROW_CLONE,
	ROW_MEMORY,
	ROW_PING_PONG,
	ROWS,
};

static int out; /* where a round writes its values */

static void
say(enum row row, double value)
{
	dprintf(out, "%d %.6f\n", (int)row, value);
}

static double
us(void)
{
	return (double)uv_hrtime() / 1000;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static int32_t *word; /* of the ping-pong */

/* ---- the raw limits ---- */

static int there, back;

static void
wait_epoll(int set, int fd)
{
	struct epoll_event event;
	uint64_t value;

	if (epoll_wait(set, &event, 1, -1) != 1 ||
	    read(fd, &value, sizeof(value)) != sizeof(value))
		exit(1);
}

static int
epoll_on(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	return set;
}

static void *
raw_echo(void *argument)
{
	const uint64_t one = 1;
	int set = epoll_on(there);

	(void)argument;
	for (int i = 0; i < 20000; i++) {
		wait_epoll(set, there);
		if (write(back, &one, sizeof(one)) < 0)
			exit(1);
	}
	return NULL;
}

static void
raw_round_trip(void)
{
	static double times[20000];
	const uint64_t one = 1;
	pthread_t thread;
	int set;

	there = eventfd(0, EFD_NONBLOCK);
	back = eventfd(0, EFD_NONBLOCK);
	set = epoll_on(back);
	pthread_create(&thread, NULL, raw_echo, NULL);
	for (int i = 0; i < 20000; i++) {
		double begin = us();

		if (write(there, &one, sizeof(one)) < 0)
			exit(1);
		wait_epoll(set, back);
		times[i] = us() - begin;
	}
	pthread_join(thread, NULL);
	say(ROW_ROUND_TRIP, median(times, 20000));
}

static void
raw_wait(uint32_t value)
{
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == (int32_t)value)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void
raw_set(int32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void *
raw_pong(void *argument)
{
	(void)argument;
	for (int i = 0; i < 20000; i++) {
		raw_wait(0);
		raw_set(0);
	}
	return NULL;
}

static void
raw_ping_pong(void)
{
	static double times[20000];
	struct shared *shared;
	pthread_t thread;

	if (shared_new(&shared, 4, SHARED_THREADS))
		exit(1);
	word = shared_bytes(shared);
	pthread_create(&thread, NULL, raw_pong, NULL);
	for (int i = 0; i < 20000; i++) {
		double begin = us();

		raw_set(1);
		raw_wait(1);
		times[i] = us() - begin;
	}
	pthread_join(thread, NULL);
	say(ROW_PING_PONG, median(times, 20000));
}

#endif
