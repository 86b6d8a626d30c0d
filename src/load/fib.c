#include "load.h"

#include <stdio.h>

/* Two calls a number on purpose: the work is the point. */
static unsigned long
fib(long n)
{
	return n < 2 ? (unsigned long)n : fib(n - 1) + fib(n - 2);
}

void
load_fib(long argument, char *result, size_t room)
{
	snprintf(result, room, "%lu", fib(argument));
}
