/*
 * canvas_svg: a canvas as a picture, in the colours it is shown in.
 */
#ifndef UI_CANVAS_SVG_H
#define UI_CANVAS_SVG_H

#include "theme.h"

#include <stdio.h>

/* What a terminal of so many colours shows in that theme; `title` is UTF-8. 0;
 * -ENOMEM; -EIO when `file` could not be written. */
int canvas_svg(FILE *file, const struct canvas *canvas, enum theme theme,
               enum theme_depth depth, const char *title);

#endif
