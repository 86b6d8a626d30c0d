/* Ways to use a channel: corked, drained, listened to later; Node's own
 * messages; the advanced serialization; what is no text. */
#include "runtime_pair.h"

#include "runtime/json_text.h"

/* ---- corked ---- */

static void
corked_messages_go_out_together_before_the_loop_polls(void **state)
{
	struct pair *pair = *state;
	char bytes[256] = "";
	int fd;

	channel_cork(&pair->a.channel);
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_number(&pair->a, i), 0);
	assert_int_equal(raw_read(pair, bytes, sizeof(bytes), &fd), -1);
	/* They are told of when they are sent. */
	assert_int_equal(told_count(&pair->world, EVENT_MESSAGE_SEND), 3);
	world_turn(&pair->world);
	raw_read(pair, bytes, sizeof(bytes), &fd);
	assert_string_equal(bytes, "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
	/* It is uncorked by then. */
	send_number(&pair->a, 7);
	assert_int_equal(raw_read(pair, bytes, sizeof(bytes), &fd), 8);
}

static void
a_flush_writes_what_is_corked(void **state)
{
	struct pair *pair = *state;
	char bytes[64];
	int fd;

	channel_cork(&pair->a.channel);
	send_number(&pair->a, 1);
	channel_flush(&pair->a.channel);
	assert_int_equal(raw_read(pair, bytes, sizeof(bytes), &fd), 8);
	channel_flush(&pair->a.channel);
}

static void
a_disconnect_writes_what_is_corked(void **state)
{
	struct pair *pair = *state;

	channel_cork(&pair->a.channel);
	for (int i = 0; i < 5; i++)
		send_number(&pair->a, i);
	channel_disconnect(&pair->a.channel);
	world_run(&pair->world, &pair->b.closes, 1);
	assert_numbers(pair->b.got, 0, 5);
}

/* It would lie in the process for ever: nothing else keeps the loop. */
static void
what_is_corked_keeps_the_loop_alive(void **state)
{
	struct pair *pair = *state;

	channel_ref(&pair->a.channel, false);
	channel_ref(&pair->b.channel, false);
	channel_cork(&pair->a.channel);
	send_number(&pair->a, 0);
	world_drain(&pair->world);
	channel_ref(&pair->a.channel, true);
	world_run(&pair->world, &pair->b.messages, 1);
}

static void
corked_and_handles_keep_their_order(void **state)
{
	struct pair *pair = *state;
	json_t *message = json_pack("{s:i}", "n", 1);
	uv_tcp_t tcp;

	uv_tcp_init(&pair->world.loop.uv, &tcp);
	uv_tcp_open(&tcp, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	channel_cork(&pair->a.channel);
	send_number(&pair->a, 0);
	channel_send_handle(&pair->a.channel, message, (uv_stream_t *)&tcp);
	send_number(&pair->a, 2);
	json_decref(message);
	world_run(&pair->world, &pair->b.messages, 3);
	assert_numbers(pair->b.got, 0, 3);
	world_run(&pair->world, &pair->a.handles_sent, 1);
}

enum { MANY = 20000 };

/* More than the cork holds goes out on the way. */
static void
many_corked_messages_arrive_in_order(void **state)
{
	struct pair *pair = *state;
	int sent = 0;

	while (sent < MANY) {
		int drains = pair->a.drains;

		channel_cork(&pair->a.channel);
		while (sent < MANY && send_number(&pair->a, sent++) == 0)
			;
		if (sent < MANY)
			world_run(&pair->world, &pair->a.drains, drains + 1);
	}
	world_run(&pair->world, &pair->b.messages, MANY);
	assert_numbers(pair->b.got, 0, MANY);
}

/* ---- totals ---- */

static void
totals_are_told_of_much_talk(void **state)
{
	struct pair *pair = *state;
	int gauges, found = 0;

	for (int i = 0; i < 1500; i++)
		send_number(&pair->a, 1);
	world_run(&pair->world, &pair->b.messages, 1500);
	channel_disconnect(&pair->a.channel);
	channel_flush(&pair->a.channel);
	world_run(&pair->world, &pair->a.closes, 1);
	gauges = told_count(&pair->world, EVENT_CHANNEL_GAUGE);
	for (int i = 0; i < gauges; i++) {
		const struct event *gauge =
		    &told_nth(&pair->world, EVENT_CHANNEL_GAUGE, i)->event;

		found += gauge->number == 1500 && gauge->size == 1500 * 8;
	}
	assert_int_equal(found, 1);
}

/* ---- listening ---- */

static const struct channel_events deaf = {
    .disconnect = end_on_disconnect,
    .close = end_on_close,
};

static void
messages_wait_for_a_listener(void **state)
{
	struct world *world = *state;
	struct end a = {0}, b = {.world = world, .name = "b"};
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	end_open(&a, world, "a", fds[0]);
	assert_int_equal(channel_open(&b.channel, &world->loop, fds[1], &deaf),
	                 0);
	b.channel.data = &b;
	b.got = json_array();
	send_number(&a, 0);
	send_number(&a, 1);
	channel_ref(&a.channel, false);
	/* It does not keep the loop alive either. */
	world_drain(world);
	assert_int_equal(b.messages, 0);
	channel_listen(&b.channel, &end_events);
	world_run(world, &b.messages, 2);
	assert_numbers(b.got, 0, 2);
	end_close(&a);
	end_close(&b);
}

/* ---- Node's own messages ---- */

static void
unknown_internal_messages_are_no_users(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, "{\"cmd\":\"NODE_FOO\"}\n{\"cmd\":\"NODE_\"}\n"
	              "{\"cmd\":\"node_x\"}\n{\"cmd\":[\"NODE_X\"]}\n"
	              "[\"NODE_X\"]\n\"NODE_X\"\n"
	              "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"x\"}\n");
	assert_int_equal(pair->a.messages, 6);
	assert_int_equal(told_count(&pair->world, EVENT_MESSAGE_RECV), 7);
}

static int internals;

static void
count_internal(struct channel *channel, json_t *message, bool has_handle)
{
	(void)channel;
	(void)message;
	(void)has_handle;
	internals++;
}

static void
who_wants_them_gets_them_apart(void **state)
{
	struct pair *pair = *state;
	static struct channel_events with;

	with = end_events;
	with.internal = count_internal;
	internals = 0;
	channel_listen(&pair->a.channel, &with);
	raw_say(pair, "{\"cmd\":\"NODE_FOO\"}\n{\"n\":0}\n"
	              "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"x\"}\n"
	              "{\"cmd\":\"NODE_HANDLE_ACK\"}\n");
	assert_int_equal(internals, 2);
	assert_numbers(pair->a.got, 0, 1);
}

/* ---- what is no text ---- */

static void
bytes_that_are_no_text_are_replaced(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, "\"a\xc3(\"\n\"\xe2\x82");
	raw_say(pair, "\xac\xf0\x9f\"\n\"\\ud800\"\n");
	assert_int_equal(pair->a.messages, 3);
	assert_string_equal(json_string_value(json_array_get(pair->a.got, 0)),
	                    "a\xef\xbf\xbd(");
	assert_string_equal(json_string_value(json_array_get(pair->a.got, 1)),
	                    "\xe2\x82\xac\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_array_get(pair->a.got, 2)),
	                    "\xef\xbf\xbd");
}

static void
nothing_is_no_message(void **state)
{
	struct pair *pair = *state;
	json_t *deep = json_array();

	assert_int_equal(channel_send(&pair->a.channel, NULL), -EINVAL);
	for (int i = 0; i < JSON_TEXT_DEPTH; i++)
		deep = json_pack("[o]", deep);
	assert_int_equal(channel_send(&pair->a.channel, deep), -ELOOP);
	json_decref(deep);
	send_number(&pair->a, 0);
	world_run(&pair->world, &pair->b.messages, 1);
	assert_numbers(pair->b.got, 0, 1);
}

/* ---- advanced ---- */

static void
make_advanced(struct pair *pair)
{
	pair->a.channel.in.mode = WIRE_ADVANCED;
	pair->b.channel.in.mode = WIRE_ADVANCED;
}

static void
advanced_messages_arrive_as_they_were_sent(void **state)
{
	static const char text[] = "{\"a\":[1,2.5,-1e300,null,true,"
				   "\"caf\xc3\xa9\\u0000\"],\"\":{}}";
	struct pair *pair = *state;
	json_t *message = json_text_read(text, strlen(text));

	make_advanced(pair);
	for (int i = 0; i < 100; i++)
		channel_send(&pair->a.channel, message);
	world_run(&pair->world, &pair->b.messages, 100);
	for (size_t i = 0; i < 100; i++)
		assert_true(
		    json_equal(message, json_array_get(pair->b.got, i)));
	json_decref(message);
	assert_string_equal(
	    told_nth(&pair->world, EVENT_MESSAGE_SEND, 0)->text,
	    told_nth(&pair->world, EVENT_MESSAGE_RECV, 0)->text);
}

/* A Map, behind it a number; the Map's envelope may have a handle. */
static const char map_frame[] = "\0\0\0\x09\xff\x0f;I\2I\4:\2";
static const char five_frame[] = "\0\0\0\4\xff\x0fI\12";

static void
what_json_cannot_say_costs_one_message(void **state)
{
	struct pair *pair = *state;

	pair->a.channel.in.mode = WIRE_ADVANCED;
	raw_write(pair, map_frame, sizeof(map_frame) - 1);
	raw_write(pair, five_frame, sizeof(five_frame) - 1);
	assert_int_equal(pair->a.messages, 1);
	assert_int_equal(json_integer_value(json_array_get(pair->a.got, 0)), 5);
	assert_string_equal(told_kinds(&pair->world),
	                    "message-recv note message-recv");
	assert_string_equal(
	    told_nth(&pair->world, EVENT_NOTE, 0)->text,
	    "IPC channel of pid 2000: a message holds what JSON "
	    "has no value for.");
}

static void
a_damaged_frame_closes_the_channel(void **state)
{
	struct pair *pair = *state;

	pair->a.channel.in.mode = WIRE_ADVANCED;
	raw_write(pair, "\0\0\0\3\xff\x0fI", 7);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_string_equal(told_nth(&pair->world, EVENT_NOTE, 0)->text,
	                    "IPC channel of pid 2000: a frame is damaged. The "
	                    "channel is closed.");
}

static void
a_frame_beyond_all_measure_closes_the_channel(void **state)
{
	struct pair *pair = *state;

	pair->a.channel.in.mode = WIRE_ADVANCED;
	raw_write(pair, "{\"n\"", 4);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_string_equal(told_nth(&pair->world, EVENT_NOTE, 0)->text,
	                    "IPC channel of pid 2000: a message is too long. "
	                    "The channel is closed.");
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
	    RAW_TEST(corked_messages_go_out_together_before_the_loop_polls),
	    RAW_TEST(a_flush_writes_what_is_corked),
	    PAIR_TEST(a_disconnect_writes_what_is_corked),
	    PAIR_TEST(what_is_corked_keeps_the_loop_alive),
	    PAIR_TEST(corked_and_handles_keep_their_order),
	    PAIR_TEST(many_corked_messages_arrive_in_order),
	    PAIR_TEST(totals_are_told_of_much_talk),
	    WORLD_TEST(messages_wait_for_a_listener),
	    RAW_TEST(unknown_internal_messages_are_no_users),
	    RAW_TEST(who_wants_them_gets_them_apart),
	    RAW_TEST(bytes_that_are_no_text_are_replaced),
	    PAIR_TEST(nothing_is_no_message),
	    PAIR_TEST(advanced_messages_arrive_as_they_were_sent),
	    RAW_TEST(what_json_cannot_say_costs_one_message),
	    RAW_TEST(a_damaged_frame_closes_the_channel),
	    RAW_TEST(a_frame_beyond_all_measure_closes_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
