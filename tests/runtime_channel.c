/* Messages between two processes: framing, order, back-pressure, the end. */
#include "runtime_pair.h"

#include <sys/stat.h>

/* ---- what goes over ---- */

static const char *const values[] = {
    "{\"a\":[1,2,{\"b\":null}]}",
    "\"text\"",
    "-17",
    "2.5",
    "true",
    "null",
    "[]",
    "{}",
    "\"caf\xc3\xa9 \xe2\x96\xb6 \xf0\x9f\x98\x80\"",
    "\"two\\nlines, \\\"quotes\\\" and \\\\\"",
    "\"a\\u0000b\"",
};

enum { VALUES = sizeof(values) / sizeof(*values) };

static json_t *
value(int i)
{
	return json_loads(values[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static void
a_message_arrives_as_it_was_sent(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < VALUES; i++) {
		json_t *message = value(i);

		assert_int_equal(channel_send(&pair->a.channel, message), 0);
		assert_int_equal(channel_send(&pair->b.channel, message), 0);
		json_decref(message);
	}
	world_run(&pair->world, &pair->a.messages, VALUES);
	world_run(&pair->world, &pair->b.messages, VALUES);
	for (int i = 0; i < VALUES; i++) {
		json_t *message = value(i);

		assert_true(json_equal(message,
		                       json_array_get(pair->a.got, (size_t)i)));
		assert_true(json_equal(message,
		                       json_array_get(pair->b.got, (size_t)i)));
		json_decref(message);
	}
}

/* What Node reads on the other side. */
static void
a_message_is_one_line_of_json(void **state)
{
	struct pair *pair = *state;
	char line[64] = "";
	int fd;

	send_number(&pair->a, 7);
	assert_int_equal(raw_read(pair, line, sizeof(line), &fd), 8);
	assert_string_equal(line, "{\"n\":7}\n");
}

static const char cut_me[] = "{\"n\":1}\n\"caf\xc3\xa9 \xf0\x9f\x98\x80\"\n"
			     "{\"n\":3}\n";

static void
a_line_may_be_cut_at_every_byte(void **state)
{
	struct pair *pair = *state;
	size_t size = strlen(cut_me);

	for (size_t at = 1; at < size; at++) {
		json_array_clear(pair->a.got);
		raw_write(pair, cut_me, at);
		raw_write(pair, cut_me + at, size - at);
		assert_int_equal(json_array_size(pair->a.got), 3);
		assert_string_equal(
		    json_string_value(json_array_get(pair->a.got, 1)),
		    "caf\xc3\xa9 \xf0\x9f\x98\x80");
	}
	assert_int_equal(pair->a.disconnects, 0);
}

static void
a_line_may_come_in_single_bytes(void **state)
{
	struct pair *pair = *state;

	for (size_t at = 0; at < strlen(cut_me); at++)
		raw_write(pair, cut_me + at, 1);
	assert_int_equal(pair->a.messages, 3);
}

static void
a_line_may_end_as_on_windows(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, "{\"n\":0}\r\n{\"n\":1}\r\n");
	assert_numbers(pair->a.got, 0, 2);
}

static void
many_messages_may_come_in_one_read(void **state)
{
	struct pair *pair = *state;
	char bytes[20 * 1000];
	size_t used = 0;

	for (int i = 0; i < 1000; i++)
		used += (size_t)snprintf(bytes + used, sizeof(bytes) - used,
		                         "{\"n\":%d}\n", i);
	raw_write(pair, bytes, used);
	assert_numbers(pair->a.got, 0, 1000);
}

/* JavaScript writes integers up to 1e21 with all their digits. */
static void
a_number_may_be_too_big_for_an_integer(void **state)
{
	struct pair *pair = *state;
	json_t *number;

	raw_say(pair, "{\"n\":100000000000000000000}\n{\"n\":7}\n");
	assert_int_equal(pair->a.messages, 2);
	number = json_object_get(json_array_get(pair->a.got, 0), "n");
	assert_true(json_real_value(number) == 1e20);
	number = json_object_get(json_array_get(pair->a.got, 1), "n");
	assert_int_equal(json_integer_value(number), 7);
}

enum { BIG = 5 * 1000 * 1000 };

static json_t *
big_message(void)
{
	char *text = malloc(BIG + 1);
	json_t *message;

	for (size_t i = 0; i < BIG; i++)
		text[i] = (char)('a' + i % 23);
	text[BIG] = '\0';
	message = json_pack("{s:s#}", "big", text, BIG);
	free(text);
	return message;
}

static void
a_message_of_5_megabytes_goes_both_ways(void **state)
{
	struct pair *pair = *state;
	json_t *message = big_message();

	assert_int_equal(channel_send(&pair->a.channel, message), 1);
	assert_int_equal(channel_send(&pair->b.channel, message), 1);
	send_number(&pair->a, 5);
	world_run(&pair->world, &pair->b.messages, 2);
	world_run(&pair->world, &pair->a.messages, 1);
	assert_true(json_equal(message, json_array_get(pair->a.got, 0)));
	assert_true(json_equal(message, json_array_get(pair->b.got, 0)));
	assert_int_equal(json_integer_value(json_object_get(
			     json_array_get(pair->b.got, 1), "n")),
	                 5);
	json_decref(message);
}

/* ---- a peer that breaks the rules ---- */

static const char *const garbage[] = {
    "hello\n", "\n", "{\"a\":}\n", "{\"n\":1}x\n", "\"\x01\"\n", "[1,2\n",
};

/* Its channel is closed with a note; the lines behind are not looked at. */
static void
expect_broken(const char *line)
{
	struct pair *pair;
	void *state;
	char text[64];

	assert_int_equal(pair_open_raw(&state), 0);
	pair = state;
	snprintf(text, sizeof(text), "{\"n\":0}\n%s{\"n\":1}\n", line);
	raw_say(pair, text);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_string_equal(pair->world.said, "a disconnect a close");
	assert_string_equal(told_kinds(&pair->world),
	                    "message-recv note channel-died");
	assert_string_equal(told_nth(&pair->world, EVENT_NOTE, 0)->text,
	                    "IPC channel of pid 2000: a line is no JSON. "
	                    "The channel is closed.");
	assert_int_equal(told_nth(&pair->world, EVENT_NOTE, 0)->event.number,
	                 NOTE_ERROR);
	assert_numbers(pair->a.got, 0, 1);
	pair_close(&state);
}

static void
a_line_that_is_no_json_closes_the_channel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++)
		expect_broken(garbage[i]);
}

static void
only_the_channel_of_the_broken_peer_is_closed(void **state)
{
	struct pair *pair = *state;
	struct end c = {0}, d = {0};
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	end_open(&c, &pair->world, "a", fds[0]);
	end_open(&d, &pair->world, "b", fds[1]);
	raw_say(pair, "garbage\n");
	world_run(&pair->world, &pair->a.closes, 1);
	send_number(&c, 0);
	world_run(&pair->world, &d.messages, 1);
	assert_int_equal(c.disconnects, 0);
	end_close(&c);
	end_close(&d);
}

static void
a_peer_that_dies_in_mid_message_is_a_disconnect(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, "{\"n\":0}\n{\"n\":1");
	raw_close(pair);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_numbers(pair->a.got, 0, 1);
	assert_string_equal(pair->world.said, "a disconnect a close");
	assert_string_equal(told_kinds(&pair->world),
	                    "message-recv channel-died");
}

/* Node: a child sends and exits at once, and all of it arrives; also when we
 * were just writing to it. */
static void
what_a_peer_said_before_it_died_is_heard(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(write(pair->raw, "{\"n\":0}\n{\"n\":1}\n", 16), 16);
	raw_close(pair);
	assert_int_equal(send_number(&pair->a, 9), -EPIPE);
	assert_int_equal(send_number(&pair->a, 9), -EPIPE);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_numbers(pair->a.got, 0, 2);
	assert_string_equal(pair->world.said, "a disconnect a close");
}

static void
what_it_said_is_heard_though_a_queue_waited_for_it(void **state)
{
	struct pair *pair = *state;

	while (send_number(&pair->a, 9) == 0)
		;
	assert_int_equal(write(pair->raw, "{\"n\":0}\n{\"n\":1}\n", 16), 16);
	raw_close(pair);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_numbers(pair->a.got, 0, 2);
	assert_string_equal(pair->world.said, "a disconnect a close");
}

/* ---- a slow peer ---- */

/* Sends until the channel asks to wait; returns how many. */
static int
fill(struct end *end)
{
	int sent = 0;

	while (send_number(end, sent++) == 0)
		assert_true(sent < 1000000);
	return sent;
}

/* Reads lines at the bare end until there are `count` or it is the end. */
static int
read_numbers(struct pair *pair, int count, bool *ended)
{
	static char bytes[65536];
	size_t used = 0;
	int seen = 0, fd;

	*ended = false;
	while (seen < count && !*ended && !pair->world.late) {
		ssize_t got =
		    raw_read(pair, bytes + used, sizeof(bytes) - used - 1, &fd);
		char *line = bytes, *newline;

		world_turn(&pair->world);
		*ended = got == 0;
		used += got > 0 ? (size_t)got : 0;
		bytes[used] = '\0';
		for (; (newline = strchr(line, '\n')); line = newline + 1)
			assert_int_equal(atoi(line + 5), seen++);
		used -= (size_t)(line - bytes);
		memmove(bytes, line, used);
	}
	assert_int_equal(used, 0);
	return seen;
}

static void
a_slow_peer_is_told_of_and_loses_nothing(void **state)
{
	struct pair *pair = *state;
	int sent = fill(&pair->a);
	bool ended;

	assert_true(pair->a.channel.pipe.write_queue_size +
	                pair->a.channel.out.bytes >=
	            131072);
	assert_int_equal(send_number(&pair->a, sent++), 1);
	assert_int_equal(read_numbers(pair, sent, &ended), sent);
	assert_int_equal(pair->a.channel.pipe.write_queue_size, 0);
	assert_int_equal(pair->a.drains, 1);
	assert_int_equal(send_number(&pair->a, 0), 0);
	assert_int_equal(read_numbers(pair, 1, &ended), 1);
}

static void
disconnecting_writes_out_what_is_queued(void **state)
{
	struct pair *pair = *state;
	int sent = fill(&pair->a);
	bool ended;

	channel_disconnect(&pair->a.channel);
	world_turn(&pair->world);
	assert_string_equal(pair->world.said, "");
	assert_int_equal(read_numbers(pair, sent + 1, &ended), sent);
	assert_true(ended);
	assert_string_equal(pair->world.said, "a disconnect a close");
}

/* ---- the end ---- */

static void
a_disconnect_is_told_at_both_ends_once(void **state)
{
	struct pair *pair = *state;

	send_number(&pair->a, 0);
	channel_disconnect(&pair->a.channel);
	channel_disconnect(&pair->a.channel);
	world_run(&pair->world, &pair->a.closes, 1);
	world_run(&pair->world, &pair->b.closes, 1);
	assert_numbers(pair->b.got, 0, 1);
	assert_int_equal(pair->a.disconnects, 1);
	assert_int_equal(pair->b.disconnects, 1);
	assert_int_equal(told_count(&pair->world, EVENT_CHANNEL_DIED), 2);
	channel_disconnect(&pair->b.channel);
	assert_int_equal(pair->b.disconnects, 1);
}

static void
nothing_is_sent_after_a_disconnect(void **state)
{
	struct pair *pair = *state;
	json_t *message = json_integer(1);
	uv_tcp_t tcp;

	channel_disconnect(&pair->a.channel);
	told_clear(&pair->world);
	uv_tcp_init(&pair->world.loop.uv, &tcp);
	assert_int_equal(channel_send(&pair->a.channel, message), -EPIPE);
	assert_int_equal(
	    channel_send_handle(&pair->a.channel, message, (uv_stream_t *)&tcp),
	    -EPIPE);
	assert_string_equal(told_kinds(&pair->world), "");
	assert_int_equal(pair->a.channel.sent, 0);
	json_decref(message);
	uv_close((uv_handle_t *)&tcp, NULL);
	world_run(&pair->world, &pair->b.closes, 1);
	assert_int_equal(send_number(&pair->b, 1), -EPIPE);
}

static void
a_message_may_end_the_channel(void **state)
{
	struct pair *pair = *state;

	pair->a.leaves = true;
	raw_say(pair, "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
	world_run(&pair->world, &pair->a.closes, 1);
	assert_numbers(pair->a.got, 0, 1);
	assert_string_equal(pair->world.said, "a disconnect a close");
}

static void
an_unreferenced_channel_lets_the_loop_end(void **state)
{
	struct pair *pair = *state;

	channel_ref(&pair->a.channel, false);
	channel_ref(&pair->b.channel, false);
	world_drain(&pair->world);
	assert_int_equal(pair->a.disconnects, 0);
	channel_ref(&pair->a.channel, true);
	send_number(&pair->b, 0);
	world_run(&pair->world, &pair->a.messages, 1);
}

#define PAIR_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open, pair_close)
#define RAW_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open_raw, pair_close)
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PAIR_TEST(a_message_arrives_as_it_was_sent),
	    RAW_TEST(a_message_is_one_line_of_json),
	    RAW_TEST(a_line_may_be_cut_at_every_byte),
	    RAW_TEST(a_line_may_come_in_single_bytes),
	    RAW_TEST(a_line_may_end_as_on_windows),
	    RAW_TEST(many_messages_may_come_in_one_read),
	    RAW_TEST(a_number_may_be_too_big_for_an_integer),
	    PAIR_TEST(a_message_of_5_megabytes_goes_both_ways),
	    cmocka_unit_test(a_line_that_is_no_json_closes_the_channel),
	    RAW_TEST(only_the_channel_of_the_broken_peer_is_closed),
	    RAW_TEST(a_peer_that_dies_in_mid_message_is_a_disconnect),
	    RAW_TEST(what_a_peer_said_before_it_died_is_heard),
	    RAW_TEST(what_it_said_is_heard_though_a_queue_waited_for_it),
	    RAW_TEST(a_slow_peer_is_told_of_and_loses_nothing),
	    RAW_TEST(disconnecting_writes_out_what_is_queued),
	    PAIR_TEST(a_disconnect_is_told_at_both_ends_once),
	    PAIR_TEST(nothing_is_sent_after_a_disconnect),
	    RAW_TEST(a_message_may_end_the_channel),
	    PAIR_TEST(an_unreferenced_channel_lets_the_loop_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
