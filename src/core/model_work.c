/* The model's loops and threads at work: spans, blocks, gauges. */
#include "model_parts.h"

#include "place.h"
#include "text.h"

#include <string.h>

/* What there is for people of an event's cause. */
static void
keep_cause(char *into, size_t room, const struct event *event, const char *text)
{
	text_clean(into, room, text, place_words(text, event->text));
}

static void
keep_span(struct model *model, const struct event *event, const char *text,
          bool blocked)
{
	struct span *span = &model->spans[model->span_count++ % SPANS];

	memset(span, 0, sizeof(*span));
	span->pid = event->pid;
	span->tid = event->tid;
	span->end = event->time;
	span->begin =
	    event->value < event->time ? event->time - event->value : 0;
	span->blocked = blocked;
	keep_cause(span->name, sizeof(span->name), event, text);
}

static struct lane *
lane_at(struct model *model, struct thread *thread, uint64_t time)
{
	struct lane *lane = actor_lane(&model->actors, thread);

	if (lane)
		actor_advance_lane(lane, time);
	return lane;
}

bool
model_span_event(struct model *model, const struct event *event,
                 const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	struct lane *lane;

	if (!thread)
		return true;
	if (event->kind == EVENT_SPAN_BEGIN) {
		thread->span_since = event->time;
		model_keep(thread->span, sizeof(thread->span), event, text);
		return true;
	}
	thread->span_since = 0;
	keep_span(model, event, text, false);
	lane = lane_at(model, thread, event->time);
	if (!lane)
		return true;
	/* Pool threads have no loop to tell of their work. */
	if (thread->role == ROLE_POOL)
		series_add(&lane->series, lane->busy,
		           model_before(event->time, event->value), event->time,
		           event->value);
	series_mark(&lane->series, lane->flags,
	            model_before(event->time, event->value), event->time,
	            LANE_SPAN);
	return true;
}

/* How a witness outside sees the loop; others do not say. */
static void
keep_method(struct loop_state *loop, uint64_t method)
{
	if (method != METHOD_UNKNOWN && method < METHODS)
		loop->method = (uint8_t)method;
}

bool
model_loop_blocked(struct model *model, const struct event *event,
                   const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);

	if (!thread)
		return true;
	thread->loop.exists = true;
	thread->loop.blocked_since = model_before(event->time, event->value);
	thread->loop.witness =
	    event->number < WITNESSES ? (uint8_t)event->number : 0;
	keep_method(&thread->loop, event->size);
	keep_cause(thread->loop.cause, sizeof(thread->loop.cause), event, text);
	return true;
}

/* It is asked now and then: the same answer again is no news. */
bool
model_loop_cause(struct model *model, const struct event *event,
                 const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	struct loop_state *loop;
	char before[CAUSE_BYTES];
	bool knew;

	if (!thread || !thread->loop.blocked_since)
		return false; /* the answer came too late */
	loop = &thread->loop;
	knew = loop->witness == WITNESS_AGENT;
	memcpy(before, loop->cause, sizeof(before));
	loop->witness = WITNESS_AGENT;
	keep_cause(loop->cause, sizeof(loop->cause), event, text);
	return !knew || strcmp(before, loop->cause) != 0;
}

bool
model_loop_freed(struct model *model, const struct event *event,
                 const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	struct totals *totals = &model->totals;
	struct loop_state *loop;
	struct lane *lane;

	totals->blocks++;
	totals->block_total += event->value;
	if (event->value > totals->block_max)
		totals->block_max = event->value;
	if (!thread)
		return true;
	loop = &thread->loop;
	loop->exists = true;
	loop->blocked_since = 0;
	loop->blocks++;
	loop->block_total += event->value;
	if (event->value > loop->block_max)
		loop->block_max = event->value;
	keep_span(model, event, text, true);
	lane = lane_at(model, thread, event->time);
	if (lane)
		series_mark(&lane->series, lane->flags,
		            model_before(event->time, event->value),
		            event->time, LANE_BLOCKED);
	return true;
}

bool
model_loop_turns(struct model *model, const struct event *event,
                 const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	struct lane *lane;

	(void)text;
	if (!thread)
		return true;
	thread->loop.exists = true;
	thread->loop.has_turns = true;
	thread->loop.turns += event->number;
	/* A loop that turns is in no span: the record of its end was lost. */
	if (event->number && thread->loop.witness == WITNESS_RUNTIME) {
		thread->span_since = 0;
		thread->loop.blocked_since = 0;
	}
	lane = lane_at(model, thread, event->time);
	if (lane)
		series_add(&lane->series, lane->busy,
		           model_before(event->time, event->size), event->time,
		           event->value);
	return true;
}

bool
model_loop_gauge(struct model *model, const struct event *event,
                 const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	struct loop_state *loop;
	struct lane *lane;

	if (!thread)
		return true;
	loop = &thread->loop;
	loop->exists = true;
	loop->window = event->size;
	loop->busy = event->value;
	lane = actor_lane(&model->actors, thread);
	loop->has_lag = event->channel != EVENT_LAGS_UNKNOWN;
	if (!loop->has_lag) {
		keep_method(loop, event->number);
		return true;
	}
	loop->lag_p50 = (event->channel & UINT32_MAX) * 1000;
	loop->lag_p99 = (event->channel >> 32) * 1000;
	loop->lag_max = event->number;
	if (lane)
		lag_read(&lane->lags, text, event->number);
	return true;
}

bool
model_thread_gauge(struct model *model, const struct event *event,
                   const char *text)
{
	struct thread *thread =
	    model_thread(model, event->pid, event->tid, event->time);
	uint8_t *rings[2];
	struct lane *lane;
	uint64_t begin = model_before(event->time, event->number);

	(void)text;
	if (!thread)
		return true;
	thread->cpu_ns += event->value;
	thread->wait_ns += event->size;
	rings[0] = thread->cpu;
	rings[1] = thread->wait;
	series_advance(&thread->cpu_series, rings, 2, event->time);
	series_add(&thread->cpu_series, thread->cpu, begin, event->time,
	           event->value);
	series_add(&thread->cpu_series, thread->wait, begin, event->time,
	           event->size);
	/* Seen from outside, CPU is the best that is known of a loop. */
	if (!thread->lane || thread->loop.has_turns ||
	    thread->role == ROLE_POOL)
		return true;
	lane = lane_at(model, thread, event->time);
	if (lane)
		series_add(&lane->series, lane->busy, begin, event->time,
		           event->value);
	return true;
}
