/*
 * cluster: a primary that forks workers which serve one port together (Node:
 * cluster), in Node's own messages (NODE_CLUSTER: online, queryServer,
 * listening, newconn, accepted, disconnect).
 *
 * Scheduling is round robin: the primary accepts and deals each connection to
 * the worker that has been free longest; a worker is free again when it has
 * said that it took the last one.
 */
#ifndef RUNTIME_CLUSTER_H
#define RUNTIME_CLUSTER_H

#include "child.h"

enum { CLUSTER_WORKERS = 64 };

/* ---- the primary ---- */

enum cluster_state {
	CLUSTER_NONE,
	CLUSTER_ONLINE,
	CLUSTER_LISTENING,
	CLUSTER_DISCONNECTED,
	CLUSTER_DEAD,
};

struct cluster;
struct cluster_connection;

struct cluster_worker {
	struct child child; /* first: a child of the primary */
	struct cluster *cluster;
	struct cluster_worker *next; /* of all workers */
	int id;                      /* NODE_UNIQUE_ID, from 1 */
	enum cluster_state state;
	bool exited_after_disconnect;
	bool is_free;
	uint64_t freed; /* when, in the order of becoming free */
	struct cluster_connection *dealt; /* on its way to the worker */
};

struct cluster_events {
	/* A worker reached a state; DEAD comes after its exit, and the worker
	 * is freed after the call. */
	void (*worker)(struct cluster *cluster, struct cluster_worker *worker);
	/* The first worker asked for the port: it is open, or -errno. */
	void (*listening)(struct cluster *cluster, int port, int error);
	/* All workers are gone and the port is closed. */
	void (*close)(struct cluster *cluster);
};

struct cluster {
	struct loop *loop;
	const struct cluster_events *events;
	void *data;       /* the user's */
	const char *role; /* what a worker is forked as */
	uv_tcp_t server;
	bool has_server; /* the handle is open */
	int error;       /* of listening */
	int port;        /* once it listens */
	int count;       /* workers alive */
	int ids;         /* last NODE_UNIQUE_ID given */
	uint64_t turns;  /* counts how often a worker became free */
	uint32_t seq;    /* of messages to workers */
	struct cluster_worker *workers;
	struct cluster_connection *first, **last; /* accepted, not dealt */
};

/* The caller owns the struct until `close`. `role` must outlive it. */
void cluster_init(struct cluster *cluster, struct loop *loop, const char *role,
                  const struct cluster_events *events);

/* Forks a worker with `args` behind the role (NULL at the end). Returns it, or
 * NULL and sets *error: -EAGAIN when there are CLUSTER_WORKERS. */
struct cluster_worker *cluster_fork(struct cluster *cluster,
                                    const char *const *args, int *error);

/* Lets one worker finish what it has and end (Node: worker.disconnect()). */
void cluster_worker_disconnect(struct cluster_worker *worker);

/* The same for all; then the port is closed and `close` follows. */
void cluster_disconnect(struct cluster *cluster);

/* ---- a worker ---- */

struct cluster_scope;

struct cluster_scope_events {
	/* The primary's answer: the port, or -errno. */
	void (*listening)(struct cluster_scope *scope, int port, int error);
	/* A connection was dealt to us: the callee owns it (from malloc). */
	void (*connection)(struct cluster_scope *scope, uv_tcp_t *tcp);
	/* The primary wants us to finish. */
	void (*disconnect)(struct cluster_scope *scope);
};

struct cluster_scope {
	struct loop *loop;
	struct channel *channel; /* to the primary */
	const struct cluster_scope_events *events;
	void *data;
	int id;
	int port;
	uint32_t seq, query_seq;
	char key[64]; /* of the server, as the primary calls it */
};

/* Whether this process was forked as a worker (NODE_UNIQUE_ID is set). Unsets
 * it, says `online` to the primary. 0, or -ENOENT: it was not. */
int cluster_scope_open(struct cluster_scope *scope, struct loop *loop,
                       struct channel *channel,
                       const struct cluster_scope_events *events);

/* Asks the primary for a port (Node: server.listen()). port 0: any. */
int cluster_scope_listen(struct cluster_scope *scope, const char *address,
                         int port);

/* For the channel's message callback: true when it was a message of the
 * cluster and is done with. */
bool cluster_scope_message(struct cluster_scope *scope, json_t *message,
                           bool has_handle);

#endif
