/* What a handle is to its receiver: type, key, UDP, pipes, servers; whose
 * connections are open where; descriptors that nobody spoke of. */
#include "runtime_pair.h"

#include <sys/resource.h>

static const char ack[] = "{\"cmd\":\"NODE_HANDLE_ACK\"}\n";
static const char nack[] = "{\"cmd\":\"NODE_HANDLE_NACK\"}\n";

/* ---- helpers ---- */

static void
close_now(struct world *world, void *handle)
{
	uv_close(handle, NULL);
	world_turn(world);
}

static int
expect_line(struct pair *pair, const char *line)
{
	char text[4096] = "";
	int fd;

	raw_read(pair, text, sizeof(text) - 1, &fd);
	assert_string_equal(text, line);
	return fd;
}

static void
send_as(struct end *end, void *handle, const struct channel_handle *as)
{
	json_t *message = json_pack("{s:i}", "n", 1);

	assert_int_equal(
	    channel_send_handle_as(&end->channel, message, handle, as), 0);
	json_decref(message);
}

/* A TCP connection to nowhere in particular, as a descriptor. */
static int
tcp_fd(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* ---- sending ---- */

static void
a_handle_says_what_it_is(void **state)
{
	static const struct {
		struct channel_handle as;
		const char *line;
	} rows[] = {
	    {{.type = CHANNEL_NET_NATIVE},
	     "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\","
	     "\"msg\":{\"n\":1}}\n"},
	    {{.type = CHANNEL_NET_SERVER},
	     "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Server\","
	     "\"msg\":{\"n\":1}}\n"},
	    {{.type = CHANNEL_NET_SOCKET, .key = "6::::0"},
	     "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
	     "\"msg\":{\"n\":1},\"key\":\"6::::0\"}\n"},
	    {{.type = CHANNEL_DGRAM_SOCKET, .dgram = "udp4"},
	     "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\","
	     "\"msg\":{\"n\":1},\"dgramType\":\"udp4\"}\n"},
	    {{.type = CHANNEL_DGRAM_NATIVE},
	     "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Native\","
	     "\"msg\":{\"n\":1}}\n"},
	};
	struct pair *pair = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uv_tcp_t tcp;

		uv_tcp_init(&pair->world.loop.uv, &tcp);
		uv_tcp_open(&tcp, tcp_fd());
		send_as(&pair->a, &tcp, &rows[i].as);
		close(expect_line(pair, rows[i].line));
		raw_say(pair, ack);
		assert_int_equal(pair->a.handles_sent, i + 1);
	}
	assert_int_equal(
	    told_nth(&pair->world, EVENT_HANDLE_SEND, 1)->event.value,
	    CHANNEL_LISTEN);
}

static void
note_datagram(uv_udp_t *udp, ssize_t got, const uv_buf_t *buffer,
              const struct sockaddr *from, unsigned flags)
{
	(void)from;
	(void)flags;
	if (got == 4 && memcmp(buffer->base, "ping", 4) == 0)
		++*(int *)udp->data;
	free(buffer->base);
}

static void
on_udp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)handle;
	*buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void
a_udp_socket_goes_on_at_the_other_end(void **state)
{
	struct pair *pair = *state;
	struct sockaddr_in address = local_port(0);
	int size = sizeof(address), datagrams = 0, client;
	uv_udp_t mine, taken;

	uv_udp_init(&pair->world.loop.uv, &mine);
	uv_udp_bind(&mine, (struct sockaddr *)&address, 0);
	uv_udp_getsockname(&mine, (struct sockaddr *)&address, &size);
	uv_udp_init(&pair->world.loop.uv, &taken);
	pair->b.place = (uv_stream_t *)&taken;
	send_as(&pair->a, &mine,
	        &(struct channel_handle){.type = CHANNEL_DGRAM_NATIVE});
	world_run(&pair->world, &pair->a.handles_sent, 1);
	assert_int_equal(pair->b.accepted, 0);
	taken.data = &datagrams;
	assert_int_equal(uv_udp_recv_start(&taken, on_udp_alloc, note_datagram),
	                 0);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sendto(client, "ping", 4, 0, (struct sockaddr *)&address,
	       sizeof(address));
	world_run(&pair->world, &datagrams, 1);
	close(client);
	close_now(&pair->world, &taken);
}

static void
a_pipe_goes_on_at_the_other_end(void **state)
{
	struct pair *pair = *state;
	uv_buf_t hello = uv_buf_init((char *)"hello", 5);
	uv_pipe_t mine, taken;
	char text[8] = "";
	int ends[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	uv_pipe_init(&pair->world.loop.uv, &mine, 0);
	uv_pipe_open(&mine, ends[0]);
	uv_pipe_init(&pair->world.loop.uv, &taken, 0);
	pair->b.place = (uv_stream_t *)&taken;
	send_as(&pair->a, &mine,
	        &(struct channel_handle){.type = CHANNEL_NET_SOCKET});
	world_run(&pair->world, &pair->a.handles_sent, 1);
	assert_int_equal(uv_try_write((uv_stream_t *)&taken, &hello, 1), 5);
	assert_int_equal(read(ends[1], text, sizeof(text)), 5);
	close(ends[1]);
	close_now(&pair->world, &taken);
}

/* ---- whose connections are open ---- */

static const char with_key[] =
    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1,"
    "\"key\":\"6::::0\"}\n";
static const char notify[] =
    "{\"cmd\":\"NODE_SOCKET_NOTIFY_CLOSE\",\"key\":\"6::::0\"}\n";
static const char all_closed[] =
    "{\"cmd\":\"NODE_SOCKET_ALL_CLOSED\",\"key\":\"6::::0\"}\n";
static const char get_count[] =
    "{\"cmd\":\"NODE_SOCKET_GET_COUNT\",\"key\":\"6::::0\"}\n";

/* Two connections of the peer's server come and are taken. */
static void
take_two(struct pair *pair, uv_tcp_t taken[2])
{
	for (int i = 0; i < 2; i++) {
		int fd = tcp_fd();

		uv_tcp_init(&pair->world.loop.uv, &taken[i]);
		pair->a.place = (uv_stream_t *)&taken[i];
		raw_write_fd(pair, with_key, fd);
		assert_int_equal(pair->a.accepted, 0);
		assert_int_equal(pair->a.type, CHANNEL_NET_SOCKET);
		expect_line(pair, ack);
		close(fd);
	}
	assert_string_equal(pair->a.key, "6::::0");
}

static void
a_server_is_told_when_its_last_connection_is_closed(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t taken[2];

	take_two(pair, taken);
	raw_say(pair, get_count);
	expect_line(pair, "{\"cmd\":\"NODE_SOCKET_COUNT\",\"key\":\"6::::0\","
	                  "\"count\":2}\n");
	raw_say(pair, notify);
	expect_line(pair, "");
	channel_socket_closed(&pair->a.channel, "6::::0");
	expect_line(pair, "");
	channel_socket_closed(&pair->a.channel, "6::::0");
	expect_line(pair, all_closed);
	raw_say(pair, notify);
	expect_line(pair, all_closed);
	channel_socket_closed(&pair->a.channel, "6::::0");
	expect_line(pair, "");
	assert_int_equal(pair->a.messages, 2);
	close_now(&pair->world, &taken[0]);
	close_now(&pair->world, &taken[1]);
}

static void
a_connection_that_nobody_took_is_not_counted(void **state)
{
	struct pair *pair = *state;
	int fd = tcp_fd();

	raw_write_fd(pair, with_key, fd);
	expect_line(pair, ack);
	raw_say(pair, notify);
	expect_line(pair, all_closed);
	close(fd);
}

static void
what_is_still_counted_is_freed_with_the_channel(void **state)
{
	struct pair *pair = *state;
	uv_tcp_t taken[2];

	take_two(pair, taken);
	raw_say(pair, notify);
	raw_close(pair);
	world_run(&pair->world, &pair->a.closes, 1);
	channel_socket_closed(&pair->a.channel, "6::::0");
	close_now(&pair->world, &taken[0]);
	close_now(&pair->world, &taken[1]);
}

static void
we_may_ask_the_same(void **state)
{
	struct pair *pair = *state;

	channel_ask_closed(&pair->a.channel, "k");
	channel_ask_count(&pair->a.channel, "k");
	world_run(&pair->world, &pair->a.answers, 2);
	assert_string_equal(pair->world.said, "closed k count k 0");
	assert_int_equal(pair->b.messages, 0);
	/* They are messages like others to who counts them. */
	assert_int_equal(pair->a.channel.sent, 2);
	assert_int_equal(pair->b.channel.received, 2);
}

static void
nonsense_about_sockets_does_no_harm(void **state)
{
	struct pair *pair = *state;

	raw_say(pair, "{\"cmd\":\"NODE_SOCKET_NOTIFY_CLOSE\"}\n"
	              "{\"cmd\":\"NODE_SOCKET_GET_COUNT\",\"key\":7}\n"
	              "{\"cmd\":\"NODE_SOCKET_COUNT\",\"count\":\"x\"}\n"
	              "{\"cmd\":\"NODE_SOCKET_ALL_CLOSED\",\"key\":[]}\n");
	expect_line(pair, "");
	assert_int_equal(pair->a.messages, 0);
	assert_int_equal(pair->a.disconnects, 0);
}

/* Its questions cost us memory only until we have had enough. */
static void
who_asks_and_does_not_read_loses_its_channel(void **state)
{
	struct pair *pair = *state;
	char questions[100 * (sizeof(get_count) - 1) + 1] = "";

	for (int i = 0; i < 100; i++)
		strcat(questions, get_count);
	for (int i = 0; i < 300 && !pair->a.closes; i++)
		raw_say(pair, questions);
	assert_int_equal(pair->a.closes, 1);
	assert_string_equal(told_nth(&pair->world, EVENT_NOTE, 0)->text,
	                    "IPC channel of pid 2000: it asks and does not "
	                    "read the answers. The channel is closed.");
}

/* Node 20 puts a refused handle's envelope into another. */
static void
an_envelope_in_an_envelope_is_opened(void **state)
{
	struct pair *pair = *state;
	int fd = tcp_fd();

	raw_write_fd(pair,
	             "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":"
	             "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
	             "\"key\":\"k\",\"msg\":{\"n\":1}}}\n",
	             fd);
	expect_line(pair, ack);
	assert_numbers(pair->a.got, 1, 1);
	assert_int_equal(pair->a.type, CHANNEL_NET_SOCKET);
	assert_string_equal(pair->a.key, "k");
	close(fd);
}

/* ---- descriptors ---- */

static void
what_nobody_spoke_of_is_closed(void **state)
{
	struct pair *pair = *state;
	int before = fd_count(), fd = tcp_fd();

	for (int i = 0; i < 10; i++) {
		raw_write_fd(pair, "{\"n\":1}\n", fd);
		raw_write_fd(pair, "{\"cmd\":\"NODE_FOO\"}\n", fd);
	}
	world_turn(&pair->world);
	close(fd);
	assert_int_equal(fd_count(), before);
	/* Of those that come with parts of a line one can be meant. */
	fd = tcp_fd();
	for (int i = 0; i < 5; i++)
		raw_write_fd(pair, " ", fd);
	world_turn(&pair->world);
	close(fd);
	assert_int_equal(fd_count(), before + 1);
	raw_say(pair, "1\n");
	world_turn(&pair->world);
	assert_int_equal(fd_count(), before);
	assert_int_equal(pair->a.disconnects, 0);
}

/* The kernel drops a descriptor for which there is no number left; the sender
 * hears of it and sends it again. */
static void
without_a_free_descriptor_a_handle_is_refused(void **state)
{
	struct pair *pair = *state;
	struct rlimit limit, none;
	int fd = tcp_fd();

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	raw_write_fd(pair, with_key, fd);
	expect_line(pair, nack);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(pair->a.messages, 0);
	raw_write_fd(pair, with_key, fd);
	expect_line(pair, ack);
	assert_int_equal(pair->a.handles, 1);
	close(fd);
}

#define PAIR_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open, pair_close)
#define RAW_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pair_open_raw, pair_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    RAW_TEST(a_handle_says_what_it_is),
	    PAIR_TEST(a_udp_socket_goes_on_at_the_other_end),
	    PAIR_TEST(a_pipe_goes_on_at_the_other_end),
	    RAW_TEST(a_server_is_told_when_its_last_connection_is_closed),
	    RAW_TEST(a_connection_that_nobody_took_is_not_counted),
	    RAW_TEST(what_is_still_counted_is_freed_with_the_channel),
	    PAIR_TEST(we_may_ask_the_same),
	    RAW_TEST(nonsense_about_sockets_does_no_harm),
	    RAW_TEST(who_asks_and_does_not_read_loses_its_channel),
	    RAW_TEST(an_envelope_in_an_envelope_is_opened),
	    RAW_TEST(what_nobody_spoke_of_is_closed),
	    RAW_TEST(without_a_free_descriptor_a_handle_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
