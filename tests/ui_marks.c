/* Marks, and going from one block or mark to the next. */
#include "ui_links.h"

#define MS 1000000ull

static uint64_t
since_start(const struct links *links, uint64_t time)
{
	return (time - links->world.model.start) / MS;
}

static void
they_are_kept_in_the_order_of_time(void **state)
{
	struct marks marks = {.count = 0};

	(void)state;
	assert_true(marks_toggle(&marks, 300, 10));
	assert_true(marks_toggle(&marks, 100, 10));
	assert_true(marks_toggle(&marks, 200, 10));
	assert_int_equal(marks.count, 3);
	assert_int_equal(marks.times[0], 100);
	assert_int_equal(marks.times[2], 300);
	/* Near one that is there: that one goes. */
	assert_false(marks_toggle(&marks, 195, 10));
	assert_int_equal(marks.count, 2);
	assert_int_equal(marks.times[1], 300);
}

static void
of_too_many_the_earliest_goes(void **state)
{
	struct marks marks = {.count = 0};

	(void)state;
	for (uint64_t i = 1; i <= MARKS + 5; i++)
		assert_true(marks_toggle(&marks, i * 100, 10));
	assert_int_equal(marks.count, MARKS);
	assert_int_equal(marks.times[0], 600);
	assert_int_equal(marks.times[MARKS - 1], (MARKS + 5) * 100);
}

static void
the_key_sets_one_that_the_axis_shows(void **state)
{
	struct links *links = *state;
	char *before, *after;

	draw_at(links, 40, 120);
	before = canvas_dump(&links->canvas, false);
	assert_null(strstr(before, "\u25be"));
	press(links, "m");
	after = canvas_dump(&links->canvas, false);
	assert_non_null(strstr(after, "\u25be"));
	assert_shows(links, "A mark at t=2.35 s.");
	press(links, "m");
	assert_shows(links, "The mark is gone.");
	free(before);
	free(after);
}

/* Two blocks and a mark between them. */
static void
tell_blocks(struct links *links)
{
	world_offloaded(&links->world);
	world_tick(&links->world, 4000);
	press(links, "m");
	world_blocked(&links->world, 5100, WORLD_STAGE, 5000, "sha(9)");
	world_freed(&links->world, 5300, WORLD_STAGE, 5000, "sha(9)");
	world_tick(&links->world, 8000);
	draw_at(links, 40, 120);
}

static void
from_one_to_the_one_before_and_back(void **state)
{
	static const uint64_t moments[] = {5299, 4000, 2599};
	struct links *links = *state;

	tell_blocks(links);
	for (int i = 0; i < 3; i++) {
		press(links, "[");
		assert_int_equal(links->command.kind, COMMAND_SEEK);
		assert_true(links->ui.paused);
		assert_int_equal(since_start(links, links->command.since),
		                 moments[i]);
		/* What the explorer does with it. */
		links->ui.held.now = links->command.since;
	}
	press(links, "[");
	assert_int_equal(links->command.kind, COMMAND_NONE);
	assert_shows(links, "No block and no mark before this moment.");
	for (int i = 1; i >= 0; i--) {
		press(links, "]");
		assert_int_equal(since_start(links, links->command.since),
		                 moments[i]);
		links->ui.held.now = links->command.since;
	}
	press(links, "]");
	assert_int_equal(links->command.kind, COMMAND_NONE);
	assert_shows(links, "No block and no mark after this moment.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(they_are_kept_in_the_order_of_time),
	    cmocka_unit_test(of_too_many_the_earliest_goes),
	    with_links(the_key_sets_one_that_the_axis_shows),
	    with_links(from_one_to_the_one_before_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
