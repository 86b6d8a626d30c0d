/* The lanes: what each event loop did, on one time axis for all. */
#include "pane.h"

#include "lag_chart.h"
#include "lane.h"

enum { LANES_SHOWN = 256 };

/* The loops one looks at first: those that answer, and of foreign programs the
 * main threads'. */
static bool
is_tall(const struct view *view, const struct thread *thread)
{
	const struct process *process =
	    actor_process(&view->model->actors, thread->pid);

	return thread->loop.answers ||
	       (thread->role == ROLE_MAIN && process && !process->runtime);
}

/* Rows of a lane, air below it included. */
struct heights {
	int tall, other;
};

/* Of the tall ones two rows of bars, the hill and air if all lanes fit so, else
 * less. Four rows of bars where half of the pane is still free then, and more
 * than one for the others: it is read from the back of a room. */
static struct heights
heights_for(const struct view *view, const struct thread *const *lanes,
            int count, int rows)
{
	struct heights heights = {6, 3};
	int tall = 0;

	for (int i = 0; i < count; i++)
		tall += is_tall(view, lanes[i]);
	if (view->roomy && 2 * (6 * tall + 3 * (count - tall)) <= rows)
		return heights;
	heights = (struct heights){4, 1};
	while (heights.tall > 1 && heights.tall * tall + count - tall > rows)
		heights.tall--;
	return heights;
}

static int
height_of(const struct view *view, const struct heights *heights,
          const struct thread *thread)
{
	return is_tall(view, thread) ? heights->tall : heights->other;
}

/* Below the lanes: how late a timer would be, of the lane under the cursor if
 * it says so, else of the first that does. */
static void
put_lag(const struct view *view, const struct area *area,
        const struct thread *const *lanes, int count, int row)
{
	const struct thread *chosen = NULL;
	int rows = area->rect.rows;

	for (int i = 0; i < count; i++)
		if (lag_chart_has(view, lanes[i]) &&
		    (!chosen || (view->focused && i == view->cursor)))
			chosen = lanes[i];
	if (chosen && view->roomy && row + 1 + LAG_CHART_ROWS <= rows)
		lag_chart_draw(view, area, row + 1, chosen);
	else if (row < rows - 1)
		lag_chart_line(view, area, rows - 1, lanes[0]);
}

static void
put_cursor(const struct view *view, const struct area *area,
           const struct thread *thread, int row)
{
	if (view->chosen.kind && !thread->loop.blocked_since)
		area_restyle(area, row, 0, AXIS_LABEL_COLS - 1, STYLE_SELECT);
	area_mark(area, row, 0);
}

void
pane_loops(const struct view *view, const struct area *area)
{
	const struct thread *lanes[LANES_SHOWN];
	int count = pane_lanes(view, lanes, LANES_SHOWN), row = 1, i;
	struct axis axis = axis_make(view, area);
	int rows = area->rect.rows;
	struct heights heights = heights_for(view, lanes, count, rows - 1);
	int mark = 0;
	char key[KEYS_BYTES];

	axis_draw(view, area, &axis);
	axis_draw_waits(view, area, &axis);
	axis_draw_marks(view, area, &axis);
	if (!count)
		area_text(area, 1, 1, STYLE_FAINT,
		          "no event loop has been seen yet");
	for (i = view->top; i < count; i++) {
		int need = height_of(view, &heights, lanes[i]);

		if (row + need > rows - (i + 1 < count))
			break;
		if (view->focused && i == view->cursor &&
		    (count > 1 || view->chosen.kind))
			mark = row;
		row = lane_draw(view, area, &axis, lanes[i], row, need);
	}
	if (mark)
		put_cursor(view, area, lanes[view->cursor], mark);
	if (i < count)
		area_format(
		    area, rows - 1, 1, STYLE_LABEL, "+%d more lanes: %s",
		    count - i,
		    key_first(view->keys,
		              view->roomy ? REQUEST_DOWN : REQUEST_ZOOM, key));
	else if (count)
		put_lag(view, area, lanes, count, row);
}

int
pane_loops_list(const struct view *view, struct selection *things, int room)
{
	const struct thread *lanes[LANES_SHOWN];
	int count = pane_lanes(view, lanes, LANES_SHOWN);

	for (int i = 0; things && i < count && i < room; i++)
		things[i] = select_thread(lanes[i]);
	return count;
}

/* The lanes from view->top on that end at or before a row of the pane; -1
 * rows: all there is room for. */
static int
lanes_above(const struct view *view, int end)
{
	const struct thread *lanes[LANES_SHOWN];
	int count = pane_lanes(view, lanes, LANES_SHOWN), row = 1, i;
	struct heights heights =
	    heights_for(view, lanes, count, view->rows - 1);

	for (i = view->top; i < count; i++) {
		row += height_of(view, &heights, lanes[i]);
		if (row > (end < 0 ? view->rows - (i + 1 < count) : end))
			break;
	}
	return i - view->top;
}

int
pane_loops_shown(const struct view *view)
{
	return lanes_above(view, -1);
}

int
pane_loops_at(const struct view *view, int row)
{
	int above = row < 1 ? -1 : lanes_above(view, row);

	return above < pane_loops_shown(view) ? view->top + above : -1;
}
