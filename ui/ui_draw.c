/* Drawing a frame: the bar, the verdict, the panes, what lies over them. */
#include "help.h"
#include "sheets.h"
#include "ui.h"
#include "verdict.h"

#include <stdio.h>
#include <string.h>

enum { TOASTS = 2 };
#define TOAST_NS 6000000000ull

static bool
has_output(const struct model *model)
{
	return model->line_count > 0;
}

/* ---- the bar ---- */

/* Right-aligned before column *end, if that leaves room behind `from`. */
static void
put_before(const struct area *area, int *end, int from, enum style style,
           const char *text)
{
	int width = canvas_width(text);

	if (*end - width <= from)
		return;
	area_right(area, 0, *end, style, text);
	*end -= width + 2;
}

static void
put_live(const struct ui_status *status, const struct area *area, int *end,
         int from, double t)
{
	char text[64];

	snprintf(text, sizeof(text), "t=%.1f s", t);
	put_before(area, end, from, STYLE_MENU_FAINT, text);
	snprintf(text, sizeof(text), "%u fps", status->fps);
	if (status->fps)
		put_before(area, end, from + 12, STYLE_MENU_FAINT, text);
	snprintf(text, sizeof(text), "%u req/s", status->requests);
	if (status->requests)
		put_before(area, end, from + 12, STYLE_MENU_FAINT, text);
	put_before(area, end, from, STYLE_MENU_LIVE,
	           status->is_replay ? "\u25cf REPLAY" : "\u25cf LIVE");
}

/* Which moment it is, and how far behind the newest: as much as there is room
 * for. */
static void
put_paused(const struct area *area, int *end, int from, double t,
           uint64_t behind)
{
	char texts[3][64];

	snprintf(texts[0], sizeof(texts[0]),
	         behind ? "\u25cf PAUSED at t=%.1f s  -%.1f s"
	                : "\u25cf PAUSED at t=%.1f s",
	         t, (double)behind / 1e9);
	snprintf(texts[1], sizeof(texts[1]), "\u25cf PAUSED -%.1f s",
	         (double)behind / 1e9);
	snprintf(texts[2], sizeof(texts[2]), "\u25cf PAUSED");
	for (int i = 0; i < 3; i++)
		if (*end - canvas_width(texts[i]) > from) {
			put_before(area, end, from, STYLE_MENU_KEY, texts[i]);
			return;
		}
}

static void
draw_state(const struct ui *ui, const struct model *model,
           const struct ui_status *status, const struct area *area, int from,
           uint64_t behind)
{
	double t = (double)(model->now - model->start) / 1e9;
	int end = area->rect.cols - 1;
	char text[48];

	if (ui->paused)
		put_paused(area, &end, from, t, behind);
	else
		put_live(status, area, &end, from, t);
	snprintf(text, sizeof(text), " dropped: %llu ",
	         (unsigned long long)model->totals.lost);
	if (model->totals.lost)
		put_before(area, &end, from, STYLE_MENU_ALARM, text);
}

static void
draw_bar(const struct ui *ui, const struct model *model,
         const struct ui_status *status, const struct area *area,
         uint64_t behind)
{
	int end;

	area_fill(area, 0, 0, area->rect.cols, ' ', STYLE_MENU);
	area_text(area, 0, 1, STYLE_MENU_NAME, "looptop");
	end = menu_draw(area, ui->mode == UI_MENU ? ui->menu : MENUS,
	                ui->setup.lab);
	draw_state(ui, model, status, area, end + 1, behind);
}

/* ---- panes ---- */

static void
make_title(const struct ui *ui, enum pane_id pane, char *into, size_t room)
{
	const struct tree_wish *wish = &ui->wish;
	char words[TREE_FILTER + 24] = "", key[KEYS_BYTES];
	size_t used = 0;

	if (pane == PANE_PROCESSES && wish->sort != SORT_TREE)
		used = (size_t)snprintf(words, sizeof(words), "  by %s",
		                        tree_sort_name(wish->sort));
	if (pane == PANE_PROCESSES && *wish->filter)
		snprintf(words + used, sizeof(words) - used, "  \\%s",
		         wish->filter);
	snprintf(into, room, "%s %s%s",
	         key_first(&ui->keys, REQUEST_PANE_1 + pane, key),
	         panes[pane].title, words);
	used = strlen(into);
	if (ui->zoomed && used < room)
		snprintf(into + used, room - used, "  (%s: all panes)",
		         key_first(&ui->keys, REQUEST_ZOOM, key));
}

static bool
is_drawn(struct rect rect)
{
	return rect.rows >= 3 && rect.cols >= 10;
}

/* On the frame: how much that is linked is out of sight; and below the focused
 * pane in words what is selected. */
static void
put_linked(const struct ui *ui, const struct model *model,
           const struct area *frame, enum pane_id pane)
{
	struct beyond beyond = ui_beyond(ui, model, pane);
	int end = frame->rect.cols - 2, last = frame->rect.rows - 1;
	char text[48], words[LINKED_WORDS];

	snprintf(text, sizeof(text), " \u2191 %d above ", beyond.above);
	if (beyond.above)
		area_right(frame, 0, end, STYLE_LINKED_MARK, text);
	snprintf(text, sizeof(text), " \u2193 %d below ", beyond.below);
	if (beyond.below) {
		area_right(frame, last, end, STYLE_LINKED_MARK, text);
		end -= canvas_width(text) + 1;
	}
	if (pane != ui->focused)
		return;
	area_text(frame, last, 2, STYLE_LINKED_MARK, " \u258c");
	end = area_cut(frame, last, 4, end - 5, STYLE_LINKED_MARK,
	               linked_words(&ui->linked, end - 5, words));
	area_put(frame, last, end, ' ', STYLE_LINKED_MARK);
}

static void
draw_pane(struct ui *ui, const struct model *model,
          const struct ui_status *status, struct canvas *canvas,
          enum pane_id pane, struct rect rect)
{
	struct area frame = canvas_area(canvas, rect), inside;
	struct view view;
	char title[128];

	if (!is_drawn(rect))
		return;
	view = ui_view(ui, model, status, pane);
	make_title(ui, pane, title, sizeof(title));
	area_frame(&frame, title, pane == ui->focused);
	inside = area_inside(&frame,
	                     (struct rect){1, 1, rect.rows - 2, rect.cols - 2});
	panes[pane].draw(&view, &inside);
	if (ui->linked.of.kind)
		put_linked(ui, model, &frame, pane);
}

/* Cursors settle first: what is linked depends on where they are. */
static void
draw_panes(struct ui *ui, const struct model *model,
           const struct ui_status *status, struct canvas *canvas,
           const struct layout *layout)
{
	for (int i = 0; i < PANES; i++)
		if (is_drawn(layout->panes[i]))
			ui_settle(ui, model, (enum pane_id)i);
	ui_link(ui, model);
	for (int i = 0; i < PANES; i++)
		draw_pane(ui, model, status, canvas, (enum pane_id)i,
		          layout->panes[i]);
}

/* ---- toasts ---- */

static enum style
toast_style(uint8_t level)
{
	return level == NOTE_ERROR     ? STYLE_TOAST_ERROR
	       : level == NOTE_WARNING ? STYLE_TOAST_WARNING
	                               : STYLE_TOAST;
}

static int
draw_toast(const struct area *area, int row, const char *text, enum style style)
{
	int room = area->rect.cols - 4 < 76 ? area->rect.cols - 4 : 76;
	int width = canvas_width(text);

	if (width > room)
		width = room;
	if (row < 2)
		return row;
	area_fill(area, row, area->rect.cols - width - 4, width + 2, ' ',
	          style);
	area_cut(area, row, area->rect.cols - width - 3, width, style, text);
	return row - 1;
}

/* The newest at the bottom, in `row`. */
static void
draw_toasts(const struct ui *ui, const struct model *model,
            const struct area *area, int row)
{

	/* There it is said what is selected. */
	if (ui->linked.of.kind)
		row--;
	if (ui->saved[0] && model->now < ui->saved_at + TOAST_NS)
		row = draw_toast(area, row, ui->saved, STYLE_TOAST);
	for (uint64_t i = 0; i < TOASTS && i < model->note_count; i++) {
		const struct note_row *note =
		    &model->notes[(model->note_count - 1 - i) % NOTES_KEPT];

		if (model->now > note->time + TOAST_NS)
			return;
		row =
		    draw_toast(area, row, note->text, toast_style(note->level));
	}
}

/* ---- the frame ---- */

static void
draw_sheet(struct ui *ui, const struct model *model, const struct area *area)
{
	static struct sheet sheet;
	struct view view = ui_view(ui, model, NULL, ui->focused);

	if (ui->sheet == SHEET_DETAILS)
		details_sheet(&sheet, &view, &ui->told);
	else
		ui->concerns = findings_sheet(&sheet, &view, ui->concern);
	ui->help_last = sheet_draw(&sheet, area, ui->help_top);
}

static void
draw_over(struct ui *ui, const struct model *model, const struct area *area)
{
	switch (ui->mode) {
	case UI_MENU:
	case UI_PLACE:
	case UI_SIGNAL:
	case UI_SIGNAL_GROUP:
	case UI_THEME:
		popup_draw(&ui->popup, area);
		break;
	case UI_PALETTE:
		palette_draw(&ui->palette, area);
		break;
	case UI_PROMPT:
		prompt_draw(&ui->prompt, area);
		break;
	case UI_HELP:
		ui->help_last =
		    help_draw(area, &ui->keys, panes[ui->focused].title,
		              panes[ui->focused].words, ui->help_top);
		break;
	case UI_SHEET:
		draw_sheet(ui, model, area);
		break;
	case UI_NORMAL:
		break;
	}
}

void
ui_draw(struct ui *ui, const struct model *model,
        const struct ui_status *status, struct canvas *canvas)
{
	struct area all = canvas_area(
	    canvas, (struct rect){0, 0, canvas->rows, canvas->cols});
	const struct model *shown = ui_model(ui, model);
	struct layout layout;
	struct verdict verdict;
	struct view view;
	struct area area;
	uint64_t behind;

	ui->rows = canvas->rows;
	ui->cols = canvas->cols;
	view = ui_view(ui, model, status, ui->focused);
	layout_make(&layout, canvas->rows, canvas->cols, ui->focused,
	            ui->zoomed, has_output(shown), ui_strip_rows(ui));
	if (layout.too_small) {
		area_format(&all, 0, 0, STYLE_PLAIN,
		            "looptop needs %dx%d, this is %dx%d",
		            LAYOUT_COLS_MIN, LAYOUT_ROWS_MIN, canvas->cols,
		            canvas->rows);
		return;
	}
	area = canvas_area(canvas, layout.menu);
	behind = model->now > shown->now ? model->now - shown->now : 0;
	draw_bar(ui, shown, status, &area, behind);
	verdict_make(&verdict, &view, ui->setup.lab,
	             behind ? NULL : status->over);
	area = canvas_area(canvas, layout.verdict);
	verdict_draw(&verdict, &area);
	draw_panes(ui, model, status, canvas, &layout);
	area = canvas_area(canvas, layout.lesson);
	ui_draw_lesson(ui, model, &area);
	area = canvas_area(canvas, layout.keys);
	help_key_bar(&area, &ui->keys, ui->setup.lab, ui->paused);
	draw_toasts(ui, shown, &all, layout.lesson.row - 1);
	draw_over(ui, model, &all);
}
