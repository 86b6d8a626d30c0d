#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

void
load_sleep(long argument, char *result, size_t room)
{
	struct timespec left = {argument / 1000, argument % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	snprintf(result, room, "slept");
}
