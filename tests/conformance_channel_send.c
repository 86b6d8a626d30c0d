/* The rules of sending between parent and child. (Node's documentation:
 * subprocess.send(); NODE.md 1.4 and rows 49 to 54.) */
#include "rules_fork.h"

#include <errno.h>
#include <unistd.h>

static void
echo_all(const char *const *texts, int count)
{
	struct child *child = start_child("@echo", &echoed_events);

	awaited = count;
	for (int i = 0; i < count; i++)
		send_text(&child->channel, texts[i]);
	run_parent();
}

static void
kinds_of_message(void)
{
	static const char *const texts[] = {
	    "\"text\"", "7", "true", "null", "{\"a\":[1,{}]}", "[]",
	};

	echo_all(texts, 6);
}

static void
what_cannot_be_sent(void)
{
	struct child *child = start_child("@echo", &output_events);

	rules_say("%s", channel_send(&child->channel, NULL) == -EINVAL
	                    ? "nothing: refused"
	                    : "?");
	channel_disconnect(&child->channel);
	run_parent();
}

static void
a_message_with_no_handle(void)
{
	static const char *const texts[] = {"1"};

	echo_all(texts, 1);
}

/* ---- the channel of a child ---- */

static void
role_fd(int argc, char **argv)
{
	const char *fd = getenv("NODE_CHANNEL_FD");

	(void)argc;
	(void)argv;
	rules_say("fd %s", fd ? fd : "none");
	open_role(&echo_events);
	rules_say("afterwards %s", getenv("NODE_CHANNEL_FD") ? "set" : "unset");
}

static void
channel_descriptor(void)
{
	start_child("@fd", &output_events);
	run_parent();
}

/* ---- back-pressure ---- */

enum { SLOW_SENDS = 4000, SLOW_SIZE = 1000 };

static int counted;

static void
role_count_message(struct channel *channel, json_t *message, bool has_handle)
{
	(void)has_handle;
	counted++;
	if (!json_is_null(message))
		return;
	rules_say("%d came", counted);
	channel_disconnect(channel);
}

static const struct channel_events count_events = {
    .message = role_count_message,
};

static void
role_slow(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&count_events);
	run_role();
}

static void
slow_peer(void)
{
	struct child *child = start_child("@slow", &output_events);
	char text[SLOW_SIZE + 3];
	json_t *message;
	int first = 0;

	kill(child->pid, SIGSTOP);
	memset(text, 'x', sizeof(text));
	message = json_stringn(text, SLOW_SIZE);
	for (int i = 1; i <= SLOW_SENDS; i++)
		if (channel_send(&child->channel, message) == 1 && !first)
			first = i;
	json_decref(message);
	rules_say("false %s", first * SLOW_SIZE >= 131072 && first < SLOW_SENDS
	                          ? "behind 128 KiB"
	                          : "too early or never");
	send_text(&child->channel, "null");
	kill(child->pid, SIGCONT);
	run_parent();
}

/* ---- exit ---- */

static void
role_small(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	for (int i = 0; i < 3; i++)
		send_text(&role_channel, "\"small\"");
	exit(0);
}

static void
send_megabyte(void)
{
	char *text = malloc(1000 * 1000);
	json_t *message;

	memset(text, 'x', 1000 * 1000);
	message = json_stringn(text, 1000 * 1000);
	free(text);
	channel_send(&role_channel, message);
	json_decref(message);
}

static void
role_big(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&echo_events);
	send_megabyte();
	exit(0);
}

static void
exit_drained(struct channel *channel)
{
	(void)channel;
	exit(0);
}

static const struct channel_events drained_events = {
    .message = role_echo_message,
    .drain = exit_drained,
};

static void
role_big_drained(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	open_role(&drained_events);
	send_megabyte();
	run_role();
}

static void
say_length(struct child *child, json_t *message, bool has_handle)
{
	(void)child;
	(void)has_handle;
	rules_say("length %zu", json_string_length(message));
}

static const struct child_events length_events = {
    .output = parent_on_output,
    .message = say_length,
    .exit = parent_on_exit,
};

static void
small_then_exit(void)
{
	start_child("@small", &length_events);
	run_parent();
}

static void
big_then_exit(void)
{
	start_child("@big", &length_events);
	run_parent();
}

static void
big_then_exit_drained(void)
{
	start_child("@big-drained", &length_events);
	run_parent();
}

static const struct rule rules[] = {
    {
	.number = "child 49",
	.text = "fork: the channel is descriptor 3, its name is forgotten",
	.expect = "fd 3\nafterwards unset\n",
	.node = CHILD "{ say('fd', process.channel.fd);\n"
		      "  say('afterwards', process.env.NODE_CHANNEL_FD ?"
		      " 'set' : 'unset'); }\n"
		      "else " FORK ";\n",
	.play = channel_descriptor,
    },
    {
	.number = "child 50",
	.text = "fork without 'ipc' in stdio is refused",
	.expect = "ERR_CHILD_PROCESS_IPC_REQUIRED\n",
	.node = "try { cp.fork(__filename, [], {stdio: ['pipe', 'pipe',"
		" 'pipe']}); } catch (e) { say(e.code); }\n",
	.reason = "child_fork() always opens a channel; there is nothing to "
		  "leave out",
    },
    {
	.number = "child 52",
	.text = "json sends strings, numbers, booleans, null, objects",
	.expect = "parent got \"text\"\nparent got 7\nparent got true\n"
		  "parent got null\nparent got {\"a\":[1,{}]}\n"
		  "parent got []\n",
	.node = CHILD "process.on('message', (m) => process.send(m));\n"
		      "else { const c = " FORK "; let n = 0;\n"
		      "  c.on('message', (m) => {\n"
		      "    say('parent got', JSON.stringify(m));\n"
		      "    if (++n === 6) c.disconnect(); });\n"
		      "  for (const m of ['text', 7, true, null,"
		      " {a: [1, {}]}, []]) c.send(m); }\n",
	.play = kinds_of_message,
    },
    {
	.number = "child 52b",
	.text = "what is no message is refused",
	.expect = "nothing: refused\n",
	.node = CHILD "process.on('message', () => {});\n"
		      "else { const c = " FORK ";\n"
		      "  try { c.send(undefined); } catch (e) {\n"
		      "    say('nothing:', e.code === 'ERR_MISSING_ARGS' ?"
		      " 'refused' : e.code); }\n"
		      "  c.disconnect(); }\n",
	.play = what_cannot_be_sent,
    },
    {
	.number = "child 53",
	.text = "advanced keeps Map, Date, Error, NaN, BigInt, Buffer",
	.expect = "Map Date Error NaN bigint Buffer\n",
	.node = CHILD "process.on('message', (m) => {\n"
		      "  say(...m.map((v) => Number.isNaN(v) ? 'NaN' :\n"
		      "    typeof v === 'bigint' ? 'bigint' :\n"
		      "    v.constructor.name));\n"
		      "  process.disconnect(); });\n"
		      "else cp.fork(__filename, ['child'],"
		      " {serialization: 'advanced'}).send([new Map(),"
		      " new Date(), new Error('x'), NaN, 1n,"
		      " Buffer.from('b')]);\n",
	.reason = "a value here is JSON's: Date and BigInt are numbers, Buffer "
		  "a string; Map and Error cost the message and a note "
		  "(runtime_advanced, runtime_node_wire)",
    },
    {
	.number = "child 54",
	.text = "a message comes with its handle, or with none",
	.expect = "parent got 1\n",
	.node = CHILD "process.on('message', (m, h) => process.send(h ===\n"
		      "  undefined ? m : 'a handle'));\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('message', (m) => {\n"
		      "    say('parent got', JSON.stringify(m));\n"
		      "    c.disconnect(); }); c.send(1); }\n",
	.play = a_message_with_no_handle,
    },
    {
	.number = "ipc slow",
	.text = "send says false behind 128 KiB, and nothing is dropped",
	.expect = "false behind 128 KiB\n4001 came\n",
	.node = CHILD "{ let n = 0;\n"
		      "  process.on('message', (m) => { n++;\n"
		      "    if (m === null) { say(n, 'came');"
		      " process.disconnect(); } });\n"
		      "} else { const c = " FORK "; let first = 0;\n"
		      "  process.kill(c.pid, 'SIGSTOP');\n"
		      "  const text = 'x'.repeat(1000);\n"
		      "  for (let i = 1; i <= 4000; i++)\n"
		      "    if (!c.send(text) && !first) first = i;\n"
		      "  say('false', first * 1000 >= 131072 && first < 4000 ?"
		      " 'behind 128 KiB' : first);\n"
		      "  c.send(null); process.kill(c.pid, 'SIGCONT'); }\n",
	.play = slow_peer,
    },
    {
	.number = "ipc exit small",
	.text = "what is small is out before exit",
	.expect = "length 5\nlength 5\nlength 5\nexit 0 0\n",
	.node = CHILD "{ for (let i = 0; i < 3; i++) process.send('small');\n"
		      "  process.exit(0);\n"
		      "} else { const c = " FORK ";\n"
		      "  c.on('message', (m) => say('length', m.length));\n"
		      "  c.on('close', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = small_then_exit,
    },
    {
	.number = "ipc exit big",
	.text = "of what is big the rest is lost with exit",
	.expect = "exit 0 0\n",
	.node = CHILD "{ process.send('x'.repeat(1e6)); process.exit(0);\n"
		      "} else { const c = " FORK ";\n"
		      "  c.on('message', (m) => say('length', m.length));\n"
		      "  c.on('close', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = big_then_exit,
    },
    {
	.number = "ipc exit sent",
	.text = "when it is written first, it arrives",
	.expect = "length 1000000\nexit 0 0\n",
	.node = CHILD "process.send('x'.repeat(1e6), () => process.exit(0));\n"
		      "else { const c = " FORK ";\n"
		      "  c.on('message', (m) => say('length', m.length));\n"
		      "  c.on('close', (code, s) => say('exit', code, s ?? 0));"
		      " }\n",
	.play = big_then_exit_drained,
    },
};

static const struct rule_role roles[] = {
    {"@echo", role_echo}, {"@fd", role_fd},
    {"@slow", role_slow}, {"@small", role_small},
    {"@big", role_big},   {"@big-drained", role_big_drained},
    {NULL, NULL},
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  roles);
}
