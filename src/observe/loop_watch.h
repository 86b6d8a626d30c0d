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
 * it left).
 */
#ifndef OBSERVE_LOOP_WATCH_H
#define OBSERVE_LOOP_WATCH_H

#include "procfs.h"

enum { LOOP_WATCH_SEEN = 3, LOOP_WATCH_FDS = 4, LOOP_CAUSE_BYTES = 32 };
#define LOOP_WATCH_BLOCKED_NS 50000000ull

/* A look at the thread. */
struct loop_sample {
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	struct procfs_sched sched;
	struct procfs_syscall call;
	bool has_io;
	uint64_t io; /* calls of read and write so far */
};

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
	struct loop_sample left; /* the first look after it left poll */
	uint64_t out_since;      /* 0: it is in poll */
	uint64_t freed;          /* when the last block ended */
	bool blocked;            /* told so */
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

#endif
