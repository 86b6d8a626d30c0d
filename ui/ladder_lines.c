/*
 * The lifelines of the ladder: whose they are, in which order they stand, and
 * what becomes of them when there are more than columns: those alike share one
 * ("worker x4"); if that is not enough, the last is for all others, and
 * their rows name them.
 */
#include "ladder_rows.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

	/* In a recording it is nobody's own any more. */
	if (line->end.pid == view->own_pid || !strcmp(line->label, "looptop"))
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

/* One that shares its lifeline with nobody keeps its number. */
static void
name_singles(struct ladder *ladder, const struct view *view)
{
	for (int i = 0; i < ladder->line_count; i++) {
		struct ladder_line *line = &ladder->lines[i];

		if (line->count == 1)
			label_of(view, line->end, line->label,
			         sizeof(line->label));
	}
}

void
ladder_lines_make(struct ladder *ladder, const struct view *view,
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
	if (grouped)
		name_singles(ladder, view);
	for (int i = 0; i < ladder->line_count; i++)
		ladder->lines[i].order = rank_of(view, &ladder->lines[i]);
	qsort(ladder->lines, (size_t)ladder->line_count,
	      sizeof(ladder->lines[0]), compare_lines);
}

int
ladder_line_of(const struct ladder *ladder, struct ladder_end end)
{
	for (int i = 0; i < ladder->line_count; i++)
		if (has_tid(&ladder->lines[i], end.tid))
			return i;
	return -1;
}

void
ladder_lines_drop(struct ladder *ladder)
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

/* ---- more than there is room for ---- */

/* Which of the others it is: of a birth the child, else who sent it if that is
 * one. */
static void
name_other(const struct view *view, struct ladder_row *row, int last)
{
	bool by_to = row->from_line != last || row->born;
	char name[NAME_BYTES], text[2 * LADDER_TEXT];

	label_of(view, by_to ? row->to : row->from, name, sizeof(name));
	snprintf(text, sizeof(text), "%s: %s", name, row->text);
	text_clean(row->text, sizeof(row->text), text, strlen(text));
}

/* Moves the lifelines that most rows begin or end at to the front, in the order
 * in which they stood. moved: where each has gone. */
static void
sort_busiest(struct ladder *ladder, int kept, int moved[LADDER_LINES])
{
	struct ladder_line lines[LADDER_LINES];
	int uses[LADDER_LINES] = {0}, to = 0, others = kept;

	for (int i = 0; i < ladder->row_count; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		if (row->from_line >= 0)
			uses[row->from_line]++;
		if (row->to_line >= 0)
			uses[row->to_line]++;
	}
	for (int i = 0; i < ladder->line_count; i++) {
		int busier = 0;

		for (int k = 0; k < ladder->line_count; k++)
			busier +=
			    uses[k] > uses[i] || (k < i && uses[k] == uses[i]);
		moved[i] = busier < kept ? to++ : others++;
	}
	memcpy(lines, ladder->lines, sizeof(lines));
	for (int i = 0; i < ladder->line_count; i++)
		ladder->lines[moved[i]] = lines[i];
}

static int
moved_to(int line, int last, const int moved[LADDER_LINES])
{
	return line < 0 || moved[line] > last ? last : moved[line];
}

void
ladder_lines_gather(struct ladder *ladder, const struct view *view, int lines)
{
	struct ladder_line *others = &ladder->lines[lines - 1];
	int last = lines - 1, moved[LADDER_LINES];

	sort_busiest(ladder, last, moved);
	snprintf(others->label, sizeof(others->label), "%d others",
	         ladder->line_count - last);
	for (int i = last + 1; i < ladder->line_count; i++)
		for (int k = 0; k < ladder->lines[i].count; k++)
			join_line(others, ladder->lines[i].tids[k]);
	ladder->line_count = lines;
	others->gathered = true;
	for (int i = 0; i < ladder->row_count; i++) {
		struct ladder_row *row = &ladder->rows[i];

		row->from_line = moved_to(row->from_line, last, moved);
		row->to_line = moved_to(row->to_line, last, moved);
		if (row->from_line == last || row->to_line == last)
			name_other(view, row, last);
	}
}
