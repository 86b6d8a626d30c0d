/* The rules of handles over a channel: NODE.md 1.2. */
#include "rules_fork.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define FORK "cp.fork(__filename, ['child'])"
#define CHILD "if (process.argv[2] === 'child') "

/* A listening server and a connection to it, as a parent of Node has them. */
#define SERVER_JS \
	"const server = net.createServer({pauseOnConnect: true});\n" \
	"server.listen(0, '127.0.0.1', () =>\n" \
	"  net.connect(server.address().port, '127.0.0.1')\n" \
	"    .on('data', (d) => say('client got', d)).on('error', () => " \
	"{}));\n"

static uv_tcp_t taken;

static void
give(struct child *child, const char *text, enum channel_handle_type type)
{
	const struct channel_handle as = {.type = type, .key = "k"};
	json_t *message = json_text_read(text, strlen(text));

	channel_send_handle_as(&child->channel, message, (uv_stream_t *)&given,
	                       &as);
	json_decref(message);
}

static void
on_sent(struct child *child, uv_stream_t *handle)
{
	(void)child;
	uv_close((uv_handle_t *)handle, NULL);
}

static const struct child_events give_events = {
    .output = parent_on_output,
    .handle_sent = on_sent,
};

/* ---- roles ---- */

static void
answer_on_it(struct channel *channel, json_t *message, bool has_handle)
{
	uv_buf_t text = uv_buf_init((char *)"from the child", 14);

	(void)message;
	if (!has_handle)
		return;
	uv_tcp_init(&loop.uv, &taken);
	channel_accept(channel, (uv_stream_t *)&taken);
	uv_try_write((uv_stream_t *)&taken, &text, 1);
	uv_close((uv_handle_t *)&taken, NULL);
	channel_disconnect(channel);
}

static const struct channel_events answer_events = {.message = answer_on_it};

static void
role_answer(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&answer_events);
	run_role();
}

static void
say_udp(struct channel *channel, json_t *message, bool has_handle)
{
	struct sockaddr_in address;
	int size = sizeof(address);
	static uv_udp_t udp;

	(void)message;
	if (!has_handle)
		return;
	uv_udp_init(&loop.uv, &udp);
	channel_accept(channel, (uv_stream_t *)&udp);
	uv_udp_getsockname(&udp, (struct sockaddr *)&address, &size);
	rules_say("%s %s", channel->handle.dgram,
	          address.sin_port ? "bound" : "not bound");
	uv_close((uv_handle_t *)&udp, NULL);
	channel_disconnect(channel);
}

static const struct channel_events udp_events = {.message = say_udp};

static void
role_udp(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&udp_events);
	run_role();
}

static void
say_order(struct channel *channel, json_t *message, bool has_handle)
{
	rules_say("%lld %s", json_integer_value(message),
	          has_handle ? "with a handle" : "alone");
	if (json_integer_value(message) == 4)
		channel_disconnect(channel);
}

static const struct channel_events order_events = {.message = say_order};

static void
role_order(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&order_events);
	run_role();
}

/* ---- scenarios ---- */

static void
a_connection_is_passed(void)
{
	struct child *child = start_child("@answer", &give_events);

	connect_pair();
	give(child, "\"take\"", CHANNEL_NET_SOCKET);
	run_parent();
	say_client();
}

static void
order_is_kept(void)
{
	struct child *child = start_child("@order", &give_events);

	connect_pair();
	send_text(&child->channel, "1");
	give(child, "2", CHANNEL_NET_SOCKET);
	send_text(&child->channel, "3");
	send_text(&child->channel, "4");
	run_parent();
	close(client);
}

static void
a_datagram_socket_is_passed(void)
{
	const struct channel_handle as = {CHANNEL_DGRAM_SOCKET, NULL, "udp4"};
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	struct child *child = start_child("@udp", &give_events);
	json_t *message = json_true();
	static uv_udp_t udp;

	uv_udp_init(&loop.uv, &udp);
	uv_udp_bind(&udp, (struct sockaddr *)&address, 0);
	channel_send_handle_as(&child->channel, message, (uv_stream_t *)&udp,
	                       &as);
	json_decref(message);
	run_parent();
}

/* ---- a peer that answers as we please ---- */

static struct channel sender;
static int raw;

static void
close_sent(struct channel *channel, uv_stream_t *handle)
{
	(void)channel;
	uv_close((uv_handle_t *)handle, NULL);
}

static void
no_message(struct channel *channel, json_t *message, bool has_handle)
{
	(void)channel;
	(void)message;
	(void)has_handle;
}

static const struct channel_events sender_events = {
    .message = no_message,
    .handle_sent = close_sent,
};

static void
open_sender(void)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		abort();
	loop_open(&loop, ROLE_MAIN, 0, "rule");
	channel_open(&sender, &loop, fds[0], &sender_events);
	raw = fds[1];
	connect_pair();
}

/* What is on the wire now; descriptors are dropped by the kernel. */
static void
say_wire(void)
{
	char text[512];
	ssize_t got;

	uv_run(&loop.uv, UV_RUN_NOWAIT);
	got = recv(raw, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[got > 0 ? got : 0] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		rules_say("wire %s", line);
}

static void
answer(const char *line)
{
	if (write(raw, line, strlen(line)) < 0)
		abort();
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static const char ack[] = "{\"cmd\":\"NODE_HANDLE_ACK\"}\n";
static const char nack[] = "{\"cmd\":\"NODE_HANDLE_NACK\"}\n";

static void
send_handle(const char *text)
{
	const struct channel_handle as = {.type = CHANNEL_NET_SOCKET};
	json_t *message = json_text_read(text, strlen(text));

	channel_send_handle_as(&sender, message, (uv_stream_t *)&given, &as);
	json_decref(message);
}

static void
end_sender(void)
{
	close(raw);
	loop_run(&loop);
	loop_close(&loop);
	close(client);
}

static void
one_in_flight(void)
{
	open_sender();
	send_handle("1");
	send_text(&sender, "2");
	send_text(&sender, "3");
	say_wire();
	rules_say("acknowledged");
	answer(ack);
	say_wire();
	end_sender();
}

static void
resent_three_times(void)
{
	open_sender();
	send_handle("1");
	send_text(&sender, "2");
	send_text(&sender, "3");
	for (int i = 0; i < 5; i++) {
		say_wire();
		answer(nack);
	}
	end_sender();
}

static void
all_closed(struct channel *channel, const char *key)
{
	(void)key;
	rules_say("closed");
	channel_disconnect(channel);
}

static void
a_server_waits(void)
{
	static struct channel_events asking;
	char line[128] = "";

	open_sender();
	asking = sender_events;
	asking.all_closed = all_closed;
	channel_listen(&sender, &asking);
	send_handle("1");
	channel_ask_closed(&sender, "k");
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	if (recv(raw, line, sizeof(line), MSG_DONTWAIT) < 0)
		abort();
	answer(ack);
	memset(line, 0, sizeof(line));
	if (recv(raw, line, sizeof(line), MSG_DONTWAIT) < 0)
		abort();
	rules_say("asked %.24s", line + strlen("{\"cmd\":\""));
	answer("{\"cmd\":\"NODE_SOCKET_ALL_CLOSED\",\"key\":\"k\"}\n");
	end_sender();
}

/* Node with a child that is a program of its own which speaks the wire: here
 * the parent's own socket pair, so that it sees its own lines. */
#define RAW_PEER_JS(play) \
	CHILD "{\n" \
	      "  process.on('message', () => {});\n" \
	      "  const server = net.createServer({pauseOnConnect: true});\n" \
	      "  server.listen(0, '127.0.0.1', () =>\n" \
	      "    net.connect(server.address().port, '127.0.0.1')\n" \
	      "      .on('error', () => {}));\n" \
	      "  server.on('connection', (socket) => {\n" \
	      "    delete socket.server; socket.server = null;\n" \
	      "    server.close();\n" \
	      "    process.send(1, socket);\n" \
	      "    process.send(2); process.send(3);\n" \
	      "  });\n" \
	      "} else {\n" \
	      "  const c = cp.spawn(process.execPath, [__filename, 'child'], " \
	      "{\n" \
	      "    stdio: ['ignore', 'inherit', 'ignore', 'pipe'],\n" \
	      "    env: {...process.env, NODE_CHANNEL_FD: '3'}});\n" \
	      "  c.stdio[3].on('error', () => {});\n" \
	      "  c.stdio[3].on('data', (d) => {\n" \
	      "    for (const line of String(d).split('\\n'))\n" \
	      "      if (line) say('wire', line);\n" play "  });\n" \
	      "}\n"

static const struct rule rules[] = {
    {
	.number = "ipc socket",
	.text = "a TCP connection is passed: the child answers on it",
	.expect = "client got from the child\n",
	.node = CHILD "process.on('message', (m, socket) => {\n"
		      "  socket.end('from the child');\n"
		      "  socket.on('close', () => process.disconnect()); });\n"
		      "else { const c = " FORK ";\n" SERVER_JS
		      "  server.on('connection', (s) => {\n"
		      "    c.send('take', s); server.close(); }); }\n",
	.play = a_connection_is_passed,
    },
    {
	.number = "ipc order",
	.text = "messages behind a handle do not overtake it",
	.expect = "1 alone\n2 with a handle\n3 alone\n4 alone\n",
	.node = CHILD "process.on('message', (m, h) => {\n"
		      "  say(m, h ? 'with a handle' : 'alone');\n"
		      "  h?.destroy();\n"
		      "  if (m === 4) process.disconnect(); });\n"
		      "else { const c = " FORK ";\n" SERVER_JS
		      "  server.on('connection', (s) => {\n"
		      "    c.send(1); c.send(2, s); c.send(3); c.send(4);\n"
		      "    server.close(); }); }\n",
	.play = order_is_kept,
    },
    {
	.number = "ipc udp",
	.text = "a datagram socket is passed, bound as it is",
	.expect = "udp4 bound\n",
	.node = CHILD "process.on('message', (m, udp) => {\n"
		      "  say(udp.type, udp.address().port ? 'bound' :"
		      " 'not bound');\n"
		      "  udp.close(); process.disconnect(); });\n"
		      "else { const c = " FORK ";\n"
		      "  const udp = dgram.createSocket('udp4');\n"
		      "  udp.bind(0, '127.0.0.1', () =>\n"
		      "    c.send(true, udp, () => udp.close())); }\n",
	.play = a_datagram_socket_is_passed,
    },
    {
	.number = "ipc ack",
	.text = "one handle is on its way; all behind it waits for its ACK",
	.expect = "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
		  "\"msg\":1}\nacknowledged\nwire 2\nwire 3\n",
	.node = RAW_PEER_JS("    if (String(d).includes('NODE_HANDLE'))\n"
                            "      setTimeout(() => { say('acknowledged');\n"
                            "        c.stdio[3].write('{\"cmd\":"
                            "\"NODE_HANDLE_ACK\"}\\n'); }, 30);\n"
                            "    if (String(d).includes('3'))"
                            " c.stdio[3].end();\n"),
	.play = one_in_flight,
    },
    {
	.number = "ipc resend",
	.text = "a refused handle is sent again three times, then given up",
	.expect = "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
		  "\"msg\":1}\n"
		  "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
		  "\"msg\":1}\n"
		  "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
		  "\"msg\":1}\n"
		  "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
		  "\"msg\":1}\n"
		  "wire 2\nwire 3\n",
	.node = RAW_PEER_JS("    if (String(d).includes('NODE_HANDLE'))\n"
                            "      c.stdio[3].write('{\"cmd\":"
                            "\"NODE_HANDLE_NACK\"}\\n');\n"
                            "    if (String(d).includes('3\\n'))"
                            " c.stdio[3].end();\n"),
	.reason = "Node puts the message it sends again into a second "
		  "envelope; ours sends what it sent, and opens both",
	.node_expect =
	    "wire {\"cmd\":\"NODE_HANDLE\",\"type\":"
	    "\"net.Socket\",\"msg\":1}\n"
	    "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":"
	    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}}\n"
	    "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":"
	    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}}\n"
	    "wire {\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":"
	    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}}\n"
	    "wire 2\nwire 3\n",
	.play = resent_three_times,
    },
    {
	.number = "ipc key",
	.text = "a connection of a server carries its key; the server closes "
		"when the receiver says that all are closed",
	.expect = "asked NODE_SOCKET_NOTIFY_CLOSE\nclosed\n",
	.node =
	    CHILD "{\n"
		  "  process.on('message', () => {});\n"
		  "  const server = net.createServer({pauseOnConnect: true});\n"
		  "  server.listen(0, '127.0.0.1', () =>\n"
		  "    net.connect(server.address().port, '127.0.0.1')\n"
		  "      .on('error', () => {}));\n"
		  "  server.on('connection', (socket) => {\n"
		  "    process.send(1, socket);\n"
		  "    server.close(() => { say('closed');"
		  " process.disconnect(); });\n"
		  "  });\n"
		  "} else {\n"
		  "  const c = cp.spawn(process.execPath, [__filename,"
		  " 'child'], {\n"
		  "    stdio: ['ignore', 'inherit', 'ignore', 'pipe'],\n"
		  "    env: {...process.env, NODE_CHANNEL_FD: '3'}});\n"
		  "  const tell = (m) =>"
		  " c.stdio[3].write(JSON.stringify(m) + '\\n');\n"
		  "  c.stdio[3].on('data', (d) => {\n"
		  "    for (const l of String(d).trim().split('\\n')) {\n"
		  "      const m = JSON.parse(l);\n"
		  "      if (m.cmd === 'NODE_HANDLE')"
		  " tell({cmd: 'NODE_HANDLE_ACK'});\n"
		  "      else { say('asked', m.cmd);\n"
		  "        tell({cmd: 'NODE_SOCKET_ALL_CLOSED',"
		  " key: m.key}); }\n"
		  "    }\n"
		  "  });\n"
		  "}\n",
	.play = a_server_waits,
    },
};

static const struct rule_role roles[] = {
    {"@answer", role_answer},
    {"@order", role_order},
    {"@udp", role_udp},
    {NULL, NULL},
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  roles);
}
