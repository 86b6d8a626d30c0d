/*
 * ladder: the rows of the messages pane: what went from whom to whom, in the
 * order of time. Pure; pane_messages.c draws it.
 *
 * Messages, births ("fork"), ends ("exit 0") and lines of output are rows.
 * Equal messages within a second share one; what waits or waited long keeps its
 * own, so that the wait can be read.
 */
#ifndef UI_LADDER_H
#define UI_LADDER_H

#include "pane.h"

enum { LADDER_ROWS = 256, LADDER_LINES = 16, LADDER_TEXT = 48 };
enum { LADDER_ALIKE = 64 }; /* threads that share a lifeline */

/* From here on a message was late. */
#define LADDER_LATE_NS 50000000ull

enum ladder_state {
	LADDER_DELIVERED,
	LADDER_PENDING, /* on its way */
	LADDER_LATE,    /* delivered, after a wait */
	LADDER_LIFE,    /* a birth or an end */
};

/* A thread, by its ids. */
struct ladder_end {
	uint32_t pid, tid;
};

struct ladder_row {
	uint64_t time;
	int from_line, to_line; /* -1: none */
	struct ladder_end from, to;
	enum ladder_state state;
	bool born;               /* it is a birth */
	uint64_t waited;         /* so far, or until it came; ns */
	unsigned count;          /* equal messages in this row */
	const struct flow *flow; /* the first message; NULL: it is none */
	char text[LADDER_TEXT];
};

/* A vertical line: a thread, or several that are alike ("worker x4"). */
struct ladder_line {
	char label[NAME_BYTES];
	struct ladder_end end; /* of the first */
	uint32_t tids[LADDER_ALIKE];
	int count; /* of tids */
	int order;
	bool gathered; /* of all that have no lifeline of their own */
};

struct ladder {
	struct ladder_row rows[LADDER_ROWS];
	int row_count;
	int above, below; /* rows there are before the first, behind the last */
	struct ladder_line lines[LADDER_LINES];
	int line_count;
};

/* Makes `rows` rows at view->now, the newest but view->top, with at most
 * `lines` lifelines: when there are more threads than that, those alike share
 * one. */
void ladder_make(struct ladder *ladder, const struct view *view, int rows,
                 int lines);

/* What all rows stand for, also those above and below what ladder_make() makes
 * with the same numbers; as many of `room` as there are, NULL: only counts. */
int ladder_list(const struct view *view, int rows, int lines,
                struct selection *things, int room);

/* What a row stands for: its first message, or a birth or an end. */
struct selection ladder_thing(const struct ladder_row *row);

/* The row of a thing, also when it has joined others alike; -1: it is not
 * among them. */
int ladder_find(const struct ladder *ladder, const struct selection *thing);

/* The lifeline of an end; -1: it has none. */
int ladder_line_of(const struct ladder *ladder, struct ladder_end end);

#endif
