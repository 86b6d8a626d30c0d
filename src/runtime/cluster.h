/*
 * cluster: a primary that forks workers which serve ports together (Node:
 * cluster), in Node's own messages (NODE_CLUSTER: online, queryServer,
 * listening, newconn, accepted, close, exitedAfterDisconnect, disconnect), so
 * that a worker may be this program, another, or a real Node.
 *
 * Round robin: the primary accepts and deals each connection to the worker that
 * has been free longest; a worker is free again when it has said whether it
 * took the last one. Shared handle: the workers get the socket and accept for
 * themselves. UDP is always shared. (Node: cluster "How it works".)
 *
 * A worker seen from inside: cluster_scope.h. What goes beyond Node, respawn
 * and reload: cluster_reload.h.
 */
#ifndef RUNTIME_CLUSTER_H
#define RUNTIME_CLUSTER_H

#include "child.h"
#include "cluster_address.h"
#include "cluster_reload.h"

enum { CLUSTER_WORKERS = 64 };

/* Node: cluster.SCHED_NONE, cluster.SCHED_RR. */
enum cluster_policy { CLUSTER_SHARED = 1, CLUSTER_ROUND_ROBIN = 2 };

/* Node: worker.state, which only its own code sees. */
enum cluster_state {
	CLUSTER_NONE,
	CLUSTER_ONLINE,
	CLUSTER_LISTENING,
	CLUSTER_DISCONNECTED,
	CLUSTER_DEAD,
};

enum cluster_silent { CLUSTER_AS_BEFORE, CLUSTER_LOUD, CLUSTER_SILENT };

/* What a worker is started as: exec_path, exec_args, exec, args, in this order
 * (Node: settings). NULL or 0: as set before; at first this program, exec
 * argv[1] and args the rest of ours. */
struct cluster_settings {
	const char *exec_path; /* looked up in PATH; "": this program */
	const char *const *exec_args;
	const char *exec; /* a script, or a role of this program */
	const char *const *args;
	const char *cwd;
	enum cluster_silent silent; /* stdio: pipes, or ours (at first) */
};

struct cluster;
struct cluster_server;
struct cluster_events;

struct cluster_worker {
	struct child child; /* first: a child of the primary */
	struct cluster *cluster;
	struct cluster_worker *next; /* of the table, by id */
	int id;                      /* NODE_UNIQUE_ID, from 1 */
	enum cluster_state state;
	/* Went because it was to go, or wanted to; once it is settled, by its
	 * `disconnect` or its `exit` (Node: undefined until then). */
	bool exited_after_disconnect, is_settled;
	bool is_told; /* `fork` was called */
	/* Called before the cluster's, messages after (Node: worker.on()). */
	const struct cluster_events *events;
	void *data;        /* the user's */
	json_t *env;       /* what cluster_fork() was given */
	int listens;       /* how often it said `listening` */
	uint64_t listened; /* when first, ms of the loop; 0: not yet */
};

struct cluster_events {
	/* After each cluster_setup() and cluster_fork(), in the next turn: the
	 * settings as they were then (borrowed), and the worker. */
	void (*setup)(struct cluster *cluster, const json_t *settings);
	void (*fork)(struct cluster *cluster, struct cluster_worker *worker);
	/* It could not be started: `disconnect` follows, no `exit`; or, with a
	 * pid, a signal could not be sent. */
	void (*error)(struct cluster *cluster, struct cluster_worker *worker,
	              int error);
	void (*online)(struct cluster *cluster, struct cluster_worker *worker);
	void (*listening)(struct cluster *cluster,
	                  struct cluster_worker *worker,
	                  const struct cluster_address *address);
	void (*message)(struct cluster *cluster, struct cluster_worker *worker,
	                json_t *message, bool has_handle);
	void (*disconnect)(struct cluster *cluster,
	                   struct cluster_worker *worker);
	/* As child's; the worker is freed some turns later. */
	void (*exit)(struct cluster *cluster, struct cluster_worker *worker,
	             int code, int signal);
	/* The callback of cluster_disconnect(), once for each: the table is
	 * empty and one worker is gone; others may still be alive. */
	void (*disconnected)(struct cluster *cluster);

	/* Not Node's. A port was opened for the workers, or cannot be had:
	 * -errno, for each worker that asked; it was closed. */
	void (*bound)(struct cluster *cluster,
	              const struct cluster_address *address, int error);
	void (*unbound)(struct cluster *cluster,
	                const struct cluster_address *address);
	/* cluster_reload() is over: 0 or -errno. */
	void (*reloaded)(struct cluster *cluster, int error);
	/* After cluster_close(): the memory is the caller's again. */
	void (*close)(struct cluster *cluster);
};

struct cluster {
	struct loop *loop;
	const struct cluster_events *events;
	void *data; /* the user's */
	/* Round robin unless NODE_CLUSTER_SCHED_POLICY is "none". What it is
	 * at the first setup or fork holds for ever. */
	enum cluster_policy policy, frozen;
	bool is_set_up;
	json_t *settings; /* Node: cluster.settings; {} at first */
	struct cluster_worker *workers; /* the table (Node: cluster.workers) */
	int count;    /* structs of workers, in the table or leaving it */
	int ids;      /* last NODE_UNIQUE_ID given */
	uint32_t seq; /* of messages to workers */
	int waiting;  /* for `disconnected` */
	bool is_closing, is_ended;
	struct cluster_server *servers;
	uv_timer_t tick; /* tells what is told in the next turn */
	struct cluster_tick *ticks, **last_tick;
	struct cluster_respawn respawn;
	struct cluster_reload reload;
	int open; /* handles that `close` waits for */
};

/* The caller owns the struct: until `close`, or, without cluster_close(), as
 * long as the loop. */
void cluster_init(struct cluster *cluster, struct loop *loop,
                  const struct cluster_events *events);

/* Node: setupPrimary(). Lays `given` (copied; NULL: nothing) over what is set.
 * 0, or -ENOMEM. */
int cluster_setup(struct cluster *cluster,
                  const struct cluster_settings *given);

/* Forks a worker; `env` ("NAME=value", NULL at the end, or NULL) is laid over
 * our own environment. Returns it, or NULL and sets *error: -EAGAIN when there
 * are CLUSTER_WORKERS, -ENOMEM. What cannot be started comes as `error`. */
struct cluster_worker *cluster_fork(struct cluster *cluster,
                                    const char *const *env, int *error);

/* The worker of that id in the table, or NULL. */
struct cluster_worker *cluster_find(struct cluster *cluster, int id);

/* Lets all workers of the table go; `disconnected` follows. */
void cluster_disconnect(struct cluster *cluster);

/* No more is forked; when the last worker is gone (let them go, or kill them),
 * the ports are closed and `close` follows. */
void cluster_close(struct cluster *cluster);

/* Lets it finish what it has and end (Node: worker.disconnect()). It leaves the
 * table at once and gets no more connections. */
void cluster_worker_disconnect(struct cluster_worker *worker);

/* Node: worker.kill(). 0 or -errno. */
int cluster_worker_kill(struct cluster_worker *worker, int signal);

/* As channel_send(). */
int cluster_worker_send(struct cluster_worker *worker, json_t *message);

bool cluster_worker_is_dead(const struct cluster_worker *worker);
bool cluster_worker_is_connected(const struct cluster_worker *worker);

#endif
