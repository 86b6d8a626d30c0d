/*
 * box: the characters that are drawn as shapes, because as letters they leave
 * gaps between cells: box drawing (U+2500..257F), block elements
 * (U+2580..259F), braille (U+2800..28FF).
 *
 * Units: a cell is 16 wide and 32 high, so that every edge, also an eighth of
 * a block, lies on a whole number, and on a pixel at half that size. Lines
 * are 2 wide, heavy ones 6, double ones 2 with a gap of 2; they cross at
 * (9, 17).
 */
#ifndef UI_BOX_H
#define UI_BOX_H

#include <stdbool.h>
#include <stdint.h>

enum { BOX_WIDTH = 16, BOX_HEIGHT = 32, BOX_LINE = 2 };
enum { BOX_RECTS = 16, BOX_DOTS = 8 };

struct box_rect {
	int x, y, width, height;
};

struct box_dot {
	int x, y; /* its middle */
};

/* SVG: a dot around the current point. */
#define BOX_DOT "m-3 0a3 3 0 0 1 6 0a3 3 0 0 1-6 0"

/* A line to be stroked BOX_LINE wide. */
struct box_curve {
	int x, y;
	const char *path; /* SVG, from there on, relative */
};

/* Whether a character is drawn by what follows instead of a font. */
bool box_is_shape(uint32_t point);

/* Whether it is a block element: an area, not a line. */
bool box_is_block(uint32_t point);

/* The rectangles to fill; returns how many, at most BOX_RECTS. */
int box_rects(uint32_t point, struct box_rect rects[BOX_RECTS]);

/* How many quarters of a shade (U+2591..2593) are ink, the rest is paper; 4
 * for everything else. */
int box_shade(uint32_t point);

/* The line of a rounded corner or a diagonal; NULL: it is neither. */
const struct box_curve *box_curve(uint32_t point);

/* The dots of a braille character; returns how many. */
int box_dots(uint32_t point, struct box_dot dots[BOX_DOTS]);

#endif
