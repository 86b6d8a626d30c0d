/*
 * What those who are watched say themselves: the runtime, and the agent in
 * real Node. They may do so before we have seen them, or when they are gone.
 */
#include "nursery.h"

#include <stdio.h>
#include <unistd.h>

/* It was seen to end before its parent's word came. */
static bool
is_gone(const struct observe *observe, pid_t pid)
{
	for (int i = 0; i < observe->count; i++)
		if (observe->rows[i]->pid == pid && observe->rows[i]->dead)
			return true;
	return false;
}

static void
hear_born(struct observe *observe, const struct event *event)
{
	struct watched *process = observe_find(observe, (pid_t)event->pid);
	struct fact fact;

	/* looptop is one end of channels, but it is not what is studied. */
	if ((pid_t)event->pid == getpid())
		return;
	if (!process && is_gone(observe, (pid_t)event->pid))
		return;
	if (!process)
		process =
		    observe_add_row(observe, (pid_t)event->pid, event->time);
	if (!process)
		return;
	nursery_told(observe->nursery, process->pid, event->time);
	if (!process->announced)
		nursery_count(observe->nursery);
	process->heard = process->announced = true;
	process->ppid = (pid_t)event->other_pid;
	process->how = (uint8_t)event->number;
	if (facts_glance(observe->facts, process->pid, &fact) == 0)
		watched_take_facts(process, &fact);
}

/* A parent was told of an end: if we have not seen it, this is it. */
static void
hear_exit(struct observe *observe, const struct event *event)
{
	struct watched *process =
	    observe_find(observe, (pid_t)event->other_pid);

	if (process && process->announced)
		observe_tell_death(
		    observe, process, (enum death)event->number,
		    (int)event->value,
		    process->ended ? process->ended : event->time);
}

static void
hear_thread(struct observe *observe, const struct event *event)
{
	struct watched *process = observe_find(observe, (pid_t)event->pid);

	if (process)
		watched_hear_thread(observe, process, (pid_t)event->tid,
		                    event->time);
	else if (event->tid != event->pid)
		nursery_count(observe->nursery);
}

static struct watched_thread *
find_thread(struct observe *observe, const struct event *event)
{
	struct watched *process = observe_find(observe, (pid_t)event->pid);

	return process ? watched_thread(process, (pid_t)event->tid) : NULL;
}

/* A loop tells of itself what need not be told by us. */
static void
hear_gauge(struct observe *observe, const struct event *event)
{
	struct watched_thread *thread = find_thread(observe, event);

	if (thread)
		thread->tells = true;
}

void
observe_cause(struct observe *observe, const struct event *event,
              const char *text)
{
	const struct watched_thread *thread = find_thread(observe, event);
	struct watched_loop *loop = thread ? thread->loop : NULL;

	/* An answer that comes too late speaks of something else. */
	if (loop && loop->watch.blocked)
		snprintf(loop->cause, sizeof(loop->cause), "%.*s",
		         (int)event->text, text);
}

void
observe_tell_cause(struct observe *observe, const struct event *event)
{
	struct watched *process = observe_find(observe, (pid_t)event->pid);
	struct watched_thread *thread = find_thread(observe, event);
	const struct watched_loop *loop = thread ? thread->loop : NULL;

	if (loop && loop->watch.blocked && loop->cause[0])
		watched_tell_cause(observe, process, thread, event->time);
}

/* Says that it is there. A child can be quicker than its parent's
 * announcement. */
static void
hear_self(struct observe *observe, const struct event *event)
{
	struct watched *process = observe_find(observe, (pid_t)event->pid);

	if (!process && (pid_t)event->pid != getpid())
		process =
		    observe_add_row(observe, (pid_t)event->pid, event->time);
	if (process && event->kind == EVENT_AGENT)
		process->agent = true;
	else if (process)
		process->speaks = true;
}

void
observe_hear(struct observe *observe, const struct event *event)
{
	switch (event->kind) {
	case EVENT_PROCESS_BORN:
		hear_born(observe, event);
		break;
	case EVENT_PROCESS_EXIT:
		hear_exit(observe, event);
		break;
	case EVENT_THREAD_BORN:
		hear_thread(observe, event);
		break;
	case EVENT_LOOP_GAUGE:
		hear_gauge(observe, event);
		break;
	case EVENT_AGENT:
		hear_self(observe, event);
		break;
	case EVENT_PROCESS_TITLE:
		/* What a parent calls its child is not the child's word. */
		if (event->number != WITNESS_AGENT)
			hear_self(observe, event);
		break;
	default:
		break;
	}
}
