/*
 * cluster_scope: a worker of a cluster, seen from inside (Node: cluster.worker
 * and the listen() of a worker). The primary may be ours or a real Node.
 *
 * With round robin the primary deals connections to us; with a shared handle we
 * accept for ourselves. The `connection` event is the same.
 */
#ifndef RUNTIME_CLUSTER_SCOPE_H
#define RUNTIME_CLUSTER_SCOPE_H

#include "channel.h"
#include "cluster_address.h"

struct cluster_scope;

/* What the worker listens for. The caller owns it, as long as the scope or
 * until cluster_scope_unlisten(). */
struct cluster_listener {
	struct cluster_scope *scope;
	struct cluster_listener *next;
	struct cluster_address address; /* as asked; its string is ours */
	int port;                       /* as given; 0: not yet */
	int backlog;
	int index; /* of those with the same address */
	uint32_t query_seq;
	bool is_asking, is_open;
	char *key;                    /* as the primary calls it; opaque */
	union cluster_handle *shared; /* NULL: connections are dealt */
	void *data;                   /* the user's */
};

struct cluster_scope_events {
	/* The primary's answer: the port, or -errno. A UDP socket to receive
	 * on is then listener->shared->udp. May be NULL. */
	void (*listening)(struct cluster_listener *listener, int port,
	                  int error);
	/* Whether one more is taken (Node: server.maxConnections); if not, it
	 * goes to another worker. NULL: always. */
	bool (*accepts)(struct cluster_listener *listener);
	/* A connection: the callee owns it, a uv_tcp_t or uv_pipe_t from
	 * malloc. */
	void (*connection)(struct cluster_listener *listener,
	                   uv_stream_t *stream);
	/* The listeners are closed; finish what you have, then call
	 * cluster_scope_leave(). NULL: it is called at once. */
	void (*disconnect)(struct cluster_scope *scope);
};

struct cluster_scope {
	struct loop *loop;
	struct channel *channel; /* to the primary */
	const struct cluster_scope_events *events;
	void *data;
	int id;
	uint32_t seq, leave_seq;
	bool exited_after_disconnect;
	bool is_told;    /* by the primary, to go */
	bool is_leaving; /* waits for the primary to know */
	bool is_dying;   /* ends with its channel */
	struct cluster_listener *listeners;
};

/* Whether this process was forked as a worker (NODE_UNIQUE_ID is set). Unsets
 * it, says `online` to the primary. 0, or -ENOENT: it was not. */
int cluster_scope_open(struct cluster_scope *scope, struct loop *loop,
                       struct channel *channel,
                       const struct cluster_scope_events *events);

/* Asks the primary for a port (Node: server.listen(), dgram's bind()); address
 * is read during the call; backlog 0: 511. As channel_send(); the answer comes
 * as `listening`. */
int cluster_scope_listen(struct cluster_scope *scope,
                         struct cluster_listener *listener,
                         const struct cluster_address *address, int backlog);

/* Listens no longer (Node: server.close()). */
void cluster_scope_unlisten(struct cluster_listener *listener);

/* For the channel's callbacks: true when the message was one of the cluster and
 * is done with; the channel is closed: a worker that was not to go ends its
 * loop at once, as Node's ends with code 0. */
bool cluster_scope_message(struct cluster_scope *scope, json_t *message,
                           bool has_handle);
void cluster_scope_disconnected(struct cluster_scope *scope);

/* Node: worker.disconnect(), worker.kill() inside the worker: the first
 * finishes what it has, the second drops it. */
void cluster_scope_disconnect(struct cluster_scope *scope);
void cluster_scope_kill(struct cluster_scope *scope);

/* After `disconnect`: there is nothing left. The channel is closed, and the
 * loop ends with what else keeps it. */
void cluster_scope_leave(struct cluster_scope *scope);

#endif
