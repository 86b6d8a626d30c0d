/*
 * The ladder: a lifeline for each thread that talks, an arrow for each message.
 * In flight: dashed, stopping in front of a red lifeline, "waits 283 ms".
 * Delivered: solid. Delivered late: orange, "waited 283 ms".
 */
#include "pane.h"

#include "ladder.h"

#include <stdio.h>
#include <string.h>

enum { TIME_COLS = 7, LEFT_COLS = 5, RIGHT_COLS = 15 };
enum { GAP_MIN = 14, GAP_MAX = 28 };

struct ladder_view {
	const struct view *view;
	const struct area *area;
	const struct ladder *ladder;
	int gap; /* columns from one lifeline to the next */
	const struct thread *threads[LADDER_LINES]; /* of the lines; or NULL */
	const struct lane *lanes[LADDER_LINES];
	enum link links[LADDER_LINES];
};

static int
col_of(const struct ladder_view *at, int line)
{
	return TIME_COLS + LEFT_COLS + line * at->gap;
}

/* ---- lifelines ---- */

static void
find_threads(struct ladder_view *at)
{
	const struct actors *actors = &at->view->model->actors;

	for (int i = 0; i < at->ladder->line_count; i++) {
		const struct thread *thread =
		    actor_thread(actors, at->ladder->lines[i].end.tid);

		at->threads[i] = thread;
		at->lanes[i] = thread ? actor_find_lane(actors, thread) : NULL;
	}
}

/* A lifeline that several share is linked when one of them is. */
static void
find_links(struct ladder_view *at)
{
	const struct actors *actors = &at->view->model->actors;

	for (int i = 0; i < at->ladder->line_count; i++) {
		const struct ladder_line *line = &at->ladder->lines[i];
		struct selection end = {
		    .kind = SELECT_THREAD,
		    .pid = line->end.pid,
		    .tid = line->end.tid,
		};

		at->links[i] = linked_row(at->view->linked, &end);
		for (int k = 1; k < line->count && !at->links[i]; k++) {
			const struct thread *thread =
			    actor_thread(actors, line->tids[k]);

			if (thread)
				at->links[i] =
				    linked_thread(at->view->linked, thread);
		}
	}
}

static enum activity
activity_at(const struct ladder_view *at, int line, uint64_t time)
{
	const struct thread *thread = at->threads[line];
	const struct lane *lane = at->lanes[line];

	if (!thread)
		return ACTIVITY_NONE;
	if (thread->loop.blocked_since && time >= thread->loop.blocked_since)
		return ACTIVITY_BLOCKED;
	if (lane && thread->loop.blocks &&
	    series_union(&lane->series, lane->flags, time, time + 1) &
	        LANE_BLOCKED)
		return ACTIVITY_BLOCKED;
	if ((thread->span_since && time >= thread->span_since) ||
	    (lane &&
	     series_mean(&lane->series, lane->busy, time, time + 1) > 64))
		return ACTIVITY_RUNNING;
	return ACTIVITY_NONE;
}

static void
put_lifelines(const struct ladder_view *at, int row, uint64_t time)
{
	static const struct {
		uint32_t glyph;
		enum style style;
	} looks[] = {
	    [ACTIVITY_NONE] = {0x2502, STYLE_FRAME},
	    [ACTIVITY_IDLE] = {0x2502, STYLE_FRAME},
	    [ACTIVITY_RUNNING] = {0x2503, STYLE_RUNNING},
	    [ACTIVITY_BLOCKED] = {0x2588, STYLE_BLOCKED},
	};

	for (int i = 0; i < at->ladder->line_count; i++) {
		enum activity activity =
		    time ? activity_at(at, i, time) : ACTIVITY_NONE;
		enum style style = looks[activity].style;

		if (at->links[i] && style == STYLE_FRAME)
			style = STYLE_LINKED_MARK;
		area_put(at->area, row, col_of(at, i), looks[activity].glyph,
		         style);
	}
}

static void
put_labels(const struct ladder_view *at)
{
	for (int i = 0; i < at->ladder->line_count; i++) {
		const struct ladder_line *line = &at->ladder->lines[i];
		const struct thread *thread =
		    actor_thread(&at->view->model->actors, line->end.tid);
		bool blocked = thread && thread->loop.blocked_since;
		char text[NAME_BYTES + 16];
		int width;

		if (line->count > 1 && !line->gathered)
			snprintf(text, sizeof(text), "%s \u00d7%d", line->label,
			         line->count);
		else
			snprintf(text, sizeof(text), "%s", line->label);
		width = canvas_width(text);
		if (width > at->gap - 1)
			width = at->gap - 1;
		area_cut(at->area, 0, col_of(at, i) - width / 2, width,
		         blocked ? STYLE_BLOCKED_FILL : STYLE_BOLD, text);
		if (at->links[i])
			area_link(at->area, 0, col_of(at, i) - width / 2,
			          width);
	}
}

/* ---- arrows ---- */

static enum style
style_of(const struct ladder_row *row)
{
	switch (row->state) {
	case LADDER_PENDING:
		return row->waited < LADDER_LATE_NS ? STYLE_MESSAGE
		                                    : STYLE_PENDING;
	case LADDER_LATE:
		return STYLE_LATE;
	case LADDER_LIFE:
		return STYLE_RUNNING;
	default:
		return STYLE_MESSAGE;
	}
}

/* Puts the text of a row in the middle of `room` columns; when it is too long
 * the words are cut, not the count. */
static void
put_text(const struct area *area, int line, int col, int room, enum style style,
         const struct ladder_row *row)
{
	char count[16] = "";
	int width = canvas_width(row->text), tail;

	if (row->count > 1)
		snprintf(count, sizeof(count), " \u00d7%u", row->count);
	tail = canvas_width(count);
	/* The blank before the count is the first to go. */
	if (tail && width > room - tail) {
		memmove(count, count + 1, strlen(count));
		tail--;
	}
	if (width > room - tail)
		width = room - tail;
	if (width <= 0)
		return;
	col += (room - width - tail) / 2;
	col = area_cut(area, line, col, width, style, row->text);
	area_text(area, line, col, style, count);
}

/* What waits says so behind the receiver's lifeline; where that is the first
 * and there is no room, behind the sender's. */
static void
put_wait(const struct ladder_view *at, int row, int from, int to,
         const struct ladder_row *message)
{
	char text[48], length[16];

	if (message->waited < LADDER_LATE_NS)
		return;
	snprintf(text, sizeof(text), "%s %s",
	         message->state == LADDER_PENDING ? "waits" : "waited",
	         pane_duration(message->waited, length));
	if (to > from)
		area_text(at->area, row, to + 2, style_of(message), text);
	else if (to - 1 - canvas_width(text) < TIME_COLS)
		area_text(at->area, row, from + 2, style_of(message), text);
	else
		area_right(at->area, row, to - 1, style_of(message), text);
}

static void
put_arrow(const struct ladder_view *at, int row, int from, int to,
          const struct ladder_row *message)
{
	bool pending = message->state == LADDER_PENDING;
	int left = from < to ? from : to, right = from < to ? to : from;
	int room = right - left - 3;
	enum style style = style_of(message);

	area_fill(at->area, row, left + 1, right - left - 1,
	          pending ? 0x254c : 0x2500, style);
	if (to > from)
		area_put(at->area, row, to - 1, pending ? 0x25b7 : 0x25b6,
		         style);
	else
		area_put(at->area, row, to + 1, pending ? 0x25c1 : 0x25c0,
		         style);
	put_text(at->area, row, left + (to > from ? 1 : 2), room,
	         pending || message->state == LADDER_LATE ? style : STYLE_PLAIN,
	         message);
	put_wait(at, row, from, to, message);
}

/* Lifelines that share a column, or a thread that talks to itself. */
static void
put_loop(const struct ladder_view *at, int row, int col,
         const struct ladder_row *message)
{
	area_put(at->area, row, col + 1, 0x25c0, style_of(message));
	put_text(at->area, row, col + 3, at->gap - 4, style_of(message),
	         message);
}

static void
put_row(const struct ladder_view *at, int row, const struct ladder_row *message)
{
	uint64_t start = at->view->model->start;
	int from = message->from_line, to = message->to_line;

	put_lifelines(at, row, message->time);
	area_format(at->area, row, 1, STYLE_FAINT, "%6.2f",
	            message->time > start
	                ? (double)(message->time - start) / 1e9
	                : 0.0);
	if (from < 0 || to < 0)
		return;
	if (from == to)
		put_loop(at, row, col_of(at, from), message);
	else
		put_arrow(at, row, col_of(at, from), col_of(at, to), message);
}

static void
put_marks(const struct ladder_view *at, int row,
          const struct ladder_row *message, bool chosen)
{
	struct selection thing = ladder_thing(message);
	int from, to;

	if (!chosen) {
		pane_put_link(at->area, row, 1, TIME_COLS - 1,
		              linked_row(at->view->linked, &thing));
		return;
	}
	from = message->from_line < message->to_line ? message->from_line
	                                             : message->to_line;
	to = message->from_line + message->to_line - from;
	if (at->view->linked && at->view->linked->of.kind && from >= 0)
		area_restyle(at->area, row, col_of(at, from) + 1,
		             col_of(at, to) - col_of(at, from) - 1,
		             STYLE_LINKED_MARK);
	pane_put_cursor(at->area, row, TIME_COLS);
}

/* How many rows and lifelines there is room for. */
static int
lines_in(int cols)
{
	int lines = (cols - TIME_COLS - LEFT_COLS - RIGHT_COLS) / GAP_MIN + 1;

	if (lines > LADDER_LINES)
		lines = LADDER_LINES;
	return lines < 1 ? 1 : lines;
}

/* The labels take a row; so do the line that says there were no messages, and
 * the one that says how many are newer. */
static int
rows_in(const struct view *view, int rows)
{
	return rows - 1 - (view->model->flows.newest == 0) - (view->top > 0);
}

/* The cursor is on a message, wherever that is by now, or on the newest row;
 * -1: what it is on has gone out of sight. */
static int
chosen_row(const struct ladder *ladder, const struct view *view)
{
	return view->chosen.kind ? ladder_find(ladder, &view->chosen)
	                         : ladder->row_count - 1;
}

static void
put_beyond(const struct view *view, const struct area *area,
           const struct ladder *ladder)
{
	char newest[KEYS_BYTES], older[KEYS_BYTES];

	area_format(area, area->rect.rows - 1, 1, STYLE_LABEL,
	            "+%d newer: %s   %d older: %s", ladder->below,
	            key_first(view->keys, REQUEST_LAST, newest), ladder->above,
	            key_first(view->keys, REQUEST_PAGE_UP, older));
}

void
pane_messages(const struct view *view, const struct area *area)
{
	static struct ladder ladder;
	struct ladder_view at = {.view = view, .area = area, .ladder = &ladder};
	int room = area->rect.cols - TIME_COLS - LEFT_COLS - RIGHT_COLS;
	int rows = rows_in(view, area->rect.rows), chosen;

	ladder_make(&ladder, view, rows, lines_in(area->rect.cols));
	chosen = view->focused ? chosen_row(&ladder, view) : -1;
	if (!ladder.row_count) {
		area_text(area, 1, 1, STYLE_FAINT,
		          "no message has been seen yet");
		return;
	}
	at.gap = ladder.line_count > 1 ? room / (ladder.line_count - 1) : room;
	if (at.gap > GAP_MAX)
		at.gap = GAP_MAX;
	find_threads(&at);
	find_links(&at);
	put_labels(&at);
	if (view->model->flows.newest == 0)
		area_text(area, rows + 1, TIME_COLS, STYLE_FAINT,
		          "from outside only births and ends are seen");
	for (int i = 0; i < rows; i++) {
		if (i >= ladder.row_count) {
			put_lifelines(&at, i + 1, 0);
			continue;
		}
		put_row(&at, i + 1, &ladder.rows[i]);
		put_marks(&at, i + 1, &ladder.rows[i], i == chosen);
	}
	if (view->top)
		put_beyond(view, area, &ladder);
}

int
pane_messages_list(const struct view *view, struct selection *things, int room)
{
	return ladder_list(view, rows_in(view, view->rows),
	                   lines_in(view->cols), things, room);
}

int
pane_messages_shown(const struct view *view)
{
	int rows = rows_in(view, view->rows);

	return rows > LADDER_ROWS ? LADDER_ROWS : rows;
}
