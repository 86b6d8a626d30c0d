/* The rules of exec and execFile (Node's documentation:
 * "child_process.exec()", "child_process.execFile()"). */
#include "conformance_child.h"

#include <fcntl.h>

/* ---- the callback ---- */

static const char *
code_word(const struct child_failure *failure, char word[16])
{
	return failure->code_name ? failure->code_name
	                          : number_word(failure->code, word);
}

/* All that a callback is given; Node has no `killed` in some errors. */
static void
say_done(struct child *of, const struct child_failure *failure)
{
	char number[16], name[16];

	if (failure) {
		rules_say("%s: %s", failure->name, one_line(failure->message));
		rules_say("%s %s %s", code_word(failure, number),
		          failure->killed ? "killed" : "-",
		          signal_word(failure->signal, name));
		rules_say("cmd %s", failure->command);
	}
	rules_say("stdout %s", one_line(of->buffers[0].bytes));
	rules_say("stderr %s", one_line(of->buffers[1].bytes));
}

static const struct child_events exec_events = {.done = say_done};

static void
exec_with(const char *command, struct child_options options,
          const struct child_events *events)
{
	open_loop();
	child_exec_command(&child, &loop, command, &options, events);
	run_loop();
}

/* The same in JavaScript. */
#define JS_DONE \
	"const one = (t) =>" \
	" String(t).replace(/\\n+$/, '').replace(/\\n/g, '|');\n" \
	"const done = (e, out, err) => {\n" \
	"  if (e) {\n" \
	"    say(`${e.name}:`, one(e.message));\n" \
	"    say(`${e.code}`, e.killed ? 'killed' : '-',\n" \
	"      `${e.signal ?? null}`);\n" \
	"    say('cmd', e.cmd);\n" \
	"  }\n" \
	"  say('stdout', one(out));\n" \
	"  say('stderr', one(err));\n" \
	"};\n"

static const struct child_options usual;

/* ---- the scenarios ---- */

static void
say_size(struct child *of, const struct child_failure *failure)
{
	rules_say("%s %zu", failure ? failure->code_name : "well",
	          of->buffers[0].size);
}

static void
exec_defaults(void)
{
	const struct child_events events = {.done = say_size};

	exec_with("echo $0", usual, &exec_events);
	exec_with("head -c 1048576 /dev/zero", usual, &events);
	exec_with("head -c 1048577 /dev/zero", usual, &events);
}

static void
exec_fails(void)
{
	const struct child_events events = {
	    .exit = say_exit,
	    .done = say_done,
	    .close = say_close,
	};

	exec_with("echo out; echo oops >&2; exit 3", usual, &events);
}

static void
say_code(struct child *of, const struct child_failure *failure)
{
	char number[16];

	(void)of;
	rules_say("code %s", code_word(failure, number));
}

static void
exec_of_nothing(void)
{
	const struct child_events events = {.done = say_code};

	exec_with("no-such-program-here", usual, &events);
}

static void
exec_timeout(void)
{
	exec_with("exec sleep 1000", (struct child_options){.timeout_ms = 30},
	          &exec_events);
}

static void
exec_too_much(void)
{
	struct child_events events = exec_events;

	events.exit = say_exit;
	exec_with("echo hi", (struct child_options){.max_buffer = 3}, &events);
	exec_with("echo hello; exec sleep 1000",
	          (struct child_options){.max_buffer = 3}, &events);
}

static void
say_hex(struct child *of, const struct child_failure *failure)
{
	char hex[32] = "";

	for (size_t i = 0; i < of->buffers[0].size && i < 10; i++)
		sprintf(hex + 2 * i, "%02x",
		        (unsigned char)of->buffers[0].bytes[i]);
	rules_say("%s %s %zu", failure ? failure->code_name : "well", hex,
	          failure ? 0 : of->buffers[1].size);
}

#define ACCENTS "printf \"\\303\\251\\303\\251\"; printf abcd >&2"
#define JS_ACCENTS "'printf \"\\\\303\\\\251\\\\303\\\\251\"; printf abcd >&2'"

static void
exec_counts_bytes(void)
{
	const struct child_events events = {.done = say_hex};

	exec_with(ACCENTS, (struct child_options){.max_buffer = 4}, &events);
	exec_with(ACCENTS, (struct child_options){.max_buffer = 3}, &events);
}

static void
exec_counts_bytes_of_text(void)
{
	const struct child_events events = {.done = say_hex};

	exec_with("printf \"\\303\\251\\303\\251\"",
	          (struct child_options){.max_buffer = 3}, &events);
}

static void
exec_file_of_nothing(void)
{
	const char *const words[] = {"/no/such", "a", "b", NULL};
	const struct child_options options = {.file = words[0], .args = words};
	struct child_events events = exec_events;

	events.error = say_error;
	events.close = say_close;
	open_loop();
	child_exec_file(&child, &loop, &options, &events);
	run_loop();
}

/* ---- kill, abort ---- */

static void
kill_when_marked(uv_timer_t *timer)
{
	if (access(mark_name(), F_OK))
		return;
	child_kill(&child, SIGTERM);
	unlink(mark_name());
	uv_close((uv_handle_t *)timer, NULL);
}

#define GRANDCHILD \
	"(>$MARK; while test -e $MARK; do sleep 0.01; done; echo late); true"

static void
exec_kill(void)
{
	struct child_events events = exec_events;
	uv_timer_t timer;

	mark_name();
	events.exit = say_exit;
	open_loop();
	uv_timer_init(&loop.uv, &timer);
	uv_timer_start(&timer, kill_when_marked, 5, 5);
	child_exec_command(&child, &loop, GRANDCHILD, &usual, &events);
	run_loop();
}

static void
abort_at_spawn(struct child *of)
{
	child_abort(of);
	rules_say("aborted");
}

static void
exec_abort(void)
{
	struct child_events events = watch;

	events.spawn = abort_at_spawn;
	events.done = say_done;
	exec_with("exec sleep 1000", usual, &events);
}

/* ---- text, promises ---- */

static void
say_text(struct child *of, const struct child_failure *failure)
{
	char *text = child_text(&of->buffers[0]);

	(void)failure;
	for (const char *at = text; *at; at++)
		printf("%02x", (unsigned char)*at);
	rules_say("%s", "");
	free(text);
}

static void
exec_text(void)
{
	const struct child_events events = {.done = say_text};

	exec_with("printf \"a\\342\\202\"", usual, &events);
	exec_with("printf \"\\300\\200\\355\\240\\200\\360\\237b\\377\"", usual,
	          &events);
}

/* What a promise is made of. */
static void
say_settled(struct child *of, const struct child_failure *failure)
{
	char number[16];

	rules_say("%s %s", failure ? "rejected" : "resolved",
	          failure ? code_word(failure, number) : "");
	rules_say("%s", one_line(of->buffers[0].bytes));
	rules_say("%s", one_line(of->buffers[1].bytes));
	rules_say("child %s", of->pid ? "there" : "none");
}

static void
exec_promise(void)
{
	const struct child_events events = {.done = say_settled};

	exec_with("echo out; echo err >&2", usual, &events);
	exec_with("echo out; echo err >&2; exit 3", usual, &events);
}

static const struct rule rules[] = {
    {
	.number = "child 34",
	.text = "exec: /bin/sh, utf8, no timeout, 1 MiB of each output",
	.expect = "stdout /bin/sh\nstderr \nwell 1048576\n"
		  "ERR_CHILD_PROCESS_STDIO_MAXBUFFER 1048576\n",
	.node = JS_DONE
	"const size = (e, out) => say(e ? e.code : 'well', out.length);\n"
	"cp.exec('echo $0', (...r) => {\n"
	"  done(...r);\n"
	"  cp.exec('head -c 1048576 /dev/zero', (...r) => {\n"
	"    size(...r);\n"
	"    cp.exec('head -c 1048577 /dev/zero', size);\n"
	"  });\n"
	"});\n",
	.play = exec_defaults,
    },
    {
	.number = "child 35",
	.text = "the callback's error; it is called once, at close",
	.expect =
	    "exit 3 null\n"
	    "Error: Command failed: echo out; echo oops >&2; exit 3|oops\n"
	    "3 - null\ncmd echo out; echo oops >&2; exit 3\n"
	    "stdout out\nstderr oops\nclose 3 null\n",
	.node = JS_DONE
	"const c = cp.exec('echo out; echo oops >&2; exit 3', done);\n"
	"for (const name of ['exit', 'close'])\n"
	"  c.on(name, (n, s) => say(name, `${n}`, `${s}`));\n",
	.play = exec_fails,
    },
    {
	.number = "child 36",
	.text = "exec of an unknown command: code 127, from the shell",
	.expect = "code 127\n",
	.node = "cp.exec('no-such-program-here',"
		" (e) => say('code', e.code));\n",
	.play = exec_of_nothing,
    },
    {
	.number = "child 37",
	.text = "exec's timeout: killed, SIGTERM, code null",
	.expect = "Error: Command failed: exec sleep 1000\n"
		  "null killed SIGTERM\ncmd exec sleep 1000\n"
		  "stdout \nstderr \n",
	.node = JS_DONE "cp.exec('exec sleep 1000', {timeout: 30}, done);\n",
	.play = exec_timeout,
    },
    {
	.number = "child 38",
	.text = "more than maxBuffer: cut there, killed; as much is fine",
	.expect = "exit 0 null\nstdout hi\nstderr \n"
		  "exit null SIGTERM\n"
		  "RangeError: stdout maxBuffer length exceeded\n"
		  "ERR_CHILD_PROCESS_STDIO_MAXBUFFER - null\n"
		  "cmd echo hello; exec sleep 1000\nstdout hel\nstderr \n",
	.node = JS_DONE
	"const run = (command, next) =>\n"
	"  cp.exec(command, {maxBuffer: 3}, (...r) => {\n"
	"    done(...r);\n"
	"    next?.();\n"
	"  }).on('exit', (n, s) => say('exit', `${n}`, `${s}`));\n"
	"run('echo hi', () => run('echo hello; exec sleep 1000'));\n",
	.play = exec_too_much,
    },
    {
	.number = "child 39",
	.text = "maxBuffer counts bytes, of each output for itself",
	.expect = "well c3a9c3a9 4\n"
		  "ERR_CHILD_PROCESS_STDIO_MAXBUFFER c3a9c3 0\n",
	.node = "const run = (maxBuffer, next) =>\n"
		"  cp.exec(" JS_ACCENTS ", {maxBuffer, encoding: 'buffer'},\n"
		"    (e, out, err) => {\n"
		"      say(e ? e.code : 'well', out.toString('hex'),\n"
		"        e ? 0 : err.length);\n"
		"      next?.();\n"
		"    });\n"
		"run(4, () => run(3));\n",
	.play = exec_counts_bytes,
    },
    {
	.number = "child 39 text",
	.text = "with an encoding the cut is by characters",
	.expect = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER c3a9c3 0\n",
	.node = "cp.exec('printf \"\\\\303\\\\251\\\\303\\\\251\"',"
		" {maxBuffer: 3},\n"
		"  (e, out) => say(e.code, Buffer.from(out).toString('hex'),"
		" 0));\n",
	.play = exec_counts_bytes_of_text,
	.reason = "what is kept here is bytes, as with encoding 'buffer'; "
		  "the limit is never passed",
	.node_expect = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER c3a9c3a9 0\n",
    },
    {
	.number = "child 40",
	.text = "execFile of a missing file: ENOENT in the callback",
	.expect = "Error: spawn /no/such ENOENT\nENOENT - null\n"
		  "cmd /no/such a b\nstdout \nstderr \n"
		  "error ENOENT\nclose -2 null\n",
	.node =
	    JS_DONE "const c = cp.execFile('/no/such', ['a', 'b'], done);\n"
		    "c.on('error', (e) => say('error', e.code));\n"
		    "c.on('close', (n, s) => say('close', `${n}`, `${s}`));\n",
	.play = exec_file_of_nothing,
    },
    {
	.number = "child 41",
	.text = "a kill of exec's child hits the shell only",
	.expect = "exit null SIGTERM\n"
		  "Error: Command failed: " GRANDCHILD "\n"
		  "null killed SIGTERM\ncmd " GRANDCHILD "\n"
		  "stdout late\nstderr \n",
	.node = JS_DONE "const mark = path.join(__dirname, 'mark');\n"
			"process.env.MARK = mark;\n"
			"const c = cp.exec('" GRANDCHILD "', done);\n"
			"c.on('exit', (n, s) => say('exit', `${n}`, `${s}`));\n"
			"const timer = setInterval(() => {\n"
			"  if (!fs.existsSync(mark)) return;\n"
			"  c.kill();\n"
			"  fs.unlinkSync(mark);\n"
			"  clearInterval(timer);\n"
			"}, 5);\n",
	.play = exec_kill,
    },
    {
	.number = "child 42",
	.text = "what is no UTF-8 becomes U+FFFD, also at the end",
	.expect = "61efbfbd\n"
		  "efbfbdefbfbdefbfbdefbfbdefbfbdefbfbd62efbfbd\n",
	.node = "const run = (text, next) =>\n"
		"  cp.exec(`printf \"${text}\"`, (e, out) => {\n"
		"    say(Buffer.from(out).toString('hex'));\n"
		"    next?.();\n"
		"  });\n"
		"run('a\\\\342\\\\202', () => run(\n"
		"  '\\\\300\\\\200\\\\355\\\\240\\\\200\\\\360\\\\237b"
		"\\\\377'));\n",
	.play = exec_text,
    },
    {
	.number = "child 43",
	.text = "promisify(exec): resolved with the outputs, rejected with "
		"the error and them",
	.expect = "resolved \nout\nerr\nchild there\n"
		  "rejected 3\nout\nerr\nchild there\n",
	.node = "const run = require('util').promisify(cp.exec);\n"
		"const settle = (promise) => {\n"
		"  const tell = (word, r) => {\n"
		"    say(word, r.code ?? '');\n"
		"    say(r.stdout.trim());\n"
		"    say(r.stderr.trim());\n"
		"    say('child', promise.child.pid ? 'there' : 'none');\n"
		"  };\n"
		"  return promise.then((r) => tell('resolved', r),\n"
		"    (e) => tell('rejected', e));\n"
		"};\n"
		"settle(run('echo out; echo err >&2')).then(() =>\n"
		"  settle(run('echo out; echo err >&2; exit 3')));\n",
	.play = exec_promise,
    },
    {
	.number = "child 44",
	.text = "exec and abort: the callback is given AbortError at once",
	.expect = "AbortError: The operation was aborted\n"
		  "ABORT_ERR - null\ncmd exec sleep 1000\n"
		  "stdout \nstderr \nerror ABORT_ERR\naborted\n"
		  "exit null SIGTERM\nclose null SIGTERM\n",
	.node = JS_DONE
	"const ac = new AbortController();\n"
	"const c = cp.exec('exec sleep 1000', {signal: ac.signal}, done);\n"
	"c.on('spawn', () => { ac.abort(); say('aborted'); });\n"
	"c.on('error', (e) => say('error', e.code));\n"
	"for (const name of ['exit', 'close'])\n"
	"  c.on(name, (n, s) => say(name, `${n}`, `${s}`));\n",
	.play = exec_abort,
    },
};

RULES_MAIN(rules, NULL)
