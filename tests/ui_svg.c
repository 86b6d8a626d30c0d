/* A canvas as a picture: the colours of its theme, the same bytes each time.
 * What the writer itself does is tested in tests/tty/test_picture.c. */
#include "test.h"
#include "world.h"

#include "ui/canvas_svg.h"
#include "ui/ui.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct canvas canvas;

/* To be freed. */
static char *
picture(enum theme theme, enum theme_depth depth)
{
	char *bytes = NULL;
	size_t size;
	FILE *file = open_memstream(&bytes, &size);

	assert_non_null(file);
	assert_int_equal(canvas_svg(file, &canvas, theme, depth, "a <title>"),
	                 0);
	fclose(file);
	return bytes;
}

static void
assert_has(enum theme theme, enum theme_depth depth, const char *part)
{
	char *svg = picture(theme, depth);

	if (!strstr(svg, part))
		fail_msg("%s lacks %s: %s", themes[theme].name, part, svg);
	free(svg);
}

static void
draw_few(void)
{
	struct area all;

	canvas_reset(&canvas, 2, 20);
	all = canvas_area(&canvas, (struct rect){0, 0, 2, 20});
	area_text(&all, 0, 0, STYLE_BLOCKED_FILL, "red");
	area_text(&all, 1, 0, STYLE_RUNNING, "green");
	area_text(&all, 1, 8, STYLE_PLAIN, "\u65e5 <&>");
}

static void
it_has_the_colours_of_its_theme(void **state)
{
	(void)state;
	draw_few();
	assert_has(THEME_DARK, DEPTH_256, "rx=\"16\" fill=\"#1c1c1c\"/>");
	assert_has(THEME_DARK, DEPTH_256, "fill=\"#d70000\" d=\"M0 0h48v32");
	assert_has(THEME_DARK, DEPTH_256, "fill=\"#5fd787\">green</text>");
	assert_has(THEME_LIGHT, DEPTH_256, "rx=\"16\" fill=\"#ffffff\"/>");
	assert_has(THEME_LIGHT, DEPTH_256, "fill=\"#008700\">green</text>");
	assert_has(THEME_CONTRAST, DEPTH_256, "rx=\"16\" fill=\"#000000\"/>");
	assert_has(THEME_DARK, DEPTH_8, "fill=\"#cd0000\" d=\"M0 0h48v32");
	/* Without colours it is reversed. */
	assert_has(THEME_MONO, DEPTH_256, "fill=\"#d0d0d0\" d=\"M0 0h48v32");
	assert_has(THEME_MONO, DEPTH_256,
	           "fill=\"#1c1c1c\" font-weight=\"bold\">red</text>");
	assert_has(THEME_DARK, DEPTH_NONE, "fill=\"#d0d0d0\" d=\"M0 0h48v32");
}

static void
text_is_where_it_stands(void **state)
{
	(void)state;
	draw_few();
	assert_has(THEME_DARK, DEPTH_256,
	           "x=\"128\" y=\"57\" textLength=\"32\" "
	           "lengthAdjust=\"spacingAndGlyphs\">\u65e5</text>");
	assert_has(THEME_DARK, DEPTH_256, ">&lt;&amp;&gt;</text>");
	assert_has(THEME_DARK, DEPTH_256, "<title>a &lt;title&gt;</title>");
}

/* A whole screen, in every theme, at the largest size and the smallest. */
static void
the_same_screen_gives_the_same_bytes(void **state)
{
	static const int sizes[][2] = {
	    {0, 0}, {1, 1}, {24, 80}, {CANVAS_ROWS, CANVAS_COLS}};
	static const struct ui_setup setup = {.lab = true};
	static const struct ui_status status;
	static struct world world;
	static struct ui ui;

	(void)state;
	world_blocking(&world);
	ui_init(&ui, &setup);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		canvas_reset(&canvas, sizes[i][0], sizes[i][1]);
		ui_draw(&ui, &world.model, &status, &canvas);
		for (int theme = 0; theme < THEMES; theme++) {
			char *first = picture((enum theme)theme, DEPTH_256);
			char *second = picture((enum theme)theme, DEPTH_256);

			assert_string_equal(first, second);
			assert_non_null(strstr(first, "</svg>"));
			free(first);
			free(second);
		}
	}
}

static void
a_disk_that_is_full_is_told(void **state)
{
	FILE *full = fopen("/dev/full", "we");

	(void)state;
	if (!full)
		skip_because("there is no /dev/full");
	draw_few();
	assert_int_equal(
	    canvas_svg(full, &canvas, THEME_DARK, DEPTH_256, "full"), -EIO);
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_has_the_colours_of_its_theme),
	    cmocka_unit_test(text_is_where_it_stands),
	    cmocka_unit_test(the_same_screen_gives_the_same_bytes),
	    cmocka_unit_test(a_disk_that_is_full_is_told),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
