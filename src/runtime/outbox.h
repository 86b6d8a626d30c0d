/*
 * outbox: what a channel has still to write.
 *
 * Messages are collected in batches, each a run of whole messages. A batch
 * leaves at once when it can, in the socket's own buffer and with no memory but
 * the one batch that is used again and again; when the peer is slow they grow
 * to 64 KiB and wait. A handle has a batch of its own with its one message,
 * which is kept until the peer has acknowledged it; those behind it wait.
 *
 * Part of channel.h; nobody else calls this.
 */
#ifndef RUNTIME_OUTBOX_H
#define RUNTIME_OUTBOX_H

#include "bytes.h"

#include <jansson.h>
#include <uv.h>

struct batch;
struct channel;

struct outbox {
	struct batch *first, **last; /* waiting, in order */
	struct batch *spare;
	struct batch *awaited; /* a handle that is not yet acknowledged */
	size_t bytes;          /* in those that wait */
	int behind;            /* messages that wait behind `awaited` */
	int in_flight;         /* batches that libuv has */
	int refusals;          /* of `awaited` */
	bool corked, slow;
};

/* A message as it lies in its batch. */
struct outbox_place {
	const char *at;
	size_t size;
};

void outbox_init(struct outbox *out);
void outbox_free(struct outbox *out);

/* Adds a message behind all others. 0 or -errno, and then nothing was added. */
int outbox_add(struct channel *channel, const json_t *message,
               uv_handle_t *handle, struct outbox_place *place);

/* Writes what can be written now. 0 or -errno. */
int outbox_write(struct channel *channel);

/* Writes a message in front of all that waits. */
int outbox_write_aside(struct channel *channel, const json_t *message);

/* The awaited handle, which is no longer awaited; it came, or is given up. */
uv_handle_t *outbox_acknowledged(struct channel *channel);

/* The awaited handle is sent once more. */
void outbox_refused(struct channel *channel);

/* Nothing waits, nothing is on its way. */
bool outbox_is_empty(const struct outbox *out);

#endif
