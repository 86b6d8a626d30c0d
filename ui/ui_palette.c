/*
 * What the palette lists: every request, every row of the menus, every load,
 * every lesson, every theme, as far as it can be done now; and what its rows
 * do.
 */
#include "ui.h"

#include <stdio.h>

/* What a row of the palette is; `n` is the request, the theme, or the place in
 * the menu. */
enum { OF_REQUEST, OF_THEME, OF_MENU };

static void
add_requests(struct ui *ui, const struct model *model)
{
	char name[REQUEST_NAME], text[PALETTE_TEXT];

	for (int i = 0; i < key_row_count; i++) {
		enum request request = key_rows[i].request;

		if (request == REQUEST_PALETTE ||
		    ui_why_not(ui, model, request))
			continue;
		snprintf(text, sizeof(text), "%s: %s",
		         request_name(request, name), key_rows[i].help);
		palette_add(&ui->palette, OF_REQUEST, (int)request, text,
		            ui->keys.keys[request]);
	}
}

static void
add_themes(struct ui *ui)
{
	char text[PALETTE_TEXT];

	for (int i = 0; i < THEMES; i++) {
		snprintf(text, sizeof(text), "theme %s: %s", themes[i].name,
		         themes[i].purpose);
		palette_add(&ui->palette, OF_THEME, i, text, "");
	}
}

static void
add_menu(struct ui *ui, const struct model *model, enum menu_id menu)
{
	const struct menu_item *item;
	char text[PALETTE_TEXT];

	for (int i = 0; (item = menu_item(menu, i)) != NULL; i++) {
		if (item->request == REQUEST_PALETTE ||
		    ui_why_not(ui, model, item->request))
			continue;
		snprintf(text, sizeof(text), "%s > %s", menus[menu].name,
		         item->label);
		palette_add(&ui->palette, OF_MENU + (int)menu, i, text,
		            ui->keys.keys[item->request]);
	}
}

static void
add_loads(struct ui *ui)
{
	char text[PALETTE_TEXT];

	for (int i = 0; i < ui->setup.load_count; i++) {
		snprintf(text, sizeof(text), "%s > %s: %s",
		         menus[MENU_LOAD].name, ui->setup.loads[i].name,
		         ui->setup.loads[i].help);
		palette_add(&ui->palette, OF_MENU + (int)MENU_LOAD, i, text,
		            "");
	}
}

static void
add_lessons(struct ui *ui)
{
	char text[PALETTE_TEXT];

	for (int i = 0; i < LESSONS; i++) {
		snprintf(text, sizeof(text), "%s > %s: %s",
		         menus[MENU_LESSON].name, lessons[i].name,
		         lessons[i].title);
		palette_add(&ui->palette, OF_MENU + (int)MENU_LESSON, i, text,
		            "");
	}
}

void
ui_open_palette(struct ui *ui, const struct model *model)
{
	palette_init(&ui->palette);
	add_requests(ui, model);
	add_themes(ui);
	for (int i = 0; i < MENUS; i++) {
		if (!menu_is_shown((enum menu_id)i, ui->setup.lab))
			continue;
		if (i == MENU_LOAD)
			add_loads(ui);
		else if (i == MENU_LESSON)
			add_lessons(ui);
		else
			add_menu(ui, model, (enum menu_id)i);
	}
	ui->mode = UI_PALETTE;
}

void
ui_choose_row(struct ui *ui, const struct model *model, int n,
              struct command *command)
{
	const struct palette_row *row = &ui->palette.rows[n];

	switch (row->what) {
	case OF_REQUEST:
		ui_request(ui, model, (enum request)row->n, command);
		break;
	case OF_THEME:
		ui_choose_theme(ui, row->n, command);
		break;
	default:
		ui->menu = (enum menu_id)(row->what - OF_MENU);
		ui_choose_item(ui, model, row->n, command);
		break;
	}
}
