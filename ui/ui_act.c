/*
 * What requests do: to the screen itself, or as a command for the explorer.
 */
#include "sheets.h"
#include "ui.h"

#include <stdio.h>

enum { PAGE = 10 };
#define SECOND_NS 1000000000ull

/* The process that is selected, in whichever pane, else the one under the
 * tree's cursor; 0: none. */
uint32_t
ui_chosen_pid(const struct ui *ui, const struct model *model)
{
	static struct tree_row rows[TREE_ROWS];
	struct view view = ui_view(ui, model, NULL, PANE_PROCESSES);
	const struct selection *chosen = &ui->chosen[PANE_PROCESSES];
	int count = tree_rows(&view, rows, TREE_ROWS);
	int cursor = ui->cursor[PANE_PROCESSES];

	if (ui->focused != PANE_PROCESSES &&
	    (ui->linked.of.kind == SELECT_PROCESS ||
	     ui->linked.of.kind == SELECT_THREAD))
		chosen = &ui->linked.of;
	if (chosen->kind)
		return chosen->pid == ui->setup.own_pid ? 0 : chosen->pid;
	if (cursor < 0 || cursor >= count || !rows[cursor].process)
		return 0;
	return rows[cursor].process->pid;
}

/* ---- panes ---- */

static void
focus(struct ui *ui, const struct model *model, enum pane_id pane)
{
	if (ui->focused == pane)
		ui->zoomed = !ui->zoomed;
	else
		ui_focus(ui, model, pane);
}

static void
pause_or_go(struct ui *ui, const struct model *model)
{
	if (!ui->paused)
		ui->held = *model;
	ui->paused = !ui->paused;
}

/* The pause begins with the first step; where there is no history to go to,
 * it is all that happens. */
static void
seek(struct ui *ui, const struct model *model, bool forward, uint64_t step,
     struct command *command)
{
	uint64_t now;

	if (!ui->paused && forward)
		return;
	if (!ui->paused)
		pause_or_go(ui, model);
	now = ui->held.now;
	command->kind = COMMAND_SEEK;
	command->since = forward ? now + step : now > step ? now - step : 0;
}

/* To the mark or block on one side; ui_why_not() has seen that there is one. */
static void
seek_mark(struct ui *ui, const struct model *model, bool forward,
          struct command *command)
{
	uint64_t now = ui_model(ui, model)->now, moment;
	bool found = forward ? marks_behind(&ui->marks, model, now, &moment)
	                     : marks_before(&ui->marks, model, now, &moment);

	if (!found)
		return;
	if (!ui->paused)
		pause_or_go(ui, model);
	command->kind = COMMAND_SEEK;
	command->since = moment;
}

static void
set_mark(struct ui *ui, const struct model *model)
{
	struct view view = ui_view(ui, model, NULL, ui->focused);
	char text[64];

	if (marks_toggle(&ui->marks, view.now, view.scale))
		snprintf(text, sizeof(text), "A mark at t=%.2f s.",
		         (double)(view.now - view.model->start) / 1e9);
	else
		snprintf(text, sizeof(text), "The mark is gone.");
	ui_say(ui, model, text);
}

/* What moves in time; false: it is something else. */
static bool
request_time(struct ui *ui, const struct model *model, enum request request,
             struct command *command)
{
	uint64_t column = ui_view(ui, model, NULL, ui->focused).scale;

	switch (request) {
	case REQUEST_PAUSE:
		pause_or_go(ui, model);
		return true;
	case REQUEST_STEP_BACK:
		seek(ui, model, false, column, command);
		return true;
	case REQUEST_STEP_FORWARD:
		seek(ui, model, true, column, command);
		return true;
	case REQUEST_SECOND_BACK:
		seek(ui, model, false, SECOND_NS, command);
		return true;
	case REQUEST_SECOND_FORWARD:
		seek(ui, model, true, SECOND_NS, command);
		return true;
	case REQUEST_MARK_BACK:
		seek_mark(ui, model, false, command);
		return true;
	case REQUEST_MARK_FORWARD:
		seek_mark(ui, model, true, command);
		return true;
	case REQUEST_MARK:
		set_mark(ui, model);
		return true;
	case REQUEST_LIVE:
		if (!ui->paused)
			ui_move(ui, model, ui_step_of(REQUEST_LAST));
		ui->paused = false;
		return true;
	default:
		return false;
	}
}

/* A loop is shown by its lane, a process in the tree; what was before, at the
 * moment it was so. */
void
ui_go_finding(struct ui *ui, const struct model *model, struct command *command)
{
	struct view view = ui_view(ui, model, NULL, ui->focused);
	struct selection thing;
	uint64_t time;

	if (!findings_evidence(&view, ui->concern, &thing, &time))
		return;
	ui_go(ui, &thing,
	      thing.kind == SELECT_THREAD ? PANE_LOOPS : PANE_PROCESSES);
	if (!time)
		return;
	if (!ui->paused)
		pause_or_go(ui, model);
	command->kind = COMMAND_SEEK;
	command->since = time;
}

/* What is for the stage; false: it is something else. */
static bool
request_stage(struct ui *ui, const struct model *model, enum request request,
              struct command *command)
{
	switch (request) {
	case REQUEST_BLOCK:
		ui_order_load(ui, "main", command);
		return true;
	case REQUEST_OFFLOAD:
		ui_offload(ui, model, command);
		return true;
	case REQUEST_FORK_WORKER:
		ui_set_stage(command);
		ui_set_field(command, "cluster", true, "1");
		return true;
	case REQUEST_FEWER_WORKERS:
		ui_set_stage(command);
		ui_set_field(command, "disconnect", false, "newest");
		return true;
	case REQUEST_NEW_STAGE:
		command->kind = COMMAND_NEW_STAGE;
		return true;
	default:
		return false;
	}
}

/* What changes which processes are shown; false: it is something else. */
static bool
request_tree(struct ui *ui, const struct model *model, enum request request)
{
	uint32_t pid;

	switch (request) {
	case REQUEST_SEARCH:
		ui_ask_words(ui, ASK_SEARCH);
		return true;
	case REQUEST_NEXT:
		ui_find(ui, model, 1);
		return true;
	case REQUEST_PREVIOUS:
		ui_find(ui, model, -1);
		return true;
	case REQUEST_FILTER:
		ui_ask_words(ui, ASK_FILTER);
		return true;
	case REQUEST_SORT:
		ui->wish.sort = (ui->wish.sort + 1) % SORTS;
		return true;
	case REQUEST_FOLD:
		pid = ui_chosen_pid(ui, model);
		if (pid)
			tree_fold(&ui->wish, pid);
		return true;
	case REQUEST_UNFOLD:
		ui->wish.folded_count = 0;
		return true;
	default:
		return false;
	}
}

/* What changes the screen itself; false: it is something else. */
static bool
request_screen(struct ui *ui, const struct model *model, enum request request)
{
	switch (request) {
	case REQUEST_HELP:
		ui->help_top = 0;
		ui->mode = UI_HELP;
		return true;
	case REQUEST_FINDINGS:
		ui->help_top = 0;
		ui->sheet = SHEET_FINDINGS;
		ui->concern = 0;
		ui->mode = UI_SHEET;
		return true;
	case REQUEST_DETAILS:
		ui->help_top = 0;
		ui->sheet = SHEET_DETAILS;
		ui->told = ui_pointed(ui, model);
		ui->mode = UI_SHEET;
		return true;
	case REQUEST_BACK:
		if (ui->zoomed)
			ui->zoomed = false;
		else if (ui->selecting)
			ui_unselect(ui);
		else if (*ui->wish.filter)
			ui->wish.filter[0] = '\0';
		else
			ui_end_lesson(ui, model);
		return true;
	case REQUEST_MENU:
		ui_open_menu(ui, ui->setup.lab ? MENU_CHILD : MENU_VIEW);
		return true;
	case REQUEST_SIGNAL:
		ui_ask_signal(ui, model);
		return true;
	case REQUEST_THEME:
		ui_ask_theme(ui);
		return true;
	case REQUEST_PALETTE:
		ui_open_palette(ui, model);
		return true;
	case REQUEST_LESSON_SKIP:
		ui_skip_step(ui, model);
		return true;
	case REQUEST_NEXT_PANE:
		ui_focus(ui, model, (ui->focused + 1) % PANES);
		return true;
	case REQUEST_PREVIOUS_PANE:
		ui_focus(ui, model, (ui->focused + PANES - 1) % PANES);
		return true;
	case REQUEST_ZOOM:
		ui->zoomed = !ui->zoomed;
		return true;
	case REQUEST_FASTER:
		ui->scale -= ui->scale > 0;
		return true;
	case REQUEST_SLOWER:
		ui->scale += ui->scale < UI_SCALES - 1;
		return true;
	case REQUEST_THREADS:
		ui->threads = !ui->threads;
		ui_say(ui, model,
		       ui->threads ? "The process tree shows threads."
		                   : "The process tree shows no threads.");
		return true;
	default:
		return false;
	}
}

int
ui_step_of(enum request request)
{
	switch (request) {
	case REQUEST_UP:
		return -1;
	case REQUEST_DOWN:
		return 1;
	case REQUEST_PAGE_UP:
		return -PAGE;
	case REQUEST_PAGE_DOWN:
		return PAGE;
	case REQUEST_FIRST:
		return -100000;
	case REQUEST_LAST:
		return 100000;
	default:
		return 0;
	}
}

void
ui_request(struct ui *ui, const struct model *model, enum request request,
           struct command *command)
{
	const char *why = ui_why_not(ui, model, request);

	if (why) {
		ui_say(ui, model, why);
		return;
	}
	if (request_screen(ui, model, request) ||
	    request_tree(ui, model, request) ||
	    request_stage(ui, model, request, command) ||
	    request_time(ui, model, request, command))
		return;
	if (ui_step_of(request)) {
		ui_move(ui, model, ui_step_of(request));
		return;
	}
	switch (request) {
	case REQUEST_PANE_1:
	case REQUEST_PANE_2:
	case REQUEST_PANE_3:
	case REQUEST_PANE_4:
	case REQUEST_PANE_5:
	case REQUEST_PANE_6:
		focus(ui, model, (enum pane_id)(request - REQUEST_PANE_1));
		break;
	case REQUEST_SAVE:
		command->kind = COMMAND_SAVE;
		break;
	case REQUEST_MOUSE:
		ui->mouse = !ui->mouse;
		command->kind = COMMAND_MOUSE;
		break;
	case REQUEST_REDRAW:
		command->kind = COMMAND_REDRAW;
		break;
	case REQUEST_SUSPEND:
		command->kind = COMMAND_SUSPEND;
		break;
	case REQUEST_QUIT:
		command->kind = COMMAND_QUIT;
		break;
	default:
		break;
	}
}
