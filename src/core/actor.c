#include "actor.h"

#include <string.h>

void
actor_init(struct actors *actors)
{
	memset(actors, 0, sizeof(*actors));
	table_init(&actors->process_table, PROCESSES, sizeof(struct process));
	table_init(&actors->thread_table, THREADS, sizeof(struct thread));
}

struct process *
actor_process(const struct actors *actors, uint32_t pid)
{
	return table_find(&actors->process_table, actors->processes, pid);
}

struct thread *
actor_thread(const struct actors *actors, uint32_t tid)
{
	return table_find(&actors->thread_table, actors->threads, tid);
}

struct process *
actor_add_process(struct actors *actors, uint32_t pid, uint64_t born)
{
	struct process *process =
	    table_add(&actors->process_table, actors->processes, pid, born);

	if (process)
		process->pid = pid;
	return process;
}

struct thread *
actor_add_thread(struct actors *actors, uint32_t pid, uint32_t tid,
                 uint64_t born)
{
	struct thread *thread =
	    table_add(&actors->thread_table, actors->threads, tid, born);

	if (!thread)
		return NULL;
	thread->pid = pid;
	thread->tid = tid;
	thread->cpu_series.bin_ns = CPU_BIN_NS;
	thread->cpu_series.count = CPU_BINS;
	thread->cpu_series.newest = born / CPU_BIN_NS;
	return thread;
}

/* 0 means alive, whatever a recording says. */
static uint64_t
death_time(uint64_t time)
{
	return time ? time : 1;
}

void
actor_end_thread(struct thread *thread, uint64_t time)
{
	if (thread->row.died)
		return;
	thread->row.died = death_time(time);
	thread->span_since = 0;
	thread->loop.blocked_since = 0;
	thread->waiting = 0;
}

void
actor_end_process(struct actors *actors, struct process *process, uint64_t time)
{
	process->row.died = death_time(time);
	for (uint32_t i = 0; i < actors->thread_table.count; i++)
		if (actors->threads[i].pid == process->pid)
			actor_end_thread(&actors->threads[i], time);
}

static bool
is_lent_to(const struct lane *lane, const struct thread *thread)
{
	return lane->tid == thread->tid && lane->born == thread->row.born;
}

const struct lane *
actor_find_lane(const struct actors *actors, const struct thread *thread)
{
	const struct lane *lane;

	if (!thread->lane)
		return NULL;
	lane = &actors->lanes[thread->lane - 1];
	return is_lent_to(lane, thread) ? lane : NULL;
}

/* A lane that is free, or whose thread is dead or gone from the table. */
static int
spare_lane(const struct actors *actors)
{
	int spare = -1;

	for (int i = 0; i < LANES; i++) {
		const struct thread *owner;

		if (!actors->lanes[i].tid)
			return i;
		owner = actor_thread(actors, actors->lanes[i].tid);
		if (spare < 0 && (!owner || owner->row.died ||
		                  !is_lent_to(&actors->lanes[i], owner)))
			spare = i;
	}
	return spare;
}

struct lane *
actor_lane(struct actors *actors, struct thread *thread)
{
	struct lane *lane = (struct lane *)actor_find_lane(actors, thread);
	int spare;

	if (lane)
		return lane;
	spare = spare_lane(actors);
	if (spare < 0)
		return NULL;
	lane = &actors->lanes[spare];
	memset(lane, 0, sizeof(*lane));
	lane->tid = thread->tid;
	lane->born = thread->row.born;
	lane->series.bin_ns = LANE_BIN_NS;
	lane->series.count = LANE_BINS;
	lane->series.newest = thread->row.born / LANE_BIN_NS;
	thread->lane = (uint16_t)(spare + 1);
	return lane;
}

void
actor_advance_lane(struct lane *lane, uint64_t time)
{
	uint8_t *rings[] = {lane->busy, lane->flags, lane->waiting};

	series_advance(&lane->series, rings, 3, time);
}
