/* The model's channels, and the messages on their way through them. */
#include "model_parts.h"

#include <string.h>

struct channel_row *
model_channel(const struct model *model, uint64_t channel)
{
	return table_find(&model->channel_table, model->channels,
	                  channel & ~1ull);
}

static bool
set_end(struct channel_row *channel, bool back, const struct event *event)
{
	uint32_t *pid = back ? &channel->b_pid : &channel->a_pid;
	uint32_t *tid = back ? &channel->b_tid : &channel->a_tid;
	bool news = *pid != event->pid || *tid != event->tid;

	*pid = event->pid;
	*tid = event->tid;
	return news;
}

/* An end of a channel that is known announces itself. Who sends back is b; of
 * the others, who comes second is, unless b is known: then a port has moved to
 * another thread. */
static bool
announce_end(struct channel_row *channel, const struct event *event)
{
	bool known =
	    (channel->a_pid == event->pid && channel->a_tid == event->tid) ||
	    (channel->b_pid == event->pid && channel->b_tid == event->tid);
	bool is_port = channel->type == CHANNEL_PORT;
	bool back = event->channel & 1;

	if (!back && known)
		return false;
	if (!back && channel->a_pid && !channel->b_pid)
		return set_end(channel, true, event) && is_port;
	return is_port && set_end(channel, back, event);
}

bool
model_channel_born(struct model *model, const struct event *event,
                   const char *text)
{
	uint64_t id = event->channel & ~1ull;
	struct channel_row *channel = model_channel(model, id);

	if (channel && !channel->row.died)
		return announce_end(channel, event);
	channel =
	    table_add(&model->channel_table, model->channels, id, event->time);
	if (!channel)
		return true;
	channel->type = event->number < CHANNEL_TYPES ? (uint8_t)event->number
	                                              : CHANNEL_SOCKET;
	channel->port = (uint32_t)event->value;
	(void)set_end(channel, event->channel & 1, event);
	if (event->other_pid) {
		channel->b_pid = event->other_pid;
		channel->b_tid = event->other_tid;
	}
	model_keep(channel->name, sizeof(channel->name), event, text);
	if (channel->type == CHANNEL_LISTEN) {
		struct thread *thread =
		    model_thread(model, event->pid, event->tid, event->time);

		if (thread)
			thread->loop.answers = true;
	}
	return true;
}

bool
model_channel_died(struct model *model, const struct event *event,
                   const char *text)
{
	struct channel_row *channel = model_channel(model, event->channel);

	(void)text;
	if (!channel || channel->row.died)
		return false;
	channel->row.died = event->time;
	return true;
}

/* Who listens on a TCP port: in front of whom a connection waits until
 * somebody accepts it. */
static const struct channel_row *
listener(const struct model *model, uint32_t port)
{
	for (uint32_t i = 0; i < model->channel_table.count; i++) {
		const struct channel_row *row = &model->channels[i];

		if (row->type == CHANNEL_LISTEN && row->port == port &&
		    !row->row.died)
			return row;
	}
	return NULL;
}

/* In front of whom a message waits that was just sent: the other end of its
 * channel, else whom the sender named, else who listens on the port. */
static void
address_flow(const struct model *model, struct flow *flow,
             const struct event *event)
{
	const struct channel_row *channel =
	    model_channel(model, event->channel);
	const struct channel_row *listening = NULL;
	bool back = event->channel & 1;

	if (channel && back) {
		flow->to_pid = channel->a_pid;
		flow->to_tid = channel->a_tid;
	} else if (channel && channel->b_pid) {
		flow->to_pid = channel->b_pid;
		flow->to_tid = channel->b_tid;
	} else if (event->other_pid) {
		flow->to_pid = event->other_pid;
		flow->to_tid = event->other_tid;
	} else if (channel && channel->port) {
		listening = listener(model, channel->port);
	}
	if (listening) {
		flow->to_pid = listening->a_pid;
		flow->to_tid = listening->a_tid;
	}
	flow->wait_pid = flow->to_pid;
	flow->wait_tid = flow->to_tid;
}

static bool
is_broadcast(uint64_t channel)
{
	return channel_id_type(channel) == CHANNEL_BROADCAST;
}

/* One more who hears a broadcast: the same sending again. */
static struct flow *
add_hearer(struct model *model, struct flow first)
{
	struct flow *flow =
	    flow_add(&model->flows, first.channel, first.number);

	flow->sent = first.sent;
	flow->size = first.size;
	flow->from_pid = first.from_pid;
	flow->from_tid = first.from_tid;
	memcpy(flow->text, first.text, sizeof(flow->text));
	return flow;
}

static struct flow *
flow_of(struct model *model, const struct event *event, const char *text,
        bool is_send)
{
	struct flow *flow =
	    flow_find(&model->flows, event->channel, event->number);
	bool taken = flow && (is_send ? flow->sent : flow->received) != 0;

	if (taken && !is_send && is_broadcast(event->channel))
		flow = add_hearer(model, *flow);
	else if (!flow || taken)
		flow = flow_add(&model->flows, event->channel, event->number);
	if (!flow->size)
		flow->size = event->size;
	if (!flow->text[0])
		model_keep(flow->text, sizeof(flow->text), event, text);
	flow->handle |= event->kind == EVENT_HANDLE_SEND ||
	                event->kind == EVENT_HANDLE_RECV;
	return flow;
}

/* Both ends of a flow are known: its latency counts, and if it waited, the
 * hill in front of the thread it waited for grows. */
static void
close_flow(struct model *model, const struct flow *flow)
{
	uint64_t latency =
	    flow->received > flow->sent ? flow->received - flow->sent : 0;
	struct thread *thread = actor_thread(&model->actors, flow->wait_tid);
	struct lane *lane;

	histogram_add(&model->totals.latency, latency);
	if (!thread || thread->pid != flow->wait_pid ||
	    latency < MODEL_WAITING_NS)
		return;
	lane = actor_lane(&model->actors, thread);
	if (!lane)
		return;
	actor_advance_lane(lane, flow->received);
	series_count(&lane->series, lane->waiting, flow->sent, flow->received);
}

/* Others have heard a broadcast before its sender was heard of. */
static void
join_hearers(struct model *model, const struct flow *flow)
{
	struct flow *other = flow_older(&model->flows, flow);

	for (; other && !other->sent;
	     other = flow_older(&model->flows, other)) {
		other->sent = flow->sent;
		other->from_pid = flow->from_pid;
		other->from_tid = flow->from_tid;
		close_flow(model, other);
	}
}

static void
count_untold(struct model *model, struct channel_row *channel, int direction,
             uint64_t count)
{
	channel->untold[direction] += count;
	model->totals.untold += count;
}

/* An end numbers what it sends: what lies between two numbers was sent too, and
 * only counted, or its record was lost. If it comes after all, it is told. */
static void
count_send(struct model *model, struct channel_row *channel,
           const struct event *event)
{
	int direction = event->channel & 1;
	uint64_t sent = channel->sent[direction];

	if (event->number > sent) {
		count_untold(model, channel, direction,
		             event->number - sent - 1);
		channel->sent[direction] = event->number;
	} else if (event->number && channel->untold[direction]) {
		channel->untold[direction]--;
		model->totals.untold--;
	}
}

bool
model_message_send(struct model *model, const struct event *event,
                   const char *text)
{
	struct flow *flow = flow_of(model, event, text, true);
	struct channel_row *channel = model_channel(model, event->channel);

	flow->sent = event->time;
	flow->from_pid = event->pid;
	flow->from_tid = event->tid;
	if (!flow->received)
		address_flow(model, flow, event);
	model->totals.sent++;
	model->totals.bytes += event->size;
	if (channel)
		count_send(model, channel, event);
	if (flow->received)
		close_flow(model, flow);
	if (flow->received && is_broadcast(event->channel))
		join_hearers(model, flow);
	return true;
}

bool
model_message_recv(struct model *model, const struct event *event,
                   const char *text)
{
	struct flow *flow = flow_of(model, event, text, false);
	struct channel_row *channel = model_channel(model, event->channel);

	flow->received = event->time;
	flow->to_pid = event->pid;
	flow->to_tid = event->tid;
	if (!flow->wait_pid) {
		flow->wait_pid = event->pid;
		flow->wait_tid = event->tid;
	}
	model->totals.received++;
	if (channel && event->number > channel->received[event->channel & 1])
		channel->received[event->channel & 1] = event->number;
	if (channel && !channel->b_pid && !(event->channel & 1) &&
	    channel->type != CHANNEL_BROADCAST) {
		channel->b_pid = event->pid;
		channel->b_tid = event->tid;
	}
	if (flow->sent)
		close_flow(model, flow);
	return true;
}

/* A counter only grows; returns by how much. */
static uint64_t
grow(uint64_t *counter, uint64_t value)
{
	uint64_t more = value > *counter ? value - *counter : 0;

	*counter += more;
	return more;
}

bool
model_channel_gauge(struct model *model, const struct event *event,
                    const char *text)
{
	struct channel_row *channel = model_channel(model, event->channel);
	int direction = event->channel & 1;

	(void)text;
	if (!channel)
		return true;
	/* What no record told of counts nevertheless. */
	count_untold(model, channel, direction,
	             grow(&channel->sent[direction], event->number));
	(void)grow(&channel->received[!direction], event->value);
	(void)grow(&channel->bytes[direction], event->size);
	return true;
}

bool
model_channel_queue(struct model *model, const struct event *event,
                    const char *text)
{
	struct channel_row *channel = model_channel(model, event->channel);

	(void)text;
	if (!channel)
		return true;
	channel->waits_a = event->number;
	channel->waits_b = event->size;
	channel->connections = (uint32_t)event->value;
	return true;
}

bool
model_request(struct model *model, const struct event *event, const char *text)
{
	(void)text;
	model->totals.requests++;
	if (event->number < 200 || event->number > 399)
		model->totals.requests_failed++;
	histogram_add(&model->totals.answer, event->value);
	return true;
}
