/*
 * The cursor of each pane, and what is selected with it.
 *
 * A cursor that was moved is bound to the thing its row stands for: rows come,
 * go and change places, and it stays with it. What the focused pane's cursor is
 * on is what is selected; the other panes show what belongs to it.
 */
#include "ladder.h"
#include "ui.h"

/* Panes whose newest row is at the bottom; the cursor follows it until one
 * goes up from there. */
static bool
follows_newest(enum pane_id pane)
{
	return pane == PANE_MESSAGES || pane == PANE_OUTPUT;
}

/* The rows of a pane as they are listed now. */
struct list {
	struct view view;
	struct selection *things;
	int count, at; /* the row under the cursor, -1: out of sight */
};

static struct list
list_of(const struct ui *ui, const struct model *model, enum pane_id pane)
{
	static struct selection things[PANE_ROWS];
	struct list list = {
	    .view = ui_view(ui, model, NULL, pane),
	    .things = things,
	};

	list.count = panes[pane].list(&list.view, things, PANE_ROWS);
	if (list.count > PANE_ROWS)
		list.count = PANE_ROWS;
	if (ui->chosen[pane].kind)
		list.at = select_find(things, list.count, &ui->chosen[pane]);
	else if (follows_newest(pane))
		list.at = list.count - 1;
	else
		list.at = ui->cursor[pane];
	return list;
}

static void
choose(struct ui *ui, enum pane_id pane, const struct list *list, int at)
{
	ui->cursor[pane] = at;
	ui->chosen[pane] = list->things[at];
}

/* ---- keeping it in sight ---- */

/* The first row of a list that is shown. */
static int
top_of(const struct list *list, enum pane_id pane)
{
	int top;

	if (pane == PANE_OUTPUT)
		return pane_output_top(&list->view);
	if (pane != PANE_MESSAGES)
		return list->view.top;
	top = list->count - list->view.top - pane_messages_shown(&list->view);
	return top > 0 ? top : 0;
}

/* Rows there is room for from the view's top on; the last one may have to say
 * that there are more. */
static int
room_of(const struct view *view, enum pane_id pane, int count)
{
	int rows = view->rows - (pane != PANE_OUTPUT);

	if (pane == PANE_LOOPS)
		return pane_loops_shown(view);
	if (pane == PANE_MESSAGES)
		return pane_messages_shown(view);
	return rows - (pane != PANE_OUTPUT && count > view->top + rows);
}

static void
scroll(struct ui *ui, enum pane_id pane, struct list *list)
{
	int cursor = ui->cursor[pane], *top = &ui->top[pane];
	int room = room_of(&list->view, pane, list->count);

	if (cursor < *top)
		*top = cursor;
	if (room > 0 && cursor >= *top + room)
		*top = cursor - room + 1;
	if (*top < 0)
		*top = 0;
}

/* Messages are counted from the newest, which is at the bottom. A row more is
 * needed as soon as some are below. */
static void
scroll_messages(struct ui *ui, struct list *list)
{
	int *below = &ui->top[PANE_MESSAGES];
	int after = list->count - 1 - list->at;
	int room = pane_messages_shown(&list->view);

	ui->cursor[PANE_MESSAGES] = list->at;
	if (list->at < 0)
		return;
	if (after < *below)
		*below = after;
	if (room > 0 && after >= *below + room)
		*below = after - room + 1 + !list->view.top;
}

void
ui_settle(struct ui *ui, const struct model *model, enum pane_id pane)
{
	bool chosen = ui->chosen[pane].kind;
	struct list list;

	/* A cursor that was never moved is where it can be. */
	if (!chosen && follows_newest(pane)) {
		ui->top[pane] = 0;
		return;
	}
	if (!chosen && !ui->cursor[pane] && !ui->top[pane])
		return;
	list = list_of(ui, model, pane);
	if (pane == PANE_MESSAGES) {
		scroll_messages(ui, &list);
		return;
	}
	if (list.at < 0)
		list.at = ui->cursor[pane];
	if (list.at >= list.count)
		list.at = list.count - 1;
	if (list.at < 0)
		list.at = 0;
	ui->cursor[pane] = list.at;
	if (chosen && list.count)
		choose(ui, pane, &list, list.at);
	scroll(ui, pane, &list);
}

/* ---- choosing ---- */

struct selection
ui_pointed(const struct ui *ui, const struct model *model)
{
	struct selection nothing = {.kind = SELECT_NONE};
	struct list list;

	if (ui->chosen[ui->focused].kind)
		return ui->chosen[ui->focused];
	list = list_of(ui, model, ui->focused);
	return list.at >= 0 && list.at < list.count ? list.things[list.at]
	                                            : nothing;
}

void
ui_link(struct ui *ui, const struct model *model)
{
	struct selection selected = {.kind = SELECT_NONE};

	if (ui->selecting)
		selected = ui_pointed(ui, model);
	linked_make(&ui->linked, ui_model(ui, model), &selected);
}

void
ui_unselect(struct ui *ui)
{
	struct selection nothing = {.kind = SELECT_NONE};

	ui->selecting = false;
	ui->linked.of = nothing;
	for (int i = 0; i < PANES; i++)
		ui->chosen[i] = nothing;
}

void
ui_move(struct ui *ui, const struct model *model, int step)
{
	enum pane_id pane = ui->focused;
	struct list list = list_of(ui, model, pane);
	int at;

	ui->selecting = true;
	if (!list.count)
		return;
	/* More of them are looked at once one is chosen. */
	if (pane == PANE_MESSAGES && !ui->chosen[pane].kind) {
		choose(ui, pane, &list, list.at);
		list = list_of(ui, model, pane);
	}
	at = list.at + step;
	if (at >= list.count)
		at = list.count - 1;
	if (at < 0)
		at = 0;
	choose(ui, pane, &list, at);
	if (follows_newest(pane) && step > 0 && at == list.count - 1)
		ui->chosen[pane].kind = SELECT_NONE;
}

void
ui_point(struct ui *ui, const struct model *model, enum pane_id pane, int row)
{
	struct list list;
	int at;

	ui->focused = pane;
	list = list_of(ui, model, pane);
	at = top_of(&list, pane) + row - (pane != PANE_OUTPUT);
	if (pane == PANE_LOOPS)
		at = pane_loops_at(&list.view, row);
	if (at < 0 || at >= list.count)
		return;
	ui->selecting = true;
	choose(ui, pane, &list, at);
}

/* The cursor of the pane goes to what is linked, if it is not on it. */
void
ui_focus(struct ui *ui, const struct model *model, enum pane_id pane)
{
	struct list list;
	int step = follows_newest(pane) ? -1 : 1;

	ui_link(ui, model);
	ui->focused = pane;
	if (!ui->selecting)
		return;
	list = list_of(ui, model, pane);
	if (list.at >= 0 && list.at < list.count &&
	    linked_row(&ui->linked, &list.things[list.at])) {
		choose(ui, pane, &list, list.at);
		return;
	}
	for (int i = step > 0 ? 0 : list.count - 1; i >= 0 && i < list.count;
	     i += step)
		if (linked_row(&ui->linked, &list.things[i])) {
			choose(ui, pane, &list, i);
			return;
		}
}

void
ui_go(struct ui *ui, const struct selection *thing, enum pane_id pane)
{
	ui->focused = pane;
	ui->selecting = true;
	ui->chosen[pane] = *thing;
}

/* ---- out of sight ---- */

struct beyond
ui_beyond(const struct ui *ui, const struct model *model, enum pane_id pane)
{
	struct beyond beyond = {0, 0};
	struct list list;
	int room, top;

	if (!ui->linked.of.kind)
		return beyond;
	list = list_of(ui, model, pane);
	room = room_of(&list.view, pane, list.count);
	top = top_of(&list, pane);
	/* It was so long ago that it is no row any more. */
	if (pane == PANE_MESSAGES && pane == ui->focused)
		beyond.above = list.at < 0;
	for (int i = 0; i < list.count; i++)
		if (linked_row(&ui->linked, &list.things[i])) {
			beyond.above += i < top;
			beyond.below += i >= top + room;
		}
	return beyond;
}
