/* A model in which findings are looked for. Times are milliseconds. */
#ifndef TESTS_MODEL_FINDINGS_H
#define TESTS_MODEL_FINDINGS_H

#include "model_lives.h"

enum { PRIMARY = 10, CHILD = 20, TEXT = 256 };

#define MS 1000000ull

/* Any event makes the rules be looked at. */
static inline void
pass(struct model *model, unsigned ms)
{
	tell(model,
	     (struct event){.kind = EVENT_LOST, .time = ms * MS, .pid = 1}, "");
}

static inline void
titled(struct model *model, unsigned ms, uint32_t pid, const char *title)
{
	tell(model,
	     (struct event){
		 .kind = EVENT_PROCESS_TITLE, .time = ms * MS, .pid = pid},
	     title);
}

static inline void
child(struct model *model, unsigned ms, uint32_t pid, uint32_t parent,
      enum birth how, const char *title)
{
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_BORN,
	                    .time = ms * MS,
	                    .pid = pid,
	                    .other_pid = parent,
	                    .number = how},
	     "looptop @child");
	tell(model,
	     (struct event){.kind = EVENT_THREAD_BORN,
	                    .time = ms * MS,
	                    .pid = pid,
	                    .number = ROLE_MAIN},
	     title);
	titled(model, ms, pid, title);
}

/* A process whose loop answers. */
static inline void
server(struct model *model, unsigned ms, uint32_t pid)
{
	child(model, ms, pid, 1, BIRTH_RUN, "server");
	tell(model,
	     (struct event){.kind = EVENT_CHANNEL_BORN,
	                    .time = ms * MS,
	                    .pid = pid,
	                    .channel = channel_id(CHANNEL_LISTEN, pid, 80),
	                    .number = CHANNEL_LISTEN,
	                    .value = 80},
	     "");
	tell(model,
	     (struct event){.kind = EVENT_LOOP_TURNS,
	                    .time = ms * MS,
	                    .pid = pid,
	                    .number = 1},
	     "");
}

/* The finding of a rule that is told now; NULL: none. */
static inline const struct finding *
told(const struct model *model, enum finding_rule rule)
{
	const struct finding *list[FINDINGS];
	int count = findings_list(model, list, FINDINGS);

	for (int i = 0; i < count; i++)
		if (list[i]->rule == rule)
			return list[i];
	return NULL;
}

static inline void
assert_told(const struct model *model, enum finding_rule rule,
            const char *sentence)
{
	const struct finding *finding = told(model, rule);
	char text[TEXT];

	assert_non_null(finding);
	findings_text(model, finding, text, sizeof(text));
	assert_string_equal(text, sentence);
}

#endif
