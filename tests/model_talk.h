/* A model with two processes that talk through a channel, told by hand. */
#ifndef TESTS_MODEL_TALK_H
#define TESTS_MODEL_TALK_H

#include "test.h"

#include "core/model.h"

#include <string.h>

enum { SENDER = 10, RECEIVER = 20, OTHER = 30 };

#define CHANNEL channel_id(CHANNEL_IPC, SENDER, RECEIVER)

static inline bool
tell(struct model *model, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	event.tid = event.tid ? event.tid : event.pid;
	event.other_tid = event.other_tid ? event.other_tid : event.other_pid;
	return model_apply(model, &event, text);
}

static inline void
add_process(struct model *model, uint32_t pid)
{
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_BORN, .time = 1, .pid = pid},
	     "node");
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_TITLE, .time = 1, .pid = pid},
	     "role");
	tell(model,
	     (struct event){.kind = EVENT_THREAD_BORN,
	                    .time = 1,
	                    .pid = pid,
	                    .number = ROLE_MAIN},
	     "main");
}

static inline bool
announce(struct model *model, uint64_t channel, enum channel_type type,
         uint32_t a, uint32_t b, uint64_t port)
{
	return tell(model,
	            (struct event){.kind = EVENT_CHANNEL_BORN,
	                           .time = model->now,
	                           .channel = channel,
	                           .number = type,
	                           .value = port,
	                           .pid = a,
	                           .other_pid = b},
	            "name");
}

/* Two processes that speak for themselves, and a channel between them. */
static inline int
set_up(void **state)
{
	static struct model model;

	model_init(&model);
	add_process(&model, SENDER);
	add_process(&model, RECEIVER);
	announce(&model, CHANNEL, CHANNEL_IPC, SENDER, RECEIVER, 0);
	*state = &model;
	return 0;
}

static inline bool
post(struct model *model, uint64_t time, uint64_t channel, uint64_t number)
{
	return tell(model,
	            (struct event){.kind = EVENT_MESSAGE_SEND,
	                           .time = time,
	                           .channel = channel,
	                           .number = number,
	                           .size = 100,
	                           .pid = channel & 1 ? RECEIVER : SENDER},
	            "{hello}");
}

static inline bool
get(struct model *model, uint64_t time, uint64_t channel, uint64_t number)
{
	return tell(model,
	            (struct event){.kind = EVENT_MESSAGE_RECV,
	                           .time = time,
	                           .channel = channel,
	                           .number = number,
	                           .size = 100,
	                           .pid = channel & 1 ? SENDER : RECEIVER},
	            "{hello}");
}

static inline void
count_messages(struct model *model, uint32_t pid, uint64_t channel,
               uint64_t sent, uint64_t bytes, uint64_t received)
{
	tell(model,
	     (struct event){.kind = EVENT_CHANNEL_GAUGE,
	                    .time = model->now,
	                    .pid = pid,
	                    .channel = channel,
	                    .number = sent,
	                    .size = bytes,
	                    .value = received},
	     "");
}

static inline const struct flow *
flow_of(struct model *model, uint64_t channel, uint64_t number)
{
	const struct flow *flow = flow_find(&model->flows, channel, number);

	assert_non_null(flow);
	return flow;
}

#endif
