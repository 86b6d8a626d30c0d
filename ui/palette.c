/*
 * The letters typed are looked for as a word, as a part of one, then scattered.
 * What begins with them comes first, and of equals what is listed first.
 */
#include "palette.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 78, HEIGHT = 26, HEAD = 2, PAGE_USUAL = 10 };

/* What a match is worth; behind it how far it is scattered. */
enum { AT_START = 0, AT_WORD = 1000, INSIDE = 2000, SCATTERED = 3000 };

void
palette_init(struct palette *palette)
{
	memset(palette, 0, sizeof(*palette));
	palette->page = PAGE_USUAL;
	prompt_init(&palette->prompt, "", "", false);
}

void
palette_add(struct palette *palette, int what, int n, const char *text,
            const char *keys)
{
	struct palette_row *row;

	if (palette->count == PALETTE_ROWS)
		return;
	row = &palette->rows[palette->count];
	row->what = what;
	row->n = n;
	snprintf(row->text, sizeof(row->text), "%s", text);
	snprintf(row->keys, sizeof(row->keys), "%s", keys);
	palette->shown[palette->shown_count++] = (short)palette->count++;
}

/* ---- matching ---- */

static int
folded(char c)
{
	return tolower((unsigned char)c);
}

/* Where `typed` stands as a whole, at the best place; NULL: nowhere. */
static const char *
find_whole(const char *text, const char *typed)
{
	const char *found = NULL;

	for (const char *at = strcasestr(text, typed); at;
	     at = strcasestr(at + 1, typed)) {
		if (at == text || !isalnum((unsigned char)at[-1]))
			return at;
		if (!found)
			found = at;
	}
	return found;
}

/* The places of the letters, as they come; how many, -1: not all. */
static int
find_scattered(const char *text, const char *typed, int places[PALETTE_TEXT])
{
	int count = 0;

	for (int i = 0; i < PALETTE_TEXT && text[i]; i++) {
		typed += strspn(typed, " ");
		if (*typed && folded(text[i]) == folded(*typed)) {
			places[count++] = i;
			typed++;
		}
	}
	typed += strspn(typed, " ");
	return *typed ? -1 : count;
}

int
palette_match(const char *text, const char *typed)
{
	int places[PALETTE_TEXT], count;
	const char *whole;

	if (!typed[strspn(typed, " ")])
		return AT_START;
	whole = find_whole(text, typed);
	if (whole)
		return whole == text                        ? AT_START
		       : !isalnum((unsigned char)whole[-1]) ? AT_WORD
		                                            : INSIDE;
	count = find_scattered(text, typed, places);
	return count < 1 ? -1 : SCATTERED + places[count - 1] - places[0];
}

/* Sorted by insertion: equals stay in their order. */
static void
search(struct palette *palette)
{
	int values[PALETTE_ROWS], count = 0;

	for (int i = 0; i < palette->count; i++) {
		int value =
		    palette_match(palette->rows[i].text, palette->prompt.text);
		int at = count;

		if (value < 0)
			continue;
		for (; at > 0 && values[at - 1] > value; at--) {
			values[at] = values[at - 1];
			palette->shown[at] = palette->shown[at - 1];
		}
		values[at] = value;
		palette->shown[at] = (short)i;
		count++;
	}
	palette->shown_count = count;
	palette->cursor = palette->top = 0;
}

/* ---- keys ---- */

static int
step_of(const struct palette *palette, const struct key *key)
{
	switch (key->code) {
	case KEY_CODE_UP:
	case KEY_CODE_WHEEL_UP:
	case KEY_CODE_BACKTAB:
		return -1;
	case KEY_CODE_DOWN:
	case KEY_CODE_WHEEL_DOWN:
	case '\t':
		return 1;
	case KEY_CODE_PAGE_UP:
		return -palette->page;
	case KEY_CODE_PAGE_DOWN:
		return palette->page;
	case KEY_CODE_HOME:
		return -PALETTE_ROWS;
	case KEY_CODE_END:
		return PALETTE_ROWS;
	default:
		return 0;
	}
}

int
palette_key(struct palette *palette, const struct key *key)
{
	int step = step_of(palette, key);

	if (step) {
		palette->cursor += step;
		if (palette->cursor >= palette->shown_count)
			palette->cursor = palette->shown_count - 1;
		if (palette->cursor < 0)
			palette->cursor = 0;
		return PALETTE_OPEN;
	}
	switch (prompt_key(&palette->prompt, key)) {
	case PROMPT_LEFT:
		return PALETTE_CLOSED;
	case PROMPT_DONE:
		return palette->shown_count ? palette->shown[palette->cursor]
		                            : PALETTE_OPEN;
	case PROMPT_TYPING:
		break;
	}
	search(palette);
	return PALETTE_OPEN;
}

/* ---- drawing ---- */

static struct rect
box_of(int rows, int cols)
{
	struct rect box = {.rows = rows - 2, .cols = cols - 2};

	if (box.rows > HEIGHT)
		box.rows = HEIGHT;
	if (box.cols > WIDTH)
		box.cols = WIDTH;
	box.row = 1;
	box.col = (cols - box.cols) / 2;
	return box;
}

bool
palette_click(struct palette *palette, int rows, int cols, int row, int col)
{
	struct rect box = box_of(rows, cols);
	int n = row - box.row - HEAD;

	if (n < 0 || row >= box.row + box.rows - 1 || col <= box.col ||
	    col >= box.col + box.cols - 1 ||
	    palette->top + n >= palette->shown_count)
		return false;
	palette->cursor = palette->top + n;
	return true;
}

/* The letters that match stand out. */
static void
mark_letters(const struct palette *palette, const struct area *box, int row,
             int room, const char *text)
{
	const char *typed = palette->prompt.text, *whole;
	int places[PALETTE_TEXT], count;

	if (!typed[strspn(typed, " ")])
		return;
	whole = find_whole(text, typed);
	if (whole) {
		count = (int)strlen(typed);
		for (int i = 0; i < count; i++)
			places[i] = (int)(whole - text) + i;
	} else {
		count = find_scattered(text, typed, places);
	}
	for (int i = 0; i < count; i++)
		if (places[i] < room - 1)
			area_restyle(box, row, 2 + places[i], 1, STYLE_INPUT);
}

static void
put_row(const struct palette *palette, const struct area *box, int row, int n)
{
	const struct palette_row *entry = &palette->rows[palette->shown[n]];
	int keys = canvas_width(entry->keys), room = box->rect.cols - 4;
	bool chosen = n == palette->cursor;
	enum style style = chosen ? STYLE_CHOICE : STYLE_PLAIN;

	if (keys)
		room -= keys + 2;
	area_fill(box, row, 1, box->rect.cols - 2, ' ', style);
	area_cut(box, row, 2, room, style, entry->text);
	if (!chosen)
		mark_letters(palette, box, row, room, entry->text);
	area_right(box, row, box->rect.cols - 2,
	           chosen ? STYLE_CHOICE : STYLE_KEY, entry->keys);
}

static void
put_head(const struct palette *palette, const struct area *box)
{
	int cols = box->rect.cols, end;
	char count[32];

	end = area_text(box, 1, 2, STYLE_KEY, ":");
	end = area_cut(box, 1, end + 1, cols - 20, STYLE_INPUT,
	               palette->prompt.text);
	area_put(box, 1, end, 0x2588, STYLE_INPUT);
	snprintf(count, sizeof(count), "%d of %d", palette->shown_count,
	         palette->count);
	area_right(box, 1, cols - 2, STYLE_LABEL, count);
}

void
palette_draw(struct palette *palette, const struct area *area)
{
	struct area box =
	    area_inside(area, box_of(area->rect.rows, area->rect.cols));
	int page = box.rect.rows - HEAD - 1;

	palette->page = page > 1 ? page : 1;
	if (palette->cursor < palette->top)
		palette->top = palette->cursor;
	if (palette->cursor >= palette->top + palette->page)
		palette->top = palette->cursor - palette->page + 1;
	for (int row = 0; row < box.rect.rows; row++)
		area_fill(&box, row, 0, box.rect.cols, ' ', STYLE_PLAIN);
	area_frame(&box, "Type what you want   Enter does it   Esc leaves",
	           true);
	put_head(palette, &box);
	if (!palette->shown_count)
		area_text(&box, HEAD, 2, STYLE_LABEL, "Nothing is called so.");
	for (int i = 0; i < page && palette->top + i < palette->shown_count;
	     i++)
		put_row(palette, &box, HEAD + i, palette->top + i);
}
