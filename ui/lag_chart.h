/*
 * lag_chart: how late a timer would be on a loop: a bar for each class of lag,
 * as long as its share of the time.
 */
#ifndef UI_LAG_CHART_H
#define UI_LAG_CHART_H

#include "pane.h"

/* Rows the chart takes. */
enum { LAG_CHART_ROWS = LAG_CLASSES + 1 };

/* Whether the loop of `thread` has said how its lag is spread. */
bool lag_chart_has(const struct view *view, const struct thread *thread);

/* Draws it from `row` on. */
void lag_chart_draw(const struct view *view, const struct area *area, int row,
                    const struct thread *thread);

/* The same in a line, for where there is no room: the last second. */
void lag_chart_line(const struct view *view, const struct area *area, int row,
                    const struct thread *thread);

#endif
