/* Tells what was found out about loops: that they are some, that they turn, are
 * blocked, are free. */
#include "watched.h"

static enum method
method_of(const struct watched_loop *loop)
{
	return loop->ring.fd >= 0 ? METHOD_SWITCHES : METHOD_SAMPLES;
}

static void
tell_block(struct observe *observe, struct watched *process,
           struct watched_thread *thread, enum event_kind kind, uint64_t time,
           uint64_t length)
{
	struct watched_loop *loop = thread->loop;
	struct event event = {
	    .kind = (uint8_t)kind,
	    .time = time,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .number = loop->cause[0] ? WITNESS_AGENT : WITNESS_OUTSIDE,
	    .size = method_of(loop),
	    .value = length,
	};

	observe_tell(observe, &event,
	             loop->cause[0] ? loop->cause : loop->watch.cause);
	if (kind == EVENT_LOOP_FREED)
		loop->cause[0] = '\0';
}

void
watched_tell_cause(struct observe *observe, struct watched *process,
                   struct watched_thread *thread, uint64_t now)
{
	uint64_t since = thread->loop->watch.out_since;

	tell_block(observe, process, thread, EVENT_LOOP_BLOCKED, now,
	           now > since ? now - since : 0);
}

static void
tell_found(struct observe *observe, struct watched *process,
           struct watched_thread *thread, uint64_t now)
{
	struct event event = {
	    .kind = EVENT_LOOP_GAUGE,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .channel = EVENT_LAGS_UNKNOWN,
	    .number = method_of(thread->loop),
	};

	/* Who tells its own gauges is known to be one. */
	if (!thread->tells)
		observe_tell(observe, &event, NULL);
	thread->loop->turned = thread->loop->measured = thread->used;
	thread->loop->turned_at = now;
}

void
watched_tell_news(struct observe *observe, struct watched *process,
                  struct watched_thread *thread, enum loop_news news, bool told,
                  uint64_t now, uint64_t length)
{
	uint64_t freed = thread->loop->watch.freed;

	if (news == LOOP_FOUND)
		tell_found(observe, process, thread, now);
	if (news == LOOP_BLOCKS)
		tell_block(observe, process, thread, EVENT_LOOP_BLOCKED, now,
		           length);
	if (news == LOOP_IS_FREE && !told)
		tell_block(observe, process, thread, EVENT_LOOP_BLOCKED, freed,
		           length);
	if (news == LOOP_IS_FREE)
		tell_block(observe, process, thread, EVENT_LOOP_FREED, freed,
		           length);
}

void
watched_end_block(struct observe *observe, struct watched *process,
                  struct watched_thread *thread, uint64_t now)
{
	struct loop_watch *watch;

	if (!thread->loop || !thread->loop->watch.blocked || process->speaks)
		return;
	watch = &thread->loop->watch;
	watch->blocked = false;
	watch->freed = now;
	watched_tell_news(observe, process, thread, LOOP_IS_FREE, true, now,
	                  now > watch->out_since ? now - watch->out_since : 0);
}

void
watched_tell_turns(struct observe *observe, struct watched *process,
                   struct watched_thread *thread, uint64_t now)
{
	struct watched_loop *loop = thread->loop;
	struct event event = {
	    .kind = EVENT_LOOP_TURNS,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .size = now - loop->turned_at,
	    .value = thread->used - loop->turned,
	};

	if (event.value)
		observe_tell(observe, &event, NULL);
	loop->turned = thread->used;
	loop->turned_at = now;
}
