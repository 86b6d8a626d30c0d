#include "bytes.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef TINY
enum { LEAST = 1 };
#else
enum { LEAST = 256 };
#endif

char *
bytes_room(struct bytes *bytes, size_t size)
{
	size_t room = bytes->room ? bytes->room : LEAST;
	char *bigger;

	if (bytes->failed || size > SIZE_MAX / 4 - bytes->used) {
		bytes->failed = true;
		return NULL;
	}
	while (room - bytes->used < size)
		room *= 2;
	if (room > bytes->room) {
		bigger = realloc(bytes->at, room);
		if (!bigger) {
			bytes->failed = true;
			return NULL;
		}
		bytes->at = bigger;
		bytes->room = room;
	}
	return bytes->at + bytes->used;
}

void
bytes_free(struct bytes *bytes)
{
	free(bytes->at);
	memset(bytes, 0, sizeof(*bytes));
}
