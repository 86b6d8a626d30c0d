/* Details of what goes from one to another: a message, a channel, a line of
 * output, a birth or an end. */
#include "sheets.h"

#include <inttypes.h>
#include <stdio.h>

static void
name_end(const struct view *view, uint32_t pid, uint32_t tid, char *into,
         size_t room)
{
	const struct actors *actors = &view->model->actors;
	const struct thread *thread = actor_thread(actors, tid);
	const struct process *process = actor_process(actors, pid);
	char name[64];

	if (pid == view->own_pid)
		snprintf(into, room, "looptop itself, pid %u", pid);
	else if (thread && thread->pid == pid && tid != pid)
		snprintf(into, room, "%s, tid %u",
		         pane_label(view, thread, name, sizeof(name)), tid);
	else if (process)
		snprintf(into, room, "%s, pid %u",
		         model_process_label(process, name, sizeof(name)), pid);
	else
		snprintf(into, room,
		         pid ? "pid %u, not watched" : "not watched", pid);
}

static void
add_ends(struct sheet *sheet, const struct view *view,
         const struct selection *thing, const char *first, const char *second)
{
	char name[96];

	name_end(view, thing->pid, thing->tid, name, sizeof(name));
	sheet_add(sheet, STYLE_PLAIN, first, "%s", name);
	if (!second)
		return;
	name_end(view, thing->to_pid, thing->to_tid, name, sizeof(name));
	sheet_add(sheet, STYLE_PLAIN, second, "%s", name);
}

/* ---- a message ---- */

static void
add_times(struct sheet *sheet, const struct view *view, const struct flow *flow)
{
	uint64_t end = flow->received ? flow->received : view->now;
	uint64_t waited = end > flow->sent ? end - flow->sent : 0;
	bool late = waited >= MODEL_BLOCKED_NS;
	char length[16];

	pane_duration(waited, length);
	if (flow->sent)
		sheet_add(sheet, STYLE_PLAIN, "sent", "at %.3f s",
		          details_seconds(view, flow->sent));
	if (flow->sent && flow->received)
		sheet_add(sheet, late ? STYLE_LATE : STYLE_PLAIN, "received",
		          "at %.3f s, after %s",
		          details_seconds(view, flow->received), length);
	else if (flow->received)
		sheet_add(sheet, STYLE_PLAIN, "received", "at %.3f s",
		          details_seconds(view, flow->received));
	else if (model_is_unread(view->model, flow))
		sheet_add(sheet, late ? STYLE_PENDING : STYLE_PLAIN, "waits",
		          "for %s so far", length);
	else
		sheet_add(sheet, STYLE_LABEL, "received",
		          "not known: the receiver does not say");
}

/* What it waited for. */
static void
add_meanwhile(struct sheet *sheet, const struct linked *linked)
{
	const char *label = "meanwhile";
	char length[16];

	for (int i = 0; i < linked->span_count; i++) {
		const struct linked_span *span = &linked->spans[i];

		if (span->meaning == LINKED_WAIT)
			continue;
		pane_duration(span->end - span->begin, length);
		if (span->meaning == LINKED_BLOCK)
			sheet_add(sheet, STYLE_BLOCKED, label,
			          "the receiver's loop was blocked by %s: %s",
			          span->name, length);
		else
			sheet_add(sheet, STYLE_RUNNING, label,
			          "the receiver ran %s: %s", span->name,
			          length);
		label = "";
	}
	if (*label)
		sheet_add(sheet, STYLE_PLAIN, label,
		          "nothing kept the receiver from taking it");
}

static void
message_details(struct sheet *sheet, const struct view *view,
                const struct selection *thing)
{
	const struct flow *flow = select_find_flow(view->model, thing);
	static struct linked linked;

	sheet_init(sheet, "Message   Esc leaves");
	linked_make(&linked, view->model, thing);
	if (flow)
		sheet_add(sheet, STYLE_BOLD, "", "%s", flow->text);
	add_ends(sheet, view, &linked.of, "from", "to");
	if (!flow) {
		sheet_add(sheet, STYLE_LABEL, "",
		          "It is too old: only the newest messages are kept.");
		return;
	}
	add_times(sheet, view, flow);
	add_meanwhile(sheet, &linked);
	sheet_add(sheet, STYLE_PLAIN, "size", "%" PRIu64 " bytes%s", flow->size,
	          flow->handle ? ", and a handle" : "");
	sheet_add(sheet, STYLE_PLAIN, "through",
	          "%s, number %" PRIu64 " in its direction",
	          event_channel_name(channel_id_type(flow->channel)),
	          flow->number);
}

/* ---- a channel ---- */

static void
add_direction(struct sheet *sheet, const struct channel_row *row, int direction,
              const char *label)
{
	char size[48] = "";

	if (!row->sent[direction] && !row->received[direction])
		return;
	if (row->bytes[direction])
		snprintf(size, sizeof(size), ", %" PRIu64 " bytes",
		         row->bytes[direction]);
	sheet_add(sheet, STYLE_PLAIN, label,
	          "%" PRIu64 " messages sent, %" PRIu64 " received%s",
	          row->sent[direction], row->received[direction], size);
}

static void
add_queue(struct sheet *sheet, const struct channel_row *row)
{
	if (row->type == CHANNEL_LISTEN)
		sheet_add(sheet, row->waits_a ? STYLE_WAITING : STYLE_PLAIN,
		          "waiting",
		          "%" PRIu64 " connections to be accepted, of at most "
		          "%" PRIu64,
		          row->waits_a, row->waits_b);
	else
		sheet_add(
		    sheet,
		    row->waits_a || row->waits_b ? STYLE_WAITING : STYLE_PLAIN,
		    "waiting",
		    "%" PRIu64 " bytes for one end, %" PRIu64 " for the other",
		    row->waits_a, row->waits_b);
}

static void
channel_details(struct sheet *sheet, const struct view *view,
                const struct selection *thing)
{
	const struct channel_row *row =
	    model_channel(view->model, thing->channel);
	bool listens = row && row->type == CHANNEL_LISTEN;

	sheet_init(sheet, "Channel   Esc leaves");
	add_ends(sheet, view, thing, listens ? "listens" : "one end",
	         listens ? NULL : "the other");
	if (!row)
		return;
	sheet_add(sheet, STYLE_PLAIN, "type", "%s%s%s",
	          event_channel_name(row->type), *row->name ? ", " : "",
	          row->name);
	if (row->port)
		sheet_add(sheet, STYLE_PLAIN, "port", "%u", row->port);
	if (row->connections)
		sheet_add(sheet, STYLE_PLAIN, "connections", "%u",
		          row->connections);
	sheet_add(sheet, STYLE_PLAIN, "opened", "at %.3f s",
	          details_seconds(view, row->row.born));
	if (row->row.died)
		sheet_add(sheet, STYLE_LATE, "closed", "at %.3f s",
		          details_seconds(view, row->row.died));
	add_direction(sheet, row, CHANNEL_FORTH, "there");
	add_direction(sheet, row, CHANNEL_BACK, "back");
	add_queue(sheet, row);
}

/* ---- the rest ---- */

static void
line_details(struct sheet *sheet, const struct view *view,
             const struct selection *thing)
{
	const struct model *model = view->model;
	const struct output_line *line =
	    &model->lines[thing->number % OUTPUT_LINES];

	sheet_init(sheet, "Output   Esc leaves");
	add_ends(sheet, view, thing, "written by", NULL);
	if (thing->number >= model->line_count ||
	    thing->number + OUTPUT_LINES < model->line_count)
		return;
	sheet_add(sheet, STYLE_PLAIN, "to", "%s, at %.3f s",
	          line->is_stderr ? "stderr" : "stdout",
	          details_seconds(view, line->time));
	sheet_add(sheet, STYLE_PLAIN, "", " ");
	sheet_add(sheet, STYLE_PLAIN, "", "%s", line->text);
}

static void
life_details(struct sheet *sheet, const struct view *view,
             const struct selection *thing)
{
	static struct linked linked;

	linked_make(&linked, view->model, thing);
	sheet_init(sheet, "A life   Esc leaves");
	sheet_add(sheet, STYLE_BOLD, "", "%s", linked.words);
	sheet_add(sheet, STYLE_PLAIN, "when", "at %.3f s",
	          details_seconds(view, thing->time));
}

void
details_talk(struct sheet *sheet, const struct view *view,
             const struct selection *thing)
{
	if (thing->kind == SELECT_MESSAGE)
		message_details(sheet, view, thing);
	else if (thing->kind == SELECT_CHANNEL)
		channel_details(sheet, view, thing);
	else if (thing->kind == SELECT_LINE)
		line_details(sheet, view, thing);
	else
		life_details(sheet, view, thing);
}
