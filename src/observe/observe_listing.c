/*
 * Births and deaths of the threads of a watched process.
 *
 * Two may announce the same birth: the agent, for worker threads, and we. The
 * agent knows their role and their name, so threads of a process in which it
 * runs are held back for a while.
 */
#include "nursery.h"

#include <stdlib.h>
#include <string.h>

enum { HOLD_NS = 200000000 };

static void
tell_thread(struct observe *observe, struct watched *process, pid_t tid,
            enum event_kind kind, uint64_t now)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)tid,
	    .number = tid == process->pid ? ROLE_MAIN : ROLE_OTHER,
	};
	char comm[16] = "";

	/* Threads of the runtime announce themselves, and know their role. */
	if (process->speaks)
		return;
	if (kind == EVENT_THREAD_BORN)
		(void)procfs_read_comm(process->pid, tid, comm);
	observe_tell(observe, &event, comm);
}

/* A worker thread of a Node with the agent announces itself when its own code
 * begins, and knows its role: it is given the time for that. */
static void
announce(struct observe *observe, struct watched *process,
         struct watched_thread *thread, uint64_t now)
{
	if (thread->announced ||
	    (process->agent && thread->tid != process->pid &&
	     now < thread->noticed + HOLD_NS))
		return;
	thread->announced = true;
	process->held--;
	/* Its role was not told without its birth. */
	process->roles_due = true;
	tell_thread(observe, process, thread->tid, EVENT_THREAD_BORN, now);
}

void
watched_announce(struct observe *observe, struct watched *process, uint64_t now)
{
	for (int i = 0; process->held > 0 && i < process->thread_count; i++)
		announce(observe, process, &process->threads[i], now);
}

static struct watched_thread *
add_thread(struct watched *process, pid_t tid, uint64_t now)
{
	struct watched_thread *thread;

	if (process->thread_count == process->thread_room) {
		int room = process->thread_room ? process->thread_room * 2 : 8;
		void *bigger =
		    realloc(process->threads, (size_t)room * sizeof(*thread));

		if (!bigger)
			return NULL;
		process->threads = bigger;
		process->thread_room = room;
	}
	thread = &process->threads[process->thread_count++];
	memset(thread, 0, sizeof(*thread));
	thread->tid = tid;
	thread->noticed = now;
	thread->fd = thread->clock_fd = -1;
	thread->moved = true;
	process->held++;
	process->roles_due = true;
	return thread;
}

struct watched_thread *
watched_thread(struct watched *process, pid_t tid)
{
	for (int i = 0; i < process->thread_count; i++)
		if (process->threads[i].tid == tid)
			return &process->threads[i];
	return NULL;
}

void
watched_hear_thread(struct observe *observe, struct watched *process, pid_t tid,
                    uint64_t now)
{
	struct watched_thread *thread = watched_thread(process, tid);

	/* It may be quicker than our listing. */
	if (!thread && process->agent)
		thread = add_thread(process, tid, now);
	/* Of threads that speak for themselves we have not told. */
	if (tid != process->pid &&
	    (process->speaks || !thread || !thread->announced))
		nursery_count(observe->nursery);
	if (!thread)
		return;
	process->held -= !thread->announced;
	thread->announced = thread->heard = true;
}

struct listing {
	struct observe *observe;
	struct watched *process;
	uint64_t now;
};

static void
list_thread(void *data, pid_t tid)
{
	struct listing *listing = data;
	struct watched *process = listing->process;
	struct watched_thread *thread = watched_thread(process, tid);

	if (thread) {
		thread->seen = true;
		return;
	}
	thread = add_thread(process, tid, listing->now);
	if (!thread)
		return;
	thread->seen = true;
	announce(listing->observe, process, thread, listing->now);
}

int
watched_list_threads(struct observe *observe, struct watched *process,
                     uint64_t now)
{
	struct listing listing = {observe, process, now};
	int known = process->thread_count, kept = 0, old = 0;

	for (int i = 0; i < process->thread_count; i++)
		process->threads[i].seen = false;
	if (procfs_threads(process->pid, list_thread, &listing) < 0)
		return known;
	process->roles_due = true;
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];

		if (thread->seen) {
			process->threads[kept++] = *thread;
			old += i < known;
			continue;
		}
		watched_end_block(observe, process, thread, now);
		watched_free_thread(observe, process, thread);
		process->held -= !thread->announced;
		if (thread->announced)
			tell_thread(observe, process, thread->tid,
			            EVENT_THREAD_DIED, now);
	}
	process->thread_count = kept;
	return old;
}
