#include "lesson_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- what is said ---- */

bool
lesson_say(struct lesson_look *look, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(look->text, sizeof(look->text), format, list);
	va_end(list);
	return true;
}

bool
lesson_brief(struct lesson_look *look, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(look->brief, sizeof(look->brief), format, list);
	va_end(list);
	return true;
}

bool
lesson_not_yet(struct lesson_look *look, const char *why)
{
	snprintf(look->text, sizeof(look->text), "%s", why);
	return false;
}

const char *
lesson_count(uint64_t count, const char *what, char into[32])
{
	snprintf(into, 32, "%llu %s%s", (unsigned long long)count, what,
	         count == 1 ? "" : "s");
	return into;
}

const char *
lesson_thread(const struct lesson_look *look, uint32_t tid, char *into,
              size_t room)
{
	const struct thread *thread = actor_thread(&look->model->actors, tid);

	if (thread)
		return model_thread_label(look->model, thread, into, room);
	snprintf(into, room, "thread %u", tid);
	return into;
}

/* ---- what is looked for ---- */

const struct span *
lesson_span(const struct lesson_look *look, enum role role, bool blocked,
            uint64_t least)
{
	const struct model *model = look->model;
	uint64_t oldest =
	    model->span_count > SPANS ? model->span_count - SPANS : 0;

	for (uint64_t i = model->span_count; i > oldest; i--) {
		const struct span *span = &model->spans[(i - 1) % SPANS];
		const struct thread *thread =
		    actor_thread(&model->actors, span->tid);

		if (thread && thread->role == role &&
		    span->blocked == blocked && span->begin >= look->since &&
		    span->end - span->begin >= least)
			return span;
	}
	return NULL;
}

const struct process *
lesson_process(const struct lesson_look *look, enum birth how, lesson_is *is)
{
	const struct actors *actors = &look->model->actors;
	const struct process *found = NULL;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (process->how != how || process->ppid == look->own_pid ||
		    !actor_process(actors, process->ppid))
			continue;
		if ((!found || process->row.born > found->row.born) &&
		    is(look, process))
			found = process;
	}
	return found;
}

const char *
lesson_note(const struct lesson_look *look, const char *words)
{
	const struct model *model = look->model;
	uint64_t oldest =
	    model->note_count > NOTES_KEPT ? model->note_count - NOTES_KEPT : 0;

	for (uint64_t i = model->note_count; i > oldest; i--) {
		const struct note_row *note =
		    &model->notes[(i - 1) % NOTES_KEPT];

		if (note->time >= look->since && strstr(note->text, words))
			return note->text;
	}
	return NULL;
}

static void
hear(struct lesson_talk *talk, const struct flow *flow)
{
	/* Two clocks read on two CPUs. */
	uint64_t latency =
	    flow->received > flow->sent ? flow->received - flow->sent : 0;

	talk->count++;
	talk->total += latency;
	if (latency > talk->worst)
		talk->worst = latency;
}

struct lesson_talk
lesson_heard(const struct lesson_look *look, enum channel_type type)
{
	const struct flows *flows = &look->model->flows;
	struct lesson_talk talk = {0};

	for (uint64_t id = flow_oldest(flows); id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		if (flow->received && flow->sent >= look->since &&
		    channel_id_type(flow->channel) == type &&
		    flow->from_pid != look->own_pid &&
		    flow->to_pid != look->own_pid)
			hear(&talk, flow);
	}
	return talk;
}

struct lesson_talk
lesson_answered(const struct lesson_look *look, uint32_t pid, uint64_t from,
                uint64_t to)
{
	const struct flows *flows = &look->model->flows;
	struct lesson_talk talk = {0};

	for (uint64_t id = flow_oldest(flows); id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		if (flow->sent && flow->received >= from &&
		    flow->received <= to && flow->to_tid == pid)
			hear(&talk, flow);
	}
	return talk;
}
