/*
 * watched: the rows of the observer: a process that is watched, its threads.
 * Not for other modules.
 */
#ifndef OBSERVE_WATCHED_H
#define OBSERVE_WATCHED_H

#include "facts.h"
#include "loop_watch.h"
#include "observe.h"

struct watched_thread {
	pid_t tid;
	int fd;                     /* schedstat, kept open; -1: none */
	bool seen;                  /* in the listing being made */
	struct procfs_sched sched;  /* as last read */
	struct procfs_sched gauged; /* as last told */
	uint64_t measured_ns;       /* run time at the last loop-gauge */
	struct loop_watch loop;
	struct procfs_sched turned; /* of a loop, as last told */
	uint64_t turned_at;
	uint64_t noticed, next_look; /* for a loop, ns */
};

struct watched {
	pid_t pid, ppid;
	int pidfd; /* -1: none, deaths are found by looking */
	uint64_t start, image;
	uint8_t how;      /* enum birth */
	bool speaks;      /* for itself: looptop's runtime */
	bool heard;       /* the runtime announced it */
	bool announced;   /* its birth is in the stream */
	bool dead;        /* told; the row stays while it is a zombie */
	bool old;         /* was there before it was watched */
	uint64_t noticed; /* when it was first seen, ns */
	uint64_t ended;   /* when it was seen to have ended, ns */
	uint64_t clock;   /* its CPU time at the last look */
	uint64_t gauge_clock, facts_clock; /* at the last gauges */
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
	uint64_t sampled, gauged, measured; /* when last, ns */
};

/* Puts an event; pid and tid as given, text may be NULL. */
void observe_tell(struct observe *observe, const struct event *event,
                  const char *text);

/* The row of a pid that is alive; NULL: not watched. */
struct watched *observe_find(struct observe *observe, pid_t pid);

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
/* Tells loop-gauges, once a second. */
void watched_loop_gauge(struct observe *observe, struct watched *process,
                        uint64_t now, uint64_t window);
void watched_free(struct watched *process);

#endif
