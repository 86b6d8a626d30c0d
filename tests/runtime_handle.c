/* TCP handles over a channel: SCM_RIGHTS, acknowledgements, order. */
#include "runtime_pair.h"

static const char ack[] = "{\"cmd\":\"NODE_HANDLE_ACK\"}\n";
static const char nack[] = "{\"cmd\":\"NODE_HANDLE_NACK\"}\n";

/* ---- helpers ---- */

static int
send_handle(struct end *end, int number, void *handle)
{
	json_t *message = json_pack("{s:i}", "n", number);
	int result = channel_send_handle(&end->channel, message, handle);

	json_decref(message);
	return result;
}

static int
listen_on(struct world *world, uv_tcp_t *server)
{
	struct sockaddr_in address = local_port(0);
	int size = sizeof(address);

	uv_tcp_init(&world->loop.uv, server);
	uv_tcp_bind(server, (struct sockaddr *)&address, 0);
	assert_int_equal(uv_listen((uv_stream_t *)server, 16, NULL), 0);
	uv_tcp_getsockname(server, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

/* A connection whose one end is a plain descriptor, the other `tcp`. */
static int
connect_to(struct world *world, uv_tcp_t *tcp)
{
	int port, server = plain_listen(&port);
	int client = plain_connect(port);
	int fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);

	close(server);
	uv_tcp_init(&world->loop.uv, tcp);
	assert_int_equal(uv_tcp_open(tcp, fd), 0);
	return client;
}

static void
close_now(struct world *world, void *handle)
{
	uv_close(handle, NULL);
	world_turn(world);
}

/* The descriptor of the one handle that a channel has just sent, or -1. */
static int
expect_line(struct pair *pair, const char *line)
{
	char text[4096] = "";
	int fd;

	raw_read(pair, text, sizeof(text) - 1, &fd);
	assert_string_equal(text, line);
	return fd;
}

static const char envelope[] = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net."
			       "Native\",\"msg\":{\"n\":1}}\n";

/* ---- both ends ours ---- */

static void
count_connection(uv_stream_t *server, int status)
{
	if (status == 0)
		++*(int *)server->data;
}

static void
a_listening_handle_listens_on_at_the_other_end(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t server, taken;
	int port = listen_on(&pair->world, &server), connections = 0, client;

	uv_tcp_init(&pair->world.loop.uv, &taken);
	pair->b.place = (uv_stream_t *)&taken;
	send_handle(&pair->a, 1, &server);
	world_run(&pair->world, &pair->a.handles_sent, 1);
	assert_int_equal(pair->b.accepted, 0);
	assert_numbers(pair->b.got, 1, 1);
	/* Ours is closed by now (end_on_handle_sent), theirs is not. */
	taken.data = &connections;
	uv_listen((uv_stream_t *)&taken, 16, count_connection);
	client = plain_connect(port);
	world_run(&pair->world, &connections, 1);
	close(client);
	close_now(&pair->world, &taken);
}

static void
say_hello(uv_stream_t *stream)
{
	uv_buf_t hello = uv_buf_init((char *)"hello", 5);

	assert_int_equal(uv_try_write(stream, &hello, 1), 5);
}

static void
a_connection_goes_on_at_the_other_end(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t mine, taken;
	int client = connect_to(&pair->world, &mine);
	char text[16] = "";

	uv_tcp_init(&pair->world.loop.uv, &taken);
	pair->b.place = (uv_stream_t *)&taken;
	send_handle(&pair->a, 1, &mine);
	world_run(&pair->world, &pair->a.handles_sent, 1);
	say_hello((uv_stream_t *)&taken);
	assert_int_equal(read(client, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close_now(&pair->world, &taken);
	assert_int_equal(read(client, text, sizeof(text)), 0);
	close(client);
}

static void
handles_are_told_of_and_acknowledgements_are_not(void **state)
{
	struct pair *pair = *state;
	const struct told *send, *receive;
	uv_tcp_t server;

	listen_on(&pair->world, &server);
	send_handle(&pair->a, 1, &server);
	send_number(&pair->a, 2);
	world_run(&pair->world, &pair->b.messages, 2);
	assert_string_equal(told_kinds(&pair->world),
	                    "handle-send message-send "
	                    "handle-recv message-recv");
	send = told_nth(&pair->world, EVENT_HANDLE_SEND, 0);
	receive = told_nth(&pair->world, EVENT_HANDLE_RECV, 0);
	assert_int_equal(send->event.channel, receive->event.channel);
	assert_int_equal(send->event.number, 1);
	assert_int_equal(receive->event.number, 1);
	assert_int_equal(send->event.size, strlen(envelope));
	assert_int_equal(receive->event.size, strlen(envelope));
	assert_int_equal(send->event.value, CHANNEL_SOCKET);
	assert_int_equal(
	    told_nth(&pair->world, EVENT_MESSAGE_RECV, 0)->event.number, 2);
	assert_int_equal(pair->a.channel.received, 0);
}

static void
of_a_connection_dealt_by_a_cluster_the_act_is_shown(void **state)
{
	struct pair *pair = *state;
	json_t *message = json_pack("{s:s,s:s,s:s}", "cmd", "NODE_CLUSTER",
	                            "act", "newconn", "key", "0");
	uv_tcp_t server;

	listen_on(&pair->world, &server);
	channel_send_handle(&pair->a.channel, message, (uv_stream_t *)&server);
	json_decref(message);
	world_run(&pair->world, &pair->a.handles_sent, 1);
	assert_string_equal(told_nth(&pair->world, EVENT_HANDLE_SEND, 0)->text,
	                    "newconn");
	assert_string_equal(told_nth(&pair->world, EVENT_HANDLE_RECV, 0)->text,
	                    "newconn");
}

/* Each waits for the other's acknowledgement, and both answer. */
static void
handles_may_cross_on_their_way(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t servers[2];

	for (int i = 0; i < 2; i++) {
		struct end *end = i ? &pair->b : &pair->a;

		listen_on(&pair->world, &servers[i]);
		send_handle(end, 0, &servers[i]);
		for (int n = 1; n < 5; n++)
			assert_int_equal(send_number(end, n), n > 1);
	}
	world_run(&pair->world, &pair->a.messages, 5);
	world_run(&pair->world, &pair->b.messages, 5);
	assert_numbers(pair->a.got, 0, 5);
	assert_numbers(pair->b.got, 0, 5);
	assert_int_equal(pair->a.handles_sent, 1);
	assert_int_equal(pair->b.handles_sent, 1);
}

static void
both_may_leave_behind_handles_that_cross(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t servers[2];

	for (int i = 0; i < 2; i++) {
		struct end *end = i ? &pair->b : &pair->a;

		listen_on(&pair->world, &servers[i]);
		send_handle(end, 0, &servers[i]);
		send_number(end, 1);
		channel_disconnect(&end->channel);
	}
	world_run(&pair->world, &pair->a.closes, 1);
	world_run(&pair->world, &pair->b.closes, 1);
	assert_int_equal(pair->a.handles_sent + pair->b.handles_sent, 2);
}

static void
handles_keep_their_order_among_messages(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t servers[10];

	for (int i = 0; i < 10; i++) {
		listen_on(&pair->world, &servers[i]);
		send_number(&pair->a, 2 * i);
		send_handle(&pair->a, 2 * i + 1, &servers[i]);
	}
	world_run(&pair->world, &pair->b.messages, 20);
	assert_numbers(pair->b.got, 0, 20);
	assert_int_equal(pair->b.handles, 10);
	world_run(&pair->world, &pair->a.handles_sent, 10);
}

static void
a_handle_that_nobody_takes_is_closed(void **state)
{
	struct pair *pair = *state;
	int before = fd_count(), client;
	char byte;

	for (int i = 0; i < 50; i++) {
		uv_tcp_t mine;

		client = connect_to(&pair->world, &mine);
		send_handle(&pair->a, i, &mine);
		world_run(&pair->world, &pair->a.handles_sent, i + 1);
		/* Nobody holds its other end any more. */
		assert_int_equal(read(client, &byte, 1), 0);
		close(client);
	}
	assert_int_equal(pair->b.handles, 50);
	world_turn(&pair->world);
	assert_int_equal(fd_count(), before);
}

/* ---- a bare end ---- */

static void
what_is_behind_a_handle_waits_for_the_acknowledgement(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t server;
	int fd;

	listen_on(&pair->world, &server);
	/* As Node's send(): false from the second one that waits. */
	assert_int_equal(send_handle(&pair->a, 1, &server), 0);
	assert_int_equal(send_number(&pair->a, 2), 0);
	assert_int_equal(send_number(&pair->a, 3), 1);
	world_turn(&pair->world);
	fd = expect_line(pair, envelope);
	assert_true(fd >= 0);
	close(fd);
	world_turn(&pair->world);
	assert_int_equal(expect_line(pair, ""), -1);
	assert_int_equal(pair->a.handles_sent, 0);
	raw_say(pair, ack);
	assert_int_equal(pair->a.handles_sent, 1);
	expect_line(pair, "{\"n\":2}\n{\"n\":3}\n");
	assert_int_equal(pair->a.messages, 0);
	assert_int_equal(send_number(&pair->a, 4), 0);
}

static void
an_acknowledgement_of_nothing_is_no_harm(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, ack);
	raw_say(pair, nack);
	send_number(&pair->a, 1);
	expect_line(pair, "{\"n\":1}\n");
	assert_int_equal(pair->a.handles_sent, 0);
	assert_int_equal(pair->a.messages, 0);
}

static void
a_handle_that_came_is_acknowledged(void **state)
{
	struct pair *pair = *state;
	int port, server = plain_listen(&port);
	uv_tcp_t taken;

	uv_tcp_init(&pair->world.loop.uv, &taken);
	pair->a.place = (uv_stream_t *)&taken;
	raw_write_fd(pair, envelope, server);
	expect_line(pair, ack);
	assert_int_equal(pair->a.handles, 1);
	assert_int_equal(pair->a.accepted, 0);
	assert_numbers(pair->a.got, 1, 1);
	close_now(&pair->world, &taken);
	close(server);
}

/* The descriptor comes with the first byte of its line. */
static void
the_line_of_a_handle_may_be_cut(void **state)
{
	struct pair *pair = *state;
	int port, server = plain_listen(&port);

	for (size_t at = 1; at < strlen(envelope); at++) {
		char part[sizeof(envelope)] = "";

		memcpy(part, envelope, at);
		raw_write_fd(pair, part, server);
		assert_int_equal(pair->a.handles, at - 1);
		raw_say(pair, envelope + at);
		assert_int_equal(pair->a.handles, at);
		expect_line(pair, ack);
	}
	close(server);
}

static void
a_message_in_front_of_a_handle_does_not_have_it(void **state)
{
	struct pair *pair = *state;
	int port, server = plain_listen(&port);
	char lines[128];

	snprintf(lines, sizeof(lines), "{\"n\":0}\n%s{\"n\":2}\n", envelope);
	raw_write_fd(pair, lines, server);
	assert_numbers(pair->a.got, 0, 3);
	assert_int_equal(pair->a.handles, 1);
	close(server);
}

static void
a_handle_that_did_not_come_is_refused(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, envelope);
	expect_line(pair, nack);
	assert_int_equal(pair->a.messages, 0);
	assert_string_equal(told_kinds(&pair->world), "");
	raw_say(pair, "{\"n\":1}\n");
	assert_numbers(pair->a.got, 1, 1);
}

/* Node sends it three times more. */
static void
refuse(struct pair *pair, int count)
{
	for (int i = 0; i < count; i++) {
		int fd = expect_line(pair, envelope);

		assert_true(fd >= 0);
		close(fd);
		raw_say(pair, nack);
	}
}

static void
a_handle_that_was_refused_is_sent_again(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t servers[2];

	listen_on(&pair->world, &servers[0]);
	send_handle(&pair->a, 1, &servers[0]);
	send_number(&pair->a, 2);
	refuse(pair, 3);
	assert_int_equal(pair->a.handles_sent, 0);
	close(expect_line(pair, envelope));
	raw_say(pair, ack);
	assert_int_equal(pair->a.handles_sent, 1);
	expect_line(pair, "{\"n\":2}\n");
	/* It is one message all the same. */
	assert_string_equal(told_kinds(&pair->world),
	                    "handle-send message-send");
	/* The next one has its own three tries. */
	listen_on(&pair->world, &servers[1]);
	send_handle(&pair->a, 1, &servers[1]);
	refuse(pair, 3);
	close(expect_line(pair, envelope));
	raw_say(pair, ack);
	assert_int_equal(pair->a.handles_sent, 2);
	assert_int_equal(told_count(&pair->world, EVENT_NOTE), 0);
}

static void
a_handle_that_is_refused_for_good_is_given_up(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t server;

	listen_on(&pair->world, &server);
	send_handle(&pair->a, 1, &server);
	send_number(&pair->a, 2);
	refuse(pair, 4);
	expect_line(pair, "{\"n\":2}\n");
	assert_int_equal(pair->a.handles_sent, 1);
	assert_string_equal(told_kinds(&pair->world),
	                    "handle-send message-send note");
	assert_string_equal(
	    told_nth(&pair->world, EVENT_NOTE, 0)->text,
	    "IPC channel of pid 2000: a handle did not arrive.");
}

/* What is queued behind a handle is lost with the peer, and nothing leaks. */
static void
a_peer_may_die_with_a_handle_on_its_way(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t servers[2];

	listen_on(&pair->world, &servers[0]);
	listen_on(&pair->world, &servers[1]);
	send_handle(&pair->a, 1, &servers[0]);
	send_handle(&pair->a, 2, &servers[1]);
	send_number(&pair->a, 3);
	raw_close(pair);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_int_equal(pair->a.handles_sent, 0);
	assert_string_equal(pair->world.said, "a disconnect a close");
	uv_close((uv_handle_t *)&servers[0], NULL);
	close_now(&pair->world, &servers[1]);
}

static void
handles_nobody_read_are_closed_with_the_channel(void **state)
{
	struct pair *pair = *state;
	int port, server = plain_listen(&port);

	pair->a.leaves = true;
	raw_write_fd(pair, "{\"n\":0}\n{\"cmd\":", server);
	world_run(&pair->world, &pair->a.closes, 1);
	assert_int_equal(pair->a.handles, 0);
	close(server);
}

#define PAIR_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open, pair_close)
#define RAW_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open_raw, pair_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PAIR_TEST(a_listening_handle_listens_on_at_the_other_end),
	    PAIR_TEST(a_connection_goes_on_at_the_other_end),
	    PAIR_TEST(handles_are_told_of_and_acknowledgements_are_not),
	    PAIR_TEST(of_a_connection_dealt_by_a_cluster_the_act_is_shown),
	    PAIR_TEST(handles_may_cross_on_their_way),
	    PAIR_TEST(both_may_leave_behind_handles_that_cross),
	    PAIR_TEST(handles_keep_their_order_among_messages),
	    PAIR_TEST(a_handle_that_nobody_takes_is_closed),
	    RAW_TEST(what_is_behind_a_handle_waits_for_the_acknowledgement),
	    RAW_TEST(an_acknowledgement_of_nothing_is_no_harm),
	    RAW_TEST(a_handle_that_came_is_acknowledged),
	    RAW_TEST(the_line_of_a_handle_may_be_cut),
	    RAW_TEST(a_message_in_front_of_a_handle_does_not_have_it),
	    RAW_TEST(a_handle_that_did_not_come_is_refused),
	    RAW_TEST(a_handle_that_was_refused_is_sent_again),
	    RAW_TEST(a_handle_that_is_refused_for_good_is_given_up),
	    RAW_TEST(a_peer_may_die_with_a_handle_on_its_way),
	    RAW_TEST(handles_nobody_read_are_closed_with_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
