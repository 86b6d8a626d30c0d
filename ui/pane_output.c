/* What the children wrote, a line each, newest at the bottom. */
#include "pane.h"

#include <stdio.h>

static int
line_count(const struct model *model)
{
	return model->line_count < OUTPUT_LINES ? (int)model->line_count
	                                        : OUTPUT_LINES;
}

static void
put_line(const struct view *view, const struct area *area, int row,
         const struct output_line *line)
{
	const struct process *process =
	    actor_process(&view->model->actors, line->pid);
	char label[64] = "?";
	int col;

	if (process)
		model_process_label(process, label, sizeof(label));
	col = area_cut(area, row, 1, 12, STYLE_LABEL, label);
	area_put(area, row, col > 13 ? col : 13, 0x2502,
	         line->is_stderr ? STYLE_WAITING : STYLE_FRAME);
	area_cut(area, row, 15, area->rect.cols - 16,
	         line->is_stderr ? STYLE_WAITING : STYLE_PLAIN, line->text);
}

static uint64_t
first_kept(const struct model *model)
{
	return model->line_count - (uint64_t)line_count(model);
}

static struct selection
thing_of(const struct model *model, int n)
{
	uint64_t number = first_kept(model) + (uint64_t)n;

	return (struct selection){
	    .kind = SELECT_LINE,
	    .pid = model->lines[number % OUTPUT_LINES].pid,
	    .number = number,
	};
}

/* Without a chosen line the newest are shown. */
int
pane_output_top(const struct view *view)
{
	int count = line_count(view->model);
	int newest = count > view->rows ? count - view->rows : 0;

	return view->chosen.kind && view->top < newest ? view->top : newest;
}

void
pane_output(const struct view *view, const struct area *area)
{
	const struct model *model = view->model;
	int count = line_count(model), shown = area->rect.rows;
	int top = pane_output_top(view);
	int cursor = view->chosen.kind ? view->cursor : count - 1;

	if (!count)
		area_text(area, 0, 1, STYLE_FAINT,
		          "nothing was written yet; Child s runs a command");
	for (int i = 0; i < shown && top + i < count; i++) {
		struct selection thing = thing_of(model, top + i);

		put_line(view, area, i,
		         &model->lines[thing.number % OUTPUT_LINES]);
		if (view->focused && top + i == cursor)
			pane_put_cursor(area, i, area->rect.cols);
		else
			pane_put_link(area, i, 1, 12,
			              linked_row(view->linked, &thing));
	}
}

int
pane_output_list(const struct view *view, struct selection *things, int room)
{
	int count = line_count(view->model);

	for (int i = 0; things && i < count && i < room; i++)
		things[i] = thing_of(view->model, i);
	return count;
}
