/*
 * guard: a small process between the explorer and what it starts, so that
 * nothing we started outlives us, however we end.
 *
 *   explorer -> guard -> the stage, or the program of `looptop run`
 *
 * It is a subreaper (prctl(2)): whatever loses its parent below it becomes its
 * child. When the explorer is gone (its end of the control socket is closed,
 * be it by SIGKILL) the guard kills every descendant, removes the stream's
 * directory, and ends. When the guard itself is killed, the kernel kills the
 * program it started (PR_SET_PDEATHSIG).
 */
#ifndef EXPLORER_GUARD_H
#define EXPLORER_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the guard says. */
enum guard_word {
	GUARD_STARTED, /* pid */
	GUARD_FAILED,  /* value = errno of the exec */
	GUARD_ENDED,   /* pid; value = wait status of the program */
	GUARD_ALONE,   /* no descendant is left */
};

struct guard_report {
	int32_t word;
	int32_t pid;
	int32_t value;
};

/* What the guard is told. */
enum guard_order {
	GUARD_GO,    /* start the program: before that nothing is forked */
	GUARD_TERM,  /* SIGTERM to every descendant */
	GUARD_KILL,  /* SIGKILL to every descendant, until none is left */
	GUARD_LEAVE, /* the same, and end; the explorer stays */
};

struct guard {
	pid_t pid;
	int control; /* socket, non-blocking, close-on-exec */
};

struct guard_options {
	char *const *argv; /* the program, looked up in PATH */
	int in, out, err;  /* descriptors for it; -1: as ours */
	int channel;       /* becomes descriptor 3, an IPC channel; -1 */
	bool own_session;  /* setsid(2): it cannot touch our terminal */
	const char *fifo;  /* path of the stream's FIFO */
};

/* Starts a guard, which starts the program when it is told GUARD_GO. What
 * became of it comes as a report. 0 or -errno. */
int guard_start(struct guard *guard, const struct guard_options *options);

/* The next report: 1; 0: none now; -EPIPE: the guard is gone. */
int guard_read(struct guard *guard, struct guard_report *report);

/* Gives an order; -EPIPE: the guard is gone. */
int guard_tell(struct guard *guard, enum guard_order order);

/* Lets the guard kill what is left and end; waits for it. Had the guard been
 * killed itself, what is left has come to us (guard_prepare) and is killed
 * here. */
void guard_close(struct guard *guard);

/* Makes this process the one to which orphans go when a guard dies. */
void guard_prepare(void);

/* The guard's own main. */
int guard_main(int argc, char **argv);

#endif
