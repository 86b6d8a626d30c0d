/*
 * buffer: bytes that can be handed over without a copy (Node: ArrayBuffer).
 *
 * A buffer has one owner. Transferred in a message it is empty at the sender's,
 * size 0 (Node: detached), and the receiver owns the very same bytes.
 */
#ifndef RUNTIME_BUFFER_H
#define RUNTIME_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	void *bytes; /* NULL when size is 0 */
	size_t size;
	bool stays; /* is copied also when it is to be transferred (Node:
	             * markAsUntransferable, as version 20 has it) */
};

/* Makes one of `size` zeros, which may be none. 0; -ENOMEM, and the buffer is
 * then empty. */
int buffer_new(struct buffer *buffer, size_t size);

/* Makes a copy of `from`. 0 or -ENOMEM. */
int buffer_copy(struct buffer *buffer, const struct buffer *from);

/* Gives the bytes back; the buffer is empty then. Any thread. */
void buffer_free(struct buffer *buffer);

#endif
