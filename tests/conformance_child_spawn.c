/* The rules of spawn: order, what cannot be started, words and environment
 * (Node's documentation: "child_process.spawn()"). */
#include "conformance_child.h"

#include <fcntl.h>
#include <sys/resource.h>

/* ---- order ---- */

static void
spawn_returns_at_once(void)
{
	const char *words[4];
	struct child_options options = shell(words, "exit 0");

	open_loop();
	child_spawn(&child, &loop, &options, &watch);
	rules_say("returned");
	run_loop();
}

static void
close_waits_for_stdio_and_channel(void)
{
	struct child_events events = watch;

	watch_late(CHILD_PIPE, CHILD_PIPE, CHILD_IGNORE, watch);
	events.spawn = events.disconnect = NULL;
	watch_late(CHILD_PIPE, CHILD_INHERIT, CHILD_IPC, events);
}

#define UNTIL_MARKED "(while test ! -e $MARK; do sleep 0.01; done) & exit 3"

static void
mark_at_exit(struct child *of, int code, int signal)
{
	say_exit(of, code, signal);
	close(creat(mark_name(), 0600));
}

static void
a_channel_that_ends_last(void)
{
	const char *words[4];
	struct child_options options = shell(words, UNTIL_MARKED);
	struct child_events events = watch;

	mark_name();
	events.exit = mark_at_exit;
	options.channel = true;
	options.in = options.out = options.err = CHILD_IGNORE;
	run_child(&options, &events);
	unlink(mark_name());
}

static void
a_code_has_eight_bits(void)
{
	watch_shell("exit 300");
}

static void
a_signal_is_no_code(void)
{
	watch_shell("kill -KILL $$");
	watch_shell("sh -c 'kill -KILL $$' 2>/dev/null; exit $?");
}

/* ---- what cannot be started ---- */

static void
watch_file(const char *file)
{
	const struct child_options options = {.file = file};

	run_child(&options, &watch);
}

static void
nothing_to_run(void)
{
	const struct child_options options = {.file = "/no/such/file"};

	open_loop();
	child_spawn(&child, &loop, &options, &watch);
	rules_say("pid %s", child.pid ? "some" : "none");
	run_loop();
}

static void
not_to_be_run(void)
{
	watch_file("/etc/passwd");
	watch_file("/tmp");
}

static void
say_path(struct child *of, int error)
{
	rules_say("error %s %s", uv_err_name(error), of->file);
}

static void
no_such_directory(void)
{
	const struct child_options options = {.file = "true", .cwd = "/no/dir"};
	const struct child_events events = {.error = say_path};

	run_child(&options, &events);
}

static void
other_errors_are_thrown(void)
{
	static char big[200001];
	const char *const words[] = {"true", big, NULL};
	const uid_t root = 0;
	struct child_options options = {.file = "true", .args = words};

	if (getuid() == 0 && setuid(65534))
		rules_say("setuid failed");
	memset(big, 'x', sizeof(big) - 1);
	run_child(&options, &watch);
	options.args = NULL;
	options.uid = &root;
	run_child(&options, &watch);
}

static void
no_descriptor_is_left(void)
{
	struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
	const struct child_options options = {.file = "true"};
	int fds[64], count = 0;

	open_loop();
	setrlimit(RLIMIT_NOFILE, &limit);
	while (count < 64 && (fds[count] = dup(1)) >= 0)
		count++;
	child_spawn(&child, &loop, &options, &watch);
	rules_say("stdout %s", child_stream(&child, 1) ? "there" : "none");
	while (count > 0)
		close(fds[--count]);
	run_loop();
}

static void
refused(const char *what, struct child_options options)
{
	int error = child_spawn(&child, &loop, &options, &watch);

	rules_say("%s %s", what, error == -EINVAL ? "refused" : "taken");
}

static void
bad_arguments(void)
{
	open_loop();
	refused("empty file", (struct child_options){.file = ""});
	refused("signal",
	        (struct child_options){.file = "true", .kill_signal = 12345});
	run_loop();
}

/* ---- words and environment ---- */

static void
the_first_word(void)
{
	const char *words[4];
	struct child_options options = shell(words, "echo $0");

	run_child(&options, &watch);
	options.argv0 = "other";
	run_child(&options, &watch);
}

static void
the_environment(void)
{
	const char *const env[] = {"A=1", NULL};
	const char *words[4];
	struct child_options options = shell(words, "echo \"$RULE-$A\"");

	options.file = "/bin/sh";
	setenv("RULE", "ours", 1);
	run_child(&options, &watch);
	options.env = env;
	run_child(&options, &watch);
}

static void
coverage_of_the_tree(void)
{
	const char *const env[] = {NULL};
	const struct child_options options = {.file = "/usr/bin/env",
	                                      .env = env};

	setenv("NODE_V8_COVERAGE", "/tmp", 1);
	run_child(&options, &watch);
}

static const struct rule rules[] = {
    {
	.number = "child 1",
	.text = "spawn returns at once; spawn, exit, close follow in order",
	.expect = "returned\nspawn\nexit 0 null\nclose 0 null\n",
	.node = JS_WATCH "watch(cp.spawn('sh', ['-c', 'exit 0']));\n"
			 "say('returned');\n",
	.play = spawn_returns_at_once,
    },
    {
	.number = "child 2",
	.text = "close waits for all piped stdio and for the channel",
	.expect = "spawn\nexit 3 null\n1: late\nclose 3 null\n"
		  "exit 3 null\nlate\nclose 3 null\n",
	.node = JS_WATCH JS_LATE
	"late(['pipe', 'pipe', 'ignore', 'ignore', 'pipe'])\n"
	"  .on('close', () => late(\n"
	"    ['pipe', 'inherit', 'ignore', 'ipc', 'pipe'])\n"
	"    .removeAllListeners('spawn')\n"
	"    .removeAllListeners('disconnect'));\n",
	.play = close_waits_for_stdio_and_channel,
    },
    {
	.number = "child 2 last",
	.text = "a channel that ends last: disconnect and close",
	.expect = "spawn\nexit 3 null\ndisconnect\nclose 3 null\n",
	.node = JS_WATCH "const mark = path.join(__dirname, 'mark');\n"
			 "process.env.MARK = mark;\n"
			 "watch(cp.spawn('sh', ['-c', '" UNTIL_MARKED "'],\n"
			 "  {stdio: ['ignore', 'ignore', 'ignore', 'ipc']}))\n"
			 "  .on('exit', () => fs.writeFileSync(mark, ''))\n"
			 "  .on('close', () => fs.unlinkSync(mark));\n",
	.play = a_channel_that_ends_last,
	.reason = "Node says close before disconnect then; here nothing comes "
		  "after close, for the memory is the caller's again",
	.node_expect = "spawn\nexit 3 null\nclose 3 null\ndisconnect\n",
    },
    {
	.number = "child 3",
	.text = "one of code and signal is null; a code has eight bits",
	.expect = "spawn\nexit 44 null\nclose 44 null\n",
	.node = JS_WATCH "watch(cp.spawn('sh', ['-c', 'exit 300']));\n",
	.play = a_code_has_eight_bits,
    },
    {
	.number = "child 4",
	.text = "killed: the signal's name, no 128 + n (shells do that)",
	.expect = "spawn\nexit null SIGKILL\nclose null SIGKILL\n"
		  "spawn\nexit 137 null\nclose 137 null\n",
	.node = JS_WATCH JS_EACH
	"each(() => cp.spawn('sh', ['-c', 'kill -KILL $$']),\n"
	"  () => cp.spawn('sh', ['-c',\n"
	"    \"sh -c 'kill -KILL $$' 2>/dev/null; exit $?\"]));\n",
	.play = a_signal_is_no_code,
    },
    {
	.number = "child 5",
	.text = "a missing file: error ENOENT and close, no spawn, no exit",
	.expect = "pid none\nerror ENOENT\nclose -2 null\n",
	.node = JS_WATCH "const c = watch(cp.spawn('/no/such/file'));\n"
			 "say('pid', c.pid ?? 'none');\n",
	.play = nothing_to_run,
    },
    {
	.number = "child 6",
	.text = "a file that may not be run, a directory: error EACCES",
	.expect = "error EACCES\nclose -13 null\n"
		  "error EACCES\nclose -13 null\n",
	.node = JS_WATCH JS_EACH
	"each(() => cp.spawn('/etc/passwd'), () => cp.spawn('/tmp'));\n",
	.play = not_to_be_run,
    },
    {
	.number = "child 7",
	.text = "a missing cwd: ENOENT, and the path is that of the command",
	.expect = "error ENOENT true\n",
	.node = "cp.spawn('true', {cwd: '/no/dir'})\n"
		"  .on('error', (e) => say('error', e.code, e.path));\n",
	.play = no_such_directory,
    },
    {
	.number = "child 8",
	.text = "other errors than EACCES, EAGAIN, EMFILE, ENFILE, ENOENT are "
		"thrown",
	.expect = "throws E2BIG\nthrows EPERM\n",
	.node = "if (process.getuid() === 0) process.setuid(65534);\n"
		"for (const [args, uid] of [[['x'.repeat(200000)]], [[], 0]])\n"
		"  try { cp.spawn('true', args, {uid}); }\n"
		"  catch (e) { say('throws', e.code); }\n",
	.play = other_errors_are_thrown,
    },
    {
	.number = "child 9",
	.text = "no descriptor left: error EMFILE, stdio is not set up",
	.expect = "stdout none\nerror EMFILE\nclose -24 null\n",
	.node = JS_WATCH
	"if (process.argv[2]) {\n"
	"  const fds = [];\n"
	"  try { for (;;) fds.push(fs.openSync('/dev/null')); } catch {}\n"
	"  const c = watch(cp.spawn('true'));\n"
	"  say('stdout', c.stdout ? 'there' : 'none');\n"
	"  fds.forEach((fd) => fs.closeSync(fd));\n"
	"} else {\n"
	"  cp.spawnSync('sh', ['-c', 'ulimit -n 64;"
	" exec \"$0\" \"$1\" again', process.execPath, __filename],\n"
	"    {stdio: 'inherit'});\n"
	"}\n",
	.play = no_descriptor_is_left,
    },
    {
	.number = "child 10",
	.text = "bad arguments are refused before anything is made",
	.expect = "empty file refused\nsignal refused\n",
	.node = "const t = (what, f, expected) => {\n"
		"  try { f(); say(what, 'taken'); }\n"
		"  catch (e) { if (expected) say(what, 'refused'); }\n"
		"};\n"
		"t('empty file', () => cp.spawn(''), true);\n"
		"t('signal', () => cp.spawn('true', {timeout: 9,\n"
		"  killSignal: 'SIGNONE'}), true);\n"
		"t('NUL', () => cp.spawn('a\\0b'));\n"
		"t('uid', () => cp.spawn('true', {uid: 1e10}));\n"
		"t('timeout', () => cp.spawn('true', {timeout: -1}));\n",
	.play = bad_arguments,
	.reason = "in C there is no NUL in a string, no uid that is none, no "
		  "negative timeout",
    },
    {
	.number = "child 11",
	.text = "argv[0] is the file, or argv0",
	.expect = "spawn\nexit 0 null\n1: sh\nclose 0 null\n"
		  "spawn\nexit 0 null\n1: other\nclose 0 null\n",
	.node = JS_WATCH JS_EACH
	"const args = ['-c', 'echo $0'];\n"
	"each(() => cp.spawn('sh', args),\n"
	"  () => cp.spawn('sh', args, {argv0: 'other'}));\n",
	.play = the_first_word,
    },
    {
	.number = "child 12",
	.text = "env: ours, unless another is given",
	.expect = "spawn\nexit 0 null\n1: ours-\nclose 0 null\n"
		  "spawn\nexit 0 null\n1: -1\nclose 0 null\n",
	.node = JS_WATCH JS_EACH
	"process.env.RULE = 'ours';\n"
	"const args = ['-c', 'echo \"$RULE-$A\"'];\n"
	"each(() => cp.spawn('/bin/sh', args),\n"
	"  () => cp.spawn('/bin/sh', args, {env: {A: 1, B: undefined}}));\n",
	.play = the_environment,
    },
    {
	.number = "child 13",
	.text = "NODE_V8_COVERAGE is passed on even to an empty env",
	.expect = "spawn\nexit 0 null\n1: NODE_V8_COVERAGE=/tmp\n"
		  "close 0 null\n",
	.node = JS_WATCH "process.env.NODE_V8_COVERAGE = '/tmp';\n"
			 "watch(cp.spawn('/usr/bin/env', {env: {}}));\n",
	.play = coverage_of_the_tree,
    },
};

RULES_MAIN(rules, NULL)
