#include "load.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void
load_spin(long argument, char *result, size_t room)
{
	int64_t end = now_ms() + argument;
	unsigned long turns = 0;

	while (now_ms() < end && !load_should_stop())
		turns++;
	snprintf(result, room, "%lu turns", turns);
}
