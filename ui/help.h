/*
 * help: every key, from keys.def, and what the glyphs mean.
 */
#ifndef UI_HELP_H
#define UI_HELP_H

#include "canvas.h"

void help_draw(const struct area *area);

/* The key bar: the keys that have a label. help and quit survive every cut. */
void help_key_bar(const struct area *area, bool lab);

#endif
