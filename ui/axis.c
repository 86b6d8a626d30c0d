#include "axis.h"

#include <stdio.h>
#include <string.h>

struct axis
axis_make(const struct view *view, const struct area *area)
{
	struct axis axis = {
	    .step = view->scale,
	    .now = view->now,
	    .col = AXIS_LABEL_COLS,
	    .cols = area->rect.cols - AXIS_LABEL_COLS - 1,
	};
	uint64_t half;

	if (axis.cols < 2)
		axis.cols = 2;
	half = (uint64_t)(axis.cols / 2) * axis.step;
	axis.start = view->now / half * half;
	axis.start = axis.start > half ? axis.start - half : 0;
	return axis;
}

uint64_t
axis_time(const struct axis *axis, int col)
{
	return axis->start + (uint64_t)col * axis->step;
}

int
axis_col(const struct axis *axis, uint64_t time)
{
	uint64_t col;

	if (time <= axis->start)
		return 0;
	col = (time - axis->start) / axis->step;
	return col >= (uint64_t)axis->cols ? axis->cols - 1 : (int)col;
}

void
axis_draw(const struct view *view, const struct area *area,
          const struct axis *axis)
{
	uint64_t start = view->model->start;
	uint64_t tick = 1000000000ull;

	while (tick / axis->step < 12)
		tick *= 5;
	area_format(area, 0, 1, STYLE_LABEL, "loop  1 col=%u ms",
	            (unsigned)(axis->step / 1000000));
	for (int i = 0; i < axis->cols; i++) {
		uint64_t from = axis_time(axis, i);
		uint64_t since = from > start ? from - start : 0;
		char text[24];

		if (from < start || since / tick == (since + axis->step) / tick)
			continue;
		snprintf(text, sizeof(text), "%us",
		         (unsigned)((since + axis->step) / tick * tick /
		                    1000000000ull));
		if (i + 1 + (int)strlen(text) < axis->cols)
			area_text(area, 0, axis->col + i + 1, STYLE_FAINT,
			          text);
	}
}

/* On the axis: from when to when the message waited, in words inside if they
 * fit, else beside it. */
static void
put_wait(const struct area *area, const struct axis *axis,
         const struct linked_span *span)
{
	int from = axis->col + axis_col(axis, span->begin);
	int to = axis->col + axis_col(axis, span->end);
	int end = axis->col + axis->cols, width, at = to + 1;
	char text[32], length[16];

	if (span->end < axis->start)
		return;
	snprintf(text, sizeof(text), " %s %s ",
	         span->end >= axis->now                       ? "waits"
	         : span->end - span->begin < MODEL_WAITING_NS ? "took"
	                                                      : "waited",
	         pane_duration(span->end - span->begin, length));
	width = canvas_width(text);
	area_fill(area, 0, from, to - from + 1, 0x2500, STYLE_LINKED_MARK);
	area_put(area, 0, from, 0x251c, STYLE_LINKED_MARK);
	area_put(area, 0, to, from == to ? 0x2193 : 0x2524, STYLE_LINKED_MARK);
	if (width < to - from)
		at = from + (to - from + 1 - width) / 2;
	else if (at + width > end)
		at = from - width;
	if (at >= axis->col)
		area_text(area, 0, at, STYLE_LINKED_MARK, text);
}

void
axis_draw_waits(const struct view *view, const struct area *area,
                const struct axis *axis)
{
	for (int i = 0; view->linked && i < view->linked->span_count; i++)
		if (view->linked->spans[i].meaning == LINKED_WAIT)
			put_wait(area, axis, &view->linked->spans[i]);
}

void
axis_draw_marks(const struct view *view, const struct area *area,
                const struct axis *axis)
{
	uint64_t end = axis_time(axis, axis->cols);

	for (int i = 0; view->marks && i < view->marks->count; i++) {
		uint64_t time = view->marks->times[i];

		if (time >= axis->start && time < end)
			area_put(area, 0, axis->col + axis_col(axis, time),
			         0x25be, STYLE_KEY);
	}
}
