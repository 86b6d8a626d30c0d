/*
 * Tests of the harness itself, with programs every machine has: what is shown,
 * and the waits.
 */
#include "deadline.h"
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static void
shows_text_and_status(void **state)
{
	fixture_start(*state, "printf 'h\\303\\251llo\\n'; exit 7");
	assert_int_equal(WEXITSTATUS(fixture_end(*state)), 7);
	fixture_expect(*state, "h\303\251llo");
}

static void
tells_the_signal(void **state)
{
	int status;

	fixture_start(*state, "kill -TERM $$");
	status = fixture_end(*state);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void
says_why_it_could_not_start(void **state)
{
	const char *argv[] = {"no-such-program", NULL};
	struct tty_options options = {.argv = argv};

	assert_int_equal(tty_start(*state, &options), -ENOENT);
	argv[0] = "/";
	assert_int_equal(tty_start(*state, &options), -EACCES);
	argv[0] = "true";
	options.cwd = "/no/such/directory";
	assert_int_equal(tty_start(*state, &options), -ENOENT);
}

static void
sets_environment_and_directory(void **state)
{
	const char *env[] = {"ADDED=yes", "TERM=dumb", NULL};
	const char *unset[] = {"HOME", NULL};
	struct tty_options options = {
	    .env = env, .unset = unset, .cwd = "/dev"};

	assert_int_equal(setenv("COLUMNS", "7", 1), 0);
	assert_int_equal(
	    fixture_start_with(*state,
	                       "echo $ADDED $TERM $LC_ALL ${HOME-none} "
	                       "${COLUMNS-unset}; pwd",
	                       options),
	    0);
	fixture_expect(*state, "yes dumb C.UTF-8 none unset");
	fixture_expect(*state, "/dev");
	unsetenv("COLUMNS");
}

static void
resizes(void **state)
{
	struct tty *tty = *state;

	/* A trap may have to wait for the end of read. */
	fixture_start(tty, "trap 'w=told' WINCH; stty size;"
	                   "while :; do read x; stty size; echo $w; done");
	fixture_expect(tty, "10 40");
	assert_int_equal(tty_resize(tty, 5, 77), 0);
	fixture_keys(tty, "\r");
	fixture_expect(tty, "5 77");
	fixture_expect(tty, "told");
}

static void
survives_any_size(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty,
	              "stty -echo; while :; do printf '\\344\\270\\255text\\n';"
	              "read x; done");
	for (int i = 1; i < 60; i++) {
		assert_int_equal(
		    tty_resize(tty, 1 + i * 37 % 100, 1 + i * 101 % 300), 0);
		fixture_keys(tty, "\r");
		assert_int_equal(tty_settle(tty, 0, LIMIT), 0);
	}
	assert_int_equal(tty_resize(tty, 24, 80), 0);
	fixture_keys(tty, "\r");
	fixture_expect(tty, "text");
}

static void
types(void **state)
{
	fixture_start(*state, "cat");
	fixture_keys(*state, "one\r");
	fixture_expect(*state, "one");
	fixture_keys(*state, "\004");
	assert_int_equal(fixture_end(*state), 0);
	assert_int_equal(tty_keys(*state, "x"), -EPIPE);
}

static void
sees_text_go(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty,
	              "printf here; read x; printf '\\033[2Jdone'; read x");
	fixture_expect(tty, "here");
	assert_int_equal(tty_wait_gone(tty, "here", SHORT), -ETIMEDOUT);
	fixture_keys(tty, "\r");
	assert_int_equal(tty_wait_gone(tty, "here", LIMIT), 0);
	fixture_expect(tty, "done");
}

static void
keeps_time_limits(void **state)
{
	struct tty *tty = *state;
	int64_t limit;

	/* Also with a program that never gives us a pause. */
	fixture_start(tty, "while :; do echo noise; done");
	fixture_expect(tty, "noise");
	limit = deadline_in(SHORT);
	assert_int_equal(tty_wait_text(tty, "never", SHORT), -ETIMEDOUT);
	assert_int_equal(deadline_left(limit), 0);
	assert_int_equal(tty_wait_raw(tty, "never", 5, SHORT), -ETIMEDOUT);
	assert_int_equal(tty_wait_exit(tty, 0, NULL), -ETIMEDOUT);
	assert_int_equal(tty_wait_stop(tty, 0), -ETIMEDOUT);
	assert_int_equal(tty_settle(tty, LIMIT, SHORT), -ETIMEDOUT);
}

static void
gives_up_at_the_end(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty, "printf last");
	assert_int_equal(tty_wait_text(tty, "more", LIMIT), -EPIPE);
	assert_int_equal(tty_wait_gone(tty, "last", LIMIT), -EPIPE);
	assert_int_equal(tty_wait_raw(tty, "more", 4, LIMIT), -EPIPE);
	assert_int_equal(tty_wait_text(tty, "last", 0), 0);
	assert_int_equal(tty_settle(tty, 0, LIMIT), 0);
}

static void
finds_raw_bytes(void **state)
{
	static const char marker[] = "\033]7777;1\a";
	struct tty *tty = *state;
	size_t size = strlen(marker);

	fixture_start(tty,
	              "stty -echo; while :; do printf '\\033]7777;1\\007.';"
	              "read x; done");
	assert_int_equal(tty_wait_raw(tty, marker, size, LIMIT), 0);
	fixture_expect(tty, ".");
	tty_mark(tty);
	assert_false(tty_has_raw(tty, marker, size));
	assert_int_equal(tty_wait_raw(tty, marker, size, SHORT), -ETIMEDOUT);
	fixture_keys(tty, "\r");
	assert_int_equal(tty_wait_raw(tty, marker, size, LIMIT), 0);
	assert_true(tty_has_raw(tty, marker, size));
}

static void
sees_whole_frames_only(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty, "stty -echo; printf '\\033[?2026hinside'; read x;"
	                   "printf '\\033[?20'; printf '26l'; read x");
	assert_int_equal(tty_wait_raw(tty, "inside", 6, LIMIT), 0);
	assert_int_equal(tty_wait_text(tty, "inside", SHORT), -ETIMEDOUT);
	assert_int_equal(tty_settle(tty, 0, SHORT), -ETIMEDOUT);
	fixture_keys(tty, "\r");
	fixture_expect(tty, "inside");
	assert_int_equal(tty_settle(tty, SHORT, LIMIT), 0);
}

/* Three frames in one write(2). */
static void
sees_each_frame(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty, "stty -echo; f='\033[?2026'; "
	                   "printf \"${f}hone${f}l${f}h\rtwo${f}l${f}h\rthe "
	                   "end${f}l\"; read x; printf '\rmore   '; read x");
	fixture_expect(tty, "one");
	fixture_expect(tty, "two");
	assert_int_equal(tty_wait_text(tty, "one", SHORT), -ETIMEDOUT);
	fixture_expect(tty, "the end");
	fixture_keys(tty, "\r");
	fixture_expect(tty, "more");
}

static void
follows_modes(void **state)
{
	struct tty *tty = *state;

	fixture_start(tty,
	              "printf '\\033[?1049h\\033[?25l\\033[?1002hin'; read x;"
	              "printf '\\033[?1002l\\033[?25h\\033[?1049lout'; read x");
	assert_true(tty_cursor_visible(tty));
	fixture_expect(tty, "in");
	assert_true(tty_in_altscreen(tty));
	assert_false(tty_cursor_visible(tty));
	assert_int_equal(tty->mouse, VTERM_PROP_MOUSE_DRAG);
	fixture_keys(tty, "\r");
	fixture_expect(tty, "out");
	assert_int_equal(tty_wait_gone(tty, "in", 0), 0);
	assert_false(tty_in_altscreen(tty));
	assert_true(tty_cursor_visible(tty));
	assert_false(tty_has_mouse(tty));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(shows_text_and_status),
	    FIXTURE_TEST(tells_the_signal),
	    FIXTURE_TEST(says_why_it_could_not_start),
	    FIXTURE_TEST(sets_environment_and_directory),
	    FIXTURE_TEST(resizes),
	    FIXTURE_TEST(survives_any_size),
	    FIXTURE_TEST(types),
	    FIXTURE_TEST(sees_text_go),
	    FIXTURE_TEST(keeps_time_limits),
	    FIXTURE_TEST(gives_up_at_the_end),
	    FIXTURE_TEST(finds_raw_bytes),
	    FIXTURE_TEST(sees_whole_frames_only),
	    FIXTURE_TEST(sees_each_frame),
	    FIXTURE_TEST(follows_modes),
	};

	return cmocka_run_group_tests_name("tty", tests, NULL, NULL);
}
