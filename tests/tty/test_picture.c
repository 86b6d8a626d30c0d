/*
 * Tests of the snapshot of a screen, of its picture, and of shot's scripts.
 */
#include "grid.h"
#include "script.h"
#include "grid_svg.h"
#include "tty.h"

#include "ui/box.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT = 60000 };

/* A screen on which `format`, as of printf(1), was printed. */
static void
take(struct grid *grid, const char *format)
{
	const char *argv[] = {"printf", format, NULL};
	struct tty_options options = {.argv = argv, .rows = 5, .cols = 30};
	struct tty tty;
	int status = -1;

	assert_int_equal(tty_start(&tty, &options), 0);
	assert_int_equal(tty_wait_exit(&tty, LIMIT, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(grid_take(grid, &tty), 0);
	tty_close(&tty);
}

static void
copies_text(void **state)
{
	struct grid grid;
	int row = -1, col = -1;
	char *text, wanted[64];

	(void)state;
	take(&grid, "  one \\n\\n\\344\\270\\255 two\\033[3;30Hx");
	text = grid_text(&grid);
	snprintf(wanted, sizeof(wanted), "  one\n\n\344\270\255 two%24s\n\n\n",
	         "x");
	assert_string_equal(text, wanted);
	free(text);
	assert_true(grid_find(&grid, " two", &row, &col));
	assert_int_equal(row, 2);
	assert_int_equal(col, 2);
	assert_true(grid_find(&grid, "\344\270\255 two  ", &row, &col));
	assert_int_equal(col, 0);
	assert_int_equal(grid_at(&grid, 2, 0)->width, 2);
	assert_int_equal(grid_at(&grid, 2, 1)->width, 0);
	assert_int_equal(grid_at(&grid, 2, 1)->point, 0);
	assert_false(grid_find(&grid, "x ", NULL, NULL));
	assert_false(grid_find(&grid, "one\n", NULL, NULL));
	grid_free(&grid);
}

static void
copies_attributes(void **state)
{
	struct grid grid;

	(void)state;
	take(&grid, "\\033[1ma\\033[0;4mb\\033[0;3mc\\033[0;7md\\033[0me");
	assert_true(grid_at(&grid, 0, 0)->bold);
	assert_true(grid_at(&grid, 0, 1)->underline);
	assert_false(grid_at(&grid, 0, 1)->bold);
	assert_true(grid_at(&grid, 0, 2)->italic);
	assert_true(grid_at(&grid, 0, 3)->reverse);
	assert_false(grid_at(&grid, 0, 4)->reverse);
	assert_int_equal(grid_at(&grid, 0, 4)->point, 'e');
	assert_int_equal(grid_at(&grid, 0, 5)->point, 0);
	assert_true(grid_at(&grid, 0, 4)->fg_default);
	assert_true(grid_at(&grid, 0, 4)->bg_default);
	grid_free(&grid);
}

static void
copies_colours(void **state)
{
	struct grid grid;

	(void)state;
	take(&grid, "\\033[31ma\\033[38;5;196mb\\033[48;5;244mc"
	            "\\033[38;2;1;2;3;49md\\033[97;100me\\033[39;49mf");
	assert_int_equal(grid_at(&grid, 0, 0)->fg, 0xd70000);
	assert_int_equal(grid_at(&grid, 0, 1)->fg, 0xff0000);
	assert_int_equal(grid_at(&grid, 0, 2)->bg, 0x808080);
	assert_false(grid_at(&grid, 0, 2)->bg_default);
	assert_int_equal(grid_at(&grid, 0, 3)->fg, 0x010203);
	assert_true(grid_at(&grid, 0, 3)->bg_default);
	assert_int_equal(grid_at(&grid, 0, 4)->fg, 0xffffff);
	assert_int_equal(grid_at(&grid, 0, 4)->bg, 0x6c6c6c);
	assert_int_equal(grid_at(&grid, 0, 5)->fg, themes[THEME_DARK].ink);
	assert_int_equal(grid_at(&grid, 0, 5)->bg, themes[THEME_DARK].paper);
	grid_free(&grid);
}

static void
knows_the_colours_of_xterm(void **state)
{
	(void)state;
	assert_int_equal(grid_colour(16), 0x000000);
	assert_int_equal(grid_colour(67), 0x5f87af);
	assert_int_equal(grid_colour(231), 0xffffff);
	assert_int_equal(grid_colour(232), 0x080808);
	assert_int_equal(grid_colour(255), 0xeeeeee);
}

/* The cell as a bitmap, from the rectangles of a character. */
static void
fill(uint32_t point, bool bits[BOX_HEIGHT][BOX_WIDTH])
{
	struct box_rect rects[BOX_RECTS];
	int count = box_rects(point, rects);

	memset(bits, 0, sizeof(bool) * BOX_HEIGHT * BOX_WIDTH);
	assert_in_range(count, 0, BOX_RECTS);
	for (int i = 0; i < count; i++) {
		const struct box_rect *rect = &rects[i];

		assert_in_range(rect->x, 0, BOX_WIDTH - 1);
		assert_in_range(rect->y, 0, BOX_HEIGHT - 1);
		assert_in_range(rect->width, 1, BOX_WIDTH - rect->x);
		assert_in_range(rect->height, 1, BOX_HEIGHT - rect->y);
		for (int y = 0; y < rect->height; y++)
			for (int x = 0; x < rect->width; x++)
				bits[rect->y + y][rect->x + x] = true;
	}
}

static int
count_bits(bool bits[BOX_HEIGHT][BOX_WIDTH])
{
	int count = 0;

	for (int i = 0; i < BOX_HEIGHT * BOX_WIDTH; i++)
		count += bits[i / BOX_WIDTH][i % BOX_WIDTH];
	return count;
}

static void
draws_every_shape(void **state)
{
	bool bits[BOX_HEIGHT][BOX_WIDTH];
	struct box_dot dots[BOX_DOTS];

	(void)state;
	for (uint32_t point = 0x2500; point < 0x25a0; point++) {
		assert_true(box_is_shape(point));
		fill(point, bits);
		assert_true((count_bits(bits) > 0) != !!box_curve(point));
	}
	for (uint32_t point = 0x2800; point < 0x2900; point++)
		assert_int_equal(box_dots(point, dots),
		                 __builtin_popcount(point & 0xff));
	assert_false(box_is_shape('a') || box_is_shape(0x25a0));
	assert_int_equal(box_rects('a', NULL), 0);
}

/* That lines of one weight meet at the cells' edges, in one piece. */
static void
draws_lines_through(void **state)
{
	bool bits[BOX_HEIGHT][BOX_WIDTH];

	(void)state;
	fill(0x2500, bits);
	assert_int_equal(count_bits(bits), BOX_WIDTH * BOX_LINE);
	fill(0x2503, bits);
	assert_int_equal(count_bits(bits), BOX_HEIGHT * 3 * BOX_LINE);
	fill(0x2588, bits);
	assert_int_equal(count_bits(bits), BOX_WIDTH * BOX_HEIGHT);
	for (int i = 1; i < 8; i++) {
		fill(0x2580 + (uint32_t)i, bits);
		assert_int_equal(count_bits(bits), i * 4 * BOX_WIDTH);
		assert_true(bits[BOX_HEIGHT - 1][0]);
	}
	/* A double cross is hollow, a single line ends at a double one. */
	fill(0x256c, bits);
	assert_false(bits[16][8]);
	assert_true(bits[14][6] && bits[18][10]);
	fill(0x255f, bits);
	assert_false(bits[16][8]);
	assert_true(bits[16][10] && bits[16][6] && bits[16][15]);
}

static char *
picture(const struct grid *grid, const char *title)
{
	char *bytes = NULL;
	size_t size;
	FILE *file = open_memstream(&bytes, &size);

	assert_non_null(file);
	assert_int_equal(grid_svg(file, grid, THEME_DARK, title), 0);
	fclose(file);
	return bytes;
}

/* What rsvg-convert makes of it: a PNG, or nothing. */
static bool
can_be_rendered(const char *svg)
{
	FILE *pipe = popen("rsvg-convert >/dev/null 2>&1", "w");
	bool all;

	assert_non_null(pipe);
	all = fputs(svg, pipe) != EOF;
	return pclose(pipe) == 0 && all;
}

static const char colourful[] =
    "\\033[1;31m<bold> & \"red\"\\033[0m\\033[7m r \\033[0m\\n"
    "\\342\\225\\255\\342\\224\\200\\342\\225\\256 \\342\\226\\204"
    "\\342\\226\\222\\342\\224\\277\\n\\033[4;38;5;81munder\\033[0m"
    "\\344\\270\\255\\357\\277\\276";

static void
writes_the_same_twice(void **state)
{
	struct grid grid;
	char *first, *second;

	(void)state;
	take(&grid, colourful);
	first = picture(&grid, "a <title> & more");
	grid_free(&grid);
	take(&grid, colourful);
	second = picture(&grid, "a <title> & more");
	grid_free(&grid);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static void
writes_text_and_shapes(void **state)
{
	struct grid grid;
	char *svg;

	(void)state;
	take(&grid, colourful);
	svg = picture(&grid, "t");
	assert_non_null(strstr(svg, ">&lt;bold&gt; &amp; \"red\"</text>"));
	assert_non_null(strstr(svg, "<text x=\"0\" y=\"25\" textLength="
	                            "\"224\" fill=\"#d70000\" "
	                            "font-weight=\"bold\">"));
	assert_non_null(strstr(svg, "xml:space=\"preserve\""));
	assert_null(strstr(svg, "\342\224\200"));
	assert_null(strstr(svg, "\357\277\276"));
	free(svg);
	grid_free(&grid);
}

static void
writes_what_can_be_rendered(void **state)
{
	struct grid grid;
	char *svg;

	(void)state;
	if (system("command -v rsvg-convert >/dev/null") != 0) {
		print_message("no rsvg-convert: nothing is rendered\n");
		skip();
	}
	take(&grid, colourful);
	svg = picture(&grid, "a <title> & more");
	assert_true(can_be_rendered(svg));
	svg[strlen(svg) / 2] = '\0';
	assert_false(can_be_rendered(svg));
	free(svg);
	grid_free(&grid);
}

/* Runs a script in a directory of its own; returns what script_run() does. */
static int
run(char directory[], const char *text, char error[SCRIPT_ERROR])
{
	char path[64];
	FILE *file;
	int result;

	snprintf(path, sizeof(path), "%s/script", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, text, directory);
	fclose(file);
	result = script_run(path, error);
	unlink(path);
	return result;
}

static void
expect_file(const char *directory, const char *name, const char *begin)
{
	char path[64], bytes[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(bytes, 1, strlen(begin), file) > 0);
	fclose(file);
	unlink(path);
	assert_string_equal(bytes, begin);
}

static void
runs_a_script(void **state)
{
	char directory[] = "/tmp/test_picture-XXXXXX", error[SCRIPT_ERROR] = "";

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(run(directory,
	                     "# a trial\n\nsize 20x3\nenv GREETING=hi you\n"
	                     "run sh -c 'stty size; read -r x; clear;"
	                     " echo \"$x $GREETING\"; read x'\n"
	                     "wait 3 20\nsettle 1\nkeys a\\x62\\\\\\r\n"
	                     "gone 3 20\nwait hi you\nshot %s/a\nend \\r\n",
	                     error),
	                 0);
	assert_string_equal(error, "");
	expect_file(directory, "a.txt", "ab\\ hi you\n\n\n");
	expect_file(directory, "a.svg", "<svg xmlns=");
	assert_int_equal(rmdir(directory), 0);
}

static void
says_what_is_wrong_with_a_script(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"dance\n", ":1: there is no command \"dance\"."},
	    {"\nwait x\n", ":2: wait, but no program runs."},
	    {"run\n", ":1: run needs something behind it."},
	    {"size 3x\n", ":1: \"3x\" is not a size like 120x40."},
	    {"env X\n", ":1: \"X\" is not NAME=VALUE."},
	    {"run no-such-program\n", ":1: no-such-program could not be "
	                              "started: No such file or directory."},
	    {"run a | b\n", ":1: \"a | b\" is not a list of words."},
	    {"run true\nwait x\n",
	     ":2: the program ended while waiting to see x."},
	    {"run cat\nkeys \\q\n", ":2: \"\\q\" is no escape: \\e \\r \\n \\t "
	                            "\\\\ and \\xNN are."},
	    {"run cat\nsettle soon\n",
	     ":2: \"soon\" is not a number of ms up to 10000."},
	    {"run cat\nshot /no/such/a\n",
	     ":2: /no/such/a.svg could not be written: "
	     "No such file or directory."},
	    {"run sh -c 'read x; exit 3'\nend \\r\n",
	     ":2: the program ended with status 3."},
	};
	char directory[] = "/tmp/test_picture-XXXXXX", error[SCRIPT_ERROR];

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(run(directory, cases[i].text, error) < 0);
		assert_string_equal(strchr(error, ':'), cases[i].error);
	}
	assert_int_equal(rmdir(directory), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copies_text),
	    cmocka_unit_test(copies_attributes),
	    cmocka_unit_test(copies_colours),
	    cmocka_unit_test(knows_the_colours_of_xterm),
	    cmocka_unit_test(draws_every_shape),
	    cmocka_unit_test(draws_lines_through),
	    cmocka_unit_test(writes_the_same_twice),
	    cmocka_unit_test(writes_text_and_shapes),
	    cmocka_unit_test(writes_what_can_be_rendered),
	    cmocka_unit_test(runs_a_script),
	    cmocka_unit_test(says_what_is_wrong_with_a_script),
	};

	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
