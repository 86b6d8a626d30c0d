#include "ladder_rows.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING_APART = 5 };
#define SECOND_NS 1000000000ull

/* ---- lifelines ---- */

/* "worker 3" and "worker 4" are alike: the words before the number. */
static void
stem_of(const char *label, char *into, size_t room)
{
	size_t length = strlen(label);

	while (length > 0 && label[length - 1] >= '0' &&
	       label[length - 1] <= '9')
		length--;
	while (length > 0 && label[length - 1] == ' ')
		length--;
	text_clean(into, room, label, length);
}

static void
label_of(const struct view *view, struct ladder_end end, char *into,
         size_t room)
{
	const struct thread *thread =
	    actor_thread(&view->model->actors, end.tid);
	const struct process *process =
	    actor_process(&view->model->actors, end.pid);

	if (thread)
		pane_label(view, thread, into, room);
	else if (process)
		model_process_label(process, into, room);
	else
		snprintf(into, room, "pid %u", end.pid);
}

static bool
has_tid(const struct ladder_line *line, uint32_t tid)
{
	for (int i = 0; i < line->count; i++)
		if (line->tids[i] == tid)
			return true;
	return false;
}

static void
join_line(struct ladder_line *line, uint32_t tid)
{
	if (!has_tid(line, tid) && line->count < LADDER_ALIKE)
		line->tids[line->count++] = tid;
}

static void
add_line(struct ladder *ladder, const struct view *view, struct ladder_end end,
         bool grouped)
{
	char label[NAME_BYTES], stem[NAME_BYTES];
	struct ladder_line *line;

	for (int i = 0; i < ladder->line_count; i++)
		if (has_tid(&ladder->lines[i], end.tid))
			return;
	label_of(view, end, label, sizeof(label));
	if (grouped) {
		stem_of(label, stem, sizeof(stem));
		memcpy(label, stem, sizeof(label));
	}
	for (int i = 0; i < ladder->line_count; i++) {
		line = &ladder->lines[i];
		if (grouped && strcmp(line->label, label) == 0) {
			join_line(line, end.tid);
			return;
		}
	}
	if (ladder->line_count == LADDER_LINES)
		return;
	line = &ladder->lines[ladder->line_count++];
	memset(line, 0, sizeof(*line));
	memcpy(line->label, label, sizeof(label));
	line->end = end;
	join_line(line, end.tid);
}

/* Whether it is of the program that all others come from. */
static bool
is_first(const struct view *view, const struct thread *thread)
{
	const struct process *process =
	    actor_process(&view->model->actors, thread->pid);
	const struct process *parent =
	    process ? actor_process(&view->model->actors, process->ppid) : NULL;

	return process && process->agent && (!parent || !parent->agent);
}

/* From left to right: who asks, who is asked, who works. */
static int
rank_of(const struct view *view, const struct ladder_line *line)
{
	const struct thread *thread =
	    actor_thread(&view->model->actors, line->end.tid);

	if (line->end.pid == view->own_pid)
		return 0;
	if (strncmp(line->label, "client", 6) == 0)
		return 1;
	if (!thread)
		return 5;
	if (thread->role == ROLE_WORKER)
		return 3;
	if (thread->role != ROLE_MAIN)
		return 4;
	return thread->loop.answers || is_first(view, thread) ? 2 : 4;
}

static int
compare_lines(const void *left, const void *right)
{
	const struct ladder_line *a = left, *b = right;

	if (a->order != b->order)
		return a->order - b->order;
	return a->end.tid < b->end.tid ? -1 : a->end.tid > b->end.tid;
}

/* The lifelines of some rows, from left to right. */
static void
make_lines(struct ladder *ladder, const struct view *view,
           const struct candidate *rows, int count, bool grouped)
{
	uint32_t seen[2] = {0, 0};

	ladder->line_count = 0;
	for (int i = count - 1; i >= 0; i--) {
		uint32_t from = rows[i].from.tid, to = rows[i].to.tid;

		/* Two that talk with each other do so for many rows. */
		if ((from == seen[0] && to == seen[1]) ||
		    (from == seen[1] && to == seen[0]))
			continue;
		seen[0] = from;
		seen[1] = to;
		add_line(ladder, view, rows[i].from, grouped);
		add_line(ladder, view, rows[i].to, grouped);
	}
	for (int i = 0; i < ladder->line_count; i++)
		ladder->lines[i].order = rank_of(view, &ladder->lines[i]);
	qsort(ladder->lines, (size_t)ladder->line_count,
	      sizeof(ladder->lines[0]), compare_lines);
}

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

int
ladder_line_of(const struct ladder *ladder, struct ladder_end end)
{
	for (int i = 0; i < ladder->line_count; i++)
		if (has_tid(&ladder->lines[i], end.tid))
			return i;
	return -1;
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
	};
	if (from->ended)
		pane_end(from->ended, row->text, sizeof(row->text));
	else
		text_clean(row->text, sizeof(row->text), from->text,
		           strlen(from->text));
}

/* Leaves only the lifelines that a row begins or ends at. */
static void
drop_lines(struct ladder *ladder)
{
	int kept = 0, moved[LADDER_LINES];

	for (int i = 0; i < LADDER_LINES; i++)
		moved[i] = -1;
	for (int i = 0; i < ladder->row_count; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		if (row->from_line >= 0)
			moved[row->from_line] = 0;
		if (row->to_line >= 0)
			moved[row->to_line] = 0;
	}
	for (int i = 0; i < ladder->line_count; i++)
		if (moved[i] == 0) {
			ladder->lines[kept] = ladder->lines[i];
			moved[i] = kept++;
		}
	ladder->line_count = kept;
	for (int i = 0; i < ladder->row_count; i++) {
		struct ladder_row *row = &ladder->rows[i];

		if (row->from_line >= 0)
			row->from_line = moved[row->from_line];
		if (row->to_line >= 0)
			row->to_line = moved[row->to_line];
	}
}

/* Merges, keeps the newest rows, and the lifelines that those need. */
static void
fill(struct ladder *ladder, const struct view *view,
     struct candidates *candidates, int rows, bool grouped)
{
	int first;

	make_lines(ladder, view, candidates->rows, candidates->count, grouped);
	place(ladder, candidates, view->model->start);
	merge(candidates);
	first = candidates->count > rows ? candidates->count - rows : 0;
	ladder->row_count = candidates->count - first;
	for (int i = 0; i < ladder->row_count; i++)
		write_row(&ladder->rows[i], &candidates->rows[first + i]);
	drop_lines(ladder);
}

void
ladder_make(struct ladder *ladder, const struct view *view, int rows, int lines)
{
	static struct candidates all, some;

	ladder_collect(&all, view);
	if (rows > LADDER_ROWS)
		rows = LADDER_ROWS;
	if (rows < 0)
		rows = 0;
	memcpy(some.rows, all.rows, (size_t)all.count * sizeof(all.rows[0]));
	some.count = all.count;
	fill(ladder, view, &some, rows, false);
	if (ladder->line_count > lines)
		fill(ladder, view, &all, rows, true);
}
