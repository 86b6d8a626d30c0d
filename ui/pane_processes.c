/* The process tree: who forked whom, what its loop does, CPU, memory. */
#include "pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STATE_COLS = 9, CPU_COLS = 5, RSS_COLS = 5 };

struct columns {
	int pid, state, cpu, rss, command; /* -1: no room */
};

/* Digits of the largest pid shown. */
static int
pid_cols(const struct tree_row *rows, int count)
{
	uint32_t most = 9999;
	int digits = 0;

	for (int i = 0; i < count; i++)
		if (rows[i].process && rows[i].process->pid > most)
			most = rows[i].process->pid;
	for (; most; most /= 10)
		digits++;
	return digits;
}

static struct columns
columns_for(int cols, int pid)
{
	struct columns at = {-1, -1, -1, -1, -1};
	int end = cols;

	if (cols > 100) {
		end = 66;
		at.command = 68;
	}
	at.rss = end - RSS_COLS;
	at.cpu = at.rss - CPU_COLS;
	at.state = at.cpu - STATE_COLS - 1;
	at.pid = at.state - pid - 2;
	return at;
}

/* The column that the rows are sorted by stands out. */
static enum style
head_style(const struct view *view, enum tree_sort sort)
{
	return view->wish && view->wish->sort == sort ? STYLE_BOLD
	                                              : STYLE_LABEL;
}

static void
put_head(const struct view *view, const struct area *area, struct columns at)
{
	area_text(area, 0, 1, head_style(view, SORT_NAME), "process");
	area_right(area, 0, at.state - 1, head_style(view, SORT_PID), "pid");
	area_text(area, 0, at.state, STYLE_LABEL, "loop");
	area_right(area, 0, at.rss - 1, head_style(view, SORT_CPU), "cpu%");
	area_right(area, 0, at.rss + RSS_COLS - 1, head_style(view, SORT_RSS),
	           "rss");
	if (at.command > 0)
		area_text(area, 0, at.command, STYLE_LABEL, "command");
}

static void
put_cpu(const struct area *area, int row, int end, unsigned thousandths,
        enum style style)
{
	char text[16];

	snprintf(text, sizeof(text), "%u%%", (thousandths + 5) / 10);
	area_right(area, row, end, style, text);
}

static void
put_rss(const struct area *area, int row, int end, uint64_t kb,
        enum style style)
{
	char text[16];

	if (!kb)
		return;
	if (kb < 10 * 1000)
		snprintf(text, sizeof(text), "%.1fM", (double)kb / 1024);
	else if (kb < 1000 * 1024)
		snprintf(text, sizeof(text), "%uM", (unsigned)(kb / 1024));
	else
		snprintf(text, sizeof(text), "%.1fG", (double)kb / 1048576);
	area_right(area, row, end, style, text);
}

/* The branches in front of a row; returns the column behind them. */
static int
put_branches(const struct area *area, int row, const struct tree_row *tree)
{
	int col = 1;

	for (int depth = 1; depth < tree->depth; depth++, col += 2)
		if (tree->bars & 1u << depth)
			area_put(area, row, col, 0x2502, STYLE_FRAME);
	if (tree->depth > 0) {
		area_put(area, row, col, tree->last ? 0x2514 : 0x251c,
		         STYLE_FRAME);
		area_put(area, row, col + 1, 0x2500, STYLE_FRAME);
		col += 2;
	}
	return col;
}

static void
put_end(const struct area *area, int row, int col,
        const struct process *process)
{
	char text[32];

	if (pane_is_zombie(process)) {
		area_put(area, row, col, 'Z', STYLE_WAITING);
		area_text(area, row, col + 2, STYLE_WAITING, "zombie");
		return;
	}
	area_put(area, row, col, 0x2717, STYLE_GONE);
	area_text(area, row, col + 2,
	          process->death == DEATH_CODE && !process->status
	              ? STYLE_GONE
	              : STYLE_BLOCKED,
	          pane_end(process, text, sizeof(text)));
}

/* How it ended, and what is missing, where there is room. */
static void
put_zombie(const struct area *area, int row, struct columns at,
           const struct process *process)
{
	char end[32], text[80];

	snprintf(text, sizeof(text), "%s, not reaped by its parent",
	         pane_end(process, end, sizeof(end)));
	if (at.command <= 0)
		return;
	area_fill(area, row, at.command, area->rect.cols - at.command, ' ',
	          STYLE_PLAIN);
	area_cut(area, row, at.command, area->rect.cols - at.command - 1,
	         STYLE_WAITING, text);
}

static void
put_process(const struct view *view, const struct area *area, int row,
            struct columns at, const struct tree_row *tree)
{
	const struct process *process = tree->process;
	const struct thread *thread =
	    actor_thread(&view->model->actors, process->pid);
	enum style style = process->row.died ? STYLE_GONE : STYLE_PLAIN;
	int col = put_branches(area, row, tree);
	char text[64];

	model_process_label(process, text, sizeof(text));
	col = area_cut(
	    area, row, col, at.pid - col,
	    thread && thread->loop.blocked_since ? STYLE_BLOCKED : style, text);
	if (tree->hidden && col < at.pid)
		area_format(area, row, col + 1, STYLE_WAITING, "+%u",
		            tree->hidden);
	snprintf(text, sizeof(text), "%u", process->pid);
	area_right(area, row, at.state - 1, style, text);
	if (at.command > 0)
		area_cut(area, row, at.command,
		         area->rect.cols - at.command - 1, STYLE_LABEL,
		         process->command);
	if (process->row.died) {
		put_end(area, row, at.state, process);
		if (pane_is_zombie(process))
			put_zombie(area, row, at, process);
		return;
	}
	pane_put_activity(area, row, at.state,
	                  thread ? pane_activity(view, thread) : ACTIVITY_NONE);
	put_cpu(area, row, at.rss - 1, tree->cpu, style);
	put_rss(area, row, at.rss + RSS_COLS - 1, process->rss_kb, style);
}

static void
put_thread(const struct view *view, const struct area *area, int row,
           struct columns at, const struct tree_row *tree)
{
	int col = put_branches(area, row, tree);
	char text[64];

	model_thread_label(view->model, tree->thread, text, sizeof(text));
	area_cut(area, row, col + 1, at.pid - col - 1, STYLE_LABEL, text);
	snprintf(text, sizeof(text), "%u", tree->thread->tid);
	area_right(area, row, at.state - 1, STYLE_LABEL, text);
	pane_put_activity(area, row, at.state,
	                  pane_activity(view, tree->thread));
	put_cpu(area, row, at.rss - 1,
	        model_thread_cpu(view->model, tree->thread), STYLE_LABEL);
}

static void
put_own(const struct view *view, const struct area *area, int row,
        struct columns at)
{
	char text[32];

	area_cut(area, row, 1, at.pid - 1, STYLE_LABEL, "looptop");
	snprintf(text, sizeof(text), "%u", view->own_pid);
	area_right(area, row, at.state - 1, STYLE_LABEL, text);
	area_text(area, row, at.state, STYLE_LABEL, "this");
	put_cpu(area, row, at.rss - 1, view->own_cpu, STYLE_LABEL);
	put_rss(area, row, at.rss + RSS_COLS - 1, view->own_rss_kb,
	        STYLE_LABEL);
}

static struct selection
thing_of(const struct view *view, const struct tree_row *row)
{
	struct selection thing = {
	    .kind = SELECT_PROCESS,
	    .pid = row->process ? row->process->pid : view->own_pid,
	};

	return row->thread ? select_thread(row->thread) : thing;
}

/* Whether a process is selected, or a thread of one, in another pane: then
 * signals go there (ui_chosen_pid()). */
static bool
is_elsewhere(const struct view *view)
{
	return view->linked && (view->linked->of.kind == SELECT_PROCESS ||
	                        view->linked->of.kind == SELECT_THREAD);
}

enum { DEPTH_MOST = 31 };

/* How a row is linked: itself, or by what is folded away below it. */
static enum link
link_of(const struct view *view, const struct tree_row *row)
{
	const struct actors *actors = &view->model->actors;
	struct selection thing = thing_of(view, row);
	enum link link = linked_row(view->linked, &thing);

	for (uint32_t i = 0;
	     !link && row->hidden && i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];

		if (!linked_process(view->linked, process->pid))
			continue;
		for (int depth = 0; process && depth < DEPTH_MOST; depth++) {
			if (process->ppid == row->process->pid)
				link = LINK_PART;
			process = actor_process(actors, process->ppid);
		}
	}
	return link;
}

static void
put_marks(const struct view *view, const struct area *area, int row,
          struct columns at, const struct tree_row *tree, bool chosen)
{
	int name = tree->depth > 0 ? 1 + 2 * tree->depth : 1;

	if (chosen && (view->focused || !is_elsewhere(view)))
		area_put(area, row, 0, 0x25b8, STYLE_BOLD);
	if (!chosen || !view->focused)
		pane_put_link(area, row, name, at.pid - name,
		              link_of(view, tree));
	if (chosen && view->focused)
		area_restyle(area, row, 0, area->rect.cols, STYLE_SELECT);
}

void
pane_processes(const struct view *view, const struct area *area)
{
	static struct tree_row rows[TREE_ROWS];
	int count = tree_rows(view, rows, TREE_ROWS);
	int shown = area->rect.rows - 1;
	struct columns at = columns_for(area->rect.cols, pid_cols(rows, count));

	put_head(view, area, at);
	for (int i = 0; i < shown && view->top + i < count; i++) {
		const struct tree_row *row = &rows[view->top + i];

		if (!row->process)
			put_own(view, area, i + 1, at);
		else if (row->thread)
			put_thread(view, area, i + 1, at, row);
		else
			put_process(view, area, i + 1, at, row);
		put_marks(view, area, i + 1, at, row,
		          view->top + i == view->cursor);
	}
	if (count > view->top + shown) {
		area_fill(area, shown, 0, area->rect.cols, ' ', STYLE_PLAIN);
		area_format(area, shown, 1, STYLE_LABEL, "+%d more: j",
		            count - view->top - shown + 1);
	}
	if (view->model->births_missed) {
		char text[64];

		snprintf(text, sizeof(text),
		         " %" PRIu64 " too short to be seen ",
		         view->model->births_missed);
		area_right(area, area->rect.rows - 1, area->rect.cols - 1,
		           STYLE_WAITING, text);
	}
}

int
pane_processes_list(const struct view *view, struct selection *things, int room)
{
	static struct tree_row rows[TREE_ROWS];
	int count = tree_rows(view, rows, TREE_ROWS);

	for (int i = 0; things && i < count && i < room; i++)
		things[i] = thing_of(view, &rows[i]);
	return count;
}
