/* A model that is told of births and deaths by hand. */
#ifndef TESTS_MODEL_LIVES_H
#define TESTS_MODEL_LIVES_H

#include "test.h"

#include "core/model.h"

#include <string.h>

static inline int
set_up(void **state)
{
	static struct model model;

	model_init(&model);
	*state = &model;
	return 0;
}

static inline bool
tell(struct model *model, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	if (!event.tid)
		event.tid = event.pid;
	return model_apply(model, &event, text);
}

static inline bool
born(struct model *model, uint64_t time, uint32_t pid)
{
	return tell(model,
	            (struct event){.kind = EVENT_PROCESS_BORN,
	                           .time = time,
	                           .pid = pid,
	                           .other_pid = 1,
	                           .number = BIRTH_FORK},
	            "node server.js");
}

static inline bool
died(struct model *model, uint64_t time, uint32_t pid, enum death death,
     uint64_t status)
{
	return tell(model,
	            (struct event){.kind = EVENT_PROCESS_DIED,
	                           .time = time,
	                           .pid = pid,
	                           .number = death,
	                           .value = status},
	            "");
}

static inline bool
thread_ran(struct model *model, uint64_t time, uint32_t pid, uint32_t tid)
{
	return tell(model,
	            (struct event){.kind = EVENT_THREAD_GAUGE,
	                           .time = time,
	                           .pid = pid,
	                           .tid = tid,
	                           .number = 1000,
	                           .value = 500},
	            "");
}

static inline const struct thread *
thread_of(const struct model *model, uint32_t tid)
{
	return actor_thread(&model->actors, tid);
}

#endif
