#include "linked.h"

/* ---- things ---- */

bool
select_is_same(const struct selection *a, const struct selection *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case SELECT_PROCESS:
		return a->pid == b->pid;
	case SELECT_THREAD:
		return a->pid == b->pid && a->tid == b->tid;
	case SELECT_MESSAGE:
	case SELECT_CHANNEL:
	case SELECT_LINE:
		return a->channel == b->channel && a->number == b->number;
	case SELECT_LIFE:
		return a->time == b->time && a->pid == b->pid &&
		       a->to_pid == b->to_pid;
	default:
		return false;
	}
}

/* Messages alike share the row of the first. */
static bool
may_hold(const struct selection *row, const struct selection *thing)
{
	return thing->kind == SELECT_MESSAGE && row->kind == thing->kind &&
	       row->channel == thing->channel && row->time <= thing->time;
}

int
select_find(const struct selection *rows, int count,
            const struct selection *thing)
{
	int found = -1;

	for (int i = 0; i < count; i++) {
		if (select_is_same(&rows[i], thing))
			return i;
		if (may_hold(&rows[i], thing))
			found = i;
	}
	return found;
}

struct selection
select_thread(const struct thread *thread)
{
	return (struct selection){
	    .kind = SELECT_THREAD,
	    .pid = thread->pid,
	    .tid = thread->tid,
	};
}

static uint32_t
tid_of(uint32_t pid, uint32_t tid)
{
	return tid ? tid : pid;
}

struct selection
select_channel(const struct channel_row *channel)
{
	return (struct selection){
	    .kind = SELECT_CHANNEL,
	    .pid = channel->a_pid,
	    .tid = tid_of(channel->a_pid, channel->a_tid),
	    .to_pid = channel->b_pid,
	    .to_tid = tid_of(channel->b_pid, channel->b_tid),
	    .channel = channel->row.id,
	};
}

/* Its second end is who received it; before that, who should. */
struct selection
select_flow(const struct flow *flow)
{
	uint32_t pid = flow->received ? flow->to_pid : flow->wait_pid;
	uint32_t tid = flow->received ? flow->to_tid : flow->wait_tid;

	return (struct selection){
	    .kind = SELECT_MESSAGE,
	    .pid = flow->from_pid,
	    .tid = tid_of(flow->from_pid, flow->from_tid),
	    .to_pid = pid,
	    .to_tid = tid_of(pid, tid),
	    .channel = flow->channel,
	    .number = flow->number,
	    .time = flow->sent ? flow->sent : flow->received,
	};
}

const struct flow *
select_find_flow(const struct model *model, const struct selection *selection)
{
	const struct flows *flows = &model->flows;

	if (selection->kind != SELECT_MESSAGE)
		return NULL;
	for (uint64_t id = flows->newest; id >= flow_oldest(flows) && id;
	     id--) {
		const struct flow *flow = flow_at(flows, id);

		if (flow->channel == selection->channel &&
		    flow->number == selection->number)
			return flow;
	}
	return NULL;
}

/* ---- the relation ---- */

/* A process or a thread, and the two ends of a message or a channel. */
static enum link
end_link(const struct selection *ends, const struct selection *actor)
{
	bool is_thread = actor->kind == SELECT_THREAD;

	if (actor->pid && actor->pid == ends->pid &&
	    (!is_thread || actor->tid == ends->tid))
		return LINK_FROM;
	if (actor->pid && actor->pid == ends->to_pid &&
	    (!is_thread || actor->tid == ends->to_tid))
		return LINK_TO;
	return LINK_NONE;
}

static bool
is_actor(const struct selection *thing)
{
	return thing->kind == SELECT_PROCESS || thing->kind == SELECT_THREAD;
}

static bool
has_ends(const struct selection *thing)
{
	return thing->kind == SELECT_MESSAGE || thing->kind == SELECT_LIFE ||
	       thing->kind == SELECT_CHANNEL;
}

/* A message and its channel. */
static bool
goes_through(const struct selection *message, const struct selection *channel)
{
	return message->kind == SELECT_MESSAGE &&
	       channel->kind == SELECT_CHANNEL &&
	       (message->channel & ~1ull) == channel->channel;
}

static enum link
relation(const struct selection *of, const struct selection *row)
{
	if (select_is_same(of, row))
		return LINK_SELF;
	if (is_actor(of) && is_actor(row))
		return of->kind != row->kind && of->pid == row->pid ? LINK_PART
		                                                    : LINK_NONE;
	if (has_ends(of) && is_actor(row))
		return end_link(of, row);
	if (is_actor(of) && has_ends(row))
		return end_link(row, of) ? LINK_PART : LINK_NONE;
	if (goes_through(of, row) || goes_through(row, of))
		return LINK_PART;
	/* What a process wrote, its main thread wrote, as far as is known. */
	if (of->kind == SELECT_LINE && is_actor(row))
		return row->pid == of->pid && (row->kind == SELECT_PROCESS ||
		                               row->tid == row->pid)
		           ? LINK_FROM
		           : LINK_NONE;
	if (row->kind == SELECT_LINE && is_actor(of))
		return row->pid == of->pid ? LINK_PART : LINK_NONE;
	return LINK_NONE;
}

enum link
linked_row(const struct linked *linked, const struct selection *row)
{
	if (!linked || linked->of.kind == SELECT_NONE)
		return LINK_NONE;
	return relation(&linked->of, row);
}

enum link
linked_process(const struct linked *linked, uint32_t pid)
{
	struct selection row = {.kind = SELECT_PROCESS, .pid = pid};

	return linked_row(linked, &row);
}

enum link
linked_thread(const struct linked *linked, const struct thread *thread)
{
	struct selection row = select_thread(thread);

	return linked_row(linked, &row);
}

enum link
linked_channel(const struct linked *linked, const struct channel_row *channel)
{
	struct selection row = select_channel(channel);

	return linked_row(linked, &row);
}

const struct linked_span *
linked_span_at(const struct linked *linked, uint32_t tid, uint64_t begin,
               uint64_t end)
{
	for (int i = 0; linked && i < linked->span_count; i++) {
		const struct linked_span *span = &linked->spans[i];

		if (span->tid == tid && span->begin < end && span->end >= begin)
			return span;
	}
	return NULL;
}
