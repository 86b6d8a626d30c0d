/*
 * Rules about loops and threads. They read the model and nothing else, and the
 * time is the finder's: model->now depends on when frames are drawn.
 */
#include "findings_parts.h"

#include <string.h>

/* How far back the rules look. */
#define SHARE_NS 10000000000ull
#define CPU_NS 5000000000ull
#define CORES_NS 2000000000ull
#define FELT_NS 200000000ull
#define LATEST_NS 500000000ull

/* Shares are in thousandths. An idle worker of Node still collects its garbage:
 * now and then that takes 25 ms. */
enum {
	BLOCKS = 3,
	BLOCKED_SHARE = 100,
	BUSY_LOOP = 700,
	STARVED = 1000,
	WANTING = 500,
	CROWD = 3,
	BUSY_WORKER = 300,
	UNEVEN = 4,
	IDLE = 20,
};

static const struct process *
process_of(const struct finder *finder, uint32_t pid)
{
	return actor_process(&finder->model->actors, pid);
}

/* ---- loops ---- */

/* Other things wait for it: a loop that answers, or the main loop of a program
 * that does not tell what it answers. */
static bool
should_answer(const struct finder *finder, const struct thread *thread)
{
	const struct process *process = process_of(finder, thread->pid);

	return !thread->row.died && thread->loop.exists &&
	       (thread->loop.answers ||
	        (thread->role == ROLE_MAIN && process && !process->runtime));
}

struct blocked {
	unsigned count;
	uint64_t sum, longest, latest; /* ns; time of the end */
	const char *cause;             /* of the longest */
};

static void
look_at_blocks(const struct finder *finder, uint32_t tid,
               struct blocked *blocked)
{
	const struct model *model = finder->model;
	uint64_t kept = model->span_count < SPANS ? model->span_count : SPANS;
	uint64_t since = findings_ago(finder->time, SHARE_NS);

	memset(blocked, 0, sizeof(*blocked));
	for (uint64_t i = 0; i < kept; i++) {
		const struct span *span = &model->spans[i];
		uint64_t begin = span->begin > since ? span->begin : since;

		if (!span->blocked || span->tid != tid || span->end <= since)
			continue;
		blocked->count++;
		blocked->sum += span->end - begin;
		if (span->end > blocked->latest)
			blocked->latest = span->end;
		if (span->end - span->begin <= blocked->longest)
			continue;
		blocked->longest = span->end - span->begin;
		blocked->cause = span->name;
	}
}

static unsigned
blocked_share(const struct finder *finder, const struct thread *thread,
              const struct blocked *blocked)
{
	uint64_t age = finder->time > thread->row.born
	                   ? finder->time - thread->row.born
	                   : 0;
	uint64_t window = age < SHARE_NS ? age : SHARE_NS;

	return window ? (unsigned)(blocked->sum * 1000 / window) : 0;
}

/* Again and again, and lately; one block is told by itself. */
void
findings_blocked(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		struct blocked blocked;
		unsigned share;

		if (thread->loop.blocks < BLOCKS ||
		    !should_answer(finder, thread))
			continue;
		look_at_blocks(finder, thread->tid, &blocked);
		share = blocked_share(finder, thread, &blocked);
		if (blocked.count >= BLOCKS && share >= BLOCKED_SHARE &&
		    blocked.latest + 3 * FINDINGS_SECOND_NS > finder->time)
			findings_raise(finder, thread->pid, thread->tid, share,
			               blocked.longest, blocked.cause);
	}
}

/* Whether it has been told of already as one of many. */
static bool
is_one_of_many(const struct finder *finder, const struct thread *thread)
{
	struct blocked blocked;

	look_at_blocks(finder, thread->tid, &blocked);
	return blocked.count >= BLOCKS &&
	       blocked_share(finder, thread, &blocked) >= BLOCKED_SHARE;
}

/* One by itself, long enough to be felt: it is kept for the list when its
 * moment is over. */
void
findings_block(struct finder *finder)
{
	const struct model *model = finder->model;
	uint64_t kept = model->span_count < SPANS ? model->span_count : SPANS;

	for (uint64_t i = 0; i < kept; i++) {
		const struct span *span = &model->spans[i];
		const struct thread *thread =
		    span->blocked && span->end + LATEST_NS > finder->time
			? actor_thread(&model->actors, span->tid)
			: NULL;

		if (thread && thread->pid == span->pid &&
		    span->end - span->begin >= FELT_NS &&
		    should_answer(finder, thread) &&
		    !is_one_of_many(finder, thread))
			findings_raise(finder, span->pid, span->tid,
			               span->end - span->begin, 0, span->name);
	}
}

/* Thousandths of `ring` over the last `length` ns that are complete. */
static unsigned
share_of(const struct finder *finder, const struct thread *thread,
         const uint8_t *ring, uint64_t length)
{
	uint64_t end = findings_ago(finder->time, CPU_BIN_NS);
	unsigned mean = series_mean(&thread->cpu_series, ring,
	                            findings_ago(end, length), end);

	return (mean * 1000 + 127) / 255;
}

/* What blocks for over 50 ms at a time is findings_blocked()'s. */
void
findings_cpu(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		struct blocked blocked;
		unsigned share;

		if (!should_answer(finder, thread) ||
		    !findings_is_older(&thread->row, finder->time, CPU_NS))
			continue;
		share = share_of(finder, thread, thread->cpu, CPU_NS);
		if (share < BUSY_LOOP)
			continue;
		look_at_blocks(finder, thread->tid, &blocked);
		if (!thread->loop.blocked_since &&
		    blocked_share(finder, thread, &blocked) < BLOCKED_SHARE)
			findings_raise(finder, thread->pid, thread->tid, share,
			               0, "");
	}
}

/* ---- threads ---- */

/* More want to run than there are cores for. How many cores there are need not
 * be known: what is wanted and not given says it. One or two that are not let
 * run starve because of somebody else. */
void
findings_cores(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;
	uint64_t waits = 0, runs = 0;
	unsigned busy = 0;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		unsigned wait, run;

		if (thread->row.died || !thread->cpu_ns)
			continue;
		wait = share_of(finder, thread, thread->wait, CORES_NS);
		run = share_of(finder, thread, thread->cpu, CORES_NS);
		busy += wait + run >= WANTING;
		waits += wait;
		runs += run;
	}
	if (busy >= CROWD && waits >= STARVED)
		findings_raise(finder, 0, 0, waits + runs, runs, "");
}

/* The worker of a cluster that works most, and the one that works least. */
static void
look_at_cluster(struct finder *finder, uint32_t primary)
{
	const struct actors *actors = &finder->model->actors;
	const struct process *busiest = NULL;
	unsigned most = 0, least = 1000;
	char name[NAME_BYTES];

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];
		const struct thread *thread =
		    actor_thread(actors, process->pid);
		unsigned share;

		if (process->ppid != primary || process->row.died ||
		    process->how != BIRTH_CLUSTER || !thread ||
		    !findings_is_older(&process->row, finder->time, CPU_NS))
			continue;
		share = share_of(finder, thread, thread->cpu, CPU_NS);
		if (!busiest || share > most) {
			busiest = process;
			most = share;
		}
		if (share < least)
			least = share;
	}
	if (!busiest || most < BUSY_WORKER || least * UNEVEN > most)
		return;
	model_process_label(busiest, name, sizeof(name));
	findings_raise(finder, primary, 0, most, least, name);
}

static bool
has_workers(const struct actors *actors, uint32_t pid)
{
	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (process->ppid == pid && process->how == BIRTH_CLUSTER &&
		    !process->row.died)
			return true;
	}
	return false;
}

void
findings_uneven(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (!process->row.died && has_workers(actors, process->pid))
			look_at_cluster(finder, process->pid);
	}
}

static bool
is_idle(const struct finder *finder, const struct thread *thread)
{
	return findings_is_older(&thread->row, finder->time, CPU_NS) &&
	       !thread->span_since &&
	       share_of(finder, thread, thread->cpu, CPU_NS) < IDLE;
}

void
findings_idle(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t p = 0; p < actors->process_table.count; p++) {
		const struct process *process = &actors->processes[p];
		unsigned idle = 0, workers = 0;

		for (uint32_t i = 0;
		     !process->row.died && i < actors->thread_table.count;
		     i++) {
			const struct thread *thread = &actors->threads[i];

			if (thread->pid != process->pid ||
			    thread->role != ROLE_WORKER || thread->row.died)
				continue;
			workers++;
			idle += is_idle(finder, thread);
		}
		if (idle)
			findings_raise(finder, process->pid, 0, idle, workers,
			               "");
	}
}
