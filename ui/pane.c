#include "pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pane panes[PANES] = {
#define PANE(id, key, title, draw, rows, words) \
	[id] = {key, title, draw, rows, words},
#include "panes.def"
#undef PANE
};

enum { RECENT_NS = 200000000, BUSY_LEAST = 6, QUIET_NS = 20000000 };
#define LINGER_NS 3000000000ull

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
		    view->now > thread->row.died + LINGER_NS)
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
	if (thread->tid != thread->pid || !process || process->title[0] ||
	    !has_namesake(view, process, into))
		return into;
	length = strlen(into);
	snprintf(into + length, room - length, " %u", process->pid);
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

uint32_t
pane_block(int level)
{
	if (level < 1)
		level = 1;
	if (level > 8)
		level = 8;
	return 0x2580 + (uint32_t)level;
}

/* ---- the process tree ---- */

enum { ENDED_SHOWN = 12 };

struct tree {
	const struct view *view;
	struct tree_row *rows;
	int count, room;
	uint64_t since; /* deaths before that are not shown any more */
};

/* A shell script ends children by the hundred: of those that have ended lately
 * the newest are shown. */
static uint64_t
oldest_shown(const struct view *view)
{
	const struct actors *actors = &view->model->actors;
	uint64_t newest[ENDED_SHOWN] = {0}; /* falling */

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		uint64_t died = actors->processes[i].row.died;

		for (int k = 0; died && k < ENDED_SHOWN; k++)
			if (died > newest[k]) {
				uint64_t less = newest[k];

				newest[k] = died;
				died = less;
			}
	}
	return view->now > newest[ENDED_SHOWN - 1] + LINGER_NS
	           ? view->now - LINGER_NS
	           : newest[ENDED_SHOWN - 1];
}

static bool
is_shown(const struct tree *tree, const struct process *process)
{
	return process->pid != tree->view->own_pid &&
	       (!process->row.died || process->row.died > tree->since);
}

static bool
has_parent(const struct tree *tree, const struct process *process)
{
	const struct process *parent =
	    actor_process(&tree->view->model->actors, process->ppid);

	return parent && is_shown(tree, parent);
}

/* A child of `parent`, or of nobody that is shown (parent 0). */
static bool
is_child(const struct tree *tree, const struct process *process,
         uint32_t parent)
{
	if ((parent && process->ppid != parent) || !is_shown(tree, process))
		return false;
	return parent ? has_parent(tree, process) : !has_parent(tree, process);
}

static struct tree_row *
add_row(struct tree *tree, const struct process *process, int depth,
        uint32_t bars)
{
	struct tree_row *row;

	if (tree->count == tree->room)
		return NULL;
	row = &tree->rows[tree->count++];
	*row = (struct tree_row){process, NULL, depth, bars, false};
	return row;
}

static void
add_threads(struct tree *tree, const struct process *process, int depth,
            uint32_t bars)
{
	const struct actors *actors = &tree->view->model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		struct tree_row *row;

		if (thread->pid != process->pid || thread->row.died ||
		    thread->tid == thread->pid)
			continue;
		row = add_row(tree, process, depth, bars);
		if (row)
			row->thread = thread;
	}
}

/* The children of `parent`, each with its own below it. */
static void
add_children(struct tree *tree, uint32_t parent, int depth, uint32_t bars)
{
	const struct actors *actors = &tree->view->model->actors;
	int last = -1;

	for (uint32_t i = 0; i < actors->process_table.count; i++)
		if (is_child(tree, &actors->processes[i], parent))
			last = (int)i;
	for (int i = 0; i <= last && depth < 31; i++) {
		const struct process *process = &actors->processes[i];
		uint32_t below = i == last ? bars : bars | 1u << depth;
		struct tree_row *row;

		if (!is_child(tree, process, parent))
			continue;
		row = add_row(tree, process, depth, bars);
		if (!row)
			return;
		row->last = i == last;
		if (tree->view->threads)
			add_threads(tree, process, depth + 1, below);
		add_children(tree, process->pid, depth + 1, below);
	}
}

int
tree_rows(const struct view *view, struct tree_row *rows, int room)
{
	struct tree tree = {view, rows, 0, room, oldest_shown(view)};

	if (view->own_pid)
		add_row(&tree, NULL, 0, 0);
	add_children(&tree, 0, view->own_pid ? 1 : 0, 0);
	return tree.count;
}
