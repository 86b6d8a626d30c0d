/*
 * watched: the rows of the observer: a process that is watched, its threads.
 * Not for other modules.
 */
#ifndef OBSERVE_WATCHED_H
#define OBSERVE_WATCHED_H

#include "facts.h"
#include "loop_exact.h"
#include "observe.h"

/* Looks at a thread after which, if it never ran, it is taken to sleep. */
enum { WATCHED_CAUSE = 640, WATCHED_STILL = 8 };

/* What is kept of a thread that was seen waiting for events. */
struct watched_loop {
	struct loop_watch watch;
	struct loop_exact exact;
	struct perf_ring ring;           /* its switches; fd -1: sampled */
	uint64_t base;                   /* CPU time before the ring was open */
	int call_fd, io_fd, children_fd; /* kept open; -1: none */
	uint64_t turned, turned_at;      /* CPU time last told, and when */
	uint64_t measured;               /* the same of loop-gauges */
	char cause[WATCHED_CAUSE];       /* of its block, in its own words */
};

struct watched_thread {
	pid_t tid;
	int fd;                    /* schedstat, kept open; -1: none */
	bool seen;                 /* in the listing being made */
	bool announced;            /* its birth is in the stream */
	bool heard;                /* from itself, with its role: the agent */
	bool tells;                /* its loop's gauges itself: the agent */
	bool moved;                /* has run since the last look at its call */
	uint8_t looks;             /* at its call, in which it had not run */
	uint8_t still;             /* looks at its CPU time, the same */
	uint32_t label;            /* hash of its role, as last told; 0 */
	struct procfs_sched sched; /* as last read */
	uint64_t used, told;       /* CPU time as well as it is known; told */
	uint64_t waited;           /* run-queue time last told */
	int clock_fd;              /* exact CPU time; -1: none */
	bool no_clock;             /* it was refused */
	uint64_t clock_base;       /* CPU time before clock_fd was open */
	uint64_t noticed, next_look; /* for a loop, ns */
	uint64_t futex;              /* address it was seen waiting on */
	struct watched_loop *loop;   /* NULL: never seen waiting for events */
};

struct watched {
	pid_t pid, ppid;
	int pidfd; /* -1: none, deaths are found by looking */
	uint64_t start, image;
	uint8_t how;       /* enum birth */
	bool speaks;       /* for itself: looptop's runtime */
	bool agent;        /* the agent in it tells births, threads, messages */
	bool heard;        /* the runtime announced it */
	bool announced;    /* its birth is in the stream */
	bool dead;         /* told; the row stays while it is a zombie */
	bool zombie;       /* and that it is one was told too */
	bool old;          /* was there before it was watched */
	char command[160]; /* until it is announced */
	uint64_t born, noticed; /* as far as is known; first seen, ns */
	uint64_t ended;         /* when it was seen to have ended, ns */
	int status;             /* how, if has_status */
	bool has_status;
	uint64_t gone;  /* when its parent had fetched it; 0: not yet */
	uint64_t clock; /* its CPU time at the last look */
	uint64_t gauge_clock, facts_clock; /* at the last gauges */
	uint64_t moved;                    /* when its clock last did, ns */
	uint64_t swept;     /* when all its threads were looked at, ns */
	uint64_t asked;     /* when those that rest were too */
	uint64_t hidden;    /* CPU time then of no thread that is there */
	uint64_t next_look; /* when a thread is to be looked at, ns */
	int loops;          /* threads that are loops */
	int held;           /* threads that are not announced yet */
	bool roles_due;     /* something has changed that tells of roles */
	struct watched_thread *threads;
	int thread_count, thread_room;
};

struct observe {
	observe_put put;
	void *data;
	int epoll;
	struct facts *facts;
	struct watched **rows;
	int count, room;
	pid_t anchor;
	struct channels *channels;
	struct nursery *nursery; /* NULL: births are seen by looking alone */
	bool keeps_status;
	int perf;         /* 0: switch records may be had; or -errno */
	int fds, fds_max; /* kept open for threads, and how many may be */
	int clocks;       /* of them, exact clocks */
	unsigned rounds;
	int birth_fd;       /* /proc/loadavg, kept open */
	uint32_t births;    /* the last pid that was given out, as of ... */
	uint64_t births_at; /* ... this round */
	bool any_births;    /* some were, since the round before */
	uint64_t hurry;     /* until when a sampled loop wants looks often */
	uint64_t sampled, gauged, measured; /* when last, ns */
};

/* Puts an event; pid and tid as given, text may be NULL. */
void observe_tell(struct observe *observe, const struct event *event,
                  const char *text);

/* The row of a pid that is alive; NULL: not watched. */
struct watched *observe_find(struct observe *observe, pid_t pid);

/* A new row; NULL: out of memory. What is known of the process, as it is now.
 */
struct watched *observe_add_row(struct observe *observe, pid_t pid,
                                uint64_t now);
void watched_take_facts(struct watched *process, const struct fact *fact);

/* Whether the process still has its pid, if only as a zombie. */
bool watched_lasts(const struct watched *process);

/* A child of a watched process was seen: new rows are watched from now on. */
void observe_found(struct observe *observe, pid_t pid, pid_t parent,
                   uint64_t now);
/* The same for one whose birth is known; `comm`: its name, for a zombie. */
void observe_found_at(struct observe *observe, pid_t pid, pid_t parent,
                      uint64_t now, uint64_t born, const char *comm);

/* Tells of an execve(2), if there was one since the last time. */
void observe_look_for_exec(struct observe *observe, struct watched *process,
                           uint64_t now);

/* Puts a process' birth into the stream; marks it as ended. */
void observe_announce(struct observe *observe, struct watched *process,
                      const struct fact *fact, uint64_t now);
void observe_end(struct observe *observe, struct watched *process,
                 uint64_t now);
/* Forgets those of whom nobody can speak any more. */
void observe_remove_gone(struct observe *observe, uint64_t now);
void observe_tell_death(struct observe *observe, struct watched *process,
                        enum death death, int status, uint64_t now);

/* observe_threads.c: looks at the threads of a process whose clock moved
 * (tells births, deaths, loops), or did not. */
void watched_look(struct observe *observe, struct watched *process,
                  uint64_t now);
void watched_still(struct observe *observe, struct watched *process,
                   uint64_t now);
/* It has ended: so have the blocks of its loops. */
void watched_end(struct observe *observe, struct watched *process,
                 uint64_t now);
/* What its threads have used so far is not to be told. */
void watched_forget(struct watched *process);
/* Tells thread-gauges for the time since the last ones. */
void watched_gauge(struct observe *observe, struct watched *process,
                   uint64_t now, uint64_t window);
/* Once a second: tells loop-gauges and roles; closes what an idle process
 * needs no more. */
void watched_measure(struct observe *observe, struct watched *process,
                     uint64_t now, uint64_t window);
/* Closes what is kept open for one that is gone; frees all of it. */
void watched_let_go(struct observe *observe, struct watched *process);
void watched_free(struct observe *observe, struct watched *process);

/* observe_listing.c: the threads there are now; returns the place of the first
 * one that is new. */
int watched_list_threads(struct observe *observe, struct watched *process,
                         uint64_t now);
/* Tells of those that have had the time to do so themselves. */
void watched_announce(struct observe *observe, struct watched *process,
                      uint64_t now);
/* A thread told of its own birth. */
void watched_hear_thread(struct observe *observe, struct watched *process,
                         pid_t tid, uint64_t now);
/* The row of a thread; NULL: it has not been seen yet. */
struct watched_thread *watched_thread(struct watched *process, pid_t tid);
void watched_free_thread(struct observe *observe, struct watched *process,
                         struct watched_thread *thread);

/* Whether one more descriptor may be kept; returns it, and counts it. */
bool watched_may_keep(const struct observe *observe);
int watched_keep(struct observe *observe, int fd);
void watched_drop(struct observe *observe, int *fd);

/* observe_loop.c: looks at what call a thread is in. `ran`: it has run since
 * the last time. */
void watched_look_at_call(struct observe *observe, struct watched *process,
                          struct watched_thread *thread, bool ran,
                          uint64_t now);
void watched_free_loop(struct observe *observe, struct watched_thread *thread);
bool watched_is_loop(const struct watched_thread *thread);

/* observe_block.c: tells the news of a loop. Who is free must have been said to
 * be blocked: `told`. */
void watched_tell_news(struct observe *observe, struct watched *process,
                       struct watched_thread *thread, enum loop_news news,
                       bool told, uint64_t now, uint64_t length);
/* It lasts, and its cause is known now. */
void watched_tell_cause(struct observe *observe, struct watched *process,
                        struct watched_thread *thread, uint64_t now);
/* A block that its thread does not survive is over too. */
void watched_end_block(struct observe *observe, struct watched *process,
                       struct watched_thread *thread, uint64_t now);
void watched_tell_turns(struct observe *observe, struct watched *process,
                        struct watched_thread *thread, uint64_t now);

/* observe_gauge.c: closes the exact clock of a thread, if it has one. */
void watched_drop_clock(struct observe *observe, struct watched_thread *thread);

/* observe_roles.c: tells what threads are for, as far as that is news. */
void watched_tell_roles(struct observe *observe, struct watched *process,
                        uint64_t now);

#endif
