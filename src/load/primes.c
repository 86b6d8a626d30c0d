#include "load.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

void
load_primes(long argument, char *result, size_t room)
{
	size_t most = (size_t)argument;
	bool *composite = calloc(most + 1, sizeof(*composite));
	size_t count = 0;

	if (!composite) {
		snprintf(result, room, "out of memory");
		return;
	}
	for (size_t i = 2; i <= most && !load_should_stop(); i++) {
		if (composite[i])
			continue;
		count++;
		for (size_t j = i * i; j <= most; j += i)
			composite[j] = true;
	}
	free(composite);
	snprintf(result, room, "%zu primes", count);
}
