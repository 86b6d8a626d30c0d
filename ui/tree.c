#include "tree.h"

#include "pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 31, ENDED_SHOWN = 12 };

struct tree {
	const struct view *view;
	const struct tree_wish *wish;
	struct tree_row *rows;
	int count, room;
	uint64_t since; /* deaths before that are not shown any more */
	/* by their index in the model */
	bool kept[PROCESSES];
	unsigned cpu[PROCESSES];
};

static const struct tree_wish all;

const char *
tree_sort_name(enum tree_sort sort)
{
	static const char *const names[SORTS] = {
	    [SORT_TREE] = "tree", [SORT_CPU] = "cpu%", [SORT_RSS] = "rss",
	    [SORT_NAME] = "name", [SORT_PID] = "pid",
	};

	return names[sort];
}

bool
tree_matches(const struct process *process, const char *text)
{
	char label[NAME_BYTES], pid[16];

	model_process_label(process, label, sizeof(label));
	snprintf(pid, sizeof(pid), "%u", process->pid);
	return strcasestr(label, text) || strcasestr(process->command, text) ||
	       strstr(pid, text);
}

/* ---- folding ---- */

bool
tree_is_folded(const struct tree_wish *wish, uint32_t pid)
{
	for (int i = 0; i < wish->folded_count; i++)
		if (wish->folded[i] == pid)
			return true;
	return false;
}

void
tree_fold(struct tree_wish *wish, uint32_t pid)
{
	for (int i = 0; i < wish->folded_count; i++)
		if (wish->folded[i] == pid) {
			wish->folded[i] = wish->folded[--wish->folded_count];
			return;
		}
	if (wish->folded_count < TREE_FOLDED)
		wish->folded[wish->folded_count++] = pid;
}

/* ---- what is kept ---- */

static int
index_of(const struct tree *tree, const struct process *process)
{
	return (int)(process - tree->view->model->actors.processes);
}

static bool
is_shown(const struct tree *tree, const struct process *process)
{
	return tree->kept[index_of(tree, process)];
}

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
	return view->now > newest[ENDED_SHOWN - 1] + PANE_LINGER_NS
	           ? view->now - PANE_LINGER_NS
	           : newest[ENDED_SHOWN - 1];
}

static bool
is_there(const struct tree *tree, const struct process *process)
{
	return process->pid != tree->view->own_pid &&
	       (!process->row.died || process->row.died > tree->since ||
	        pane_is_zombie(process));
}

/* What matches, and in a tree those it hangs from. */
static void
keep(struct tree *tree, const struct process *process)
{
	const struct actors *actors = &tree->view->model->actors;

	for (int depth = 0; process && depth < DEPTH_MOST; depth++) {
		if (!is_there(tree, process))
			return;
		tree->kept[index_of(tree, process)] = true;
		if (tree->wish->sort != SORT_TREE)
			return;
		process = actor_process(actors, process->ppid);
	}
}

static void
keep_all(struct tree *tree)
{
	const struct actors *actors = &tree->view->model->actors;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (!is_there(tree, process))
			continue;
		if (!*tree->wish->filter)
			tree->kept[i] = true;
		else if (tree_matches(process, tree->wish->filter))
			keep(tree, process);
	}
}

static void
add_cpu(struct tree *tree)
{
	const struct actors *actors = &tree->view->model->actors;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];
		const struct process *process;

		if (thread->row.died)
			continue;
		process = actor_process(actors, thread->pid);
		if (process)
			tree->cpu[index_of(tree, process)] +=
			    model_thread_cpu(tree->view->model, thread);
	}
}

/* ---- rows ---- */

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
	*row = (struct tree_row){
	    .process = process,
	    .depth = depth,
	    .bars = bars,
	    .cpu = process ? tree->cpu[index_of(tree, process)] : 0,
	};
	return row;
}

/* In the order of their tids: of threads that are born at once the last may be
 * heard first. */
static void
put_thread(struct tree *tree, int first, const struct thread *thread)
{
	int at = tree->count - 1;

	for (; at > first && tree->rows[at - 1].thread->tid > thread->tid; at--)
		tree->rows[at].thread = tree->rows[at - 1].thread;
	tree->rows[at].thread = thread;
}

static void
add_threads(struct tree *tree, const struct process *process, int depth,
            uint32_t bars)
{
	const struct actors *actors = &tree->view->model->actors;
	int first = tree->count;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->pid != process->pid || thread->row.died ||
		    thread->tid == thread->pid)
			continue;
		if (add_row(tree, process, depth, bars))
			put_thread(tree, first, thread);
	}
}

static void add_children(struct tree *tree, uint32_t parent, int depth,
                         uint32_t bars);

/* The rows below a process; folded ones are only counted. */
static void
add_below(struct tree *tree, const struct process *process, int depth,
          uint32_t bars)
{
	int at = tree->count - 1;

	if (tree->view->threads)
		add_threads(tree, process, depth, bars);
	add_children(tree, process->pid, depth, bars);
	if (!tree_is_folded(tree->wish, process->pid))
		return;
	tree->rows[at].hidden = (unsigned)(tree->count - at - 1);
	tree->count = at + 1;
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
	for (int i = 0; i <= last && depth < DEPTH_MOST; i++) {
		const struct process *process = &actors->processes[i];
		struct tree_row *row;

		if (!is_child(tree, process, parent))
			continue;
		row = add_row(tree, process, depth, bars);
		if (!row)
			return;
		row->last = i == last;
		add_below(tree, process, depth + 1,
		          i == last ? bars : bars | 1u << depth);
	}
}

/* ---- a list ---- */

static int
compare_names(const struct process *a, const struct process *b)
{
	char left[NAME_BYTES], right[NAME_BYTES];

	return strcasecmp(model_process_label(a, left, sizeof(left)),
	                  model_process_label(b, right, sizeof(right)));
}

/* Numbers from the largest, names and pids from the smallest. */
static int
compare(const void *left, const void *right, void *data)
{
	const struct tree_row *a = left, *b = right;
	const enum tree_sort *sort = data;
	int order = 0;

	if (*sort == SORT_CPU)
		order = (b->cpu > a->cpu) - (b->cpu < a->cpu);
	else if (*sort == SORT_RSS)
		order = (b->process->rss_kb > a->process->rss_kb) -
		        (b->process->rss_kb < a->process->rss_kb);
	else if (*sort == SORT_NAME)
		order = compare_names(a->process, b->process);
	if (order)
		return order;
	return (a->process->pid > b->process->pid) -
	       (a->process->pid < b->process->pid);
}

static void
add_list(struct tree *tree)
{
	const struct actors *actors = &tree->view->model->actors;
	enum tree_sort sort = tree->wish->sort;
	int from = tree->count;

	for (uint32_t i = 0; i < actors->process_table.count; i++)
		if (is_shown(tree, &actors->processes[i]))
			add_row(tree, &actors->processes[i], 0, 0);
	qsort_r(tree->rows + from, (size_t)(tree->count - from),
	        sizeof(tree->rows[0]), compare, &sort);
}

int
tree_rows(const struct view *view, struct tree_row *rows, int room)
{
	static struct tree tree;

	memset(&tree, 0, sizeof(tree));
	tree.view = view;
	tree.wish = view->wish ? view->wish : &all;
	tree.rows = rows;
	tree.room = room;
	tree.since = oldest_shown(view);
	keep_all(&tree);
	add_cpu(&tree);
	if (view->own_pid)
		add_row(&tree, NULL, 0, 0);
	if (tree.wish->sort == SORT_TREE)
		add_children(&tree, 0, view->own_pid ? 1 : 0, 0);
	else
		add_list(&tree);
	return tree.count;
}
