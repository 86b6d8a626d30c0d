#include "sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BOX_COLS = 100, MARGIN = 2, MARKED_LINES = 3 };

void
sheet_init(struct sheet *sheet, const char *title)
{
	sheet->count = 0;
	sheet->mark = -1;
	snprintf(sheet->title, sizeof(sheet->title), "%s", title);
}

void
sheet_add(struct sheet *sheet, enum style style, const char *label,
          const char *format, ...)
{
	struct sheet_line *line;
	va_list list;

	if (sheet->count == SHEET_LINES)
		return;
	line = &sheet->lines[sheet->count++];
	line->style = style;
	snprintf(line->label, sizeof(line->label), "%s", label);
	va_start(list, format);
	vsnprintf(line->text, sizeof(line->text), format, list);
	va_end(list);
}

/* Bytes of `text` that fit into `cols` columns, cut between words. */
static size_t
fitting(const char *text, int cols)
{
	size_t length = strlen(text), blank;
	char part[SHEET_TEXT];

	snprintf(part, sizeof(part), "%s", text);
	while (length > 1 && canvas_width(part) > cols) {
		length--;
		while (length > 1 && (part[length] & 0xc0) == 0x80)
			length--;
		part[length] = '\0';
	}
	if (!text[length])
		return length;
	for (blank = length; blank > 0 && text[blank] != ' ';)
		blank--;
	return blank > 0 ? blank : length;
}

/* One line in as many rows as it needs; without a box only counts them. */
static int
put_line(const struct sheet_line *line, const struct area *box, int row,
         int rows, int cols)
{
	const char *text = line->text;
	int indent = *line->label ? SHEET_LABEL : 0, used = 0;

	do {
		size_t length = fitting(text, cols - indent);
		char part[SHEET_TEXT];

		snprintf(part, sizeof(part), "%.*s", (int)length, text);
		if (box && row + used >= 0 && row + used < rows) {
			if (!used)
				area_text(box, row + used + 1, MARGIN,
				          STYLE_LABEL, line->label);
			area_text(box, row + used + 1, MARGIN + indent,
			          line->style, part);
		}
		used++;
		text += length;
		text += strspn(text, " ");
	} while (*text);
	return used;
}

/* The row that a line begins in. */
static int
row_of(const struct sheet *sheet, int line, int cols)
{
	int row = 0;

	for (int i = 0; i < line && i < sheet->count; i++)
		row += put_line(&sheet->lines[i], NULL, 0, 0, cols);
	return row;
}

/* What the mark is on should be seen with the lines that belong to it. */
static int
top_for_mark(const struct sheet *sheet, int top, int rows, int cols)
{
	int first, end;

	if (sheet->mark < 0)
		return top;
	first = row_of(sheet, sheet->mark, cols);
	end = row_of(sheet, sheet->mark + MARKED_LINES, cols);
	if (end > top + rows)
		top = end - rows;
	return first < top || sheet->mark == 0 ? first : top;
}

int
sheet_draw(const struct sheet *sheet, const struct area *area, int top)
{
	int width = area->rect.cols < BOX_COLS ? area->rect.cols : BOX_COLS;
	int cols = width - 2 * MARGIN, rows, last, row;
	int lines = row_of(sheet, sheet->count, cols);
	struct rect rect;
	struct area box;

	rows = lines < area->rect.rows - 4 ? lines : area->rect.rows - 4;
	last = lines - rows;
	rect.rows = rows + 2;
	rect.cols = width;
	rect.row = (area->rect.rows - rect.rows) / 2;
	rect.col = (area->rect.cols - rect.cols) / 2;
	box = area_inside(area, rect);
	for (int i = 0; i < rect.rows; i++)
		area_fill(&box, i, 0, rect.cols, ' ', STYLE_PLAIN);
	area_frame(&box, sheet->title, true);
	top = top_for_mark(sheet, top, rows, cols);
	row = -(top < last ? top : last);
	for (int i = 0; i < sheet->count; i++) {
		if (i == sheet->mark && row >= 0 && row < rows)
			area_put(&box, row + 1, 1, 0x25b8, STYLE_BOLD);
		row += put_line(&sheet->lines[i], &box, row, rows, cols);
	}
	return last;
}
