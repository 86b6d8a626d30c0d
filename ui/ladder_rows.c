#include "ladder_rows.h"

#include <stdlib.h>
#include <string.h>

enum { FLOWS_LOOKED_AT = 512, LINES_LOOKED_AT = 64 };
#define REACH_NS 60000000000ull

static struct candidate *
add(struct candidates *candidates, uint64_t time, struct ladder_end from,
    struct ladder_end to, enum ladder_state state, const char *text)
{
	struct candidate *row;

	if (candidates->count == CANDIDATES || !from.pid || !to.pid)
		return NULL;
	row = &candidates->rows[candidates->count++];
	*row = (struct candidate){
	    .time = time,
	    .from = from,
	    .to = to,
	    .state = state,
	    .count = 1,
	    .text = text,
	};
	return row;
}

static struct ladder_end
end_of(uint32_t pid, uint32_t tid)
{
	return (struct ladder_end){pid, tid ? tid : pid};
}

/* ---- sources ---- */

static void
add_flow(struct candidates *candidates, const struct view *view,
         const struct flow *flow)
{
	uint64_t sent = flow->sent ? flow->sent : flow->received;
	struct candidate *row;
	enum ladder_state state = LADDER_DELIVERED;
	uint64_t waited = 0;

	if (sent > view->now)
		return;
	if (flow->received && flow->received <= view->now)
		waited = flow->received - sent;
	else if (model_is_waiting(view->model, flow))
		waited = view->now - sent;
	if (waited && (!flow->received || flow->received > view->now))
		state = LADDER_PENDING;
	else if (waited >= LADDER_LATE_NS)
		state = LADDER_LATE;
	row =
	    add(candidates, sent, end_of(flow->from_pid, flow->from_tid),
	        state == LADDER_PENDING ? end_of(flow->wait_pid, flow->wait_tid)
	                                : end_of(flow->to_pid, flow->to_tid),
	        state, flow->text);
	if (!row)
		return;
	row->waited = waited;
	row->flow = flow;
}

static void
add_flows(struct candidates *candidates, const struct view *view)
{
	const struct flows *flows = &view->model->flows;
	uint64_t oldest = flow_oldest(flows);

	/* All that are kept only for one who goes up to them. */
	if (!view->chosen.kind && flows->newest - oldest > FLOWS_LOOKED_AT)
		oldest = flows->newest - FLOWS_LOOKED_AT;
	for (uint64_t id = oldest; id <= flows->newest; id++)
		add_flow(candidates, view, flow_at(flows, id));
}

static void
add_lives(struct candidates *candidates, const struct view *view)
{
	const struct actors *actors = &view->model->actors;
	uint64_t since = view->now > REACH_NS ? view->now - REACH_NS : 0;

	for (uint32_t i = 0; i < actors->process_table.count; i++) {
		const struct process *process = &actors->processes[i];
		struct ladder_end child = end_of(process->pid, 0);
		struct ladder_end parent = end_of(process->ppid, 0);
		struct candidate *row;

		if (!actor_process(actors, process->ppid))
			continue;
		if (process->row.born > since)
			add(candidates, process->row.born, parent, child,
			    LADDER_LIFE,
			    process->how == BIRTH_SEEN
			        ? "starts"
			        : event_birth_name(process->how));
		if (process->row.died <= since)
			continue;
		row = add(candidates, process->row.died, child, parent,
		          LADDER_LIFE, "");
		if (row)
			row->ended = process;
	}
}

static void
add_lines(struct candidates *candidates, const struct view *view)
{
	const struct model *model = view->model;
	uint64_t count =
	    model->line_count < OUTPUT_LINES ? model->line_count : OUTPUT_LINES;

	for (uint64_t i = 0; i < count && i < LINES_LOOKED_AT; i++) {
		const struct output_line *line =
		    &model->lines[(model->line_count - 1 - i) % OUTPUT_LINES];
		const struct process *process =
		    actor_process(&model->actors, line->pid);

		if (!process || !actor_process(&model->actors, process->ppid))
			continue;
		add(candidates, line->time, end_of(line->pid, 0),
		    end_of(process->ppid, 0), LADDER_DELIVERED,
		    line->is_stderr ? "stderr" : "stdout");
	}
}

static int
compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	return a->time < b->time ? -1 : a->time > b->time;
}

/* Flows come nearly in order: what is out of it is not far from its place. */
static void
sort_near(struct candidate *rows, int count)
{
	for (int i = 1; i < count; i++) {
		struct candidate row;
		int at = i;

		if (rows[i - 1].time <= rows[i].time)
			continue;
		row = rows[i];
		for (; at > 0 && rows[at - 1].time > row.time; at--)
			rows[at] = rows[at - 1];
		rows[at] = row;
	}
}

/* Puts the sorted first rows among the sorted others, from the end on. */
static void
weave(struct candidates *candidates, int first)
{
	static struct candidate few[CANDIDATES];
	struct candidate *rows = candidates->rows;
	int left = first - 1, right = candidates->count - 1, to = right;

	/* The others move to the end of where they are; only the few are in
	 * the way. */
	memcpy(few, rows, (size_t)first * sizeof(*rows));
	memmove(rows, rows + first,
	        (size_t)(candidates->count - first) * sizeof(*rows));
	right -= first;
	while (left >= 0)
		if (right >= 0 && rows[right].time > few[left].time)
			rows[to--] = rows[right--];
		else
			rows[to--] = few[left--];
}

/* What belongs to the selected process, thread or channel. A message that is
 * selected itself does not leave those alike. */
static void
set_linked(struct candidates *candidates, const struct view *view)
{
	enum select_kind kind =
	    view->linked ? view->linked->of.kind : SELECT_NONE;

	if (kind != SELECT_PROCESS && kind != SELECT_THREAD &&
	    kind != SELECT_CHANNEL)
		return;
	for (int i = 0; i < candidates->count; i++) {
		struct candidate *row = &candidates->rows[i];
		struct selection thing = {
		    .kind = row->flow ? SELECT_MESSAGE : SELECT_LIFE,
		    .pid = row->from.pid,
		    .tid = row->from.tid,
		    .to_pid = row->to.pid,
		    .to_tid = row->to.tid,
		    .channel = row->flow ? row->flow->channel : 0,
		};

		row->linked = linked_row(view->linked, &thing) != LINK_NONE;
	}
}

void
ladder_collect(struct candidates *candidates, const struct view *view)
{
	int first;

	candidates->count = 0;
	add_lines(candidates, view);
	add_lives(candidates, view);
	first = candidates->count;
	qsort(candidates->rows, (size_t)first, sizeof(candidates->rows[0]),
	      compare);
	add_flows(candidates, view);
	sort_near(candidates->rows + first, candidates->count - first);
	weave(candidates, first);
	set_linked(candidates, view);
}
