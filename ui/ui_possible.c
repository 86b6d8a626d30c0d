/*
 * What cannot be done now, and why: a key that does nothing says so, and the
 * palette leaves it out.
 */
#include "ui.h"

#include <stddef.h>

static bool
needs_stage(enum request request)
{
	return request == REQUEST_BLOCK || request == REQUEST_OFFLOAD ||
	       request == REQUEST_FORK_WORKER ||
	       request == REQUEST_FEWER_WORKERS || request == REQUEST_NEW_STAGE;
}

static const char *
why_not_fold(const struct ui *ui, const struct model *model)
{
	static struct tree_row rows[TREE_ROWS];
	struct view view = ui_view(ui, model, NULL, PANE_PROCESSES);
	int count = tree_rows(&view, rows, TREE_ROWS);
	int n = ui->cursor[PANE_PROCESSES];

	if (n < 0 || n >= count || !rows[n].process)
		return "Select a process first.";
	if (ui->wish.sort != SORT_TREE)
		return "A sorted list has nothing to fold.";
	if (!tree_is_folded(&ui->wish, rows[n].process->pid) &&
	    (n + 1 >= count || rows[n + 1].depth <= rows[n].depth))
		return "There is nothing below it to fold.";
	return NULL;
}

static const char *
why_not_move(const struct ui *ui, const struct model *model)
{
	struct view view = ui_view(ui, model, NULL, ui->focused);

	int rows = panes[ui->focused].list(&view, NULL, 0);

	/* The only row can be selected. */
	return rows > 1 || (rows == 1 && !ui->selecting)
	           ? NULL
	           : "There is nothing to move to in this pane.";
}

static const char *
why_not_mark(const struct ui *ui, const struct model *model, bool forward)
{
	uint64_t now = ui_model(ui, model)->now, moment;

	if (forward)
		return marks_behind(&ui->marks, model, now, &moment)
		           ? NULL
		           : "No block and no mark after this moment.";
	return marks_before(&ui->marks, model, now, &moment)
	           ? NULL
	           : "No block and no mark before this moment.";
}

const char *
ui_why_not(const struct ui *ui, const struct model *model, enum request request)
{
	if (needs_stage(request))
		return ui->setup.lab ? NULL : "Only the lab has a stage.";
	if (ui_step_of(request))
		return why_not_move(ui, model);
	switch (request) {
	case REQUEST_BACK:
		return ui->zoomed || ui->selecting || *ui->wish.filter ||
		               ui->lesson.runs
		           ? NULL
		           : "There is nothing to go back from.";
	case REQUEST_LESSON_SKIP:
		return ui->lesson.runs && ui->lesson.step < ui->lesson.steps
		           ? NULL
		           : "No lesson runs: looptop lesson lists them.";
	case REQUEST_STEP_FORWARD:
	case REQUEST_SECOND_FORWARD:
		return ui->paused ? NULL : "This is now: go back first.";
	case REQUEST_LIVE:
		return ui->paused ? NULL : why_not_move(ui, model);
	case REQUEST_MARK_BACK:
		return why_not_mark(ui, model, false);
	case REQUEST_MARK_FORWARD:
		return why_not_mark(ui, model, true);
	case REQUEST_SIGNAL:
		return ui->setup.read_only ? "Read-only: nothing is signalled."
		                           : NULL;
	case REQUEST_FASTER:
		return ui->scale > 0 ? NULL : "This is the finest time scale.";
	case REQUEST_SLOWER:
		return ui->scale < UI_SCALES - 1
		           ? NULL
		           : "This is the coarsest time scale.";
	case REQUEST_NEXT:
	case REQUEST_PREVIOUS:
		return *ui->search ? NULL : "Nothing has been searched yet.";
	case REQUEST_FOLD:
		return why_not_fold(ui, model);
	case REQUEST_UNFOLD:
		return ui->wish.folded_count ? NULL : "Nothing is folded.";
	default:
		return NULL;
	}
}
