#include "canvas_svg.h"

#include "svg.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t
colour(int index, uint32_t otherwise)
{
	return index < 0 ? otherwise : theme_rgb(index);
}

static struct svg_cell
make_cell(const struct cell *from, const struct svg_page *page,
          struct look look)
{
	uint32_t ink = colour(look.fg, page->ink);
	uint32_t paper = colour(look.bg, page->paper);
	bool reverse = look.attributes & LOOK_REVERSE;

	return (struct svg_cell){
	    .point = from->point,
	    .ink = reverse ? paper : ink,
	    .paper = reverse ? ink : paper,
	    .width = from->point ? 1 : 0,
	    .bold = look.attributes & LOOK_BOLD,
	    .underline = look.attributes & LOOK_UNDERLINE,
	};
}

int
canvas_svg(FILE *file, const struct canvas *canvas, enum theme theme,
           enum theme_depth depth, const char *title)
{
	struct svg_page page = {
	    .title = title,
	    .rows = canvas->rows,
	    .cols = canvas->cols,
	    .ink = themes[theme].ink,
	    .paper = themes[theme].paper,
	};
	size_t count = (size_t)page.rows * (size_t)page.cols;
	struct svg_cell *cells = calloc(count ? count : 1, sizeof(*cells));
	int error;

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int row = (int)i / page.cols, col = (int)i % page.cols;
		const struct cell *from = &canvas->cells[row][col];

		cells[i] = make_cell(from, &page,
		                     theme_look(theme, depth, from->style));
		/* What stands to the left of its right half is wide. */
		if (!from->point && col > 0)
			cells[i - 1].width = 2;
	}
	page.cells = cells;
	error = svg_write(file, &page);
	free(cells);
	return error;
}
