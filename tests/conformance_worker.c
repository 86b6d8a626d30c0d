/* The rules of worker_threads, first part: the life of a worker. */
#include "worker_rules.h"

#include "core/emit.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- 75: ids ---- */

static void
tell_id(struct worker_scope *scope)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %d", scope->id, worker_thread_id());
	rule_post(scope, text);
}

static void
ids(void)
{
	static const struct worker_script script = {.start = tell_id};

	rule_open();
	rules_say("main %d", worker_thread_id());
	rule_start(&script, NULL);
	rules_say("worker %d", rule_worker.id);
	rule_close();
	rules_say("after %d", rule_worker.id);
}

/* ---- 76: events ---- */

static void
post_and_exit(struct worker_scope *scope)
{
	rule_post(scope, "a");
	rule_post(scope, "b");
	worker_scope_exit(scope, 3);
}

static void
order_of_events(void)
{
	static const struct worker_script script = {.start = post_and_exit};

	rule_open();
	worker_start(&rule_worker, &rule_loop, &script, NULL, &rule_events);
	rule_close();
}

static void
post_twice(struct worker_scope *scope)
{
	rule_post(scope, "?");
	rule_post(scope, "2");
}

static int
read_digit(struct worker *worker, struct message *message)
{
	(void)worker;
	return message->bytes[0] == '?' ? -EBADMSG : 0;
}

static void
on_messageerror(struct worker *worker, int error)
{
	(void)worker;
	(void)error;
	rules_say("messageerror");
}

static void
message_error(void)
{
	static const struct worker_script script = {.start = post_twice};
	static const struct worker_events events = {
	    .message = rule_on_message,
	    .decode = read_digit,
	    .messageerror = on_messageerror,
	};

	rule_open();
	worker_start(&rule_worker, &rule_loop, &script, NULL, &events);
	rule_close();
}

/* ---- 77: ends ---- */

static void
throw_it(struct worker_scope *scope)
{
	worker_scope_throw(scope, "oops");
}

static void
uncaught(void)
{
	static const struct worker_script script = {.start = throw_it};

	rule_open();
	rule_start(&script, NULL);
	rule_close();
	rules_say("main lives");
}

/* ---- 78: terminate ---- */

static void
never_end(struct worker_scope *scope)
{
	rule_post(scope, "looping");
	while (!worker_scope_should_stop(scope))
		;
}

static void
terminate_then(struct worker *worker, struct message *message)
{
	rule_on_message(worker, message);
	worker_terminate(worker);
}

static void
terminate(void)
{
	static const struct worker_script script = {.start = never_end};
	static const struct worker_events events = {
	    .message = terminate_then,
	    .exit = rule_on_exit,
	};

	rule_open();
	worker_start(&rule_worker, &rule_loop, &script, NULL, &events);
	rule_close();
	rules_say("again %s", worker_terminate(&rule_worker) == -ESRCH
	                          ? "undefined"
	                          : "a code");
}

/* ---- 80: environment, arguments ---- */

static void
tell_env(struct worker_scope *scope)
{
	char text[64] = "unset";

	worker_scope_getenv(scope, "A", text, sizeof(text));
	rule_post(scope, text);
	worker_scope_setenv(scope, "A", "changed");
	worker_scope_exit(scope, 0);
}

static void
run_env(const char *what, const struct worker_options *options)
{
	static const struct worker_script script = {.start = tell_env};
	const char *value;

	setenv("A", "main", 1);
	rule_open();
	rule_start(&script, options);
	rule_close();
	value = getenv("A");
	rules_say("%s: main has %s", what, value);
}

static void
environments(void)
{
	static const char *const only[] = {"B=1", NULL};

	run_env("copy", NULL);
	run_env("object", &(struct worker_options){.env = only});
	run_env("shared", &(struct worker_options){.share_env = true});
}

static void
tell_arguments(struct worker_scope *scope)
{
	for (char **word = scope->argv; *word; word++)
		rule_post(scope, *word);
}

static void
arguments(void)
{
	static const struct worker_script script = {.start = tell_arguments};
	static const char *const words[] = {"x", "y z", NULL};

	rule_open();
	rule_start(&script, &(struct worker_options){.argv = words});
	rule_close();
}

/* ---- 88: environment data ---- */

static void
tell_data(struct worker_scope *scope)
{
	size_t size;
	const char *bytes = worker_environment_data("key", &size);

	worker_scope_post(scope, bytes ? bytes : "nothing",
	                  bytes ? size : strlen("nothing"));
	worker_set_environment_data("key", "theirs", 6);
}

static void
environment_data(void)
{
	static const struct worker_script script = {.start = tell_data};
	size_t size;

	for (int i = 0; i < 2; i++) {
		rule_open();
		rule_start(&script, NULL);
		worker_set_environment_data("key", "ours", 4);
		rule_close();
	}
	rules_say("main has %.4s", worker_environment_data("key", &size));
	worker_set_environment_data("key", NULL, 0);
	rules_say("and then %s", worker_environment_data("key", &size)
	                             ? "still"
	                             : "undefined");
}

/* ---- 94: the 'worker' event ---- */

static void
hear_birth(void *data, const struct event *event, const char *text)
{
	(void)data;
	(void)text;
	if (event->kind == EVENT_THREAD_BORN && event->number == ROLE_WORKER)
		rules_say("worker %d", (int)event->value);
}

static void
start_nothing(struct worker_scope *scope)
{
	(void)scope;
}

static void
worker_event(void)
{
	static const struct worker_script script = {.start = start_nothing};

	emit_open_direct(hear_birth, NULL, uv_hrtime);
	rule_open();
	rule_start(&script, NULL);
	rule_close();
	emit_close();
}

static const struct rule rules[] = {
    {
	.number = "worker 75",
	.text = "threadId: main 0, workers from 1, -1 after the exit",
	.expect = "main 0\nworker 1\nmessage 1 1\nexit 0\nafter -1\n",
	.node = "say('main', wt.threadId);\n" IN_WORKER(
	    "p.postMessage(wt.threadId + ' ' + wt.threadId)",
	    "") "say('worker', w.threadId);\n"
		"w.on('exit', () => say('after', w.threadId));\n",
	.play = ids,
    },
    {
	.number = "worker 76",
	.text = "online, messages, exit: what was posted before exit arrives",
	.expect = "online\nmessage a\nmessage b\nexit 3\n",
	.node = IN_WORKER("p.postMessage('a'); p.postMessage('b');"
                          "process.exit(3)",
                          "") "w.on('online', () => say('online'));\n",
	.play = order_of_events,
    },
    {
	.number = "worker 76 me",
	.text = "messageerror in place of a message that cannot be read",
	.expect = "messageerror\nmessage 2\n",
	.node = "const { port1, port2 } = new wt.MessageChannel();\n"
		"const moved = wt.moveMessagePortToContext(port2,"
		" require('vm').createContext());\n"
		"moved.onmessageerror = () => say('messageerror');\n"
		"moved.onmessage = (e) => {"
		" say('message', e.data); port1.close(); };\n"
		"moved.start();\n"
		"fs.promises.open('/dev/null').then((file) => {\n"
		"  port1.postMessage(file, [file]); port1.postMessage(2);\n"
		"});\n",
	.play = message_error,
    },
    {
	.number = "worker 77",
	.text = "an error nobody handles: error, exit 1; the program lives on",
	/* No message before it: Node sends errors through a port of their
         * own, so either may come first. */
	.expect = "error oops\nexit 1\nmain lives\n",
	.node = IN_WORKER("throw new Error('oops')",
                          "") "w.on('exit', () => say('main lives'));\n",
	.play = uncaught,
    },
    {
	.number = "worker 78",
	.text = "terminate: exit 1, also of an endless loop; a second one is "
		"nothing",
	.expect = "message looping\nexit 1\nagain undefined\n",
	.node = IN_WORKER("p.postMessage('looping'); for (;;);",
                          "") "w.on('message', () => w.terminate());\n"
			      "w.on('exit', () => w.terminate().then((c) =>"
			      " say('again', String(c))));\n",
	.play = terminate,
	.reason = "the loop in C asks worker_scope_should_stop()",
    },
    {
	.number = "worker 79",
	.text = "a bare path, a flag for the process, an env of a wrong type "
		"throw",
	.expect = "ERR_WORKER_PATH\nERR_WORKER_INVALID_EXEC_ARGV\n"
		  "ERR_INVALID_ARG_TYPE\n",
	.node = "const t = (...a) => { try { new wt.Worker(...a) }"
		" catch (e) { say(e.code) } };\n"
		"t('x.js'); t('', {eval: true, execArgv: ['--title=x']});\n"
		"t('', {eval: true, env: 1});\n",
	.reason = "in C a script is a struct: no path, no flags, typed options",
    },
    {
	.number = "worker 80",
	.text = "env: a copy, an object alone, or shared",
	.expect = "message main\nexit 0\ncopy: main has main\n"
		  "message unset\nexit 0\nobject: main has main\n"
		  "message main\nexit 0\nshared: main has changed\n",
	.node = "const inside = `require('worker_threads').parentPort"
		".postMessage(process.env.A ?? 'unset');"
		"process.env.A = 'changed'`;\n"
		"const run = (what, env) => new Promise((done) => {\n"
		"  process.env.A = 'main';\n"
		"  const w = new wt.Worker(inside, {eval: true, env});\n"
		"  w.on('message', (m) => say('message', m));\n"
		"  w.on('exit', (code) => { say('exit', code);\n"
		"    say(what + ': main has', process.env.A); done(); });\n"
		"});\n"
		"(async () => { await run('copy');\n"
		"  await run('object', {B: '1'});\n"
		"  await run('shared', wt.SHARE_ENV); })();\n",
	.play = environments,
    },
    {
	.number = "worker 80 argv",
	.text = "argv is appended",
	.expect = "message x\nmessage y z\nexit 0\n",
	.node = IN_WORKER("process.argv.slice(2).forEach((a) =>"
                          " p.postMessage(a))",
                          "argv: ['x', 'y z']"),
	.play = arguments,
    },
    {
	.number = "worker 88",
	.text = "environment data is cloned into workers created later",
	.expect = "message nothing\nexit 0\nmessage ours\nexit 0\n"
		  "main has ours\nand then undefined\n",
	.node = "const run = () => new Promise((done) => {\n" IN_WORKER(
	    "p.postMessage(wt.getEnvironmentData('key') ?? 'nothing');"
	    "wt.setEnvironmentData('key', 'theirs')",
	    "") "wt.setEnvironmentData('key', 'ours');\n"
		"w.on('exit', done); });\n"
		"(async () => { await run(); await run();\n"
		"  say('main has', wt.getEnvironmentData('key'));\n"
		"  wt.setEnvironmentData('key', undefined);\n"
		"  say('and then', String(wt.getEnvironmentData('key'))); "
		"})();\n",
	.play = environment_data,
    },
    {
	.number = "worker 91",
	.text = "in a worker chdir, setuid, abort, umask(set) throw; no send",
	.expect = "message chdir ERR_WORKER_UNSUPPORTED_OPERATION\n"
		  "message setuid ERR_WORKER_UNSUPPORTED_OPERATION\n"
		  "message abort ERR_WORKER_UNSUPPORTED_OPERATION\n"
		  "message umask ERR_WORKER_UNSUPPORTED_OPERATION\n"
		  "message send undefined\nexit 0\n",
	.node = IN_WORKER("for (const f of ['chdir', 'setuid', 'abort',"
                          " 'umask']) try { process[f](0) } catch (e) {"
                          " p.postMessage(f + ' ' + e.code) }"
                          "p.postMessage('send ' + typeof process.send)",
                          ""),
	.reason = "C cannot forbid a thread a system call; worker.h says so",
    },
    {
	.number = "worker 94",
	.text = "a 'worker' event for each new one",
	.expect = "worker 1\nexit 0\n",
	.node = "process.on('worker', (w) => say('worker', w.threadId));\n"
		"new wt.Worker('', {eval: true})"
		".on('exit', (code) => say('exit', code));\n",
	.play = worker_event,
	.reason = "in C it is thread-born in the stream",
    },
};

RULES_MAIN(rules)
