/*
 * observe: what can be seen of a process tree from outside, without its help.
 *
 * Births and deaths of processes and threads, CPU and run-queue time of each
 * thread, memory, and for programs that do not speak for themselves: which
 * threads are event loops and when one is blocked.
 *
 * The observer is driven: observe_sample() at a steady rate, observe_deaths()
 * when observe_fd() is readable, observe_hear() with every event that others
 * put into the stream. What it sees it puts into the stream itself.
 *
 * A process is known by its pid and its start time. Deaths are seen at once
 * (pidfd_open(2)), with the exit status where the kernel tells it (Linux 6.15:
 * always; before: while the zombie lasts). Births are seen by looking, and a
 * child that lives less than a sample may be missed; or, after
 * observe_births(), by what the kernel records, and none is.
 */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include "births.h"

#include "core/event.h"

#include <stdbool.h>
#include <sys/types.h>

struct observe;

typedef void (*observe_put)(void *data, const struct event *event,
                            const char *text);

/* A new observer that watches nothing yet. 0 or -errno. */
int observe_new(struct observe **observe, observe_put put, void *data);
void observe_free(struct observe *observe);

/* Watches a process and all its descendants from now on. 0; -ESRCH: there is
 * no such process. */
int observe_watch(struct observe *observe, pid_t pid, enum birth how);

/* The same for one that was started at `start` (clock ticks since boot) and for
 * no other that has its pid now. */
int observe_watch_same(struct observe *observe, pid_t pid, uint64_t start,
                       enum birth how);

/* The same for a process that was just started with `command` by `parent`: it
 * may have ended already. */
void observe_started(struct observe *observe, pid_t pid, pid_t parent,
                     enum birth how, const char *command);

/* Births are to be seen by the best means up to `best` that is permitted here.
 * How many were missed is put into the stream. */
void observe_births(struct observe *observe, enum births_source best);

/* All that `pid` forks from now on is ours: told to a guard that has not forked
 * yet, no birth is missed. */
void observe_root(struct observe *observe, pid_t pid);

/* Watches the children of `pid`, but not itself: the guard, to which orphans
 * go. */
void observe_anchor(struct observe *observe, pid_t pid);

/* A look at everything. `now` is CLOCK_MONOTONIC in ns. */
void observe_sample(struct observe *observe, uint64_t now);

/* The watch is over: tells what was held back. A last sample may follow. */
void observe_finish(struct observe *observe, uint64_t now);

/* An epoll descriptor, readable when a process that is watched has ended. */
int observe_fd(const struct observe *observe);
void observe_deaths(struct observe *observe, uint64_t now);

/* Tells of an event that came from elsewhere: who speaks for itself, who was
 * born or has ended. */
void observe_hear(struct observe *observe, const struct event *event);

/* A blocked thread said itself what blocks it (EVENT_LOOP_CAUSE): the end of
 * the block is told with these words. */
void observe_cause(struct observe *observe, const struct event *event,
                   const char *text);

/* The same event: a loop-blocked is told again, with these words. */
void observe_tell_cause(struct observe *observe, const struct event *event);

/* Somebody who waits for it (wait(2)) knows how a process ended. */
void observe_ended(struct observe *observe, pid_t pid, int status,
                   uint64_t now);

/* Sends a signal to a process that is watched and was so at the time `since`
 * already: never to another with its pid. 0 or -errno; -ESRCH: it is gone. */
int observe_signal(struct observe *observe, pid_t pid, uint64_t since,
                   int signal);

/* Processes that are watched and alive. */
int observe_alive(const struct observe *observe);

/* From now on no perf_event_open(2), as where the kernel forbids it. */
void observe_forbid_perf(struct observe *observe);

/* Samples a second that are wanted at least, 0: any number: while a loop works
 * whose switches the kernel does not tell. */
int observe_rate(const struct observe *observe);

/* Whether all that is watched tells of itself, and births are told too: then
 * looks may come less often. */
bool observe_is_told(const struct observe *observe);

/* How blocks of loops are seen here, as half a sentence for the user. */
const char *observe_loop_method(const struct observe *observe);

/* How deaths are seen, as half a sentence for the user; how births are comes
 * as an event. */
const char *observe_method(const struct observe *observe);

#endif
