/*
 * loop_watch: finds out, from samples of one thread, whether it is an event
 * loop and when it is blocked. Pure: no clock, no files.
 *
 * A thread that was seen waiting in the same epoll descriptor (or in poll or
 * select) LOOP_WATCH_SEEN times is a loop. It is blocked when it has not been
 * back there for LOOP_WATCH_BLOCKED_NS. Waiting in another epoll descriptor is
 * not being back: so waits a synchronous call that runs a loop of its own
 * (execSync). A loop that does I/O is turning, however busy it is.
 *
 * When it left and came back falls between two samples; the run time and the
 * run-queue time of the thread say when (a loop that works has run ever since
 * it left). Where the kernel tells each switch (perf.h), loop_exact.h is used
 * instead of loop_watch_sample().
 */
#ifndef OBSERVE_LOOP_WATCH_H
#define OBSERVE_LOOP_WATCH_H

#include "loop_cause.h"

enum { LOOP_WATCH_SEEN = 3, LOOP_WATCH_FDS = 4 };
#define LOOP_WATCH_BLOCKED_NS 50000000ull

/* A look at the thread. */
struct loop_sample {
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	struct procfs_sched sched;
	struct procfs_syscall call;
	bool has_io;
	uint64_t io;      /* calls of read and write so far */
	char state;       /* as in ps(1); 0: not looked for */
	const char *what; /* its descriptor's name; NULL: not known */
	bool own_gone;    /* the descriptor taken for its own is no epoll */
};

/* Where a look found it. */
enum loop_place { LOOP_RUNS, LOOP_IN_POLL, LOOP_NESTED, LOOP_ASLEEP };

struct loop_watch {
	/* Where it was seen waiting: descriptors of epoll, or -1 for poll. */
	struct {
		int fd;
		int seen;
	} waits[LOOP_WATCH_FDS];
	int wait_count;
	bool is_loop;
	int epfd; /* its own, once is_loop */
	bool has_last;
	struct loop_sample last;
	struct loop_sample before; /* the last look that found it in poll */
	struct loop_sample left;   /* the first look after it left poll */
	enum loop_place left_in, last_in;
	uint64_t out_since; /* 0: it is in poll */
	uint64_t freed;     /* when the last block ended */
	bool blocked;       /* told so */
	bool slept;         /* some look since it left found it asleep */
	bool stopped;       /* by a signal or a debugger, since it left */
	char asleep[LOOP_CAUSE_BYTES]; /* what it last slept in */
	char cause[LOOP_CAUSE_BYTES];
};

enum loop_news { LOOP_NOTHING, LOOP_FOUND, LOOP_BLOCKS, LOOP_IS_FREE };

/* Takes a sample. LOOP_FOUND: it is a loop; LOOP_BLOCKS: it has been blocked
 * for *length ns; LOOP_IS_FREE: a block is over that took *length ns (without
 * LOOP_BLOCKS before, if no look fell between its 50th ms and its end). `cause`
 * in the struct says what it does or did. */
enum loop_news loop_watch_sample(struct loop_watch *watch,
                                 const struct loop_sample *sample,
                                 uint64_t *length);

/* Nothing has moved since the last sample: only time went by. */
enum loop_news loop_watch_still(struct loop_watch *watch, uint64_t time,
                                uint64_t *length);

/* Whether a system call is a wait for events, and on which epoll descriptor;
 * -1: poll or select. */
bool loop_watch_is_wait(const struct procfs_syscall *call, int *epfd);

/* Where a sample finds the loop; takes note of where it waits. *changed: what
 * was taken for its own descriptor was a nested one's. */
enum loop_place loop_watch_place(struct loop_watch *watch,
                                 const struct loop_sample *sample,
                                 bool *changed);

/* It was just seen out of poll: takes note of what it sleeps in. */
void loop_watch_note(struct loop_watch *watch,
                     const struct loop_sample *sample);

/* Makes `cause` what took most of the time since it left poll, in ns: it ran,
 * waited for a CPU, slept. */
void loop_watch_choose(struct loop_watch *watch, uint64_t run, uint64_t queue,
                       uint64_t nap);

/* It leaves poll: nothing is known yet of what it will do. */
void loop_watch_forget(struct loop_watch *watch);

#endif
