/* The same wire as a real Node: as its parent, as its child (as its primary:
 * runtime_cluster_node). Skipped where there is no node. */
#include "runtime_node.h"

/* ---- Node is the child ---- */

static const char echo_js[] =
    "process.on('message', (m) => process.send(m));\n";

static void
node_sends_back_what_it_was_sent(void **state)
{
	struct fixture *fixture = *state;
	json_t *sent, *message;
	size_t i;

	if (!has_node())
		skip_because("there is no node");
	sent = json_pack("[{s:i,s:[i,n,b]}, s, i, f, b, {s:s}]", "n", 1, "list",
	                 2, 1, "caf\xc3\xa9 \xf0\x9f\x98\x80 \"q\" \\ \n", -5,
	                 2.5, 0, "cmd", "NODE_");
	start_node(fixture, echo_js, true, NULL);
	json_array_append_new(sent, json_stringn("a\0b", 3));
	json_array_foreach(sent, i, message)
	    channel_send(&fixture->child.channel, message);
	world_run(&fixture->world, &fixture->messages,
	          (int)json_array_size(sent));
	assert_true(json_equal(fixture->got, sent));
	json_decref(sent);
	channel_disconnect(&fixture->child.channel);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(fixture->child.code, 0);
}

enum { MANY = 2000, BIG = 2000 * 1000 };

static void
many_and_big_messages_keep_their_order(void **state)
{
	struct fixture *fixture = *state;
	char *text;

	if (!has_node())
		skip_because("there is no node");
	text = malloc(BIG + 1);
	memset(text, 'x', BIG);
	text[BIG] = '\0';
	start_node(fixture, echo_js, true, NULL);
	for (int i = 0; i < MANY; i++)
		say(fixture, json_integer(i));
	say(fixture, json_string(text));
	say(fixture, json_integer(MANY));
	free(text);
	world_run(&fixture->world, &fixture->messages, MANY + 2);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
		    json_integer_value(json_array_get(fixture->got, (size_t)i)),
		    i);
	assert_int_equal(json_string_length(json_array_get(fixture->got, MANY)),
	                 BIG);
	channel_disconnect(&fixture->child.channel);
	run_until_closed(fixture);
}

/* Numbers that JavaScript writes and C reads with care. */
static const char odd_js[] = "process.send({n: 1e20, m: -5e300, z: '\\0'});\n"
			     "process.send(1e21);\n"
			     "process.exit(7);\n";

static void
what_only_javascript_says_is_understood(void **state)
{
	struct fixture *fixture = *state;
	json_t *first;

	if (!has_node())
		skip_because("there is no node");
	start_node(fixture, odd_js, true, NULL);
	run_until_closed(fixture);
	assert_int_equal(fixture->messages, 2);
	first = json_array_get(fixture->got, 0);
	assert_true(json_number_value(json_object_get(first, "n")) == 1e20);
	assert_int_equal(json_string_length(json_object_get(first, "z")), 1);
	assert_true(json_number_value(json_array_get(fixture->got, 1)) == 1e21);
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	assert_int_equal(fixture->child.code, 7);
}

/* Node says on the connection it got what the message says. */
static const char take_js[] =
    "const net = require('net');\n"
    "process.on('message', (m, handle) => {\n"
    "	const socket = new net.Socket({handle});\n"
    "	socket.end(m.text);\n"
    "	socket.on('close', () => process.disconnect());\n"
    "});\n";

static void
node_takes_a_connection(void **state)
{
	struct fixture *fixture = *state;
	int port, server, client;
	char text[32] = "";
	json_t *message;
	uv_tcp_t tcp;

	if (!has_node())
		skip_because("there is no node");
	server = plain_listen(&port);
	client = plain_connect(port);
	uv_tcp_init(&fixture->world.loop.uv, &tcp);
	uv_tcp_open(&tcp, accept4(server, NULL, NULL, SOCK_CLOEXEC));
	close(server);
	start_node(fixture, take_js, true, NULL);
	message = json_pack("{s:s}", "text", "from node");
	channel_send_handle(&fixture->child.channel, message,
	                    (uv_stream_t *)&tcp);
	json_decref(message);
	world_run(&fixture->world, &fixture->sent, 1);
	assert_int_equal(recv(client, text, sizeof(text), MSG_WAITALL), 9);
	assert_string_equal(text, "from node");
	close(client);
	run_until_closed(fixture);
	assert_int_equal(fixture->child.code, 0);
}

/* Node connects to us and hands over its end. Who listens to messages stays
 * alive until the channel is closed. */
static const char give_js[] =
    "const net = require('net');\n"
    "process.on('message', () => {});\n"
    "const socket = net.connect(+process.argv[2], '127.0.0.1', () => {\n"
    "	process.send({text: 'take it'}, socket, () => {\n"
    "		process.send('behind it', () => "
    "process.disconnect());\n"
    "	});\n"
    "});\n";

static void
say_hello(struct world *world, uv_tcp_t *tcp)
{
	uv_buf_t hello = uv_buf_init((char *)"from C", 6);

	assert_int_equal(uv_try_write((uv_stream_t *)tcp, &hello, 1), 6);
	uv_close((uv_handle_t *)tcp, NULL);
	world_turn(world);
}

static void
node_gives_a_connection(void **state)
{
	struct fixture *fixture = *state;
	char argument[16], text[32] = "";
	int port, server, fd;
	json_t *first;

	if (!has_node())
		skip_because("there is no node");
	server = plain_listen(&port);
	snprintf(argument, sizeof(argument), "%d", port);
	start_node(fixture, give_js, true, argument);
	run_until_closed(fixture);
	assert_int_equal(fixture->messages, 2);
	assert_int_equal(fixture->handles, 1);
	first = json_object_get(json_array_get(fixture->got, 0), "text");
	assert_string_equal(json_string_value(first), "take it");
	fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	say_hello(&fixture->world, &fixture->taken);
	assert_int_equal(recv(fd, text, sizeof(text), MSG_WAITALL), 6);
	assert_string_equal(text, "from C");
	close(fd);
	close(server);
}

/* ---- Node is the parent ---- */

/* fork() of this program as "@echo"; its exit code becomes Node's. */
static const char fork_js[] =
    "const {fork} = require('child_process');\n"
    "const net = require('net');\n"
    "const child = fork('@echo', [], {execPath: process.argv[2],\n"
    "                                 execArgv: []});\n"
    "const got = [];\n"
    "const server = net.createServer();\n"
    "child.on('message', (m, handle) => {\n"
    "	got.push(m);\n"
    "	if (!handle) return;\n"
    "	new net.Socket({handle}).end('x');\n"
    "	child.disconnect();\n"
    "});\n"
    "child.on('exit', (code, signal) => {\n"
    "	console.log(JSON.stringify({got, code, signal}));\n"
    "});\n"
    "child.send({n: 1});\n"
    "child.send('caf\\u00e9');\n"
    "server.listen(0, '127.0.0.1', () => {\n"
    "	const client = net.connect(server.address().port, "
    "'127.0.0.1');\n"
    "	client.on('data', () => client.end());\n"
    "});\n"
    "server.on('connection', (socket) => {\n"
    "	child.send('back', socket);\n"
    "	server.close();\n"
    "});\n";

static void
node_forks_us_and_we_pass_its_connection_back(void **state)
{
	struct fixture *fixture = *state;

	if (!has_node())
		skip_because("there is no node");
	start_node(fixture, fork_js, false, own_path());
	run_until_closed(fixture);
	assert_int_equal(fixture->child.code, 0);
	assert_string_equal(told_nth(&fixture->world, EVENT_STDOUT, 0)->text,
	                    "{\"got\":[{\"n\":1},\"caf\xc3\xa9\",\"back\"],"
	                    "\"code\":0,\"signal\":null}");
}

/* ---- the roles ---- */

static uv_tcp_t returned;

static void
echo(struct channel *channel, json_t *message, bool has_handle)
{
	if (!has_handle) {
		channel_send(channel, message);
		return;
	}
	uv_tcp_init(&channel->loop->uv, &returned);
	channel_accept(channel, (uv_stream_t *)&returned);
	channel_send_handle(channel, message, (uv_stream_t *)&returned);
}

static void
close_returned(struct channel *channel, uv_stream_t *handle)
{
	(void)channel;
	uv_close((uv_handle_t *)handle, NULL);
}

static const struct channel_events echo_events = {
    .message = echo,
    .handle_sent = close_returned,
};

static int
be_echo(void)
{
	struct channel channel;
	struct loop loop;

	signal(SIGPIPE, SIG_IGN);
	if (loop_open(&loop, ROLE_MAIN, 0, "echo") ||
	    channel_open_inherited(&channel, &loop, &echo_events))
		return 1;
	loop_run(&loop);
	loop_close(&loop);
	return 0;
}

#define NODE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    NODE_TEST(node_sends_back_what_it_was_sent),
	    NODE_TEST(many_and_big_messages_keep_their_order),
	    NODE_TEST(what_only_javascript_says_is_understood),
	    NODE_TEST(node_takes_a_connection),
	    NODE_TEST(node_gives_a_connection),
	    NODE_TEST(node_forks_us_and_we_pass_its_connection_back),
	};

	/* Whoever has lost its role must not run the tests once more. */
	if (argc == 1 && getenv("NODE_CHANNEL_FD"))
		return 1;
	if (argc > 1 && strcmp(argv[1], "@echo") == 0)
		return be_echo();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
