/* The decoder of lines and frames: however bytes are cut, the same messages
 * come out, and they are what lies between. */
#include "fuzz.h"

#include "runtime/wire.h"

#include <string.h>

/* All that comes out, each message with its length before it. `cuts` says how
 * long the next parts are; none: all at once. */
static int
decode(enum wire_mode mode, const uint8_t *data, size_t size,
       const uint8_t *cuts, size_t cut_count, struct bytes *out)
{
	const char *message;
	size_t at = 0, turn = 0, length;
	struct wire wire;
	int next = 0;

	wire_init(&wire, mode);
	while (at < size && next >= 0) {
		size_t room, part = size - at;
		char *place = wire_room(&wire, &room);

		FUZZ_HOLDS(place && room);
		if (cut_count && part > cuts[turn % cut_count])
			part = cuts[turn++ % cut_count];
		if (cut_count && !part)
			part = 1;
		if (part > room)
			part = room;
		memcpy(place, data + at, part);
		wire_add(&wire, part);
		at += part;
		while ((next = wire_next(&wire, &message, &length)) > 0) {
			bytes_add(out, (const char *)&length, sizeof(length));
			bytes_add(out, message, length);
			FUZZ_HOLDS(mode == WIRE_ADVANCED ||
			           !memchr(message, '\n', length));
		}
	}
	FUZZ_HOLDS(out->used <= size * (1 + sizeof(length)));
	wire_free(&wire);
	return next;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes whole = {0}, parts = {0};
	enum wire_mode mode;
	size_t cuts;
	int error;

	if (size < 2)
		return 0;
	mode = data[0] & 1 ? WIRE_ADVANCED : WIRE_JSON;
	cuts = (data[0] >> 1) % 16 + 1;
	if (size < cuts + 1)
		return 0;
	error = decode(mode, data + 1 + cuts, size - 1 - cuts, NULL, 0, &whole);
	FUZZ_HOLDS(decode(mode, data + 1 + cuts, size - 1 - cuts, data + 1,
	                  cuts, &parts) == error);
	FUZZ_HOLDS(
	    parts.used == whole.used &&
	    (!whole.used || memcmp(parts.at, whole.at, whole.used) == 0));
	bytes_free(&whole);
	bytes_free(&parts);
	return 0;
}
