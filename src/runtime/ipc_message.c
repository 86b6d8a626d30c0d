#include "ipc_message.h"

#include "advanced.h"
#include "core/text.h"
#include "json_text.h"

#include <errno.h>
#include <stdio.h>

/* Beyond that a preview of what is not text costs more than it tells. */
enum { PREVIEW_MOST = 4096 };

static const struct {
	const char *command;
	enum ipc_message_kind kind;
} commands[] = {
    {"NODE_HANDLE", IPC_MESSAGE_HANDLE},
    {"NODE_HANDLE_ACK", IPC_MESSAGE_HANDLE_ACK},
    {"NODE_HANDLE_NACK", IPC_MESSAGE_HANDLE_NACK},
    {"NODE_SOCKET_NOTIFY_CLOSE", IPC_MESSAGE_NOTIFY_CLOSE},
    {"NODE_SOCKET_ALL_CLOSED", IPC_MESSAGE_ALL_CLOSED},
    {"NODE_SOCKET_GET_COUNT", IPC_MESSAGE_GET_COUNT},
    {"NODE_SOCKET_COUNT", IPC_MESSAGE_COUNT},
    {"NODE_CLUSTER", IPC_MESSAGE_CLUSTER},
};

enum ipc_message_kind
ipc_message_kind(const json_t *message)
{
	const json_t *cmd =
	    json_is_object(message) ? json_object_get(message, "cmd") : NULL;
	const char *text = json_string_value(cmd);

	if (!text || strncmp(text, "NODE_", 5) != 0 ||
	    json_string_length(cmd) <= 5)
		return IPC_MESSAGE_USER;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(text, commands[i].command) == 0)
			return commands[i].kind;
	return IPC_MESSAGE_INTERNAL;
}

json_t *
ipc_message_read(enum wire_mode mode, const char *bytes, size_t size,
                 int *error)
{
	if (mode == WIRE_ADVANCED)
		return advanced_read(bytes, size, error);
	*error = -EPROTO;
	return json_text_read(bytes, size);
}

int
ipc_message_write(enum wire_mode mode, struct bytes *out, const json_t *message)
{
	size_t before = out->used, size;
	char head[WIRE_HEAD] = {0};
	int error;

	if (mode == WIRE_JSON) {
		error = json_text_write(out, message);
		bytes_put(out, '\n');
	} else {
		bytes_add(out, head, sizeof(head));
		error = advanced_write(out, message);
	}
	size = out->used - before;
	if (!error && out->failed)
		error = -ENOMEM;
	if (!error && size > WIRE_MOST)
		error = -EMSGSIZE;
	if (!error && mode == WIRE_ADVANCED)
		wire_write_head(out->at + before, size - WIRE_HEAD);
	if (!error)
		return 0;
	out->used = before;
	out->failed = false;
	return error;
}

static size_t
preview_value(const json_t *message, size_t size, char *into, size_t room)
{
	struct bytes text = {0};
	size_t used;

	if (!message || size > PREVIEW_MOST)
		return (size_t)snprintf(into, room, "(%zu bytes)", size);
	json_text_write(&text, message);
	used = text_preview(into, room, text.at ? text.at : "", text.used);
	bytes_free(&text);
	return used;
}

size_t
ipc_message_preview(const json_t *message, enum wire_mode mode,
                    const char *bytes, size_t size, char *into, size_t room)
{
	enum ipc_message_kind kind = ipc_message_kind(message);
	const json_t *inner, *act;

	if (kind == IPC_MESSAGE_HANDLE) {
		inner = json_object_get(message, "msg");
		if (ipc_message_kind(inner) == IPC_MESSAGE_CLUSTER) {
			kind = IPC_MESSAGE_CLUSTER;
			message = inner;
		}
	}
	if (kind == IPC_MESSAGE_CLUSTER) {
		act = json_object_get(message, "act");
		return (size_t)snprintf(
		    into, room, "%.40s",
		    json_is_string(act) ? json_string_value(act)
		    : json_object_get(message, "accepted") ? "accepted"
							   : "ack");
	}
	if (mode == WIRE_JSON)
		return text_preview(into, room, bytes, size);
	return preview_value(message, size, into, room);
}
