/* The agent in real Node programs: not noticed, and nothing missed. */
#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct seen {
	json_t *lines;
	char *out; /* what the program itself printed, and how it ended */
};

/* The shell's word is what a user gets: output, errors, exit status. */
static char *
output_of(const char *command)
{
	char line[2048], *text = NULL;
	size_t size = 0;
	FILE *pipe;

	snprintf(line, sizeof(line),
	         "{ timeout 60 %s; echo \"exit $?\"; } 2>&1", command);
	pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_true(getdelim(&text, &size, '\0', pipe) > 0);
	pclose(pipe);
	return text;
}

static bool
has_agents_node(void)
{
	return system("node -e 'process.exit(parseInt(process.versions.node) "
	              ">= 20 ? 0 : 1)' 2>/dev/null") == 0;
}

static json_t *
read_lines(const char *path)
{
	struct program file = {0};
	size_t size = 0;
	FILE *stream = fopen(path, "r");
	json_t *lines;

	assert_non_null(stream);
	assert_true(getdelim(&file.out, &size, '\0', stream) > 0);
	fclose(stream);
	lines = program_lines(&file);
	free(file.out);
	return lines;
}

static void
watch(struct seen *seen, const char *options, const char *script)
{
	char command[1024];
	const char *path = program_file("agent.json", "");

	if (!has_agents_node())
		skip_because("there is no node of version 20 or newer");
	snprintf(command, sizeof(command),
	         "%s run --json --output %s %s -- node tests/agent/%s",
	         program_path(), path, options, script);
	free(seen->out);
	json_decref(seen->lines);
	seen->out = output_of(command);
	seen->lines = read_lines(path);
}

/* The program says the same and ends the same with looptop and without. */
static void
is_the_same(struct seen *seen, const char *script)
{
	char command[512], *alone;

	watch(seen, "", script);
	snprintf(command, sizeof(command), "node tests/agent/%s", script);
	alone = output_of(command);
	assert_string_equal(seen->out, alone);
	free(alone);
}

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct seen));
	return *state ? 0 : -1;
}

static int
teardown(void **state)
{
	struct seen *seen = *state;

	json_decref(seen->lines);
	free(seen->out);
	free(seen);
	return 0;
}

static const char *
string(json_t *line, const char *name)
{
	const char *value = json_string_value(json_object_get(line, name));

	return value ? value : "";
}

static json_int_t
integer(json_t *line, const char *name)
{
	return json_integer_value(json_object_get(line, name));
}

/* Lines of a kind whose field begins with `start`. */
static int
count(struct seen *seen, const char *kind, const char *field, const char *start)
{
	json_t *line;
	int found = 0;

	for (size_t n = 0; (line = program_line(seen->lines, kind, n)); n++)
		found +=
		    strncmp(string(line, field), start, strlen(start)) == 0;
	return found;
}

static bool
is_other_end(json_t *sent, json_t *received)
{
	return integer(sent, "channel") == integer(received, "channel") &&
	       integer(sent, "number") == integer(received, "number") &&
	       strcmp(string(sent, "direction"),
	              string(received, "direction")) == 0;
}

/* Each message that was sent was received, once; and nothing was lost. */
static void
both_ends_are_paired(struct seen *seen, const char *send, const char *recv)
{
	json_t *sent, *received;
	size_t n, m, sends = 0;

	assert_null(program_line(seen->lines, "lost", 0));
	for (n = 0; (sent = program_line(seen->lines, send, n)); n++) {
		int ends = 0;

		for (m = 0; (received = program_line(seen->lines, recv, m));
		     m++)
			ends += is_other_end(sent, received);
		if (ends != 1)
			fail_msg("%d other ends: %s", ends,
			         json_dumps(sent, JSON_COMPACT));
		sends++;
	}
	for (m = 0; program_line(seen->lines, recv, m); m++)
		;
	assert_int_equal(sends, m);
}

/* ---- the programs ---- */

static void
fork_with_json(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "fork.js json");
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_int_equal(count(seen, "message-send", "preview", "{\"ping\""),
	                 50);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"pong\""),
	                 50);
	assert_int_equal(count(seen, "process-born", "how", "fork"), 1);
	assert_int_equal(count(seen, "channel-born", "type", "ipc"), 1);
	assert_int_equal(count(seen, "agent", "node", "v"), 2);
}

static void
fork_with_advanced_serialization(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "fork.js advanced");
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_int_equal(count(seen, "message-send", "preview", ""), 100);
}

static void
a_cluster_with_connections(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "cluster.js");
	both_ends_are_paired(seen, "message-send", "message-recv");
	both_ends_are_paired(seen, "handle-send", "handle-recv");
	assert_int_equal(count(seen, "message-send", "preview", "{\"ask\""),
	                 40);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"answer\""),
	                 40);
	assert_int_equal(count(seen, "message-send", "preview", "online"), 2);
	assert_int_equal(count(seen, "handle-send", "type", "tcp"), 10);
	/* On a busy machine it may be seen before its parent can tell. */
	assert_int_equal(count(seen, "process-born", "how", "cluster") +
	                     count(seen, "process-born", "how", "seen"),
	                 2);
	assert_int_equal(count(seen, "process-title", "title", "worker "), 2);
}

static void
worker_threads_that_transfer_and_share(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "workers.js");
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_int_equal(count(seen, "message-send", "preview", "transfer 1: "),
	                 30);
	assert_int_equal(count(seen, "message-send", "preview", "{\"n\""), 30);
	assert_int_equal(count(seen, "thread-born", "role", "worker"), 2);
}

static void
a_broadcast_is_heard_by_each(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "broadcast.js");
	assert_int_equal(count(seen, "message-send", "preview", "{\"n\""), 10);
	/* Three are ready, three say what they heard, and that is thirty. */
	assert_int_equal(count(seen, "message-recv", "preview", ""), 36);
}

static void
a_module(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "esm.mjs");
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_int_equal(count(seen, "message-send", "preview", "{\"hello\""),
	                 4);
}

/* ---- not noticed ---- */

static void
a_program_sees_nothing_of_it(void **state)
{
	is_the_same(*state, "visible.js");
}

static void
without_the_agent_the_outside_view_goes_on(void **state)
{
	struct seen *seen = *state;

	watch(seen, "--no-agent", "fork.js json");
	assert_non_null(strstr(seen->out, "sent 50 received 50\nexit 7\n"));
	assert_null(program_line(seen->lines, "message-send", 0));
	assert_null(program_line(seen->lines, "agent", 0));
	assert_int_equal(count(seen, "process-born", "how", "seen"), 1);
}

static void
messages_may_hold_secrets(void **state)
{
	struct seen *seen = *state;

	watch(seen, "--preview 0", "fork.js json");
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_int_equal(count(seen, "message-send", "preview", "{"), 0);
}

static void
what_is_too_much_to_tell_is_counted(void **state)
{
	struct seen *seen = *state;
	json_t *summary;

	watch(seen, "", "fork.js json 6000");
	summary = program_line(seen->lines, "summary", 0);
	assert_int_equal(integer(summary, "messages"), 12000);
}

/* ---- who blocks ---- */

/* A busy machine may break a block into two: one of them is named. */
static void
names_what_blocks(struct seen *seen)
{
	assert_true(
	    count(seen, "loop-cause", "cause", "hashPassword (block.js:") >= 1);
	assert_true(
	    count(seen, "loop-freed", "cause", "hashPassword (block.js:") >= 1);
}

static void
a_block_of_the_main_thread_is_named(void **state)
{
	watch(*state, "", "block.js main 1500");
	names_what_blocks(*state);
}

static void
a_block_of_a_worker_thread_is_named(void **state)
{
	watch(*state, "", "block.js worker 1500");
	names_what_blocks(*state);
}

/* ---- what a program may come with ---- */

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

#define with_seen(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_seen(fork_with_json),
	    with_seen(fork_with_advanced_serialization),
	    with_seen(a_cluster_with_connections),
	    with_seen(worker_threads_that_transfer_and_share),
	    with_seen(a_broadcast_is_heard_by_each),
	    with_seen(a_module),
	    with_seen(a_program_sees_nothing_of_it),
	    with_seen(without_the_agent_the_outside_view_goes_on),
	    with_seen(messages_may_hold_secrets),
	    with_seen(what_is_too_much_to_tell_is_counted),
	    with_seen(a_block_of_the_main_thread_is_named),
	    with_seen(a_block_of_a_worker_thread_is_named),
	    with_seen(node_options_that_were_set_still_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
