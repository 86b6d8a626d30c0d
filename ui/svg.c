#include "svg.h"
#include "box.h"
#include "rects.h"

#include "core/text.h"

#include <errno.h>
#include <string.h>

/* Units are those of box.h: half a pixel. */
enum {
	EDGE = 20,  /* around the grid */
	TITLE = 64, /* height of the title bar */
	CORNER = 16,
	TITLE_MIDDLE = 31,
	TITLE_BASE = 39,
	TEXT_BASE = 25, /* of a cell's text, from its top */
	UNDERLINE_TOP = 28,
};

#define TEXT_FONT "DejaVu Sans Mono,Menlo,Consolas,monospace"
#define TITLE_FONT "DejaVu Sans,Verdana,sans-serif"

/* An advance in DejaVu Sans Mono is 1233/2048 of the size: this makes 16. */
#define TEXT_SIZE "26.576"

/* `quarters` of a, the rest of b, channel by channel. */
static uint32_t
blend(uint32_t a, uint32_t b, int quarters)
{
	uint32_t colour = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		uint32_t from_a = (a >> shift & 0xff) * (uint32_t)quarters;
		uint32_t from_b =
		    (b >> shift & 0xff) * (4u - (uint32_t)quarters);

		colour |= (from_a + from_b + 2) / 4 << shift;
	}
	return colour;
}

/* Characters that XML 1.0 does not allow become U+FFFD. */
static void
write_point(FILE *file, uint32_t point)
{
	char bytes[4] = "";
	size_t size;

	if (point < 0x20 || point == 0xfffe || point == 0xffff ||
	    (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff)
		point = 0xfffd;
	size = text_encode(point, bytes);
	if (point == '&')
		fputs("&amp;", file);
	else if (point == '<')
		fputs("&lt;", file);
	else if (point == '>')
		fputs("&gt;", file);
	else
		fwrite(bytes, 1, size, file);
}

static void
write_string(FILE *file, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x80)
			write_point(file, byte);
		else
			fputc(byte, file);
	}
}

static void
write_window(FILE *file, const struct svg_page *page)
{
	int width = page->cols * BOX_WIDTH + 2 * EDGE;
	int height = page->rows * BOX_HEIGHT + TITLE + EDGE;

	fprintf(file,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	        "height=\"%d\" viewBox=\"0 0 %d %d\">\n<title>",
	        width / 2, height / 2, width, height);
	write_string(file, page->title);
	fprintf(file,
	        "</title>\n<rect width=\"%d\" height=\"%d\" rx=\"%d\" "
	        "fill=\"#%06x\"/>\n"
	        "<circle cx=\"36\" cy=\"%d\" r=\"10\" fill=\"#ff5f57\"/>\n"
	        "<circle cx=\"70\" cy=\"%d\" r=\"10\" fill=\"#febc2e\"/>\n"
	        "<circle cx=\"104\" cy=\"%d\" r=\"10\" fill=\"#28c840\"/>\n"
	        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
	        "font-family=\"" TITLE_FONT
	        "\" font-size=\"23\" fill=\"#8a8a8a\">",
	        width, height, CORNER, page->paper, TITLE_MIDDLE, TITLE_MIDDLE,
	        TITLE_MIDDLE, width / 2, TITLE_BASE);
	write_string(file, page->title);
	fprintf(file, "</text>\n<g transform=\"translate(%d,%d)\">\n", EDGE,
	        TITLE);
}

/* Calls `draw` for every cell, until one fails. */
typedef int draw_cell(struct rects *rects, const struct svg_cell *cell, int x,
                      int y);

static int
for_cells(const struct svg_page *page, struct rects *rects, draw_cell *draw)
{
	int error = 0;

	for (int row = 0; row < page->rows && !error; row++)
		for (int col = 0; col < page->cols && !error; col++)
			error =
			    draw(rects, &page->cells[row * page->cols + col],
			         col * BOX_WIDTH, row * BOX_HEIGHT);
	return error;
}

static int
draw_underline(struct rects *rects, const struct svg_cell *cell, int x, int y)
{
	struct coloured_rect rect = {cell->ink, x, y + UNDERLINE_TOP, BOX_WIDTH,
	                             BOX_LINE};

	return cell->underline ? rects_add(rects, &rect) : 0;
}

static int
draw_shape(struct rects *rects, const struct svg_cell *cell, int x, int y)
{
	struct box_rect parts[BOX_RECTS];
	int count = box_rects(cell->point, parts), error = 0;
	uint32_t colour = blend(cell->ink, cell->paper, box_shade(cell->point));

	for (int i = 0; i < count && !error; i++) {
		struct coloured_rect rect = {colour, x + parts[i].x,
		                             y + parts[i].y, parts[i].width,
		                             parts[i].height};

		error = rects_add(rects, &rect);
	}
	return error;
}

static int
draw_block(struct rects *rects, const struct svg_cell *cell, int x, int y)
{
	return box_is_block(cell->point) ? draw_shape(rects, cell, x, y) : 0;
}

static int
draw_line(struct rects *rects, const struct svg_cell *cell, int x, int y)
{
	return box_is_block(cell->point) ? 0 : draw_shape(rects, cell, x, y);
}

static int
write_layer(FILE *file, const struct svg_page *page, draw_cell *draw)
{
	struct rects rects = {0};
	int error = for_cells(page, &rects, draw);

	rects_write(&rects, file);
	rects_free(&rects);
	return error;
}

/* What has the window's own colour is left out. */
static int
write_paper(FILE *file, const struct svg_page *page)
{
	struct rects rects = {0};
	int error = 0;

	for (int i = 0; i < page->rows * page->cols && !error; i++) {
		struct coloured_rect rect = {
		    page->cells[i].paper, i % page->cols * BOX_WIDTH,
		    i / page->cols * BOX_HEIGHT, BOX_WIDTH, BOX_HEIGHT};

		if (rect.colour != page->paper)
			error = rects_add(&rects, &rect);
	}
	rects_write(&rects, file);
	rects_free(&rects);
	return error;
}

/* Areas get hard edges: where two colours meet at a fraction of a pixel, the
 * window would shine through. Lines do not: they would part from the corners
 * and the letters by up to half a pixel. */
static int
write_rects(FILE *file, const struct svg_page *page)
{
	int error;

	fputs("<g shape-rendering=\"crispEdges\">\n", file);
	error = write_paper(file, page);
	if (!error)
		error = write_layer(file, page, draw_block);
	fputs("</g>\n", file);
	if (!error)
		error = write_layer(file, page, draw_line);
	if (!error)
		error = write_layer(file, page, draw_underline);
	return error;
}

static void
write_curves(FILE *file, const struct svg_page *page)
{
	fprintf(file, "<g fill=\"none\" stroke-width=\"%d\">\n", BOX_LINE);
	for (int i = 0; i < page->rows * page->cols; i++) {
		const struct svg_cell *cell = &page->cells[i];
		const struct box_curve *curve = box_curve(cell->point);

		if (!curve)
			continue;
		fprintf(file, "<path stroke=\"#%06x\" d=\"M%d %d%s\"/>\n",
		        cell->ink, i % page->cols * BOX_WIDTH + curve->x,
		        i / page->cols * BOX_HEIGHT + curve->y, curve->path);
	}
	fputs("</g>\n", file);
}

static void
write_dots(FILE *file, const struct svg_page *page)
{
	struct box_dot dots[BOX_DOTS];

	fputs("<g>\n", file);
	for (int i = 0; i < page->rows * page->cols; i++) {
		const struct svg_cell *cell = &page->cells[i];
		int count = box_dots(cell->point, dots);

		if (count == 0)
			continue;
		fprintf(file, "<path fill=\"#%06x\" d=\"", cell->ink);
		for (int n = 0; n < count; n++)
			fprintf(file, "M%d %d" BOX_DOT,
			        i % page->cols * BOX_WIDTH + dots[n].x,
			        i / page->cols * BOX_HEIGHT + dots[n].y);
		fputs("\"/>\n", file);
	}
	fputs("</g>\n", file);
}

static bool
is_text(const struct svg_cell *cell)
{
	return cell->point && cell->point != ' ' && cell->width &&
	       !box_is_shape(cell->point);
}

/* Letters whose advance is one cell in every monospaced font. Others stand
 * alone, so that a substitute of another width moves nothing behind it. */
static bool
is_plain(const struct svg_cell *cell)
{
	return is_text(cell) && cell->width == 1 && cell->point < 0x180 &&
	       (cell->point < 0x7f || cell->point > 0xa0) &&
	       cell->point != 0xad;
}

static bool
goes_on(const struct svg_cell *a, const struct svg_cell *b)
{
	return is_plain(a) && is_plain(b) && a->ink == b->ink &&
	       a->bold == b->bold && a->italic == b->italic;
}

/* How many cells from here on are one run: one look, single blanks inside. */
static int
run_length(const struct svg_cell *cell, int left)
{
	int length = cell->width;

	while (length < left) {
		if (goes_on(cell, &cell[length]))
			length++;
		else if (length + 1 < left && !is_text(&cell[length]) &&
		         !box_is_shape(cell[length].point) &&
		         goes_on(cell, &cell[length + 1]))
			length += 2;
		else
			break;
	}
	return length;
}

static void
write_run(FILE *file, const struct svg_page *page, const struct svg_cell *cell,
          int length, int x, int y)
{
	fprintf(file, "<text x=\"%d\" y=\"%d\" textLength=\"%d\"", x, y,
	        length * BOX_WIDTH);
	if (!is_plain(cell))
		fputs(" lengthAdjust=\"spacingAndGlyphs\"", file);
	if (cell->ink != page->ink)
		fprintf(file, " fill=\"#%06x\"", cell->ink);
	if (cell->bold)
		fputs(" font-weight=\"bold\"", file);
	if (cell->italic)
		fputs(" font-style=\"italic\"", file);
	fputc('>', file);
	for (int i = 0; i < length; i++)
		if (cell[i].width)
			write_point(file, cell[i].point ? cell[i].point : ' ');
	fputs("</text>\n", file);
}

static void
write_texts(FILE *file, const struct svg_page *page)
{
	fprintf(file,
	        "<g font-family=\"" TEXT_FONT "\" font-size=\"" TEXT_SIZE
	        "\" fill=\"#%06x\" xml:space=\"preserve\">\n",
	        page->ink);
	for (int row = 0; row < page->rows; row++)
		for (int col = 0; col < page->cols;) {
			const struct svg_cell *cell =
			    &page->cells[row * page->cols + col];
			int length = 1;

			if (is_text(cell)) {
				length = run_length(cell, page->cols - col);
				write_run(file, page, cell, length,
				          col * BOX_WIDTH,
				          row * BOX_HEIGHT + TEXT_BASE);
			}
			col += length;
		}
	fputs("</g>\n", file);
}

int
svg_write(FILE *file, const struct svg_page *page)
{
	int error;

	write_window(file, page);
	error = write_rects(file, page);
	write_curves(file, page);
	write_dots(file, page);
	write_texts(file, page);
	fputs("</g>\n</svg>\n", file);
	if (error)
		return error;
	return fflush(file) == EOF || ferror(file) ? -EIO : 0;
}
