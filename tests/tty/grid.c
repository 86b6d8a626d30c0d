#include "grid.h"

#include "core/text.h"
#include "ui/theme.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Colours 0 to 15; all but black can be read on the dark theme's paper. */
static const uint32_t palette[16] = {
    0x1c1c1c, 0xd70000, 0x5fd787, 0xffaf00, /* black red green yellow */
    0x5f87ff, 0xd787d7, 0x5fd7ff, 0xd0d0d0, /* blue magenta cyan white */
    0x6c6c6c, 0xff5f5f, 0x87ffaf, 0xffd75f, /* and the same, bright */
    0x87afff, 0xffafff, 0xafffff, 0xffffff,
};

uint32_t
grid_colour(uint8_t index)
{
	return index < 16 ? palette[index] : theme_rgb(index);
}

static uint32_t
colour(const VTermColor *from)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(from))
		return themes[THEME_DARK].ink;
	if (VTERM_COLOR_IS_DEFAULT_BG(from))
		return themes[THEME_DARK].paper;
	if (VTERM_COLOR_IS_INDEXED(from))
		return grid_colour(from->indexed.idx);
	return (uint32_t)from->rgb.red << 16 | (uint32_t)from->rgb.green << 8 |
	       from->rgb.blue;
}

static struct grid_cell
take_cell(const VTermScreenCell *from)
{
	struct grid_cell cell = {
	    .point = from->chars[0],
	    .width = (uint8_t)from->width,
	    .fg = colour(&from->fg),
	    .bg = colour(&from->bg),
	    .fg_default = VTERM_COLOR_IS_DEFAULT_FG(&from->fg),
	    .bg_default = VTERM_COLOR_IS_DEFAULT_BG(&from->bg),
	    .bold = from->attrs.bold,
	    .underline = from->attrs.underline != VTERM_UNDERLINE_OFF,
	    .italic = from->attrs.italic,
	    .reverse = from->attrs.reverse,
	};

	/* So libvterm marks the right half of a wide character. */
	if (cell.point == UINT32_MAX)
		cell.point = cell.width = 0;
	return cell;
}

int
grid_take(struct grid *grid, const struct tty *tty)
{
	size_t count = (size_t)tty->rows * (size_t)tty->cols;
	VTermScreenCell cell;

	grid->rows = tty->rows;
	grid->cols = tty->cols;
	grid->cells = calloc(count, sizeof(*grid->cells));
	if (!grid->cells)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		VTermPos at = {.row = (int)i / tty->cols,
		               .col = (int)i % tty->cols};

		vterm_screen_get_cell(tty->screen, at, &cell);
		grid->cells[i] = take_cell(&cell);
	}
	return 0;
}

void
grid_free(struct grid *grid)
{
	free(grid->cells);
	*grid = (struct grid){0};
}

static size_t
encode_cell(const struct grid_cell *cell, char bytes[4])
{
	if (cell->width == 0)
		return 0;
	return text_encode(cell->point ? cell->point : ' ', bytes);
}

static bool
stands_here(const struct grid_cell *cell, int left, const char *text)
{
	if (cell->width == 0)
		return false;
	for (; *text; cell++, left--) {
		char bytes[4];
		size_t size;

		if (left == 0)
			return false;
		size = encode_cell(cell, bytes);
		if (strncmp(text, bytes, size) != 0)
			return false;
		text += size;
	}
	return true;
}

bool
grid_find(const struct grid *grid, const char *text, int *row, int *col)
{
	for (int y = 0; y < grid->rows; y++)
		for (int x = 0; x < grid->cols; x++) {
			if (!stands_here(grid_at(grid, y, x), grid->cols - x,
			                 text))
				continue;
			if (row)
				*row = y;
			if (col)
				*col = x;
			return true;
		}
	return false;
}

/* Returns the end of the line written at `to`. */
static char *
write_line(char *to, const struct grid_cell *cells, int count)
{
	char *end = to;

	for (int i = 0; i < count; i++) {
		to += encode_cell(&cells[i], to);
		if (cells[i].point && cells[i].point != ' ')
			end = to;
	}
	*end++ = '\n';
	return end;
}

char *
grid_text(const struct grid *grid)
{
	size_t row = 4 * (size_t)grid->cols + 1;
	char *text = malloc((size_t)grid->rows * row + 1), *to = text;

	if (!text)
		return NULL;
	for (int y = 0; y < grid->rows; y++)
		to = write_line(to, grid_at(grid, y, 0), grid->cols);
	*to = '\0';
	return text;
}
