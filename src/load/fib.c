#include "load.h"

#include <stdio.h>

/* Two calls a number on purpose: the work is the point. */
static unsigned long
fib(long n)
{
	return n < 2 ? (unsigned long)n : fib(n - 1) + fib(n - 2);
}

/* The same, and stops between two pieces of less than a millisecond. */
static unsigned long
watched_fib(long n)
{
	if (n <= 24)
		return fib(n);
	return load_should_stop() ? 0 : watched_fib(n - 1) + watched_fib(n - 2);
}

void
load_fib(long argument, char *result, size_t room)
{
	snprintf(result, room, "%lu", watched_fib(argument));
}
