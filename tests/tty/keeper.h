/*
 * keeper: the process between a test and the program on its terminal.
 *
 * It does what a shell does: it leads the session, and the program is its
 * child, in a process group of its own in the foreground. Without it the
 * program would lead the session, its group would be orphaned, and the kernel
 * would not let ^Z stop it (measured; setpgid(2), "orphaned process group").
 *
 * It hands the program's end on to the test, passes SIGHUP on, and stays until
 * the test closes its end of the socket or dies: then it ends the program
 * with SIGKILL. So no test leaves a process behind, however it ends.
 *
 * It also keeps the program's side of the terminal open: the master would see
 * EIO as soon as the program ended, instead of what is still in the queue.
 */
#ifndef TTY_KEEPER_H
#define TTY_KEEPER_H

#include "tty.h"

enum keeper_kind {
	KEEPER_STARTED, /* value: the program's pid */
	KEEPER_FAILED,  /* value: errno; the keeper has ended */
	KEEPER_STOPPED, /* value: the signal */
	KEEPER_ENDED,   /* value: status as of waitpid(2) */
};

struct keeper_report {
	int kind; /* enum keeper_kind */
	int value;
};

/* Starts a keeper and through it the program, with `slave` as its terminal.
 * Returns a socket from which STOPPED and ENDED can be read one at a time, and
 * sets *keeper and *program; -errno when the program could not be started. */
int keeper_start(const struct tty_options *options, int slave, pid_t *keeper,
                 pid_t *program);

/* The next report: 0; -EAGAIN: none now; -EIO: the keeper is gone. */
int keeper_read(int control, struct keeper_report *report);

/* Ends the keeper and with it the program. */
void keeper_stop(int control, pid_t keeper);

#endif
