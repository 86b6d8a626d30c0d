/*
 * child: child processes, with Node's options and Node's order of events
 * (Node: child_process; "Asynchronous process creation").
 *
 *   spawn, then output and messages, then exit, then close
 *
 * `spawn` and `error` come on a later iteration of the loop than child_spawn().
 * `exit` comes when the process has ended; `close` when its pipes and its
 * channel have ended as well, which may be later: a grandchild can hold them.
 *
 * The caller owns the struct until `close` has been called.
 */
#ifndef RUNTIME_CHILD_H
#define RUNTIME_CHILD_H

#include "channel.h"
#include "lines.h"

#include <sys/types.h>

struct child;

enum child_stdio { CHILD_PIPE, CHILD_INHERIT, CHILD_IGNORE };

struct child_options {
	enum birth how;          /* what the stream says of it */
	const char *file;        /* looked up in PATH */
	const char *const *args; /* argv with argv[0], NULL at the end */
	const char *const *env;  /* "NAME=value", NULL: this process' own */
	const char *cwd;         /* NULL: this process' own */
	enum child_stdio in, out, err;
	bool channel;        /* an IPC channel as descriptor 3 */
	bool detached;       /* setsid(2) */
	uint64_t timeout_ms; /* then kill_signal; 0: none */
	int kill_signal;     /* 0: SIGTERM */
	size_t max_buffer;   /* bytes kept of each output; 0: none is kept,
	                        `output` is called instead */
};

/* Output of a child that is kept until it is over (exec, execFile). */
struct child_buffer {
	char *bytes; /* ended by NUL; NULL: nothing came */
	size_t size;
};

struct child_events {
	void (*spawn)(struct child *child);
	/* It could not be started; only `close` follows. */
	void (*error)(struct child *child, int error);
	/* fd is 1 or 2; bytes are valid during the call. */
	void (*output)(struct child *child, int fd, const char *bytes,
	               size_t size);
	void (*message)(struct child *child, json_t *message, bool has_handle);
	void (*handle_sent)(struct child *child, uv_stream_t *handle);
	void (*disconnect)(struct child *child);
	/* Exactly one of code >= 0 and signal > 0 says how it ended. */
	void (*exit)(struct child *child, int code, int signal);
	void (*close)(struct child *child);
};

struct child {
	struct loop *loop;
	const struct child_events *events;
	void *data; /* the user's */
	uv_process_t process;
	uv_pipe_t pipes[3]; /* stdin, stdout, stderr where piped */
	struct channel channel;
	bool has_channel;
	uv_timer_t timer; /* timeout; before that, tells `spawn` or `error` */
	struct child_buffer buffers[2];
	size_t max_buffer;
	int pid;    /* 0: could not be started */
	int code;   /* -1 until it ended by itself */
	int signal; /* 0 unless it ended by a signal */
	int error;  /* -errno: could not be started, or -ENOBUFS */
	int kill_signal;
	uint64_t timeout_ms;
	bool killed;           /* child_kill() reached it */
	bool started;          /* `spawn` or `error` has been called */
	int open;              /* handles that `close` waits for */
	struct lines lines[2]; /* of its output */
};

/* Starts a child. Always 0 unless the loop itself fails (-ENOMEM and such):
 * that the file does not exist or may not be run comes as `error`, as in Node.
 * The options are read during the call only. */
int child_spawn(struct child *child, struct loop *loop,
                const struct child_options *options,
                const struct child_events *events);

/* spawn with a shell (Node: exec): /bin/sh -c command. The command is copied.
 */
int child_exec(struct child *child, struct loop *loop, const char *command,
               size_t max_buffer, const struct child_events *events);

/* This program again in one of its roles ("@child"), with a channel (Node:
 * fork). `args` are put behind the role, NULL at the end; NULL: none.
 * `env` as in child_options. */
int child_fork(struct child *child, struct loop *loop, enum birth how,
               const char *role, const char *const *args,
               const char *const *env, const struct child_events *events);

/* Sends a signal. 0 and killed = true; -ESRCH: it has ended. */
int child_kill(struct child *child, int signal);

/* Lets the loop end while the child lives (Node: unref). */
void child_unref(struct child *child);

/* The loop's end of the child's stdin, to write to; NULL: not piped. */
uv_stream_t *child_stdin(struct child *child);

#endif
