/*
 * A bar's height is the busy share of its column. Red: the loop was blocked,
 * with words in it; the hill in orange below is what it cost: how many events
 * waited. Long work on a worker's lane is green.
 */
#include "lane.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_COLS = AXIS_LABEL_COLS, SPAN_COLS_MIN = 5 };

/* ---- bars ---- */

struct lane_view {
	const struct thread *thread;
	const struct lane *lane; /* NULL: nothing measured yet */
	int row, rows;           /* of the bars */
};

static bool
is_blocked_at(const struct lane_view *view, uint64_t begin, uint64_t end)
{
	uint64_t since = view->thread->loop.blocked_since;

	if (since && end > since)
		return true;
	/* Most loops never were, and need not be looked at. */
	return view->lane && view->thread->loop.blocks &&
	       series_union(&view->lane->series, view->lane->flags, begin,
	                    end) &
	           LANE_BLOCKED;
}

/* A bar of `level` eighths, from the lowest row up. */
static void
put_bar(const struct area *area, const struct lane_view *view, int col,
        int level, enum style style)
{
	int row = view->row + view->rows - 1;

	/* An empty one has its baseline. */
	do {
		area_put(area, row--, col, pane_block(level), style);
		level -= 8;
	} while (level > 0 && row >= view->row);
}

static void
put_columns(const struct area *area, const struct lane_view *view,
            const struct axis *axis)
{
	const struct thread *thread = view->thread;

	for (int i = 0; i < axis->cols; i++) {
		uint64_t begin = axis_time(axis, i), end = begin + axis->step;
		unsigned busy = 0;
		int level;

		if (begin > axis->now || end <= thread->row.born ||
		    (thread->row.died && begin > thread->row.died))
			continue;
		if (is_blocked_at(view, begin, end)) {
			for (int row = 0; row < view->rows; row++)
				area_put(area, view->row + row, axis->col + i,
				         ' ', STYLE_BLOCKED_FILL);
			continue;
		}
		if (view->lane)
			busy = series_mean(&view->lane->series,
			                   view->lane->busy, begin, end);
		if (thread->span_since && end > thread->span_since)
			busy = 255;
		level = ((int)busy * 8 * view->rows + 127) / 255;
		put_bar(area, view, axis->col + i, level,
		        busy ? STYLE_RUNNING : STYLE_IDLE);
	}
}

/* Words inside a stretch of time, if they fit. */
static void
put_words(const struct area *area, const struct lane_view *view,
          const struct axis *axis, uint64_t begin, uint64_t end,
          const char *name, bool blocked)
{
	int from = axis_col(axis, begin), to = axis_col(axis, end);
	int room = to - from + (end > begin);
	enum style style = blocked ? STYLE_BLOCKED_FILL : STYLE_RUNNING_FILL;
	char text[64], length[16];

	if (end <= axis->start || room < SPAN_COLS_MIN)
		return;
	if (begin < axis->start)
		begin = axis->start > begin ? begin : axis->start;
	pane_duration(end - begin, length);
	snprintf(text, sizeof(text), "%s %s", name, length);
	if (canvas_width(text) <= room) {
		area_text(area, view->row, axis->col + from, style, text);
		return;
	}
	if (canvas_width(length) > room)
		return;
	/* One below the other, where a lane has two rows. */
	if (view->rows > 1 && canvas_width(name) <= room)
		area_text(area, view->row, axis->col + from, style, name);
	area_text(area, view->row + (view->rows > 1), axis->col + from, style,
	          length);
}

static void
put_spans(const struct view *given, const struct area *area,
          const struct lane_view *view, const struct axis *axis)
{
	const struct model *model = given->model;
	const struct thread *thread = view->thread;
	uint64_t oldest =
	    model->span_count > SPANS ? model->span_count - SPANS : 0;

	for (uint64_t i = oldest; i < model->span_count; i++) {
		const struct span *span = &model->spans[i % SPANS];

		if (span->tid == thread->tid && span->end > axis->start &&
		    (span->blocked || !thread->loop.answers))
			put_words(area, view, axis, span->begin, span->end,
			          span->name, span->blocked);
	}
	if (thread->loop.blocked_since)
		put_words(area, view, axis, thread->loop.blocked_since,
		          axis->now, thread->loop.cause, true);
	else if (thread->span_since)
		put_words(area, view, axis, thread->span_since, axis->now,
		          thread->span, false);
}

/* ---- the hill ---- */

/* Adds the events that wait now to the columns since they were sent. */
static void
add_waiting(const struct view *view, const struct thread *thread,
            const struct axis *axis, unsigned heights[CANVAS_COLS])
{
	const struct flows *flows = &view->model->flows;
	unsigned begins[CANVAS_COLS] = {0}, sum = 0;

	for (uint64_t id = flow_oldest(flows); id <= flows->newest; id++) {
		const struct flow *flow = flow_at(flows, id);

		if (flow->wait_tid == thread->tid && !flow->received &&
		    model_is_waiting(view->model, flow))
			begins[axis_col(axis, flow->sent)]++;
	}
	for (int i = 0; i <= axis_col(axis, axis->now); i++) {
		sum += begins[i];
		heights[i] += sum;
	}
}

/* Whether anybody tells what is sent to it. Of a program seen from outside
 * alone "waiting 0" would be a guess. */
static bool
is_heard(const struct model *model, const struct thread *thread)
{
	const struct process *process =
	    actor_process(&model->actors, thread->pid);

	return process && (process->runtime || process->agent);
}

static void
put_hill(const struct view *given, const struct area *area,
         const struct lane_view *view, const struct axis *axis, int row)
{
	unsigned most = 8, heights[CANVAS_COLS] = {0};
	int cols = axis->cols;

	for (int i = 0; i < cols; i++) {
		uint64_t begin = axis_time(axis, i), end = begin + axis->step;

		if (begin > axis->now)
			break;
		if (view->lane)
			heights[i] =
			    series_most(&view->lane->series,
			                view->lane->waiting, begin, end);
	}
	if (view->thread->waiting)
		add_waiting(given, view->thread, axis, heights);
	for (int i = 0; i < cols; i++)
		if (heights[i] > most)
			most = heights[i];
	for (int i = 0; i < cols; i++)
		if (heights[i])
			area_put(area, row, axis->col + i,
			         pane_block(
				     (int)((heights[i] * 8 + most - 1) / most)),
			         STYLE_WAITING);
	/* Where there is room the row says what it is, also when it is 0. */
	if (view->thread->waiting)
		area_format(area, row, 1, STYLE_WAITING, "waiting %u",
		            view->thread->waiting);
	else if (view->rows > 1)
		area_text(area, row, 1, STYLE_FAINT,
		          is_heard(given->model, view->thread)
		              ? "waiting 0"
		              : "waiting: unseen");
}

/* ---- a lane ---- */

static void
put_label(const struct view *view, const struct area *area,
          const struct lane_view *lane)
{
	const struct thread *thread = lane->thread;
	enum activity activity = pane_activity(view, thread);
	uint64_t blocked = model_blocked(view->model, thread);
	char text[64], length[16];

	pane_label(view, thread, text, sizeof(text));
	if (thread->row.died) {
		area_cut(area, lane->row, 1, LABEL_COLS - 7, STYLE_GONE, text);
		area_text(area, lane->row, LABEL_COLS - 6, STYLE_GONE, "ended");
		return;
	}
	if (activity != ACTIVITY_BLOCKED) {
		area_cut(area, lane->row, 1, LABEL_COLS - 2, STYLE_PLAIN, text);
		if (lane->rows > 1)
			pane_put_activity(area, lane->row + 1, 1, activity);
		else if (canvas_width(text) < 10)
			area_text(
			    area, lane->row, 11,
			    activity == ACTIVITY_RUNNING ? STYLE_RUNNING
							 : STYLE_IDLE,
			    activity == ACTIVITY_RUNNING ? "busy" : "idle");
		return;
	}
	pane_duration(blocked, length);
	for (int row = 0; row < lane->rows; row++)
		area_fill(area, lane->row + row, 0, LABEL_COLS - 1, ' ',
		          STYLE_BLOCKED_FILL);
	area_cut(area, lane->row, 1,
	         lane->rows > 1 ? LABEL_COLS - 2
	                        : LABEL_COLS - 3 - canvas_width(length),
	         STYLE_BLOCKED_FILL, text);
	area_right(area, lane->row + (lane->rows > 1), LABEL_COLS - 1,
	           STYLE_BLOCKED_FILL, length);
	if (lane->rows > 1)
		area_text(area, lane->row + 1, 1, STYLE_BLOCKED_FILL,
		          "BLOCKED");
}

/* ---- what is linked ---- */

/* Its label, and what it did while a linked message waited. */
static void
put_links(const struct view *view, const struct area *area,
          const struct lane_view *lane, const struct axis *axis)
{
	enum link link = linked_thread(view->linked, lane->thread);
	char text[64];

	pane_label(view, lane->thread, text, sizeof(text));
	for (int row = 0; row < lane->rows; row++)
		pane_put_link(area, lane->row + row, 1,
		              row ? 0 : canvas_width(text), link);
	for (int i = 0; view->linked && i < view->linked->span_count; i++) {
		const struct linked_span *span = &view->linked->spans[i];
		int from = axis_col(axis, span->begin);
		int cols = axis_col(axis, span->end) - from + 1;

		if (span->tid != lane->thread->tid || span->end < axis->start ||
		    span->meaning == LINKED_WAIT)
			continue;
		for (int row = lane->row; row < lane->row + lane->rows; row++)
			if (span->meaning == LINKED_BLOCK)
				area_restyle(area, row, axis->col + from, cols,
				             STYLE_LINKED_FILL);
			else
				area_link(area, row, axis->col + from, cols);
	}
}

/* ---- all of it ---- */

/* How many of its rows are bars: below them are the hill, if it has to answer,
 * and air. */
static int
bars_in(int rows, bool answers)
{
	if (rows >= 4)
		return rows - 2;
	return rows == 3 || (rows == 2 && !answers) ? 2 : 1;
}

int
lane_draw(const struct view *view, const struct area *area,
          const struct axis *axis, const struct thread *thread, int row,
          int rows)
{
	struct lane_view lane = {
	    .thread = thread,
	    .lane = actor_find_lane(&view->model->actors, thread),
	    .row = row,
	    .rows = bars_in(rows, thread->loop.answers),
	};

	put_label(view, area, &lane);
	put_columns(area, &lane, axis);
	put_spans(view, area, &lane, axis);
	if (rows >= 2 && thread->loop.answers)
		put_hill(view, area, &lane, axis, row + lane.rows);
	put_links(view, area, &lane, axis);
	return row + rows;
}
