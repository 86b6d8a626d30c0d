#include "help.h"

#include "request.h"

#include <string.h>

enum { WIDTH = 76, KEYS_COLS = 18 };

static const struct {
	uint32_t glyph;
	enum style style;
	const char *meaning;
} legend[] = {
    {0x2584, STYLE_RUNNING, "busy: the height is the share of the column"},
    {0x2588, STYLE_BLOCKED, "blocked: over 50 ms in one callback of a loop "
                            "that has to answer"},
    {0x2585, STYLE_WAITING, "waiting: events that nobody has taken yet"},
    {0x25b6, STYLE_MESSAGE, "a message that arrived"},
    {0x25b7, STYLE_PENDING, "a message on its way: it waits"},
    {0x25b6, STYLE_LATE, "a message that arrived late"},
    {0x25cb, STYLE_IDLE, "an event loop that waits for events"},
};

static int
draw_legend(const struct area *area, int row)
{
	int count = sizeof(legend) / sizeof(*legend);

	for (int i = 0; i < count; i++, row++) {
		area_put(area, row, 3, legend[i].glyph, legend[i].style);
		area_text(area, row, KEYS_COLS + 2, STYLE_PLAIN,
		          legend[i].meaning);
	}
	return row;
}

/* One column of keys, or two where the rows do not reach. */
void
help_draw(const struct area *area)
{
	int count = sizeof(legend) / sizeof(*legend);
	int rows = key_row_count + count + 4;
	int cols = area->rect.cols < WIDTH ? area->rect.cols : WIDTH;
	bool tight = rows > area->rect.rows;
	struct rect rect;
	struct area box;
	int row = 1;

	if (tight)
		rows = area->rect.rows;
	rect = (struct rect){(area->rect.rows - rows) / 2,
	                     (area->rect.cols - cols) / 2, rows, cols};
	box = area_inside(area, rect);
	for (int i = 0; i < rows; i++)
		area_fill(&box, i, 0, cols, ' ', STYLE_PLAIN);
	area_frame(&box, "Help   any key leaves", true);
	if (!tight)
		row = draw_legend(&box, row) + 1;
	for (int i = 0; i < key_row_count && row < rows - 1; i++) {
		int half = cols / 2, col = 2;

		/* Tight: two keys in a row, their help cut. */
		area_cut(&box, row, col, tight ? 9 : KEYS_COLS, STYLE_KEY,
		         key_rows[i].keys);
		area_cut(&box, row, tight ? 12 : KEYS_COLS + 2,
		         tight ? half - 13 : cols - KEYS_COLS - 4,
		         STYLE_PLAIN, key_rows[i].help);
		if (tight && i + 1 < key_row_count) {
			i++;
			area_cut(&box, row, half, 9, STYLE_KEY,
			         key_rows[i].keys);
			area_cut(&box, row, half + 10, cols - half - 12,
			         STYLE_PLAIN, key_rows[i].help);
		}
		row++;
	}
}

static int
put_key(const struct area *area, int col, const struct key_row *row)
{
	char key[16] = "";

	strncat(key, row->keys, strcspn(row->keys, " "));
	area_put(area, 0, col, ' ', STYLE_KEY);
	col = area_text(area, 0, col + 1, STYLE_KEY, key);
	area_put(area, 0, col, ' ', STYLE_KEY);
	return area_text(area, 0, col + 2, STYLE_LABEL, row->label) + 2;
}

static int
width_of(const struct key_row *row)
{
	return (int)strcspn(row->keys, " ") + 2 + 1 +
	       canvas_width(row->label) + 2;
}

void
help_key_bar(const struct area *area, bool lab)
{
	int col = 1;

	for (int i = 0; i < key_row_count; i++) {
		const struct key_row *row = &key_rows[i];
		bool stage = row->request == REQUEST_BLOCK ||
		             row->request == REQUEST_OFFLOAD;

		if (!row->label || (stage && !lab))
			continue;
		if (col + width_of(row) > area->rect.cols)
			continue;
		col = put_key(area, col, row);
	}
}
