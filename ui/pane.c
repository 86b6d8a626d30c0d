#include "pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pane panes[PANES] = {
#define PANE(id, key, title, draw, list, words) \
	[id] = {key, title, draw, list, words},
#include "panes.def"
#undef PANE
};

enum { RECENT_NS = 200000000, BUSY_LEAST = 6, QUIET_NS = 20000000 };

enum activity
pane_activity(const struct view *view, const struct thread *thread)
{
	const struct lane *lane = actor_find_lane(&view->model->actors, thread);
	uint64_t since = view->now > RECENT_NS ? view->now - RECENT_NS : 0;
	bool busy = thread->span_since != 0;

	if (thread->loop.blocked_since)
		return ACTIVITY_BLOCKED;
	if (lane)
		busy |= series_most(&lane->series, lane->busy, since,
		                    view->now) >= BUSY_LEAST;
	else
		busy |= model_thread_cpu(view->model, thread) >= 20;
	if (busy)
		return ACTIVITY_RUNNING;
	return lane || thread->loop.exists ? ACTIVITY_IDLE : ACTIVITY_NONE;
}

void
pane_put_activity(const struct area *area, int row, int col,
                  enum activity activity)
{
	static const struct {
		uint32_t glyph;
		const char *word;
		enum style style;
	} looks[] = {
	    [ACTIVITY_NONE] = {0xb7, "-", STYLE_IDLE},
	    [ACTIVITY_IDLE] = {0x25cb, "idle", STYLE_IDLE},
	    [ACTIVITY_RUNNING] = {0x25cf, "running", STYLE_RUNNING},
	    [ACTIVITY_BLOCKED] = {0x25a0, "BLOCKED", STYLE_BLOCKED},
	};

	area_put(area, row, col, looks[activity].glyph, looks[activity].style);
	area_text(area, row, col + 2, looks[activity].style,
	          looks[activity].word);
}

void
pane_put_link(const struct area *area, int row, int col, int cols,
              enum link link)
{
	if (!link)
		return;
	area_put(area, row, 0, 0x258c, STYLE_LINKED_MARK);
	area_link(area, row, col, cols);
}

void
pane_put_cursor(const struct area *area, int row, int cols)
{
	area_restyle(area, row, 0, cols, STYLE_SELECT);
	area_mark(area, row, 0);
}

/* ---- lanes ---- */

static int
rank_of(const struct thread *thread)
{
	if (thread->loop.answers)
		return 0;
	if (thread->role == ROLE_MAIN)
		return 1;
	if (thread->role == ROLE_WORKER)
		return 2;
	return thread->role == ROLE_POOL ? 3 : 4;
}

static int
compare_lanes(const void *left, const void *right)
{
	const struct thread *a = *(const struct thread *const *)left;
	const struct thread *b = *(const struct thread *const *)right;

	if (rank_of(a) != rank_of(b))
		return rank_of(a) - rank_of(b);
	/* The threads of a process stand together. */
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	/* Not by birth: of children forked at once the last may be heard
	 * first. */
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

int
pane_lanes(const struct view *view, const struct thread **lanes, int room)
{
	const struct actors *actors = &view->model->actors;
	int count = 0;

	for (uint32_t i = 0; i < actors->thread_table.count && count < room;
	     i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->pid == view->own_pid ||
		    (!thread->loop.exists && !thread->lane))
			continue;
		/* Loops that a library keeps for itself, as V8 does. */
		if (thread->role == ROLE_OTHER && thread->cpu_ns < QUIET_NS)
			continue;
		if (thread->row.died &&
		    view->now > thread->row.died + PANE_LINGER_NS)
			continue;
		lanes[count++] = thread;
	}
	qsort(lanes, (size_t)count, sizeof(*lanes), compare_lanes);
	return count;
}

/* Whether another process that lives would be called the same. */
static bool
has_namesake(const struct view *view, const struct process *process,
             const char *label)
{
	const struct actors *actors = &view->model->actors;
	char other[NAME_BYTES];

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *row = &actors->processes[i];

		if (row != process && !row->row.died &&
		    strcmp(model_process_label(row, other, sizeof(other)),
		           label) == 0)
			return true;
	}
	return false;
}

const char *
pane_label(const struct view *view, const struct thread *thread, char *into,
           size_t room)
{
	const struct process *process =
	    actor_process(&view->model->actors, thread->pid);
	size_t length;

	model_thread_label(view->model, thread, into, room);
	if (thread->tid != thread->pid ? !thread->namesake
	                               : !process || process->title[0] ||
	                                     !has_namesake(view, process, into))
		return into;
	length = strlen(into);
	snprintf(into + length, room - length, " %u", thread->pid);
	return into;
}

const char *
pane_duration(uint64_t ns, char into[16])
{
	if (ns < 10000000)
		snprintf(into, 16, "%.1f ms", (double)ns / 1e6);
	else if (ns < 1000000000)
		snprintf(into, 16, "%.0f ms", (double)ns / 1e6);
	else if (ns < 100000000000)
		snprintf(into, 16, "%.2f s", (double)ns / 1e9);
	else
		snprintf(into, 16, "%.0f s", (double)ns / 1e9);
	return into;
}

const char *
pane_end(const struct process *process, char *into, size_t room)
{
	const char *name = sigabbrev_np(process->status);

	if (process->death == DEATH_CODE)
		snprintf(into, room, "exit %d", process->status);
	else if (process->death == DEATH_SIGNAL)
		snprintf(into, room, "SIG%s", name ? name : "?");
	else
		snprintf(into, room, "ended");
	return into;
}

bool
pane_is_zombie(const struct process *process)
{
	return process->row.died && process->zombie && !process->told;
}

uint32_t
pane_block(int level)
{
	if (level < 1)
		level = 1;
	if (level > 8)
		level = 8;
	return 0x2580 + (uint32_t)level;
}
