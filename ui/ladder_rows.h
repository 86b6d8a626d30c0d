/*
 * ladder_rows: everything that may become a row of the ladder, in the order of
 * time, and the lifelines of such rows. For ladder.c.
 */
#ifndef UI_LADDER_ROWS_H
#define UI_LADDER_ROWS_H

#include "ladder.h"

enum { CANDIDATES = FLOWS + 1024 };

/* What may become a row: its words stay where they are until it does. */
struct candidate {
	uint64_t time, waited;
	uint64_t second; /* of the watch that it is in */
	struct ladder_end from, to;
	int from_line, to_line;
	enum ladder_state state;
	unsigned count;
	bool linked; /* it belongs to what is selected, and stays apart */
	const char *text;
	const struct flow *flow;     /* of a message, the first of equals */
	const struct process *ended; /* the words are how it ended */
};

struct candidates {
	struct candidate rows[CANDIDATES];
	int count;
};

/* Collects them from the model, the oldest first; of messages the newest few
 * hundred, or all when one has been chosen. The words are the model's. */
void ladder_collect(struct candidates *candidates, const struct view *view);

/* ---- ladder_lines.c ---- */

/* The lifelines of some rows, from left to right; grouped: those alike share
 * one. The newest rows' come first when there are too many for the table. */
void ladder_lines_make(struct ladder *ladder, const struct view *view,
                       const struct candidate *rows, int count, bool grouped);

/* Leaves only the lifelines that a row of the ladder begins or ends at. */
void ladder_lines_drop(struct ladder *ladder);

/* Makes the last of `lines` lifelines that of all others there are; their rows
 * say whose they are. */
void ladder_lines_gather(struct ladder *ladder, const struct view *view,
                         int lines);

#endif
