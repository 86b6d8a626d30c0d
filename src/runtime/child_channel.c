/* The channel of a child: its events become the child's. */
#include "child_life.h"

#include <errno.h>
#include <unistd.h>

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct child *child = channel->data;

	child_tell_start(child->life);
	if (child->events->message)
		child->events->message(child, message, has_handle);
}

static void
on_handle_sent(struct channel *channel, uv_stream_t *handle)
{
	struct child *child = channel->data;

	if (child->events->handle_sent)
		child->events->handle_sent(child, handle);
}

static void
tell_disconnect(struct child *child)
{
	child_tell_start(child->life);
	if (child->events->disconnect)
		child->events->disconnect(child);
}

static void
on_disconnect(struct channel *channel)
{
	struct child *child = channel->data;

	if (!child->life->disconnects)
		tell_disconnect(child);
}

static void
on_channel_closed(struct channel *channel)
{
	struct child *child = channel->data;

	if (child->has_channel && child->life->disconnects)
		tell_disconnect(child);
	child_closed_one(child->life);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .handle_sent = on_handle_sent,
    .disconnect = on_disconnect,
    .close = on_channel_closed,
};

void
child_channel_open(struct child *child, struct child_plan *plan)
{
	int ours = child_plan_take(plan, plan->channel);
	int error =
	    channel_open(&child->channel, child->loop, ours, &channel_events);

	child->channel.data = child;
	child->life->open++;
	if (error) {
		close(ours);
		child_note(child, NOTE_ERROR, "it has no channel: %s",
		           uv_strerror(error));
		return;
	}
	child->has_channel = true;
	channel_name(&child->channel, (uint32_t)uv_os_getpid(),
	             (uint32_t)child->pid, true);
}

int
child_disconnect(struct child *child)
{
	if (!child->channel.connected)
		return -EPIPE;
	child->life->disconnects = true;
	channel_disconnect(&child->channel);
	return 0;
}
