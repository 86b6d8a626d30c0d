/*
 * svg: a picture of cells, as a window with a title bar. It knows neither a
 * terminal nor a canvas: canvas_svg.h makes such a page of a canvas.
 *
 * The same page gives the same bytes. Lines, blocks and braille are shapes
 * (box.h), so there are no gaps between cells; the rest is text in DejaVu
 * Sans Mono, of which 16 units are exactly one cell. At its own size a cell is
 * 8 by 16 pixels; render it at whole multiples (rsvg-convert -z 2).
 */
#ifndef UI_SVG_H
#define UI_SVG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Colours are 0xRRGGBB, as they are seen: after any reversal. */
struct svg_cell {
	uint32_t point; /* 0: blank */
	uint32_t ink, paper;
	uint8_t width; /* 1, 2; 0: the right half of the one before */
	bool bold, underline, italic;
};

struct svg_page {
	const char *title; /* UTF-8 */
	int rows, cols;
	uint32_t ink, paper; /* the usual ones; the window is of this paper */
	const struct svg_cell *cells; /* row after row */
};

/* 0; -ENOMEM; -EIO when `file` could not be written. */
int svg_write(FILE *file, const struct svg_page *page);

#endif
