/*
 * work: a load as a message: {load: "fib(42)"} there, {done: "fib(42) =
 * 267914296", ms} back. Shared by everybody who can be asked to do one.
 */
#ifndef STAGE_WORK_H
#define STAGE_WORK_H

#include "load/load.h"
#include "runtime/loop.h"
#include "runtime/worker_scope.h"

#include <jansson.h>

/* A load that is being done or was. */
struct work {
	const struct load *load;
	long argument;
	char label[32];
	char result[64];
	double ms;
};

/* Reads {load: "fib(42)"}; false: there is no such load. An argument out of
 * the load's range is brought into it, a missing one is the usual one. */
bool work_parse(struct work *work, json_t *message);

/* The same from the text alone. */
bool work_parse_text(struct work *work, const char *text);

/* Does it on `loop`, which it blocks, as a span; or on a thread without a loop
 * (NULL). */
void work_run(struct work *work, struct loop *loop);

/* What a parent says and what a child answers; the caller's reference. */
json_t *work_order(const struct work *work);
json_t *work_answer(const struct work *work);

/* Answers a message that a child or a thread was sent: does a load, returns
 * pong for a ping. The caller's reference; NULL: nothing to say. */
json_t *work_reply(json_t *message, struct loop *loop);

/* A worker thread that answers so. */
extern const struct worker_script work_script;

#endif
