/*
 * The thread's life: open its loop, open its end of the port, say "online",
 * run until the port is closed, close, end. The parent joins it when its own
 * end of the port has been closed, which is when the thread is about to end.
 *
 * Failures: no more threads or descriptors (worker_start returns it); a crash
 * in a thread ends the process, as it must.
 */
#include "worker.h"

#include "core/emit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first message of a thread, before any of the user's. */
static const char online[] = "online";

/* ---- inside ---- */

static void
on_scope_message(struct port *port, const char *bytes, size_t size)
{
	struct worker_scope *scope = port_data(port);

	scope->script->message(scope, bytes, size);
}

static void
on_scope_close(struct port *port)
{
	struct worker_scope *scope = port_data(port);

	scope->port = NULL;
	uv_stop(&scope->loop.uv);
}

static const struct port_events scope_events = {
    .message = on_scope_message,
    .close = on_scope_close,
};

int
worker_scope_post(struct worker_scope *scope, const char *bytes, size_t size)
{
	return scope->port ? port_post(scope->port, bytes, size) : -EPIPE;
}

static void
thread_main(void *argument)
{
	struct worker_scope *scope = argument;
	struct event died = {.kind = EVENT_THREAD_DIED};
	struct port *port = scope->port;

	prctl(PR_SET_NAME, scope->name);
	scope->tid = (uint32_t)syscall(SYS_gettid);
	if (loop_open(&scope->loop, ROLE_WORKER, scope->id, scope->name) ||
	    port_open(port, &scope->loop, &scope_events, scope)) {
		port_drop(port);
		return;
	}
	port_announce(port, scope->parent_tid, scope->tid);
	port_post(port, online, sizeof(online) - 1);
	if (scope->script->start)
		scope->script->start(scope);
	loop_run(&scope->loop);
	if (scope->port)
		port_close(scope->port);
	loop_close(&scope->loop);
	emit(&died, NULL);
	emit_flush();
}

/* ---- the parent's side ---- */

static void
on_message(struct port *port, const char *bytes, size_t size)
{
	struct worker *worker = port_data(port);

	if (worker->online) {
		worker->events->message(worker, bytes, size);
		return;
	}
	worker->online = true;
	worker->tid = worker->scope->tid;
	if (worker->events->online)
		worker->events->online(worker);
}

static void
on_close(struct port *port)
{
	struct worker *worker = port_data(port);

	uv_thread_join(&worker->scope->thread);
	free(worker->scope);
	worker->scope = NULL;
	worker->port = NULL;
	if (worker->events->exit)
		worker->events->exit(worker);
}

static const struct port_events parent_events = {
    .message = on_message,
    .close = on_close,
};

static void
name_scope(struct worker_scope *scope, const char *name)
{
	if (name)
		snprintf(scope->name, sizeof(scope->name), "%s", name);
	else
		snprintf(scope->name, sizeof(scope->name), "thread %u",
		         scope->id);
}

int
worker_start(struct worker *worker, struct loop *loop, const char *name,
             const struct worker_script *script, void *worker_data,
             const struct worker_events *events)
{
	static uint32_t ids; /* threadId counts in the whole process */
	struct worker_scope *scope = calloc(1, sizeof(*scope));
	struct port *ends[2];
	int error;

	if (!scope)
		return -ENOMEM;
	error = port_pair(ends);
	if (error) {
		free(scope);
		return error;
	}
	memset(worker, 0, sizeof(*worker));
	worker->loop = loop;
	worker->events = events;
	worker->port = ends[0];
	worker->scope = scope;
	worker->id = scope->id = __atomic_add_fetch(&ids, 1, __ATOMIC_RELAXED);
	scope->port = ends[1];
	scope->script = script;
	scope->data = worker_data;
	scope->parent_tid = (uint32_t)syscall(SYS_gettid);
	name_scope(scope, name);
	error = port_open(ends[0], loop, &parent_events, worker);
	if (error) {
		port_drop(ends[0]);
		port_drop(ends[1]);
		free(scope);
		return error;
	}
	error = uv_thread_create(&scope->thread, thread_main, scope);
	if (error) {
		port_abandon(ends[0]);
		port_drop(ends[1]);
		free(scope);
	}
	return error;
}

int
worker_post(struct worker *worker, const char *bytes, size_t size)
{
	return worker->port ? port_post(worker->port, bytes, size) : -EPIPE;
}

void
worker_terminate(struct worker *worker)
{
	if (worker->port)
		port_end(worker->port);
}
