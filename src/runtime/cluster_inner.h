/*
 * cluster_inner: between the files of the primary; nobody else includes it.
 *
 *   cluster           life of the workers, their events
 *   cluster_tick      what is told in the next turn
 *   cluster_act       what a worker says
 *   cluster_settings  what a worker is started as
 *   cluster_server    the ports: opened and closed
 *   cluster_listen    who is in which
 *   cluster_deal      connections: which worker gets which
 *   cluster_reload    one by one
 *   cluster_respawn   again and again
 */
#ifndef RUNTIME_CLUSTER_INNER_H
#define RUNTIME_CLUSTER_INNER_H

#include "cluster.h"

struct cluster_connection {
	union cluster_handle handle;
	struct cluster_connection *next;
};

/* A worker in a server. It outlives its leaving while something of ours is on
 * its way to the worker: the channel still has the handle. */
struct cluster_member {
	struct cluster_server *server;
	struct cluster_worker *worker;
	struct cluster_member *next, *next_free;
	bool is_free, has_left;
	bool is_sending; /* a handle that is not acknowledged yet */
	uint32_t seq;    /* of the newconn */
	struct cluster_connection *dealt; /* not answered yet */
};

struct cluster_server {
	union cluster_handle handle;
	struct cluster *cluster;
	struct cluster_server *next;
	struct cluster_address address; /* its string is ours */
	char *key;
	bool is_shared, is_closing;
	int error;
	int workers; /* members that have not left */
	int holds;   /* members, and the handle: freed at 0 */
	struct cluster_member *members;
	struct cluster_member *first_free, **last_free;
	struct cluster_connection *first, **last; /* accepted, not dealt */
};

/* cluster.c: {cmd, ...body, seq} to a worker; takes over `body`. */
int cluster_say(struct cluster_worker *worker, json_t *body,
                union cluster_handle *handle);

/* cluster.c: one of the handles that `close` waits for is gone. */
void cluster_release(struct cluster *cluster);

/* cluster.c: calls one event of the worker and of the cluster. */
#define CLUSTER_TELL(cluster, worker, name, ...) \
	do { \
		const struct cluster_events *own = (worker)->events; \
		if (own && own->name) \
			own->name(cluster, worker, ##__VA_ARGS__); \
		if ((cluster)->events->name) \
			(cluster)->events->name(cluster, worker, \
			                        ##__VA_ARGS__); \
	} while (0)

/* cluster_tick.c: `fork` once, `disconnected` if the table is empty, now; or in
 * the next turn; a worker is gone; the timer; the end. */
enum cluster_tick_kind { TICK_SETUP, TICK_FORK, TICK_DISCONNECTED };

void cluster_tick_fork(struct cluster_worker *worker);
void cluster_tick_disconnected(struct cluster *cluster);
int cluster_tick_later(struct cluster *cluster, enum cluster_tick_kind kind,
                       struct cluster_worker *worker);
void cluster_tick_forget(struct cluster_worker *worker);
void cluster_tick_init(struct cluster *cluster);
void cluster_tick_drop(struct cluster *cluster);

/* cluster_act.c: the message of a worker; false: it is the user's. */
bool cluster_act(struct cluster_worker *worker, json_t *message);

/* cluster_settings.c. */
int cluster_settings_lay(json_t *settings,
                         const struct cluster_settings *given);
int cluster_settings_spawn(struct cluster_worker *worker,
                           const struct child_events *events);
json_t *cluster_strings(const char *const *strings);

/* cluster_server.c: a server for a query (takes over the key), which is there
 * also when it has an error; the one of a key that is open; its name for a
 * worker (a new reference). Close: when its last handle is home. */
struct cluster_server *cluster_server_new(struct cluster *cluster,
                                          const json_t *message, char *key);
struct cluster_server *cluster_server_find(struct cluster *cluster,
                                           const char *key);
char *cluster_server_key(const json_t *message);
json_t *cluster_server_name(const struct cluster_server *server);
void cluster_server_close(struct cluster_server *server);
void cluster_server_member_ended(struct cluster_server *server);
void cluster_server_release(struct cluster_server *server);

/* cluster_listen.c: a worker asks for a server, leaves one, leaves all; its
 * channel is closed; nothing is on its way to a member any more. Servers that
 * nobody is left in are closed. */
void cluster_listen_query(struct cluster_worker *worker, json_t *message);
void cluster_listen_leave(struct cluster_worker *worker, const char *key);
void cluster_listen_leave_all(struct cluster_worker *worker);
void cluster_listen_lost(struct cluster_worker *worker);
void cluster_listen_settle(struct cluster_member *member);
void cluster_listen_sweep(struct cluster *cluster);

/* cluster_deal.c: a connection came; a member is free; the worker answered
 * newconn, the channel let go of a handle; what is on its way to a member comes
 * back; what waits is dropped. */
void cluster_deal_accept(uv_stream_t *server, int status);
void cluster_deal_free(struct cluster_member *member);
void cluster_deal_not_free(struct cluster_member *member);
void cluster_deal_answered(struct cluster_worker *worker, json_int_t seq,
                           bool accepted);
void cluster_deal_sent(struct cluster_worker *worker, uv_stream_t *handle);
void cluster_deal_return(struct cluster_member *member);
void cluster_deal_drop(struct cluster_server *server);

/* cluster_reload.c: with the env of one that was forked before. */
struct cluster_worker *cluster_fork_again(struct cluster *cluster, json_t *env,
                                          int *error);

/* cluster_respawn.c: whether somebody is to come who will want the ports. */
bool cluster_respawn_keeps_ports(const struct cluster *cluster);

/* cluster_reload.c, cluster_respawn.c: what they are told of. */
void cluster_reload_init(struct cluster *cluster);
void cluster_reload_see(struct cluster_worker *worker);
void cluster_respawn_init(struct cluster *cluster);
void cluster_respawn_listening(struct cluster_worker *worker);
void cluster_respawn_exit(struct cluster_worker *worker);
void cluster_respawn_owed(struct cluster *cluster, json_t *env);

#endif
