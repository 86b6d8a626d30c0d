/* Going back in time, on a recording whose clock only marks move. */
#include "program.h"
#include "test.h"
#include "tty/grid.h"

#include "core/trace.h"

#include <stdlib.h>
#include <string.h>

#define START 1000000000000ull
#define MS 1000000ull

static const char *const test_mode[] = {"LOOPTOP_TEST=1", NULL};

struct past {
	struct tty tty;
	char mark[64];
	int marks;
};

static int
set_up(void **state)
{
	*state = calloc(1, sizeof(struct past));
	return *state ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct past *past = *state;

	tty_close(&past->tty);
	free(past);
	return 0;
}

static void
write_event(struct trace *trace, enum event_kind kind, unsigned ms,
            uint32_t pid, const char *text)
{
	struct event event = {
	    .magic = EVENT_MAGIC,
	    .kind = (uint8_t)kind,
	    .text = (uint16_t)strlen(text),
	    .time = START + ms * MS,
	    .pid = pid,
	    .tid = pid,
	    .other_pid = 1,
	};

	assert_true(trace_put(trace, &event, text));
}

/* A process that calls itself after the second it is in: zero, one, ... */
static const char *
record(void)
{
	static const char *const names[] = {"zero",  "one",  "two", "three",
	                                    "four",  "five", "six", "seven",
	                                    "eight", "nine"};
	const char *path = program_file("past.trace", "");
	struct trace trace;

	assert_int_equal(trace_create(&trace, path, NULL), 0);
	write_event(&trace, EVENT_PROCESS_BORN, 0, 10, "sleep 9");
	for (unsigned i = 0; i < 10; i++)
		write_event(&trace, EVENT_PROCESS_TITLE, i * 1000, 10,
		            names[i]);
	assert_int_equal(trace_close(&trace), 0);
	return path;
}

/* The recording goes on by so much. */
static void
go_on(struct past *past, unsigned ms)
{
	char keys[64];

	snprintf(keys, sizeof(keys), "\033]7777;%d;%u\a", ++past->marks, ms);
	assert_int_equal(tty_keys(&past->tty, keys), 0);
}

static void
open_replay(struct past *past)
{
	const char *args[] = {"replay", record(), NULL};

	program_start_tty(&past->tty, past->mark, args, 40, 120, test_mode);
	program_expect(&past->tty, "REPLAY");
	go_on(past, 6500);
	program_expect(&past->tty, "six  ");
}

static void
steps_back_and_forth(void **state)
{
	struct past *past = *state;

	open_replay(past);
	tty_keys(&past->tty, "<");
	program_expect(&past->tty, "PAUSED at t=5.5 s  -1.0 s");
	program_expect(&past->tty, "five  ");
	tty_keys(&past->tty, "\033[1;2D\033[1;2D");
	program_expect(&past->tty, "three  ");
	/* Half a second, a column of 50 ms each. */
	tty_keys(&past->tty, ",,,,,,,,,,,");
	program_expect(&past->tty, "two  ");
	tty_keys(&past->tty, "\033[C");
	program_expect(&past->tty, "three  ");
	tty_keys(&past->tty, ">");
	program_expect(&past->tty, "four  ");
	/* Beyond the end there is nothing. */
	tty_keys(&past->tty, ">>>>>>>>");
	program_expect(&past->tty, "six  ");
	/* Nor before the beginning. */
	tty_keys(&past->tty, "<<<<<<<<<<");
	program_expect(&past->tty, "zero  ");
	tty_keys(&past->tty, "`");
	program_expect(&past->tty, "REPLAY");
	program_expect(&past->tty, "six  ");
	go_on(past, 1000);
	program_expect(&past->tty, "seven  ");
}

/* Times the program gave up the CPU by itself. */
static long
sleeps(pid_t pid)
{
	char path[64], line[128];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		(void)sscanf(line, "voluntary_ctxt_switches: %ld", &count);
	fclose(file);
	return count;
}

static bool
rests(struct past *past)
{
	size_t bytes = past->tty.raw.size;
	long before = sleeps(past->tty.pid);

	tty_settle(&past->tty, 600, 600);
	return past->tty.raw.size == bytes &&
	       sleeps(past->tty.pid) - before <= 4;
}

/* A pause must not cost anything: at 30 frames a second these would be 18
 * sleeps. On a busy machine its last frame may be late. */
static void
a_pause_draws_nothing_and_wakes_nobody(void **state)
{
	struct past *past = *state;
	int left = 20;

	open_replay(past);
	tty_keys(&past->tty, " ");
	program_expect(&past->tty, "PAUSED at");
	tty_settle(&past->tty, 200, 5000);
	while (!rests(past))
		assert_true(left-- > 0);
	/* And still answers. */
	tty_keys(&past->tty, "?");
	program_expect(&past->tty, "Help");
}

static void
open_at(struct past *past, const char *moment, const char *path)
{
	const char *args[] = {"replay", "--at", moment, path, NULL};

	program_start_tty(&past->tty, past->mark, args, 40, 120, test_mode);
}

static void
at_begins_paused_at_a_moment(void **state)
{
	struct past *past = *state;

	open_at(past, "3.5s", record());
	program_expect(&past->tty, "PAUSED at t=3.5 s");
	program_expect(&past->tty, "three  ");
	/* The clock stands, whoever moves it. */
	go_on(past, 5000);
	tty_keys(&past->tty, "<");
	program_expect(&past->tty, "PAUSED at t=2.5 s  -1.0 s");
	program_expect(&past->tty, "two  ");
	tty_keys(&past->tty, "`");
	program_expect(&past->tty, "REPLAY");
	go_on(past, 1000);
	program_expect(&past->tty, "four  ");
}

static void
at_the_very_end_is_a_moment_too(void **state)
{
	struct past *past = *state;

	open_at(past, "9s", record());
	program_expect(&past->tty, "PAUSED at t=9.0 s");
	program_expect(&past->tty, "nine  ");
}

static void
nothing_can_be_started_in_a_recording(void **state)
{
	struct past *past = *state;
	const char *path = program_file("lab.trace", "");
	struct trace trace;

	assert_int_equal(trace_create(&trace, path, "verb: lab\n"), 0);
	for (unsigned i = 0; i < 3; i++)
		write_event(&trace, EVENT_PROCESS_BORN, i * 1000, 10 + i, "a");
	assert_int_equal(trace_close(&trace), 0);
	open_at(past, "1s", path);
	program_expect(&past->tty, "Cluster");
	tty_keys(&past->tty, "N");
	program_expect(&past->tty, "This is a recording");
}

static void
the_table_ends_at_a_moment(void **state)
{
	struct program program;
	json_t *lines;

	(void)state;
	program_run(&program, (const char *const[]){"replay", "--json", "--at",
	                                            "3500ms", record(), NULL});
	assert_int_equal(program.status, 0);
	lines = program_lines(&program);
	assert_non_null(program_line(lines, "process-title", 3));
	assert_null(program_line(lines, "process-title", 4));
	json_decref(lines);
	program_free(&program);
}

/* On the screen as well as without it. */
static void
a_moment_after_the_end_is_refused(void **state)
{
	static const char sentence[] = "is over after 9.00 s.";
	struct past *past = *state;
	const char *path = record();
	struct program program;

	program_run(&program, (const char *const[]){"replay", "--summary",
	                                            "--at", "10s", path, NULL});
	assert_int_equal(program.status, 125);
	assert_non_null(strstr(program.err, sentence));
	assert_string_equal(program.out, "");
	program_free(&program);
	open_at(past, "10s", path);
	program_expect(&past->tty, sentence);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(steps_back_and_forth),
	    TEST(a_pause_draws_nothing_and_wakes_nobody),
	    TEST(at_begins_paused_at_a_moment),
	    TEST(at_the_very_end_is_a_moment_too),
	    TEST(nothing_can_be_started_in_a_recording),
	    TEST(a_moment_after_the_end_is_refused),
	    cmocka_unit_test(the_table_ends_at_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
