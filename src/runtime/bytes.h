/*
 * bytes: a run of bytes that grows at its end.
 *
 * Whoever writes a text into it asks once, at the end, whether all of it found
 * room: after a failure nothing more is taken, and `failed` says so.
 */
#ifndef RUNTIME_BYTES_H
#define RUNTIME_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
	char *at; /* used of room bytes; NULL: none yet */
	size_t used, room;
	bool failed;
};

/* Makes room for `size` bytes more, at least doubling: adding is linear in all.
 * The place to write to (add to `used` what was written), or NULL. */
char *bytes_room(struct bytes *bytes, size_t size);

/* Frees what it holds; it is empty then and can be used again. */
void bytes_free(struct bytes *bytes);

static inline void
bytes_add(struct bytes *bytes, const char *from, size_t size)
{
	if (!size ||
	    (bytes->room - bytes->used < size && !bytes_room(bytes, size)))
		return;
	memcpy(bytes->at + bytes->used, from, size);
	bytes->used += size;
}

static inline void
bytes_put(struct bytes *bytes, char byte)
{
	bytes_add(bytes, &byte, 1);
}

#endif
