/*
 * ipc_message: what one message of a channel means, and how it is written.
 *
 * A message is internal, Node's own, when it is an object whose `cmd` is a
 * string that begins with NODE_ and goes on (lib/internal/child_process.js:
 * isInternal). A user sees no internal message; those nobody knows are ignored.
 *
 * Pure: no descriptor, no loop.
 */
#ifndef RUNTIME_IPC_MESSAGE_H
#define RUNTIME_IPC_MESSAGE_H

#include "wire.h"

#include <jansson.h>

enum ipc_message_kind {
	IPC_MESSAGE_USER,
	IPC_MESSAGE_HANDLE,       /* a handle comes with it: type, msg, key */
	IPC_MESSAGE_HANDLE_ACK,   /* it came */
	IPC_MESSAGE_HANDLE_NACK,  /* it did not */
	IPC_MESSAGE_NOTIFY_CLOSE, /* say when all connections of `key` are
	                             closed */
	IPC_MESSAGE_ALL_CLOSED,
	IPC_MESSAGE_GET_COUNT, /* how many connections of `key` are open? */
	IPC_MESSAGE_COUNT,
	IPC_MESSAGE_CLUSTER,
	IPC_MESSAGE_INTERNAL, /* another */
};

enum ipc_message_kind ipc_message_kind(const json_t *message);

/* The value of a message as it came from the wire, new. NULL and *error:
 * -EPROTO, it is garbage; -ENOTSUP, it holds what cannot be said here
 * (advanced.h); -ENOMEM. */
json_t *ipc_message_read(enum wire_mode mode, const char *bytes, size_t size,
                         int *error);

/* Appends a message with what separates it from the next. 0; -ENOMEM; -ELOOP;
 * -EMSGSIZE: it is longer than WIRE_MOST; then `out` is as before. */
int ipc_message_write(enum wire_mode mode, struct bytes *out,
                      const json_t *message);

/* A message in a few words, for the stream: of Node's own, which are long and
 * all alike, what they do; of others how they begin. `bytes` is the message on
 * the wire. Returns how many bytes of `into` it takes, without a NUL. */
size_t ipc_message_preview(const json_t *message, enum wire_mode mode,
                           const char *bytes, size_t size, char *into,
                           size_t room);

#endif
