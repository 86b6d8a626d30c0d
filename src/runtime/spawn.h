/*
 * spawn: starts a process without copying this one, and tells of its end.
 *
 * fork(2) copies the page tables of the parent: 35 ms for one of 1 GiB, and
 * uv_spawn() of libuv before 1.45 forks. Here the child borrows the parent's
 * memory until it has called exec (vfork(2)), and its end is a readable pidfd
 * (pidfd_open(2)) in the loop, so no SIGCHLD handler is shared with anybody.
 *
 * The struct is the caller's until spawn_close()'s callback.
 */
#ifndef RUNTIME_SPAWN_H
#define RUNTIME_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include <uv.h>

struct spawn_options {
	const char *file;        /* looked up in PATH of `env` */
	const char *const *args; /* NULL at the end */
	const char *const *env;  /* "NAME=value", NULL at the end */
	const char *cwd;         /* NULL: ours */
	/* fds[i] becomes descriptor i; -1: /dev/null for 0, 1, 2, closed for
	 * others. All else is closed (whatever is close-on-exec). */
	const int *fds;
	int fd_count;
	bool detached; /* setsid(2) */
	bool has_uid, has_gid;
	uid_t uid;
	gid_t gid;
};

struct spawn {
	uv_poll_t poll;
	int pid; /* 0: none, or its end has been fetched */
	int pidfd;
	/* It has ended: exactly one of code >= 0 and signal > 0. */
	void (*exit)(struct spawn *spawn, int code, int signal);
	void (*close)(struct spawn *spawn);
	void *data; /* the user's */
};

/* Starts a process. 0; or -errno of what failed in the child (-ENOENT, -EACCES,
 * -E2BIG, -EPERM; -ENOENT also for a cwd that does not exist) or here
 * (-EAGAIN, -EMFILE; -ENOSYS: this kernel has no pidfd), and then nothing has
 * to be closed. */
int spawn_start(struct spawn *spawn, uv_loop_t *loop,
                const struct spawn_options *options,
                void (*on_exit)(struct spawn *spawn, int code, int signal));

/* Sends a signal: 0 or -ESRCH, never to another process with the same pid. */
int spawn_kill(struct spawn *spawn, int signal);

/* While true, its end is not fetched: it stays a zombie, and `exit` comes when
 * this is set to false again. */
void spawn_keep_zombie(struct spawn *spawn, bool keep);

/* Whether the loop is kept alive by it. */
void spawn_ref(struct spawn *spawn, bool ref);

/* Forgets the process, ended or not. */
void spawn_close(struct spawn *spawn, void (*on_close)(struct spawn *spawn));

#endif
