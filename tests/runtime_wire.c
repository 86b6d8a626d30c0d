/* Messages in a stream of bytes, however it is cut. */
#include "test.h"

#include "runtime/wire.h"

#include <errno.h>
#include <stdlib.h>

/* Puts bytes in and takes out what is whole then; each message into `got`,
 * ended by a bar. */
static int
feed(struct wire *wire, const char *bytes, size_t size, struct bytes *got)
{
	const char *message;
	size_t room;
	int next;

	while (size) {
		char *place = wire_room(wire, &room);
		size_t part = size < room ? size : room;

		assert_non_null(place);
		memcpy(place, bytes, part);
		wire_add(wire, part);
		bytes += part;
		size -= part;
		while ((next = wire_next(wire, &message, &room)) > 0) {
			bytes_add(got, message, room);
			bytes_put(got, '|');
		}
		if (next < 0)
			return next;
	}
	return 0;
}

static void
assert_got(struct bytes *got, const char *expected, size_t size)
{
	assert_int_equal(got->used, size);
	assert_memory_equal(got->at, expected, size);
	got->used = 0;
}

static const char lines[] = "one\n\ntwo\r\nthree\n",
		  lines_out[] = "one||two\r|three|";
static const char frames[] = "\0\0\0\3one\0\0\0\0\0\0\0\4two\n\0\0\0\1x";
static const char frames_out[] = "one||two\n|x|";

/* At every two places, so also in the head of a frame. */
static void
expect_whatever_the_cut(enum wire_mode mode, const char *bytes, size_t size,
                        const char *out, size_t out_size)
{
	struct bytes got = {0};

	for (size_t a = 0; a <= size; a++)
		for (size_t b = a; b <= size; b++) {
			struct wire wire;

			wire_init(&wire, mode);
			feed(&wire, bytes, a, &got);
			feed(&wire, bytes + a, b - a, &got);
			feed(&wire, bytes + b, size - b, &got);
			assert_got(&got, out, out_size);
			assert_false(wire_is_within(&wire));
			wire_free(&wire);
		}
	bytes_free(&got);
}

static void
lines_may_be_cut_anywhere(void **state)
{
	(void)state;
	expect_whatever_the_cut(WIRE_JSON, lines, sizeof(lines) - 1, lines_out,
	                        sizeof(lines_out) - 1);
}

static void
frames_may_be_cut_anywhere(void **state)
{
	(void)state;
	expect_whatever_the_cut(WIRE_ADVANCED, frames, sizeof(frames) - 1,
	                        frames_out, sizeof(frames_out) - 1);
}

static void
what_has_begun_is_known(void **state)
{
	struct bytes got = {0};
	struct wire wire;

	(void)state;
	wire_init(&wire, WIRE_JSON);
	assert_false(wire_is_within(&wire));
	feed(&wire, "a\nb", 3, &got);
	assert_true(wire_is_within(&wire));
	feed(&wire, "\n", 1, &got);
	assert_false(wire_is_within(&wire));
	assert_got(&got, "a|b|", 4);
	wire_free(&wire);
	bytes_free(&got);
}

/* A promise costs nothing; only what comes does. */
static void
a_frame_may_promise_much(void **state)
{
	struct bytes got = {0};
	struct wire wire;

	(void)state;
	wire_init(&wire, WIRE_ADVANCED);
	assert_int_equal(feed(&wire, "\x1f\xff\xff\xff", 4, &got), 0);
	assert_in_range(wire.bytes.room, 1, 1 << 20);
	wire_free(&wire);
	wire_init(&wire, WIRE_ADVANCED);
	assert_int_equal(feed(&wire, "\x20\0\0\1", 4, &got), -EMSGSIZE);
	wire_free(&wire);
	wire_init(&wire, WIRE_ADVANCED);
	assert_int_equal(feed(&wire, "\xff\xff\xff\xff", 4, &got), -EMSGSIZE);
	wire_free(&wire);
	bytes_free(&got);
}

enum { LONG_BYTES = 30 * 1000 * 1000 };

/* In parts of 64 KiB: no part is looked at twice, and the room is given back.
 */
static void
a_long_line_takes_no_longer_for_being_long(void **state)
{
	char *part = malloc(65536);
	struct bytes got = {0};
	struct wire wire;

	(void)state;
	memset(part, 'x', 65536);
	wire_init(&wire, WIRE_JSON);
	for (size_t done = 0; done < LONG_BYTES; done += 65536) {
		feed(&wire, part, 65536, &got);
		assert_int_equal(wire.scanned, done + 65536);
		assert_true(wire.bytes.room <= 4 * (done + 65536));
	}
	feed(&wire, "\n", 1, &got);
	assert_true(got.used > LONG_BYTES);
	got.used = 0;
	feed(&wire, "a\n", 2, &got);
	assert_got(&got, "a|", 2);
	assert_true(wire.bytes.room < 1 << 20);
	wire_free(&wire);
	bytes_free(&got);
	free(part);
}

static void
the_head_of_a_frame_is_what_node_reads(void **state)
{
	struct wire wire = {.mode = WIRE_ADVANCED};
	char head[WIRE_HEAD];

	(void)state;
	wire_write_head(head, 0x01020304);
	assert_memory_equal(head, "\1\2\3\4", 4);
	assert_int_equal(wire_size(&wire, 10), 14);
	wire.mode = WIRE_JSON;
	assert_int_equal(wire_size(&wire, 10), 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_may_be_cut_anywhere),
	    cmocka_unit_test(frames_may_be_cut_anywhere),
	    cmocka_unit_test(what_has_begun_is_known),
	    cmocka_unit_test(a_frame_may_promise_much),
	    cmocka_unit_test(a_long_line_takes_no_longer_for_being_long),
	    cmocka_unit_test(the_head_of_a_frame_is_what_node_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
