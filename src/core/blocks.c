#include "blocks.h"

#include <string.h>

static void
put(struct stream *stream, enum event_kind kind, const struct thread *thread,
    uint64_t time, uint64_t length, const char *cause)
{
	struct event event = {
	    .magic = EVENT_MAGIC,
	    .kind = (uint8_t)kind,
	    .text = (uint16_t)strlen(cause),
	    .time = time,
	    .pid = thread->pid,
	    .tid = thread->tid,
	    .number = WITNESS_RUNTIME,
	    .value = length,
	};

	stream_event(stream, &event, cause);
}

void
blocks_tick(const struct model *model, struct stream *stream, uint64_t now)
{
	const struct actors *actors = &model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		uint64_t since = thread->span_since;

		if (!since || thread->row.died || !thread->loop.answers ||
		    thread->loop.blocked_since ||
		    now < since + MODEL_BLOCKED_NS)
			continue;
		put(stream, EVENT_LOOP_BLOCKED, thread, now, now - since,
		    thread->span);
	}
}

bool
blocks_put(void *data, const struct event *event, const char *text)
{
	const struct blocks *blocks = data;
	const struct thread *thread;

	if (event->kind != EVENT_SPAN_END || event->value < MODEL_BLOCKED_NS)
		return true;
	thread = actor_thread(&blocks->model->actors, event->tid);
	if (!thread || thread->row.died || !thread->loop.answers)
		return true;
	if (!thread->loop.blocked_since)
		put(blocks->stream, EVENT_LOOP_BLOCKED, thread, event->time,
		    event->value, text);
	put(blocks->stream, EVENT_LOOP_FREED, thread, event->time, event->value,
	    text);
	return true;
}
