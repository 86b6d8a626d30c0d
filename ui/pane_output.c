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

void
pane_output(const struct view *view, const struct area *area)
{
	const struct model *model = view->model;
	int count = line_count(model), shown = area->rect.rows;
	uint64_t first = model->line_count - (uint64_t)count;
	int skip = count > shown ? count - shown : 0;

	if (view->focused && skip > view->top && view->top > 0)
		skip = view->top;
	if (!count)
		area_text(area, 0, 1, STYLE_FAINT,
		          "nothing was written yet; Child s runs a command");
	for (int i = 0; i < shown && skip + i < count; i++)
		put_line(view, area, i,
		         &model->lines[(first + (uint64_t)(skip + i)) %
		                       OUTPUT_LINES]);
}

int
pane_output_rows(const struct view *view)
{
	return line_count(view->model);
}
