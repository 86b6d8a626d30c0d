/*
 * What becomes of the newborn: a row of their own when they live, or both
 * events at once when they do not.
 */
#include "nursery_parts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define STATUS_NS 200000000ull /* to wait for how it ended */
#define HOLD_NS 200000000ull   /* to wait for its parent's word */

/* What a fork that did not call execve(2) is: what its parent was. */
static void
take_name(struct observe *observe, struct newborn *newborn)
{
	const struct newborn *mother =
	    nursery_find(observe->nursery, newborn->parent);
	struct fact fact;

	if (mother && mother->comm[0])
		memcpy(newborn->comm, mother->comm, sizeof(newborn->comm));
	else if (facts_glance(observe->facts, newborn->parent, &fact) == 0)
		memcpy(newborn->comm, fact.comm, sizeof(newborn->comm));
}

static void
tell_all(struct observe *observe, const struct newborn *newborn)
{
	struct event event = {
	    .kind = EVENT_PROCESS_BORN,
	    .time = newborn->born,
	    .pid = (uint32_t)newborn->pid,
	    .tid = (uint32_t)newborn->pid,
	    .other_pid = (uint32_t)newborn->parent,
	    .number = BIRTH_SEEN,
	};

	observe_tell(observe, &event, newborn->comm);
	event.kind = EVENT_THREAD_BORN;
	event.other_pid = 0;
	event.number = ROLE_MAIN;
	observe_tell(observe, &event, newborn->comm);
	if (!newborn->ended)
		return;
	event.kind = EVENT_PROCESS_DIED;
	event.time = newborn->ended;
	event.number = DEATH_UNKNOWN;
	if (newborn->has_status && WIFSIGNALED(newborn->status)) {
		event.number = DEATH_SIGNAL;
		event.value = (uint64_t)WTERMSIG(newborn->status);
	} else if (newborn->has_status) {
		event.number = DEATH_CODE;
		event.value = (uint64_t)WEXITSTATUS(newborn->status);
	}
	observe_tell(observe, &event, NULL);
}

static bool
is_there(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

/* Whether it is not yet time to tell of one that has no row. */
static bool
is_early(struct observe *observe, const struct newborn *newborn, uint64_t now)
{
	const struct watched *mother = observe_find(observe, newborn->parent);

	if (mother && mother->agent && newborn->born + HOLD_NS > now)
		return true;
	if (!newborn->ended)
		return is_there(newborn->pid) ||
		       newborn->born + STATUS_NS > now;
	return births_has_status(observe->nursery->births) &&
	       !newborn->has_status && newborn->ended + STATUS_NS > now;
}

/* Whether all is told of it. One that is still there, if only as a zombie,
 * gets a row: that knows its end better. */
static bool
settle(struct observe *observe, struct newborn *newborn, uint64_t now,
       bool last)
{
	const struct watched *mother;

	if (is_there(newborn->pid)) {
		observe_found_at(observe, newborn->pid, newborn->parent, now,
		                 newborn->born, newborn->comm);
		if (observe_find(observe, newborn->pid))
			return true;
		/* It ended meanwhile, or is hidden from us. */
	}
	if (!last && is_early(observe, newborn, now))
		return false;
	if (!newborn->ended && !is_there(newborn->pid))
		newborn->ended = now;
	if (!newborn->comm[0])
		take_name(observe, newborn);
	nursery_forget(observe->nursery, newborn->pid);
	/* Who speaks for itself tells of its children too. */
	mother = observe_find(observe, newborn->parent);
	if (!mother || !mother->speaks)
		tell_all(observe, newborn);
	return true;
}

/* Whether its parent is among the first `count`, which are not told yet. */
static bool
is_waited_for(const struct nursery *nursery, pid_t parent, int count)
{
	for (int i = 0; i < count; i++)
		if (nursery->newborns[i].pid == parent)
			return true;
	return false;
}

void
nursery_settle(struct observe *observe, uint64_t now, bool last)
{
	struct nursery *nursery = observe->nursery;
	int kept = 0;

	/* Finding one may find its children, but adds none here. */
	for (int i = 0; i < nursery->count; i++) {
		struct newborn newborn = nursery->newborns[i];

		if (is_waited_for(nursery, newborn.parent, kept) ||
		    !settle(observe, &newborn, now, last))
			nursery->newborns[kept++] = newborn;
	}
	nursery->count = kept;
}
