/*
 * deadline: a point in time by CLOCK_MONOTONIC, in ms.
 */
#ifndef TTY_DEADLINE_H
#define TTY_DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline int64_t
deadline_in(int ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
}

/* What is left of it, as poll(2) takes it; 0: it has passed. */
static inline int
deadline_left(int64_t deadline)
{
	int64_t left = deadline - deadline_in(0);

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

#endif
