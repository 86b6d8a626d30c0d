/* The rules of a child's life: sessions, users, shells, timeout, abort, kill,
 * ref (Node's documentation: "options.detached", "subprocess.kill()"). */
#include "conformance_child.h"

#include <sys/types.h>

/* ---- sessions, users, shells ---- */

#define SESSION \
	"read -r pid comm state ppid group session rest < /proc/$$/stat;" \
	"test $pid = $group && test $pid = $session && echo leader ||" \
	" echo member"

static void
detached(void)
{
	const char *words[4];
	struct child_options options = shell(words, SESSION);

	run_child(&options, &watch);
	options.detached = true;
	run_child(&options, &watch);
}

static bool seen;

static void
see_output(struct child *of, int fd, const char *bytes, size_t size)
{
	(void)of;
	(void)fd;
	(void)bytes;
	seen = size > 0;
}

static void
see_exit(struct child *of, int code, int signal)
{
	(void)of;
	(void)code;
	(void)signal;
	seen = true;
}

static void
detached_alone(void)
{
	const char *const words[] = {"sleep", "5", NULL};
	const char *sh[4];
	struct child_events events = {.output = see_output};
	struct child_options options = shell(sh, "sleep 0.05; echo x");

	options.detached = true;
	options.in = options.err = CHILD_IGNORE;
	open_loop();
	child_spawn(&child, &loop, &options, &events);
	child_unref(&child);
	run_loop();
	rules_say("piped: %s", seen ? "waited" : "ended");
	seen = false;
	events.exit = see_exit;
	options.file = words[0];
	options.args = words;
	options.out = CHILD_IGNORE;
	open_loop();
	child_spawn(&child, &loop, &options, &events);
	child_unref(&child);
	loop_run(&loop);
	rules_say("ignored: %s", seen ? "waited" : "ended");
	child_kill(&child, SIGKILL);
	child_ref(&child);
	run_loop();
}

static void
other_users(void)
{
	const char *words[4];
	struct child_options options = shell(words, "id -u; id -g");
	uid_t uid = getuid() == 0 ? 65534 : getuid();
	gid_t gid = getuid() == 0 ? 65534 : getgid();
	struct child_events events = {.output = take_output};
	char expected[64];

	options.uid = &uid;
	options.gid = &gid;
	run_child(&options, &events);
	snprintf(expected, sizeof(expected), "%u\n%u\n", uid, gid);
	rules_say("%s",
	          strcmp(texts[1], expected) == 0 ? "as asked" : texts[1]);
}

static void
shells(void)
{
	const char *const words[] = {"echo", "a  b", "$((1+1))", NULL};
	struct child_options options = {
	    .file = "echo",
	    .args = words,
	    .shell = "/bin/sh",
	};

	run_child(&options, &watch);
	options.shell = "/bin/echo";
	run_child(&options, &watch);
}

/* ---- timeout ---- */

static void
a_timeout(void)
{
	const char *const words[] = {"sleep", "1000", NULL};
	const struct child_options options = {
	    .file = "sleep",
	    .args = words,
	    .timeout_ms = 30,
	};

	run_child(&options, &watch);
	rules_say("killed %s", child.killed ? "true" : "false");
}

static void
end_when_killed(uv_timer_t *timer)
{
	if (!child.killed)
		return;
	rules_say("killed true");
	child_end(&child, 0);
	uv_close((uv_handle_t *)timer, NULL);
}

static void
a_timeout_that_is_survived(void)
{
	const struct child_options options = {
	    .file = "cat",
	    .timeout_ms = 10,
	    .kill_signal = SIGWINCH,
	};
	uv_timer_t timer;

	open_loop();
	uv_timer_init(&loop.uv, &timer);
	uv_timer_start(&timer, end_when_killed, 5, 5);
	child_spawn(&child, &loop, &options, &watch);
	run_loop();
}

static void
timeouts(void)
{
	a_timeout();
	a_timeout_that_is_survived();
}

/* ---- abort ---- */

static void
abort_at_spawn(struct child *of)
{
	say_spawn(of);
	child_abort(of);
	rules_say("aborted");
}

static void
aborts(void)
{
	const char *const words[] = {"sleep", "1000", NULL};
	struct child_options options = {.file = "sleep", .args = words};
	struct child_events events = watch;

	events.spawn = abort_at_spawn;
	run_child(&options, &events);
	options.aborted = true;
	run_child(&options, &watch);
}

/* ---- kill ---- */

static void
kill_at_spawn(struct child *of)
{
	rules_say("unknown %s",
	          child_kill(of, 12345) == -EINVAL ? "refused" : "taken");
	rules_say("killed %s", of->killed ? "true" : "false");
	rules_say("kill %s", child_kill(of, SIGTERM) ? "false" : "true");
	rules_say("killed %s", of->killed ? "true" : "false");
}

static void
kill_at_exit(struct child *of, int code, int signal)
{
	say_exit(of, code, signal);
	rules_say("kill %s", child_kill(of, SIGTERM) ? "false" : "true");
}

static void
kills(void)
{
	const char *const words[] = {"sleep", "1000", NULL};
	const struct child_options options = {.file = "sleep", .args = words};
	const struct child_events events = {
	    .spawn = kill_at_spawn,
	    .exit = kill_at_exit,
	    .close = say_close,
	};

	run_child(&options, &events);
}

static void
look_at_spawn(struct child *of)
{
	rules_say("kill %s", child_kill(of, 0) ? "false" : "true");
	rules_say("killed %s", of->killed ? "true" : "false");
	child_end(of, 0);
}

static void
a_look(void)
{
	const struct child_options options = {.file = "cat"};
	const struct child_events events = {
	    .spawn = look_at_spawn,
	    .exit = say_exit,
	    .close = say_close,
	};

	run_child(&options, &events);
}

static void
kill_of_a_stranger(struct child *of)
{
	if (setuid(65534))
		rules_say("setuid failed");
	rules_say("kill %s", child_kill(of, SIGTERM) ? "false" : "true");
	rules_say("killed %s", of->killed ? "true" : "false");
	child_end(of, 0);
}

static void
not_ours_to_kill(void)
{
	const struct child_options options = {.file = "cat"};
	struct child_events events = watch;

	events.spawn = kill_of_a_stranger;
	run_child(&options, &events);
}

/* ---- state, ref ---- */

static void
say_state(struct child *of)
{
	char number[16], name[16];

	rules_say("%s %s", number_word(of->code, number),
	          signal_word(of->signal, name));
}

static void
say_state_at_exit(struct child *of, int code, int signal)
{
	(void)code;
	(void)signal;
	say_state(of);
}

static void
states(void)
{
	const char *words[4];
	const struct child_options options = shell(words, "exit 7");
	const struct child_events events = {
	    .spawn = say_state,
	    .exit = say_state_at_exit,
	};

	run_child(&options, &events);
}

static void
refs(void)
{
	const char *words[4];
	struct child_options options = shell(words, "sleep 0.05");

	options.in = options.out = options.err = CHILD_IGNORE;
	open_loop();
	child_spawn(&child, &loop, &options, &watch);
	child_unref(&child);
	child_ref(&child);
	run_loop();
}

static struct rule rules[] = {
    {
	.number = "child 20",
	.text = "detached: a session and a group of its own",
	.expect = "spawn\nexit 0 null\n1: member\nclose 0 null\n"
		  "spawn\nexit 0 null\n1: leader\nclose 0 null\n",
	.node = JS_WATCH JS_EACH
	"const args = ['-c', '" SESSION "'];\n"
	"each(() => cp.spawn('sh', args),\n"
	"  () => cp.spawn('sh', args, {detached: true}));\n",
	.play = detached,
    },
    {
	.number = "child 21",
	.text = "detached, unref, nothing piped: the parent ends; a pipe "
		"keeps it",
	.expect = "piped: waited\nignored: ended\n",
	.node = "let seen = false;\n"
		"const start = (file, arg, out) => {\n"
		"  const c = cp.spawn(file, arg, {detached: true,\n"
		"    stdio: ['ignore', out, 'ignore']});\n"
		"  (c.stdout ?? c).on(c.stdout ? 'data' : 'exit',\n"
		"    () => seen = true);\n"
		"  c.unref();\n"
		"  return c;\n"
		"};\n"
		"let next = () => {\n"
		"  say('piped:', seen ? 'waited' : 'ended');\n"
		"  seen = false;\n"
		"  const c = start('sleep', ['5'], 'ignore');\n"
		"  next = () => {\n"
		"    say('ignored:', seen ? 'waited' : 'ended');\n"
		"    c.kill('SIGKILL');\n"
		"    next = () => {};\n"
		"  };\n"
		"};\n"
		"process.on('beforeExit', () => next());\n"
		"process.on('exit', () => next());\n"
		"start('sh', ['-c', 'sleep 0.05; echo x'], 'pipe');\n",
	.play = detached_alone,
    },
    {
	.number = "child 22",
	.text = "uid and gid are set in the child",
	.expect = "as asked\n",
	.node = "const root = process.getuid() === 0;\n"
		"const uid = root ? 65534 : process.getuid();\n"
		"const gid = root ? 65534 : process.getgid();\n"
		"let t = '';\n"
		"cp.spawn('sh', ['-c', 'id -u; id -g'], {uid, gid})\n"
		"  .on('close', () =>"
		"    say(t === `${uid}\\n${gid}\\n` ? 'as asked' : t))\n"
		"  .stdout.on('data', (d) => t += d);\n",
	.play = other_users,
    },
    {
	.number = "child 23",
	.text = "shell: -c and the words joined by spaces, nothing is quoted",
	.expect = "spawn\nexit 0 null\n1: a b 2\nclose 0 null\n"
		  "spawn\nexit 0 null\n1: -c echo a  b $((1+1))\n"
		  "close 0 null\n",
	.node = JS_WATCH JS_EACH
	"const args = ['a  b', '$((1+1))'];\n"
	"each(() => cp.spawn('echo', args, {shell: true}),\n"
	"  () => cp.spawn('echo', args, {shell: '/bin/echo'}));\n",
	.play = shells,
    },
    {
	.number = "child 24",
	.text = "words and a shell: warning DEP0190",
	.expect = "DEP0190\n",
	.node = "process.on('warning', (w) => say(w.code));\n"
		"cp.spawn('true', ['x'], {shell: true});\n",
	.reason = "Node 24 on; it warns those who write JavaScript",
	.node_major = 24,
    },
    {
	.number = "child 25",
	.text = "timeout: killed once; who survives it is left alone",
	.expect = "spawn\nexit null SIGTERM\nclose null SIGTERM\n"
		  "killed true\n"
		  "spawn\nkilled true\nexit 0 null\nclose 0 null\n",
	.node = JS_WATCH
	"const a = watch(cp.spawn('sleep', ['1000'], {timeout: 30}));\n"
	"a.on('close', () => {\n"
	"  say('killed', a.killed);\n"
	"  const b = watch(cp.spawn('cat', [], {timeout: 10,\n"
	"    killSignal: 'SIGWINCH'}));\n"
	"  const timer = setInterval(() => {\n"
	"    if (!b.killed) return;\n"
	"    say('killed', b.killed);\n"
	"    b.stdin.end();\n"
	"    clearInterval(timer);\n"
	"  }, 5);\n"
	"});\n",
	.play = timeouts,
    },
    {
	.number = "child 26",
	.text = "abort: kill, then error ABORT_ERR, then exit and close",
	.expect = "spawn\nerror ABORT_ERR\naborted\n"
		  "exit null SIGTERM\nclose null SIGTERM\n"
		  "spawn\nerror ABORT_ERR\n"
		  "exit null SIGTERM\nclose null SIGTERM\n",
	.node = JS_WATCH
	"const ac = new AbortController(), signal = ac.signal;\n"
	"const a = watch(cp.spawn('sleep', ['1000'], {signal}));\n"
	"a.on('spawn', () => { ac.abort(); say('aborted'); });\n"
	"a.on('close', () => watch(cp.spawn('sleep', ['1000'], {signal})));\n",
	.play = aborts,
    },
    {
	.number = "child 27",
	.text = "kill: true if delivered, then killed; no such signal: "
		"refused; after exit: false",
	.expect = "unknown refused\nkilled false\nkill true\nkilled true\n"
		  "exit null SIGTERM\nkill false\nclose null SIGTERM\n",
	.node = "const c = cp.spawn('sleep', ['1000']);\n"
		"c.on('spawn', () => {\n"
		"  try { c.kill(12345); say('unknown taken'); }\n"
		"  catch { say('unknown refused'); }\n"
		"  say('killed', c.killed);\n"
		"  say('kill', c.kill());\n"
		"  say('killed', c.killed);\n"
		"});\n"
		"c.on('exit', (n, s) => {\n"
		"  say('exit', `${n}`, `${s}`);\n"
		"  say('kill', c.kill());\n"
		"});\n"
		"c.on('close', (n, s) => say('close', `${n}`, `${s}`));\n",
	.play = kills,
    },
    {
	.number = "child 28",
	.text = "kill 0 only looks, but counts as killed",
	.expect = "kill true\nkilled true\nexit 0 null\nclose 0 null\n",
	.node = "const c = cp.spawn('cat');\n"
		"c.on('spawn', () => {\n"
		"  say('kill', c.kill(0));\n"
		"  say('killed', c.killed);\n"
		"  c.stdin.end();\n"
		"});\n"
		"c.on('exit', (n, s) => say('exit', `${n}`, `${s}`));\n"
		"c.on('close', (n, s) => say('close', `${n}`, `${s}`));\n",
	.play = a_look,
    },
    {
	.number = "child 29",
	.text = "a kill that is refused: false, and error EPERM",
	.expect = "error EPERM\nkill false\nkilled false\n"
		  "exit 0 null\nclose 0 null\n",
	.node = JS_WATCH "const c = watch(cp.spawn('cat'));\n"
			 "c.removeAllListeners('spawn').on('spawn', () => {\n"
			 "  process.setuid(65534);\n"
			 "  say('kill', c.kill());\n"
			 "  say('killed', c.killed);\n"
			 "  c.stdin.end();\n"
			 "});\n",
	.play = not_ours_to_kill,
    },
    {
	.number = "child 32",
	.text = "exitCode and signalCode are null until exit",
	.expect = "null null\n7 null\n",
	.node = "const c = cp.spawn('sh', ['-c', 'exit 7']);\n"
		"for (const name of ['spawn', 'exit'])\n"
		"  c.on(name, () => say(`${c.exitCode} ${c.signalCode}`));\n",
	.play = states,
    },
    {
	.number = "child 33",
	.text = "unref and ref act on the process handle",
	.expect = "spawn\nexit 0 null\nclose 0 null\n",
	.node =
	    JS_WATCH "const c = watch(cp.spawn('sh', ['-c', 'sleep 0.05'],\n"
		     "  {stdio: 'ignore'}));\n"
		     "c.unref();\n"
		     "c.ref();\n",
	.play = refs,
    },
};

/* Only root has a child that it may not kill later. */
static void
without_root(void)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (getuid() != 0 && strcmp(rules[i].number, "child 29") == 0) {
			rules[i].node = NULL;
			rules[i].play = NULL;
			rules[i].reason = "only root can try that";
		}
}

int
main(int argc, char **argv)
{
	without_root();
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  NULL);
}
