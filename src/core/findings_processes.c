/*
 * Rules about processes. They read the model and nothing else, and the time is
 * the finder's: model->now depends on when frames are drawn.
 */
#include "findings_parts.h"

#include <signal.h>
#include <stdio.h>

#define RECENT_NS 10000000000ull
#define SHORT_LIFE_NS 5000000000ull

enum { CRASHES = 3, KEPT_BYTES = 256 << 10 };

static const struct process *
process_of(const struct finder *finder, uint32_t pid)
{
	return actor_process(&finder->model->actors, pid);
}

/* By itself and not because somebody asked it to. */
static bool
has_crashed(const struct process *process)
{
	if (process->death == DEATH_SIGNAL)
		return process->status != SIGTERM &&
		       process->status != SIGINT && process->status != SIGHUP;
	return process->death == DEATH_CODE && process->status != 0;
}

static bool
crashed_young(const struct finder *finder, const struct process *process)
{
	return process->row.died > findings_ago(finder->time, RECENT_NS) &&
	       has_crashed(process) &&
	       process->row.died < process->row.born + SHORT_LIFE_NS;
}

/* Its parent keeps a quarter or more of what exec() permits by itself, and
 * cannot do anything with it until the child ends. */
static bool
keeps_much(const struct finder *finder, const struct process *process)
{
	return process->kept >= KEPT_BYTES &&
	       (!process->row.died ||
	        process->kept_at + RECENT_NS > finder->time);
}

/* Tells a parent's dead or lost children together: at the first of them. */
typedef bool is_counted(const struct finder *finder,
                        const struct process *process);

static unsigned
count_alike(const struct finder *finder, const struct process *first,
            is_counted *is_one, const struct process **last)
{
	const struct actors *actors = &finder->model->actors;
	unsigned count = 0;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (process->ppid != first->ppid || !is_one(finder, process))
			continue;
		if (!count && process != first)
			return 0;
		count++;
		*last = process;
	}
	return count;
}

void
findings_crash_loop(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *first = &actors->processes[i], *last;
		char how[NAME_BYTES];

		if (!crashed_young(finder, first) ||
		    count_alike(finder, first, crashed_young, &last) < CRASHES)
			continue;
		snprintf(how, sizeof(how),
		         last->death == DEATH_SIGNAL ? "signal %d" : "exit %d",
		         last->status);
		findings_raise(finder, first->ppid, 0,
		               count_alike(finder, first, crashed_young, &last),
		               last->row.died - last->row.born, how);
	}
}

/* Its parent has ended too: the kernel has given it to another (prctl(2),
 * PR_SET_CHILD_SUBREAPER), mostly to pid 1. */
static bool
is_inherited(const struct process *process)
{
	return process->heir && process->heir != process->ppid;
}

static bool
is_unreaped(const struct finder *finder, const struct process *process)
{
	return process->zombie && is_inherited(process) &&
	       process->row.died + FINDINGS_SECOND_NS <= finder->time;
}

/* Seen to be one; or ended, and a parent that lives and speaks has not heard of
 * it. */
static bool
is_zombie(const struct finder *finder, const struct process *process)
{
	const struct process *parent;
	const struct thread *thread;

	if (!process->row.died || process->told ||
	    process->row.died + FINDINGS_SECOND_NS > finder->time)
		return false;
	if (process->zombie)
		return !is_inherited(process);
	/* When records were lost, it may be that one. */
	if (process->how < BIRTH_SPAWN || finder->model->totals.lost)
		return false;
	parent = process_of(finder, process->ppid);
	thread = actor_thread(&finder->model->actors, process->ppid);
	return parent && !parent->row.died && parent->runtime && thread &&
	       thread->loop.exists;
}

static bool
is_orphan(const struct finder *finder, const struct process *process)
{
	const struct process *parent = process_of(finder, process->ppid);

	return !process->row.died && parent && parent->row.died &&
	       parent->row.died >= process->row.born &&
	       parent->row.died + FINDINGS_SECOND_NS <= finder->time;
}

static void
raise_alike(struct finder *finder, is_counted *is_one)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *first = &actors->processes[i], *last;
		uint64_t since;
		unsigned count;
		char name[NAME_BYTES];

		if (!is_one(finder, first))
			continue;
		count = count_alike(finder, first, is_one, &last);
		if (!count)
			continue;
		since = first->row.died
		            ? first->row.died
		            : process_of(finder, first->ppid)->row.died;
		model_process_label(first, name, sizeof(name));
		findings_raise(
		    finder, is_one == is_unreaped ? first->heir : first->ppid,
		    0, count, finder->time - since, name);
	}
}

void
findings_zombie(struct finder *finder)
{
	raise_alike(finder, is_zombie);
}

void
findings_unreaped(struct finder *finder)
{
	raise_alike(finder, is_unreaped);
}

void
findings_orphan(struct finder *finder)
{
	raise_alike(finder, is_orphan);
}

/* The largest of those that one parent has kept lately; the first of them is
 * that of the parent. */
static const struct process *
most_kept(const struct finder *finder, const struct process *first)
{
	const struct actors *actors = &finder->model->actors;
	const struct process *most = first;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (process->ppid != first->ppid ||
		    !keeps_much(finder, process))
			continue;
		if (process < first)
			return NULL;
		if (process->kept > most->kept)
			most = process;
	}
	return most;
}

void
findings_kept(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *first = &actors->processes[i], *most;
		char name[NAME_BYTES];

		most =
		    keeps_much(finder, first) ? most_kept(finder, first) : NULL;
		if (!most)
			continue;
		model_process_label(most, name, sizeof(name));
		findings_raise(finder, most->ppid, 0, most->kept,
		               most->kept_most, name);
	}
}

void
findings_pool(struct finder *finder)
{
	const struct actors *actors = &finder->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (!process->row.died && process->pool_slots &&
		    process->pool_running >= process->pool_slots &&
		    process->pool_queued)
			findings_raise(finder, process->pid, 0,
			               process->pool_queued,
			               process->pool_slots, "");
	}
}
