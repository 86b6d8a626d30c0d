/*
 * fixture: what tests with a program on a terminal have in common. The tty is
 * in *state and is closed however the test ends. Needs cmocka, so it is no
 * part of the harness itself.
 */
#ifndef TTY_FIXTURE_H
#define TTY_FIXTURE_H

#include "grid.h"
#include "tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* For what must happen; and for what must not, where it costs time. In ms. */
enum { LIMIT = 60000, SHORT = 30 };

/* For cmocka_unit_test_setup_teardown(), see FIXTURE_TEST below. */
static inline int
fixture_set_up(void **state)
{
	*state = calloc(1, sizeof(struct tty));
	return *state ? 0 : -1;
}

static inline int
fixture_tear_down(void **state)
{
	tty_close(*state);
	free(*state);
	return 0;
}

/* A program as a shell script, with options; with 10 lines of 40 columns. */
static inline int
fixture_start_with(struct tty *tty, const char *script,
                   struct tty_options options)
{
	const char *argv[] = {"sh", "-c", script, NULL};

	options.argv = argv;
	return tty_start(tty, &options);
}

static inline void
fixture_start(struct tty *tty, const char *script)
{
	struct tty_options options = {.rows = 10, .cols = 40};

	assert_int_equal(fixture_start_with(tty, script, options), 0);
}

/* The screen will show a text; if not, it is printed and the test fails. */
static inline void
fixture_expect(struct tty *tty, const char *text)
{
	int error = tty_wait_text(tty, text, LIMIT);
	struct grid grid;
	char *screen;

	if (error == 0)
		return;
	assert_int_equal(grid_take(&grid, tty), 0);
	screen = grid_text(&grid);
	print_error("\"%s\": %s\n%s\n", text, strerror(-error), screen);
	free(screen);
	grid_free(&grid);
	fail();
}

static inline void
fixture_keys(struct tty *tty, const char *text)
{
	assert_int_equal(tty_keys(tty, text), 0);
}

/* The program will end; returns its status as of waitpid(2). */
static inline int
fixture_end(struct tty *tty)
{
	int status = -1;

	assert_int_equal(tty_wait_exit(tty, LIMIT, &status), 0);
	return status;
}

#define FIXTURE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

#endif
