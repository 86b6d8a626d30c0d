/*
 * The parts of the model: one function for each kind of event, for model.c to
 * call. Each returns whether the event was news. Not for other modules.
 */
#ifndef CORE_MODEL_PARTS_H
#define CORE_MODEL_PARTS_H

#include "model.h"

typedef bool model_part(struct model *model, const struct event *event,
                        const char *text);

model_part model_process_born;
model_part model_process_died;
model_part model_process_told;
model_part model_process_zombie;
model_part model_output_kept;
model_part model_thread_born;
model_part model_thread_died;
model_part model_thread_role;
model_part model_process_title;
model_part model_agent;
model_part model_process_exec;
model_part model_process_gauge;
model_part model_pool_gauge;
model_part model_channel_born;
model_part model_channel_died;
model_part model_message_send;
model_part model_message_recv;
model_part model_channel_gauge;
model_part model_channel_queue;
model_part model_request;
model_part model_span_event;
model_part model_loop_blocked;
model_part model_loop_cause;
model_part model_loop_freed;
model_part model_loop_turns;
model_part model_loop_gauge;
model_part model_thread_gauge;

/* Keeps an event's text, cleaned, in a field of the model. */
void model_keep(char *into, size_t room, const struct event *event,
                const char *text);

/* The thread an event speaks of, made known now if its process is alive:
 * threads are often heard before anybody announced them. NULL: unknown. */
struct thread *model_thread(struct model *model, uint32_t pid, uint32_t tid,
                            uint64_t time);

/* time - length, and 0 when a nonsensical length would go below it. */
static inline uint64_t
model_before(uint64_t time, uint64_t length)
{
	return length < time ? time - length : 0;
}

#endif
