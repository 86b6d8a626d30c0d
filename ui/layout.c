#include "layout.h"

#include <string.h>

enum {
	TWO_COLS = 110,
	TWO_ROWS = 30,
	OUTPUT_ROWS = 8,
	STRIP_ROWS = 20, /* from there on a lesson has more than one */
};

static struct rect
rect_of(int row, int col, int rows, int cols)
{
	return (struct rect){row, col, rows, cols};
}

/* Processes, threads and, when there is any, output, one below the other. */
static void
stack_left(struct layout *layout, struct rect rect, bool output)
{
	int out = output && rect.rows >= 24 ? OUTPUT_ROWS : 0;
	int top = (rect.rows - out) * 45 / 100;
	int middle = rect.rows - out - top;

	layout->panes[PANE_PROCESSES] =
	    rect_of(rect.row, rect.col, top, rect.cols);
	layout->panes[PANE_THREADS] =
	    rect_of(rect.row + top, rect.col, middle, rect.cols);
	if (out)
		layout->panes[PANE_OUTPUT] =
		    rect_of(rect.row + top + middle, rect.col, out, rect.cols);
}

/* Messages and channels share a place: the one that was asked for. */
static enum pane_id
talk_of(enum pane_id focused)
{
	return focused == PANE_CHANNELS ? PANE_CHANNELS : PANE_MESSAGES;
}

static void
three_columns(struct layout *layout, struct rect rect, enum pane_id talk,
              bool output)
{
	int left = rect.cols * 22 / 100, right = rect.cols * 34 / 100;
	int middle = rect.cols - left - right;

	stack_left(layout, rect_of(rect.row, rect.col, rect.rows, left),
	           output);
	layout->panes[PANE_LOOPS] =
	    rect_of(rect.row, rect.col + left, rect.rows, middle);
	layout->panes[talk] =
	    rect_of(rect.row, rect.col + left + middle, rect.rows, right);
}

static void
two_by_two(struct layout *layout, struct rect rect, enum pane_id talk,
           bool output)
{
	int left = rect.cols * 37 / 100, right = rect.cols - left;
	int top = rect.rows * 48 / 100;

	stack_left(layout, rect_of(rect.row, rect.col, rect.rows, left),
	           output);
	layout->panes[PANE_LOOPS] =
	    rect_of(rect.row, rect.col + left, top, right);
	layout->panes[talk] =
	    rect_of(rect.row + top, rect.col + left, rect.rows - top, right);
}

/* The lanes, and below them the focused pane. */
static void
lanes_and_one(struct layout *layout, struct rect rect, enum pane_id focused)
{
	enum pane_id below = focused == PANE_LOOPS ? PANE_MESSAGES : focused;
	int top = rect.rows * 42 / 100;

	layout->panes[PANE_LOOPS] = rect_of(rect.row, rect.col, top, rect.cols);
	layout->panes[below] =
	    rect_of(rect.row + top, rect.col, rect.rows - top, rect.cols);
}

void
layout_make(struct layout *layout, int rows, int cols, enum pane_id focused,
            bool zoomed, bool output, int strip)
{
	struct rect middle;

	memset(layout, 0, sizeof(*layout));
	layout->too_small = rows < LAYOUT_ROWS_MIN || cols < LAYOUT_COLS_MIN;
	if (layout->too_small)
		return;
	layout->menu = rect_of(0, 0, 1, cols);
	layout->verdict = rect_of(1, 0, 1, cols);
	layout->keys = rect_of(rows - 1, 0, 1, cols);
	if (strip > 1 && rows < STRIP_ROWS)
		strip = 1;
	layout->lesson = rect_of(rows - 1 - strip, 0, strip, cols);
	middle = rect_of(2, 0, rows - 3 - strip, cols);
	if (zoomed)
		layout->panes[focused] = middle;
	else if (cols >= LAYOUT_WIDE_COLS && rows >= TWO_ROWS)
		three_columns(layout, middle, talk_of(focused), output);
	else if (cols >= TWO_COLS && rows >= TWO_ROWS)
		two_by_two(layout, middle, talk_of(focused), output);
	else
		lanes_and_one(layout, middle, focused);
}
