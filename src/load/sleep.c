#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* Between two of them somebody may want it to end. */
enum { SLICE_MS = 50 };

static void
sleep_ms(long ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

void
load_sleep(long argument, char *result, size_t room)
{
	for (; argument > SLICE_MS && !load_should_stop(); argument -= SLICE_MS)
		sleep_ms(SLICE_MS);
	if (!load_should_stop())
		sleep_ms(argument);
	snprintf(result, room, "slept");
}
