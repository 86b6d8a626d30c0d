#include "lag_chart.h"

#include <stdio.h>

enum { NAME_END = 13, BARS_AT = 14, SHARE_COLS = 6, BARS_MOST = 90 };

bool
lag_chart_has(const struct view *view, const struct thread *thread)
{
	const struct lane *lane = actor_find_lane(&view->model->actors, thread);

	return lane && lane->lags.count > 0 && !thread->row.died;
}

static void
name_class(int n, char *into, size_t room)
{
	unsigned from = (unsigned)(lag_class(n) / 1000000);
	unsigned to = (unsigned)(lag_class(n + 1) / 1000000);

	if (n == 0)
		snprintf(into, room, "<%u ms", to);
	else if (n == LAG_CLASSES - 1)
		snprintf(into, room, ">%u ms", from);
	else
		snprintf(into, room, "%u-%u ms", from, to);
}

/* Below 5 ms nobody notices; from 50 ms on a loop is called blocked. */
static enum style
style_of(int n)
{
	return lag_class(n) < 5000000    ? STYLE_RUNNING
	       : lag_class(n) < 20000000 ? STYLE_WAITING
	                                 : STYLE_BLOCKED;
}

/* A share that is not 0 shows, and does not read "0 %". */
static void
put_class(const struct area *area, int row, int n, double share)
{
	int room = area->rect.cols - BARS_AT - SHARE_COLS - 1;
	int cols;
	char text[16];

	if (room > BARS_MOST)
		room = BARS_MOST;
	cols = (int)(share * room + 0.5);
	if (share > 0 && cols < 1)
		cols = 1;
	name_class(n, text, sizeof(text));
	area_right(area, row, NAME_END, STYLE_LABEL, text);
	area_fill(area, row, BARS_AT, cols, 0x25a0, style_of(n));
	if (share > 0 && share < 0.005)
		snprintf(text, sizeof(text), "<1%%");
	else
		snprintf(text, sizeof(text), "%.0f%%", share * 100);
	area_text(area, row, BARS_AT + cols + (cols > 0),
	          share > 0 ? STYLE_LABEL : STYLE_FAINT, text);
}

void
lag_chart_draw(const struct view *view, const struct area *area, int row,
               const struct thread *thread)
{
	const struct lane *lane = actor_find_lane(&view->model->actors, thread);
	char name[64], length[16], worst[16];
	struct lag_shares shares;

	lag_sum(&lane->lags, model_blocked(view->model, thread), &shares);
	pane_label(view, thread, name, sizeof(name));
	area_format(area, row, 1, STYLE_LABEL,
	            "timer lag, %s, last %s   worst %s", name,
	            pane_duration(shares.window, length),
	            pane_duration(shares.worst, worst));
	for (int n = 0; n < LAG_CLASSES; n++)
		put_class(area, row + 1 + n, n, shares.share[n]);
}

void
lag_chart_line(const struct view *view, const struct area *area, int row,
               const struct thread *thread)
{
	const struct loop_state *loop = &thread->loop;
	uint64_t blocked = model_blocked(view->model, thread);
	char name[64], p99[16], worst[16];

	if (!loop->window || !loop->has_lag || row >= area->rect.rows)
		return;
	pane_label(view, thread, name, sizeof(name));
	/* What it said last was before that. */
	if (blocked) {
		area_format(area, row, 1, STYLE_FAINT,
		            "%s: a timer would come %s late by now", name,
		            pane_duration(blocked, worst));
		return;
	}
	area_format(area, row, 1, STYLE_FAINT,
	            "%s, last second: busy %.0f%%  lag p99 %s  worst %s", name,
	            100.0 * (double)loop->busy / (double)loop->window,
	            pane_duration(loop->lag_p99, p99),
	            pane_duration(loop->lag_max, worst));
}
