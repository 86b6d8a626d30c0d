/*
 * channel: messages between two processes, in Node's own wire format.
 *
 * The wire is a UNIX socketpair whose descriptor the child finds in
 * NODE_CHANNEL_FD; what a message looks like on it is wire.h's. A handle
 * travels by SCM_RIGHTS with {"cmd":"NODE_HANDLE","type":...,"msg":...}, and
 * everything sent after it waits until the peer has said NODE_HANDLE_ACK, so
 * that order is kept. (Node: child_process "subprocess.send(message[,
 * sendHandle])"; lib/internal/child_process.js.)
 *
 * As in Node a message is written at once, so that the peer has it also when
 * the sender is busy afterwards. Who sends many at a time corks the channel.
 *
 * A peer that breaks the rules loses its channel, and nothing else.
 *
 * The caller owns the struct until `close` has been called.
 */
#ifndef RUNTIME_CHANNEL_H
#define RUNTIME_CHANNEL_H

#include "loop.h"
#include "ipc_message.h"
#include "outbox.h"

/* What a handle was to its sender (the `type` on the wire). */
enum channel_handle_type {
	CHANNEL_NET_NATIVE, /* a raw one; a cluster's are */
	CHANNEL_NET_SERVER,
	CHANNEL_NET_SOCKET,
	CHANNEL_DGRAM_NATIVE,
	CHANNEL_DGRAM_SOCKET,
	CHANNEL_HANDLE_TYPES,
};

struct channel_handle {
	enum channel_handle_type type;
	const char *key;   /* of the server that accepted it, or NULL */
	const char *dgram; /* of CHANNEL_DGRAM_SOCKET: "udp4", "udp6" */
};

struct channel_events {
	/* A message came; borrowed during the call. `has_handle`: one came
	 * with it, take it with channel_accept() during the call or it is
	 * closed. While this is NULL nothing is read: messages wait in the
	 * socket until channel_listen() (Node: until the first listener). */
	void (*message)(struct channel *channel, json_t *message,
	                bool has_handle);
	/* The peer has `handle`, a handle of ours, or it was given up (a note
	 * says so): ours may be closed now. One that was not told of when
	 * `close` comes did not arrive. */
	void (*handle_sent)(struct channel *channel, uv_stream_t *handle);
	/* No more messages will come; once. */
	void (*disconnect)(struct channel *channel);
	/* The memory is the caller's again. */
	void (*close)(struct channel *channel);

	/* The rest may be NULL. */

	/* One of Node's own messages that is not the channel's business. NULL:
	 * NODE_CLUSTER comes as `message`, others are ignored. */
	void (*internal)(struct channel *channel, json_t *message,
	                 bool has_handle);
	/* channel_send() had said 1, and now all of it is written. */
	void (*drain)(struct channel *channel);
	/* The answers to channel_ask_closed() and channel_ask_count(). */
	void (*all_closed)(struct channel *channel, const char *key);
	void (*count)(struct channel *channel, const char *key, int count);
};

struct socket_list;

struct channel {
	uv_pipe_t pipe;
	uv_prepare_t uncork; /* before the loop polls */
	struct loop *loop;
	const struct channel_events *events;
	void *data; /* the user's */
	uint64_t id;
	uint32_t peer_pid;
	int direction; /* of what we send: CHANNEL_FORTH from the parent */
	uint64_t sent, received, bytes;
	struct channel_pace {
		uint64_t since; /* ns; the messages told since */
		uint64_t turn;  /* ms of the loop, at the last look */
		uint32_t told, untold;
	} paces[2];   /* of what is sent, of what is received */
	bool is_owed; /* totals: single messages were not told */
	bool connected;
	bool gone;   /* the peer takes nothing more; it may still have said */
	bool leaves; /* nothing more is read; `disconnect` comes next */
	bool quiet;  /* emits no events */
	int open;    /* handles that `close` waits for */
	int owed;    /* answers since the peer last took all there was */
	struct wire in;
	struct outbox out;
	struct channel_handle handle;      /* that came, during `message` */
	struct socket_list *received_from; /* the peer's servers */
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

/* How messages are written (Node: fork's `serialization`); WIRE_JSON unless it
 * is set, before anything is sent or read. The peer must be told of
 * WIRE_ADVANCED by NODE_CHANNEL_SERIALIZATION_MODE=advanced. */
void channel_set_mode(struct channel *channel, enum wire_mode mode);

/* Other events from now on; begins to read if there was no `message`. */
void channel_listen(struct channel *channel,
                    const struct channel_events *events);

/* Says who is at the two ends, so that both make the same id: on the parent's
 * side after the fork, on the child's after channel_open(). */
void channel_name(struct channel *channel, uint32_t parent, uint32_t child,
                  bool is_parent);

/* In a child: opens the channel that NODE_CHANNEL_FD names, in the mode that
 * NODE_CHANNEL_SERIALIZATION_MODE names, and unsets both, so that they do not
 * leak into grandchildren. -ENOENT: this process was not forked with a
 * channel; -EINVAL: there is no such mode. */
int channel_open_inherited(struct channel *channel, struct loop *loop,
                           const struct channel_events *events);

/* Sends a message (borrowed; a JSON value of any kind). 0; 1: sent, but the
 * peer is slow and the sender should wait for `drain` (back-pressure, where
 * Node's send() says false: 128 KiB are queued, or more than one message behind
 * a handle); -EPIPE: the channel is closed; -EINVAL: there is no message (Node:
 * ERR_MISSING_ARGS); -ENOMEM; -ELOOP; -EMSGSIZE. */
int channel_send(struct channel *channel, json_t *message);

/* The same with a handle, a uv_tcp_t, uv_pipe_t or (cast) uv_udp_t, which must
 * stay open until handle_sent and must not have been read from: what was read
 * is lost to the peer. As net.Native, or as dgram.Native. */
int channel_send_handle(struct channel *channel, json_t *message,
                        uv_stream_t *handle);

/* The same as another type. The peer counts connections by `key`. */
int channel_send_handle_as(struct channel *channel, json_t *message,
                           uv_stream_t *handle,
                           const struct channel_handle *as);

/* From now until the loop polls, or channel_flush(), messages are collected and
 * go out together, 64 KiB at a time. Order and events are as always. A process
 * that ends by exit(3) flushes first. */
void channel_cork(struct channel *channel);
void channel_flush(struct channel *channel);

/* In `message`, when has_handle: makes the handle that came with it out of
 * `stream`, an initialised uv_tcp_t, uv_pipe_t or (cast) uv_udp_t. What it is
 * says channel->handle, and uv_pipe_pending_type(). 0 or -errno. */
int channel_accept(struct channel *channel, uv_stream_t *stream);

/* A connection that came with a key has been closed: the peer's server waits
 * for that (Node: server.close()). */
void channel_socket_closed(struct channel *channel, const char *key);

/* Asks the peer to say when all connections that it got with this key are
 * closed; how many are open. 0 or 1; as channel_send(). */
int channel_ask_closed(struct channel *channel, const char *key);
int channel_ask_count(struct channel *channel, const char *key);

/* Ends the channel: queued messages are still written, handles on their way
 * acknowledged, then `disconnect` and `close` follow, never within this call.
 * Harmless when it has ended already. */
void channel_disconnect(struct channel *channel);

/* Whether the channel keeps its loop alive (Node: channel.ref(), unref()). What
 * is being written does so in any case. */
void channel_ref(struct channel *channel, bool ref);

#endif
