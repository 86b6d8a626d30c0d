/* What a process writes, as lines. */
#include "runtime_world.h"

#include "runtime/lines.h"

struct fixture {
	struct world world;
	struct lines lines;
};

static int
open_lines(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	fixture->lines.pid = 77;
	*state = fixture;
	return 0;
}

static void
feed(struct fixture *fixture, const char *text)
{
	lines_feed(&fixture->lines, text, strlen(text));
}

static const char *
line(struct fixture *fixture, int n)
{
	return told_nth(&fixture->world, EVENT_STDOUT, n)->text;
}

static int
count(struct fixture *fixture)
{
	return told_count(&fixture->world, EVENT_STDOUT);
}

static void
each_line_is_an_event_of_the_writer(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	feed(fixture, "one\ntwo\n");
	assert_string_equal(told_kinds(&fixture->world), "stdout stdout");
	assert_string_equal(line(fixture, 0), "one");
	assert_string_equal(line(fixture, 1), "two");
	event = &told_nth(&fixture->world, EVENT_STDOUT, 1)->event;
	assert_int_equal(event->pid, 77);
	assert_int_equal(event->tid, 77);
}

static void
stderr_is_a_kind_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	fixture->lines.is_stderr = true;
	feed(fixture, "oh\n");
	assert_string_equal(told_kinds(&fixture->world), "stderr");
}

static void
a_line_may_come_in_single_bytes(void **state)
{
	struct fixture *fixture = *state;
	const char *text = "caf\xc3\xa9\nau";

	for (size_t i = 0; text[i]; i++)
		lines_feed(&fixture->lines, text + i, 1);
	assert_int_equal(count(fixture), 1);
	assert_string_equal(line(fixture, 0), "caf\xc3\xa9");
}

static void
what_is_left_is_told_at_the_end(void **state)
{
	struct fixture *fixture = *state;

	feed(fixture, "one\nlast");
	assert_int_equal(count(fixture), 1);
	lines_end(&fixture->lines);
	assert_int_equal(count(fixture), 2);
	assert_string_equal(line(fixture, 1), "last");
	lines_end(&fixture->lines);
	assert_int_equal(count(fixture), 2);
}

static void
an_empty_line_is_a_line(void **state)
{
	struct fixture *fixture = *state;

	feed(fixture, "\n\nx\n");
	assert_int_equal(count(fixture), 3);
	assert_string_equal(line(fixture, 0), "");
	lines_end(&fixture->lines);
	assert_int_equal(count(fixture), 3);
}

static void
a_line_that_is_too_long_comes_in_parts(void **state)
{
	struct fixture *fixture = *state;
	char text[2 * LINES_BYTES + 10];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	lines_feed(&fixture->lines, text, sizeof(text));
	assert_int_equal(count(fixture), 3);
	assert_int_equal(strlen(line(fixture, 0)), LINES_BYTES);
	assert_int_equal(strlen(line(fixture, 1)), LINES_BYTES);
	assert_string_equal(line(fixture, 2), "xxxxxxxxx");
}

static void
a_line_that_just_fits_is_one(void **state)
{
	struct fixture *fixture = *state;
	char text[LINES_BYTES + 3];

	memset(text, 'x', sizeof(text));
	text[LINES_BYTES] = '\n';
	text[LINES_BYTES + 2] = '\n';
	lines_feed(&fixture->lines, text, sizeof(text));
	assert_int_equal(count(fixture), 2);
	assert_int_equal(strlen(line(fixture, 0)), LINES_BYTES);
	assert_string_equal(line(fixture, 1), "x");
}

#define LINES_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_lines, world_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    LINES_TEST(each_line_is_an_event_of_the_writer),
	    LINES_TEST(stderr_is_a_kind_of_its_own),
	    LINES_TEST(a_line_may_come_in_single_bytes),
	    LINES_TEST(what_is_left_is_told_at_the_end),
	    LINES_TEST(an_empty_line_is_a_line),
	    LINES_TEST(a_line_that_is_too_long_comes_in_parts),
	    LINES_TEST(a_line_that_just_fits_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
