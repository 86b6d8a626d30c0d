/* What the lessons wait for: work, where it ran, and who had to wait. */
#include "lesson_parts.h"

#include <stdio.h>
#include <string.h>

/* Long enough to be seen in a lane. */
#define BLOCK_NS 200000000ull
#define WORK_NS 50000000ull
#define WAIT_NS 200000000ull
/* Below that the hundredths of a millisecond count. */
#define BRIEF_NS 10000000ull

/* ---- on the loop ---- */

/* What came while the loop was blocked, and was read after that or not yet. */
static unsigned
held_up(const struct lesson_look *look, const struct span *block)
{
	const struct flows *flows = &look->model->flows;
	unsigned count = 0;

	for (uint64_t id = flow_oldest(flows); id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		count += flow->wait_tid == block->tid && flow->sent &&
		         flow->sent >= block->begin &&
		         flow->sent < block->end &&
		         (!flow->received || flow->received >= block->end);
	}
	return count;
}

bool
lesson_saw_block(struct lesson_look *look)
{
	const struct span *block = lesson_span(look, ROLE_MAIN, true, BLOCK_NS);
	char length[16], events[32];

	if (!block)
		return false;
	pane_duration(block->end - block->begin, length);
	lesson_brief(look, "%s", length);
	return lesson_say(look, "%s kept the loop for %s; %s had to wait",
	                  block->name, length,
	                  lesson_count(held_up(look, block), "event", events));
}

/* The newest order of looptop's that waited: a loop that is blocked reads none.
 */
bool
lesson_saw_command(struct lesson_look *look)
{
	const struct flows *flows = &look->model->flows;
	char waited[16];

	for (uint64_t id = flows->newest; id >= flow_oldest(flows) && id;
	     id--) {
		const struct flow *flow = flow_at(flows, id);

		if (flow->from_pid != look->own_pid ||
		    flow->sent < look->since ||
		    flow->received < flow->sent + WAIT_NS)
			continue;
		pane_duration(flow->received - flow->sent, waited);
		lesson_brief(look, "%s", waited);
		return lesson_say(look,
		                  "your command waited %s in its channel, "
		                  "until the loop read it",
		                  waited);
	}
	return false;
}

/* ---- elsewhere ---- */

/* How the loop of the same process fared meanwhile. */
static bool
say_work(struct lesson_look *look, const struct span *work, const char *where)
{
	const struct lesson_talk talk =
	    lesson_answered(look, work->pid, work->begin, work->end);
	char length[16], worst[16], messages[32];

	pane_duration(work->end - work->begin, length);
	lesson_brief(look, "%s", length);
	return lesson_say(look, "%s: %s in %s; %s waited %s at most",
	                  work->name, length, where,
	                  lesson_count(talk.count, "message", messages),
	                  pane_duration(talk.worst, worst));
}

bool
lesson_saw_thread_work(struct lesson_look *look)
{
	const struct span *work =
	    lesson_span(look, ROLE_WORKER, false, WORK_NS);
	char where[48];

	return work &&
	       say_work(look, work,
	                lesson_thread(look, work->tid, where, sizeof(where)));
}

/* The stage is a child too, but not one of those it forks itself. */
bool
lesson_saw_child_work(struct lesson_look *look)
{
	const struct actors *actors = &look->model->actors;
	const struct span *work = lesson_span(look, ROLE_MAIN, false, WORK_NS);
	const struct process *process =
	    work ? actor_process(actors, work->pid) : NULL;
	char where[48], length[16];

	if (!process || process->how != BIRTH_FORK ||
	    process->ppid == look->own_pid ||
	    !actor_process(actors, process->ppid))
		return false;
	pane_duration(work->end - work->begin, length);
	lesson_brief(look, "%s", length);
	return lesson_say(look, "%s: %s in %s, process %u with %.1f MB",
	                  work->name, length,
	                  lesson_thread(look, work->tid, where, sizeof(where)),
	                  process->pid, process->rss_kb / 1024.0);
}

/* ---- buffers ---- */

/* What posting one took of the loop: the stage names it by how it was. */
static bool
saw_post(struct lesson_look *look, const char *how, const char *words)
{
	const struct model *model = look->model;
	uint64_t oldest =
	    model->span_count > SPANS ? model->span_count - SPANS : 0;

	for (uint64_t i = model->span_count; i > oldest; i--) {
		const struct span *span = &model->spans[(i - 1) % SPANS];
		uint64_t ns = span->end - span->begin;
		char length[24];

		if (span->begin < look->since ||
		    strncmp(span->name, how, strlen(how)) != 0)
			continue;
		if (ns < BRIEF_NS)
			snprintf(length, sizeof(length), "%.2f ms",
			         (double)ns / 1e6);
		else
			pane_duration(ns, length);
		lesson_brief(look, "%s", length);
		return lesson_say(look, "%s took %s of the loop: %s",
		                  span->name, length, words);
	}
	return false;
}

bool
lesson_saw_clone(struct lesson_look *look)
{
	return saw_post(look, "clone ", "each side has its own");
}

bool
lesson_saw_transfer(struct lesson_look *look)
{
	return saw_post(look, "transfer ", "they changed hands");
}

/* ---- the pool ---- */

bool
lesson_saw_pool_work(struct lesson_look *look)
{
	const struct span *work = lesson_span(look, ROLE_POOL, false, WORK_NS);
	char where[48];

	return work &&
	       say_work(look, work,
	                lesson_thread(look, work->tid, where, sizeof(where)));
}

bool
lesson_saw_pool_full(struct lesson_look *look)
{
	const struct actors *actors = &look->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (process->row.died || !process->pool_queued ||
		    process->pool_running < process->pool_slots)
			continue;
		lesson_brief(look, "%u", process->pool_queued);
		return lesson_say(look,
		                  "%u run, each in a thread of the pool; all "
		                  "are taken, and %u wait%s",
		                  process->pool_running, process->pool_queued,
		                  process->pool_queued == 1 ? "s" : "");
	}
	return false;
}

/* When the stage read the order for that work; 0: it is not known. */
static uint64_t
ordered_at(const struct lesson_look *look, const struct span *work)
{
	const struct flows *flows = &look->model->flows;

	for (uint64_t id = flows->newest; id >= flow_oldest(flows) && id;
	     id--) {
		const struct flow *flow = flow_at(flows, id);

		/* The preview of messages may be off. */
		if (flow->from_pid == look->own_pid &&
		    flow->received >= look->since &&
		    flow->received <= work->begin &&
		    (!flow->text[0] || strstr(flow->text, work->name)))
			return flow->received;
	}
	return 0;
}

bool
lesson_saw_pool_wait(struct lesson_look *look)
{
	const struct span *work = lesson_span(look, ROLE_POOL, false, 0);
	uint64_t ordered = work ? ordered_at(look, work) : 0;
	char length[16], waited[16];

	if (!ordered)
		return false;
	if (work->begin - ordered < WAIT_NS)
		return lesson_not_yet(look, "a thread of the pool was free: "
		                            "fill it first");
	pane_duration(work->end - work->begin, length);
	pane_duration(work->begin - ordered, waited);
	lesson_brief(look, "%s", waited);
	return lesson_say(look,
	                  "%s took %s, and before that waited %s for a "
	                  "thread",
	                  work->name, length, waited);
}

/* ---- races ---- */

/* How long a racer needed, of the newest that did this. */
static uint64_t
raced_for(const struct model *model, const char *name)
{
	uint64_t oldest =
	    model->span_count > SPANS ? model->span_count - SPANS : 0;
	uint64_t total = 0, count = 0;

	for (uint64_t i = model->span_count; i > oldest && count < 4; i--) {
		const struct span *span = &model->spans[(i - 1) % SPANS];

		if (strcmp(span->name, name) != 0)
			continue;
		total += span->end - span->begin;
		count++;
	}
	return count ? total / count : 0;
}

/* The sum is the stage's: it stands in its note. */
bool
lesson_saw_race(struct lesson_look *look)
{
	const char *note = lesson_note(look, "without Atomics");
	const char *sum = note ? strstr(note, "the sum is ") : NULL;
	long got, all;

	if (!sum)
		return false;
	if (sscanf(sum, "the sum is %ld, not %ld", &got, &all) != 2)
		return lesson_not_yet(look, "the sum is right, by luck: the "
		                            "threads hardly met. Once more");
	lesson_brief(look, "%ld", all - got);
	return lesson_say(look, "the sum is %ld, not %ld: %ld updates are lost",
	                  got, all, all - got);
}

bool
lesson_saw_atomics(struct lesson_look *look)
{
	const char *note = lesson_note(look, "with Atomics.add");
	const char *sum = note ? strstr(note, "the sum is ") : NULL;
	char plain[16], atomic[16];
	long got;

	if (!sum || sscanf(sum, "the sum is %ld", &got) != 1)
		return false;
	pane_duration(raced_for(look->model, "Atomics.add"), atomic);
	pane_duration(raced_for(look->model, "sum = sum + 1"), plain);
	lesson_brief(look, "%s", atomic);
	return lesson_say(look,
	                  "the sum is %ld, exactly; a thread needed %s for it, "
	                  "not %s",
	                  got, atomic, plain);
}
