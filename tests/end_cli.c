/* Bad input: one sentence each, and the exit status of CLI.md. */
#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

/* One line on stderr that begins with looptop: and holds `part`; nothing on
 * stdout. */
static void
complains(const char *const *args, int status, const char *part)
{
	struct program program;

	program_run(&program, args);
	if (program.status != status || strncmp(program.err, "looptop: ", 9) ||
	    !strstr(program.err, part) ||
	    strchr(program.err, '\n') != program.err + strlen(program.err) - 1)
		fail_msg("status %d, not %d, or not the words \"%s\": %s",
		         program.status, status, part, program.err);
	assert_string_equal(program.out, "");
	program_assert_no_orphans(program.mark);
	program_free(&program);
}

static void
words_it_does_not_know(void **state)
{
	(void)state;
	complains(ARGS("frobnicate"), 125, "frobnicate: there is no such");
	complains(ARGS("--frob"), 125, "--frob: there is no such option");
	complains(ARGS("run", "--json", "--frob", "--", "true"), 125,
	          "--frob: there is no such option");
	complains(ARGS("run"), 125, "no command to run");
	complains(ARGS("run", "--json", "--"), 125, "no command to run");
	complains(ARGS("--json"), 125, "looptop run --json -- CMD");
}

static void
values_out_of_range(void **state)
{
	(void)state;
	complains(ARGS("run", "--for", "soon", "--", "true"), 125,
	          "--for: \"soon\" is no duration");
	complains(ARGS("run", "--for", "-1s", "--", "true"), 125, "--for");
	complains(ARGS("run", "--rate", "0", "--", "true"), 125,
	          "no number from 1 to 1000");
	complains(ARGS("run", "--fps", "x", "--", "true"), 125, "--fps");
	complains(ARGS("--port", "70000"), 125, "--port");
	complains(ARGS("run", "--for"), 125, "it needs a value");
}

static void
moments_that_are_none(void **state)
{
	const char *empty = program_file("empty.trace", "");

	(void)state;
	complains(ARGS("replay", "--at", "soon", empty), 125,
	          "--at: \"soon\" is no moment");
	complains(ARGS("replay", "--at", "-1s", empty), 125, "--at: \"-1s\"");
	complains(ARGS("replay", "--at", "3", empty), 125, "--at: \"3\"");
	complains(ARGS("replay", "--at", "", empty), 125, "--at: \"\"");
	complains(ARGS("replay", "--at", "nan s", empty), 125, "no moment");
	complains(ARGS("replay", "--at"), 125, "it needs a value");
	complains(ARGS("run", "--at", "1s", "--", "true"), 125,
	          "only a recording has moments");
	complains(ARGS("--at", "1s"), 125, "only a recording has moments");
}

static void
programs_that_cannot_be_run(void **state)
{
	const char *script = program_file("plain.txt", "no program\n");

	(void)state;
	complains(ARGS("run", "--json", "--", "no-such-program-here"), 127,
	          "no-such-program-here: No such file or directory");
	chmod(script, 0644);
	complains(ARGS("run", "--json", "--", script), 126,
	          "Permission denied");
	complains(ARGS("run", "--summary", "--", "/tmp"), 126,
	          "Permission denied");
}

static void
pids_that_are_none(void **state)
{
	(void)state;
	complains(ARGS("attach", "--json", "4194300"), 125,
	          "4194300: there is no such process");
	complains(ARGS("attach", "4194300"), 125, "there is no such process");
	complains(ARGS("attach", "x1"), 125, "x1 is no process id");
	complains(ARGS("attach"), 125, "no process id");
}

static void
files_that_cannot_be_read_or_written(void **state)
{
	const char *damaged =
	    program_file("damaged.trace", "looptop trace 1\nbyte-order: lit");
	const char *text = program_file("text.txt", "hello\n");

	(void)state;
	complains(ARGS("replay", "/nonexistent.trace"), 125,
	          "/nonexistent.trace: No such file");
	complains(ARGS("replay", "--json", damaged), 125, "damaged");
	complains(ARGS("replay", "--json", text), 125, "no looptop recording");
	complains(
	    ARGS("run", "--json", "--record", "/nonexistent/x", "--", "true"),
	    125, "/nonexistent/x: cannot be written");
	complains(
	    ARGS("run", "--json", "--output", "/nonexistent/x", "--", "true"),
	    125, "/nonexistent/x: cannot be written");
}

/* The program alone, without the one that it starts as the stage. */
static void
a_stage_that_is_missing(void **state)
{
	const char *alone = program_file("looptop", "");
	char *own = strdup(program_path());
	char command[2048];

	(void)state;
	snprintf(command, sizeof(command), "cp '%s' '%s'", own, alone);
	assert_int_equal(system(command), 0);
	chmod(alone, 0755);
	setenv("LOOPTOP", alone, 1);
	complains(ARGS("--port", "0"), 125,
	          "stage: looptop-stage is neither beside looptop nor in");
	setenv("LOOPTOP", own, 1);
	free(own);
}

static void
no_terminal_to_draw_on(void **state)
{
	(void)state;
	complains(ARGS("--fps", "30"), 125, "there is no terminal");
	complains(ARGS("run", "--", "true"), 125, "there is no terminal");
}

static void
a_terminal_that_is_dumb(void **state)
{
	struct tty tty;
	char mark[64];
	int status;

	(void)state;
	program_start_tty(&tty, mark, NULL, 24, 80, ARGS("TERM=dumb"));
	program_expect(&tty, "looptop: the terminal says it is dumb");
	assert_int_equal(tty_wait_exit(&tty, PROGRAM_MS, &status), 0);
	assert_int_equal(status >> 8, 125);
	program_assert_no_orphans(mark);
	tty_close(&tty);
}

static void
help_and_version_go_to_stdout(void **state)
{
	struct program program;

	(void)state;
	program_run(&program, ARGS("--help"));
	assert_int_equal(program.status, 0);
	assert_non_null(strstr(program.out, "looptop run [OPTIONS] -- CMD"));
	program_free(&program);
	program_run(&program, ARGS("--version"));
	assert_int_equal(program.status, 0);
	assert_non_null(strstr(program.out, "libuv"));
	assert_non_null(strstr(program.out, "ncurses"));
	assert_non_null(strstr(program.out, "libproc2"));
	program_free(&program);
}

static void
lessons_are_listed_also_without_a_terminal(void **state)
{
	struct program program;

	(void)state;
	program_run(&program, ARGS("lesson"));
	assert_int_equal(program.status, 0);
	assert_non_null(strstr(program.out, "  block   Block the event loop"));
	assert_non_null(strstr(program.out, "  pool    Libuv's thread pool"));
	program_free(&program);
	complains(ARGS("lesson", "frob"), 125,
	          "lesson: frob: there is no such lesson. Say block, spawn,");
	complains(ARGS("lesson", "block", "spawn"), 125, "spawn: there is");
	complains(ARGS("lesson", "block"), 125, "there is no terminal");
	complains(ARGS("lesson", "--json", "block"), 125, "--json");
}

static void
the_exit_status_is_the_programs_own(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {{"exit 0", 0},
	             {"exit 3", 3},
	             {"kill -TERM $$", 128 + 15},
	             {"kill -KILL $$", 128 + 9}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct program program;

		program_run(&program, ARGS("run", "--json", "--", "sh", "-c",
		                           cases[i].script));
		assert_int_equal(program.status, cases[i].status);
		program_assert_no_orphans(program.mark);
		program_free(&program);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_it_does_not_know),
	    cmocka_unit_test(values_out_of_range),
	    cmocka_unit_test(moments_that_are_none),
	    cmocka_unit_test(programs_that_cannot_be_run),
	    cmocka_unit_test(pids_that_are_none),
	    cmocka_unit_test(files_that_cannot_be_read_or_written),
	    cmocka_unit_test(a_stage_that_is_missing),
	    cmocka_unit_test(no_terminal_to_draw_on),
	    cmocka_unit_test(a_terminal_that_is_dumb),
	    cmocka_unit_test(help_and_version_go_to_stdout),
	    cmocka_unit_test(lessons_are_listed_also_without_a_terminal),
	    cmocka_unit_test(the_exit_status_is_the_programs_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
