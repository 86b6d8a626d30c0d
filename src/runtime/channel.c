/*
 * Failures, before line one:
 * - the peer dies, also in mid-message: what is incomplete is dropped, then
 *   disconnect;
 * - the peer sends garbage, or a message beyond all measure: a note, and the
 *   channel is closed;
 * - the peer sends what JSON has no value for (advanced.h): a note, and that
 *   message is lost;
 * - the peer does not read: messages queue up, channel_send() returns 1;
 * - a write fails because the peer is gone: what it said before is still read,
 *   the end of that is the disconnect; for another reason: disconnect.
 * A message is written whole or not at all: none is ever cut by us.
 */
#include "channel_parts.h"

#include "socket_list.h"

#include <errno.h>
#include <stdio.h>

enum {
	SLOW_BYTES = 2 * 65536, /* Node: more than two reads behind */
	CORK_BYTES = 65536,
};

/* ---- closing ---- */

static void
on_closed(uv_handle_t *handle)
{
	struct channel *channel = handle->data;

	if (--channel->open > 0)
		return;
	outbox_free(&channel->out);
	wire_free(&channel->in);
	socket_list_free(&channel->received_from);
	if (channel->events->close)
		channel->events->close(channel);
}

static void
close_handles(struct channel *channel)
{
	uv_close((uv_handle_t *)&channel->uncork, on_closed);
	uv_close((uv_handle_t *)&channel->pipe, on_closed);
}

static void
end(struct channel *channel)
{
	if (channel_is_closing(channel))
		return;
	channel->connected = false;
	channel_tell_died(channel);
	close_handles(channel);
	if (channel->events->disconnect)
		channel->events->disconnect(channel);
}

void
channel_break(struct channel *channel, const char *why)
{
	char text[96];

	snprintf(text, sizeof(text), "%s. The channel is closed", why);
	channel_note(channel, NOTE_ERROR, text);
	end(channel);
}

/* ---- writing ---- */

/* What a peer that is gone said before is still to be read. */
static void
cannot_write(struct channel *channel, int error)
{
	if (error != UV_EPIPE) {
		end(channel);
		return;
	}
	channel->connected = false;
	channel->gone = true;
}

void
channel_after_write(struct channel *channel, int status)
{
	struct outbox *out = &channel->out;

	if (status < 0) {
		cannot_write(channel, status);
		return;
	}
	if (!outbox_is_empty(out) || channel->gone)
		return;
	if (!channel->connected) {
		end(channel);
	} else if (out->slow) {
		out->slow = false;
		if (channel->events->drain)
			channel->events->drain(channel);
	}
}

/* Node's answers: false when so much waits, and for all but the first message
 * that waits for an acknowledgement. */
static int
is_slow(struct channel *channel)
{
	struct outbox *out = &channel->out;

	if (out->behind < 2 &&
	    out->bytes + channel->pipe.write_queue_size < SLOW_BYTES)
		return 0;
	out->slow = true;
	return 1;
}

int
channel_send_with(struct channel *channel, const json_t *message,
                  uv_handle_t *handle)
{
	struct outbox_place place;
	int error = outbox_add(channel, message, handle, &place);

	if (error)
		return error;
	channel_tell(channel, handle ? EVENT_HANDLE_SEND : EVENT_MESSAGE_SEND,
	             message, place);
	if (channel->out.corked && channel->out.bytes < CORK_BYTES)
		return 0;
	error = outbox_write(channel);
	if (!error)
		return is_slow(channel);
	cannot_write(channel, error);
	return error;
}

int
channel_send(struct channel *channel, json_t *message)
{
	if (!message)
		return -EINVAL;
	if (!channel->connected)
		return -EPIPE;
	return channel_send_with(channel, message, NULL);
}

static void
on_uncork(uv_prepare_t *uncork)
{
	channel_flush(uncork->data);
}

void
channel_cork(struct channel *channel)
{
	if (!channel->connected || channel->out.corked)
		return;
	channel->out.corked = true;
	uv_prepare_start(&channel->uncork, on_uncork);
}

void
channel_flush(struct channel *channel)
{
	int error;

	if (channel_is_closing(channel) || channel->leaves)
		return;
	channel->out.corked = false;
	uv_prepare_stop(&channel->uncork);
	channel_tell_totals(channel);
	error = outbox_write(channel);
	if (error)
		cannot_write(channel, error);
}

/* ---- reading ---- */

void
channel_deliver(struct channel *channel, json_t *message, bool has_handle)
{
	const struct channel_events *events = channel->events;
	enum ipc_message_kind kind = ipc_message_kind(message);

	if (kind != IPC_MESSAGE_USER && events->internal)
		events->internal(channel, message, has_handle);
	else if (kind == IPC_MESSAGE_USER || kind == IPC_MESSAGE_CLUSTER)
		events->message(channel, message, has_handle);
}

/* Something came that cannot be a value here. It is counted all the same: the
 * peer has counted it. */
static void
take_unread(struct channel *channel, int error, struct outbox_place place)
{
	if (error == -EPROTO) {
		channel_break(channel, channel->in.mode == WIRE_JSON
		                           ? "a line is no JSON"
		                           : "a frame is damaged");
		return;
	}
	channel_tell(channel, EVENT_MESSAGE_RECV, NULL, place);
	channel_note(channel, NOTE_WARNING,
	             error == -ENOTSUP
	                 ? "a message holds what JSON has no value for"
	                 : "no memory for a message");
	handle_take_unread(channel);
}

static void
take_message(struct channel *channel, const char *bytes, size_t size)
{
	struct outbox_place place = {bytes, wire_size(&channel->in, size)};
	json_t *message;
	enum ipc_message_kind kind;
	int error;

	message = ipc_message_read(channel->in.mode, bytes, size, &error);
	if (!message) {
		take_unread(channel, error, place);
		return;
	}
	kind = ipc_message_kind(message);
	if (!handle_take_message(channel, kind, message, place)) {
		channel_tell(channel, EVENT_MESSAGE_RECV, message, place);
		channel_deliver(channel, message, false);
	}
	json_decref(message);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct channel *channel = handle->data;
	size_t size;
	char *room = wire_room(&channel->in, &size);

	(void)suggested;
	*buffer = uv_buf_init(room, (unsigned)size);
}

/* A message may end the channel; those behind it are dropped then. */
static void
take_messages(struct channel *channel, size_t got)
{
	const char *message;
	size_t size;
	int next = 0;

	wire_add(&channel->in, got);
	while (!channel_is_closing(channel) && !channel->leaves &&
	       (next = wire_next(&channel->in, &message, &size)) > 0)
		take_message(channel, message, size);
	if (next < 0)
		channel_break(channel, "a message is too long");
	handle_drop_strays(channel);
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct channel *channel = stream->data;
	struct loop *loop = channel->loop;

	(void)buffer;
	if (got == UV_ENOBUFS)
		channel_note(channel, NOTE_ERROR, "no memory for a message");
	loop_callback(loop, got < 0 ? "disconnect" : "message");
	if (got < 0)
		end(channel);
	else
		take_messages(channel, (size_t)got);
	channel_tell_totals(channel);
	loop_callback(loop, NULL);
}

/* ---- life ---- */

void
channel_prepare(struct channel *channel, struct loop *loop,
                const struct channel_events *events)
{
	memset(channel, 0, sizeof(*channel));
	channel->loop = loop;
	channel->events = events;
	channel->open = 2;
	wire_init(&channel->in, WIRE_JSON);
	outbox_init(&channel->out);
	uv_pipe_init(&loop->uv, &channel->pipe, 1);
	uv_prepare_init(&loop->uv, &channel->uncork);
	channel->pipe.data = channel;
	channel->uncork.data = channel;
}

void
channel_set_mode(struct channel *channel, enum wire_mode mode)
{
	channel->in.mode = mode;
}

void
channel_start(struct channel *channel)
{
	channel->connected = true;
	if (channel->events->message)
		uv_read_start((uv_stream_t *)&channel->pipe, on_alloc, on_read);
}

void
channel_listen(struct channel *channel, const struct channel_events *events)
{
	channel->events = events;
	if (channel->connected || channel->gone)
		uv_read_start((uv_stream_t *)&channel->pipe, on_alloc, on_read);
}

void
channel_abandon(struct channel *channel)
{
	close_handles(channel);
}

static void
on_leave(uv_prepare_t *uncork)
{
	end(uncork->data);
}

/* Node: disconnect comes on the next tick, so not within this call. */
void
channel_disconnect(struct channel *channel)
{
	if (channel_is_closing(channel) || channel->leaves ||
	    !(channel->connected || channel->gone))
		return;
	channel->connected = false;
	channel_flush(channel);
	if (!channel->gone && !outbox_is_empty(&channel->out))
		return;
	channel->leaves = true;
	uv_read_stop((uv_stream_t *)&channel->pipe);
	uv_prepare_start(&channel->uncork, on_leave);
}

void
channel_ref(struct channel *channel, bool ref)
{
	if (ref)
		uv_ref((uv_handle_t *)&channel->pipe);
	else
		uv_unref((uv_handle_t *)&channel->pipe);
}
