/*
 * svg: a picture of a grid, as a window with a title bar.
 *
 * The same grid gives the same bytes. Lines, blocks and braille are shapes
 * (box.h), so there are no gaps between cells; the rest is text in DejaVu
 * Sans Mono, of which 16 units are exactly one cell. At its own size a cell is
 * 8 by 16 pixels; render it at whole multiples (rsvg-convert -z 2).
 */
#ifndef TTY_SVG_H
#define TTY_SVG_H

#include "grid.h"

#include <stdio.h>

/* `title` is UTF-8. 0; -ENOMEM; -EIO when `file` could not be written. */
int svg_write(FILE *file, const struct grid *grid, const char *title);

#endif
