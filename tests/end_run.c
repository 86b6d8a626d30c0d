/* looptop run, attach and replay without a screen, on real programs. */
#include "program.h"
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

struct run {
	struct program program;
	json_t *lines;
};

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct run));
	return *state ? 0 : -1;
}

static int
teardown(void **state)
{
	struct run *run = *state;

	program_assert_no_orphans(run->program.mark);
	json_decref(run->lines);
	program_free(&run->program);
	free(run);
	return 0;
}

static void
watch(struct run *run, const char *const *args)
{
	program_run(&run->program, args);
	run->lines = program_lines(&run->program);
}

static json_int_t
integer(json_t *line, const char *name)
{
	json_t *value = json_object_get(line, name);

	if (!json_is_integer(value))
		fail_msg("no integer %s in %s", name,
		         json_dumps(line, JSON_COMPACT));
	return json_integer_value(value);
}

static const char *
string(json_t *line, const char *name)
{
	const char *value = json_string_value(json_object_get(line, name));

	return value ? value : "";
}

static size_t
count_of(struct run *run, const char *kind)
{
	size_t n = 0;

	while (program_line(run->lines, kind, n))
		n++;
	return n;
}

static json_t *
line_of_pid(struct run *run, const char *kind, json_int_t pid)
{
	json_t *line;

	for (size_t n = 0; (line = program_line(run->lines, kind, n)); n++)
		if (integer(line, "pid") == pid)
			return line;
	return NULL;
}

static json_t *
summary_of(struct run *run)
{
	json_t *last =
	    json_array_get(run->lines, json_array_size(run->lines) - 1);

	assert_string_equal(string(last, "kind"), "summary");
	return last;
}

/* ---- a shell and its children ---- */

/* What is born and has ended between two looks is missed; a busy machine has
 * few. Then the same again, with children that live longer: $1. */
static void
watch_children(struct run *run, const char *script, size_t count)
{
	static const char *const lives[] = {"0.3", "2", "10"};

	for (int i = 0; i < 3; i++) {
		json_decref(run->lines);
		program_free(&run->program);
		watch(run, ARGS("run", "--json", "--for", "60s", "--", "bash",
		                "-c", script, "bash", lives[i]));
		if (count_of(run, "process-born") >= count)
			return;
	}
}

static void
births_and_deaths_with_parents_and_codes(void **state)
{
	struct run *run = *state;
	json_t *bash;

	watch_children(run, "for i in 1 2 3; do sleep $1 & done; wait", 4);
	assert_int_equal(run->program.status, 0);
	assert_int_equal(count_of(run, "process-born"), 4);
	assert_int_equal(count_of(run, "process-died"), 4);
	bash = program_line(run->lines, "process-born", 0);
	assert_string_equal(string(bash, "how"), "run");
	for (size_t n = 1; n < 4; n++) {
		json_t *born = program_line(run->lines, "process-born", n);
		json_t *died =
		    line_of_pid(run, "process-died", integer(born, "pid"));

		assert_int_equal(integer(born, "ppid"), integer(bash, "pid"));
		assert_int_equal(integer(died, "code"), 0);
	}
	assert_int_equal(integer(summary_of(run), "processes"), 4);
}

static void
codes_and_signals_of_grandchildren(void **state)
{
	struct run *run = *state;
	bool code = false, killed = false;
	json_t *died;

	watch_children(run,
	               "(sleep $1; exit 7) & (sleep $1; kill -9 $BASHPID) & "
	               "wait; exit 0",
	               5);
	for (size_t n = 0; (died = program_line(run->lines, "process-died", n));
	     n++) {
		code |= json_integer_value(json_object_get(died, "code")) == 7;
		killed |=
		    json_integer_value(json_object_get(died, "signal")) == 9;
	}
	assert_true(code);
	assert_true(killed);
}

static void
output_becomes_events_and_stdout_stays_json(void **state)
{
	struct run *run = *state;

	watch(run, ARGS("run", "--json", "--", "sh", "-c",
	                "echo one; echo two >&2; printf 'no end \\377'"));
	assert_string_equal(
	    string(program_line(run->lines, "stdout", 0), "text"), "one");
	assert_string_equal(
	    string(program_line(run->lines, "stderr", 0), "text"), "two");
	assert_string_equal(
	    string(program_line(run->lines, "stdout", 1), "text"),
	    "no end \xef\xbf\xbd");
	assert_string_equal(run->program.err, "");
}

static void
with_output_the_program_keeps_its_own(void **state)
{
	struct run *run = *state;
	const char *path = program_file("lines.json", "");
	char text[4096] = "";
	FILE *file;

	program_run(&run->program, ARGS("run", "--json", "--output", path, "--",
	                                "sh", "-c", "echo mine; echo too >&2"));
	assert_string_equal(run->program.out, "mine\n");
	assert_string_equal(run->program.err, "too\n");
	file = fopen(path, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 100);
	fclose(file);
	assert_non_null(strstr(text, "\"kind\":\"summary\""));
}

static void
a_program_that_dies_at_once(void **state)
{
	struct run *run = *state;

	watch(run, ARGS("run", "--json", "--", "false"));
	assert_int_equal(run->program.status, 1);
	assert_int_equal(count_of(run, "process-born"), 1);
	assert_int_equal(
	    integer(program_line(run->lines, "process-died", 0), "code"), 1);
}

/* A busy machine may need longer until the program has come so far. */
static void
the_time_of_for_ends_it_with_all_below(void **state)
{
	static const char *const times[] = {"400ms", "2s", "10s"};
	struct run *run = *state;

	for (int i = 0; i < 3; i++) {
		json_decref(run->lines);
		program_free(&run->program);
		watch(run, ARGS("run", "--json", "--for", times[i], "--",
		                "bash", "-c",
		                "trap '' TERM; sleep 60 & setsid sleep 61 & "
		                "while :; do sleep 1; done"));
		assert_int_equal(run->program.status, 0);
		assert_int_equal(count_of(run, "process-died"),
		                 count_of(run, "process-born"));
		if (count_of(run, "process-died") >= 3)
			return;
	}
	fail_msg("%zu died", count_of(run, "process-died"));
}

static void
what_it_left_running_is_ended_and_said(void **state)
{
	struct run *run = *state;

	watch(run, ARGS("run", "--json", "--", "sh", "-c",
	                "setsid sleep 60 & sleep 0.1; exit 4"));
	assert_int_equal(run->program.status, 4);
	assert_non_null(strstr(run->program.err,
	                       "looptop: sh has ended; 1 of its descendants "
	                       "still ran and is ended too."));
}

static void
the_table_names_the_end_of_each(void **state)
{
	struct run *run = *state;
	const char *watched;
	double seconds;

	program_run(&run->program, ARGS("run", "--summary", "--", "sh", "-c",
	                                "echo hello; sleep 0.1; exit 2"));
	assert_int_equal(run->program.status, 2);
	assert_non_null(strstr(run->program.out, "exit 2"));
	watched = strstr(run->program.out, "watched ");
	assert_non_null(watched);
	assert_int_equal(sscanf(watched, "watched %lf s: ", &seconds), 1);
	assert_true(seconds >= 0.1 && seconds < PROGRAM_MS / 1000);
	/* Its output is not swallowed: it goes to stderr. */
	assert_string_equal(run->program.err, "hello\n");
}

/* ---- signals ---- */

static void
wait_for_birth(struct run *run)
{
	struct pollfd out = {.fd = run->program.out_fd, .events = POLLIN};

	/* The first line is the birth: when it comes, all is set up. */
	assert_int_equal(poll(&out, 1, PROGRAM_MS), 1);
}

static void
sigterm_ends_it_orderly(void **state)
{
	struct run *run = *state;

	program_start(&run->program,
	              ARGS("run", "--json", "--", "sleep", "60"));
	wait_for_birth(run);
	kill(run->program.pid, SIGTERM);
	program_wait(&run->program);
	assert_int_equal(run->program.status, 128 + 15);
	assert_non_null(strstr(run->program.out, "\"kind\":\"summary\""));
}

static void
sigkill_leaves_nothing_behind(void **state)
{
	struct run *run = *state;

	program_start(&run->program,
	              ARGS("run", "--json", "--", "bash", "-c",
	                   "trap '' TERM HUP; setsid sleep 60 & (sleep 61 & "
	                   "setsid sleep 62) & while :; do sleep 1; done"));
	wait_for_birth(run);
	kill(run->program.pid, SIGKILL);
	program_wait(&run->program);
	assert_int_equal(run->program.status, 128 + 9);
	/* teardown looks for orphans */
}

/* ---- recordings ---- */

static void
a_recording_says_the_same_again(void **state)
{
	struct run *run = *state, again = {0};
	const char *path = program_file("run.trace", "");

	watch(run, ARGS("run", "--json", "--record", path, "--", "sh", "-c",
	                "echo a; sleep 0.15; sleep 0.15; exit 5"));
	watch(&again, ARGS("replay", "--json", path));
	assert_int_equal(again.program.status, 0);
	assert_int_equal(json_array_size(run->lines),
	                 json_array_size(again.lines));
	for (size_t i = 0; i + 1 < json_array_size(run->lines); i++)
		assert_true(json_equal(json_array_get(run->lines, i),
		                       json_array_get(again.lines, i)));
	json_decref(again.lines);
	program_free(&again.program);
}

/* ---- attach ---- */

static void
attach_watches_and_never_ends_what_it_watches(void **state)
{
	struct run *run = *state;
	char pid[16];
	pid_t child = fork();

	if (child == 0) {
		execlp("sleep", "sleep", "60", NULL);
		_exit(1);
	}
	snprintf(pid, sizeof(pid), "%d", (int)child);
	watch(run, ARGS("attach", "--json", "--for", "300ms", pid));
	assert_int_equal(run->program.status, 0);
	assert_int_equal(
	    integer(program_line(run->lines, "process-born", 0), "pid"), child);
	assert_int_equal(kill(child, 0), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void
attach_ends_with_the_process(void **state)
{
	struct run *run = *state;
	char pid[16];
	pid_t child = fork();

	if (child == 0) {
		execlp("sleep", "sleep", "60", NULL);
		_exit(1);
	}
	snprintf(pid, sizeof(pid), "%d", (int)child);
	program_start(&run->program, ARGS("attach", "--json", pid));
	wait_for_birth(run);
	kill(child, SIGTERM);
	program_wait(&run->program);
	run->lines = program_lines(&run->program);
	assert_non_null(line_of_pid(run, "process-died", child));
	waitpid(child, NULL, 0);
}

/* ---- node ---- */

static const char cluster_js[] =
    "const cluster = require('cluster'), http = require('http');\n"
    "if (cluster.isPrimary) {\n"
    "  let up = 0;\n"
    "  for (let i = 0; i < 2; i++) cluster.fork();\n"
    "  cluster.on('listening', () => { if (++up === 2) setTimeout(() => {\n"
    "    for (const w of Object.values(cluster.workers)) w.disconnect();\n"
    "  }, 300); });\n"
    "} else http.createServer((q, r) => r.end('x')).listen(0);\n";

static void
a_node_cluster_shows_three_processes_and_their_threads(void **state)
{
	struct run *run = *state;
	const char *path = program_file("cluster.js", cluster_js);
	json_t *primary;
	size_t threads = 0;

	if (!program_has_node())
		skip_because("node is not installed");
	watch(run, ARGS("run", "--json", "--", "node", path));
	assert_int_equal(run->program.status, 0);
	assert_int_equal(count_of(run, "process-born"), 3);
	primary = program_line(run->lines, "process-born", 0);
	for (size_t n = 1; n < 3; n++) {
		json_t *born = program_line(run->lines, "process-born", n);

		assert_int_equal(integer(born, "ppid"),
		                 integer(primary, "pid"));
	}
	/* Node's own: main, four of V8, and more. */
	for (size_t n = 0; n < count_of(run, "thread-born"); n++)
		threads += integer(program_line(run->lines, "thread-born", n),
		                   "pid") == integer(primary, "pid");
	assert_true(threads >= 5);
}

static const char spin_js[] =
    "setTimeout(() => {\n"
    "  const end = Date.now() + 400; while (Date.now() < end);\n"
    "  setTimeout(() => {}, 500);\n"
    "}, 1000);\n";

/* The longest; others a busy machine may add, by giving it no CPU. *sum is how
 * long all of them were, in ms. */
static json_t *
longest_freed(struct run *run, double *sum)
{
	json_t *longest = NULL;
	double most = -1;

	*sum = 0;

	for (size_t n = 0; n < count_of(run, "loop-freed"); n++) {
		json_t *freed = program_line(run->lines, "loop-freed", n);
		double ms = json_number_value(json_object_get(freed, "ms"));

		*sum += ms;
		if (ms > most)
			longest = freed;
		if (ms > most)
			most = ms;
	}
	assert_non_null(longest);
	return longest;
}

static void
a_node_that_spins_400_ms_has_one_block_of_that(void **state)
{
	struct run *run = *state;
	const char *path = program_file("spin.js", spin_js);
	json_t *freed, *blocks;
	double sum;

	if (!program_has_node())
		skip_because("node is not installed");
	watch(run, ARGS("run", "--json", "--", "node", path));
	assert_int_equal(count_of(run, "loop-blocked"),
	                 count_of(run, "loop-freed"));
	freed = longest_freed(run, &sum);
	assert_int_equal(integer(freed, "tid"), integer(freed, "pid"));
	/* A busy machine may cut it: where V8 waits for a helper that gets no
	 * CPU, see loop_exact.h. A part under 50 ms is not told. */
	assert_true(sum >= 250);
	/* The agent has named the function by then. */
	assert_string_equal(string(freed, "source"), "agent");
	blocks = json_object_get(summary_of(run), "blocks");
	assert_int_equal(integer(blocks, "count"), count_of(run, "loop-freed"));
}

#define with_run(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_run(births_and_deaths_with_parents_and_codes),
	    with_run(codes_and_signals_of_grandchildren),
	    with_run(output_becomes_events_and_stdout_stays_json),
	    with_run(with_output_the_program_keeps_its_own),
	    with_run(a_program_that_dies_at_once),
	    with_run(the_time_of_for_ends_it_with_all_below),
	    with_run(what_it_left_running_is_ended_and_said),
	    with_run(the_table_names_the_end_of_each),
	    with_run(sigterm_ends_it_orderly),
	    with_run(sigkill_leaves_nothing_behind),
	    with_run(a_recording_says_the_same_again),
	    with_run(attach_watches_and_never_ends_what_it_watches),
	    with_run(attach_ends_with_the_process),
	    with_run(a_node_cluster_shows_three_processes_and_their_threads),
	    with_run(a_node_that_spins_400_ms_has_one_block_of_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
