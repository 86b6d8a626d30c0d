/* A recording on terminals of many types: it is seen, and they are as before
 * when it is over. */
#include "program.h"
#include "test.h"
#include "tty/grid.h"

#include <string.h>

static const char recording[] = "screenshots/recordings/lab.trace";

static void
shows_and_restores(struct tty *tty, const char *const *env)
{
	const char *args[] = {"replay", "--at", "4.3s", recording, NULL};
	char mark[64];
	struct termios now;
	int status;

	program_start_tty(tty, mark, args, 30, 100, env);
	program_expect(tty, "EVENT LOOP BLOCKED");
	program_expect(tty, "GET /ping");
	program_expect(tty, "PAUSED at t=4.3 s");
	tty_keys(tty, "q");
	assert_int_equal(tty_wait_exit(tty, PROGRAM_MS, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(tty_termios(tty, &now), 0);
	assert_memory_equal(&now, &tty->initial, sizeof(now));
	assert_false(tty_in_altscreen(tty));
}

static void
on_terminals_of_many_types(void **state)
{
	static const char *const types[] = {
	    "TERM=vt100", "TERM=xterm",         "TERM=xterm-256color",
	    "TERM=linux", "TERM=screen",        "TERM=tmux-256color",
	    "TERM=rxvt",  "TERM=no-such-type-x"};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const char *env[] = {types[i], NULL};
		struct tty tty;

		shows_and_restores(&tty, env);
		tty_close(&tty);
	}
}

static size_t
beyond_ascii(const struct tty *tty)
{
	size_t count = 0;

	for (size_t i = 0; i < tty->raw.size; i++)
		count += (unsigned char)tty->raw.bytes[i] >= 0x80;
	return count;
}

static void
the_linux_console_gets_ascii(void **state)
{
	static const char *const console[] = {"TERM=linux", NULL};
	struct tty tty;

	(void)state;
	shows_and_restores(&tty, console);
	assert_int_equal(beyond_ascii(&tty), 0);
	tty_close(&tty);
	shows_and_restores(&tty, NULL);
	assert_int_not_equal(beyond_ascii(&tty), 0);
	tty_close(&tty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(on_terminals_of_many_types),
	    cmocka_unit_test(the_linux_console_gets_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
