/*
 * gauge: what a program on a terminal costs, for the benches: of the process
 * itself (/proc, its CPU clock) and of what it has written.
 */
#ifndef TTY_GAUGE_H
#define TTY_GAUGE_H

#include "tty.h"

struct gauge {
	double seconds, cpu_ms;
	long switches; /* voluntary ones and others: wake-ups */
	size_t bytes, frames;
	size_t longest; /* bytes of the longest frame */
};

/* Milliseconds of CLOCK_MONOTONIC. */
double gauge_now(void);

/* CPU time of a process, ms. */
double gauge_cpu(pid_t pid);

/* What it costs while that time goes by, with somebody reading; or with nobody
 * reading, and then each `typed_ms` the text is typed (NULL: nothing is). */
struct gauge gauge_take(struct tty *tty, double seconds);
struct gauge gauge_take_unread(struct tty *tty, double seconds,
                               const char *text, int typed_ms);

/* Its write(2) to the terminal a frame, over two seconds, as strace(1) counts
 * them; 0: it may not, or it is not there. */
double gauge_writes(struct tty *tty);

/* Prints a row: what, a figure, its unit, the goal and whether it was held;
 * returns 1 if not. */
int gauge_row(const char *what, double value, const char *unit, double most);

/* The same without a goal. */
void gauge_shown(const char *what, double value, const char *unit);

/* looptop as the benches start it, on 200x50; exits when it cannot be. argv[0]
 * is filled in. */
void gauge_start(struct tty *tty, const char **argv);
void gauge_expect(struct tty *tty, const char *text);
void gauge_quit(struct tty *tty);

#endif
