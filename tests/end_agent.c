/* The agent in real Node programs: not noticed, and nothing missed. */
#include "agent.h"

/* ---- the programs: each says what it sent and received itself ---- */

static int
count_users(struct seen *seen, const char *kind)
{
	return count(seen, kind, "preview", "{") +
	       count(seen, kind, "preview", "\"") +
	       count(seen, kind, "preview", "transfer ");
}

static void
counts_are_told(struct seen *seen, const char *path)
{
	FILE *file = fopen(path, "r");
	int sent, received, all_sent = 0, all_received = 0;

	assert_non_null(file);
	while (fscanf(file, "%d %d", &sent, &received) == 2) {
		all_sent += sent;
		all_received += received;
	}
	fclose(file);
	assert_true(all_sent > 0);
	assert_int_equal(count_users(seen, "message-send"), all_sent);
	assert_int_equal(count_users(seen, "message-recv"), all_received);
	assert_null(program_line(seen->lines, "lost", 0));
}

static void
run_once(struct seen *seen, const char *script, bool paired)
{
	const char *path = program_file("counts", "");

	if (setenv("COUNTS", path, 1))
		fail();
	watch(seen, "", script);
	counts_are_told(seen, path);
	same_alone(seen, script);
	unsetenv("COUNTS");
	if (paired)
		both_ends_are_paired(seen, "message-send", "message-recv");
}

/* `make soak-agent`: twenty times. */
static void
runs(struct seen *seen, const char *script, bool paired)
{
	int times = getenv("SOAK") ? 20 : 1;

	for (int i = 0; i < times; i++)
		run_once(seen, script, paired);
}

static void
fork_with_json(void **state)
{
	struct seen *seen = *state;

	runs(seen, "fork.js json", true);
	assert_int_equal(count(seen, "message-send", "preview", "{\"ping\""),
	                 50);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"pong\""),
	                 50);
	/* On a busy machine it may be seen before its parent can tell. */
	assert_int_equal(count(seen, "process-born", "how", "fork") +
	                     count(seen, "process-born", "how", "seen"),
	                 1);
	assert_int_equal(count(seen, "channel-born", "type", "ipc"), 1);
	assert_int_equal(count(seen, "agent", "node", "v"), 2);
}

static void
fork_with_advanced_serialization(void **state)
{
	struct seen *seen = *state;

	runs(seen, "fork.js advanced", true);
	assert_int_equal(count(seen, "message-send", "preview", ""), 100);
}

static void
a_cluster_with_connections(void **state)
{
	struct seen *seen = *state;

	runs(seen, "cluster.js", true);
	both_ends_are_paired(seen, "handle-send", "handle-recv");
	assert_int_equal(count(seen, "message-send", "preview", "{\"ask\""),
	                 40);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"answer\""),
	                 40);
	assert_int_equal(count(seen, "message-send", "preview", "online"), 2);
	assert_int_equal(count(seen, "handle-send", "type", "tcp"), 10);
	assert_int_equal(count(seen, "process-born", "how", "cluster") +
	                     count(seen, "process-born", "how", "seen"),
	                 2);
	assert_int_equal(count(seen, "process-title", "title", "worker "), 2);
}

static void
worker_threads_that_transfer_and_share(void **state)
{
	struct seen *seen = *state;

	runs(seen, "workers.js", true);
	assert_int_equal(count(seen, "message-send", "preview", "transfer 1: "),
	                 30);
	assert_int_equal(count(seen, "message-send", "preview", "{\"n\""), 30);
	assert_int_equal(count(seen, "thread-died", "role", "worker"), 2);
}

static bool
is_broadcast(struct seen *seen, json_t *line)
{
	json_t *born;

	for (size_t n = 0;
	     (born = program_line(seen->lines, "channel-born", n)); n++)
		if (integer(born, "channel") == integer(line, "channel"))
			return strcmp(string(born, "type"), "broadcast") == 0;
	return false;
}

/* How many heard what was sent; each heard just that. */
static int
count_hearers(struct seen *seen, json_t *sent)
{
	char key[96], other[96];
	int hearers = 0;
	json_t *line;

	message_key(sent, key);
	for (size_t n = 0;
	     (line = program_line(seen->lines, "message-recv", n)); n++) {
		if (strcmp(message_key(line, other), key) != 0)
			continue;
		hearers++;
		assert_string_equal(string(line, "preview"),
		                    string(sent, "preview"));
	}
	return hearers;
}

/* What is said tells by how many it is to be heard. */
static void
a_broadcast_is_heard_by_each(void **state)
{
	struct seen *seen = *state;
	int sent = 0, heard = 0;
	json_t *line;

	runs(seen, "broadcast.js", false);
	for (size_t n = 0;
	     (line = program_line(seen->lines, "message-send", n)); n++) {
		const char *hearers =
		    strstr(string(line, "preview"), "\"hearers\":");

		if (!is_broadcast(seen, line)) {
			assert_int_equal(count_hearers(seen, line), 1);
			continue;
		}
		assert_non_null(hearers);
		assert_int_equal(count_hearers(seen, line), atoi(hearers + 10));
		sent++;
		heard += atoi(hearers + 10);
	}
	assert_int_equal(sent, 52);
	assert_int_equal(heard, 215);
	assert_int_equal(count(seen, "channel-born", "type", "broadcast"), 5);
	assert_int_equal(count(seen, "channel-died", "type", "broadcast"), 5);
}

static void
a_pool_of_workers(void **state)
{
	struct seen *seen = *state;

	runs(seen, "pool.js", true);
	assert_int_equal(count(seen, "message-send", "preview", "{\"task\""),
	                 300);
	assert_int_equal(count(seen, "thread-died", "role", "worker"), 4);
}

/* Also when both ends were transferred, or a message is taken without an
 * event. */
static void
channels_between_threads(void **state)
{
	struct seen *seen = *state;

	runs(seen, "channel.js", true);
	assert_int_equal(count(seen, "message-send", "preview", "{\"n\""), 40);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"ask\""),
	                 20);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"answer\""),
	                 20);
}

/* And what is sent to it before anybody hears that it is there. */
static void
ports_a_thread_is_born_with(void **state)
{
	struct seen *seen = *state;

	runs(seen, "given.js", true);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"n\""), 40);
}

static void
a_shell_between_parent_and_child(void **state)
{
	struct seen *seen = *state;

	runs(seen, "shell.js", true);
	assert_int_equal(count(seen, "message-recv", "preview", "{\"ping\""),
	                 20);
}

static void
a_module(void **state)
{
	struct seen *seen = *state;

	runs(seen, "esm.mjs", true);
	assert_int_equal(count(seen, "message-send", "preview", "{\"hello\""),
	                 4);
}

/* ---- not noticed ---- */

static void
a_program_sees_nothing_of_it(void **state)
{
	is_the_same(*state, "visible.js");
}

/* It loads none of it before there is a port, nor to know how busy it is. */
static void
what_it_does_not_use_is_not_loaded(void **state)
{
	is_the_same(*state, "loaded.js");
}

static void
ports_where_nothing_may_be_changed(void **state)
{
	struct seen *seen = *state;

	is_the_same(seen, "frozen.js");
	both_ends_are_paired(seen, "message-send", "message-recv");
	assert_int_equal(count(seen, "message-recv", "preview", "\"hi\""), 1);
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
	watch(seen, "", "broadcast.js 1500");
	summary = program_line(seen->lines, "summary", 0);
	assert_int_equal(integer(summary, "messages"), 5 * 1500 + 21);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_seen(fork_with_json),
	    with_seen(fork_with_advanced_serialization),
	    with_seen(a_cluster_with_connections),
	    with_seen(worker_threads_that_transfer_and_share),
	    with_seen(a_broadcast_is_heard_by_each),
	    with_seen(a_pool_of_workers),
	    with_seen(channels_between_threads),
	    with_seen(ports_a_thread_is_born_with),
	    with_seen(a_shell_between_parent_and_child),
	    with_seen(a_module),
	    with_seen(a_program_sees_nothing_of_it),
	    with_seen(what_it_does_not_use_is_not_loaded),
	    with_seen(ports_where_nothing_may_be_changed),
	    with_seen(without_the_agent_the_outside_view_goes_on),
	    with_seen(messages_may_hold_secrets),
	    with_seen(what_is_too_much_to_tell_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
