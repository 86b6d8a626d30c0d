/* The rules of fork and of the end of its channel (Node's documentation:
 * "child_process.fork()", "Event: 'disconnect'"). */
#include "conformance_child.h"

/* ---- how it is started ---- */

static void
fork_and_run(struct child_fork_options fork, const struct child_options *also,
             const struct child_events *events)
{
	int error;

	open_loop();
	error = child_fork_module(&child, &loop, &fork, also, events);
	if (error)
		rules_say("refused");
	run_loop();
}

#define CHANNEL "echo $NODE_CHANNEL_FD; stat -Lc %F /proc/$$/fd/3"

static void
words_and_descriptors(void)
{
	const char *const first[] = {"first", NULL};
	const char *const script[] = {"-c", CHANNEL, NULL};
	const char *const args[] = {"one", "two", NULL};
	const struct child_events events = {.exit = say_exit};
	struct child_fork_options fork = {
	    .exec_path = "/bin/echo",
	    .exec_args = first,
	    .module = "module",
	    .args = args,
	    .silent = true,
	};

	fork_and_run(fork, NULL, &watch);
	fork.exec_path = "/bin/sh";
	fork.exec_args = script;
	fork.silent = false;
	fork_and_run(fork, NULL, &events);
}

static void
without_a_channel(void)
{
	const struct child_descriptor stdio[3] = {
	    {.mode = CHILD_PIPE},
	    {.mode = CHILD_PIPE},
	    {.mode = CHILD_PIPE},
	};
	const char *const args[] = {"$HOME", NULL};
	struct child_options also = {.stdio = stdio, .stdio_count = 3};
	const struct child_fork_options fork = {
	    .exec_path = "/bin/echo",
	    .module = "module",
	    .args = args,
	    .silent = true,
	};

	fork_and_run(fork, &also, &watch);
	also = (struct child_options){.shell = "/bin/sh"};
	fork_and_run(fork, &also, &watch);
}

static void
a_missing_module(void)
{
	const struct child_fork_options fork = {
	    .exec_path = "node",
	    .module = "/no/such/module.js",
	    .silent = true,
	};
	const struct child_events events = {.exit = say_exit};

	fork_and_run(fork, NULL, &events);
}

/* ---- disconnect ---- */

static void
say_connected(const struct child *of)
{
	rules_say("connected %s", of->channel.connected ? "true" : "false");
}

static void
disconnect_at_spawn(struct child *of)
{
	say_connected(of);
	child_disconnect(of);
	say_connected(of);
}

static void
disconnects(void)
{
	const char *const script[] = {"-c", "read x <&3; exit 0", NULL};
	const char *const ends[] = {"-c", "exit 5", NULL};
	struct child_fork_options fork = {
	    .exec_path = "/bin/sh",
	    .exec_args = script,
	    .module = "module",
	    .silent = true,
	};
	struct child_events events = {
	    .spawn = disconnect_at_spawn,
	    .disconnect = say_disconnect,
	    .exit = say_exit,
	};

	fork_and_run(fork, NULL, &events);
	events.spawn = NULL;
	fork.exec_args = ends;
	fork_and_run(fork, NULL, &events);
}

static struct rule rules[] = {
    {
	.number = "child 49",
	.text = "fork: execPath, execArgv, module, args; a channel at 3; "
		"silent: piped, else inherited",
	.expect = "spawn\ndisconnect\nexit 0 null\n"
		  "1: first module one two\nclose 0 null\n"
		  "3\nsocket\nexit 0 null\n",
	.node = JS_WATCH
	"const run = (execPath, execArgv, silent) =>\n"
	"  cp.fork('module', ['one', 'two'], {execPath, execArgv, silent});\n"
	"watch(run('/bin/echo', ['first'], true)).on('close', () =>\n"
	"  run('/bin/sh', ['-c', '" CHANNEL "'], false)\n"
	"    .on('exit', (n, s) => say('exit', `${n}`, `${s}`)));\n",
	.play = words_and_descriptors,
    },
    {
	.number = "child 50",
	.text = "fork with stdio without a channel is refused; a shell is "
		"ignored",
	.expect = "refused\nspawn\ndisconnect\nexit 0 null\n"
		  "1: module $HOME\nclose 0 null\n",
	.node = JS_WATCH
	"const run = (more) => cp.fork('module', ['$HOME'],\n"
	"  {execPath: '/bin/echo', execArgv: [], silent: true, ...more});\n"
	"try { run({stdio: ['pipe', 'pipe', 'pipe']}); }\n"
	"catch { say('refused'); }\n"
	"watch(run({shell: true}));\n",
	.play = without_a_channel,
    },
    {
	.number = "child 51",
	.text = "fork of a missing module: exit code 1",
	.expect = "exit 1 null\n",
	.node = "cp.fork('/no/such/module.js', {silent: true})\n"
		"  .on('exit', (n, s) => say('exit', `${n}`, `${s}`));\n",
	.play = a_missing_module,
    },
    {
	.number = "child 56",
	.text = "disconnect before exit; not connected at once after "
		"disconnect()",
	.expect = "connected true\nconnected false\ndisconnect\nexit 0 null\n"
		  "disconnect\nexit 5 null\n",
	.node = "const run = (script) => {\n"
		"  const c = cp.fork('module',\n"
		"    {execPath: '/bin/sh', execArgv: ['-c', script],\n"
		"      silent: true});\n"
		"  c.on('disconnect', () => say('disconnect'));\n"
		"  return c.on('exit',"
		" (n, s) => say('exit', `${n}`, `${s}`));\n"
		"};\n"
		"const a = run('read x <&3; exit 0');\n"
		"a.on('spawn', () => {\n"
		"  say('connected', a.connected);\n"
		"  a.disconnect();\n"
		"  say('connected', a.connected && a.channel);\n"
		"});\n"
		"a.on('exit', () => run('exit 5'));\n",
	.play = disconnects,
    },
};

/* That one needs a Node to fork. */
static void
without_node(void)
{
	if (system("node --version >/dev/null 2>&1") == 0)
		return;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (strcmp(rules[i].number, "child 51") == 0) {
			rules[i].play = NULL;
			rules[i].reason = "there is no node here to be forked";
		}
}

int
main(int argc, char **argv)
{
	without_node();
	return rules_main(argc, argv, rules, sizeof(rules) / sizeof(*rules),
	                  NULL);
}
