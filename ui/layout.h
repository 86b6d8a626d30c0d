/*
 * layout: from the size of the terminal to rectangles. Pure; right at every
 * size from 1x1 on.
 */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include "canvas.h"

enum pane_id {
#define PANE(id, key, title, draw, rows, words) id,
#include "panes.def"
#undef PANE
	PANES,
};

enum { LAYOUT_ROWS_MIN = 15, LAYOUT_COLS_MIN = 60, LAYOUT_WIDE_COLS = 180 };

struct layout {
	bool too_small;
	struct rect menu, verdict, keys;
	struct rect lesson;       /* rows 0: none */
	struct rect panes[PANES]; /* rows 0: not shown */
};

/* `zoomed`: the focused pane alone. `output`: there is output to show.
 * `strip`: rows that a lesson wants; on a small screen it gets one. */
void layout_make(struct layout *layout, int rows, int cols,
                 enum pane_id focused, bool zoomed, bool output, int strip);

#endif
