/*
 * child_life: what the files of `child` share and nobody else needs. The
 * handles of libuv are in memory of their own, so that a child that could not
 * be started is the caller's again at once: they close without it.
 */
#ifndef RUNTIME_CHILD_LIFE_H
#define RUNTIME_CHILD_LIFE_H

#include "child.h"
#include "lines.h"
#include "spawn.h"

/* A pipe's worth: less than that is no news. */
enum { CHILD_KEPT_BYTES = 65536 };

/* Our end of one of the child's descriptors. */
struct child_stream {
	uv_pipe_t pipe;
	struct child_life *life;
	int fd; /* the child's */
	bool piped;
	bool paused;
	bool ended;  /* child_end(): nothing is written any more */
	bool broken; /* something could not be written */
	bool waits;  /* somebody was told to wait for `drain` */
	bool closes; /* when all is written */
};

struct child_life {
	struct child *child;         /* NULL: nobody is to be told */
	struct child_reaper *reaper; /* NULL: it is reaped at once */
	struct spawn process;
	bool has_process;
	uv_check_t check; /* tells `exit` */
	int code, signal; /* for that */
	uv_timer_t timer; /* tells `spawn` or `error`; then the timeout */
	uint64_t timeout_ms;
	int kill_signal;
	bool aborted;     /* by the options: as soon as it is spawned */
	bool started;     /* `spawn` or `error` has been told */
	bool ended;       /* it is no more, or forgotten */
	bool disconnects; /* child_disconnect(): told when it is closed */
	bool done;        /* `done` has been told */
	size_t kept_told; /* bytes of kept output that the stream was told of */
	int open;         /* handles that `close` waits for */
	struct lines lines[2];
	int count; /* of streams: as many as descriptors */
	struct child_stream streams[];
};

/* What spawn_start() is given, made of the options. */
struct child_plan {
	struct spawn_options spawn;
	const char **args, **env;
	int *fds;              /* of the child */
	int *ours;             /* our ends of those that are piped; -1: none */
	int *theirs;           /* the others */
	int channel;           /* the descriptor of the channel; -1: none */
	char channel_name[32]; /* "NODE_CHANNEL_FD=3" */
};

/* child_plan.c: 0, -EINVAL. */
int child_plan_check(const struct child_options *options);
/* How many descriptors, and what each is. */
int child_plan_count(const struct child_options *options);
struct child_descriptor
child_plan_descriptor(const struct child_options *options, int fd);
/* 0 or -errno; to be closed in any case. `command` is for the shell. */
int child_plan_open(struct child_plan *plan, const char *command,
                    const struct child_options *options);
/* Our end of descriptor `fd`, the caller's from now on; -1: not piped. */
int child_plan_take(struct child_plan *plan, int fd);
void child_plan_close(struct child_plan *plan);
/* The words of an argv, joined by spaces, `file` instead of the first; the
 * caller frees it. NULL: no memory. */
char *child_join(const char *file, const char *const *args);

/* child_stdio.c: takes over our end `ours` of the child's `fd`. */
void child_stream_open(struct child_life *life, int fd, int ours);
void child_stream_close(struct child_stream *stream);
/* Reads all that is to be read; of those whose reading is paused too. */
void child_streams_read(struct child_life *life);
/* Closes stdout and stderr, whoever holds them. */
void child_streams_destroy(struct child_life *life);

/* child.c */
void child_closed_one(struct child_life *life);
/* Tells `spawn` or `error`, if that has not been done. */
void child_tell_start(struct child_life *life);

/* child_channel.c: takes over our end of the plan's socketpair. */
void child_channel_open(struct child *child, struct child_plan *plan);

/* child_kill.c: kills; of one whose output is kept no more is read: whom it
 * started may write for ever (Node: execFile destroys stdout and stderr). */
void child_give_up(struct child *child);
void child_on_timeout(uv_timer_t *timer);

/* child_reap.c: keeps a child that has just been started as a zombie, for so
 * long after its end. */
void child_reaper_open(struct child_life *life, uint64_t delay_ms);
void child_reaper_ref(struct child_reaper *reaper, bool ref);
void child_reaper_close(struct child_reaper *reaper);

/* child_tell.c */
void child_tell_born(const struct child *child, enum birth how,
                     const char *const *words);
void child_tell_exit(const struct child *child);
/* How much of its output is kept, each time it is twice as much, from
 * CHILD_KEPT_BYTES on; `last`: all of it. */
void child_tell_kept(const struct child *child, bool last);
/* The callback of exec, if there is one and it has not been called. */
void child_tell_done(struct child *child);
void child_note(const struct child *child, enum note level, const char *format,
                ...) __attribute__((format(printf, 3, 4)));
const char *child_signal_name(int signal);

#endif
