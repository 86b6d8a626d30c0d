/*
 * The parent's side of a worker thread: starting it, hearing of it, ending it.
 *
 * The last that comes through the port is that the other end has closed; the
 * thread closes it as the last thing it does, so joining it takes no time.
 *
 * Failures: no more threads or descriptors (worker_start() returns it); too few
 * descriptors for the thread's loop (`error`, then `exit` with 1); a crash in a
 * thread ends the process, as it must.
 */
#include "worker_parts.h"

#include "futex.h"
#include "letter.h"
#include "port_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_LEAST = 64 << 10 };

/* ---- what comes from the thread ---- */

static void
on_message(struct port *port, struct message *message)
{
	struct worker *worker = port_data(port);
	const struct worker_events *events = worker->events;
	int error = events->decode ? events->decode(worker, message) : 0;

	if (error && events->messageerror)
		events->messageerror(worker, error);
	else if (!error && events->message)
		events->message(worker, message);
}

static void
write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
}

static void
on_output(struct worker *worker, int fd, const struct message *message)
{
	struct lines *lines = &worker->lines[fd - 1];

	lines->tid = worker->tid;
	lines_feed(lines, message->bytes, message->size);
	if (worker->events->output)
		worker->events->output(worker, fd, message->bytes,
		                       message->size);
	else
		write_all(fd, message->bytes, message->size);
}

static void
on_letter(struct port *port, const struct letter *letter)
{
	struct worker *worker = port_data(port);
	const struct worker_events *events = worker->events;

	switch (letter->tag) {
	case LETTER_ONLINE:
		worker->online = true;
		worker->tid = letter->value;
		if (events->online)
			events->online(worker);
		break;
	case LETTER_ERROR:
		if (events->error)
			events->error(worker, letter->message.bytes);
		break;
	case LETTER_OUTPUT:
		on_output(worker, (int)letter->value, &letter->message);
		break;
	case LETTER_NO_PORT:
		worker->deaf = true;
		break;
	default:
		break;
	}
}

/* Leaves the list of the parent thread's workers, if that is a worker. */
static void
unlink_worker(struct worker *worker)
{
	struct worker_scope *self = worker_scope_self();
	struct worker **at = self ? &self->children : NULL;

	while (at && *at && *at != worker)
		at = &(*at)->next;
	if (at && *at)
		*at = worker->next;
}

static void
on_close(struct port *port)
{
	struct worker *worker = port_data(port);
	struct worker_scope *scope = worker->scope;
	int code;

	uv_thread_join(&scope->thread);
	code = scope->code;
	worker_scope_delete(scope);
	unlink_worker(worker);
	lines_end(&worker->lines[0]);
	lines_end(&worker->lines[1]);
	worker->scope = NULL;
	worker->port = NULL;
	worker->id = -1;
	if (worker->events->exit)
		worker->events->exit(worker, code);
}

static const struct port_events parent_events = {
    .message = on_message,
    .close = on_close,
};

static const struct port_control parent_control = {.letter = on_letter};

/* ---- starting ---- */

static char **
copy_strings(const char *const *strings)
{
	size_t count = 0;
	char **copy;

	while (strings && strings[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = strdup(strings[i]);
		if (!copy[i]) {
			while (i-- > 0)
				free(copy[i]);
			free(copy);
			return NULL;
		}
	}
	return copy;
}

static void
name_scope(struct worker_scope *scope, const char *name)
{
	if (name)
		snprintf(scope->name, sizeof(scope->name), "%s", name);
	else
		snprintf(scope->name, sizeof(scope->name), "thread %d",
		         scope->id);
}

/* What the thread begins with. Transferring is the last that can fail. */
static int
fill_scope(struct worker_scope *scope, const struct worker_options *options)
{
	static int32_t ids; /* threadId counts in the whole process */
	struct letter *letter = NULL;
	int error = options->data ? port_check(NULL, options->data) : 0;

	if (error)
		return error;
	scope->argv = copy_strings(options->argv);
	scope->heap = worker_heap_new(options->heap_limit);
	if (!options->share_env)
		scope->env = worker_env_new(options->env, worker_scope_self());
	if (!scope->argv || !scope->heap ||
	    (!scope->env && !options->share_env) ||
	    worker_entries_copy(&scope->entries))
		return -ENOMEM;
	if (options->data)
		error = letter_write(&letter, NULL, options->data);
	if (error)
		return error;
	scope->work = letter ? &letter->message : NULL;
	scope->context = options->context;
	scope->id = __atomic_add_fetch(&ids, 1, __ATOMIC_RELAXED);
	name_scope(scope, options->name);
	return 0;
}

void
worker_scope_delete(struct worker_scope *scope)
{
	message_free(scope->work);
	worker_env_free(scope->env);
	worker_heap_free(scope->heap);
	worker_entries_free(scope->entries);
	for (char **word = scope->argv; word && *word; word++)
		free(*word);
	free(scope->argv);
	free(scope);
}

static int
start_thread(struct worker_scope *scope, size_t stack_size)
{
	uv_thread_options_t options = {
	    .flags = stack_size ? UV_THREAD_HAS_STACK_SIZE : 0,
	    .stack_size = stack_size,
	};

	return uv_thread_create_ex(&scope->thread, &options, worker_thread_main,
	                           scope);
}

/* Both ends of the port are there. */
static int
start_with_port(struct worker *worker, const struct worker_options *options)
{
	struct port *port = worker->port;
	int error = port_open(port, worker->loop, &parent_events, worker);

	if (error) {
		port_drop(port);
		return error;
	}
	port->control = &parent_control;
	error = fill_scope(worker->scope, options);
	if (!error)
		error = start_thread(worker->scope, options->stack_size);
	if (error)
		port_abandon(port);
	return error;
}

static void
init_worker(struct worker *worker, struct loop *loop,
            const struct worker_events *events)
{
	memset(worker, 0, sizeof(*worker));
	worker->loop = loop;
	worker->events = events;
	for (int i = 0; i < 2; i++) {
		worker->lines[i].pid = (uint32_t)getpid();
		worker->lines[i].is_stderr = i == 1;
	}
}

static int
start(struct worker *worker, const struct worker_script *script,
      const struct worker_options *options)
{
	struct worker_scope *scope = calloc(1, sizeof(*scope));
	struct port *ends[2];
	int error = scope ? port_pair(ends) : -ENOMEM;

	if (error) {
		free(scope);
		return error;
	}
	scope->script = script;
	scope->port = ends[1];
	worker->scope = scope;
	worker->port = ends[0];
	error = start_with_port(worker, options);
	if (!error) {
		worker->id = scope->id;
		return 0;
	}
	port_drop(ends[1]);
	worker_scope_delete(scope);
	worker->scope = NULL;
	worker->port = NULL;
	return error;
}

int
worker_start(struct worker *worker, struct loop *loop,
             const struct worker_script *script,
             const struct worker_options *options,
             const struct worker_events *events)
{
	static const struct worker_options usual;
	struct worker_scope *self = worker_scope_self();
	int error;

	if (!options)
		options = &usual;
	if (options->stack_size && options->stack_size < STACK_LEAST)
		return -EINVAL;
	init_worker(worker, loop, events);
	error = start(worker, script, options);
	if (!error && self) {
		worker->next = self->children;
		self->children = worker;
	}
	return error;
}

/* ---- talking to it, ending it ---- */

int
worker_post_message(struct worker *worker, const struct message *message)
{
	if (!worker->port || worker->deaf)
		return -EPIPE;
	return port_post_message(worker->port, message);
}

int
worker_post(struct worker *worker, const char *bytes, size_t size)
{
	struct message message = {.bytes = bytes, .size = size};

	return worker_post_message(worker, &message);
}

int
worker_input(struct worker *worker, const char *bytes, size_t size)
{
	if (!worker->port)
		return -EPIPE;
	return port_post_letter(worker->port, LETTER_INPUT, 0, bytes, size);
}

void
worker_ref(struct worker *worker)
{
	if (worker->port)
		port_ref(worker->port);
}

void
worker_unref(struct worker *worker)
{
	if (worker->port)
		port_unref(worker->port);
}

static void
stop(struct worker_scope *scope)
{
	__atomic_store_n(&scope->stop, 1, __ATOMIC_SEQ_CST);
	futex_wake(&scope->stop, INT_MAX);
}

int
worker_terminate(struct worker *worker)
{
	if (!worker->port)
		return -ESRCH;
	stop(worker->scope);
	port_end(worker->port);
	return 0;
}

void
worker_end_now(struct worker *worker)
{
	struct worker_scope *scope = worker->scope;

	worker_terminate(worker);
	uv_thread_join(&scope->thread);
	port_abandon(worker->port);
	worker_scope_delete(scope);
	worker->scope = NULL;
	worker->port = NULL;
	worker->id = -1;
}
