/*
 * axis: the time axis that all lanes share.
 *
 * Time is paged: the axis stands still until the page is full, then jumps by
 * half a page.
 */
#ifndef UI_AXIS_H
#define UI_AXIS_H

#include "pane.h"

/* Columns in front of it, for the labels. */
enum { AXIS_LABEL_COLS = 18 };

/* The time axis of one drawing. */
struct axis {
	uint64_t start; /* of the first column */
	uint64_t step;  /* ns in a column */
	uint64_t now;
	int col, cols; /* where it lies in the area */
};

struct axis axis_make(const struct view *view, const struct area *area);

/* The moment a column begins at; the column that holds a moment, clipped to
 * the axis. */
uint64_t axis_time(const struct axis *axis, int col);
int axis_col(const struct axis *axis, uint64_t time);

/* Seconds since the start of the watch, in row 0. */
void axis_draw(const struct view *view, const struct area *area,
               const struct axis *axis);

/* Over that: from when to when the selected message waited. */
void axis_draw_waits(const struct view *view, const struct area *area,
                     const struct axis *axis);

/* And the marks set by hand. */
void axis_draw_marks(const struct view *view, const struct area *area,
                     const struct axis *axis);

#endif
