/*
 * nursery: children whose births the kernel has recorded (births.h), until
 * they are told of or have a row of their own. A part of the observer, not for
 * other modules.
 */
#ifndef OBSERVE_NURSERY_H
#define OBSERVE_NURSERY_H

#include "births.h"
#include "watched.h"

struct nursery;

/* Opens the best source up to `best`. NULL: out of memory. The nursery may be
 * NULL in all that follows, and then nothing happens. */
struct nursery *nursery_new(enum births_source best, int epoll);
void nursery_free(struct nursery *nursery);

/* All that `pid` forks from now on is ours, but not itself: the guard. */
void nursery_root(struct nursery *nursery, pid_t pid);

/* Also a process that runs already: each of its threads. */
void nursery_adopt(struct nursery *nursery, pid_t pid);

/* A birth was told of by somebody else; a row is gone. */
void nursery_know(struct nursery *nursery, pid_t pid);
void nursery_forget(struct nursery *nursery, pid_t pid);

/* Somebody else told of this birth at `time`: the record says nothing new. */
void nursery_told(struct nursery *nursery, pid_t pid, uint64_t time);

/* A birth of a process or a thread was told: it is not among the missed. */
void nursery_count(struct nursery *nursery);

/* How a process ended, if a record said so: true and *status. */
bool nursery_status(const struct nursery *nursery, pid_t pid, int *status);

/* Takes in the records and tells what can be told. `last`: all of it. */
void nursery_round(struct observe *observe, uint64_t now, bool last);

/* Tells how births are seen and how many were missed, if that has changed. */
void nursery_gauge(struct observe *observe, uint64_t now);

/* What it has found to be permitted; BIRTHS_NONE without a nursery. */
enum births_source nursery_source(const struct nursery *nursery);

/* Whether records say how processes ended. */
bool nursery_has_status(const struct nursery *nursery);

#endif
