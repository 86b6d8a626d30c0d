/* CPU of each thread, now and lately. 100 % is one core. */
#include "pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COLS = 15, CPU_END = 22, WAIT_END = 28, SLEEP_END = 35 };
enum { BARS_AT = 23, THREADS_SHOWN = 2048, SPLIT_COLS_MIN = 52 };
enum { USED_NS = 100000000 };

struct choice {
	const struct thread *thread;
	unsigned cpu;
	bool interesting; /* main, a worker, a pool thread, or it ran */
};

/* What a program or its author has made, and what used CPU, first; the threads
 * of a process together, in the order of their ids. */
static int
compare(const void *left, const void *right)
{
	const struct choice *a = left, *b = right;

	if (a->interesting != b->interesting)
		return a->interesting ? -1 : 1;
	if (a->thread->pid != b->thread->pid)
		return a->thread->pid < b->thread->pid ? -1 : 1;
	return a->thread->tid < b->thread->tid
	           ? -1
	           : a->thread->tid > b->thread->tid;
}

static int
choose(const struct view *view, struct choice *choices, int room)
{
	const struct actors *actors = &view->model->actors;
	int count = 0;

	for (uint32_t i = 0; i < actors->thread_table.count && count < room;
	     i++) {
		const struct thread *thread = &actors->threads[i];

		if (thread->pid == view->own_pid ||
		    (thread->row.died &&
		     view->now > thread->row.died + PANE_LINGER_NS))
			continue;
		choices[count].thread = thread;
		choices[count].cpu = model_thread_cpu(view->model, thread);
		choices[count].interesting =
		    thread->role != ROLE_OTHER || thread->cpu_ns > USED_NS;
		count++;
	}
	qsort(choices, (size_t)count, sizeof(*choices), compare);
	return count;
}

/* One column is CPU_BIN_NS; the last one that is complete is at the right. */
static void
put_bars(const struct view *view, const struct area *area, int row, int from,
         int cols, const struct thread *thread)
{
	const struct lane *lane = actor_find_lane(&view->model->actors, thread);
	uint64_t newest = view->now / CPU_BIN_NS;

	for (int i = 0; i < cols; i++) {
		uint64_t bin = newest - (uint64_t)(cols - i);
		uint64_t begin = bin * CPU_BIN_NS;
		unsigned share = series_mean(&thread->cpu_series, thread->cpu,
		                             begin, begin + CPU_BIN_NS);
		bool blocked = lane && thread->loop.blocks &&
		               series_union(&lane->series, lane->flags, begin,
		                            begin + CPU_BIN_NS) &
		                   LANE_BLOCKED;
		enum style style = blocked ? STYLE_BLOCKED : STYLE_RUNNING;
		uint64_t since = thread->loop.blocked_since;
		bool linked = linked_span_at(view->linked, thread->tid, begin,
		                             begin + CPU_BIN_NS);

		if (since && begin + CPU_BIN_NS > since)
			style = STYLE_BLOCKED;
		if (bin * CPU_BIN_NS + CPU_BIN_NS < thread->row.born)
			continue;
		if (share < 4)
			style = STYLE_IDLE;
		else if (linked)
			style = STYLE_LINKED;
		area_put(area, row, from + i,
		         pane_block((int)(share * 8 + 127) / 255), style);
	}
}

/* Where the time goes: on a CPU, waiting for one, asleep. */
static bool
has_split(const struct area *area)
{
	return area->rect.cols >= SPLIT_COLS_MIN;
}

static int
bars_at(const struct area *area)
{
	return has_split(area) ? SLEEP_END + 1 : BARS_AT;
}

static void
put_split(const struct view *view, const struct area *area, int row,
          const struct choice *choice, enum style style)
{
	unsigned wait = model_thread_wait(view->model, choice->thread);
	unsigned awake = choice->cpu + wait;
	unsigned sleep = awake < 1000 ? 1000 - awake : 0;
	char text[16];

	if (choice->thread->row.died)
		return;
	snprintf(text, sizeof(text), "%u%%", (wait + 5) / 10);
	area_right(area, row, WAIT_END,
	           wait < 5    ? STYLE_FAINT
	           : wait < 50 ? style
	                       : STYLE_WAITING,
	           text);
	snprintf(text, sizeof(text), "%u%%", (sleep + 5) / 10);
	area_right(area, row, SLEEP_END, STYLE_FAINT, text);
}

static void
put_thread(const struct view *view, const struct area *area, int row,
           const struct choice *choice)
{
	int bars = bars_at(area), cols = area->rect.cols - bars - 1;
	const struct thread *thread = choice->thread;
	enum style style = thread->row.died             ? STYLE_GONE
	                   : thread->loop.blocked_since ? STYLE_BLOCKED
	                                                : STYLE_PLAIN;
	char text[64];

	pane_label(view, thread, text, sizeof(text));
	area_cut(area, row, 1, LABEL_COLS, style, text);
	snprintf(text, sizeof(text), "%u%%", (choice->cpu + 5) / 10);
	area_right(area, row, CPU_END, style, text);
	if (has_split(area))
		put_split(view, area, row, choice, style);
	put_bars(view, area, row, bars, cols < CPU_BINS ? cols : CPU_BINS - 1,
	         thread);
	pane_put_link(area, row, 1, LABEL_COLS,
	              linked_thread(view->linked, thread));
}

void
pane_threads(const struct view *view, const struct area *area)
{
	static struct choice choices[THREADS_SHOWN];
	int count = choose(view, choices, THREADS_SHOWN);
	int shown = area->rect.rows - 1;
	int bars = bars_at(area), cols = area->rect.cols - bars - 1;

	area_text(area, 0, 1, STYLE_LABEL, "thread");
	area_right(area, 0, CPU_END, STYLE_LABEL, "cpu%");
	if (has_split(area)) {
		area_right(area, 0, WAIT_END, STYLE_LABEL, "wait%");
		area_right(area, 0, SLEEP_END, STYLE_LABEL, "sleep%");
	}
	if (cols > 12)
		area_format(area, 0, bars, STYLE_LABEL, "last %.1f s",
		            (cols < CPU_BINS ? cols : CPU_BINS - 1) / 10.0);
	if (cols > 32)
		area_right(area, 0, area->rect.cols - 1, STYLE_LABEL,
		           "100% = 1 core");
	for (int i = 0; i < shown && view->top + i < count; i++) {
		put_thread(view, area, i + 1, &choices[view->top + i]);
		if (view->focused && view->top + i == view->cursor)
			pane_put_cursor(area, i + 1, bars - 1);
	}
	if (count > view->top + shown) {
		area_fill(area, shown, 0, area->rect.cols, ' ', STYLE_PLAIN);
		area_format(area, shown, 1, STYLE_LABEL, "+%d more threads: j",
		            count - view->top - shown + 1);
	}
}

int
pane_threads_list(const struct view *view, struct selection *things, int room)
{
	static struct choice choices[THREADS_SHOWN];
	int count = choose(view, choices, THREADS_SHOWN);

	for (int i = 0; things && i < count && i < room; i++)
		things[i] = select_thread(choices[i].thread);
	return count;
}
