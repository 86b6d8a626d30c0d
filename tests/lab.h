/* The lab on a terminal, as the end-to-end tests of the screen open it. */
#ifndef TESTS_LAB_H
#define TESTS_LAB_H

#include "program.h"
#include "test.h"
#include "tty/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

struct lab {
	struct tty tty;
	char mark[64];
};

static inline int
setup(void **state)
{
	*state = calloc(1, sizeof(struct lab));
	return *state ? 0 : -1;
}

static inline int
teardown(void **state)
{
	struct lab *lab = *state;

	tty_close(&lab->tty);
	program_assert_no_orphans(lab->mark);
	free(lab);
	return 0;
}

static inline void
press(struct lab *lab, const char *keys)
{
	assert_int_equal(tty_keys(&lab->tty, keys), 0);
}

static inline void
start_lab(struct lab *lab, int rows, int cols, const char *const *args,
          const char *const *env)
{
	program_start_tty(&lab->tty, lab->mark, args, rows, cols, env);
}

/* The lab, open and answering. */
static inline void
open_lab_at(struct lab *lab, int rows, int cols, const char *const *env)
{
	start_lab(lab, rows, cols, NULL, env);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	program_expect(&lab->tty, "200 pong");
}

static inline void
open_lab(struct lab *lab)
{
	open_lab_at(lab, 40, 120, NULL);
}

/* The terminal is as it was. */
static inline void
assert_restored(struct lab *lab)
{
	struct termios after;

	assert_false(tty_in_altscreen(&lab->tty));
	assert_true(tty_cursor_visible(&lab->tty));
	assert_false(tty_has_mouse(&lab->tty));
	assert_int_equal(tty_termios(&lab->tty, &after), 0);
	assert_memory_equal(&after, &lab->tty.initial, sizeof(after));
}

static inline int
wait_exit(struct lab *lab)
{
	int status = 0;

	assert_int_equal(tty_wait_exit(&lab->tty, PROGRAM_MS, &status), 0);
	return status;
}

static inline void
quit(struct lab *lab)
{
	int status;

	press(lab, "q");
	status = wait_exit(lab);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_restored(lab);
}

/* Whether the screen came to show `text` before it showed `end`. */
static inline bool
comes_before(struct lab *lab, const char *text, const char *end)
{
	for (int ms = 0; ms < PROGRAM_MS; ms += 50) {
		if (tty_wait_text(&lab->tty, text, 50) == 0)
			return true;
		if (tty_wait_text(&lab->tty, end, 0) == 0)
			return false;
	}
	program_expect(&lab->tty, text);
	return false;
}

/* Blocks the stage's loop and waits until all these texts (NULL at the end)
 * have been shown, one after the other, while it lasts. On a machine that has
 * no time to draw, or to ask the stage, it may be over before: then for longer.
 * Returns for how many ms it is blocked. */
static inline int
block_until_shown(struct lab *lab, int ms, const char *const *texts)
{
	for (;; ms *= 3) {
		char text[64];
		int i = 0;

		snprintf(text, sizeof(text), "l4m%d\r", ms);
		press(lab, text);
		snprintf(text, sizeof(text), "block(%d) = ", ms);
		while (texts[i] && comes_before(lab, texts[i], text))
			i++;
		if (!texts[i])
			return ms;
		if (ms > 15000)
			program_expect(&lab->tty, texts[i]);
	}
}

#define with_lab(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
