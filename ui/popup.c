#include "popup.h"

#include <stdio.h>
#include <string.h>

void
popup_init(struct popup *popup, const char *title, int row, int col)
{
	memset(popup, 0, sizeof(*popup));
	snprintf(popup->title, sizeof(popup->title), "%s", title);
	popup->row = row;
	popup->col = col;
}

void
popup_add(struct popup *popup, char letter, const char *text)
{
	struct popup_item *item;

	if (popup->count == POPUP_ITEMS)
		return;
	item = &popup->items[popup->count++];
	item->letter = letter;
	snprintf(item->text, sizeof(item->text), "%s", text);
}

int
popup_key(struct popup *popup, const struct key *key)
{
	switch (key->code) {
	case KEY_CODE_UP:
	case KEY_CODE_WHEEL_UP:
		popup->cursor =
		    (popup->cursor + popup->count - 1) % popup->count;
		return POPUP_OPEN;
	case KEY_CODE_DOWN:
	case KEY_CODE_WHEEL_DOWN:
	case '\t':
		popup->cursor = (popup->cursor + 1) % popup->count;
		return POPUP_OPEN;
	case KEY_CODE_ENTER:
	case ' ':
		return popup->cursor;
	case KEY_ESC:
	case KEY_CODE_BACKSPACE:
	case 3: /* ^C */
		return POPUP_CLOSED;
	default:
		break;
	}
	for (int i = 0; i < popup->count; i++)
		if (popup->items[i].letter &&
		    key->code == (uint32_t)popup->items[i].letter)
			return i;
	return POPUP_OPEN;
}

static struct rect
box_of(const struct popup *popup, int rows, int cols)
{
	int width = canvas_width(popup->title) + 6;
	struct rect box;

	for (int i = 0; i < popup->count; i++) {
		int need = canvas_width(popup->items[i].text) + 8;

		if (need > width)
			width = need;
	}
	box.cols = width < cols ? width : cols;
	box.rows = popup->count + 2 < rows ? popup->count + 2 : rows;
	box.row = popup->row >= 0 ? popup->row : (rows - box.rows) / 2;
	box.col = popup->col >= 0 ? popup->col : (cols - box.cols) / 2;
	if (box.row + box.rows > rows)
		box.row = rows - box.rows;
	if (box.col + box.cols > cols)
		box.col = cols - box.cols;
	return box;
}

/* The first item shown: the cursor stays in sight. */
static int
top_of(const struct popup *popup, int shown)
{
	return popup->cursor >= shown ? popup->cursor - shown + 1 : 0;
}

int
popup_item_at(const struct popup *popup, int rows, int cols, int row, int col)
{
	struct rect box = box_of(popup, rows, cols);
	int item = row - box.row - 1 + top_of(popup, box.rows - 2);

	if (row <= box.row || row >= box.row + box.rows - 1 || col <= box.col ||
	    col >= box.col + box.cols - 1)
		return -1;
	return item < popup->count ? item : -1;
}

void
popup_draw(const struct popup *popup, const struct area *area)
{
	struct rect rect = box_of(popup, area->rect.rows, area->rect.cols);
	struct area box = area_inside(area, rect);
	int shown = rect.rows - 2, top = top_of(popup, shown);

	for (int row = 0; row < rect.rows; row++)
		area_fill(&box, row, 0, rect.cols, ' ', STYLE_PLAIN);
	area_frame(&box, popup->title, true);
	for (int i = 0; i < shown && top + i < popup->count; i++) {
		const struct popup_item *item = &popup->items[top + i];
		bool chosen = top + i == popup->cursor;

		if (chosen)
			area_fill(&box, i + 1, 1, rect.cols - 2, ' ',
			          STYLE_CHOICE);
		if (item->letter)
			area_put(&box, i + 1, 2, (uint32_t)item->letter,
			         chosen ? STYLE_CHOICE : STYLE_KEY);
		area_cut(&box, i + 1, 5, rect.cols - 7,
		         chosen ? STYLE_CHOICE : STYLE_PLAIN, item->text);
	}
}
