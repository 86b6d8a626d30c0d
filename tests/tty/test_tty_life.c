/*
 * Tests of the harness itself: what goes back to the program, its modes, its
 * signals, and its end.
 */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static void
answers_queries(void **state)
{
	fixture_start(*state,
	              "stty raw -echo; printf '\\033[3;5H\\033[6n';"
	              "head -c 6 | od -An -c; stty sane; echo done; read x");
	fixture_expect(*state, "033   [   3   ;   5   R");
	fixture_expect(*state, "done");
}

static void
reads_the_modes(void **state)
{
	struct tty *tty = *state;
	struct termios modes;

	fixture_start(
	    tty, "read x; stty raw -echo; echo raw; read x; stty sane iutf8;"
		 "echo sane");
	assert_int_equal(tty_termios(tty, &modes), 0);
	assert_memory_equal(&modes, &tty->initial, sizeof(modes));
	assert_true(modes.c_lflag & ECHO && modes.c_iflag & IUTF8);
	fixture_keys(tty, "\r");
	fixture_expect(tty, "raw");
	assert_int_equal(tty_termios(tty, &modes), 0);
	assert_false(modes.c_lflag & (ECHO | ICANON));
	fixture_keys(tty, "\n");
	fixture_expect(tty, "sane");
	fixture_end(tty);
	assert_int_equal(tty_termios(tty, &modes), 0);
	assert_true(modes.c_lflag & ECHO && modes.c_lflag & ICANON);
}

static void
does_not_hide_modes_left_behind(void **state)
{
	struct tty *tty = *state;
	struct termios modes;

	fixture_start(tty, "stty raw -echo");
	assert_int_equal(fixture_end(tty), 0);
	assert_int_equal(tty_termios(tty, &modes), 0);
	assert_memory_not_equal(&modes, &tty->initial, sizeof(modes));
}

static void
interrupts(void **state)
{
	int status;

	/* No child: one of dash's swallows SIGINT until it calls exec. */
	fixture_start(*state, "echo up; while :; do read x; done");
	fixture_expect(*state, "up");
	fixture_keys(*state, "\003");
	status = fixture_end(*state);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static void
stops_and_goes_on(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty, "echo up; while read x; do echo got $x; done");
	fixture_expect(tty, "up");
	for (int i = 0; i < 3; i++) {
		char text[16];

		fixture_keys(tty, "\032");
		assert_int_equal(tty_wait_stop(tty, LIMIT), 0);
		assert_int_equal(tty_continue(tty), 0);
		snprintf(text, sizeof(text), "%d\r", i);
		fixture_keys(tty, text);
		snprintf(text, sizeof(text), "got %d", i);
		fixture_expect(tty, text);
	}
	assert_int_equal(tty_signal(tty, SIGKILL), 0);
	assert_int_equal(WTERMSIG(fixture_end(tty)), SIGKILL);
	assert_int_equal(tty_signal(tty, SIGKILL), -ESRCH);
	assert_int_equal(tty_continue(tty), -ESRCH);
}

static void
hangs_up(void **state)
{
	struct tty *tty = *state;
	struct termios modes;

	fixture_start(tty,
	              "trap 'exit 9' HUP; echo up; while :; do read x; done");
	fixture_expect(tty, "up");
	tty_hangup(tty);
	assert_int_equal(WEXITSTATUS(fixture_end(tty)), 9);
	assert_int_equal(tty_wait_text(tty, "up", 0), 0);
	assert_int_equal(tty_termios(tty, &modes), -EBADF);
	assert_int_equal(tty_keys(tty, "x"), -EPIPE);
}

static void
hangs_up_with_another_open(void **state)
{
	struct tty other = {0};

	/* Reads end of file: nobody else holds the master. */
	fixture_start(*state, "trap '' HUP; echo up; cat; exit 5");
	fixture_start(&other, "echo up; read x");
	fixture_expect(*state, "up");
	fixture_expect(&other, "up");
	tty_hangup(*state);
	assert_int_equal(WEXITSTATUS(fixture_end(*state)), 5);
	assert_int_equal(tty_wait_exit(&other, 0, NULL), -ETIMEDOUT);
	tty_close(&other);
}

static void
moves_a_lot(void **state)
{
	struct tty *tty = *state;
	enum { SIZE = 1000000 };
	char *bytes = malloc(SIZE);

	assert_non_null(bytes);
	memset(bytes, 'x', SIZE);
	fixture_start(tty, "stty raw -echo; echo up; head -c 1000000 | wc -c;"
	                   "seq 100000");
	fixture_expect(tty, "up");
	assert_int_equal(tty_send(tty, bytes, SIZE), 0);
	free(bytes);
	/* In the raw bytes: what follows may have scrolled it away. */
	assert_int_equal(tty_wait_raw(tty, "1000000\n", 8, LIMIT), 0);
	assert_int_equal(fixture_end(tty), 0);
	assert_true(tty_has_raw(tty, "\n99999\n100000\n", 14));
}

static void
loses_nothing_at_the_end(void **state)
{
	struct tty *tty = *state;

	for (int i = 0; i < 50; i++) {
		fixture_start(tty, "printf 'the last words'");
		assert_int_equal(fixture_end(tty), 0);
		assert_int_equal(tty_wait_text(tty, "the last words", 0), 0);
		tty_close(tty);
	}
}

static void
leaves_nobody_behind(void **state)
{
	struct tty *tty = *state;
	pid_t program;

	fixture_start(
	    tty, "trap '' HUP TERM INT; echo up; while :; do sleep 9; done");
	fixture_expect(tty, "up");
	program = tty->pid;
	tty_close(tty);
	assert_int_equal(kill(program, 0), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	tty_close(tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(answers_queries),
	    FIXTURE_TEST(reads_the_modes),
	    FIXTURE_TEST(does_not_hide_modes_left_behind),
	    FIXTURE_TEST(interrupts),
	    FIXTURE_TEST(stops_and_goes_on),
	    FIXTURE_TEST(hangs_up),
	    FIXTURE_TEST(hangs_up_with_another_open),
	    FIXTURE_TEST(moves_a_lot),
	    FIXTURE_TEST(loses_nothing_at_the_end),
	    FIXTURE_TEST(leaves_nobody_behind),
	};

	return cmocka_run_group_tests_name("tty life", tests, NULL, NULL);
}
