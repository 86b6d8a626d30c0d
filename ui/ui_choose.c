/*
 * What is chosen from lists and typed into prompts: menus, the place of a load.
 * It ends as a command for the explorer.
 */
#include "ui.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The places a load can be put, in the order of the list. */
static const struct {
	char letter;
	const char *name, *label;
} places[] = {
    {'m', "main", "on the main loop: it blocks"},
    {'w', "worker", "in a worker thread"},
    {'c', "child", "in a forked child"},
    {'p', "pool", "in libuv's thread pool"},
};

void
ui_set_field(struct command *command, const char *name, bool is_number,
             const char *value)
{
	struct command_field *field = &command->fields[command->field_count++];

	field->name = name;
	field->is_number = is_number;
	snprintf(field->value, sizeof(field->value), "%s", value);
}

void
ui_set_stage(struct command *command)
{
	memset(command, 0, sizeof(*command));
	command->kind = COMMAND_STAGE;
}

/* ---- loads ---- */

void
ui_order_load(struct ui *ui, const char *place, struct command *command)
{
	char call[UI_LAST_LOAD + 32];

	snprintf(call, sizeof(call), "%s(%ld)", ui->last_load,
	         ui->last_argument);
	ui_set_stage(command);
	ui_set_field(command, "load", false, call);
	ui_set_field(command, "on", false, place);
}

/* What to offload is what blocks or blocked last: "fib(42)". */
void
ui_offload(struct ui *ui, const struct model *model, struct command *command)
{
	const struct actors *actors = &model->actors;
	char name[UI_LAST_LOAD];
	long argument;

	for (uint32_t i = 0; i < actors->thread_table.count; i++) {
		const struct loop_state *loop = &actors->threads[i].loop;

		if (loop->blocked_since && sscanf(loop->cause, "%31[a-z](%ld)",
		                                  name, &argument) == 2) {
			memcpy(ui->last_load, name, sizeof(name));
			ui->last_argument = argument;
		}
	}
	ui_order_load(ui, "worker", command);
}

static void
ask_place(struct ui *ui, int load)
{
	char title[POPUP_TEXT];

	ui->load = load;
	snprintf(title, sizeof(title), "Where shall %s run?",
	         ui->setup.loads[load].name);
	popup_init(&ui->popup, title, -1, -1);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		popup_add(&ui->popup, places[i].letter, places[i].label);
	ui->mode = UI_PLACE;
}

void
ui_choose_place(struct ui *ui, int n, struct command *command)
{
	const struct ui_load *load = &ui->setup.loads[ui->load];
	char title[PROMPT_TITLE], usual[32];

	(void)command;
	snprintf(title, sizeof(title), "%s %s: %s", load->name, places[n].label,
	         load->unit);
	snprintf(usual, sizeof(usual), "%ld",
	         strcmp(ui->last_load, load->name) == 0 ? ui->last_argument
	                                                : load->argument);
	ui->place = n;
	ui->ask = ASK_LOAD;
	prompt_init(&ui->prompt, title, usual, true);
	ui->mode = UI_PROMPT;
}

/* ---- menus ---- */

void
ui_open_menu(struct ui *ui, enum menu_id menu)
{
	const struct menu_item *item;

	ui->menu = menu;
	ui->mode = UI_MENU;
	popup_init(&ui->popup, menus[menu].name, 1,
	           menu_col(menu, ui->setup.lab) - 1);
	for (int i = 0; (item = menu_item(menu, i)) != NULL; i++)
		popup_add(&ui->popup, item->letter, item->label);
	for (int i = 0; menu == MENU_LOAD && i < ui->setup.load_count; i++) {
		const struct ui_load *load = &ui->setup.loads[i];
		char text[POPUP_TEXT];

		snprintf(text, sizeof(text), "%-7s %s", load->name, load->help);
		popup_add(&ui->popup, (char)('1' + i), text);
	}
	for (int i = 0; menu == MENU_LESSON && i < LESSONS; i++) {
		char text[POPUP_TEXT];

		snprintf(text, sizeof(text), "%-8s %s", lessons[i].name,
		         lessons[i].title);
		popup_add(&ui->popup, (char)('1' + i), text);
	}
}

/* Asks for the next field of the item, or lets the command go. */
static void
next_field(struct ui *ui, struct command *command)
{
	const struct menu_field *field = &ui->item->fields[ui->field];

	while (ui->field < COMMAND_FIELDS && field->name && !field->prompt) {
		ui_set_field(&ui->command, field->name, field->is_number,
		             field->usual);
		field = &ui->item->fields[++ui->field];
	}
	if (ui->field == COMMAND_FIELDS || !field->name) {
		*command = ui->command;
		return;
	}
	prompt_init(&ui->prompt, field->prompt, field->usual, field->is_number);
	ui->ask = ASK_FIELD;
	ui->mode = UI_PROMPT;
}

void
ui_choose_item(struct ui *ui, const struct model *model, int n,
               struct command *command)
{
	const struct menu_item *item = menu_item(ui->menu, n);

	if (ui->menu == MENU_LOAD) {
		ask_place(ui, n);
		return;
	}
	if (ui->menu == MENU_LESSON) {
		ui_begin_lesson(ui, (enum lesson)n);
		return;
	}
	if (item->request != REQUEST_NONE) {
		ui_request(ui, model, item->request, command);
		return;
	}
	ui->item = item;
	ui->field = 0;
	ui_set_stage(&ui->command);
	next_field(ui, command);
}

static void
typed_load(struct ui *ui, const char *text, struct command *command)
{
	snprintf(ui->last_load, sizeof(ui->last_load), "%s",
	         ui->setup.loads[ui->load].name);
	ui->last_argument = strtol(text, NULL, 10);
	ui_order_load(ui, places[ui->place].name, command);
}

void
ui_typed(struct ui *ui, const struct model *model, struct command *command)
{
	const char *text = ui->prompt.text;

	if (ui->ask == ASK_FILTER) {
		text_clean(ui->wish.filter, sizeof(ui->wish.filter), text,
		           strlen(text));
		return;
	}
	if (!*text)
		return;
	if (ui->ask == ASK_SEARCH) {
		text_clean(ui->search, sizeof(ui->search), text, strlen(text));
		ui_find(ui, model, 1);
	} else if (ui->ask == ASK_LOAD) {
		typed_load(ui, text, command);
	} else {
		ui_set_field(&ui->command, ui->item->fields[ui->field].name,
		             ui->item->fields[ui->field].is_number, text);
		ui->field++;
		next_field(ui, command);
	}
}

/* ---- themes ---- */

void
ui_ask_theme(struct ui *ui)
{
	char text[POPUP_TEXT];

	popup_init(&ui->popup, "Theme", -1, -1);
	for (int i = 0; i < THEMES; i++) {
		snprintf(text, sizeof(text), "%-13s  %s", themes[i].name,
		         themes[i].purpose);
		popup_add(&ui->popup, themes[i].letter, text);
	}
	ui->popup.cursor = (int)ui->theme;
	ui->mode = UI_THEME;
}

void
ui_choose_theme(struct ui *ui, int n, struct command *command)
{
	ui->theme = (enum theme)n;
	command->kind = COMMAND_THEME;
}

/* ---- words ---- */

void
ui_ask_words(struct ui *ui, enum ui_ask ask)
{
	bool filter = ask == ASK_FILTER;

	ui->focused = PANE_PROCESSES;
	ui->ask = ask;
	prompt_init(&ui->prompt,
	            filter ? "show only processes with (nothing: all)"
	                   : "find a process: name, command, pid",
	            filter ? ui->wish.filter : ui->search, false);
	ui->mode = UI_PROMPT;
}

void
ui_find(struct ui *ui, const struct model *model, int step)
{
	static struct tree_row rows[TREE_ROWS];
	struct view view = ui_view(ui, model, NULL, PANE_PROCESSES);
	int count = tree_rows(&view, rows, TREE_ROWS);
	int at = ui->cursor[PANE_PROCESSES];

	for (int i = 0; *ui->search && i < count; i++) {
		at = (at + step + count) % count;
		if (rows[at].process && !rows[at].thread &&
		    tree_matches(rows[at].process, ui->search)) {
			struct selection found = {
			    .kind = SELECT_PROCESS,
			    .pid = rows[at].process->pid,
			};

			ui->cursor[PANE_PROCESSES] = at;
			ui_go(ui, &found, PANE_PROCESSES);
			return;
		}
	}
	ui_say(ui, model, "No process matches.");
}
