/*
 * Failures, before line one:
 * - the peer dies, also in mid-message: what is incomplete is dropped, then
 *   disconnect;
 * - the peer sends what is no JSON: a note, and the channel is closed;
 * - the peer does not read: messages queue up, channel_send() returns 1;
 * - the peer never acknowledges a handle: everything behind it waits, as in
 *   Node;
 * - a handle does not arrive (the peer has no descriptor left) and is refused:
 *   it is sent again, three times at most, as in Node; then a note;
 * - a write fails because the peer is gone: what it said before is still read,
 *   the end of that is the disconnect; for another reason: disconnect.
 * A message is written whole or not at all: a line is never cut by us.
 */
#include "channel.h"

#include "core/emit.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PREVIEW_BYTES = 60, SLOW_BYTES = 65536, RESENDS = 3 };

struct outgoing {
	uv_write_t request;
	struct channel *channel;
	struct outgoing *next;
	uv_stream_t *handle; /* sent with it, or NULL */
	size_t size;
	char text[];
};

static bool
is_command(const json_t *message, const char *command)
{
	const char *cmd = json_string_value(json_object_get(message, "cmd"));

	return cmd && strcmp(cmd, command) == 0;
}

/* ---- what the stream hears ---- */

/* Node's own messages are long and all alike; what matters is the act. */
static size_t
preview_of(json_t *message, const char *line, size_t size,
           char into[PREVIEW_BYTES])
{
	json_t *inner = json_object_get(message, "msg");
	json_t *act;

	if (inner && is_command(message, "NODE_HANDLE"))
		message = inner;
	if (!is_command(message, "NODE_CLUSTER"))
		return text_preview(into, PREVIEW_BYTES, line, size);
	act = json_object_get(message, "act");
	return (size_t)snprintf(into, PREVIEW_BYTES, "%.40s",
	                        json_is_string(act) ? json_string_value(act)
	                        : json_object_get(message, "accepted")
	                            ? "accepted"
	                            : "ack");
}

static void
tell_message(struct channel *channel, enum event_kind kind, json_t *message,
             const char *line, size_t size)
{
	bool is_send = kind == EVENT_MESSAGE_SEND || kind == EVENT_HANDLE_SEND;
	int direction = is_send ? channel->direction : !channel->direction;
	struct event event = {
	    .kind = (uint8_t)kind,
	    .other_pid = channel->peer_pid,
	    .other_tid = channel->peer_pid,
	    .channel = channel->id | (uint64_t)direction,
	    .number = is_send ? ++channel->sent : ++channel->received,
	    .size = size,
	};
	char text[PREVIEW_BYTES];

	if (kind == EVENT_HANDLE_SEND || kind == EVENT_HANDLE_RECV)
		event.value = CHANNEL_SOCKET;
	if (is_send)
		channel->bytes += size;
	if (!channel->quiet && emit_is_open())
		emit_bytes(&event, text, preview_of(message, line, size, text));
}

/* ---- closing ---- */

static void
on_closed(uv_handle_t *handle)
{
	struct channel *channel = handle->data;

	while (channel->first) {
		struct outgoing *next = channel->first->next;

		free(channel->first);
		channel->first = next;
	}
	free(channel->again);
	free(channel->buffer);
	channel->again = NULL;
	channel->buffer = NULL;
	if (channel->events->close)
		channel->events->close(channel);
}

static void
end(struct channel *channel)
{
	struct event died = {
	    .kind = EVENT_CHANNEL_DIED,
	    .channel = channel->id,
	};

	if (uv_is_closing((uv_handle_t *)&channel->pipe))
		return;
	channel->connected = false;
	if (!channel->quiet)
		emit(&died, NULL);
	if (channel->events->disconnect)
		channel->events->disconnect(channel);
	uv_close((uv_handle_t *)&channel->pipe, on_closed);
}

/* ---- writing ---- */

static void write_next(struct channel *channel);

static void
cannot_write(struct channel *channel, int error)
{
	if (error == UV_EPIPE)
		channel->connected = false;
	else
		end(channel);
}

static void
on_written(uv_write_t *request, int status)
{
	struct outgoing *message = request->data;
	struct channel *channel = message->channel;

	free(message);
	if (status < 0 && status != UV_ECANCELED)
		cannot_write(channel, status);
	else if (!channel->connected && !channel->first &&
	         !channel->pipe.write_queue_size)
		end(channel);
}

static struct outgoing *
new_outgoing(struct channel *channel, const char *line, size_t size,
             uv_stream_t *handle)
{
	struct outgoing *message = malloc(sizeof(*message) + size);

	if (!message)
		return NULL;
	memset(message, 0, sizeof(*message));
	message->channel = channel;
	message->handle = handle;
	message->size = size;
	memcpy(message->text, line, size);
	return message;
}

static void
write_message(struct channel *channel, struct outgoing *message)
{
	uv_buf_t buffer = uv_buf_init(message->text, (unsigned)message->size);
	uv_stream_t *stream = (uv_stream_t *)&channel->pipe;
	int error;

	message->request.data = message;
	if (message->handle) {
		channel->awaits_ack = true;
		channel->handle = message->handle;
		channel->again = new_outgoing(channel, message->text,
		                              message->size, message->handle);
		error = uv_write2(&message->request, stream, &buffer, 1,
		                  message->handle, on_written);
	} else {
		error =
		    uv_write(&message->request, stream, &buffer, 1, on_written);
	}
	if (error) {
		free(message);
		end(channel);
	}
}

static void
write_next(struct channel *channel)
{
	while (channel->first && !channel->awaits_ack &&
	       !uv_is_closing((uv_handle_t *)&channel->pipe)) {
		struct outgoing *message = channel->first;

		channel->first = message->next;
		if (!channel->first)
			channel->last = &channel->first;
		write_message(channel, message);
	}
}

/* Most messages fit into the socket at once and need no memory of their own.
 * Returns how many bytes are written: all, none, or -errno. A part of a line
 * is not possible to take back, so the rest is queued by the caller. */
static ssize_t
write_now(struct channel *channel, char *line, size_t size)
{
	uv_buf_t buffer = uv_buf_init(line, (unsigned)size);
	int written;

	if (channel->first || channel->awaits_ack ||
	    channel->pipe.write_queue_size)
		return 0;
	written = uv_try_write((uv_stream_t *)&channel->pipe, &buffer, 1);
	return written == UV_EAGAIN ? 0 : written;
}

static int
enqueue(struct channel *channel, const char *line, size_t size,
        uv_stream_t *handle)
{
	struct outgoing *message = new_outgoing(channel, line, size, handle);

	if (!message)
		return -ENOMEM;
	*channel->last = message;
	channel->last = &message->next;
	write_next(channel);
	return channel->awaits_ack ||
	       channel->pipe.write_queue_size > SLOW_BYTES;
}

/* The message as a line; the caller frees it. */
static char *
line_of(json_t *message, size_t *size)
{
	size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
	size_t length = json_dumpb(message, NULL, 0, flags);
	char *line = malloc(length + 1);

	if (!line || length == 0) {
		free(line);
		return NULL;
	}
	json_dumpb(message, line, length, flags);
	line[length] = '\n';
	*size = length + 1;
	return line;
}

static int
send_line(struct channel *channel, json_t *message, uv_stream_t *handle,
          bool tell)
{
	size_t size;
	char *line = line_of(message, &size);
	ssize_t written = 0;
	int result = 0;

	if (!line)
		return -ENOMEM;
	if (tell)
		tell_message(channel,
		             handle ? EVENT_HANDLE_SEND : EVENT_MESSAGE_SEND,
		             message, line, size);
	if (!handle)
		written = write_now(channel, line, size);
	if (written < 0) {
		cannot_write(channel, (int)written);
		result = (int)written;
	} else if ((size_t)written < size) {
		result = enqueue(channel, line + written,
		                 size - (size_t)written, handle);
	}
	free(line);
	return result;
}

int
channel_send(struct channel *channel, json_t *message)
{
	if (!channel->connected)
		return -EPIPE;
	return send_line(channel, message, NULL, true);
}

int
channel_send_handle(struct channel *channel, json_t *message,
                    uv_stream_t *handle)
{
	json_t *envelope;
	int result;

	if (!channel->connected)
		return -EPIPE;
	envelope = json_pack("{s:s,s:s,s:O}", "cmd", "NODE_HANDLE", "type",
	                     "net.Native", "msg", message);
	if (!envelope)
		return -ENOMEM;
	result = send_line(channel, envelope, handle, true);
	json_decref(envelope);
	return result;
}

/* Acknowledgements are part of the wire, not of the conversation: they are
 * neither counted nor shown, and they do not wait behind a handle of ours
 * (both sides would wait for ever). A channel that is being disconnected owes
 * them still. */
static void
acknowledge(struct channel *channel, const char *command)
{
	json_t *message = json_pack("{s:s}", "cmd", command);
	bool waiting = channel->awaits_ack;
	struct outgoing *first = channel->first, **last = channel->last;

	channel->awaits_ack = false;
	channel->first = NULL;
	channel->last = &channel->first;
	if (message)
		send_line(channel, message, NULL, false);
	json_decref(message);
	channel->awaits_ack = waiting;
	if (first) {
		channel->first = first;
		channel->last = last;
	}
}

/* ---- reading ---- */

static void
broken(struct channel *channel, const char *why)
{
	struct event note = {.kind = EVENT_NOTE, .number = NOTE_ERROR};
	char text[160];

	snprintf(text, sizeof(text),
	         "IPC channel of pid %u: %s. The channel is closed.",
	         channel->peer_pid, why);
	emit(&note, text);
	end(channel);
}

/* A handle that nobody took would wait in front of the next one. */
static void
drop_handle(struct channel *channel)
{
	uv_pipe_t *scrap;

	if (!uv_pipe_pending_count(&channel->pipe))
		return;
	scrap = malloc(sizeof(*scrap));
	if (!scrap)
		return;
	uv_pipe_init(&channel->loop->uv, scrap, 0);
	uv_accept((uv_stream_t *)&channel->pipe, (uv_stream_t *)scrap);
	uv_close((uv_handle_t *)scrap, (uv_close_cb)free);
}

static void
take_handle(struct channel *channel, json_t *message, const char *line,
            size_t size)
{
	json_t *inner = json_object_get(message, "msg");

	if (!uv_pipe_pending_count(&channel->pipe)) {
		acknowledge(channel, "NODE_HANDLE_NACK");
		return;
	}
	tell_message(channel, EVENT_HANDLE_RECV, message, line, size + 1);
	acknowledge(channel, "NODE_HANDLE_ACK");
	channel->events->message(channel, inner ? inner : json_null(), true);
	drop_handle(channel);
}

static void
handle_acknowledged(struct channel *channel)
{
	uv_stream_t *handle = channel->handle;

	if (!channel->awaits_ack)
		return;
	free(channel->again);
	channel->again = NULL;
	channel->refusals = 0;
	channel->awaits_ack = false;
	channel->handle = NULL;
	if (channel->events->handle_sent)
		channel->events->handle_sent(channel, handle);
	write_next(channel);
}

static void
give_up_handle(struct channel *channel)
{
	struct event note = {.kind = EVENT_NOTE, .number = NOTE_ERROR};
	char text[64];

	snprintf(text, sizeof(text), "A handle did not reach pid %u.",
	         channel->peer_pid);
	emit(&note, text);
	handle_acknowledged(channel);
}

static void
handle_refused(struct channel *channel)
{
	struct outgoing *again = channel->again;

	if (!channel->awaits_ack)
		return;
	if (!again || channel->refusals++ == RESENDS) {
		give_up_handle(channel);
		return;
	}
	channel->again = NULL;
	channel->awaits_ack = false;
	again->next = channel->first;
	if (!channel->first)
		channel->last = &again->next;
	channel->first = again;
	write_next(channel);
}

/* JavaScript writes integers up to 1e21 with all their digits. */
static json_t *
parse(const char *line, size_t size)
{
	size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_error_t error;
	json_t *message = json_loadb(line, size, flags, &error);

	if (!message && json_error_code(&error) == json_error_numeric_overflow)
		message = json_loadb(line, size,
		                     flags | JSON_DECODE_INT_AS_REAL, &error);
	return message;
}

static void
take_line(struct channel *channel, const char *line, size_t size)
{
	json_t *message = parse(line, size);

	if (!message) {
		broken(channel, "a line is no JSON");
		return;
	}
	if (is_command(message, "NODE_HANDLE_ACK")) {
		handle_acknowledged(channel);
	} else if (is_command(message, "NODE_HANDLE_NACK")) {
		handle_refused(channel);
	} else if (is_command(message, "NODE_HANDLE")) {
		take_handle(channel, message, line, size);
	} else {
		tell_message(channel, EVENT_MESSAGE_RECV, message, line,
		             size + 1);
		channel->events->message(channel, message, false);
	}
	json_decref(message);
}

/* A message may end the channel; the lines behind it are dropped then. */
static void
take_lines(struct channel *channel, size_t from)
{
	size_t start = 0;
	char *newline;

	while ((newline = memchr(channel->buffer + from, '\n',
	                         channel->used - from)) != NULL) {
		size_t at = (size_t)(newline - channel->buffer);

		take_line(channel, channel->buffer + start, at - start);
		if (uv_is_closing((uv_handle_t *)&channel->pipe))
			return;
		start = from = at + 1;
	}
	channel->used -= start;
	memmove(channel->buffer, channel->buffer + start, channel->used);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct channel *channel = handle->data;

	if (channel->room - channel->used < 4096) {
		size_t room = channel->room ? channel->room * 2 : suggested;
		char *bigger = realloc(channel->buffer, room);

		if (bigger) {
			channel->buffer = bigger;
			channel->room = room;
		}
	}
	*buffer = uv_buf_init(channel->buffer + channel->used,
	                      (unsigned)(channel->room - channel->used));
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct channel *channel = stream->data;
	size_t from = channel->used;

	(void)buffer;
	if (got < 0) {
		end(channel);
		return;
	}
	channel->used += (size_t)got;
	take_lines(channel, from);
}

/* ---- life ---- */

void
channel_prepare(struct channel *channel, struct loop *loop,
                const struct channel_events *events)
{
	memset(channel, 0, sizeof(*channel));
	channel->loop = loop;
	channel->events = events;
	channel->last = &channel->first;
	uv_pipe_init(&loop->uv, &channel->pipe, 1);
	channel->pipe.data = channel;
}

void
channel_start(struct channel *channel)
{
	channel->connected = true;
	uv_read_start((uv_stream_t *)&channel->pipe, on_alloc, on_read);
}

void
channel_abandon(struct channel *channel)
{
	uv_close((uv_handle_t *)&channel->pipe, on_closed);
}

/* libuv aborts on what cannot be polled. */
static int
not_a_channel(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	return S_ISSOCK(stat.st_mode) ? 0 : -ENOTSOCK;
}

int
channel_open(struct channel *channel, struct loop *loop, int fd,
             const struct channel_events *events)
{
	int error;

	channel_prepare(channel, loop, events);
	error = not_a_channel(fd);
	if (!error)
		error = uv_pipe_open(&channel->pipe, fd);
	if (error) {
		channel_abandon(channel);
		return error;
	}
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	channel_start(channel);
	return 0;
}

void
channel_name(struct channel *channel, uint32_t parent, uint32_t child,
             bool is_parent)
{
	struct event born = {
	    .kind = EVENT_CHANNEL_BORN,
	    .channel = channel_id(CHANNEL_IPC, parent, child),
	    .number = CHANNEL_IPC,
	    .other_pid = child,
	    .other_tid = child,
	};

	channel->id = born.channel;
	channel->direction = is_parent ? CHANNEL_FORTH : CHANNEL_BACK;
	channel->peer_pid = is_parent ? child : parent;
	if (is_parent && !channel->quiet)
		emit(&born, NULL);
}

int
channel_open_inherited(struct channel *channel, struct loop *loop,
                       const struct channel_events *events)
{
	const char *text = getenv("NODE_CHANNEL_FD");
	char *rest;
	long fd;
	int error;

	if (!text)
		return -ENOENT;
	unsetenv("NODE_CHANNEL_FD");
	unsetenv("NODE_CHANNEL_SERIALIZATION_MODE");
	fd = strtol(text, &rest, 10);
	if (*rest || rest == text || fd < 0 || fd > 1 << 20)
		return -EBADF;
	error = channel_open(channel, loop, (int)fd, events);
	if (!error)
		channel_name(channel, (uint32_t)getppid(), (uint32_t)getpid(),
		             false);
	return error;
}

int
channel_accept(struct channel *channel, uv_stream_t *stream)
{
	return uv_accept((uv_stream_t *)&channel->pipe, stream);
}

void
channel_disconnect(struct channel *channel)
{
	if (!channel->connected)
		return;
	channel->connected = false;
	if (!channel->first && !channel->pipe.write_queue_size)
		end(channel);
}

void
channel_ref(struct channel *channel, bool ref)
{
	if (ref)
		uv_ref((uv_handle_t *)&channel->pipe);
	else
		uv_unref((uv_handle_t *)&channel->pipe);
}
