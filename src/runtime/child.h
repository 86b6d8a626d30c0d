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
 * Beside this: child_options.h; child_stdio.h (its descriptors, back-pressure),
 * child_exec.h (Node's error of exec; fork with all options), child_sync.h
 * (spawnSync).
 *
 * The caller owns the struct until `close` has been called; it is the caller's
 * again at once when child_spawn() returns an error.
 */
#ifndef RUNTIME_CHILD_H
#define RUNTIME_CHILD_H

#include "channel.h"
#include "child_options.h"

struct child;
struct child_failure;
struct child_life;

/* Output of a child that is kept until it is over (exec, execFile). */
struct child_buffer {
	char *bytes; /* ended by NUL; NULL: nothing came */
	size_t size;
};

struct child_events {
	void (*spawn)(struct child *child);
	/* It could not be started (only `close` follows), it was aborted
	 * (-ECANCELED), or a signal could not be sent (-EPERM). */
	void (*error)(struct child *child, int error);
	/* From its fd: 1, 2, or a piped one from 3 on; the bytes are valid
	 * during the call. */
	void (*output)(struct child *child, int fd, const char *bytes,
	               size_t size);
	/* What child_write() had to queue is written, or never will be. */
	void (*drain)(struct child *child, int fd);
	void (*message)(struct child *child, json_t *message, bool has_handle);
	void (*handle_sent)(struct child *child, uv_stream_t *handle);
	void (*disconnect)(struct child *child);
	/* Exactly one of code >= 0 and signal > 0 says how it ended. */
	void (*exit)(struct child *child, int code, int signal);
	/* With max_buffer, once: the callback of exec and execFile. At `close`,
	 * or before `error`; NULL: it went well. */
	void (*done)(struct child *child, const struct child_failure *failure);
	void (*close)(struct child *child);
};

struct child {
	struct loop *loop;
	const struct child_events *events;
	void *data; /* the user's; unchanged by child_spawn() */
	struct channel channel;
	bool has_channel;
	struct child_buffer buffers[2]; /* of stdout and stderr */
	size_t max_buffer;
	char *command; /* file and words, joined; until `close` */
	char *file;    /* what is run: options->shell, or file */
	int pid;       /* 0: could not be started */
	int code;      /* -1 until it ended by itself; -errno: not started */
	int signal;    /* 0 unless it ended by a signal */
	int error;     /* -errno: could not be started; -ENOBUFS, -ECANCELED */
	int full;      /* the fd whose output was more than max_buffer */
	bool killed;   /* child_kill() reached it */
	bool detached;
	struct child_life *life; /* of child.c */
};

/* Starts a child. The options are read during the call only.
 *
 * That the file does not exist or may not be run comes as `error`, as in Node:
 * -ENOENT (also for a missing cwd), -EACCES, -EAGAIN, -EMFILE, -ENFILE. All
 * else is returned, as Node throws it, and no event follows: -EINVAL before
 * anything is made (no file, two channels, no such signal, ...), -EPERM for
 * uid and gid, -E2BIG, -EBADF, -ENOMEM. */
int child_spawn(struct child *child, struct loop *loop,
                const struct child_options *options,
                const struct child_events *events);

/* spawn with a shell (Node: exec): /bin/sh -c command. max_buffer 0: 1 MiB. */
int child_exec(struct child *child, struct loop *loop, const char *command,
               size_t max_buffer, const struct child_events *events);

/* This program again in one of its roles ("@child"), with a channel (Node:
 * fork). `args` are put behind the role, NULL at the end; NULL: none.
 * `env` as in child_options. Its stdin is ignored, its output piped. */
int child_fork(struct child *child, struct loop *loop, enum birth how,
               const char *role, const char *const *args,
               const char *const *env, const struct child_events *events);

/* Sends a signal; 0 only looks. 0 and killed = true; -ESRCH: it has ended;
 * -EINVAL: no such signal; else also told as `error` (-EPERM). */
int child_kill(struct child *child, int signal);

/* The same to all of its process group, kill(2) with -pid. It must have been
 * started detached (-EINVAL else), and then may itself have ended. */
int child_kill_group(struct child *child, int signal);

/* What an AbortSignal does: its kill_signal is sent, then `error` says
 * -ECANCELED, during this call. Harmless the second time, or when it has
 * ended. */
void child_abort(struct child *child);

/* Ends the channel: not connected from now on, `disconnect` follows on a later
 * iteration, what is queued is still sent. -EPIPE: it has ended already. */
int child_disconnect(struct child *child);

/* Whether the loop waits for the process to end (Node: ref(), unref()). Its
 * pipes and its channel count for themselves. */
void child_ref(struct child *child);
void child_unref(struct child *child);

/* Nothing more is told of it but `close`, which follows; it lives on. For one
 * that outlives its loop, before loop_close(). */
void child_forget(struct child *child);

#endif
