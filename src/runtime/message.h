/*
 * message: what one message of a channel means, and how it is written.
 *
 * A message is internal, Node's own, when it is an object whose `cmd` is a
 * string that begins with NODE_ and goes on (lib/internal/child_process.js:
 * isInternal). A user sees no internal message; those nobody knows are ignored.
 *
 * Pure: no descriptor, no loop.
 */
#ifndef RUNTIME_MESSAGE_H
#define RUNTIME_MESSAGE_H

#include "wire.h"

#include <jansson.h>

enum message_kind {
	MESSAGE_USER,
	MESSAGE_HANDLE,       /* a handle comes with it: type, msg, key */
	MESSAGE_HANDLE_ACK,   /* it came */
	MESSAGE_HANDLE_NACK,  /* it did not */
	MESSAGE_NOTIFY_CLOSE, /* say when all connections of `key` are closed */
	MESSAGE_ALL_CLOSED,
	MESSAGE_GET_COUNT, /* how many connections of `key` are open? */
	MESSAGE_COUNT,
	MESSAGE_CLUSTER,
	MESSAGE_INTERNAL, /* another */
};

enum message_kind message_kind(const json_t *message);

/* The value of a message as it came from the wire, new. NULL and *error:
 * -EPROTO, it is garbage; -ENOTSUP, it holds what cannot be said here
 * (advanced.h); -ENOMEM. */
json_t *message_read(enum wire_mode mode, const char *bytes, size_t size,
                     int *error);

/* Appends a message with what separates it from the next. 0; -ENOMEM; -ELOOP;
 * -EMSGSIZE: it is longer than WIRE_MOST; then `out` is as before. */
int message_write(enum wire_mode mode, struct bytes *out,
                  const json_t *message);

/* A message in a few words, for the stream: of Node's own, which are long and
 * all alike, what they do; of others how they begin. `bytes` is the message on
 * the wire. Returns how many bytes of `into` it takes, without a NUL. */
size_t message_preview(const json_t *message, enum wire_mode mode,
                       const char *bytes, size_t size, char *into, size_t room);

#endif
