/* Channels, messages and requests as lines of JSON. */
#include "json_parts.h"

void
json_channel_born(struct line *line)
{
	const struct event *event = line->event;
	const struct channel_row *channel =
	    model_channel(line->model, event->channel);

	set_integer(line, "channel", event->channel >> 1);
	set_string(line, "type", event_channel_name(event->number));
	/* The other end may announce itself later, and then it is b. */
	if (channel && channel->a_pid && channel->b_pid) {
		set_end(line, "a", channel->a_pid, channel->a_tid);
		set_end(line, "b", channel->b_pid, channel->b_tid);
	} else {
		set_end(line, "a", event->pid, event->tid);
		if (event->other_pid)
			set_end(line, "b", event->other_pid, event->other_tid);
	}
	if (event->value)
		set_integer(line, "port", event->value);
	if (event->text)
		set_text(line, "name");
}

void
json_channel_died(struct line *line)
{
	const struct channel_row *channel =
	    model_channel(line->model, line->event->channel);

	set_integer(line, "channel", line->event->channel >> 1);
	if (!channel)
		return;
	set_string(line, "type", event_channel_name(channel->type));
	set_end(line, "a", channel->a_pid, channel->a_tid);
	if (channel->b_pid)
		set_end(line, "b", channel->b_pid, channel->b_tid);
}

/* Node's receiving end is not told the size of a message: the sender was, and
 * knows what it looked like. */
static const struct flow *
flow_of(const struct line *line)
{
	struct flows *flows = (struct flows *)&line->model->flows;

	return flow_find(flows, line->event->channel, line->event->number);
}

void
json_channel_queue(struct line *line)
{
	const struct event *event = line->event;
	const struct channel_row *channel =
	    model_channel(line->model, event->channel);
	bool listens = channel && channel->type == CHANNEL_LISTEN;

	set_integer(line, "channel", event->channel >> 1);
	set_integer(line, listens ? "waiting" : "a_waits", event->number);
	set_integer(line, listens ? "room" : "b_waits", event->size);
	if (event->value)
		set_integer(line, "connections", event->value);
}

void
json_message(struct line *line)
{
	const struct event *event = line->event;
	const struct flow *flow = flow_of(line);

	set_integer(line, "channel", event->channel >> 1);
	set_string(line, "direction", event->channel & 1 ? "back" : "forth");
	set_integer(line, "number", event->number);
	set_integer(line, "bytes",
	            flow && !event->size ? flow->size : event->size);
	if (event->text || !flow)
		set_text(line, "preview");
	else
		set_string(line, "preview", flow->text);
	/* Whichever end is heard second knows how long it took. */
	if (flow && flow->sent && flow->received >= flow->sent)
		json_object_set_new(
		    line->object, "latency_us",
		    json_real((double)(flow->received - flow->sent) / 1000));
}

void
json_handle(struct line *line)
{
	set_integer(line, "channel", line->event->channel >> 1);
	set_integer(line, "number", line->event->number);
	set_string(line, "type",
	           line->event->value == CHANNEL_PIPE ? "pipe" : "tcp");
}

void
json_request(struct line *line)
{
	set_ms(line, "ms", line->event->value);
	set_integer(line, "status", line->event->number);
	set_integer(line, "worker", line->event->other_pid);
}
