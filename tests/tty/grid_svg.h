/*
 * grid_svg: a snapshot of a screen as a picture. What has no colour of its own
 * gets those that a theme assumes of a terminal.
 */
#ifndef TTY_GRID_SVG_H
#define TTY_GRID_SVG_H

#include "grid.h"

#include "ui/theme.h"

#include <stdio.h>

/* As svg_write(). */
int grid_svg(FILE *file, const struct grid *grid, enum theme theme,
             const char *title);

#endif
