/*
 * wire: bytes in, whole messages out; how messages lie in a stream of bytes.
 *
 * Node has two ways (child_process.fork(): `serialization`; lib/internal/
 * child_process/serialization.js): a line of JSON each, or a frame each, which
 * is its length as a big-endian uint32 and that many bytes of V8's serializer.
 * Reads may cut both anywhere.
 *
 * Pure: no descriptor, no loop, no JSON. Time is linear in the bytes, however
 * they come; memory follows what really came, not what a length promises.
 */
#ifndef RUNTIME_WIRE_H
#define RUNTIME_WIRE_H

#include "bytes.h"

#include <stdint.h>

enum wire_mode { WIRE_JSON, WIRE_ADVANCED };

enum {
	WIRE_HEAD = 4, /* of a frame */
	/* The longest message. Node's own limit is the longest string of V8,
	 * 2^29 - 24 characters. */
	WIRE_MOST = 1 << 29,
};

struct wire {
	enum wire_mode mode;
	struct bytes bytes;
	size_t start;   /* of the first message that is not yet out */
	size_t scanned; /* no end of line before this */
};

void wire_init(struct wire *wire, enum wire_mode mode);
void wire_free(struct wire *wire);

/* Room for the next read, *size of it; NULL: no memory. Messages that are out
 * are invalid then. */
char *wire_room(struct wire *wire, size_t *size);

/* That many bytes were read into the room. */
void wire_add(struct wire *wire, size_t size);

/* The next whole message, without what separates it; valid until wire_room().
 * 1; 0: there is none yet; -EMSGSIZE: it is longer than WIRE_MOST. */
int wire_next(struct wire *wire, const char **message, size_t *size);

/* Whether a message has begun and is not whole. */
bool wire_is_within(const struct wire *wire);

/* Bytes that a message of `size` takes on the wire. */
size_t wire_size(const struct wire *wire, size_t size);

/* The head of a frame of that many bytes. */
void wire_write_head(char head[WIRE_HEAD], size_t size);

#endif
