/* The rules of the wire, on the receiver's side: Node's documentation of
 * process 'message' and 'disconnect'; NODE.md 1.1 and 1.4. */
#include "rules.h"

#include "runtime/channel.h"
#include "runtime/json_text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a receiver and a bare descriptor that writes to it ---- */

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct bytes text = {0};

	(void)channel;
	(void)has_handle;
	json_text_write(&text, message);
	bytes_put(&text, '\0');
	rules_say("message %s", text.at);
	bytes_free(&text);
}

static void
on_disconnect(struct channel *channel)
{
	(void)channel;
	rules_say("disconnect");
}

static const struct channel_events events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

struct part {
	const char *bytes;
	size_t size;
};

#define PART(text) \
	{ \
		text, sizeof(text) - 1 \
	}

/* Each part is read before the next is written; then the end. */
static void
receive(enum wire_mode mode, const struct part *parts, size_t count)
{
	static struct channel channel;
	static struct loop loop;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		abort();
	loop_open(&loop, ROLE_MAIN, 0, "rule");
	channel_open(&channel, &loop, fds[0], &events);
	channel.in.mode = mode;
	for (size_t i = 0; i < count; i++) {
		if (write(fds[1], parts[i].bytes, parts[i].size) < 0)
			break;
		uv_run(&loop.uv, UV_RUN_NOWAIT);
	}
	close(fds[1]);
	loop_run(&loop);
	loop_close(&loop);
}

#define RECEIVE(mode, ...) \
	do { \
		static const struct part parts[] = {__VA_ARGS__}; \
\
		receive(mode, parts, sizeof(parts) / sizeof(*parts)); \
	} while (0)

/* The same with a Node that finds a socketpair's end in NODE_CHANNEL_FD. It
 * says once that it listens. */
#define RECEIVE_JS(mode, parts) \
	"if (process.argv[2] === 'child') {\n" \
	"  process.on('message', (m) =>" \
	"    say('message', JSON.stringify(m)));\n" \
	"  process.on('disconnect', () => say('disconnect'));\n" \
	"  process.send('ready');\n" \
	"} else {\n" \
	"  const c = cp.spawn(process.execPath, [__filename, 'child'], {\n" \
	"    stdio: ['ignore', 'inherit', 'ignore', 'pipe'],\n" \
	"    env: {...process.env, NODE_CHANNEL_FD: '3',\n" \
	"          NODE_CHANNEL_SERIALIZATION_MODE: '" mode "'}});\n" \
	"  c.on('exit', (code, s) => { if (code || s)" \
	"    say('exit', code, s ?? 0); });\n" \
	"  const parts = [" parts "];\n" \
	"  const next = () => {\n" \
	"    if (!parts.length) return c.stdio[3].end();\n" \
	"    c.stdio[3].write(Buffer.from(parts.shift(), 'latin1'),\n" \
	"      () => setTimeout(next, 10));\n" \
	"  };\n" \
	"  c.stdio[3].on('error', () => {}).once('data', next);\n" \
	"}\n"

/* ---- scenarios ---- */

static void
split_anywhere(void)
{
	RECEIVE(WIRE_JSON, PART("{\"n\""), PART(":1}\n\"caf\xc3"),
	        PART("\xa9 \xf0\x9f"), PART("\x98\x80\"\n"));
}

static void
several_at_once(void)
{
	RECEIVE(WIRE_JSON, PART("1\n2\n3\n"));
}

static void
windows_lines(void)
{
	RECEIVE(WIRE_JSON, PART("{\"n\":1}\r\n 2 \r\n"));
}

static void
not_utf8(void)
{
	RECEIVE(WIRE_JSON, PART("\"a\xc3(\"\n\"\xf0\x9f\"\n\"\xff\xfe\"\n"));
}

static void
half_a_pair(void)
{
	RECEIVE(WIRE_JSON, PART("\"\\ud83d\\ude00\"\n"));
}

static void
empty_line(void)
{
	RECEIVE(WIRE_JSON, PART("1\n"), PART("\n"), PART("2\n"));
}

static void
garbage(void)
{
	RECEIVE(WIRE_JSON, PART("1\n"), PART("{x\n"), PART("2\n"));
}

static void
end_in_mid_message(void)
{
	RECEIVE(WIRE_JSON, PART("1\n{\"n\""));
}

static void
internal_messages(void)
{
	RECEIVE(WIRE_JSON, PART("{\"cmd\":\"NODE_\"}\n"),
	        PART("{\"cmd\":\"NODE_FOO\"}\n"), PART("{\"cmd\":\"X\"}\n"),
	        PART("{\"cmd\":[\"NODE_FOO\"]}\n"));
}

static void
handle_without_descriptor(void)
{
	RECEIVE(WIRE_JSON,
	        PART("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\","
	             "\"msg\":1}\n"),
	        PART("2\n"));
}

static void
numbers(void)
{
	RECEIVE(WIRE_JSON, PART("[-0.5,0.1,9007199254740991,1000,0]\n"));
}

static void
keys_twice(void)
{
	RECEIVE(WIRE_JSON, PART("{\"a\":1,\"a\":2}\n"));
}

static void
frames_split(void)
{
	RECEIVE(WIRE_ADVANCED, PART("\0\0"), PART("\0\4\xff\x0fI"),
	        PART("\2\0\0\0\5\xff\x0f\"\1a"));
}

static void
frame_of_strings(void)
{
	RECEIVE(WIRE_ADVANCED, PART("\0\0\0\x08\xff\x0f\"\4caf\xe9"),
	        PART("\0\0\0\6\xff\x0f"
	             "c\2\xe5\x65"));
}

static void
frame_of_same(void)
{
	RECEIVE(WIRE_ADVANCED, PART("\0\0\0\x0c\xff\x0f"
	                            "A\2o{\0^\1$\0\2"));
}

static void
frame_unfinished(void)
{
	RECEIVE(WIRE_ADVANCED, PART("\0\0\0\4\xff\x0fI\2\0\0\0\4\xff"));
}

static const struct rule rules[] = {
    {
	.number = "ipc split",
	.text = "a message may be split anywhere, also inside a character",
	.expect = "message {\"n\":1}\n"
		  "message \"caf\xc3\xa9 \xf0\x9f\x98\x80\"\ndisconnect\n",
	.node = RECEIVE_JS("json", "'{\"n\"', ':1}\\n\"caf\\xc3',"
                                   "'\\xa9 \\xf0\\x9f', '\\x98\\x80\"\\n'"),
	.play = split_anywhere,
    },
    {
	.number = "ipc lines",
	.text = "several messages may come in one read",
	.expect = "message 1\nmessage 2\nmessage 3\ndisconnect\n",
	.node = RECEIVE_JS("json", "'1\\n2\\n3\\n'"),
	.play = several_at_once,
    },
    {
	.number = "ipc crlf",
	.text = "a line may end with a carriage return, spaces do no harm",
	.expect = "message {\"n\":1}\nmessage 2\ndisconnect\n",
	.node = RECEIVE_JS("json", "'{\"n\":1}\\r\\n 2 \\r\\n'"),
	.play = windows_lines,
    },
    {
	.number = "ipc utf8",
	.text = "what is no UTF-8 is replaced by U+FFFD",
	.expect = "message \"a\xef\xbf\xbd(\"\nmessage \"\xef\xbf\xbd\"\n"
		  "message \"\xef\xbf\xbd\xef\xbf\xbd\"\ndisconnect\n",
	.node = RECEIVE_JS("json", "'\"a\\xc3(\"\\n\"\\xf0\\x9f\"\\n"
                                   "\"\\xff\\xfe\"\\n'"),
	.play = not_utf8,
    },
    {
	.number = "ipc escapes",
	.text = "a surrogate pair in escapes is one character",
	.expect = "message \"\xf0\x9f\x98\x80\"\ndisconnect\n",
	.node = RECEIVE_JS("json", "'\"\\\\ud83d\\\\ude00\"\\n'"),
	.play = half_a_pair,
    },
    {
	.number = "ipc empty",
	.text = "an empty line is no JSON; nothing behind it is received",
	.expect = "message 1\ndisconnect\n",
	.node = RECEIVE_JS("json", "'1\\n', '\\n', '2\\n'"),
	.play = empty_line,
	.reason = "Node throws SyntaxError in the receiver, which dies with "
		  "code 1; ours closes the channel and says so",
	.node_expect = "message 1\nexit 1 0\n",
    },
    {
	.number = "ipc garbage",
	.text = "garbage is no JSON; nothing behind it is received",
	.expect = "message 1\ndisconnect\n",
	.node = RECEIVE_JS("json", "'1\\n', '{x\\n', '2\\n'"),
	.play = garbage,
	.reason = "as before: Node's receiver dies, ours loses the channel",
	.node_expect = "message 1\nexit 1 0\n",
    },
    {
	.number = "ipc cut",
	.text = "the end in mid-message: what is partial is dropped",
	.expect = "message 1\ndisconnect\n",
	.node = RECEIVE_JS("json", "'1\\n{\"n\"'"),
	.play = end_in_mid_message,
    },
    {
	.number = "ipc internal",
	.text = "cmd NODE_ and more is internal; an unknown one is ignored",
	.expect = "message {\"cmd\":\"NODE_\"}\nmessage {\"cmd\":\"X\"}\n"
		  "message {\"cmd\":[\"NODE_FOO\"]}\ndisconnect\n",
	.node = RECEIVE_JS("json",
                           "'{\"cmd\":\"NODE_\"}\\n{\"cmd\":\"NODE_FOO\"}\\n"
                           "{\"cmd\":\"X\"}\\n{\"cmd\":[\"NODE_FOO\"]}\\n'"),
	.play = internal_messages,
    },
    {
	.number = "ipc nack",
	.text = "a handle that did not come is refused, its message not seen",
	.expect = "message 2\ndisconnect\n",
	.node = RECEIVE_JS("json", "'{\"cmd\":\"NODE_HANDLE\",\"type\":"
                                   "\"net.Socket\",\"msg\":1}\\n', '2\\n'"),
	.play = handle_without_descriptor,
    },
    {
	.number = "ipc numbers",
	.text = "numbers are JavaScript's",
	.expect = "message [-0.5,0.1,9007199254740991,1000,0]\ndisconnect\n",
	.node = RECEIVE_JS("json", "'[-0.5,0.1,9007199254740991,1000,0]\\n'"),
	.play = numbers,
    },
    {
	.number = "ipc keys",
	.text = "of equal keys the last one counts",
	.expect = "message {\"a\":2}\ndisconnect\n",
	.node = RECEIVE_JS("json", "'{\"a\":1,\"a\":2}\\n'"),
	.play = keys_twice,
    },
    {
	.number = "ipc frames",
	.text = "advanced: a frame may be split anywhere, also in its length",
	.expect = "message 1\nmessage \"a\"\ndisconnect\n",
	.node =
	    RECEIVE_JS("advanced", "'\\0\\0', '\\0\\x04\\xff\\x0fI',"
                                   "'\\x02\\0\\0\\0\\x05\\xff\\x0f\"\\x01a'"),
	.play = frames_split,
    },
    {
	.number = "ipc strings",
	.text = "advanced: strings of one byte and of two a character",
	.expect = "message \"caf\xc3\xa9\"\nmessage \"\xe6\x97\xa5\"\n"
		  "disconnect\n",
	.node = RECEIVE_JS("advanced",
                           "'\\0\\0\\0\\x08\\xff\\x0f\"\\x04caf\\xe9',"
                           "'\\0\\0\\0\\x06\\xff\\x0fc\\x02\\xe5\\x65'"),
	.play = frame_of_strings,
    },
    {
	.number = "ipc same",
	.text = "advanced: the same object twice",
	.expect = "message [{},{}]\ndisconnect\n",
	.node = RECEIVE_JS("advanced", "'\\0\\0\\0\\x0c\\xff\\x0fA\\x02o{\\0"
                                       "^\\x01$\\0\\x02'"),
	.play = frame_of_same,
    },
    {
	.number = "ipc cut frame",
	.text = "advanced: the end inside a frame drops it",
	.expect = "message 1\ndisconnect\n",
	.node = RECEIVE_JS("advanced", "'\\0\\0\\0\\x04\\xff\\x0fI\\x02\\0\\0"
                                       "\\0\\x04\\xff'"),
	.play = frame_unfinished,
    },
};

int
main(int argc, char **argv)
{
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  NULL);
}
