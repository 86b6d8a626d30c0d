#include "ladder_rows.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING_APART = 5 };
#define SECOND_NS 1000000000ull

struct selection
ladder_thing(const struct ladder_row *row)
{
	if (row->flow)
		return select_flow(row->flow);
	return (struct selection){
	    .kind = SELECT_LIFE,
	    .pid = row->from.pid,
	    .tid = row->from.tid,
	    .to_pid = row->to.pid,
	    .to_tid = row->to.tid,
	    .time = row->time,
	};
}

int
ladder_find(const struct ladder *ladder, const struct selection *thing)
{
	struct selection rows[LADDER_ROWS];

	for (int i = 0; i < ladder->row_count; i++)
		rows[i] = ladder_thing(&ladder->rows[i]);
	return select_find(rows, ladder->row_count, thing);
}

/* ---- merging ---- */

/* Two rows that may share one: between the same lifelines, with the same
 * words, and within the same second unless they wait. */
static bool
is_alike(const struct candidate *a, const struct candidate *b)
{
	return a->state == b->state && a->from_line == b->from_line &&
	       a->to_line == b->to_line &&
	       (a->state == LADDER_PENDING || a->second == b->second) &&
	       a->ended == b->ended && a->linked == b->linked &&
	       (a->text == b->text || strcmp(a->text, b->text) == 0);
}

/* Whether `row` may join an earlier one: what was delivered in time and lives
 * alike may; of what waits, the newest few stay apart. */
static bool
may_join(const struct candidates *candidates, int at)
{
	const struct candidate *row = &candidates->rows[at];
	int later = 0;

	if (row->state == LADDER_DELIVERED || row->state == LADDER_LIFE)
		return true;
	if (row->state == LADDER_LATE)
		return false;
	for (int i = at + 1; i < candidates->count && later < PENDING_APART;
	     i++)
		later += is_alike(row, &candidates->rows[i]);
	return later >= PENDING_APART;
}

/* Merges in place, earliest first: the first of equals keeps its row. */
static void
merge(struct candidates *candidates)
{
	int kept = 0;

	for (int i = 0; i < candidates->count; i++) {
		struct candidate *row = &candidates->rows[i];
		int found = -1;

		for (int j = kept - 1; j >= 0 && found < 0 && j > kept - 64;
		     j--)
			if (is_alike(&candidates->rows[j], row))
				found = j;
		if (found >= 0 && may_join(candidates, i))
			candidates->rows[found].count++;
		else
			candidates->rows[kept++] = *row;
	}
	candidates->count = kept;
}

/* A thread's lifeline; the last few that were asked for are remembered. */
struct memo {
	uint32_t tid[16];
	int line[16];
};

static int
line_of(const struct ladder *ladder, struct memo *memo, struct ladder_end end)
{
	unsigned at = end.tid % 16;

	if (memo->tid[at] != end.tid) {
		memo->tid[at] = end.tid;
		memo->line[at] = ladder_line_of(ladder, end);
	}
	return memo->line[at];
}

static void
place(const struct ladder *ladder, struct candidates *candidates,
      uint64_t start)
{
	struct memo memo = {0};

	for (int i = 0; i < candidates->count; i++) {
		struct candidate *row = &candidates->rows[i];

		row->from_line = line_of(ladder, &memo, row->from);
		row->to_line = line_of(ladder, &memo, row->to);
		row->second = (row->time - start) / SECOND_NS;
	}
}

static void
write_row(struct ladder_row *row, const struct candidate *from)
{
	*row = (struct ladder_row){
	    .time = from->time,
	    .from_line = from->from_line,
	    .to_line = from->to_line,
	    .from = from->from,
	    .to = from->to,
	    .state = from->state,
	    .waited = from->waited,
	    .count = from->count,
	    .flow = from->flow,
	    .born = from->state == LADDER_LIFE && !from->ended,
	};
	if (from->ended)
		pane_end(from->ended, row->text, sizeof(row->text));
	else
		text_clean(row->text, sizeof(row->text), from->text,
		           strlen(from->text));
}

/* Leaves of `rows` rows those in sight, and the lifelines that they need.
 * Whether each has one. */
static bool
show(struct ladder *ladder, const struct view *view,
     const struct candidates *candidates, int rows)
{
	int end = candidates->count - view->top;
	bool complete = true;

	/* What is scrolled to may by now have joined others. */
	if (end < rows)
		end = rows < candidates->count ? rows : candidates->count;
	ladder->above = end > rows ? end - rows : 0;
	ladder->below = candidates->count - end;
	ladder->row_count = end - ladder->above;
	for (int i = 0; i < ladder->row_count; i++) {
		struct ladder_row *row = &ladder->rows[i];

		write_row(row, &candidates->rows[ladder->above + i]);
		complete &= row->from_line >= 0 && row->to_line >= 0;
	}
	ladder_lines_drop(ladder);
	return complete;
}

static bool
fill(struct ladder *ladder, const struct view *view,
     struct candidates *candidates, int rows, bool grouped)
{
	ladder_lines_make(ladder, view, candidates->rows, candidates->count,
	                  grouped);
	place(ladder, candidates, view->model->start);
	merge(candidates);
	return show(ladder, view, candidates, rows);
}

/* Gives all rows there are; those in sight are in the ladder. */
static const struct candidates *
make(struct ladder *ladder, const struct view *view, int rows, int lines)
{
	static struct candidates all, some;
	bool complete;

	ladder_collect(&all, view);
	memcpy(some.rows, all.rows, (size_t)all.count * sizeof(all.rows[0]));
	some.count = all.count;
	complete = fill(ladder, view, &some, rows, false);
	if (complete && ladder->line_count <= lines)
		return &some;
	fill(ladder, view, &all, rows, true);
	if (ladder->line_count > lines)
		ladder_lines_gather(ladder, view, lines);
	return &all;
}

/* `rows` as a ladder can have. */
static int
bounded(int rows)
{
	if (rows > LADDER_ROWS)
		rows = LADDER_ROWS;
	return rows < 0 ? 0 : rows;
}

void
ladder_make(struct ladder *ladder, const struct view *view, int rows, int lines)
{
	make(ladder, view, bounded(rows), lines);
}

int
ladder_list(const struct view *view, int rows, int lines,
            struct selection *things, int room)
{
	static struct ladder ladder;
	const struct candidates *all =
	    make(&ladder, view, bounded(rows), lines);

	for (int i = 0; things && i < all->count && i < room; i++) {
		struct ladder_row row = {
		    .time = all->rows[i].time,
		    .from = all->rows[i].from,
		    .to = all->rows[i].to,
		    .flow = all->rows[i].flow,
		};

		things[i] = ladder_thing(&row);
	}
	return all->count;
}
