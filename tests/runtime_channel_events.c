/* What the stream hears of a channel, and how a child finds its own. */
#include "runtime_pair.h"

enum { FLOOD = 20000 };

/* ---- what the stream hears ---- */

static void
the_parent_tells_of_the_channel(void **state)
{
	struct pair *pair = *state;
	const struct event *born;

	channel_name(&pair->a.channel, 11, 22, true);
	channel_name(&pair->b.channel, 11, 22, false);
	assert_string_equal(told_kinds(&pair->world), "channel-born");
	born = &told_nth(&pair->world, EVENT_CHANNEL_BORN, 0)->event;
	assert_int_equal(born->channel, channel_id(CHANNEL_IPC, 11, 22));
	assert_int_equal(born->number, CHANNEL_IPC);
	assert_int_equal(born->other_pid, 22);
	assert_int_equal(pair->a.channel.id, pair->b.channel.id);
}

/* A send and its receive have the same channel, direction, number, size. */
static void
assert_flows(struct world *world, enum event_kind sends,
             enum event_kind receives, int count)
{
	assert_int_equal(told_count(world, sends), count);
	assert_int_equal(told_count(world, receives), count);
	for (int i = 0; i < count; i++) {
		const struct told *send = told_nth(world, sends, i);
		int j = 0;

		while (told_nth(world, receives, j)->event.channel !=
		           send->event.channel ||
		       told_nth(world, receives, j)->event.number !=
		           send->event.number)
			j++;
		assert_int_equal(told_nth(world, receives, j)->event.size,
		                 send->event.size);
		assert_string_equal(told_nth(world, receives, j)->text,
		                    send->text);
	}
}

static void
both_ends_number_each_direction_alike(void **state)
{
	struct pair *pair = *state;
	const struct event *event;

	for (int i = 0; i < 3; i++)
		send_number(&pair->a, i);
	send_number(&pair->b, 9);
	world_run(&pair->world, &pair->b.messages, 3);
	world_run(&pair->world, &pair->a.messages, 1);
	assert_flows(&pair->world, EVENT_MESSAGE_SEND, EVENT_MESSAGE_RECV, 4);
	event = &told_nth(&pair->world, EVENT_MESSAGE_SEND, 2)->event;
	assert_int_equal(event->number, 3);
	assert_int_equal(event->channel & 1, CHANNEL_FORTH);
	assert_int_equal(event->other_pid, CHILD_PID);
	assert_int_equal(event->size, strlen("{\"n\":2}\n"));
	assert_int_equal(event->value, 0);
	event = &told_nth(&pair->world, EVENT_MESSAGE_SEND, 3)->event;
	assert_int_equal(event->number, 1);
	assert_int_equal(event->channel & 1, CHANNEL_BACK);
	assert_int_equal(event->other_pid, PARENT_PID);
}

/* The stream hears of a message before the peer can have it. */
static void
a_send_is_told_before_it_is_received(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < 3; i++) {
		send_number(&pair->a, i);
		world_run(&pair->world, &pair->b.messages, i + 1);
	}
	assert_string_equal(told_kinds(&pair->world),
	                    "message-send message-recv "
	                    "message-send message-recv "
	                    "message-send message-recv");
}

static const struct event *
last_gauge(struct world *world, uint64_t direction)
{
	const struct event *last = NULL;
	int count = told_count(world, EVENT_CHANNEL_GAUGE);

	for (int i = 0; i < count; i++) {
		const struct event *event =
		    &told_nth(world, EVENT_CHANNEL_GAUGE, i)->event;

		if ((event->channel & 1) == direction)
			last = event;
	}
	return last;
}

/* More than two million a second are told as totals, which are exact. */
static void
a_flood_is_told_as_totals(void **state)
{
	struct pair *pair = *state;
	int told;

	channel_cork(&pair->a.channel);
	for (int i = 0; i < FLOOD; i++)
		send_number(&pair->a, 1);
	world_run(&pair->world, &pair->b.messages, FLOOD);
	told = told_count(&pair->world, EVENT_MESSAGE_SEND);
	assert_in_range(told, 2000, FLOOD);
	if (told < FLOOD)
		assert_int_equal(
		    last_gauge(&pair->world, CHANNEL_FORTH)->number, FLOOD);
	told = told_count(&pair->world, EVENT_MESSAGE_RECV);
	assert_in_range(told, 2000, FLOOD);
	if (told < FLOOD)
		assert_int_equal(last_gauge(&pair->world, CHANNEL_BACK)->value,
		                 FLOOD);
}

/* As if it had been one: what comes after a pause is told again. */
static void
after_a_flood_each_message_is_told_again(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < 2; i++) {
		pair->a.channel.paces[i].told = 2000;
		pair->a.channel.paces[i].untold = 1;
	}
	send_number(&pair->a, 1);
	world_run(&pair->world, &pair->b.messages, 1);
	assert_int_equal(told_count(&pair->world, EVENT_MESSAGE_SEND), 1);
}

static const char *
preview(struct pair *pair, const char *line)
{
	told_clear(&pair->world);
	raw_say(pair, line);
	return told_nth(&pair->world, EVENT_MESSAGE_RECV, 0)->text;
}

static void
a_preview_is_what_a_person_would_write(void **state)
{
	struct pair *pair = *state;
	char line[200] = "\"";

	assert_string_equal(preview(pair, "{\"load\":\"fib(42)\"}\n"),
	                    "{load:fib(42)}");
	memset(line + 1, 'x', 100);
	strcpy(line + 101, "\"\n");
	assert_int_equal(strlen(preview(pair, line)), 60);
}

static void
of_messages_of_a_cluster_the_act_is_shown(void **state)
{
	struct pair *pair = *state;
	static const char *const lines[][2] = {
	    {"{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\",\"seq\":0}\n",
	     "online"},
	    {"{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"accepted\":true}\n",
	     "accepted"},
	    {"{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":\"0\"}\n", "ack"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_string_equal(preview(pair, lines[i][0]), lines[i][1]);
}

static void
a_quiet_channel_tells_nothing(void **state)
{
	struct pair *pair = *state;

	pair->a.channel.quiet = pair->b.channel.quiet = true;
	channel_name(&pair->a.channel, 1, 2, true);
	send_number(&pair->a, 0);
	channel_disconnect(&pair->a.channel);
	world_run(&pair->world, &pair->b.closes, 1);
	assert_int_equal(pair->b.messages, 1);
	assert_string_equal(told_kinds(&pair->world), "");
}

/* ---- inherited ---- */

static void
set_channel_fd(int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	setenv("NODE_CHANNEL_FD", text, 1);
	setenv("NODE_CHANNEL_SERIALIZATION_MODE", "json", 1);
}

static void
an_inherited_channel_is_opened_and_its_name_forgotten(void **state)
{
	struct pair *pair = *state;
	struct end *end = &pair->b;

	/* As the kernel hands it to a child: blocking, kept over exec. */
	fcntl(pair->raw, F_SETFD, 0);
	set_channel_fd(pair->raw);
	assert_int_equal(channel_open_inherited(&end->channel,
	                                        &pair->world.loop, &end_events),
	                 0);
	end->channel.data = end;
	end->world = &pair->world;
	end->name = "b";
	end->got = json_array();
	assert_null(getenv("NODE_CHANNEL_FD"));
	assert_null(getenv("NODE_CHANNEL_SERIALIZATION_MODE"));
	assert_int_equal(fcntl(pair->raw, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(pair->raw, F_GETFL) & O_NONBLOCK);
	assert_int_equal(end->channel.peer_pid, getppid());
	pair->raw = -1;
	send_number(&pair->a, 0);
	send_number(end, 0);
	world_run(&pair->world, &end->messages, 1);
	world_run(&pair->world, &pair->a.messages, 1);
}

static void
without_the_variable_there_is_no_channel(void **state)
{
	struct world *world = *state;
	struct channel channel;

	unsetenv("NODE_CHANNEL_FD");
	assert_int_equal(
	    channel_open_inherited(&channel, &world->loop, &end_events),
	    -ENOENT);
}

static void
a_variable_that_names_no_descriptor_is_an_error(void **state)
{
	struct world *world = *state;
	static const char *const bad[] = {"", "x", "3x", "-1", "99999999999"};
	struct channel channel;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		setenv("NODE_CHANNEL_FD", bad[i], 1);
		assert_int_equal(
		    channel_open_inherited(&channel, &world->loop, &end_events),
		    -EBADF);
		assert_null(getenv("NODE_CHANNEL_FD"));
	}
}

/* A stale variable: the number means something else by now. */
static int
open_stale(struct world *world, int fd)
{
	struct end end = {.world = world, .name = "stale"};
	int error;

	set_channel_fd(fd);
	error = channel_open_inherited(&end.channel, &world->loop, &end_events);
	end.channel.data = &end;
	world_run(world, &end.closes, 1);
	assert_string_equal(world->said, "stale close");
	world->said[0] = '\0';
	return error;
}

static void
a_stale_variable_is_an_error_and_no_crash(void **state)
{
	struct world *world = *state;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(open_stale(world, 1000), -EBADF);
	assert_int_equal(open_stale(world, file), -ENOTSOCK);
	assert_int_equal(open_stale(world, null), -ENOTSOCK);
	/* They are still the caller's. */
	assert_int_equal(close(file), 0);
	assert_int_equal(close(null), 0);
}

#define PAIR_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open, pair_close)
#define RAW_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open_raw, pair_close)
#define WORLD_TEST(test) \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PAIR_TEST(the_parent_tells_of_the_channel),
	    PAIR_TEST(both_ends_number_each_direction_alike),
	    PAIR_TEST(a_send_is_told_before_it_is_received),
	    PAIR_TEST(a_flood_is_told_as_totals),
	    PAIR_TEST(after_a_flood_each_message_is_told_again),
	    RAW_TEST(a_preview_is_what_a_person_would_write),
	    RAW_TEST(of_messages_of_a_cluster_the_act_is_shown),
	    PAIR_TEST(a_quiet_channel_tells_nothing),
	    RAW_TEST(an_inherited_channel_is_opened_and_its_name_forgotten),
	    WORLD_TEST(without_the_variable_there_is_no_channel),
	    WORLD_TEST(a_variable_that_names_no_descriptor_is_an_error),
	    WORLD_TEST(a_stale_variable_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
