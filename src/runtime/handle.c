/*
 * Handles over a channel: SCM_RIGHTS and what is said about them.
 *
 * Failures, before line one:
 * - the peer never acknowledges: everything behind the handle waits, as in
 *   Node;
 * - a handle does not arrive, for the receiver has no descriptor left: it says
 *   NACK, and the sender sends it again, three times at most, as in Node; then
 *   a note, and it goes on with what waits;
 * - descriptors come with no message that speaks of them: they are closed;
 * - nobody takes a handle that came: it is closed;
 * - an acknowledgement comes of nothing: ignored;
 * - the peer asks and asks and does not read the answers: it loses its channel,
 *   before they fill our memory.
 */
#include "channel_parts.h"

#include "socket_list.h"

#include <errno.h>
#include <stdlib.h>

enum { RESENDS = 3, OWED_MOST = 10000 };

static const char *const type_names[CHANNEL_HANDLE_TYPES] = {
    [CHANNEL_NET_NATIVE] = "net.Native",
    [CHANNEL_NET_SERVER] = "net.Server",
    [CHANNEL_NET_SOCKET] = "net.Socket",
    [CHANNEL_DGRAM_NATIVE] = "dgram.Native",
    [CHANNEL_DGRAM_SOCKET] = "dgram.Socket",
};

static enum channel_handle_type
type_of(const json_t *envelope)
{
	const char *name = json_string_value(json_object_get(envelope, "type"));

	for (int i = 0; name && i < CHANNEL_HANDLE_TYPES; i++)
		if (strcmp(name, type_names[i]) == 0)
			return (enum channel_handle_type)i;
	return CHANNEL_NET_NATIVE;
}

uint64_t
handle_channel_type(const json_t *envelope)
{
	return type_of(envelope) == CHANNEL_NET_SERVER ? CHANNEL_LISTEN
	                                               : CHANNEL_SOCKET;
}

/* {"cmd":command}, and "key" if there is one. */
static json_t *
command_with_key(const char *command, const char *key)
{
	json_t *message = json_pack("{s:s}", "cmd", command);

	if (key)
		json_object_set_new(message, "key", json_string(key));
	return message;
}

/* Whether one more answer may wait for a peer that does not read. */
static bool
may_owe(struct channel *channel)
{
	if (outbox_is_empty(&channel->out))
		channel->owed = 0;
	if (++channel->owed <= OWED_MOST)
		return true;
	channel_break(channel, "it asks and does not read the answers");
	return false;
}

static int
send_command(struct channel *channel, const char *command, const char *key)
{
	json_t *message = command_with_key(command, key);
	int result =
	    message ? channel_send_with(channel, message, NULL) : -ENOMEM;

	json_decref(message);
	return result;
}

/* ---- sending ---- */

static json_t *
envelope_of(json_t *message, const struct channel_handle *as)
{
	json_t *envelope =
	    json_pack("{s:s,s:s,s:O}", "cmd", "NODE_HANDLE", "type",
	              type_names[as->type], "msg", message);

	if (as->dgram)
		json_object_set_new(envelope, "dgramType",
		                    json_string(as->dgram));
	if (as->key)
		json_object_set_new(envelope, "key", json_string(as->key));
	return envelope;
}

int
channel_send_handle_as(struct channel *channel, json_t *message,
                       uv_stream_t *handle, const struct channel_handle *as)
{
	json_t *envelope;
	int result;

	if (!channel->connected)
		return -EPIPE;
	envelope = envelope_of(message, as);
	if (!envelope)
		return -ENOMEM;
	result = channel_send_with(channel, envelope, (uv_handle_t *)handle);
	json_decref(envelope);
	return result;
}

int
channel_send_handle(struct channel *channel, json_t *message,
                    uv_stream_t *handle)
{
	const struct channel_handle as = {
	    .type = handle->type == UV_UDP ? CHANNEL_DGRAM_NATIVE
	                                   : CHANNEL_NET_NATIVE,
	};

	return channel_send_handle_as(channel, message, handle, &as);
}

static void
acknowledged(struct channel *channel)
{
	uv_handle_t *handle;

	if (!channel->out.awaited)
		return;
	handle = outbox_acknowledged(channel);
	if (channel->events->handle_sent)
		channel->events->handle_sent(channel, (uv_stream_t *)handle);
	if (!channel_is_closing(channel))
		channel_after_write(channel, outbox_write(channel));
}

static void
refused(struct channel *channel)
{
	if (!channel->out.awaited)
		return;
	if (channel->out.refusals++ == RESENDS) {
		channel_note(channel, NOTE_ERROR, "a handle did not arrive");
		acknowledged(channel);
		return;
	}
	outbox_refused(channel);
	channel_after_write(channel, outbox_write(channel));
}

/* ---- receiving ---- */

/* Acknowledgements are part of the wire, not of the conversation: they are
 * neither counted nor shown, and they do not wait behind a handle of ours
 * (both sides would wait for ever). A channel that is being disconnected owes
 * them still. */
static int
write_answer(struct channel *channel, const json_t *message)
{
	struct outbox_place place;

	if (channel->out.corked && outbox_is_empty(&channel->out))
		return outbox_add(channel, message, NULL, &place);
	return outbox_write_aside(channel, message);
}

static void
answer(struct channel *channel, const char *command)
{
	json_t *message;
	int error;

	if (!may_owe(channel))
		return;
	message = command_with_key(command, NULL);
	error = message ? write_answer(channel, message) : -ENOMEM;
	json_decref(message);
	if (error)
		channel_after_write(channel, error);
}

static void
drop_handle(struct channel *channel)
{
	uv_pipe_t *scrap = malloc(sizeof(*scrap));

	if (!scrap)
		return;
	uv_pipe_init(&channel->loop->uv, scrap, 0);
	uv_accept((uv_stream_t *)&channel->pipe, (uv_stream_t *)scrap);
	uv_close((uv_handle_t *)scrap, (uv_close_cb)free);
}

static void
drop_more_than(struct channel *channel, int count)
{
	while (!channel_is_closing(channel) &&
	       uv_pipe_pending_count(&channel->pipe) > count)
		drop_handle(channel);
}

void
handle_drop_strays(struct channel *channel)
{
	drop_more_than(channel, wire_is_within(&channel->in));
}

/* When Node 20 sends a refused handle again, it puts the envelope into another
 * one. */
static json_t *
innermost(json_t *envelope)
{
	json_t *inner = json_object_get(envelope, "msg");

	while (ipc_message_kind(inner) == IPC_MESSAGE_HANDLE) {
		envelope = inner;
		inner = json_object_get(envelope, "msg");
	}
	return envelope;
}

/* The one that came with this message is the oldest. Whoever left it leaves it
 * in front of the next. */
static void
take_handle(struct channel *channel, json_t *message, struct outbox_place place)
{
	json_t *envelope = innermost(message), *inner;
	int waiting = uv_pipe_pending_count(&channel->pipe);

	if (!waiting) {
		answer(channel, "NODE_HANDLE_NACK");
		return;
	}
	channel_tell(channel, EVENT_HANDLE_RECV, envelope, place);
	inner = json_object_get(envelope, "msg");
	/* A worker's answer to a dealt connection follows at once: one write,
	 * and the primary wakes up once. */
	if (ipc_message_kind(inner) == IPC_MESSAGE_CLUSTER)
		channel_cork(channel);
	answer(channel, "NODE_HANDLE_ACK");
	if (channel_is_closing(channel))
		return;
	channel->handle = (struct channel_handle){
	    .type = type_of(envelope),
	    .key = json_string_value(json_object_get(envelope, "key")),
	    .dgram = json_string_value(json_object_get(envelope, "dgramType")),
	};
	channel_deliver(channel, inner ? inner : json_null(), true);
	memset(&channel->handle, 0, sizeof(channel->handle));
	if (channel->out.corked)
		channel_flush(channel);
	drop_more_than(channel, waiting - 1);
}

void
handle_take_unread(struct channel *channel)
{
	if (!uv_pipe_pending_count(&channel->pipe))
		return;
	answer(channel, "NODE_HANDLE_ACK");
	if (!channel_is_closing(channel))
		drop_handle(channel);
}

int
channel_accept(struct channel *channel, uv_stream_t *stream)
{
	int error = uv_accept((uv_stream_t *)&channel->pipe, stream);

	if (!error && channel->handle.key)
		error = socket_list_add(&channel->received_from,
		                        channel->handle.key);
	return error;
}

/* ---- whose connections are open where ---- */

void
channel_socket_closed(struct channel *channel, const char *key)
{
	if (socket_list_remove(&channel->received_from, key) &&
	    channel->connected)
		send_command(channel, "NODE_SOCKET_ALL_CLOSED", key);
}

int
channel_ask_closed(struct channel *channel, const char *key)
{
	return send_command(channel, "NODE_SOCKET_NOTIFY_CLOSE", key);
}

int
channel_ask_count(struct channel *channel, const char *key)
{
	return send_command(channel, "NODE_SOCKET_GET_COUNT", key);
}

static void
tell_count(struct channel *channel, const char *key)
{
	json_t *message = command_with_key("NODE_SOCKET_COUNT", key);

	json_object_set_new(
	    message, "count",
	    json_integer(socket_list_count(channel->received_from, key)));
	if (message)
		channel_send_with(channel, message, NULL);
	json_decref(message);
}

static void
take_socket_message(struct channel *channel, enum ipc_message_kind kind,
                    const json_t *message)
{
	const char *key = json_string_value(json_object_get(message, "key"));
	json_int_t count =
	    json_integer_value(json_object_get(message, "count"));

	if (!key || ((kind == IPC_MESSAGE_NOTIFY_CLOSE ||
	              kind == IPC_MESSAGE_GET_COUNT) &&
	             !may_owe(channel)))
		return;
	if (kind == IPC_MESSAGE_NOTIFY_CLOSE) {
		if (socket_list_ask(channel->received_from, key))
			send_command(channel, "NODE_SOCKET_ALL_CLOSED", key);
	} else if (kind == IPC_MESSAGE_GET_COUNT) {
		tell_count(channel, key);
	} else if (kind == IPC_MESSAGE_ALL_CLOSED &&
	           channel->events->all_closed) {
		channel->events->all_closed(channel, key);
	} else if (kind == IPC_MESSAGE_COUNT && channel->events->count) {
		channel->events->count(channel, key, (int)count);
	}
}

bool
handle_take_message(struct channel *channel, enum ipc_message_kind kind,
                    json_t *message, struct outbox_place place)
{
	switch (kind) {
	case IPC_MESSAGE_HANDLE:
		take_handle(channel, message, place);
		return true;
	case IPC_MESSAGE_HANDLE_ACK:
		acknowledged(channel);
		return true;
	case IPC_MESSAGE_HANDLE_NACK:
		refused(channel);
		return true;
	case IPC_MESSAGE_NOTIFY_CLOSE:
	case IPC_MESSAGE_ALL_CLOSED:
	case IPC_MESSAGE_GET_COUNT:
	case IPC_MESSAGE_COUNT:
		channel_tell(channel, EVENT_MESSAGE_RECV, message, place);
		take_socket_message(channel, kind, message);
		return true;
	default:
		return false;
	}
}
