/* The rules of worker_threads, third part: what threads share. */
#include "worker_rules.h"

#include "runtime/atomics.h"
#include "runtime/shared.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static int32_t *words;

static struct shared *
share(void)
{
	struct shared *shared;

	if (shared_new(&shared, 64, SHARED_MEMFD))
		abort();
	words = shared_bytes(shared);
	return shared;
}

/* ---- 89: stdin, stdout, stderr ---- */

static void
say_output(struct worker *worker, int fd, const char *bytes, size_t size)
{
	(void)worker;
	rules_say("%s %.*s", fd == 1 ? "out" : "err", (int)size, bytes);
}

static const struct worker_events output_events = {
    .output = say_output,
    .exit = rule_on_exit,
};

static void
upper(struct worker_scope *scope, const char *bytes, size_t size)
{
	if (size)
		worker_scope_print(scope, 1, bytes, size);
	else
		worker_scope_exit(scope, 0);
}

static void
wait_for_input(struct worker_scope *scope, struct message *message)
{
	(void)scope;
	(void)message;
}

static void
streams(void)
{
	static const struct worker_script script = {
	    .message = wait_for_input,
	    .input = upper,
	};

	rule_open();
	worker_start(&rule_worker, &rule_loop, &script, NULL, &output_events);
	worker_input(&rule_worker, "echo", 4);
	worker_input(&rule_worker, "", 0);
	rule_close();
}

static void
print_then_tell(struct worker_scope *scope)
{
	worker_scope_print(scope, 1, "hello", 5);
	atomics_store(words, 1);
	atomics_notify(words, 1);
}

/* The parent's loop is blocked until the worker has printed. */
static void
waits_for_the_parent(void)
{
	static const struct worker_script script = {.start = print_then_tell};
	struct shared *shared = share();

	rule_open();
	worker_start(&rule_worker, &rule_loop, &script, NULL, &output_events);
	atomics_wait(&rule_loop, words, 0, ATOMICS_FOREVER);
	rules_say("printed, and nothing is seen");
	rule_close();
	shared_unref(shared);
}

/* ---- 90: limits ---- */

static void
eat(struct worker_scope *scope)
{
	while (worker_scope_alloc(scope, 100000))
		;
}

static void
out_of_memory(void)
{
	static const struct worker_script script = {.start = eat};

	rule_open();
	rule_start(&script, &(struct worker_options){.heap_limit = 8 << 20});
	rule_close();
}

/* ---- 91: signals ---- */

static void
look_at_signals(struct worker_scope *scope)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	rule_post(scope, sigismember(&blocked, SIGUSR2) ? "never" : "perhaps");
}

static void
signals(void)
{
	static const struct worker_script script = {.start = look_at_signals};

	rule_open();
	rule_start(&script, NULL);
	rule_close();
}

/* ---- 92: Atomics ---- */

static void
wait_results(void)
{
	struct shared *shared = share();

	rule_open();
	rules_say("%s", atomics_name(atomics_wait(&rule_loop, words, 1, 10)));
	rules_say("%s", atomics_name(atomics_wait(&rule_loop, words, 0, 10)));
	rules_say("%d", atomics_notify(words, ATOMICS_ALL));
	rule_close();
	shared_unref(shared);
}

static void
wait_and_say(struct worker_scope *scope)
{
	int result;

	atomics_add(&words[1], 1);
	atomics_notify(&words[1], 1);
	result = atomics_wait(&scope->loop, words, 0, ATOMICS_FOREVER);
	rule_post(scope, atomics_name(result));
}

static void
woken_thread(void)
{
	static const struct worker_script script = {.start = wait_and_say};
	struct shared *shared = share();

	rule_open();
	rule_start(&script, NULL);
	while (atomics_notify(words, 5) == 0)
		;
	rules_say("woke 1");
	rule_close();
	shared_unref(shared);
}

static void
say_result(void *data, int result)
{
	int *awaited = data;

	if (awaited)
		--*awaited;
	rules_say("later %s", atomics_name(result));
}

static void
keep_alive(uv_timer_t *timer)
{
	const int *awaited = timer->data;

	if (!*awaited)
		uv_timer_stop(timer);
}

static void
wait_async(void)
{
	struct shared *shared = share();
	int awaited = 2;
	uv_timer_t timer;

	rule_open();
	rules_say("%s", atomics_name(atomics_wait_async(&rule_loop, words, 1,
	                                                ATOMICS_FOREVER,
	                                                say_result, NULL)));
	rules_say("%s", atomics_name(atomics_wait_async(&rule_loop, words, 0, 0,
	                                                say_result, NULL)));
	for (int i = 0; i < 2; i++)
		atomics_wait_async(&rule_loop, words, 0, ATOMICS_FOREVER,
		                   say_result, &awaited);
	rules_say("woke %d", atomics_notify(words, ATOMICS_ALL));
	uv_timer_init(&rule_loop.uv, &timer);
	timer.data = &awaited;
	uv_timer_start(&timer, keep_alive, 10, 10);
	loop_run(&rule_loop);
	atomics_wait_async(&rule_loop, words, 0, ATOMICS_FOREVER, say_result,
	                   NULL);
	rule_close();
	rules_say("the end");
	shared_unref(shared);
}

#define WORDS "const a = new Int32Array(new SharedArrayBuffer(64));\n"

static const struct rule rules[] = {
    {
	.number = "worker 89",
	.text = "stdin, stdout as streams",
	.expect = "out echo\nexit 0\n",
	.node = "const w = new wt.Worker(`process.stdin.on('data', (d) =>"
		" process.stdout.write(d))`,"
		" {eval: true, stdin: true, stdout: true});\n"
		"w.stdout.on('data', (d) => say('out', d));\n"
		"w.stdout.on('end', () => say('exit', 0));\n"
		"w.stdin.end('echo');\n",
	.play = streams,
    },
    {
	.number = "worker 89 wait",
	.text = "output goes through the parent's loop and waits while that is "
		"blocked",
	.expect = "printed, and nothing is seen\nout hello\nexit 0\n",
	.node =
	    WORDS "const w = new wt.Worker(`const a = require('worker_threads')"
		  ".workerData; process.stdout.write('hello');"
		  " Atomics.store(a, 0, 1); Atomics.notify(a, 0)`,"
		  " {eval: true, workerData: a, stdout: true});\n"
		  "w.stdout.on('data', (d) => say('out', d));\n"
		  "w.on('exit', (code) => say('exit', code));\n"
		  "Atomics.wait(a, 0, 0);\n"
		  "say('printed, and nothing is seen');\n",
	.play = waits_for_the_parent,
    },
    {
	.number = "worker 90",
	.text = "over the limit of memory: ERR_WORKER_OUT_OF_MEMORY, exit 1",
	.expect = "error ERR_WORKER_OUT_OF_MEMORY\nexit 1\n",
	.node = IN_WORKER("const all = []; for (;;)"
                          " all.push(new Array(100000).fill({}))",
                          "resourceLimits: {maxOldGenerationSizeMb: 8,"
                          " maxYoungGenerationSizeMb: 2}"),
	.play = out_of_memory,
	.reason = "in C what worker_scope_alloc() gave is counted",
    },
    {
	.number = "worker 90 st",
	.text = "over the stack: a RangeError, exit 1",
	.expect = "RangeError\nexit 1\n",
	.node = "const w = new wt.Worker('const f = () => f(); f()',"
		" {eval: true});\n"
		"w.on('error', (e) => say(e.name));\n"
		"w.on('exit', (code) => say('exit', code));\n",
	.reason = "in C it is a crash of the whole process",
    },
    {
	.number = "worker 91 sig",
	.text = "a worker's signal listeners never fire",
	.expect = "message never\nexit 0\n",
	.node = IN_WORKER("let heard = 'never';"
                          "process.on('SIGUSR2', () => heard = 'once');"
                          "p.once('message', () => p.postMessage(heard))",
                          "") "process.on('SIGUSR2', () =>"
			      " w.postMessage('signalled'));\n"
			      "w.on('online', () =>"
			      " process.kill(process.pid, 'SIGUSR2'));\n",
	.play = signals,
    },
    {
	.number = "worker 92",
	.text = "Atomics.wait: not-equal, timed-out, also on the main thread; "
		"notify counts",
	.expect = "not-equal\ntimed-out\n0\n",
	.node = WORDS "say(Atomics.wait(a, 0, 1, 10));\n"
		      "say(Atomics.wait(a, 0, 0, 10));\n"
		      "say(Atomics.notify(a, 0));\n",
	.play = wait_results,
    },
    {
	.number = "worker 92 ok",
	.text = "a thread that was notified says ok, and is counted",
	.expect = "woke 1\nmessage ok\nexit 0\n",
	.node =
	    WORDS IN_WORKER("p.postMessage(Atomics.wait(wt.workerData, 0,"
                            " 0))",
                            "workerData: a") "while (Atomics.notify(a, 0, 5)"
					     " === 0);\n"
					     "say('woke 1');\n",
	.play = woken_thread,
    },
    {
	.number = "worker 92 as",
	.text = "waitAsync: found by notify at once; does not keep the program "
		"alive",
	.expect = "not-equal\ntimed-out\nwoke 2\nlater ok\nlater ok\nthe end\n",
	.node = WORDS "const later = (r) => say('later', r);\n"
		      "say(Atomics.waitAsync(a, 0, 1).value);\n"
		      "say(Atomics.waitAsync(a, 0, 0, 0).value);\n"
		      "for (let i = 0; i < 2; i++)"
		      " Atomics.waitAsync(a, 0, 0).value.then(later);\n"
		      "say('woke', Atomics.notify(a, 0));\n"
		      "setTimeout(() => { Atomics.waitAsync(a, 0, 0)"
		      ".value.then(later) }, 50);\n"
		      "process.on('exit', () => say('the end'));\n",
	.play = wait_async,
    },
    {
	.number = "worker 93",
	.text = "moveMessagePortToContext: no `on`, not our MessagePort",
	.expect = "function undefined false\n",
	.node = "const { port1 } = new wt.MessageChannel();\n"
		"const m = wt.moveMessagePortToContext(port1,"
		" require('vm').createContext());\n"
		"say(typeof m.postMessage, typeof m.on,"
		" m instanceof wt.MessagePort);\nprocess.exit();\n",
	.reason = "C has no contexts",
    },
};

RULES_MAIN(rules)
