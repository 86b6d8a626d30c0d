/*
 * worker: a thread with a loop of its own and a port to its parent (Node:
 * worker_threads, class Worker).
 *
 * The parent's side lives on the parent's loop; the inside, struct
 * worker_scope, on the thread's own. Messages are bytes; what they mean is the
 * user's.
 *
 * The caller owns struct worker until `exit` has been called.
 */
#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include "port.h"

struct worker;
struct worker_scope;

/* On the parent's loop. */
struct worker_events {
	void (*online)(struct worker *worker);
	void (*message)(struct worker *worker, const char *bytes, size_t size);
	/* The thread has ended and is joined. */
	void (*exit)(struct worker *worker);
};

/* On the worker's own loop. */
struct worker_script {
	/* Runs first. May be NULL. */
	void (*start)(struct worker_scope *scope);
	void (*message)(struct worker_scope *scope, const char *bytes,
	                size_t size);
};

struct worker {
	struct loop *loop;
	const struct worker_events *events;
	void *data; /* the user's */
	struct port *port;
	uint32_t id;  /* threadId, from 1 */
	uint32_t tid; /* known from `online` on */
	bool online;
	struct worker_scope *scope;
};

struct worker_scope {
	struct loop loop;
	struct port *port;
	uint32_t id;
	const struct worker_script *script;
	void *data; /* workerData, shared: the user must know what he does */
	uint32_t tid, parent_tid;
	uv_thread_t thread;
	char name[32];
};

/* Starts a thread. `name` is what the panes call it, NULL: "thread ID".
 * 0 or -errno; -EAGAIN: the system has no more threads. */
int worker_start(struct worker *worker, struct loop *loop, const char *name,
                 const struct worker_script *script, void *worker_data,
                 const struct worker_events *events);

/* Sends a message to the thread; as port_post(). */
int worker_post(struct worker *worker, const char *bytes, size_t size);

/* Lets the thread end when its current callback is over; `exit` follows. */
void worker_terminate(struct worker *worker);

/* From inside: a message to the parent. */
int worker_scope_post(struct worker_scope *scope, const char *bytes,
                      size_t size);

#endif
