/* What the lessons wait for: clusters of processes, and threads. */
#include "lesson_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEALT = 40, WORKERS_SHOWN = 6, THREADS_MANY = 8 };

/* They are forked one after the other: so long nothing new came. */
#define SETTLED_NS 500000000ull

/* ---- clusters ---- */

static bool
serves(const struct process *process)
{
	return process->how == BIRTH_CLUSTER && !process->row.died &&
	       process->runtime;
}

/* The workers that live and were born since; when the newest was. */
static unsigned
workers_since(const struct model *model, uint64_t since, uint64_t *newest)
{
	unsigned count = 0;

	*newest = 0;
	for (uint32_t i = 0; i < model->actors.process_table.count; i++) {
		const struct process *process = &model->actors.processes[i];

		if (!serves(process) || process->row.born < since)
			continue;
		count++;
		if (process->row.born > *newest)
			*newest = process->row.born;
	}
	return count;
}

bool
lesson_saw_cluster(struct lesson_look *look)
{
	uint64_t newest;
	unsigned count = workers_since(look->model, look->since, &newest);
	char workers[32];

	if (count < 2 || look->model->now < newest + SETTLED_NS)
		return false;
	lesson_count(count, "worker", workers);
	lesson_brief(look, "%s", workers);
	return lesson_say(look,
	                  "%s, each a process; the primary listens for "
	                  "all",
	                  workers);
}

/* What each of the first workers was dealt. */
struct dealt {
	uint32_t pids[WORKERS_SHOWN];
	unsigned counts[WORKERS_SHOWN], all;
};

static void
deal(struct dealt *dealt, uint32_t pid)
{
	dealt->all++;
	for (int i = 0; i < WORKERS_SHOWN; i++)
		if (!dealt->pids[i] || dealt->pids[i] == pid) {
			dealt->pids[i] = pid;
			dealt->counts[i]++;
			return;
		}
}

bool
lesson_saw_dealt(struct lesson_look *look)
{
	const struct flows *flows = &look->model->flows;
	struct dealt dealt = {0};
	char counts[64] = "";

	for (uint64_t id = flow_oldest(flows); id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		if (flow->handle && flow->received >= look->since)
			deal(&dealt, flow->to_pid);
	}
	if (dealt.all < DEALT)
		return false;
	for (int i = 0; i < WORKERS_SHOWN && dealt.pids[i]; i++)
		snprintf(counts + strlen(counts),
		         sizeof(counts) - strlen(counts), " %u",
		         dealt.counts[i]);
	lesson_brief(look, "%u requests", dealt.all);
	return lesson_say(look, "%u connections, dealt to the workers:%s",
	                  dealt.all, counts);
}

static bool
was_killed(const struct lesson_look *look, const struct process *process)
{
	return process->row.died >= look->since &&
	       process->death == DEATH_SIGNAL;
}

/* What it cost is known a moment later. */
bool
lesson_saw_worker_killed(struct lesson_look *look)
{
	const struct process *process =
	    lesson_process(look, BIRTH_CLUSTER, was_killed);
	const struct totals *totals = &look->model->totals;
	uint64_t failed = totals->requests_failed - look->failed, newest;
	char name[NAME_BYTES], end[16], lost[32];

	if (!process || look->model->now < process->row.died + SETTLED_NS)
		return false;
	model_process_label(process, name, sizeof(name));
	lesson_brief(look, "%" PRIu64, failed);
	return lesson_say(look, "%s: %s; %u still serve; %s failed", name,
	                  pane_end(process, end, sizeof(end)),
	                  workers_since(look->model, 0, &newest),
	                  lesson_count(failed, "request", lost));
}

/* The first one that was born after it died. */
static const struct process *
successor(const struct model *model, const struct process *died)
{
	const struct process *found = NULL;

	for (uint32_t i = 0; i < model->actors.process_table.count; i++) {
		const struct process *process = &model->actors.processes[i];

		if (serves(process) && process->row.born >= died->row.died &&
		    (!found || process->row.born < found->row.born))
			found = process;
	}
	return found;
}

bool
lesson_saw_respawn(struct lesson_look *look)
{
	const struct process *died =
	    lesson_process(look, BIRTH_CLUSTER, was_killed);
	const struct process *next = died ? successor(look->model, died) : NULL;
	char gap[16];

	if (!next)
		return false;
	pane_duration(next->row.born - died->row.died, gap);
	lesson_brief(look, "%s", gap);
	return lesson_say(look,
	                  "pid %u was killed; %s later pid %u took its "
	                  "place",
	                  died->pid, gap, next->pid);
}

bool
lesson_saw_reload(struct lesson_look *look)
{
	const struct totals *totals = &look->model->totals;
	uint64_t newest;
	unsigned count = workers_since(look->model, look->since, &newest);
	char requests[32], workers[32];

	if (!lesson_note(look, "All workers are new"))
		return false;
	lesson_count(totals->requests - look->requests, "request", requests);
	lesson_count(count, "new worker", workers);
	lesson_brief(look, "%u", count);
	return lesson_say(look, "%s; %s meanwhile, %" PRIu64 " failed", workers,
	                  requests, totals->requests_failed - look->failed);
}

/* ---- threads ---- */

/* The newest worker thread since, how many there are. */
static const struct thread *
threads_since(const struct lesson_look *look, unsigned *count)
{
	const struct actors *actors = &look->model->actors;
	const struct thread *newest = NULL;

	*count = 0;
	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->role != ROLE_WORKER || thread->row.died ||
		    thread->row.born < look->since)
			continue;
		++*count;
		if (!newest || thread->row.born > newest->row.born)
			newest = thread;
	}
	return newest;
}

bool
lesson_saw_thread(struct lesson_look *look)
{
	unsigned count;
	const struct thread *thread = threads_since(look, &count);
	char name[NAME_BYTES];

	if (!thread)
		return false;
	lesson_thread(look, thread->tid, name, sizeof(name));
	lesson_brief(look, "%s", name);
	return lesson_say(look, "%s is a thread of process %u, tid %u", name,
	                  thread->pid, thread->tid);
}

/* The process' own gauge says it a moment later. */
bool
lesson_saw_many_threads(struct lesson_look *look)
{
	unsigned count;
	const struct thread *thread = threads_since(look, &count);
	const struct process *process =
	    thread ? actor_process(&look->model->actors, thread->pid) : NULL;

	if (!process || count < THREADS_MANY ||
	    look->model->now < thread->row.born + SETTLED_NS)
		return false;
	lesson_brief(look, "%u", process->threads);
	return lesson_say(look,
	                  "%u more; process %u has %u threads and %.1f "
	                  "MB now",
	                  count, process->pid, process->threads,
	                  process->rss_kb / 1024.0);
}

bool
lesson_saw_terminate(struct lesson_look *look)
{
	const struct actors *actors = &look->model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		const struct process *process =
		    actor_process(actors, thread->pid);
		char name[NAME_BYTES], length[16];

		if (thread->role != ROLE_WORKER || !process ||
		    process->row.died || thread->row.died < look->since)
			continue;
		lesson_thread(look, thread->tid, name, sizeof(name));
		pane_duration(thread->row.died - thread->row.born, length);
		lesson_brief(look, "%s", name);
		return lesson_say(look,
		                  "%s ended after %s; process %u lives "
		                  "on",
		                  name, length, process->pid);
	}
	return false;
}
