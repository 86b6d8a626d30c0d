#include "canvas.h"

#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void
canvas_reset(struct canvas *canvas, int rows, int cols)
{
	static const struct cell blank = {' ', STYLE_PLAIN};

	canvas->rows = rows < CANVAS_ROWS ? rows : CANVAS_ROWS;
	canvas->cols = cols < CANVAS_COLS ? cols : CANVAS_COLS;
	for (int col = 0; col < canvas->cols; col++)
		canvas->cells[0][col] = blank;
	for (int row = 1; row < canvas->rows; row++)
		memcpy(canvas->cells[row], canvas->cells[0],
		       (size_t)canvas->cols * sizeof(blank));
}

/* The part of `inner` that lies in `outer`. */
static struct rect
intersect(struct rect inner, struct rect outer)
{
	int row_end = inner.row + inner.rows, col_end = inner.col + inner.cols;

	if (inner.row < outer.row)
		inner.row = outer.row;
	if (inner.col < outer.col)
		inner.col = outer.col;
	if (row_end > outer.row + outer.rows)
		row_end = outer.row + outer.rows;
	if (col_end > outer.col + outer.cols)
		col_end = outer.col + outer.cols;
	inner.rows = row_end > inner.row ? row_end - inner.row : 0;
	inner.cols = col_end > inner.col ? col_end - inner.col : 0;
	return inner;
}

struct area
canvas_area(struct canvas *canvas, struct rect rect)
{
	struct rect whole = {0, 0, canvas->rows, canvas->cols};

	return (struct area){canvas, intersect(rect, whole)};
}

struct area
area_inside(const struct area *area, struct rect rect)
{
	rect.row += area->rect.row;
	rect.col += area->rect.col;
	return (struct area){area->canvas, intersect(rect, area->rect)};
}

static struct cell *
cell_at(const struct area *area, int row, int col)
{
	if (row < 0 || col < 0 || row >= area->rect.rows ||
	    col >= area->rect.cols)
		return NULL;
	return &area->canvas->cells[area->rect.row + row][area->rect.col + col];
}

void
area_put(const struct area *area, int row, int col, uint32_t point,
         enum style style)
{
	struct cell *cell = cell_at(area, row, col);

	if (!cell)
		return;
	cell->point = point;
	cell->style = (uint8_t)style;
}

/* Columns of a character: 0 for what combines with the one before it, which a
 * grid cannot show. */
static int
width_of(uint32_t point)
{
	int width = point < 0x300 ? 1 : wcwidth((wchar_t)point);

	return width < 0 ? 1 : width;
}

/* Draws text up to column `end`; returns the column behind it. */
static int
draw_text(const struct area *area, int row, int col, int end, enum style style,
          const char *text)
{
	size_t size = strlen(text);

	for (size_t at = 0; at < size;) {
		uint32_t point;
		int width;

		at += text_decode(text + at, size - at, &point);
		if (point < 0x20 || (point >= 0x7f && point < 0xa0))
			point = ' ';
		width = width_of(point);
		if (col + width > end)
			break;
		if (width > 0)
			area_put(area, row, col, point, style);
		if (width == 2)
			area_put(area, row, col + 1, 0, style);
		col += width;
	}
	return col;
}

int
area_text(const struct area *area, int row, int col, enum style style,
          const char *text)
{
	return draw_text(area, row, col, area->rect.cols, style, text);
}

int
area_format(const struct area *area, int row, int col, enum style style,
            const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return area_text(area, row, col, style, text);
}

int
canvas_width(const char *text)
{
	size_t size = strlen(text);
	int width = 0;

	for (size_t at = 0; at < size;) {
		uint32_t point;

		at += text_decode(text + at, size - at, &point);
		width += width_of(point);
	}
	return width;
}

int
area_cut(const struct area *area, int row, int col, int cols, enum style style,
         const char *text)
{
	if (cols <= 0)
		return col;
	if (canvas_width(text) <= cols)
		return draw_text(area, row, col, col + cols, style, text);
	col = draw_text(area, row, col, col + cols - 1, style, text);
	area_put(area, row, col, 0x2026, style);
	return col + 1;
}

void
area_right(const struct area *area, int row, int end, enum style style,
           const char *text)
{
	area_text(area, row, end - canvas_width(text), style, text);
}

void
area_fill(const struct area *area, int row, int col, int cols, uint32_t point,
          enum style style)
{
	for (int i = 0; i < cols; i++)
		area_put(area, row, col + i, point, style);
}

void
area_restyle(const struct area *area, int row, int col, int cols,
             enum style style)
{
	for (int i = 0; i < cols; i++) {
		struct cell *cell = cell_at(area, row, col + i);

		if (cell)
			cell->style = (uint8_t)style;
	}
}

static bool
is_blank(const struct area *area, int row, int col)
{
	const struct cell *cell = cell_at(area, row, col);

	return !cell || cell->point == ' ';
}

void
area_link(const struct area *area, int row, int col, int cols)
{
	for (; cols > 0 && is_blank(area, row, col); cols--)
		col++;
	while (cols > 0 && is_blank(area, row, col + cols - 1))
		cols--;
	for (int i = 0; i < cols; i++) {
		struct cell *cell = cell_at(area, row, col + i);

		cell->style =
		    cell->style == STYLE_BLOCKED_FILL ? STYLE_LINKED_FILL
		    : cell->style == STYLE_BLOCKED    ? STYLE_LINKED_BLOCKED
						      : STYLE_LINKED;
	}
}

void
area_mark(const struct area *area, int row, int col)
{
	struct cell *cell = cell_at(area, row, col);

	if (cell)
		cell->point = 0x25b8;
}

void
area_frame(const struct area *area, const char *title, bool focused)
{
	enum style style = focused ? STYLE_FRAME_FOCUS : STYLE_FRAME;
	int rows = area->rect.rows, cols = area->rect.cols;

	if (rows < 2 || cols < 2)
		return;
	area_fill(area, 0, 1, cols - 2, 0x2500, style);
	area_fill(area, rows - 1, 1, cols - 2, 0x2500, style);
	for (int row = 1; row < rows - 1; row++) {
		area_put(area, row, 0, 0x2502, style);
		area_put(area, row, cols - 1, 0x2502, style);
	}
	area_put(area, 0, 0, 0x256d, style);
	area_put(area, 0, cols - 1, 0x256e, style);
	area_put(area, rows - 1, 0, 0x2570, style);
	area_put(area, rows - 1, cols - 1, 0x256f, style);
	if (cols > 8) {
		int end =
		    area_cut(area, 0, 3, cols - 6,
		             focused ? STYLE_FRAME_FOCUS : STYLE_TITLE, title);

		area_put(area, 0, 2, ' ', style);
		area_put(area, 0, end, ' ', style);
	}
}

/* ---- ASCII ---- */

static const struct {
	uint32_t point;
	char ascii;
} likenesses[] = {
    {0x2500, '-'}, {0x2502, '|'}, {0x256d, '+'}, {0x256e, '+'}, {0x2570, '+'},
    {0x256f, '+'}, {0x251c, '|'}, {0x2514, '`'}, {0x254c, '.'}, {0x2503, 'H'},
    {0x2501, '='}, {0x252c, '+'}, {0x2581, '_'}, {0x2582, '_'}, {0x2583, '-'},
    {0x2584, '-'}, {0x2585, '='}, {0x2586, '='}, {0x2587, '#'}, {0x2588, '#'},
    {0x25b6, '>'}, {0x25c0, '<'}, {0x25b7, '>'}, {0x25c1, '<'}, {0x25cf, '*'},
    {0x25cb, 'o'}, {0x25a0, '#'}, {0x2713, '+'}, {0x2717, 'x'}, {0x25b2, '!'},
    {0x2026, '~'}, {0x00d7, 'x'}, {0x25be, 'v'}, {0x25b8, '>'}, {0x2192, '>'},
    {0x2194, '='}, {0x00b7, '.'}, {0x2591, ':'}, {0x2191, '^'}, {0x2193, 'v'},
    {0x2190, '<'}, {0x00b5, 'u'}, {0x2265, '>'}, {0x2264, '<'}, {0x258c, '='},
    {0x2524, '|'},
};

static uint32_t
likeness(uint32_t point)
{
	if (point < 0x80)
		return point;
	for (size_t i = 0; i < sizeof(likenesses) / sizeof(*likenesses); i++)
		if (likenesses[i].point == point)
			return (uint32_t)likenesses[i].ascii;
	return '?';
}

void
canvas_to_ascii(struct canvas *canvas)
{
	for (int row = 0; row < canvas->rows; row++)
		for (int col = 0; col < canvas->cols; col++) {
			struct cell *cell = &canvas->cells[row][col];

			cell->point = cell->point ? likeness(cell->point) : '?';
		}
}

/* ---- dump ---- */

static char
letter_of(uint8_t style)
{
	static const char letters[] = "."
				      "bfltTFirRxXwmpPgMNKLVAcskBWGjJEIyuUZ";

	return style < sizeof(letters) - 1 ? letters[style] : '?';
}

char *
canvas_dump(const struct canvas *canvas, bool styles)
{
	size_t room = (size_t)canvas->rows * ((size_t)canvas->cols * 4 + 1) + 1;
	char *text = malloc(room), *at = text;

	if (!text)
		return NULL;
	for (int row = 0; row < canvas->rows; row++) {
		char *end = at;

		for (int col = 0; col < canvas->cols; col++) {
			const struct cell *cell = &canvas->cells[row][col];

			if (styles)
				*at++ = letter_of(cell->style);
			else if (cell->point)
				at += text_encode(cell->point, at);
			if (styles ? cell->style != STYLE_PLAIN
			           : cell->point != ' ')
				end = at;
		}
		at = end;
		*at++ = '\n';
	}
	*at = '\0';
	return text;
}
