/* The grid: clipping, widths, frames, ASCII. */
#include "test.h"

#include "ui/canvas.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct canvas canvas;

static struct area
whole(int rows, int cols)
{
	canvas_reset(&canvas, rows, cols);
	return canvas_area(&canvas, (struct rect){0, 0, rows, cols});
}

static void
assert_shows(const char *wanted)
{
	char *text = canvas_dump(&canvas, false);

	assert_string_equal(text, wanted);
	free(text);
}

static void
what_lies_outside_is_cut_off(void **state)
{
	struct area all = whole(2, 5);
	struct area inner = area_inside(&all, (struct rect){1, 2, 9, 9});

	(void)state;
	area_text(&all, 0, 3, STYLE_PLAIN, "abc");
	area_text(&all, 0, -1, STYLE_PLAIN, "xy");
	area_text(&all, 7, 0, STYLE_PLAIN, "no");
	area_text(&inner, 0, 0, STYLE_PLAIN, "12345");
	assert_shows("y  ab\n  123\n");
}

static void
a_cut_text_says_so(void **state)
{
	struct area all = whole(3, 10);

	(void)state;
	assert_int_equal(area_cut(&all, 0, 0, 5, STYLE_PLAIN, "abcde"), 5);
	assert_int_equal(area_cut(&all, 1, 0, 5, STYLE_PLAIN, "abcdef"), 5);
	area_right(&all, 2, 10, STYLE_PLAIN, "end");
	assert_shows("abcde\nabcd\u2026\n       end\n");
}

static void
wide_characters_take_two_cells_and_are_never_halved(void **state)
{
	struct area all = whole(3, 5);

	(void)state;
	area_text(&all, 0, 0, STYLE_PLAIN, "\u65e5\u672c");
	area_text(&all, 1, 2, STYLE_PLAIN, "\u65e5\u672c");
	area_text(&all, 2, 0, STYLE_PLAIN, "e\u0301x"); /* combining */
	assert_int_equal(canvas_width("\u65e5\u672c"), 4);
	assert_shows("\u65e5\u672c\n  \u65e5\nex\n");
}

static void
controls_are_blanks(void **state)
{
	struct area all = whole(1, 8);

	(void)state;
	area_text(&all, 0, 0, STYLE_PLAIN, "a\033[2Jb");
	assert_shows("a [2Jb\n");
}

static void
a_frame_of_any_size(void **state)
{
	struct area all;

	(void)state;
	for (int rows = 0; rows < 5; rows++)
		for (int cols = 0; cols < 12; cols++) {
			all = whole(rows, cols);
			area_frame(&all, "a title too long", true);
		}
	all = whole(3, 12);
	area_frame(&all, "name", false);
	assert_shows("\u256d\u2500 name \u2500\u2500\u2500\u256e\n"
	             "\u2502          \u2502\n"
	             "\u2570\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500"
	             "\u2500\u2500\u256f\n");
}

static void
ascii_has_no_byte_beyond_127(void **state)
{
	struct area all = whole(4, 20);
	char *text;

	(void)state;
	area_frame(&all, "\u65e5 \u25b6", true);
	area_text(&all, 1, 1, STYLE_PLAIN, "\u2588\u2581\u25cf\u00d7 \u00e9");
	canvas_to_ascii(&canvas);
	text = canvas_dump(&canvas, false);
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at < 0x80);
	assert_non_null(strstr(text, "#_*x ?"));
	free(text);
}

static void
sizes_beyond_the_most_are_clipped(void **state)
{
	(void)state;
	canvas_reset(&canvas, 1000, 1000);
	assert_int_equal(canvas.rows, CANVAS_ROWS);
	assert_int_equal(canvas.cols, CANVAS_COLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_lies_outside_is_cut_off),
	    cmocka_unit_test(a_cut_text_says_so),
	    cmocka_unit_test(
		wide_characters_take_two_cells_and_are_never_halved),
	    cmocka_unit_test(controls_are_blanks),
	    cmocka_unit_test(a_frame_of_any_size),
	    cmocka_unit_test(ascii_has_no_byte_beyond_127),
	    cmocka_unit_test(sizes_beyond_the_most_are_clipped),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
