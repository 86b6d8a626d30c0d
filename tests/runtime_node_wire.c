/* A real Node, the advanced serialization and handles of each type, both ways.
 * Skipped where there is no node. */
#include "runtime_node.h"

/* ---- Node is the child ---- */

/* Node in the advanced mode: the variable is the shell's to set. */
static void
start_advanced(struct fixture *fixture, const char *text)
{
	const char *const args[] = {
	    "sh", "-c",
	    "NODE_CHANNEL_SERIALIZATION_MODE=advanced exec node \"$0\"",
	    fixture->script, NULL};
	const struct child_options options = {
	    .how = BIRTH_FORK,
	    .file = "/bin/sh",
	    .args = args,
	    .in = CHILD_IGNORE,
	    .channel = true,
	};

	write_script(fixture, text);
	assert_int_equal(child_spawn(&fixture->child, &fixture->world.loop,
	                             &options, &events),
	                 0);
	fixture->child.data = fixture;
	fixture->child.channel.in.mode = WIRE_ADVANCED;
}

static const char echo_js[] =
    "process.on('message', (m) => process.send(m));\n";

static void
node_sends_back_what_it_was_sent_advanced(void **state)
{
	struct fixture *fixture = *state;
	json_t *sent, *message;
	char *text;
	size_t i;

	if (!has_node())
		skip_because("there is no node");
	start_advanced(fixture, echo_js);
	text = malloc(300001);
	memset(text, 'x', 300000);
	text[300000] = '\0';
	sent = json_pack("[{s:i,s:[i,n,b]},s,i,I,f,b,{s:s,s:i},s]", "n", 1,
	                 "list", 2, 1, "caf\xc3\xa9 \xf0\x9f\x98\x80 \"q\" \n",
	                 -5, (json_int_t)1 << 40, 2.5, 0, "cmd", "NODE_", "7",
	                 1, text);
	free(text);
	json_array_foreach(sent, i, message)
	    channel_send(&fixture->child.channel, message);
	world_run(&fixture->world, &fixture->messages,
	          (int)json_array_size(sent));
	assert_true(json_equal(fixture->got, sent));
	json_decref(sent);
	channel_disconnect(&fixture->child.channel);
	run_until_closed(fixture);
	assert_int_equal(fixture->child.code, 0);
}

static const char rich_js[] =
    "const same = {a: 1};\n"
    "process.send({d: new Date(5), b: Buffer.from([65, 255]), u: undefined,\n"
    "  big: 10n, list: [1, , '\\u65e5'], same, again: same, nan: NaN});\n"
    "process.send(new Map([[1, 2]]));\n"
    "process.send('behind it');\n";

static void
rich_values_become_what_json_has(void **state)
{
	struct fixture *fixture = *state;
	json_t *expected;

	if (!has_node())
		skip_because("there is no node");
	start_advanced(fixture, rich_js);
	run_until_closed(fixture);
	expected =
	    json_pack("{s:i,s:s,s:n,s:i,s:[i,n,s],s:{s:i},s:{s:i},s:n}", "d", 5,
	              "b", "A\xc3\xbf", "u", "big", 10, "list", 1,
	              "\xe6\x97\xa5", "same", "a", 1, "again", "a", 1, "nan");
	assert_true(json_equal(expected, json_array_get(fixture->got, 0)));
	json_decref(expected);
	assert_int_equal(fixture->messages, 2);
	assert_string_equal(json_string_value(json_array_get(fixture->got, 1)),
	                    "behind it");
	assert_int_equal(told_count(&fixture->world, EVENT_NOTE), 1);
}

/* What a handle is to Node. */
static const char kind_js[] =
    "process.on('message', (m, h) => {\n"
    "  process.send([m, h.constructor.name], () => h.close?.());\n"
    "  if (m === 3) process.disconnect();\n"
    "  h.destroy?.();\n"
    "});\n";

static void
node_is_sent_a_server_a_socket_and_a_datagram_socket(void **state)
{
	static const char *const names[] = {"Server", "Socket", "Socket"};
	struct fixture *fixture = *state;
	struct sockaddr_in address = local_port(0);
	uv_loop_t *loop = &fixture->world.loop.uv;
	int port, listening = plain_listen(&port), client;
	uv_tcp_t server, socket;
	uv_udp_t udp;
	void *const handles[] = {&server, &socket, &udp};
	const struct channel_handle as[] = {
	    {.type = CHANNEL_NET_SERVER},
	    {.type = CHANNEL_NET_SOCKET},
	    {.type = CHANNEL_DGRAM_SOCKET, .dgram = "udp4"},
	};

	if (!has_node())
		skip_because("there is no node");
	client = plain_connect(port);
	uv_tcp_init(loop, &socket);
	uv_tcp_open(&socket, accept4(listening, NULL, NULL, SOCK_CLOEXEC));
	uv_tcp_init(loop, &server);
	uv_tcp_open(&server, listening);
	uv_udp_init(loop, &udp);
	uv_udp_bind(&udp, (struct sockaddr *)&address, 0);
	start_node(fixture, kind_js, true, NULL);
	for (int i = 0; i < 3; i++) {
		json_t *message = json_integer(i + 1);

		channel_send_handle_as(&fixture->child.channel, message,
		                       handles[i], &as[i]);
		json_decref(message);
	}
	run_until_closed(fixture);
	assert_int_equal(fixture->sent, 3);
	assert_int_equal(fixture->messages, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(json_string_value(json_array_get(
					json_array_get(fixture->got, i), 1)),
		                    names[i]);
	close(client);
}

/* ---- Node is the parent ---- */

/* fork() of this program as "@echo" in a mode. */
static const char advanced_js[] =
    "const {fork} = require('child_process');\n"
    "const assert = require('assert');\n"
    "const child = fork('@echo', [], {execPath: process.argv[2],\n"
    "                   execArgv: [], serialization: 'advanced'});\n"
    "const sent = [{n: 1, l: [1, 2.5, null, 'x']}, 'caf\\u00e9 \\u65e5',\n"
    "  7, true, 'y'.repeat(200000), 2 ** 40];\n"
    "const got = [];\n"
    "child.on('message', (m) => {\n"
    "  got.push(m);\n"
    "  if (got.length === sent.length) child.disconnect();\n"
    "});\n"
    "child.on('exit', (code) => {\n"
    "  assert.deepStrictEqual(got, sent);\n"
    "  console.log('same ' + code);\n"
    "});\n"
    "for (const m of sent) child.send(m);\n";

static void
node_forks_us_in_the_advanced_mode(void **state)
{
	struct fixture *fixture = *state;

	if (!has_node())
		skip_because("there is no node");
	start_node(fixture, advanced_js, false, own_path());
	run_until_closed(fixture);
	assert_string_equal(first_line(fixture), "same 0");
}

/* We send everything back as what it came. */
static const char types_js[] =
    "const {fork} = require('child_process');\n"
    "const net = require('net'), dgram = require('dgram');\n"
    "const child = fork('@echo', [], {execPath: process.argv[2],\n"
    "                   execArgv: []});\n"
    "const got = [];\n"
    "const udp = dgram.createSocket('udp4');\n"
    "const server = net.createServer();\n"
    "child.on('message', (m, h) => {\n"
    "  got.push(m + ' ' + h.constructor.name);\n"
    "  h.close();\n"
    "  if (m === 'udp') { child.disconnect(); udp.close(); }\n"
    "});\n"
    "child.on('exit', (code) => console.log(got.join(', '), code));\n"
    "server.listen(0, '127.0.0.1', () => {\n"
    "  child.send('tcp', server, () => server.close());\n"
    "  udp.bind(0, '127.0.0.1', () => child.send('udp', udp));\n"
    "});\n";

static void
nodes_handles_come_back_as_what_they_were(void **state)
{
	struct fixture *fixture = *state;

	if (!has_node())
		skip_because("there is no node");
	start_node(fixture, types_js, false, own_path());
	run_until_closed(fixture);
	assert_string_equal(first_line(fixture), "tcp Server, udp Socket 0");
}

/* A server whose connection is with us closes when that is closed. (Node counts
 * it here and there at that moment, also with a child of its own.) */
static const char close_js[] =
    "const {fork} = require('child_process');\n"
    "const net = require('net');\n"
    "const child = fork('@keeper', [], {execPath: process.argv[2],\n"
    "                   execArgv: []});\n"
    "const server = net.createServer({pauseOnConnect: true});\n"
    "const said = [];\n"
    "server.on('connection', (socket) => {\n"
    "  child.send('keep', socket);\n"
    "  server.close(() => {\n"
    "    said.push('closed'); child.disconnect(); });\n"
    "  server.getConnections((e, n) => {\n"
    "    said.push(n); child.send('close'); });\n"
    "});\n"
    "server.listen(0, '127.0.0.1', () => {\n"
    "  net.connect(server.address().port, '127.0.0.1')\n"
    "    .on('data', (d) => said.push(String(d)));\n"
    "});\n"
    "child.on('exit', (code) => console.log(said.sort().join(' '), code));\n";

static void
a_server_of_nodes_closes_when_we_have_closed_its_connection(void **state)
{
	struct fixture *fixture = *state;

	if (!has_node())
		skip_because("there is no node");
	start_node(fixture, close_js, false, own_path());
	run_until_closed(fixture);
	assert_string_equal(first_line(fixture), "2 bye closed 0");
}

/* The program of the stage in its role of a child. */
static const char looptop_js[] =
    "const {fork} = require('child_process');\n"
    "const child = fork('@child', ['7'], {execPath: process.argv[2],\n"
    "                   execArgv: []});\n"
    "child.on('message', (m) => {\n"
    "  console.log(JSON.stringify(m)); child.disconnect(); });\n"
    "child.on('exit', (code, signal) => console.log(code, signal));\n"
    "child.send({ping: 3});\n";

static void
node_forks_looptops_child(void **state)
{
	struct fixture *fixture = *state;
	const char *looptop = getenv("LOOPTOP");
	char stage[4096];

	if (!has_node() || !looptop)
		skip_because("there is no node, or no LOOPTOP");
	snprintf(stage, sizeof(stage), "%s-stage", looptop);
	start_node(fixture, looptop_js, false, stage);
	run_until_closed(fixture);
	assert_string_equal(first_line(fixture), "{\"pong\":3}");
	assert_string_equal(told_nth(&fixture->world, EVENT_STDOUT, 1)->text,
	                    "0 null");
}

/* ---- the roles ---- */

static union {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
	uv_udp_t udp;
} taken[4];

static int taken_count;
static char key[64];

/* Whatever came becomes a handle of its own kind. */
static uv_stream_t *
take(struct channel *channel)
{
	uv_handle_type type = uv_pipe_pending_type(&channel->pipe);
	uv_stream_t *stream = &taken[taken_count].stream;

	if (type == UV_UDP)
		uv_udp_init(&channel->loop->uv, &taken[taken_count].udp);
	else if (type == UV_TCP)
		uv_tcp_init(&channel->loop->uv, &taken[taken_count].tcp);
	else
		uv_pipe_init(&channel->loop->uv, &taken[taken_count].pipe, 0);
	taken_count++;
	channel_accept(channel, stream);
	return stream;
}

static void
echo(struct channel *channel, json_t *message, bool has_handle)
{
	if (has_handle)
		channel_send_handle_as(channel, message, take(channel),
		                       &channel->handle);
	else
		channel_send(channel, message);
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

static void
keep(struct channel *channel, json_t *message, bool has_handle)
{
	uv_buf_t bye = uv_buf_init((char *)"bye", 3);

	(void)message;
	if (has_handle) {
		snprintf(key, sizeof(key), "%s", channel->handle.key);
		take(channel);
		return;
	}
	uv_try_write(&taken[0].stream, &bye, 1);
	uv_close(&taken[0].handle, NULL);
	channel_socket_closed(channel, key);
}

static const struct channel_events keep_events = {.message = keep};

static int
be(const struct channel_events *role)
{
	struct channel channel;
	struct loop loop;

	signal(SIGPIPE, SIG_IGN);
	if (loop_open(&loop, ROLE_MAIN, 0, "role") ||
	    channel_open_inherited(&channel, &loop, role))
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
	    NODE_TEST(node_sends_back_what_it_was_sent_advanced),
	    NODE_TEST(rich_values_become_what_json_has),
	    NODE_TEST(node_is_sent_a_server_a_socket_and_a_datagram_socket),
	    NODE_TEST(node_forks_us_in_the_advanced_mode),
	    NODE_TEST(nodes_handles_come_back_as_what_they_were),
	    NODE_TEST(
		a_server_of_nodes_closes_when_we_have_closed_its_connection),
	    NODE_TEST(node_forks_looptops_child),
	};

	/* Whoever has lost its role must not run the tests once more. */
	if (argc == 1 && getenv("NODE_CHANNEL_FD"))
		return 1;
	if (argc > 1 && strcmp(argv[1], "@echo") == 0)
		return be(&echo_events);
	if (argc > 1 && strcmp(argv[1], "@keeper") == 0)
		return be(&keep_events);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
