/*
 * world: a small world in a model, told by its events, for tests of the
 * screen. Times are milliseconds since the world began.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "core/model.h"

struct world {
	struct model model;
	uint64_t numbers[64]; /* of messages, by channel in use */
	uint64_t channels[64];
};

/* pids of the lab's world */
enum {
	WORLD_LOOPTOP = 4098,
	WORLD_STAGE = 4101,
	WORLD_CLIENT = 4102,
	WORLD_THREAD = 4103, /* tid of the stage's first worker thread */
};

void world_init(struct world *world);

/* Time goes on to `ms`. */
void world_tick(struct world *world, unsigned ms);

void world_process(struct world *world, unsigned ms, uint32_t pid,
                   uint32_t parent, enum birth how, const char *title,
                   const char *command);
void world_thread(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
                  enum role role, const char *name);
void world_died(struct world *world, unsigned ms, uint32_t pid,
                enum death death, int status);

/* The same, but its parent does not wait for it. */
void world_zombie(struct world *world, unsigned ms, uint32_t pid, int code);

/* The thread of `pid` listens on `port`: it has to answer. */
void world_listen(struct world *world, unsigned ms, uint32_t pid,
                  uint32_t port);

/* A message sent at `sent`, received at `received` (0: not yet). */
void world_message(struct world *world, unsigned sent, unsigned received,
                   uint32_t from, uint32_t to, const char *text);

/* The thread's loop was busy for `busy` of the `window` ms before `ms`. */
void world_turns(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
                 unsigned window, unsigned busy);
void world_cpu(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
               unsigned window, unsigned cpu);

/* A span begins, or ends after having begun at `since`. */
void world_span(struct world *world, unsigned ms, uint32_t pid, uint32_t tid,
                const char *name);
void world_span_end(struct world *world, unsigned ms, uint32_t pid,
                    uint32_t tid, unsigned since, const char *name);
void world_blocked(struct world *world, unsigned ms, uint32_t pid,
                   unsigned since, const char *cause);
void world_freed(struct world *world, unsigned ms, uint32_t pid, unsigned since,
                 const char *cause);
void world_note(struct world *world, unsigned ms, enum note level,
                const char *text);
void world_line(struct world *world, unsigned ms, uint32_t pid, bool is_stderr,
                const char *text);

/* ---- scenes ---- */

/* looptop, the stage, its client: two seconds in which all is well. */
void world_calm(struct world *world);

/* After that: the stage's loop is blocked by fib(45) since 2000; it is 2349,
 * and nine pings wait. */
void world_blocking(struct world *world);

/* After that: it was freed at 2600, and the same work runs in a worker thread
 * since 2700; it is 3200. */
void world_offloaded(struct world *world);

/* The calm lab and a cluster of four workers, one of them killed. */
void world_cluster(struct world *world);

/* The calm lab, then: three children crash at once, the pool is full, a worker
 * thread has nothing to do; it is 21000. */
void world_trouble(struct world *world);

/* A foreign node program with a child, its main loop blocked, seen from
 * outside. */
void world_foreign(struct world *world);

#endif
