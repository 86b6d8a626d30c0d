/*
 * worker: a thread with a loop of its own and a port to its parent (Node:
 * worker_threads, class Worker).
 *
 * The parent's side, struct worker, lives on the parent's loop; the inside,
 * struct worker_scope (worker_scope.h), on the thread's own. Everything between
 * the two is a message. A thread ends when its loop has nothing left to wait
 * for, by worker_scope_exit(), by worker_scope_throw(), or is terminated.
 *
 * Threads share what a process has once: directory, umask, user, signals, and
 * a crash. What Node forbids in a worker (chdir, setuid, umask, abort) C cannot
 * forbid: do not. Signals are blocked in worker threads, as Node's never see
 * one.
 *
 * The caller owns struct worker until `exit` has been called.
 */
#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include "lines.h"
#include "port.h"

struct worker;
struct worker_scope;

/* On the parent's loop, in Node's order. Each may be NULL. */
struct worker_events {
	void (*online)(struct worker *worker);
	/* As port_events: the message lasts until the callback returns. */
	void (*message)(struct worker *worker, struct message *message);
	int (*decode)(struct worker *worker, struct message *message);
	void (*messageerror)(struct worker *worker, int error);
	/* worker_scope_throw(), or the thread could not begin. */
	void (*error)(struct worker *worker, const char *text);
	/* worker_scope_print(): fd 1 or 2 (Node: options stdout and stderr).
	 * NULL: it is written to the process' own. A line-wise event of the
	 * stream it is in both cases. */
	void (*output)(struct worker *worker, int fd, const char *bytes,
	               size_t size);
	/* The thread has ended and is joined. */
	void (*exit)(struct worker *worker, int code);
};

/* On the worker's own loop. */
struct worker_script {
	/* Runs first. May be NULL. */
	void (*start)(struct worker_scope *scope);
	/* NULL: the port does not keep the thread alive, see
	 * worker_scope_listen(). */
	void (*message)(struct worker_scope *scope, struct message *message);
	/* worker_input(); size 0: its end. May be NULL. */
	void (*input)(struct worker_scope *scope, const char *bytes,
	              size_t size);
};

/* All zero: Node's defaults. */
struct worker_options {
	const char *name;           /* NULL: "thread ID" */
	const struct message *data; /* workerData, as a message; or NULL */
	void *context;              /* C's own: a pointer, shared as it is */
	const char *const *argv;    /* ended by NULL, copied; or NULL */
	/* "NAME=value", ended by NULL: the whole environment. NULL: a copy of
	 * the parent's. */
	const char *const *env;
	bool share_env;    /* Node: SHARE_ENV */
	size_t stack_size; /* bytes, 0: the system's. Beyond it a thread of C
	                    * crashes, and its process with it */
	size_t heap_limit; /* of worker_scope_alloc(), bytes; 0: none */
};

struct worker {
	struct loop *loop;
	const struct worker_events *events;
	void *data; /* the user's */
	struct port *port;
	int32_t id;   /* threadId, from 1; -1 after the exit */
	uint32_t tid; /* known from `online` on */
	bool online;
	bool deaf; /* parentPort was closed there */
	struct worker_scope *scope;
	struct worker *next; /* of the threads of the same parent thread */
	struct lines lines[2];
};

/* Starts a thread; `options` may be NULL. What is transferred in its data has
 * left the caller also when no thread could be had. 0 or -errno: as
 * port_post_message(); -EMFILE; -EAGAIN: the system has no more threads;
 * -EINVAL: a bad option. */
int worker_start(struct worker *worker, struct loop *loop,
                 const struct worker_script *script,
                 const struct worker_options *options,
                 const struct worker_events *events);

/* Sends a message to the thread; as port_post(), port_post_message(). */
int worker_post(struct worker *worker, const char *bytes, size_t size);
int worker_post_message(struct worker *worker, const struct message *message);

/* Writes to the thread's stdin; size 0 ends it (Node: option stdin). */
int worker_input(struct worker *worker, const char *bytes, size_t size);

/* Whether the parent's loop lives as long as the thread. It does at first. */
void worker_ref(struct worker *worker);
void worker_unref(struct worker *worker);

/* Ends the thread; `exit` follows, with code 1. C has no safe way to stop a
 * function (Node stops an endless loop): what is queued is not read any more,
 * a wait in atomics_wait() is broken off, and else it takes effect when the
 * current callback returns; long work asks worker_scope_should_stop(). 0;
 * -ESRCH when it has ended already (Node: resolves undefined). */
int worker_terminate(struct worker *worker);

#endif
