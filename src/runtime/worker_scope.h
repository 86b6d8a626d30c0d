/*
 * worker_scope: a worker thread seen from inside (Node: worker_threads as a
 * worker sees it). All functions but worker_thread_id() and the two of the
 * environment data are for the thread of that scope alone.
 */
#ifndef RUNTIME_WORKER_SCOPE_H
#define RUNTIME_WORKER_SCOPE_H

#include "worker.h"

struct worker_env;
struct worker_heap;
struct worker_entry;

struct worker_scope {
	struct loop loop;
	const struct worker_script *script;
	void *context;        /* the option */
	void *data;           /* the user's */
	struct message *work; /* workerData: take out of it what you keep */
	int32_t id;           /* threadId */
	char name[32];
	char **argv; /* ended by NULL */

	/* the runtime's own */
	struct port *port;
	struct worker_env *env; /* NULL: the process' own */
	struct worker_heap *heap;
	struct worker_entry *entries; /* until the thread takes them */
	struct worker *children;
	void (*listener)(struct worker_scope *scope, struct message *message);
	uint32_t tid;
	uint32_t stop; /* a futex: 1, terminated; atomic */
	bool exiting, deaf;
	int code;
	uv_thread_t thread;
};

/* threadId of the calling thread: 0 on one that is no worker. */
int32_t worker_thread_id(void);

/* A message to the parent; as port_post(), port_post_message(). */
int worker_scope_post(struct worker_scope *scope, const char *bytes,
                      size_t size);
int worker_scope_post_message(struct worker_scope *scope,
                              const struct message *message);

/* Another `message` callback from now on, or none: then the port does not keep
 * the thread alive (Node: parentPort.on('message'), .off()). */
void worker_scope_listen(struct worker_scope *scope,
                         void (*message)(struct worker_scope *scope,
                                         struct message *message));

/* The next message without a callback; the caller's: message_free(). NULL:
 * none is there (Node: receiveMessageOnPort(parentPort)). */
struct message *worker_scope_receive(struct worker_scope *scope);

/* Closes parentPort, both ways. The thread lives on if it has anything else to
 * wait for. */
void worker_scope_close(struct worker_scope *scope);

/* Ends the thread when the current callback returns; nothing more is
 * delivered to it. What it posted before arrives before the parent's `exit`.
 * (Node: process.exit()). */
void worker_scope_exit(struct worker_scope *scope, int code);

/* An error that nobody handles: the parent's `error` with the text, then `exit`
 * with code 1. The program lives on. */
void worker_scope_throw(struct worker_scope *scope, const char *text);

/* Whether the thread is to end: for long work to ask now and then. */
bool worker_scope_should_stop(const struct worker_scope *scope);

/* Writes to fd 1 or 2 by way of the parent's loop, as Node does: while that
 * loop is blocked nothing appears. 0 or as port_post(). */
int worker_scope_print(struct worker_scope *scope, int fd, const char *bytes,
                       size_t size);

/* The thread's environment (Node: process.env). Copies at most `room` bytes
 * with the NUL; returns the length of the value, -ENOENT. NULL as the value
 * removes; 0, -ENOMEM, -EINVAL. */
int worker_scope_getenv(struct worker_scope *scope, const char *name,
                        char *into, size_t room);
int worker_scope_setenv(struct worker_scope *scope, const char *name,
                        const char *value);

/* Memory that counts against the option heap_limit, zeroed. Over it the thread
 * ends as by worker_scope_throw("ERR_WORKER_OUT_OF_MEMORY...") and the result
 * is NULL. What is not freed is when the thread ends, as Node's heap is. */
void *worker_scope_alloc(struct worker_scope *scope, size_t size);
void worker_scope_free(struct worker_scope *scope, void *bytes);

/* The calling thread's environment data, which threads that it starts later
 * begin with a copy of (Node: setEnvironmentData, getEnvironmentData). NULL as
 * bytes removes. 0 or -ENOMEM. What is returned lasts until the key is set
 * again; NULL: not set. */
int worker_set_environment_data(const char *key, const char *bytes,
                                size_t size);
const char *worker_environment_data(const char *key, size_t *size);

#endif
