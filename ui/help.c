#include "help.h"

#include <stdio.h>
#include <string.h>

enum { BETWEEN = 2 }; /* blanks after a key of the bar */
enum { COLUMN = 58, KEYS_COLS = 17, ABOUT_LINES = 4, LINES_MAX = 64 };

static const struct {
	uint32_t glyph;
	enum style style;
	const char *meaning;
} legend[] = {
    {0x2584, STYLE_RUNNING, "busy; the height is the share of the time"},
    {0x2588, STYLE_BLOCKED, "blocked: over 50 ms in one callback"},
    {0x2585, STYLE_WAITING, "the hill: events waiting for a blocked loop"},
    {0x2581, STYLE_IDLE, "idle: the loop waits for events"},
    {0x25b6, STYLE_MESSAGE, "a message that arrived"},
    {0x25b7, STYLE_PENDING, "a message on its way: it waits"},
    {0x25b6, STYLE_LATE, "a message that arrived late"},
    {0x25b6, STYLE_RUNNING, "a process starts or ends"},
    {0x258c, STYLE_LINKED_MARK, "belongs to the row that is selected"},
};

enum { LEGEND = sizeof(legend) / sizeof(*legend) };

/* Where line n of the help goes. */
struct page {
	const struct area *box;
	int top, rows, columns;
};

static bool
place(const struct page *page, int n, int *row, int *col)
{
	n -= page->top;
	if (n < 0 || n >= page->rows * page->columns)
		return false;
	*row = 1 + n % page->rows;
	*col = 2 + n / page->rows * COLUMN;
	return true;
}

static void
put_title(const struct page *page, int n, const char *text)
{
	int row, col;

	if (place(page, n, &row, &col))
		area_cut(page->box, row, col, COLUMN - 2, STYLE_BOLD, text);
}

/* Words in lines of a column's width; returns the line behind them. */
static int
put_words(const struct page *page, int n, const char *words)
{
	while (*words) {
		size_t length = strlen(words), room = COLUMN - 4;
		char line[COLUMN];
		int row, col;

		if (length > room)
			for (length = room; length > 1 && words[length] != ' ';)
				length--;
		snprintf(line, sizeof(line), "%.*s", (int)length, words);
		if (place(page, n, &row, &col))
			area_text(page->box, row, col, STYLE_PLAIN, line);
		n++;
		words += length;
		words += strspn(words, " ");
	}
	return n;
}

static void
put_legend(const struct page *page, int n)
{
	int row, col;

	for (int i = 0; i < LEGEND; i++) {
		if (!place(page, n + i, &row, &col))
			continue;
		area_put(page->box, row, col, legend[i].glyph, legend[i].style);
		area_put(page->box, row, col + 1, legend[i].glyph,
		         legend[i].style);
		area_cut(page->box, row, col + 4, COLUMN - 6, STYLE_PLAIN,
		         legend[i].meaning);
	}
}

static void
put_keys(const struct page *page, const struct key_table *keys, int n)
{
	int row, col;

	for (int i = 0; i < key_row_count; i++) {
		if (!place(page, n + i, &row, &col))
			continue;
		area_cut(page->box, row, col, KEYS_COLS, STYLE_KEY,
		         keys->keys[key_rows[i].request]);
		area_cut(page->box, row, col + KEYS_COLS + 1,
		         COLUMN - KEYS_COLS - 3, STYLE_PLAIN, key_rows[i].help);
	}
}

static void
put_frame(const struct area *box, const struct key_table *keys, bool scrolls)
{
	char title[128], down[KEYS_BYTES], up[KEYS_BYTES];

	snprintf(title, sizeof(title),
	         "Help   %s, %s: up and down   any other key leaves",
	         key_first(keys, REQUEST_DOWN, down),
	         key_first(keys, REQUEST_UP, up));
	area_frame(box, scrolls ? title : "Help   any key leaves", true);
}

int
help_draw(const struct area *area, const struct key_table *keys,
          const char *pane, const char *about, int top)
{
	int columns = area->rect.cols >= 2 * COLUMN + 2 ? 2 : 1;
	int lines = ABOUT_LINES + 2 + LEGEND + 2 + key_row_count;
	int rows = (lines + columns - 1) / columns;
	struct page page = {.columns = columns};
	struct rect rect;
	struct area box;
	int n, last;

	if (rows > area->rect.rows - 2)
		rows = area->rect.rows - 2;
	last = lines > rows * columns ? lines - rows * columns : 0;
	rect.rows = rows + 2;
	rect.cols = columns * COLUMN + 2;
	rect.row = (area->rect.rows - rect.rows) / 2;
	rect.col = (area->rect.cols - rect.cols) / 2;
	box = area_inside(area, rect);
	page.box = &box;
	page.rows = rows;
	page.top = top < last ? top : last;
	for (int i = 0; i < rect.rows; i++)
		area_fill(&box, i, 0, rect.cols, ' ', STYLE_PLAIN);
	put_frame(&box, keys, last > 0);
	put_title(&page, 0, pane);
	n = put_words(&page, 1, about);
	n = n > ABOUT_LINES ? n : ABOUT_LINES;
	put_title(&page, n + 1, "What it looks like");
	put_legend(&page, n + 2);
	put_title(&page, n + LEGEND + 3, "Keys");
	put_keys(&page, keys, n + LEGEND + 4);
	return last;
}

/* ---- the key bar ---- */

/* The first of its keys is the one that the bar shows. */
static int
put_key(const struct area *area, int col, const char *keys, const char *label)
{
	char key[KEYS_BYTES] = "";

	strncat(key, keys, strcspn(keys, " "));
	area_put(area, 0, col, ' ', STYLE_KEY);
	col = area_text(area, 0, col + 1, STYLE_KEY, key);
	area_put(area, 0, col, ' ', STYLE_KEY);
	return area_text(area, 0, col + 2, STYLE_LABEL, label) + BETWEEN;
}

static int
width_of(const char *keys, const char *label)
{
	return (int)strcspn(keys, " ") + 3 + canvas_width(label) + BETWEEN;
}

static bool
is_time(enum request request)
{
	return request == REQUEST_STEP_BACK ||
	       request == REQUEST_STEP_FORWARD ||
	       request == REQUEST_SECOND_BACK || request == REQUEST_LIVE ||
	       request == REQUEST_MARK_BACK;
}

static bool
is_shown(const struct key_row *row, bool lab, bool paused)
{
	bool stage =
	    row->request == REQUEST_BLOCK || row->request == REQUEST_OFFLOAD;

	return row->label && (!stage || (lab && !paused)) &&
	       (!is_time(row->request) || paused);
}

void
help_key_bar(const struct area *area, const struct key_table *table, bool lab,
             bool paused)
{
	int col = 1;

	for (int i = 0; i < key_row_count; i++) {
		const struct key_row *row = &key_rows[i];
		const char *keys = table->keys[row->request];
		const char *label = row->label;

		if (paused && row->request == REQUEST_PAUSE)
			label = "resume";
		if (is_shown(row, lab, paused) &&
		    col + width_of(keys, label) - BETWEEN <= area->rect.cols)
			col = put_key(area, col, keys, label);
	}
}
