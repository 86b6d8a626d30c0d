/* The lab on a terminal, as a newcomer would use it. */
#include "lab.h"

#include <string.h>

/* ---- the main road ---- */

static void
opens_in_the_lab_and_quits(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	assert_true(tty_in_altscreen(&lab->tty));
	program_expect(&lab->tty, "stage");
	program_expect(&lab->tty, "client");
	program_expect(&lab->tty, "GET /ping");
	program_expect(&lab->tty, "req/s");
	quit(lab);
}

static void
blocks_the_loop_then_offloads(void **state)
{
	struct lab *lab = *state;

	char text[64];
	int ms;

	open_lab(lab);
	/* Load, block, on the main loop, for 1.5 s. */
	ms = block_until_shown(lab, 1500,
	                       ARGS("EVENT LOOP BLOCKED", "by block(",
	                            "events waiting", "waits "));
	snprintf(text, sizeof(text), "block(%d) = ", ms);
	program_expect(&lab->tty, text);
	press(lab, "o");
	snprintf(text, sizeof(text), "block(%d) runs in thread 1", ms);
	program_expect(&lab->tty, text);
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	quit(lab);
}

/* Since the mark: a frame is one synchronised update. */
static size_t
count_frames(const struct tty *tty)
{
	const char *at = tty->raw.bytes + tty->mark;
	const char *end = tty->raw.bytes + tty->raw.size;
	size_t frames = 0;

	while ((at = memmem(at, (size_t)(end - at), "\033[?2026h", 8))) {
		frames++;
		at += 8;
	}
	return frames;
}

static void
draws_on_while_the_stage_is_blocked(void **state)
{
	struct lab *lab = *state;
	int ms = 2000;

	open_lab(lab);
	/* In two seconds there are some sixty, on a busy machine fewer; one
	 * that waited for the stage would draw one or two, however long. */
	do {
		ms = block_until_shown(lab, ms, ARGS("EVENT LOOP BLOCKED"));
		tty_mark(&lab->tty);
		program_expect_gone(&lab->tty, "EVENT LOOP BLOCKED");
		ms *= 3;
	} while (count_frames(&lab->tty) < 20 && ms < 20000);
	assert_true(count_frames(&lab->tty) >= 20);
	quit(lab);
}

static void
forks_a_cluster_and_kills_a_worker(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "uf4\r0\r");
	program_expect(&lab->tty, "worker 4");
	program_expect(&lab->tty, "The cluster serves port");
	program_expect(&lab->tty, "newconn");
	press(lab, "1");
	press(lab, "jjj");
	press(lab, "K");
	program_expect(&lab->tty, "Signal worker");
	press(lab, "k");
	program_expect(&lab->tty, "SIGKILL was sent to");
	program_expect(&lab->tty, "was killed by signal 9; 3 still serve");
	program_expect(&lab->tty, "\u2717 SIGKILL");
	quit(lab);
}

static void
runs_commands_and_shows_their_output(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "csecho 'two words' and\\ more\r");
	program_expect(&lab->tty, "two words and more");
	program_expect(&lab->tty, "exit code 0");
	press(lab, "cels / | wc -l; exit 3\r");
	program_expect(&lab->tty, "exit code 3; stdout");
	press(lab, "cxno-such-program\r");
	program_expect(&lab->tty,
	               "no-such-program: cannot be started: no such");
	press(lab, "cs/etc/passwd\r");
	program_expect(&lab->tty, "cannot be started: permission denied");
	press(lab, "cfcp5\r");
	program_expect(&lab->tty, "{pong:1}");
	quit(lab);
}

static void
a_zombie_and_a_group_that_is_killed(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "cg");
	program_expect(&lab->tty, "There is no detached child.");
	press(lab, "cd\r");
	program_expect(&lab->tty, "sleep");
	press(lab, "cz1\r");
	program_expect(&lab->tty, "a zombie for 1 s");
	program_expect(&lab->tty, "true: exit code 0");
	press(lab, "cg");
	program_expect(&lab->tty, "killed by SIGTERM");
	quit(lab);
}

static void
a_race_loses_updates_and_atomics_do_not(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "tr");
	program_expect(&lab->tty, "each without Atomics: the sum is");
	press(lab, "ta");
	program_expect(&lab->tty, "the sum is 4000000. Not one");
	quit(lab);
}

static void
loads_run_in_all_four_places(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "l1m20\r");
	program_expect(&lab->tty, "fib(20) = 6765, ");
	program_expect(&lab->tty, " ms on the main loop");
	press(lab, "l1w21\r");
	program_expect(&lab->tty, "fib(21) = 10946, ");
	program_expect(&lab->tty, " ms on worker thread 1");
	press(lab, "l1c22\r");
	program_expect(&lab->tty, "fib(22) = 17711, ");
	program_expect(&lab->tty, " ms on child 1");
	press(lab, "l1p23\r");
	program_expect(&lab->tty, "fib(23) = 28657, ");
	program_expect(&lab->tty, " ms on libuv's pool");
	program_expect(&lab->tty, "pool 1");
	quit(lab);
}

static void
pauses_and_shows_help(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	press(lab, "?");
	program_expect(&lab->tty, "What it looks like");
	press(lab, "x");
	program_expect_gone(&lab->tty, "What it looks like");
	press(lab, " ");
	program_expect(&lab->tty, "PAUSED");
	press(lab, " ");
	program_expect(&lab->tty, "LIVE");
	press(lab, "3z");
	program_expect(&lab->tty, "z: all panes");
	press(lab, "\033");
	program_expect_gone(&lab->tty, "z: all panes");
	quit(lab);
}

/* ---- sizes and terminals ---- */

static void
follows_the_size_of_the_terminal(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	tty_resize(&lab->tty, 24, 80);
	program_expect_gone(&lab->tty, "1 Processes");
	program_expect(&lab->tty, "4 Event loops");
	tty_resize(&lab->tty, 8, 40);
	program_expect(&lab->tty, "looptop needs 60x15, this is 40x8");
	tty_resize(&lab->tty, 70, 250);
	program_expect(&lab->tty, "1 Processes");
	program_expect(&lab->tty, "3 Messages");
	quit(lab);
}

static void
a_locale_without_utf8_gets_ascii(void **state)
{
	struct lab *lab = *state;

	start_lab(lab, 40, 120, NULL, ARGS("LC_ALL=C", "LANG=C"));
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	program_expect(&lab->tty, "GET /ping");
	for (size_t i = 0; i < lab->tty.raw.size; i++)
		assert_true((unsigned char)lab->tty.raw.bytes[i] < 0x80);
	quit(lab);
}

/* Whether one of the parameters in "1;31m" is a colour's. */
static bool
sets_colour(const char *at)
{
	size_t length = strspn(at, "0123456789;");

	if (at[length] != 'm')
		return false;
	while (length-- > 0) {
		long number = strtol(at, (char **)&at, 10);

		if ((number >= 30 && number <= 38) ||
		    (number >= 40 && number <= 48) || number >= 90)
			return true;
		if (*at++ != ';')
			return false;
	}
	return false;
}

static bool
has_colour(const struct tty *tty)
{
	for (size_t i = 0; i + 8 < tty->raw.size; i++)
		if (tty->raw.bytes[i] == '\033' &&
		    tty->raw.bytes[i + 1] == '[' &&
		    sets_colour(tty->raw.bytes + i + 2))
			return true;
	return false;
}

static void
no_color_means_none(void **state)
{
	struct lab *lab = *state;

	start_lab(lab, 40, 120, NULL, ARGS("NO_COLOR=1"));
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	press(lab, "l4m200\r");
	program_expect(&lab->tty, "block(200) = ");
	assert_false(has_colour(&lab->tty));
	quit(lab);
}

static void
with_colour_there_is_some(void **state)
{
	struct lab *lab = *state;

	open_lab(lab);
	assert_true(has_colour(&lab->tty));
	quit(lab);
}

static void
an_unknown_terminal_is_taken_for_xterm(void **state)
{
	struct lab *lab = *state;

	start_lab(lab, 30, 100, NULL, ARGS("TERM=no-such-terminal"));
	program_expect(&lab->tty, "EVENT LOOP RESPONSIVE");
	quit(lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_lab(opens_in_the_lab_and_quits),
	    with_lab(blocks_the_loop_then_offloads),
	    with_lab(draws_on_while_the_stage_is_blocked),
	    with_lab(forks_a_cluster_and_kills_a_worker),
	    with_lab(runs_commands_and_shows_their_output),
	    with_lab(a_zombie_and_a_group_that_is_killed),
	    with_lab(a_race_loses_updates_and_atomics_do_not),
	    with_lab(loads_run_in_all_four_places),
	    with_lab(pauses_and_shows_help),
	    with_lab(follows_the_size_of_the_terminal),
	    with_lab(a_locale_without_utf8_gets_ascii),
	    with_lab(no_color_means_none),
	    with_lab(with_colour_there_is_some),
	    with_lab(an_unknown_terminal_is_taken_for_xterm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
