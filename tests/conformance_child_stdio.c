/* The rules of a child's descriptors (Node's documentation: "options.stdio",
 * "subprocess.stdio"). */
#include "conformance_child.h"

#include "runtime/child_sync.h"

#include <fcntl.h>

/* ---- what a descriptor is ---- */

#define FILES "stat -Lc %F /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2"

static void
piped(void)
{
	watch_shell(FILES);
}

static void
ignored(void)
{
	const char *words[4];
	struct child_options options =
	    shell(words, "readlink /proc/$$/fd/0 /proc/$$/fd/2");

	options.in = options.err = CHILD_IGNORE;
	open_loop();
	child_spawn(&child, &loop, &options, &watch);
	rules_say("stdin %s", child_stdin(&child) ? "there" : "null");
	run_loop();
}

/* A file that is read when the child is over. */
static int
open_scrap(void)
{
	char name[] = "/tmp/looptop-scrap-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	unlink(name);
	return fd;
}

static void
say_scrap(int fd)
{
	char text[64] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		rules_say("%s", one_line(text));
	close(fd);
}

static void
given(void)
{
	const char *words[4];
	struct child_options options = shell(words, "echo out; echo file >&2");
	struct child_events events = watch;
	int fd = open_scrap();
	uv_pipe_t stream;

	open_loop();
	uv_pipe_init(&loop.uv, &stream, 0);
	uv_pipe_open(&stream, dup(1));
	options.stdio = (const struct child_descriptor[]){
	    {.mode = CHILD_INHERIT},
	    {.mode = CHILD_STREAM, .stream = (uv_stream_t *)&stream},
	    {.mode = CHILD_FD, .fd = fd},
	};
	options.stdio_count = 3;
	events.spawn = NULL;
	child_spawn(&child, &loop, &options, &events);
	run_loop();
	say_scrap(fd);
}

static void
ping_at_spawn(struct child *of)
{
	rules_say("stdio 3 %s", child_stream(of, 3) ? "there" : "null");
	child_write(of, 4, "ping\n", 5);
}

static void
more_than_three(void)
{
	const char *words[4];
	struct child_options options =
	    shell(words, "read x <&4; echo got $x >&4;"
	                 "test -e /proc/$$/fd/3 || echo none");
	struct child_events events = watch;

	events.spawn = ping_at_spawn;
	options.stdio = (const struct child_descriptor[]){
	    {.mode = CHILD_IGNORE},     {.mode = CHILD_PIPE},
	    {.mode = CHILD_IGNORE},     {.mode = CHILD_DEFAULT},
	    {.mode = CHILD_OVERLAPPED},
	};
	options.stdio_count = 5;
	run_child(&options, &events);
}

static void
not_given(void)
{
	const struct child_descriptor none[4] = {0};
	const struct child_options options = {
	    .file = "true",
	    .stdio = none,
	    .stdio_count = 4,
	};

	open_loop();
	child_spawn(&child, &loop, &options, &watch);
	for (int fd = 0; fd < 4; fd++)
		rules_say("%d %s", fd,
		          child_stream(&child, fd) ? "pipe" : "null");
	run_loop();
}

static void
refused_descriptors(void)
{
	struct child_descriptor stdio[4] = {
	    {.mode = CHILD_IPC},
	    {.mode = CHILD_IPC},
	};
	const struct child_options options = {
	    .file = "true",
	    .stdio = stdio,
	    .stdio_count = 4,
	};
	struct child_result result;

	open_loop();
	rules_say("two %s", child_spawn(&child, &loop, &options, &watch)
	                        ? "refused"
	                        : "taken");
	stdio[1].mode = CHILD_PIPE;
	rules_say("sync %s", child_run_sync(NULL, &options, NULL, 0, &result)
	                         ? "refused"
	                         : "taken");
	stdio[0].mode = (enum child_stdio)99;
	rules_say("unknown %s", child_spawn(&child, &loop, &options, &watch)
	                            ? "refused"
	                            : "taken");
	run_loop();
}

/* ---- the end ---- */

static void
say_output(struct child *of, int fd, const char *bytes, size_t size)
{
	char text[64];

	(void)of;
	snprintf(text, sizeof(text), "%.*s", (int)size, bytes);
	rules_say("data %d %s", fd, one_line(text));
}

static void
late_output(void)
{
	struct child_events events = watch;

	events.output = say_output;
	watch_late(CHILD_PIPE, CHILD_PIPE, CHILD_IGNORE, events);
}

static void
say_stdin_at_exit(struct child *of, int code, int signal)
{
	say_exit(of, code, signal);
	rules_say("stdin %s", child_stdin(of) ? "there" : "gone");
}

static void
drained(void)
{
	const char *words[4];
	struct child_options options = shell(words, "echo hello");
	struct child_events events = watch;

	events.exit = say_stdin_at_exit;
	events.output = say_output;
	open_loop();
	child_spawn(&child, &loop, &options, &events);
	child_pause_output(&child, 1);
	run_loop();
}

static const struct rule rules[] = {
    {
	.number = "child 14",
	.text = "stdio is piped by default; a pipe is a socketpair",
	.expect = "spawn\nexit 0 null\n1: socket|socket|socket\n"
		  "close 0 null\n",
	.node = JS_WATCH "watch(cp.spawn('sh', ['-c', '" FILES "']));\n",
	.play = piped,
    },
    {
	.number = "child 15",
	.text = "ignore: /dev/null there, null here",
	.expect = "stdin null\nspawn\nexit 0 null\n"
		  "1: /dev/null|/dev/null\nclose 0 null\n",
	.node = JS_WATCH "const c = watch(cp.spawn('sh', ['-c',\n"
			 "  'readlink /proc/$$/fd/0 /proc/$$/fd/2'],\n"
			 "  {stdio: ['ignore', 'pipe', 'ignore']}));\n"
			 "say('stdin', c.stdin ? 'there' : 'null');\n",
	.play = ignored,
    },
    {
	.number = "child 16",
	.text = "inherit, a stream's descriptor, a descriptor by number",
	.expect = "out\nexit 0 null\nclose 0 null\nfile\n",
	.node =
	    JS_WATCH "const name = path.join(__dirname, 'scrap');\n"
		     "const fd = fs.openSync(name, 'w+');\n"
		     "watch(cp.spawn('sh', ['-c', 'echo out; echo file >&2'],\n"
		     "  {stdio: ['inherit', process.stdout, fd]}))\n"
		     "  .removeAllListeners('spawn')\n"
		     "  .on('close', () => {\n"
		     "    say(one(fs.readFileSync(name)));\n"
		     "    fs.unlinkSync(name);\n"
		     "  });\n",
	.play = given,
    },
    {
	.number = "child 17",
	.text = "more than three: ignored by default; a pipe goes both ways",
	.expect = "stdio 3 null\nexit 0 null\n1: none\n4: got ping\n"
		  "close 0 null\n",
	.node = JS_WATCH
	"const c = watch(cp.spawn('sh', ['-c', 'read x <&4;' +\n"
	"  'echo got $x >&4; test -e /proc/$$/fd/3 || echo none'],\n"
	"  {stdio: ['ignore', 'pipe', 'ignore', undefined,"
	"   'overlapped']}));\n"
	"c.removeAllListeners('spawn').on('spawn', () => {\n"
	"  say('stdio 3', c.stdio[3] ? 'there' : 'null');\n"
	"  c.stdio[4].write('ping\\n');\n"
	"});\n",
	.play = more_than_three,
    },
    {
	.number = "child 18",
	.text = "null and undefined: a pipe for 0 to 2, ignored for others",
	.expect = "0 pipe\n1 pipe\n2 pipe\n3 null\n"
		  "spawn\nexit 0 null\nclose 0 null\n",
	.node = JS_WATCH
	"const c = watch(cp.spawn('true',\n"
	"  {stdio: [null, undefined, null, null]}));\n"
	"c.stdio.forEach((s, i) => say(i, s ? 'pipe' : 'null'));\n",
	.play = not_given,
    },
    {
	.number = "child 19",
	.text =
	    "two channels, a channel in spawnSync, an unknown word: refused",
	.expect = "two refused\nsync refused\nunknown refused\n",
	.node = "const t = (what, f) => {\n"
		"  try { f(); say(what, 'taken'); }\n"
		"  catch (e) { say(what, 'refused'); }\n"
		"};\n"
		"t('two', () => cp.spawn('true', {stdio: ['ipc', 'ipc']}));\n"
		"t('sync', () => cp.spawnSync('true',\n"
		"  {stdio: ['ipc', 'pipe']}));\n"
		"t('unknown', () => cp.spawn('true', {stdio: ['none']}));\n",
	.play = refused_descriptors,
    },
    {
	.number = "child 30",
	.text = "exit may come before stdio ends: a grandchild delays close",
	.expect = "spawn\nexit 3 null\ndata 1 late\nclose 3 null\n",
	.node = JS_WATCH JS_LATE
	"const c = late(['pipe', 'pipe', 'ignore', 'ignore', 'pipe']);\n"
	"c.stdout.removeAllListeners('data');\n"
	"c.stdout.on('data', (d) => say('data 1', one(d)));\n",
	.play = late_output,
    },
    {
	.number = "child 31",
	.text = "at exit stdin is destroyed, and what nobody read is drained",
	.expect = "spawn\nexit 0 null\nstdin gone\ndata 1 hello\n"
		  "close 0 null\n",
	.node = JS_WATCH
	"const c = watch(cp.spawn('sh', ['-c', 'echo hello']));\n"
	"c.on('exit', () => say('stdin', c.stdin.destroyed ? 'gone'\n"
	"  : 'there'));\n"
	"c.stdout.removeAllListeners('data');\n"
	"c.stdout.on('data', (d) => say('data 1', one(d)));\n"
	"c.stdout.pause();\n",
	.play = drained,
    },
};

RULES_MAIN(rules, NULL)
