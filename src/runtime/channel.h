/*
 * channel: messages between two processes, in Node's own wire format.
 *
 * One JSON text and a newline for each message, UTF-8, on a UNIX socketpair
 * whose descriptor the child finds in NODE_CHANNEL_FD. A handle travels by
 * SCM_RIGHTS with {"cmd":"NODE_HANDLE","type":...,"msg":...}, and everything
 * sent after it waits until the peer has said NODE_HANDLE_ACK, so that order is
 * kept. (Node: child_process "subprocess.send(message[, sendHandle])";
 * lib/internal/child_process.js.)
 *
 * A peer that breaks the rules loses its channel, and nothing else.
 *
 * The caller owns the struct until `close` has been called.
 */
#ifndef RUNTIME_CHANNEL_H
#define RUNTIME_CHANNEL_H

#include "loop.h"

#include <jansson.h>

struct channel;

struct channel_events {
	/* A message came; borrowed during the call. `has_handle`: one came
	 * with it, take it with channel_accept() during the call or it is
	 * closed. */
	void (*message)(struct channel *channel, json_t *message,
	                bool has_handle);
	/* The peer has `handle`, a handle of ours, or it was given up (a note
	 * says so): ours may be closed now. */
	void (*handle_sent)(struct channel *channel, uv_stream_t *handle);
	/* No more messages will come; once. */
	void (*disconnect)(struct channel *channel);
	/* The memory is the caller's again. */
	void (*close)(struct channel *channel);
};

struct outgoing;

struct channel {
	uv_pipe_t pipe;
	struct loop *loop;
	const struct channel_events *events;
	void *data; /* the user's */
	uint64_t id;
	uint32_t peer_pid;
	int direction; /* of what we send: CHANNEL_FORTH from the parent */
	uint64_t sent, received, bytes;
	bool connected;
	bool quiet;             /* emits no events */
	bool awaits_ack;        /* a handle is on its way */
	uv_stream_t *handle;    /* that one */
	struct outgoing *again; /* its message, for when it is refused */
	int refusals;
	struct outgoing *first, **last;
	char *buffer; /* what came after the last newline */
	size_t used, room;
};

/* Opens a channel on a descriptor, which it takes over (set non-blocking,
 * close-on-exec), and begins to read. 0, or -errno and the descriptor is still
 * the caller's. */
int channel_open(struct channel *channel, struct loop *loop, int fd,
                 const struct channel_events *events);

/* The same in two steps, for a pipe that uv_spawn() makes: prepare, spawn with
 * channel->pipe as UV_CREATE_PIPE, then start; or abandon, when the spawn
 * failed: only `close` follows. */
void channel_prepare(struct channel *channel, struct loop *loop,
                     const struct channel_events *events);
void channel_start(struct channel *channel);
void channel_abandon(struct channel *channel);

/* Says who is at the two ends, so that both make the same id: on the parent's
 * side after the fork, on the child's after channel_open(). */
void channel_name(struct channel *channel, uint32_t parent, uint32_t child,
                  bool is_parent);

/* In a child: opens the channel that NODE_CHANNEL_FD names and unsets the
 * variable, so that it does not leak into grandchildren. -ENOENT: this process
 * was not forked with a channel. */
int channel_open_inherited(struct channel *channel, struct loop *loop,
                           const struct channel_events *events);

/* Sends a message (borrowed; a JSON value of any kind). 0; 1: sent, but the
 * peer is slow and the sender should wait (back-pressure: 64 KiB are queued);
 * -EPIPE: the channel is closed; -ENOMEM. */
int channel_send(struct channel *channel, json_t *message);

/* The same with a TCP or pipe handle, which must stay open until handle_sent.
 */
int channel_send_handle(struct channel *channel, json_t *message,
                        uv_stream_t *handle);

/* In `message`, when has_handle: makes the handle that came with it out of
 * `stream`, an initialised uv_tcp_t or uv_pipe_t. 0 or -errno. */
int channel_accept(struct channel *channel, uv_stream_t *stream);

/* Ends the channel: queued messages are still written, then `disconnect` and
 * `close` follow. Harmless when it has ended already. */
void channel_disconnect(struct channel *channel);

/* Whether the channel keeps its loop alive (Node: channel.ref(), unref()). */
void channel_ref(struct channel *channel, bool ref);

#endif
