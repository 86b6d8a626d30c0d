/*
 * actor: the processes and threads of the model, and what they did lately.
 */
#ifndef CORE_ACTOR_H
#define CORE_ACTOR_H

#include "event.h"
#include "lag.h"
#include "series.h"
#include "table.h"

#ifdef TINY
enum { PROCESSES = 4, THREADS = 6, LANES = 2, LANE_BINS = 32 };
#else
enum { PROCESSES = 512, THREADS = 2048, LANES = 128, LANE_BINS = 2048 };
#endif
enum { CPU_BINS = 64, NAME_BYTES = 32, CAUSE_BYTES = 64, COMMAND_BYTES = 160 };
enum { REASON_BYTES = 64 };

#define LANE_BIN_NS 10000000ull /* 10 ms: 20 s in a lane */
#define CPU_BIN_NS 100000000ull /* 100 ms */

/* Flags of a lane's bin. */
enum { LANE_BLOCKED = 1, LANE_SPAN = 2 };

struct process {
	struct row row; /* id = pid */
	uint32_t pid, ppid;
	uint64_t start; /* clock ticks since boot, 0 not known */
	uint8_t how;    /* enum birth */
	uint8_t death;  /* enum death */
	int32_t status; /* exit code or signal */
	bool told;      /* its parent's loop was told of the end */
	bool zombie;    /* it ended, and nobody has waited for it (wait(2)) */
	uint32_t heir;  /* who has to: its parent, or init; 0 not known */
	bool runtime;   /* speaks for itself (looptop's runtime) */
	bool agent;     /* the agent in it speaks of its messages */
	bool unborn;    /* it spoke before its parent announced it */
	char command[COMMAND_BYTES];
	char title[NAME_BYTES];
	uint32_t rss_kb, threads, fds;
	uint32_t pool_slots, pool_running, pool_queued;
	/* Bytes of its output that its parent keeps until it ends, how many may
	 * be, 0 not known, and when that was said. */
	uint64_t kept, kept_most, kept_at;
};

/* A loop: what a thread with an event loop tells, or what is seen of it. */
struct loop_state {
	bool exists;
	bool answers;   /* others wait for it: it can be "blocked" */
	bool has_turns; /* it tells its own busy time */
	uint64_t turns;
	uint64_t window, busy;              /* ns, of the last loop-gauge */
	bool has_lag;                       /* it tells its lag */
	uint64_t lag_p50, lag_p99, lag_max; /* ns */
	uint64_t blocked_since;             /* 0: not blocked */
	uint8_t witness;                    /* of the last block */
	uint8_t method;                     /* of a witness outside */
	char cause[CAUSE_BYTES];
	uint32_t blocks;
	uint64_t block_max, block_total; /* ns */
};

struct thread {
	struct row row; /* id = tid */
	uint32_t pid, tid;
	uint8_t role;   /* enum role */
	bool announced; /* and not only heard of */
	bool namesake;  /* another process has a thread of that name and role */
	uint32_t id;    /* threadId of a worker thread */
	char name[NAME_BYTES];
	char reason[REASON_BYTES]; /* of its role, if only seen */
	uint64_t cpu_ns, wait_ns;  /* totals */
	struct series cpu_series;
	uint8_t cpu[CPU_BINS];
	uint8_t wait[CPU_BINS]; /* wants a CPU and has none */
	struct loop_state loop;
	uint64_t span_since; /* 0: none */
	char span[NAME_BYTES];
	uint32_t waiting; /* messages sent to it and not yet received */
	uint16_t lane;    /* index + 1; 0: none */
};

/* What one loop, worker or pool thread did lately. */
struct lane {
	uint32_t tid;  /* 0: free */
	uint64_t born; /* of the thread: a tid comes again */
	struct series series;
	uint8_t busy[LANE_BINS];
	uint8_t flags[LANE_BINS];
	uint8_t waiting[LANE_BINS];
	struct lags lags;
};

struct actors {
	struct table process_table, thread_table;
	struct process processes[PROCESSES];
	struct thread threads[THREADS];
	struct lane lanes[LANES];
};

void actor_init(struct actors *actors);

/* The newest row of a pid or tid, alive or dead; NULL: none. */
struct process *actor_process(const struct actors *actors, uint32_t pid);
struct thread *actor_thread(const struct actors *actors, uint32_t tid);

/* A new row; NULL when the table is full of the living. */
struct process *actor_add_process(struct actors *actors, uint32_t pid,
                                  uint64_t born);
struct thread *actor_add_thread(struct actors *actors, uint32_t pid,
                                uint32_t tid, uint64_t born);

/* Marks a thread, or a process and its threads, as dead. */
void actor_end_thread(struct thread *thread, uint64_t time);
void actor_end_process(struct actors *actors, struct process *process,
                       uint64_t time);

/* The lane of a thread, given to it now if it has none; NULL when all lanes
 * belong to living threads. */
struct lane *actor_lane(struct actors *actors, struct thread *thread);

/* The lane a thread has, or NULL. */
const struct lane *actor_find_lane(const struct actors *actors,
                                   const struct thread *thread);

/* Makes the lane's bins exist up to `time`. */
void actor_advance_lane(struct lane *lane, uint64_t time);

#endif
