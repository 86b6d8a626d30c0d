#include "wire.h"

#include <errno.h>

/* A read takes what a socket holds at most; a buffer that one long message has
 * made big is given back behind it. */
#ifdef TINY
enum { READ_BYTES = 8, KEPT_BYTES = 64 };
#else
enum { READ_BYTES = 1 << 16, KEPT_BYTES = 1 << 20 };
#endif

void
wire_init(struct wire *wire, enum wire_mode mode)
{
	memset(wire, 0, sizeof(*wire));
	wire->mode = mode;
}

void
wire_free(struct wire *wire)
{
	bytes_free(&wire->bytes);
	wire->start = wire->scanned = 0;
}

/* Moves what is not yet out to the front. Whole messages are out by then, so
 * each byte is moved once at most before more than it has come. */
static void
close_gap(struct wire *wire)
{
	struct bytes *bytes = &wire->bytes;

	bytes->used -= wire->start;
	wire->scanned -=
	    wire->scanned < wire->start ? wire->scanned : wire->start;
	if (bytes->used)
		memmove(bytes->at, bytes->at + wire->start, bytes->used);
	else if (bytes->room > KEPT_BYTES)
		bytes_free(bytes);
	wire->start = 0;
}

char *
wire_room(struct wire *wire, size_t *size)
{
	char *room;

	if (wire->start)
		close_gap(wire);
	room = bytes_room(&wire->bytes, READ_BYTES);
	wire->bytes.failed = false;
	*size = room ? wire->bytes.room - wire->bytes.used : 0;
	return room;
}

void
wire_add(struct wire *wire, size_t size)
{
	wire->bytes.used += size;
}

static size_t
frame_size(const char *head)
{
	const unsigned char *bytes = (const unsigned char *)head;

	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 |
	       (size_t)bytes[2] << 8 | bytes[3];
}

static int
next_frame(struct wire *wire, const char **message, size_t *size)
{
	const char *at = wire->bytes.at + wire->start;
	size_t left = wire->bytes.used - wire->start;

	if (left < WIRE_HEAD)
		return 0;
	*size = frame_size(at);
	if (*size > WIRE_MOST)
		return -EMSGSIZE;
	if (left - WIRE_HEAD < *size)
		return 0;
	*message = at + WIRE_HEAD;
	wire->start += WIRE_HEAD + *size;
	return 1;
}

static int
next_line(struct wire *wire, const char **message, size_t *size)
{
	const char *at = wire->bytes.at, *newline;
	size_t from = wire->scanned > wire->start ? wire->scanned : wire->start;

	newline = memchr(at + from, '\n', wire->bytes.used - from);
	wire->scanned = newline ? (size_t)(newline - at) + 1 : wire->bytes.used;
	*size = wire->scanned - wire->start - (newline != NULL);
	if (*size > WIRE_MOST)
		return -EMSGSIZE;
	if (!newline)
		return 0;
	*message = at + wire->start;
	wire->start = wire->scanned;
	return 1;
}

int
wire_next(struct wire *wire, const char **message, size_t *size)
{
	if (!wire_is_within(wire))
		return 0;
	return wire->mode == WIRE_JSON ? next_line(wire, message, size)
	                               : next_frame(wire, message, size);
}

bool
wire_is_within(const struct wire *wire)
{
	return wire->start < wire->bytes.used;
}

size_t
wire_size(const struct wire *wire, size_t size)
{
	return size + (wire->mode == WIRE_JSON ? 1 : WIRE_HEAD);
}

void
wire_write_head(char head[WIRE_HEAD], size_t size)
{
	for (int i = 0; i < WIRE_HEAD; i++)
		head[i] = (char)(size >> (24 - 8 * i) & 0xff);
}
