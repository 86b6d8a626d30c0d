/* The rules of worker_threads, second part: messages and ports. */
#include "worker_rules.h"

#include "runtime/broadcast.h"

#include <errno.h>

static struct port *ends[2];

static void
open_pair(void)
{
	rule_open();
	if (port_pair(ends))
		rules_say("no pair");
}

static void
say_port_message(struct port *port, struct message *message)
{
	(void)port;
	rules_say("message %.*s", (int)message->size, message->bytes);
}

static void
post(struct port *port, const char *text)
{
	port_post(port, text, strlen(text));
}

/* ---- 81: clone ---- */

static void
say_and_spoil(struct port *port, struct message *message)
{
	struct buffer buffer = message_take_buffer(message, 0);

	rules_say("message %.*s %d", (int)message->size, message->bytes,
	          ((char *)buffer.bytes)[0]);
	((char *)buffer.bytes)[0] = 9;
	buffer_free(&buffer);
	port_close(port);
}

static void
clones(void)
{
	static const struct port_events events = {.message = say_and_spoil};
	struct buffer buffer;
	struct part part = {PART_BUFFER, false, {&buffer}};
	char text[] = "one";
	struct message message = {text, 3, &part, 1};

	open_pair();
	buffer_new(&buffer, 1);
	*(char *)buffer.bytes = 1;
	port_post_message(ends[0], &message);
	text[0] = 'X';
	*(char *)buffer.bytes = 2;
	port_open(ends[1], &rule_loop, &events, NULL);
	loop_run(&rule_loop);
	rules_say("ours %d", *(char *)buffer.bytes);
	buffer_free(&buffer);
	port_close(ends[0]);
	rule_close();
}

/* ---- 82, 83: transfer ---- */

static void
say_size(struct port *port, struct message *message)
{
	struct buffer buffer = message_take_buffer(message, 0);

	(void)port;
	rules_say("message %zu", buffer.size);
	buffer_free(&buffer);
}

static const struct port_events size_events = {.message = say_size};

static const char *
name_of(int error)
{
	return error == -EINVAL  ? "DataCloneError"
	       : error == -EPERM ? "ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST"
	                         : "no error";
}

static void
read_sizes(void)
{
	port_open(ends[1], &rule_loop, &size_events, NULL);
	port_close(ends[0]);
	rule_close();
}

static void
transfers(void)
{
	struct port *other[2];
	struct buffer buffer;
	struct part parts[] = {{PART_BUFFER, true, {&buffer}},
	                       {PART_BUFFER, true, {&buffer}}};
	struct part port = {PART_PORT, true, {NULL}};
	struct message message = {"", 0, parts, 1};

	open_pair();
	port_pair(other);
	buffer_new(&buffer, 8);
	message.part_count = 2;
	rules_say("twice %s", name_of(port_post_message(ends[0], &message)));
	message.part_count = 1;
	port_post_message(ends[0], &message);
	rules_say("ours %zu", buffer.size);
	rules_say("detached %s", name_of(port_post_message(ends[0], &message)));
	message.parts = &port;
	port.port = ends[0];
	rules_say("itself %s", name_of(port_post_message(ends[0], &message)));
	port.port = other[0];
	port.transfer = false;
	rules_say("missing %s", name_of(port_post_message(ends[0], &message)));
	port_drop(other[0]);
	port_drop(other[1]);
	read_sizes();
}

static void
stays(void)
{
	struct buffer buffer;
	struct part part = {PART_BUFFER, true, {&buffer}};
	struct message message = {"", 0, &part, 1};

	open_pair();
	buffer_new(&buffer, 8);
	buffer.stays = true;
	port_post_message(ends[0], &message);
	rules_say("ours %zu", buffer.size);
	buffer_free(&buffer);
	read_sizes();
}

/* A port moves to a worker, which answers through it. */
static void
answer_through(struct worker_scope *scope, struct message *message)
{
	struct port *port = message_take_port(message, 0);

	post(port, "from the worker");
	port_drop(port);
	worker_scope_listen(scope, NULL);
}

static void
moves(void)
{
	static const struct worker_script script = {.message = answer_through};
	static const struct port_events events = {.message = say_port_message};
	struct part part = {PART_PORT, true, {NULL}};
	struct message message = {"", 0, &part, 1};

	open_pair();
	part.port = ends[1];
	port_open(ends[0], &rule_loop, &events, NULL);
	rule_start(&script, NULL);
	worker_post_message(&rule_worker, &message);
	rule_close();
}

/* ---- 84: start and ref ---- */

static const struct port_events no_events;

static void
say_and_close(struct port *port, struct message *message)
{
	say_port_message(port, message);
	port_close(port);
}

static void
refs(void)
{
	static const struct port_events events = {.message = say_and_close};

	open_pair();
	port_open(ends[0], &rule_loop, &no_events, NULL);
	port_open(ends[1], &rule_loop, &no_events, NULL);
	rules_say("%d", port_has_ref(ends[1]));
	port_listen(ends[1], &events);
	rules_say("%d", port_has_ref(ends[1]));
	port_listen(ends[1], &no_events);
	rules_say("%d", port_has_ref(ends[1]));
	post(ends[0], "kept");
	loop_run(&rule_loop);
	rules_say("nothing yet");
	port_listen(ends[1], &events);
	rule_close();
}

static void
stop_listening(struct worker_scope *scope, struct message *message)
{
	worker_scope_post_message(scope, message);
	worker_scope_listen(scope, NULL);
}

static void
worker_ends(void)
{
	static const struct worker_script script = {.message = stop_listening};

	rule_open();
	rule_start(&script, NULL);
	worker_post(&rule_worker, "hello", 5);
	rule_close();
}

/* ---- 85: close ---- */

static void
say_close(struct port *port)
{
	rules_say("close %s", (const char *)port_data(port));
}

static void
closes(void)
{
	static const struct port_events events = {
	    .message = say_port_message,
	    .close = say_close,
	};

	open_pair();
	port_open(ends[0], &rule_loop, &events, "1");
	post(ends[0], "a");
	post(ends[0], "b");
	port_close(ends[0]);
	post(ends[0], "too late");
	loop_run(&rule_loop);
	port_open(ends[1], &rule_loop, &events, "2");
	rule_close();
}

static void
end_at_once(struct worker_scope *scope)
{
	worker_scope_exit(scope, 0);
}

static void
after_exit(void)
{
	static const struct worker_script script = {.start = end_at_once};

	rule_open();
	rule_start(&script, NULL);
	rule_close();
	worker_post(&rule_worker, "nobody", 6);
	rules_say("nothing happens");
}

/* ---- 86: receiveMessageOnPort ---- */

static void
receives(void)
{
	struct message *message;

	open_pair();
	post(ends[0], "one");
	post(ends[0], "two");
	for (int i = 0; i < 3; i++) {
		message = port_receive(ends[1]);
		rules_say("%.*s", message ? (int)message->size : 9,
		          message ? message->bytes : "undefined");
		message_free(message);
	}
	port_drop(ends[0]);
	port_drop(ends[1]);
	rule_close();
}

/* ---- 87: BroadcastChannel ---- */

static struct broadcast *channels[4];

static void
say_heard(struct broadcast *broadcast, struct message *message)
{
	rules_say("%s hears %.*s", (const char *)broadcast_data(broadcast),
	          (int)message->size, message->bytes);
	broadcast_close(broadcast);
}

static void
broadcasts(void)
{
	static const struct broadcast_events events = {.message = say_heard};
	static const char *const names[] = {"a", "a", "a", "b"};
	static char ids[][2] = {"0", "1", "2", "3"};
	const struct message message = {.bytes = "hi", .size = 2};

	rule_open();
	for (int i = 0; i < 4; i++)
		broadcast_open(&channels[i], &rule_loop, names[i], &events,
		               ids[i]);
	broadcast_post(channels[0], &message);
	broadcast_close(channels[0]);
	rules_say("closed %s", broadcast_post(channels[0], &message) == -EBADF
	                           ? "InvalidStateError"
	                           : "no error");
	broadcast_close(channels[3]);
	rule_close();
}

#define TWO_PORTS "const { port1, port2 } = new wt.MessageChannel();\n"
#define ERROR_NAME "e.name === 'DataCloneError' ? e.name : e.code"

static const struct rule rules[] = {
    {
	.number = "worker 81",
	.text = "a message is cloned when it is posted; a Buffer too",
	.expect = "message one 1\nours 2\n",
	.node = TWO_PORTS "const b = Buffer.from([1]), o = {t: 'one', b};\n"
			  "port1.postMessage(o); o.t = 'Xne'; b[0] = 2;\n"
			  "port2.on('message', (m) => {"
			  " say('message', m.t, m.b[0]); m.b[0] = 9;\n"
			  "  port2.close(); });\n"
			  "port2.on('close', () => say('ours', b[0]));\n",
	.play = clones,
    },
    {
	.number = "worker 81 fn",
	.text = "what cannot be cloned is a DataCloneError at once",
	.expect = "DataCloneError 25\n",
	.node = TWO_PORTS "try { port1.postMessage(() => {}) }"
			  " catch (e) { say(e.name, e.code) }\n",
	.reason = "in C a message is bytes: there is nothing to refuse",
    },
    {
	.number = "worker 82",
	.text = "transfer: a buffer is empty at the sender's; what is refused",
	.expect = "twice DataCloneError\nours 0\ndetached no error\n"
		  "itself DataCloneError\n"
		  "missing ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST\n"
		  "message 8\nmessage 0\n",
	.node = TWO_PORTS
	"const other = new wt.MessageChannel().port1;\n"
	"const b = new ArrayBuffer(8);\n"
	"const t = (what, ...a) => { let r = 'no error';\n"
	"  try { port1.postMessage(...a) } catch (e) { r = " ERROR_NAME " }\n"
	"  say(what, r) };\n"
	"t('twice', 1, [b, b]);\n"
	"port1.postMessage(b, [b]);\n"
	"say('ours', b.byteLength);\n"
	"t('detached', 0, [b]);\n"
	"t('itself', 1, [port1]);\n"
	"t('missing', other);\n"
	"port2.on('message', (m) => say('message', m.byteLength ?? m));\n"
	"port1.close();\n",
	.play = transfers,
    },
    {
	.number = "worker 82 port",
	.text = "a port moves to another thread and works there",
	.expect = "message from the worker\nexit 0\n",
	.node = TWO_PORTS
	"const w = new wt.Worker(`require('worker_threads').parentPort.once("
	"'message', (p) => { p.postMessage('from the worker'); p.close() })`,"
	" {eval: true});\n"
	"port1.on('message', (m) => say('message', m));\n"
	"w.on('exit', (code) => say('exit', code));\n"
	"w.postMessage(port2, [port2]);\n",
	.play = moves,
    },
    {
	.number = "worker 83",
	.text = "markAsUntransferable: copied without a word (version 20)",
	.expect = "ours 8\nmessage 8\n",
	.node = TWO_PORTS "const b = new ArrayBuffer(8);\n"
			  "wt.markAsUntransferable(b);\n"
			  "try { port1.postMessage(b, [b]); }"
			  " catch { port1.postMessage(b) }\n"
			  "say('ours', b.byteLength);\n"
			  "port2.on('message', (m) =>"
			  " say('message', m.byteLength));\n"
			  "port1.close();\n",
	.play = stays,
    },
    {
	.number = "worker 84",
	.text = "a port is started and keeps the loop alive while it is "
		"listened to",
	.expect = "0\n1\n0\nnothing yet\nmessage kept\n",
	.node = TWO_PORTS "const f = () => {}, ref = () =>"
			  " say(Number(port2.hasRef()));\n"
			  "ref(); port2.on('message', f); ref();\n"
			  "port2.off('message', f); ref();\n"
			  "port1.postMessage('kept');\n"
			  "setImmediate(() => { say('nothing yet');\n"
			  "  port2.on('message', (m) => {"
			  " say('message', m); port2.close() }) });\n",
	.play = refs,
    },
    {
	.number = "worker 84 end",
	.text = "removing the last listener lets the thread end",
	.expect = "message hello\nexit 0\n",
	.node = IN_WORKER("p.once('message', (m) => p.postMessage(m))",
                          "") "w.postMessage('hello');\n",
	.play = worker_ends,
    },
    {
	.number = "worker 85",
	.text = "close: both ends hear it, what was sent arrives before, later "
		"posts do nothing",
	.expect = "close 1\nmessage a\nmessage b\nclose 2\n",
	.node = TWO_PORTS "port1.on('close', () => { say('close 1');\n"
			  "  port2.on('message', (m) => say('message', m)) });"
			  "\nport2.on('close', () => say('close 2'));\n"
			  "port1.postMessage('a'); port1.postMessage('b');\n"
			  "port1.close(); port1.postMessage('too late');\n",
	.play = closes,
    },
    {
	.number = "worker 85 exit",
	.text = "a post after the worker's exit does nothing",
	.expect = "exit 0\nnothing happens\n",
	.node = IN_WORKER("", "") "w.on('exit', () => {"
				  " w.postMessage('nobody');"
				  " say('nothing happens') });\n",
	.play = after_exit,
    },
    {
	.number = "worker 86",
	.text = "receiveMessageOnPort: the next message, or nothing",
	.expect = "one\ntwo\nundefined\n",
	.node = TWO_PORTS "port1.postMessage('one'); port1.postMessage('two');"
			  "\nfor (let i = 0; i < 3; i++) say(String("
			  "wt.receiveMessageOnPort(port2)?.message));\n",
	.play = receives,
    },
    {
	.number = "worker 87",
	.text = "BroadcastChannel: all others of the name; closed, an error",
	.expect = "closed InvalidStateError\n1 hears hi\n2 hears hi\n",
	.node = "const all = ['a', 'a', 'a', 'b'].map((name, i) => {\n"
		"  const c = new wt.BroadcastChannel(name);\n"
		"  c.onmessage = (e) => { say(i, 'hears', e.data);"
		" c.close() }; return c });\n"
		"all[0].postMessage('hi'); all[0].close();\n"
		"try { all[0].postMessage('hi') }"
		" catch (e) { say('closed', e.name) }\n"
		"all[3].close();\n",
	.play = broadcasts,
    },
};

RULES_MAIN(rules)
