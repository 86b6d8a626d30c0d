/*
 * help: what the focused pane shows, what the glyphs mean, and every key, from
 * keys.def.
 */
#ifndef UI_HELP_H
#define UI_HELP_H

#include "canvas.h"
#include "request.h"

/* Draws the help from line `top` on: `pane` and `about` are the focused pane's
 * title and words, `keys` the keys as they are now. Returns the last `top` that
 * makes sense: 0 when all of it is in sight. */
int help_draw(const struct area *area, const struct key_table *keys,
              const char *pane, const char *about, int top);

/* The key bar: the keys that have a label, in order of rank, so that ? and q
 * survive every cut. `lab`: those for the stage too; `paused`: those that move
 * in time instead. */
void help_key_bar(const struct area *area, const struct key_table *keys,
                  bool lab, bool paused);

#endif
