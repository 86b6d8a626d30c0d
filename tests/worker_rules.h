/* What the rules of worker_threads share: a loop, a worker that is watched. */
#ifndef TESTS_WORKER_RULES_H
#define TESTS_WORKER_RULES_H

#include "rules.h"

#include "runtime/worker_scope.h"

#include <string.h>

static struct loop rule_loop;
static struct worker rule_worker;

static inline void
rule_on_online(struct worker *worker)
{
	(void)worker;
	rules_say("online");
}

static inline void
rule_on_message(struct worker *worker, struct message *message)
{
	(void)worker;
	rules_say("message %.*s", (int)message->size, message->bytes);
}

static inline void
rule_on_error(struct worker *worker, const char *text)
{
	(void)worker;
	rules_say("error %.*s", (int)strcspn(text, ":"), text);
}

static inline void
rule_on_exit(struct worker *worker, int code)
{
	(void)worker;
	rules_say("exit %d", code);
}

static const struct worker_events rule_events = {
    .online = rule_on_online,
    .message = rule_on_message,
    .error = rule_on_error,
    .exit = rule_on_exit,
};

/* The same without `online`. */
static const struct worker_events rule_quiet_events = {
    .message = rule_on_message,
    .error = rule_on_error,
    .exit = rule_on_exit,
};

static inline void
rule_open(void)
{
	if (loop_open(&rule_loop, ROLE_MAIN, 0, "rule"))
		rules_say("no loop");
}

/* Until all is over. */
static inline void
rule_close(void)
{
	loop_run(&rule_loop);
	loop_close(&rule_loop);
}

static inline void
rule_start(const struct worker_script *script,
           const struct worker_options *options)
{
	int error = worker_start(&rule_worker, &rule_loop, script, options,
	                         &rule_quiet_events);

	if (error)
		rules_say("start %s", uv_err_name(error));
}

/* From inside: a line for the parent. */
static inline void
rule_post(struct worker_scope *scope, const char *text)
{
	worker_scope_post(scope, text, strlen(text));
}

#define RULES_MAIN(rules) \
	int main(int argc, char **argv) \
	{ \
		return rules_main(argc, argv, rules, \
		                  sizeof(rules) / sizeof(*rules), NULL); \
	}

/* Begins a scenario of Node: `inside` is the worker's script. */
#define IN_WORKER(inside, options) \
	"const inside = `const wt = require('worker_threads');" \
	"const p = wt.parentPort;" inside "`;\n" \
	"const w = new wt.Worker(inside, {eval: true, " options "});\n" \
	"w.on('message', (m) => say('message', m));\n" \
	"w.on('error', (e) => say('error', e.code ?? e.message));\n" \
	"w.on('exit', (code) => say('exit', code));\n"

#endif
