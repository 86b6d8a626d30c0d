/*
 * v8_read: the small parts of V8's serialized values: tags, numbers, strings.
 * Every length is held against the bytes that are there.
 *
 * Part of advanced_read.c; nobody else calls this.
 */
#ifndef RUNTIME_V8_READ_H
#define RUNTIME_V8_READ_H

#include "bytes.h"
#include "v8_tags.h"

#include <jansson.h>
#include <stdint.h>

/* An object that a later V8_REFERENCE can mean. */
struct v8_known {
	json_t *value; /* ours, for it may be dropped; NULL while it is read */
	size_t weight; /* values in it */
};

struct v8_reader {
	const unsigned char *at, *end;
	struct bytes text; /* of a string that is not a copy of its source */
	struct v8_known *known;
	size_t known_count, known_room;
	size_t values, values_most;
	int depth;
	int error; /* the first */
};

struct v8_piece {
	const char *at;
	size_t size;
};

/* Notes an error; NULL, for whoever returns at once. */
void *v8_fail(struct v8_reader *reader, int error);

/* Bytes that are left. */
size_t v8_left(const struct v8_reader *reader);

/* The next tag, behind padding, and beyond it or not; -1: there is none. */
int v8_take_tag(struct v8_reader *reader);
int v8_peek_tag(struct v8_reader *reader);

/* A number of at most 32 bits, and a run of bytes; false, NULL: v8_fail(). */
bool v8_take_varint(struct v8_reader *reader, uint32_t *value);
const unsigned char *v8_take_bytes(struct v8_reader *reader, size_t size);

/* What is behind a tag of a number, a BigInt, a string. NULL: v8_fail(). */
json_t *v8_read_number(struct v8_reader *reader, int tag);
json_t *v8_read_bigint(struct v8_reader *reader);
json_t *v8_read_text(struct v8_reader *reader, int tag);

bool v8_is_string(int tag);

/* A string as UTF-8, valid until the next one; false: v8_fail(). */
bool v8_read_string(struct v8_reader *reader, int tag, struct v8_piece *piece);

#endif
