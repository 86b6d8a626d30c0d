/* Themes: each style has a look in each, and can be read on its background. */
#include "test.h"

#include "ui/theme.h"

#include <math.h>
#include <string.h>

/* Relative luminance and contrast ratio as of WCAG 2.1. */
static double
linear(uint32_t byte)
{
	double share = byte / 255.0;

	return share <= 0.03928 ? share / 12.92
	                        : pow((share + 0.055) / 1.055, 2.4);
}

static double
luminance(uint32_t rgb)
{
	return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8 & 0xff) +
	       0.0722 * linear(rgb & 0xff);
}

static double
contrast(uint32_t a, uint32_t b)
{
	double light = luminance(a), dark = luminance(b), swap = light;

	if (light < dark) {
		light = dark;
		dark = swap;
	}
	return (light + 0.05) / (dark + 0.05);
}

static void
the_ratio_is_wcags(void **state)
{
	(void)state;
	assert_true(fabs(contrast(0xffffff, 0x000000) - 21) < 0.001);
	assert_true(fabs(contrast(0x767676, 0xffffff) - 4.54) < 0.01);
	assert_int_equal(theme_rgb(16), 0x000000);
	assert_int_equal(theme_rgb(67), 0x5f87af);
	assert_int_equal(theme_rgb(231), 0xffffff);
	assert_int_equal(theme_rgb(232), 0x080808);
	assert_int_equal(theme_rgb(255), 0xeeeeee);
}

static const char *
name_of(enum style style)
{
	static const char *const names[] = {
#define STYLE(id, ...) #id,
#include "ui/styles.def"
#undef STYLE
	};

	return names[style];
}

/* A frame is no text: WCAG asks 3 of it. And of 8 colours none is a green that
 * can be read on white; what is running has its shape and its word too. */
static double
wanted_of(enum theme theme, enum theme_depth depth, enum style style,
          double least)
{
	if (theme == THEME_LIGHT && depth == DEPTH_8 && style == STYLE_RUNNING)
		return 2;
	return style == STYLE_FRAME && least > 3 ? 3 : least;
}

static void
assert_legible(enum theme theme, enum theme_depth depth, uint32_t paper,
               double least)
{
	for (int i = 0; i < STYLES; i++) {
		struct look look = theme_look(theme, depth, (enum style)i);
		double wanted = wanted_of(theme, depth, (enum style)i, least);
		double found = contrast(
		    look.fg < 0 ? themes[theme].ink : theme_rgb(look.fg),
		    look.bg < 0 ? paper : theme_rgb(look.bg));

		if (found < wanted)
			fail_msg("%s, %s: %.2f is less than %.1f",
			         themes[theme].name, name_of((enum style)i),
			         found, wanted);
	}
}

static void
text_can_be_read_in_256_colours(void **state)
{
	(void)state;
	assert_legible(THEME_DARK, DEPTH_256, theme_rgb(0), 4.5);
	assert_legible(THEME_DARK, DEPTH_256, themes[THEME_DARK].paper, 4.5);
	assert_legible(THEME_LIGHT, DEPTH_256, theme_rgb(15), 4.5);
	assert_legible(THEME_CONTRAST, DEPTH_256, theme_rgb(0), 7);
}

/* Eight colours are what they are, and terminals show bold ones brighter. */
static void
text_can_be_read_in_8_colours(void **state)
{
	(void)state;
	assert_legible(THEME_DARK, DEPTH_8, theme_rgb(0), 3);
	assert_legible(THEME_LIGHT, DEPTH_8, theme_rgb(15), 3);
	assert_legible(THEME_CONTRAST, DEPTH_8, theme_rgb(0), 3);
}

static bool
is_red(uint32_t rgb)
{
	return (rgb >> 16) > 2 * (rgb >> 8 & 0xff) &&
	       (rgb >> 16) > 2 * (rgb & 0xff);
}

static bool
is_green(uint32_t rgb)
{
	return (rgb >> 8 & 0xff) > (rgb >> 16) &&
	       (rgb >> 8 & 0xff) > (rgb & 0xff);
}

static bool
is_orange(uint32_t rgb)
{
	return (rgb >> 16) > (rgb >> 8 & 0xff) && (rgb & 0xff) == 0 &&
	       3 * (rgb >> 8 & 0xff) >= (rgb >> 16);
}

static bool
is_cyan(uint32_t rgb)
{
	return (rgb & 0xff) > (rgb >> 16) && (rgb >> 8 & 0xff) > (rgb >> 16);
}

static uint32_t
colour(enum theme theme, enum style style)
{
	return theme_rgb(theme_look(theme, DEPTH_256, style).fg);
}

static void
the_colours_mean_the_same_in_each(void **state)
{
	(void)state;
	for (int i = 0; i < THEME_MONO; i++) {
		enum theme theme = (enum theme)i;
		uint32_t idle = colour(theme, STYLE_IDLE);

		assert_true(is_green(colour(theme, STYLE_RUNNING)));
		assert_true(is_red(colour(theme, STYLE_BLOCKED)));
		assert_true(is_orange(colour(theme, STYLE_WAITING)));
		assert_true(is_cyan(colour(theme, STYLE_MESSAGE)));
		assert_true((idle & 0xff) == (idle >> 16));
		/* Faint: nearer to the paper than the ink is. */
		assert_true(contrast(idle, themes[theme].paper) <
		            contrast(themes[theme].ink, themes[theme].paper));
	}
}

static bool
is_a_background(struct look look)
{
	return look.bg >= 0 || look.attributes & LOOK_REVERSE;
}

static void
without_colours_the_state_is_still_told(void **state)
{
	static const enum style apart[] = {
	    STYLE_BLOCKED_FILL, STYLE_CHOICE,      STYLE_SELECT,
	    STYLE_VERDICT_BAD,  STYLE_TOAST_ERROR, STYLE_MENU_ALARM,
	};

	(void)state;
	for (int i = 0; i < STYLES; i++) {
		struct look mono =
		    theme_look(THEME_MONO, DEPTH_256, (enum style)i);
		struct look none =
		    theme_look(THEME_DARK, DEPTH_NONE, (enum style)i);

		assert_int_equal(mono.fg, -1);
		assert_int_equal(mono.bg, -1);
		assert_memory_equal(&mono, &none, sizeof(mono));
	}
	for (size_t i = 0; i < sizeof(apart) / sizeof(*apart); i++)
		for (int theme = 0; theme < THEMES; theme++)
			assert_true(is_a_background(theme_look(
			    (enum theme)theme, DEPTH_256, apart[i])));
	assert_true(
	    theme_look(THEME_MONO, DEPTH_256, STYLE_BLOCKED).attributes &
	    LOOK_BOLD);
}

static bool
look_the_same(struct look a, struct look b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* What is linked lies among rows that wait, run, are blocked. */
static void
what_is_linked_looks_like_nothing_else(void **state)
{
	static const enum style others[] = {
	    STYLE_WAITING, STYLE_LATE,  STYLE_MESSAGE, STYLE_RUNNING,
	    STYLE_BLOCKED, STYLE_PLAIN, STYLE_FAINT,   STYLE_IDLE,
	};
	static const enum style linked[] = {STYLE_LINKED_MARK, STYLE_LINKED};

	(void)state;
	for (int theme = 0; theme < THEME_MONO; theme++)
		for (int depth = DEPTH_8; depth <= DEPTH_256; depth++)
			for (size_t i = 0; i < 16; i++)
				assert_false(look_the_same(
				    theme_look((enum theme)theme,
				               (enum theme_depth)depth,
				               linked[i % 2]),
				    theme_look((enum theme)theme,
				               (enum theme_depth)depth,
				               others[i / 2])));
	/* And by more than a colour that two may share. */
	for (int theme = 0; theme < THEMES; theme++)
		for (int depth = DEPTH_NONE; depth <= DEPTH_256; depth++)
			assert_true(theme_look((enum theme)theme,
			                       (enum theme_depth)depth,
			                       STYLE_LINKED)
			                .attributes &
			            LOOK_UNDERLINE);
}

/* tmux with 256 colours on a terminal of 8: black up to here, white above. */
static bool
becomes_white(int grey)
{
	return grey >= 244;
}

static void
greys_survive_a_terminal_that_has_8_colours_only(void **state)
{
	(void)state;
	for (int theme = 0; theme < THEME_MONO; theme++)
		for (int i = 0; i < STYLES; i++) {
			struct look look = theme_look((enum theme)theme,
			                              DEPTH_256, (enum style)i);

			if (look.fg < 232)
				continue;
			if (look.bg < 0 &&
			    becomes_white(look.fg) == (theme == THEME_LIGHT))
				fail_msg("%s, %s", themes[theme].name,
				         name_of((enum style)i));
			if (look.bg >= 232 &&
			    becomes_white(look.fg) == becomes_white(look.bg))
				fail_msg("%s, %s", themes[theme].name,
				         name_of((enum style)i));
		}
}

static void
themes_are_found_by_their_names(void **state)
{
	enum theme theme;

	(void)state;
	for (int i = 0; i < THEMES; i++) {
		assert_true(theme_named(themes[i].name, &theme));
		assert_int_equal(theme, i);
	}
	assert_false(theme_named("Dark", &theme));
	assert_false(theme_named("", &theme));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_ratio_is_wcags),
	    cmocka_unit_test(text_can_be_read_in_256_colours),
	    cmocka_unit_test(text_can_be_read_in_8_colours),
	    cmocka_unit_test(the_colours_mean_the_same_in_each),
	    cmocka_unit_test(without_colours_the_state_is_still_told),
	    cmocka_unit_test(what_is_linked_looks_like_nothing_else),
	    cmocka_unit_test(greys_survive_a_terminal_that_has_8_colours_only),
	    cmocka_unit_test(themes_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
