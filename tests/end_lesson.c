/* Each lesson is played to its end, by the keys it names itself. */
#include "lab.h"

#include "ui/lesson.h"
#include "ui/lesson_words.h"

#include <string.h>
#include <sys/wait.h>

/* A step may need more than one try: a race can go well by luck. */
enum { TRIES = 8, TRY_MS = 8000, LOOK_MS = 1000 };

/* As loads.def has them: a wrong one would not be found in its menu. */
static const char *const loads[] = {"fib", "sha", "primes", "block", "sleep"};
static const struct lesson_names names = {.loads = loads, .load_count = 5};

/* What a terminal sends for the keys of a step. */
static void
press_step(struct lab *lab, const struct lesson_step *step)
{
	char presses[LESSON_PRESSES][LESSON_WORD];
	int count = lesson_presses(step->text, &names, presses);

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (strcmp(presses[i], "Enter") == 0)
			press(lab, "\r");
		else if (strcmp(presses[i], "Space") == 0)
			press(lab, " ");
		else if (strlen(presses[i]) == 1)
			press(lab, presses[i]);
		else
			fail_msg("no bytes for %s", presses[i]);
	}
}

/* Unless the strip says why it is to be done again. */
static bool
is_done(struct lab *lab, const char *done)
{
	for (int ms = 0; ms < TRY_MS; ms += LOOK_MS) {
		if (tty_wait_text(&lab->tty, done, LOOK_MS) == 0)
			return true;
		if (tty_wait_text(&lab->tty, "Once more", 0) == 0)
			return false;
	}
	return false;
}

static void
play_step(struct lab *lab, enum lesson lesson, int n, int steps)
{
	const struct lesson_step *step = lesson_step(lesson, n);
	char done[32];

	snprintf(done, sizeof(done), " %d/%d Press", n + 1, steps);
	program_expect(&lab->tty, done);
	snprintf(done, sizeof(done), "\u2713 %d/%d ", n + 1, steps);
	for (int i = 1; i < TRIES; i++) {
		press_step(lab, step);
		if (is_done(lab, done))
			return;
	}
	press_step(lab, step);
	program_expect(&lab->tty, done);
}

static void
play(struct lab *lab, enum lesson lesson, int rows, int cols)
{
	const char *const args[] = {"lesson", lessons[lesson].name, NULL};
	int steps = 0, status;

	while (lesson_step(lesson, steps))
		steps++;
	program_start_tty(&lab->tty, lab->mark, args, rows, cols, NULL);
	program_expect(&lab->tty, lessons[lesson].title);
	for (int n = 0; n < steps; n++)
		play_step(lab, lesson, n, steps);
	program_expect(&lab->tty, "In Node:");
	assert_int_not_equal(tty_wait_text(&lab->tty, "(skipped)", 0), 0);
	press(lab, "q");
	assert_int_equal(tty_wait_exit(&lab->tty, PROGRAM_MS, &status), 0);
	assert_int_equal(status, 0);
}

#define PLAY(test, lesson, rows, cols) \
	static void test(void **state) \
	{ \
		play(*state, lesson, rows, cols); \
	}

PLAY(block, LESSON_BLOCK, 24, 80)
PLAY(spawn, LESSON_SPAWN, 24, 80)
PLAY(fork_and_talk, LESSON_FORK, 24, 80)
PLAY(cluster, LESSON_CLUSTER, 40, 120)
PLAY(worker, LESSON_WORKER, 24, 80)
PLAY(shared, LESSON_SHARED, 40, 120)
PLAY(pool, LESSON_POOL, 24, 80)

/* From the menu, and its end by Esc; from one to the next. */
static void
one_is_chosen_from_the_menu(void **state)
{
	struct lab *lab = *state;
	int status;

	program_start_tty(&lab->tty, lab->mark, NULL, 24, 80, NULL);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	press(lab, "e");
	program_expect(&lab->tty, "1  block");
	press(lab, "6");
	program_expect(&lab->tty, "1/2 Press");
	press(lab, "xx");
	program_expect(&lab->tty, "Next:  e   7  pool.");
	press(lab, "e7");
	program_expect(&lab->tty, "1/3 Press");
	press(lab, "\033");
	program_expect_gone(&lab->tty, "1/3 Press");
	program_expect(&lab->tty, "The lesson is left.");
	press(lab, "q");
	assert_int_equal(tty_wait_exit(&lab->tty, PROGRAM_MS, &status), 0);
}

static void
what_cannot_be_posted_or_disconnected_is_said(void **state)
{
	struct lab *lab = *state;
	int status;

	program_start_tty(&lab->tty, lab->mark, NULL, 24, 80, NULL);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	press(lab, "cc");
	program_expect(&lab->tty, "There is no forked child to disconnect.");
	press(lab, "tc0\r");
	program_expect(&lab->tty, "A buffer has from 1 to 1000 MB.");
	press(lab, "q");
	assert_int_equal(tty_wait_exit(&lab->tty, PROGRAM_MS, &status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_lab(block),
	    with_lab(spawn),
	    with_lab(fork_and_talk),
	    with_lab(cluster),
	    with_lab(worker),
	    with_lab(shared),
	    with_lab(pool),
	    with_lab(one_is_chosen_from_the_menu),
	    with_lab(what_cannot_be_posted_or_disconnected_is_said),
	};
	_Static_assert(sizeof(tests) / sizeof(*tests) == LESSONS + 2,
	               "each lesson is played");

	return cmocka_run_group_tests(tests, NULL, NULL);
}
