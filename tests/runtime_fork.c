/* Children with a channel: this program again, in a role. */
#include "runtime_child.h"

/* ---- fork ---- */

static void
start_fork(struct fixture *fixture, const char *role, const char *argument)
{
	const char *const args[] = {argument, NULL};

	assert_int_equal(child_fork(&fixture->child, &fixture->world.loop,
	                            BIRTH_FORK, role, args, NULL, &events),
	                 0);
	fixture->child.data = fixture;
}

static void
say(struct fixture *fixture, int number)
{
	json_t *message = json_pack("{s:i}", "n", number);

	assert_true(channel_send(&fixture->child.channel, message) >= 0);
	json_decref(message);
}

static void
assert_numbers(const json_t *got, int count)
{
	assert_int_equal(json_array_size(got), count);
	for (int i = 0; i < count; i++)
		assert_int_equal(json_integer_value(json_object_get(
				     json_array_get(got, (size_t)i), "n")),
		                 i);
}

static void
a_forked_child_answers(void **state)
{
	struct fixture *fixture = *state;

	start_fork(fixture, "@echo", NULL);
	say(fixture, 0);
	say(fixture, 1);
	world_run(&fixture->world, &fixture->messages, 2);
	assert_numbers(fixture->got, 2);
	assert_string_equal(fixture->world.said, "spawn");
	channel_disconnect(&fixture->child.channel);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(fixture->child.code, 0);
	assert_string_equal(told_kinds(&fixture->world),
	                    "process-born channel-born message-send "
	                    "message-send message-recv message-recv "
	                    "channel-died process-exit");
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_PROCESS_BORN, 0)->event.number,
	    BIRTH_FORK);
}

static void
arguments_follow_the_role(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"one", "two words", NULL};

	child_fork(&fixture->child, &fixture->world.loop, BIRTH_FORK, "@args",
	           args, NULL, &events);
	fixture->child.data = fixture;
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "@args\none\ntwo words\n");
}

/* It sends and exits without waiting for anything. */
static void
what_a_child_sent_before_it_exited_arrives(void **state)
{
	struct fixture *fixture = *state;

	start_fork(fixture, "@talk", "100");
	run_until_closed(fixture);
	assert_numbers(fixture->got, 100);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(fixture->child.code, 3);
}

static void
a_child_that_dies_in_mid_message_is_a_disconnect(void **state)
{
	struct fixture *fixture = *state;

	start_fork(fixture, "@half", NULL);
	run_until_closed(fixture);
	assert_numbers(fixture->got, 1);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(fixture->child.signal, SIGKILL);
	assert_int_equal(told_count(&fixture->world, EVENT_NOTE), 0);
}

static void
a_child_that_talks_nonsense_loses_its_channel_only(void **state)
{
	struct fixture *fixture = *state;

	start_fork(fixture, "@nonsense", NULL);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(fixture->child.code, 9);
	assert_int_equal(told_count(&fixture->world, EVENT_NOTE), 1);
}

static void
both_ends_make_the_same_id_of_a_channel(void **state)
{
	struct fixture *fixture = *state;
	char id[32];

	start_fork(fixture, "@id", NULL);
	snprintf(id, sizeof(id), "%llx",
	         (unsigned long long)fixture->child.channel.id);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], id);
}

/* Node's own: what it says comes back over the same wire. */
static void
any_program_can_be_forked(void **state)
{
	struct fixture *fixture = *state;
	const char *const before[] = {
	    "-e",
	    "process.on('message', (m) => {"
	    " process.send(m); process.disconnect(); });",
	    NULL,
	};
	const struct child_fork_options node = {
	    .exec_path = "node",
	    .exec_args = before,
	    .module = "--",
	    .silent = true,
	};

	if (system("node --version >/dev/null 2>&1"))
		skip_because("there is no node");
	assert_int_equal(
	    child_fork_module(&fixture->child, &fixture->world.loop, &node,
	                      NULL, &events),
	    0);
	fixture->child.data = fixture;
	say(fixture, 0);
	run_until_closed(fixture);
	assert_numbers(fixture->got, 1);
	assert_int_equal(fixture->child.code, 0);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
}

static void
a_disconnect_is_told_later(void **state)
{
	struct fixture *fixture = *state;

	start_fork(fixture, "@echo", NULL);
	assert_int_equal(child_disconnect(&fixture->child), 0);
	assert_false(fixture->child.channel.connected);
	assert_string_equal(fixture->world.said, "");
	assert_int_equal(child_disconnect(&fixture->child), -EPIPE);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(child_disconnect(&fixture->child), -EPIPE);
}

/* ---- the roles ---- */

static void
echo(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	channel_send(channel, message);
}

static const struct channel_events echo_events = {.message = echo};

static int
be_echo(struct channel *channel, struct loop *loop)
{
	(void)channel;
	loop_run(loop);
	return 0;
}

static int
be_talker(struct channel *channel, int count)
{
	for (int i = 0; i < count; i++) {
		json_t *message = json_pack("{s:i}", "n", i);

		channel_send(channel, message);
		json_decref(message);
	}
	_exit(3);
}

static int
be_half(void)
{
	if (write(3, "{\"n\":0}\n{\"n\":", 13) == 13)
		raise(SIGKILL);
	return 1;
}

/* Says nonsense, waits until the channel is gone, goes. */
static int
be_nonsense(void)
{
	char byte;

	if (write(3, "nonsense\n", 9) != 9)
		return 1;
	while (read(3, &byte, 1) > 0)
		;
	return 9;
}

static int
be_arguments(char **argv)
{
	for (int i = 1; argv[i]; i++)
		printf("%s\n", argv[i]);
	return 0;
}

static int
be_role_with_channel(const char *role, const char *argument)
{
	struct channel channel;
	struct loop loop;
	int result = 1;

	if (loop_open(&loop, ROLE_MAIN, 0, role) ||
	    channel_open_inherited(&channel, &loop, &echo_events))
		return 1;
	if (strcmp(role, "@echo") == 0)
		result = be_echo(&channel, &loop);
	else if (strcmp(role, "@talk") == 0)
		result = be_talker(&channel, atoi(argument));
	else if (strcmp(role, "@id") == 0)
		result = printf("%llx", (unsigned long long)channel.id) < 0;
	channel_disconnect(&channel);
	loop_run(&loop);
	loop_close(&loop);
	return result;
}

static int
be_role(char **argv)
{
	const char *role = argv[1];

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(role, "@args") == 0)
		return be_arguments(argv);
	if (strcmp(role, "@half") == 0)
		return be_half();
	if (strcmp(role, "@nonsense") == 0)
		return be_nonsense();
	return be_role_with_channel(role, argv[2]);
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(a_forked_child_answers),
    CHILD_TEST(arguments_follow_the_role),
    CHILD_TEST(what_a_child_sent_before_it_exited_arrives),
    CHILD_TEST(a_child_that_dies_in_mid_message_is_a_disconnect),
    CHILD_TEST(a_child_that_talks_nonsense_loses_its_channel_only),
    CHILD_TEST(both_ends_make_the_same_id_of_a_channel),
    CHILD_TEST(any_program_can_be_forked),
    CHILD_TEST(a_disconnect_is_told_later),
};

/* Whoever has lost its role must not run the tests once more. */
int
main(int argc, char **argv)
{
	if (argc > 1 || getenv("NODE_CHANNEL_FD"))
		return argc > 1 ? be_role(argv) : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
