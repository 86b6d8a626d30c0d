/* From every size to rectangles. */
#include "test.h"

#include "ui/layout.h"

static bool
lies_inside(struct rect rect, int rows, int cols)
{
	return rect.row >= 0 && rect.col >= 0 && rect.rows >= 0 &&
	       rect.cols >= 0 && rect.row + rect.rows <= rows &&
	       rect.col + rect.cols <= cols;
}

static bool
overlap(struct rect a, struct rect b)
{
	return a.rows && b.rows && a.cols && b.cols && a.row < b.row + b.rows &&
	       b.row < a.row + a.rows && a.col < b.col + b.cols &&
	       b.col < a.col + a.cols;
}

static void
check(int rows, int cols, enum pane_id focused, bool zoomed, bool output,
      int strip)
{
	struct layout layout;
	int shown = 0;

	layout_make(&layout, rows, cols, focused, zoomed, output, strip);
	assert_int_equal(layout.too_small,
	                 rows < LAYOUT_ROWS_MIN || cols < LAYOUT_COLS_MIN);
	if (layout.too_small)
		return;
	assert_int_equal(layout.lesson.rows, rows < 20 && strip ? 1 : strip);
	assert_int_equal(layout.lesson.row + layout.lesson.rows, rows - 1);
	assert_false(overlap(layout.lesson, layout.verdict));
	for (int i = 0; i < PANES; i++) {
		assert_false(overlap(layout.panes[i], layout.lesson));
		assert_true(lies_inside(layout.panes[i], rows, cols));
		assert_false(overlap(layout.panes[i], layout.menu));
		assert_false(overlap(layout.panes[i], layout.verdict));
		assert_false(overlap(layout.panes[i], layout.keys));
		for (int j = 0; j < i; j++)
			assert_false(overlap(layout.panes[i], layout.panes[j]));
		shown += layout.panes[i].rows > 0;
	}
	assert_true(zoomed ? shown == 1 : shown >= 2);
	if (zoomed)
		assert_true(layout.panes[focused].rows ==
		            rows - 3 - layout.lesson.rows);
}

static void
is_right_at_every_size(void **state)
{
	(void)state;
	for (int rows = 1; rows <= 100; rows++)
		for (int cols = 1; cols <= 300; cols++)
			for (int pane = 0; pane < PANES; pane++) {
				check(rows, cols, (enum pane_id)pane, false,
				      cols & 1, cols % 7);
				check(rows, cols, (enum pane_id)pane, true,
				      rows & 1, rows % 7);
			}
}

static void
shows_the_focused_pane_where_there_is_room_for_two(void **state)
{
	struct layout layout;

	(void)state;
	for (int pane = 0; pane < PANES; pane++) {
		layout_make(&layout, 24, 80, (enum pane_id)pane, false, true,
		            0);
		assert_true(layout.panes[pane].rows > 0);
		assert_true(layout.panes[PANE_LOOPS].rows > 0);
	}
}

static void
shows_all_four_from_110_by_30_on(void **state)
{
	struct layout layout;

	(void)state;
	layout_make(&layout, 30, 110, PANE_LOOPS, false, false, 0);
	for (int pane = 0; pane < PANE_OUTPUT; pane++)
		assert_true(layout.panes[pane].rows > 4);
	layout_make(&layout, 70, 250, PANE_LOOPS, false, true, 0);
	for (int pane = 0; pane < PANE_CHANNELS; pane++)
		assert_true(layout.panes[pane].rows > 4);
	assert_int_equal(layout.panes[PANE_CHANNELS].rows, 0);
}

static void
channels_take_the_place_of_messages(void **state)
{
	struct layout layout, other;

	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		int cols = wide ? 250 : 120;

		layout_make(&layout, 40, cols, PANE_CHANNELS, false, false, 0);
		layout_make(&other, 40, cols, PANE_LOOPS, false, false, 0);
		assert_int_equal(layout.panes[PANE_MESSAGES].rows, 0);
		assert_memory_equal(&layout.panes[PANE_CHANNELS],
		                    &other.panes[PANE_MESSAGES],
		                    sizeof(struct rect));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_right_at_every_size),
	    cmocka_unit_test(
		shows_the_focused_pane_where_there_is_room_for_two),
	    cmocka_unit_test(shows_all_four_from_110_by_30_on),
	    cmocka_unit_test(channels_take_the_place_of_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
