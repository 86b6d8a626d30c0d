/* The rules of a channel between parent and child: listening, ending.
 * (Node's documentation: disconnect(), channel.ref(); NODE.md 1.4 and
 * rows 55 and 56.) */
#include "rules_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- what keeps a child alive ---- */

static const struct channel_events deaf_events = {0};

static void
role_deaf(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&deaf_events);
	run_role();
	rules_say("child ends");
}

static void
role_unref(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	channel_ref(&role_channel, false);
	run_role();
	rules_say("child ends");
}

static void
role_disconnected(struct channel *channel)
{
	(void)channel;
	rules_say("child is disconnected");
}

static const struct channel_events listening_events = {
    .message = role_echo_message,
    .disconnect = role_disconnected,
};

static void
role_listening(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&listening_events);
	send_text(&role_channel, "\"here\"");
	run_role();
	rules_say("child ends");
}

static void
nobody_listens(void)
{
	start_child("@deaf", &output_events);
	run_parent();
}

static void
somebody_listens_unreferenced(void)
{
	start_child("@unref", &output_events);
	run_parent();
}

static void
let_go(struct child *child, json_t *message, bool has_handle)
{
	(void)message;
	(void)has_handle;
	rules_say("parent lets go");
	channel_disconnect(&child->channel);
}

static const struct child_events let_go_events = {
    .output = parent_on_output,
    .message = let_go,
};

static void
somebody_listens(void)
{
	start_child("@listening", &let_go_events);
	run_parent();
}

/* ---- before the first listener ---- */

static int late_count;

static void
say_late(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	say_value("got", message);
	if (++late_count == 2)
		channel_disconnect(channel);
}

static const struct channel_events late_events = {.message = say_late};

static void
listen_late(uv_timer_t *timer)
{
	rules_say("listens");
	channel_listen(&role_channel, &late_events);
	uv_close((uv_handle_t *)timer, NULL);
}

static void
role_late(int argc, char **argv)
{
	static uv_timer_t timer;

	(void)argc;
	(void)argv;
	open_role(&deaf_events);
	uv_timer_init(&loop.uv, &timer);
	uv_timer_start(&timer, listen_late, 50, 0);
	run_role();
}

static void
queued_until_listened(void)
{
	struct child *child = start_child("@late", &output_events);

	send_text(&child->channel, "1");
	send_text(&child->channel, "2");
	run_parent();
}

/* ---- the end ---- */

static void
say_close(struct child *child)
{
	(void)child;
	rules_say("close");
}

static const struct child_events end_events = {
    .disconnect = parent_on_disconnect,
    .exit = parent_on_exit,
    .close = say_close,
};

static void
parent_disconnects(void)
{
	struct child *child = start_child("@echo", &end_events);

	channel_disconnect(&child->channel);
	rules_say("connected %s", child->channel.connected ? "true" : "false");
	run_parent();
}

static void
role_leaves(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	exit(3);
}

static const struct child_events leaves_events = {
    .disconnect = parent_on_disconnect,
    .exit = parent_on_exit,
};

static void
child_exits(void)
{
	start_child("@leaves", &leaves_events);
	run_parent();
}

static void
send_when_closed(void)
{
	struct child *child = start_child("@echo", &output_events);
	json_t *message = json_true();

	channel_disconnect(&child->channel);
	rules_say("send %s", channel_send(&child->channel, message) == -EPIPE
	                         ? "fails, closed"
	                         : "?");
	channel_disconnect(&child->channel);
	json_decref(message);
	run_parent();
}

static const struct child_events twice_events = {
    .disconnect = parent_on_disconnect,
};

static void
disconnect_twice(void)
{
	struct child *child = start_child("@echo", &twice_events);

	channel_disconnect(&child->channel);
	channel_disconnect(&child->channel);
	run_parent();
}

static void
stale_descriptor(void)
{
	char text[16];
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), error;

	snprintf(text, sizeof(text), "%d", fd);
	setenv("NODE_CHANNEL_FD", text, 1);
	loop_open(&loop, ROLE_MAIN, 0, "rule");
	error = channel_open_inherited(&role_channel, &loop, &echo_events);
	rules_say("%s", uv_err_name(error));
	run_parent();
	close(fd);
}

static void
child_says(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	say_value("child got", message);
	send_text(channel, "2");
}

static const struct channel_events says_events = {.message = child_says};

static void
role_says(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&says_events);
	run_role();
}

/* What the child says is known to be out before its answer comes. */
static void
both_ways(void)
{
	struct child *child = start_child("@says", &echoed_events);

	awaited = 1;
	send_text(&child->channel, "1");
	run_parent();
}

static const struct rule rules[] = {
    {
	.number = "ipc ref none",
	.text = "a child that does not listen is not kept by its channel",
	.expect = "child ends\n",
	.node = CHILD "process.on('exit', () => say('child ends'));\n"
		      "else " FORK ";\n",
	.play = nobody_listens,
    },
    {
	.number = "ipc ref",
	.text = "one that listens is kept until the channel ends",
	.expect = "parent lets go\nchild is disconnected\nchild ends\n",
	.node = CHILD "{ process.on('message', () => {});\n"
		      "  process.on('disconnect', () =>"
		      " say('child is disconnected'));\n"
		      "  process.on('exit', () => say('child ends'));\n"
		      "  process.send('here');\n"
		      "} else { const c = " FORK ";\n"
		      "  c.on('message', () => { say('parent lets go');\n"
		      "    c.disconnect(); }); }\n",
	.play = somebody_listens,
    },
    {
	.number = "ipc unref",
	.text = "channel.unref() lets it end though it listens",
	.expect = "child ends\n",
	.node = CHILD "{ process.on('message', () => {});\n"
		      "  process.on('exit', () => say('child ends'));\n"
		      "  process.channel.unref();\n"
		      "} else " FORK ";\n",
	.play = somebody_listens_unreferenced,
    },
    {
	.number = "ipc queued",
	.text = "messages before the first listener wait for it",
	.expect = "listens\ngot 1\ngot 2\n",
	.node = CHILD "setTimeout(() => { say('listens'); let n = 0;\n"
		      "  process.on('message', (m) => { say('got', m);\n"
		      "    if (++n === 2) setImmediate(() =>"
		      " process.disconnect()); });\n"
		      "}, 50);\n"
		      "else { const c = " FORK "; c.send(1); c.send(2); }\n",
	.play = queued_until_listened,
    },
    {
	.number = "child 56",
	.text = "disconnect comes before exit when the child ends",
	.expect = "disconnect\nexit 3 0\n",
	.node = CHILD "process.exit(3);\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('disconnect', () => say('disconnect'));\n"
		      "  c.on('exit', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = child_exits,
    },
    {
	.number = "ipc disconnect",
	.text = "the parent disconnects: connected is false at once",
	.expect = "connected false\ndisconnect\nexit 0 0\nclose\n",
	.node =
	    CHILD "process.on('message', () => {});\n"
		  "else { const c = " FORK ";\n"
		  "  c.on('disconnect', () => say('disconnect'));\n"
		  "  c.on('exit', (code, s) => say('exit', code, s ?? 0));\n"
		  "  c.on('close', () => say('close'));\n"
		  "  c.disconnect(); say('connected', c.connected); }\n",
	.play = parent_disconnects,
	.reason = "Node never emits close then, which is its bug in all "
		  "versions; ours does, for the struct must be freed",
	.node_expect = "connected false\ndisconnect\nexit 0 0\n",
    },
    {
	.number = "ipc closed",
	.text = "send on a closed channel fails",
	.expect = "send fails, closed\n",
	.node = CHILD "process.on('message', () => {});\n"
		      "else { const c = " FORK ";\n"
		      "  c.disconnect();\n"
		      "  c.send(true, (e) => say('send', e.code ==="
		      " 'ERR_IPC_CHANNEL_CLOSED' ? 'fails, closed' : e)); }\n",
	.play = send_when_closed,
    },
    {
	.number = "ipc twice",
	.text = "a second disconnect does nothing",
	.expect = "disconnect\n",
	.node = CHILD "process.on('message', () => {});\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('error', (e) => say(e.code));\n"
		      "  c.on('disconnect', () => say('disconnect'));\n"
		      "  c.disconnect(); c.disconnect(); }\n",
	.play = disconnect_twice,
	.reason = "Node's second disconnect() is an error event, "
		  "ERR_IPC_DISCONNECTED; ours is harmless by its contract",
	.node_expect = "ERR_IPC_DISCONNECTED\ndisconnect\n",
    },
    {
	.number = "ipc stale",
	.text = "NODE_CHANNEL_FD that names no socket is an error",
	.expect = "ENOTSOCK\n",
	.node = "const fd = fs.openSync('/dev/null');\n"
		"const c = cp.spawn(process.execPath, ['-e',"
		" 'process.on(\"message\", () => {})'], {\n"
		"  stdio: ['ignore', 'ignore', 'ignore', fd],\n"
		"  env: {...process.env, NODE_CHANNEL_FD: '3'}});\n"
		"c.on('exit', (code, s) => say(s));\n",
	.play = stale_descriptor,
	.reason = "Node aborts; a library must not",
	.node_expect = "SIGABRT\n",
    },
    {
	.number = "child 55",
	.text = "the channel of a child works both ways",
	.expect = "child got 1\nparent got 2\n",
	.node = CHILD "process.on('message', (m) => { say('child got', m);\n"
		      "  process.send(2); });\n"
		      "else { const c = " FORK "; c.send(1);\n"
		      "  c.on('message', (m) => { say('parent got', m);\n"
		      "    c.disconnect(); }); }\n",
	.play = both_ways,
    },
};

static const struct rule_role roles[] = {
    {"@echo", role_echo},   {"@deaf", role_deaf},
    {"@unref", role_unref}, {"@listening", role_listening},
    {"@late", role_late},   {"@leaves", role_leaves},
    {"@says", role_says},   {NULL, NULL},
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  roles);
}
