/* What a program may come with, do to itself, and meet: with the agent in it
 * it says the same and ends the same. */
#include "agent.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* SOAK: as much as the issue asks for. */
static void
is_the_same_with(struct seen *seen, const char *name, int count, int soak)
{
	char script[64];

	snprintf(script, sizeof(script), "hard.js %s %d", name,
	         getenv("SOAK") ? soak : count);
	is_the_same(seen, script);
	assert_non_null(program_line(seen->lines, "summary", 0));
}

static void
node_options_that_were_set_still_hold(void **state)
{
	struct seen *seen = *state;

	if (setenv("NODE_OPTIONS", "--title=mine --stack-trace-limit=3", 1))
		fail();
	watch(seen, "", "options.js");
	unsetenv("NODE_OPTIONS");
	assert_non_null(strstr(seen->out, "title mine limit 3 [] \nexit 0"));
}

/* The child of an empty environment is seen from outside. */
static void
an_environment_may_be_wiped(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "hard.js wiped");
	assert_int_equal(count(seen, "process-born", "command", "") >= 3, 1);
	assert_int_equal(count(seen, "agent", "node", "v"), 1);
}

static void
children_may_have_children(void **state)
{
	struct seen *seen = *state;

	is_the_same_with(seen, "chain", 8, 30);
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_non_null(strstr(seen->out, "heard the last\nexit 5"));
}

static void
there_may_be_many_threads(void **state)
{
	is_the_same_with(*state, "many", 40, 1000);
}

static void
messages_may_be_impossible_or_huge(void **state)
{
	is_the_same_with(*state, "messages", 5000000, 100000000);
}

static void
the_end_may_come_among_many_messages(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "hard.js burst");
	assert_int_equal(count(seen, "message-send", "preview", "{\"i\""), 300);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"i\""), 300);
}

static int
died_by(struct seen *seen, int signal)
{
	json_t *line;
	int found = 0;

	for (size_t n = 0;
	     (line = program_line(seen->lines, "process-died", n)); n++)
		found += integer(line, "signal") == signal;
	return found;
}

static void
a_program_may_crash(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "hard.js crash");
	assert_int_equal(died_by(seen, 6), 1);
	assert_int_equal(died_by(seen, 9), 1);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"i\""), 100);
}

/* ---- whoever reads the stream ---- */

static void
goes_on(const char *reader)
{
	static const char script[] = "node tests/agent/hard.js slow 60";
	char command[512], *alone, *with;

	if (!program_has_agents_node())
		skip_because("there is no node of version 20 or newer");
	snprintf(command, sizeof(command), "sh tests/agent/alone.sh %s %s %s",
	         program_path(), reader, script);
	with = output_of(command);
	alone = output_of(script);
	assert_string_equal(with, alone);
	free(with);
	free(alone);
}

static void
who_reads_may_go_away(void **state)
{
	(void)state;
	goes_on("gone");
}

static void
who_reads_may_never_read(void **state)
{
	(void)state;
	goes_on("full");
}

/* A directory of its own for what looptop needs while it runs. */
static char *
private_directory(void)
{
	char *path = strdup("/tmp/looptop-test-XXXXXX");

	if (!path || !mkdtemp(path) || setenv("XDG_RUNTIME_DIR", path, 1))
		fail();
	return path;
}

static void
wait_for_words(struct program *program, const char *word, int times)
{
	char line[256];
	FILE *out = fdopen(dup(program->out_fd), "r");

	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	while (times > 0 && fgets(line, sizeof(line), out))
		times -= strncmp(line, word, strlen(word)) == 0;
	assert_int_equal(times, 0);
	fclose(out);
}

/* The last thing the guard does is to remove what looptop had in there. */
static void
wait_until_empty(const char *directory)
{
	int left = PROGRAM_MS / 20;

	while (rmdir(directory) && left-- > 0)
		poll(NULL, 0, 20);
	assert_true(left > 0);
}

/* README: nothing it started outlives it. That holds for a program with the
 * agent in it, and its children and threads; and its files are gone too. */
static void
sigkill_leaves_nothing_of_the_program(void **state)
{
	const char *const args[] = {"run",
	                            "--json",
	                            "--output",
	                            program_file("killed.json", ""),
	                            "--",
	                            "node",
	                            "tests/agent/hard.js",
	                            "endless",
	                            NULL};
	char *directory = private_directory();
	struct program program;

	(void)state;
	if (!program_has_agents_node())
		skip_because("there is no node of version 20 or newer");
	program_start(&program, args);
	wait_for_words(&program, "talks", 2);
	kill(program.pid, SIGKILL);
	program_wait(&program);
	assert_int_equal(program.status, 128 + SIGKILL);
	assert_string_equal(program.err, "");
	wait_until_empty(directory);
	program_assert_no_orphans(program.mark);
	program_free(&program);
	free(directory);
	unsetenv("XDG_RUNTIME_DIR");
}

/* Under --stacks too, but for what --help says of it. */
/* What threads and program said while nobody read is not lost with them, and
 * they did not wait: the FIFO is full when they end. */
static void
what_was_said_last_is_heard(void **state)
{
	struct seen *seen = *state;
	json_t *summary;
	char command[1024];
	const char *path = program_file("stopped.json", "");

	if (!program_has_agents_node())
		skip_because("there is no node of version 20 or newer");
	snprintf(command, sizeof(command),
	         "%s run --json --output %s -- sh tests/agent/stopped.sh "
	         "node tests/agent/broadcast.js 1500",
	         program_path(), path);
	seen->out = output_of(command);
	seen->lines = read_lines(path);
	assert_non_null(strstr(seen->out, "heard 12001\nexit 0\n"));
	summary = program_line(seen->lines, "summary", 0);
	assert_int_equal(integer(summary, "messages"), 5 * 1500 + 21);
}

static void
stacks_change_no_result(void **state)
{
	struct seen *seen = *state;

	watch(seen, "--stacks", "fork.js json");
	same_alone(seen, "fork.js json");
	watch(seen, "--stacks", "hard.js wiped");
	same_alone(seen, "hard.js wiped");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_seen(node_options_that_were_set_still_hold),
	    with_seen(an_environment_may_be_wiped),
	    with_seen(children_may_have_children),
	    with_seen(there_may_be_many_threads),
	    with_seen(messages_may_be_impossible_or_huge),
	    with_seen(the_end_may_come_among_many_messages),
	    with_seen(a_program_may_crash),
	    with_seen(who_reads_may_go_away),
	    with_seen(who_reads_may_never_read),
	    with_seen(sigkill_leaves_nothing_of_the_program),
	    with_seen(what_was_said_last_is_heard),
	    with_seen(stacks_change_no_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
