#include "ui.h"

#include <string.h>

/* ms in a column of the lanes */
static const uint64_t scales[UI_SCALES] = {10, 20, 50, 100, 200};
enum { SCALE_USUAL = 2 };

void
ui_init(struct ui *ui, const struct ui_setup *setup)
{
	/* What is held is large, and made when there is a pause. */
	memset(ui, 0, offsetof(struct ui, held));
	ui->setup = *setup;
	if (setup->keys)
		ui->keys = *setup->keys;
	else
		key_table_init(&ui->keys);
	ui->focused = PANE_LOOPS;
	ui->scale = SCALE_USUAL;
	ui->mouse = true;
	ui->theme = setup->theme;
	if (setup->load_count) {
		strncpy(ui->last_load, setup->loads[0].name,
		        sizeof(ui->last_load) - 1);
		ui->last_argument = setup->loads[0].argument;
	}
	if (setup->has_lesson)
		ui_begin_lesson(ui, setup->lesson);
}

const struct model *
ui_model(const struct ui *ui, const struct model *model)
{
	return ui->paused ? &ui->held : model;
}

struct view
ui_view(const struct ui *ui, const struct model *model,
        const struct ui_status *status, enum pane_id pane)
{
	struct view view = {
	    .model = ui_model(ui, model),
	    .scale = scales[ui->scale] * 1000000,
	    .top = ui->top[pane],
	    .cursor = ui->cursor[pane],
	    .focused = pane == ui->focused,
	    .roomy = ui->zoomed || ui->cols >= LAYOUT_WIDE_COLS,
	    .threads = ui->threads,
	    .wish = &ui->wish,
	    .marks = &ui->marks,
	    .keys = &ui->keys,
	    .own_pid = ui->setup.own_pid,
	    .linked = &ui->linked,
	    .chosen = ui->chosen[pane],
	};
	struct layout layout;

	layout_make(&layout, ui->rows, ui->cols, ui->focused, ui->zoomed,
	            view.model->line_count > 0, ui_strip_rows(ui));
	view.rows = layout.panes[pane].rows - 2;
	view.cols = layout.panes[pane].cols - 2;
	view.now = view.model->now;
	if (status) {
		view.own_cpu = status->own_cpu;
		view.own_rss_kb = status->own_rss_kb;
	}
	return view;
}

void
ui_say(struct ui *ui, const struct model *model, const char *text)
{
	strncpy(ui->saved, text, sizeof(ui->saved) - 1);
	ui->saved_at = model->now;
}

/* ---- keys ---- */

static void
in_menu(struct ui *ui, const struct model *model, const struct key *key,
        struct command *command)
{
	int step = key->code == KEY_CODE_RIGHT  ? 1
	           : key->code == KEY_CODE_LEFT ? MENUS - 1
	                                        : 0;
	int chosen;

	if (step) {
		do {
			ui->menu = (ui->menu + (unsigned)step) % MENUS;
		} while (!menu_is_shown(ui->menu, ui->setup.lab));
		ui_open_menu(ui, ui->menu);
		return;
	}
	chosen = popup_key(&ui->popup, key);
	if (chosen == POPUP_OPEN)
		return;
	ui->mode = UI_NORMAL;
	if (chosen >= 0)
		ui_choose_item(ui, model, chosen, command);
}

static void
in_list(struct ui *ui, const struct model *model, const struct key *key,
        struct command *command)
{
	enum ui_mode mode = ui->mode;
	int chosen = popup_key(&ui->popup, key);

	if (chosen == POPUP_OPEN)
		return;
	ui->mode = UI_NORMAL;
	if (chosen < 0)
		return;
	if (mode == UI_PLACE)
		ui_choose_place(ui, chosen, command);
	else if (mode == UI_THEME)
		ui_choose_theme(ui, chosen, command);
	else if (mode == UI_SIGNAL)
		ui_choose_signal(ui, model, chosen, command);
	else
		ui_choose_group_signal(ui, model, chosen, command);
}

static void
in_palette(struct ui *ui, const struct model *model, const struct key *key,
           struct command *command)
{
	int chosen = palette_key(&ui->palette, key);

	if (chosen == PALETTE_OPEN)
		return;
	ui->mode = UI_NORMAL;
	if (chosen >= 0)
		ui_choose_row(ui, model, chosen, command);
}

static void
in_prompt(struct ui *ui, const struct model *model, const struct key *key,
          struct command *command)
{
	enum prompt_state state = prompt_key(&ui->prompt, key);

	if (state == PROMPT_TYPING)
		return;
	ui->mode = UI_NORMAL;
	if (state == PROMPT_DONE)
		ui_typed(ui, model, command);
}

static void
in_normal(struct ui *ui, const struct model *model, const struct key *key,
          struct command *command)
{
	enum menu_id menu = menu_of_letter(key->code, ui->setup.lab);

	if (menu != MENUS && !key->modifiers)
		ui_open_menu(ui, menu);
	else
		ui_request(ui, model, request_of(&ui->keys, key), command);
}

static void
scroll(int *at, int step, int last)
{
	*at += step;
	if (*at > last)
		*at = last;
	if (*at < 0)
		*at = 0;
}

/* A sheet is left by any key that does not scroll it. In the findings a cursor
 * goes from one to the next, and Enter goes to what it is about. */
static void
in_sheet(struct ui *ui, const struct model *model, const struct key *key,
         struct command *command)
{
	bool findings = ui->mode == UI_SHEET && ui->sheet == SHEET_FINDINGS;
	enum request request = request_of(&ui->keys, key);
	int step = ui_step_of(request);

	if (step && findings && ui->concerns) {
		scroll(&ui->concern, step, ui->concerns - 1);
		return;
	}
	if (step && (ui->help_last || ui->mode == UI_SHEET)) {
		scroll(&ui->help_top, step, ui->help_last);
		return;
	}
	ui->mode = UI_NORMAL;
	if (findings && request == REQUEST_DETAILS)
		ui_go_finding(ui, model, command);
}

/* ---- the mouse ---- */

static bool
is_inside(struct rect rect, const struct key *key)
{
	return key->row >= rect.row && key->row < rect.row + rect.rows &&
	       key->col >= rect.col && key->col < rect.col + rect.cols;
}

static void
click_pane(struct ui *ui, const struct model *model, const struct key *key)
{
	struct layout layout;

	layout_make(&layout, ui->rows, ui->cols, ui->focused, ui->zoomed,
	            ui_model(ui, model)->line_count > 0, ui_strip_rows(ui));
	for (int i = 0; i < PANES; i++)
		if (is_inside(layout.panes[i], key)) {
			ui_point(ui, model, (enum pane_id)i,
			         key->row - layout.panes[i].row - 1);
			return;
		}
}

static void
click(struct ui *ui, const struct model *model, const struct key *key,
      struct command *command)
{
	enum menu_id menu =
	    key->row == 0 ? menu_at(key->col, ui->setup.lab) : MENUS;
	struct key enter = {.code = KEY_CODE_ENTER};
	int item;

	if (ui->mode == UI_NORMAL && menu != MENUS) {
		ui_open_menu(ui, menu);
		return;
	}
	if (ui->mode == UI_NORMAL) {
		click_pane(ui, model, key);
		return;
	}
	if (ui->mode == UI_HELP || ui->mode == UI_PROMPT ||
	    ui->mode == UI_SHEET) {
		ui->mode = UI_NORMAL;
		return;
	}
	if (ui->mode == UI_PALETTE) {
		if (palette_click(&ui->palette, ui->rows, ui->cols, key->row,
		                  key->col))
			in_palette(ui, model, &enter, command);
		else
			ui->mode = UI_NORMAL;
		return;
	}
	item =
	    popup_item_at(&ui->popup, ui->rows, ui->cols, key->row, key->col);
	if (item < 0) {
		ui->mode = UI_NORMAL;
		return;
	}
	ui->popup.cursor = item;
	if (ui->mode == UI_MENU)
		in_menu(ui, model, &enter, command);
	else
		in_list(ui, model, &enter, command);
}

static void
press(struct ui *ui, const struct model *model, const struct key *key,
      struct command *command)
{
	/* While paused no time goes by that would end what was said. */
	if (ui->paused)
		ui->saved[0] = '\0';
	switch (ui->mode) {
	case UI_NORMAL:
		in_normal(ui, model, key, command);
		break;
	case UI_MENU:
		in_menu(ui, model, key, command);
		break;
	case UI_PLACE:
	case UI_SIGNAL:
	case UI_SIGNAL_GROUP:
	case UI_THEME:
		in_list(ui, model, key, command);
		break;
	case UI_PALETTE:
		in_palette(ui, model, key, command);
		break;
	case UI_PROMPT:
		in_prompt(ui, model, key, command);
		break;
	case UI_HELP:
	case UI_SHEET:
		in_sheet(ui, model, key, command);
		break;
	}
}

void
ui_key(struct ui *ui, const struct model *model, const struct key *key,
       struct command *command)
{
	memset(command, 0, sizeof(*command));
	if (key->code == KEY_CODE_MARK) {
		command->kind = COMMAND_MARK;
		command->mark = key->mark;
		command->mark_ms = key->mark_ms;
	} else if (key->code == KEY_CODE_MOUSE) {
		click(ui, model, key, command);
	} else if (key->code != KEY_CODE_NONE) {
		press(ui, model, key, command);
	}
	ui_act_for_step(ui, model, command);
}
