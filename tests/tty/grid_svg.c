#include "grid_svg.h"

#include "ui/svg.h"

#include <errno.h>
#include <stdlib.h>

static struct svg_cell
make_cell(const struct grid_cell *from, const struct svg_page *page)
{
	uint32_t ink = from->fg_default ? page->ink : from->fg;
	uint32_t paper = from->bg_default ? page->paper : from->bg;

	return (struct svg_cell){
	    .point = from->point,
	    .ink = from->reverse ? paper : ink,
	    .paper = from->reverse ? ink : paper,
	    .width = from->width,
	    .bold = from->bold,
	    .underline = from->underline,
	    .italic = from->italic,
	};
}

int
grid_svg(FILE *file, const struct grid *grid, enum theme theme,
         const char *title)
{
	struct svg_page page = {
	    .title = title,
	    .rows = grid->rows,
	    .cols = grid->cols,
	    .ink = themes[theme].ink,
	    .paper = themes[theme].paper,
	};
	int count = grid->rows * grid->cols, error;
	struct svg_cell *cells = calloc((size_t)count, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	for (int i = 0; i < count; i++)
		cells[i] = make_cell(&grid->cells[i], &page);
	page.cells = cells;
	error = svg_write(file, &page);
	free(cells);
	return error;
}
