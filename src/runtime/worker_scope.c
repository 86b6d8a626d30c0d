/*
 * The thread's life: open its loop, open its end of the port, say "online",
 * run until the loop has nothing to wait for or somebody ends it, end the
 * threads it started itself, close, say goodbye.
 *
 * Failures: its loop cannot be opened (no descriptors): the parent hears of an
 * error, then of the exit with 1.
 */
#include "worker_parts.h"

#include "letter.h"
#include "port_parts.h"

#include "core/emit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* A function that is called without a scope knows its thread by this. */
static _Thread_local struct worker_scope *self;

struct worker_scope *
worker_scope_self(void)
{
	return self;
}

int32_t
worker_thread_id(void)
{
	return self ? self->id : 0;
}

bool
worker_scope_should_stop(const struct worker_scope *scope)
{
	return scope->exiting ||
	       __atomic_load_n(&scope->stop, __ATOMIC_RELAXED);
}

/* ---- what comes from the parent ---- */

static void
on_message(struct port *port, struct message *message)
{
	struct worker_scope *scope = port_data(port);

	scope->script->message(scope, message);
}

static void
on_changed_message(struct port *port, struct message *message)
{
	struct worker_scope *scope = port_data(port);

	scope->listener(scope, message);
}

static void
on_letter(struct port *port, const struct letter *letter)
{
	struct worker_scope *scope = port_data(port);

	if (letter->tag == LETTER_INPUT && scope->script->input)
		scope->script->input(scope, letter->message.bytes,
		                     letter->message.size);
}

/* Terminated: what is queued stays unread. */
static void
on_end(struct port *port)
{
	struct worker_scope *scope = port_data(port);

	uv_stop(&scope->loop.uv);
}

static const struct port_events deaf_events;
static const struct port_events script_events = {.message = on_message};
static const struct port_events changed_events = {
    .message = on_changed_message,
};
static const struct port_control scope_control = {
    .letter = on_letter,
    .end = on_end,
};

/* ---- the life ---- */

/* The kernel gives signals to a thread that does not block them. Those of its
 * own mistakes come to the thread that made them. */
static void
block_signals(void)
{
	static const int own[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
	                          SIGABRT, SIGTRAP, SIGSYS};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static int
open_scope(struct worker_scope *scope)
{
	int error = loop_open(&scope->loop, ROLE_WORKER, (uint32_t)scope->id,
	                      scope->name);

	if (error)
		return error;
	scope->loop.stop = &scope->stop;
	scope->port->control = &scope_control;
	return port_open(scope->port, &scope->loop,
	                 scope->script->message ? &script_events : &deaf_events,
	                 scope);
}

static void
run(struct worker_scope *scope)
{
	port_post_letter(scope->port, LETTER_ONLINE, scope->tid, "", 0);
	if (scope->script->start && !worker_scope_should_stop(scope))
		scope->script->start(scope);
	if (!worker_scope_should_stop(scope))
		loop_run(&scope->loop);
	if (!scope->exiting && worker_scope_should_stop(scope))
		scope->code = 1;
}

static void
say_cannot_begin(struct worker_scope *scope, int error)
{
	char text[128];

	snprintf(text, sizeof(text),
	         "ERR_WORKER_INIT_FAILED: Worker initialization failure: %s",
	         uv_err_name(error));
	worker_scope_throw(scope, text);
}

/* Node ends them with their parent too. */
static void
end_children(struct worker_scope *scope)
{
	while (scope->children) {
		struct worker *child = scope->children;

		scope->children = child->next;
		worker_end_now(child);
	}
}

static void
close_scope(struct worker_scope *scope)
{
	struct event died = {.kind = EVENT_THREAD_DIED};

	if (!scope->loop.uv.data)
		return;
	loop_close(&scope->loop);
	emit(&died, NULL);
	emit_flush();
}

void
worker_thread_main(void *argument)
{
	struct worker_scope *scope = argument;
	struct port *port = scope->port;
	int error;

	block_signals();
	prctl(PR_SET_NAME, scope->name);
	self = scope;
	scope->tid = (uint32_t)syscall(SYS_gettid);
	worker_entries_take(scope->entries);
	scope->entries = NULL;
	error = open_scope(scope);
	if (error)
		say_cannot_begin(scope, error);
	else
		run(scope);
	end_children(scope);
	port_detach(port);
	close_scope(scope);
	worker_entries_drop();
	/* From here on the parent may join. */
	port_drop(port);
	emit_flush();
}

/* ---- talking ---- */

int
worker_scope_post_message(struct worker_scope *scope,
                          const struct message *message)
{
	return scope->deaf ? -EPIPE : port_post_message(scope->port, message);
}

int
worker_scope_post(struct worker_scope *scope, const char *bytes, size_t size)
{
	struct message message = {.bytes = bytes, .size = size};

	return worker_scope_post_message(scope, &message);
}

void
worker_scope_listen(struct worker_scope *scope,
                    void (*message)(struct worker_scope *scope,
                                    struct message *message))
{
	scope->listener = message;
	if (!scope->deaf)
		port_listen(scope->port,
		            message ? &changed_events : &deaf_events);
}

struct message *
worker_scope_receive(struct worker_scope *scope)
{
	return scope->deaf ? NULL : port_receive(scope->port);
}

void
worker_scope_close(struct worker_scope *scope)
{
	if (scope->deaf)
		return;
	port_post_letter(scope->port, LETTER_NO_PORT, 0, "", 0);
	port_listen(scope->port, &deaf_events);
	scope->deaf = true;
}

int
worker_scope_print(struct worker_scope *scope, int fd, const char *bytes,
                   size_t size)
{
	if (fd != 1 && fd != 2)
		return -EBADF;
	return port_post_letter(scope->port, LETTER_OUTPUT, (uint32_t)fd, bytes,
	                        size);
}

/* ---- ending ---- */

void
worker_scope_exit(struct worker_scope *scope, int code)
{
	if (scope->exiting)
		return;
	scope->exiting = true;
	scope->code = code;
	if (scope->loop.uv.data) {
		port_listen(scope->port, &deaf_events);
		uv_stop(&scope->loop.uv);
	}
}

void
worker_scope_throw(struct worker_scope *scope, const char *text)
{
	struct event note = {.kind = EVENT_NOTE, .number = NOTE_ERROR};
	char words[256];

	if (scope->exiting)
		return;
	snprintf(words, sizeof(words), "%s: %s", scope->name, text);
	emit(&note, words);
	port_post_letter(scope->port, LETTER_ERROR, 0, text, strlen(text) + 1);
	worker_scope_exit(scope, 1);
}
