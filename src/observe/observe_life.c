/*
 * Births and deaths of the processes that are watched.
 *
 * Failures, before line one: a process ends between two reads (its pidfd tells
 * when); a pid is used again (the pidfd still means the old one, the start time
 * differs); out of descriptors (deaths are found by looking instead); the
 * kernel does not tell how a process ended (its parent may, if it speaks).
 *
 * Two may announce the same birth: the runtime, for its own children, and we.
 * The runtime knows more (how it was started), and so does the agent; so
 * children of a process that speaks for itself are held back for a while.
 */
#include "nursery.h"

#include "permit.h"
#include "pidfd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOLD_NS = 200000000 };

/* ---- births ---- */

struct watched *
observe_add_row(struct observe *observe, pid_t pid, uint64_t now)
{
	struct epoll_event ready = {.events = EPOLLIN};
	struct watched *process;

	if (observe->count == observe->room) {
		int room = observe->room ? observe->room * 2 : 16;
		void *bigger =
		    realloc(observe->rows, (size_t)room * sizeof(process));

		if (!bigger)
			return NULL;
		observe->rows = bigger;
		observe->room = room;
	}
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->pid = pid;
	process->born = process->noticed = now;
	process->pidfd = pidfd_of(pid);
	ready.data.ptr = process;
	if (process->pidfd >= 0)
		epoll_ctl(observe->epoll, EPOLL_CTL_ADD, process->pidfd,
		          &ready);
	observe->rows[observe->count++] = process;
	nursery_know(observe->nursery, pid);
	return process;
}

void
observe_announce(struct observe *observe, struct watched *process,
                 const struct fact *fact, uint64_t now)
{
	struct event event = {
	    .kind = EVENT_PROCESS_BORN,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)process->pid,
	    .other_pid = (uint32_t)process->ppid,
	    .number = process->how,
	    .value = process->start,
	};

	process->announced = true;
	observe_tell(observe, &event, fact->command);
}

void
watched_take_facts(struct watched *process, const struct fact *fact)
{
	process->ppid = fact->ppid;
	process->start = fact->start;
	process->image = fact->image;
}

/* Its first look comes at once: threads, children, what it is waiting in. */
static void
first_look(struct observe *observe, struct watched *process, uint64_t now)
{
	(void)procfs_clock(process->pid, &process->clock);
	watched_look(observe, process, now);
	if (process->old)
		watched_forget(process);
}

/* Whether it is one whose end has been told. */
static bool
has_ended(struct observe *observe, pid_t pid)
{
	for (int i = 0; i < observe->count; i++) {
		const struct watched *process = observe->rows[i];

		if (process->pid == pid && process->dead &&
		    (process->gone || watched_lasts(process)))
			return true;
	}
	return false;
}

void
observe_found(struct observe *observe, pid_t pid, pid_t parent, uint64_t now)
{
	observe_found_at(observe, pid, parent, now, now, "");
}

void
observe_found_at(struct observe *observe, pid_t pid, pid_t parent, uint64_t now,
                 uint64_t born, const char *comm)
{
	struct watched *mother = observe_find(observe, parent);
	struct watched *process = observe_find(observe, pid);
	struct fact fact;

	if (process || has_ended(observe, pid) ||
	    facts_read(observe->facts, pid, &fact))
		return;
	process = observe_add_row(observe, pid, now);
	if (!process)
		return;
	watched_take_facts(process, &fact);
	process->old = mother && mother->old && mother->noticed == now;
	/* It may be a zombie's child by now; whose it was we have just seen. */
	process->ppid = parent;
	process->born = born;
	/* Its command line is gone already. */
	if (fact.state == 'Z' && *comm)
		snprintf(fact.command, sizeof(fact.command), "%s", comm);
	snprintf(process->command, sizeof(process->command), "%.159s",
	         fact.command);
	if (mother && (mother->speaks || mother->agent))
		return;
	observe_announce(observe, process, &fact, born);
	if (process->old)
		nursery_adopt(observe->nursery, pid);
	first_look(observe, process, now);
}

int
observe_watch(struct observe *observe, pid_t pid, enum birth how)
{
	return observe_watch_same(observe, pid, 0, how);
}

/* What we may not see is said once, and the cure behind it: a line each. */
static void
tell_permission(struct observe *observe, pid_t pid)
{
	struct event event = {
	    .kind = EVENT_NOTE,
	    .time = observe->sampled,
	    .pid = (uint32_t)pid,
	    .tid = (uint32_t)pid,
	    .number = NOTE_WARNING,
	};
	char why[160], *cure;

	if (permit_process(pid, NULL, why, sizeof(why)))
		return;
	cure = strstr(why, ". ");
	if (cure)
		cure[1] = '\0';
	observe_tell(observe, &event, why);
	if (cure)
		observe_tell(observe, &event, cure + 2);
}

int
observe_watch_same(struct observe *observe, pid_t pid, uint64_t start,
                   enum birth how)
{
	struct watched *process;
	struct fact fact;

	if (facts_read(observe->facts, pid, &fact) ||
	    (start && fact.start != start))
		return -ESRCH;
	process = observe_find(observe, pid);
	if (process)
		return 0;
	process = observe_add_row(observe, pid, observe->sampled);
	if (!process)
		return -ENOMEM;
	process->how = (uint8_t)how;
	process->old = how == BIRTH_SEEN;
	nursery_adopt(observe->nursery, pid);
	watched_take_facts(process, &fact);
	observe_announce(observe, process, &fact, observe->sampled);
	if (process->old)
		tell_permission(observe, pid);
	first_look(observe, process, observe->sampled);
	return 0;
}

void
observe_started(struct observe *observe, pid_t pid, pid_t parent,
                enum birth how, const char *command)
{
	struct watched *process = observe_find(observe, pid);
	struct fact fact = {.ppid = parent};

	/* It may have spoken before we were told that it was started. */
	if (!process)
		process = observe_add_row(observe, pid, observe->sampled);
	if (!process || process->announced)
		return;
	process->how = (uint8_t)how;
	(void)facts_glance(observe->facts, pid, &fact);
	watched_take_facts(process, &fact);
	process->ppid = parent;
	snprintf(fact.command, sizeof(fact.command), "%s", command);
	observe_announce(observe, process, &fact, observe->sampled);
	first_look(observe, process, observe->sampled);
}

/* ---- deaths ---- */

/* The agent does not see spawnSync(): its short-lived children are told of
 * when they are gone. */
static void
announce_late(struct observe *observe, struct watched *process)
{
	const struct watched *mother = observe_find(observe, process->ppid);
	struct fact fact = {.ppid = process->ppid, .start = process->start};

	if (process->announced || !mother || !mother->agent)
		return;
	snprintf(fact.command, sizeof(fact.command), "%s", process->command);
	observe_announce(observe, process, &fact, process->born);
}

void
observe_tell_death(struct observe *observe, struct watched *process,
                   enum death death, int status, uint64_t now)
{
	struct event event = {
	    .kind = EVENT_PROCESS_DIED,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)process->pid,
	    .number = death,
	    .value = (uint64_t)status,
	};

	process->dead = true;
	if (!process->ended)
		process->ended = now;
	watched_end(observe, process, now);
	announce_late(observe, process);
	if (process->announced)
		observe_tell(observe, &event, NULL);
}

static void
tell_status(struct observe *observe, struct watched *process, int status,
            uint64_t now)
{
	if (WIFSIGNALED(status))
		observe_tell_death(observe, process, DEATH_SIGNAL,
		                   WTERMSIG(status), now);
	else
		observe_tell_death(observe, process, DEATH_CODE,
		                   WEXITSTATUS(status), now);
}

void
observe_ended(struct observe *observe, pid_t pid, int status, uint64_t now)
{
	struct watched *process = observe_find(observe, pid);

	if (process)
		tell_status(observe, process, status, now);
}

/* The agent in its parent may not have had the time to tell of its birth. */
static bool
is_held(struct observe *observe, const struct watched *process, uint64_t now)
{
	const struct watched *mother = observe_find(observe, process->ppid);

	return !process->announced && mother && mother->agent &&
	       now < process->noticed + HOLD_NS;
}

void
observe_end(struct observe *observe, struct watched *process, uint64_t now)
{
	if (process->dead)
		return;
	if (!process->ended) {
		process->ended = now;
		process->has_status = process->pidfd >= 0 &&
		                      pidfd_status(process->pidfd, process->pid,
		                                   &process->status) == 0;
	}
	/* The record of it may come a little later. */
	if (!process->has_status)
		process->has_status = nursery_status(
		    observe->nursery, process->pid, &process->status);
	if (is_held(observe, process, now))
		return;
	if (process->has_status) {
		tell_status(observe, process, process->status, process->ended);
		return;
	}
	/* Its parent, if it speaks, will be told how it ended. */
	if (process->heard && observe_find(observe, process->ppid))
		return;
	observe_tell_death(observe, process, DEATH_UNKNOWN, 0, process->ended);
}

void
observe_deaths(struct observe *observe, uint64_t now)
{
	struct epoll_event ready[64];
	int count;

	do {
		count = epoll_wait(observe->epoll, ready, 64, 0);
		for (int i = 0; i < count; i++) {
			struct watched *process = ready[i].data.ptr;

			/* Of births. */
			if (!process) {
				nursery_round(observe, now, false);
				continue;
			}
			observe_end(observe, process, now);
			epoll_ctl(observe->epoll, EPOLL_CTL_DEL, process->pidfd,
			          NULL);
		}
	} while (count == 64);
}
