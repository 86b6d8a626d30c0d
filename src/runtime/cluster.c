/*
 * The primary.
 *
 * Failures, before line one:
 * - a worker dies with a connection on its way: the primary still has its
 *   copy, and deals it again;
 * - a worker refuses a connection (accepted:false): the same;
 * - no worker is free: connections queue here;
 * - the port cannot be had: every worker that asks is told the errno.
 */
#include "cluster.h"

#include "socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 511 };

struct cluster_connection {
	uv_tcp_t tcp;
	struct cluster_connection *next;
};

/* ---- connections ---- */

static void
free_connection(struct cluster_connection *connection)
{
	uv_close((uv_handle_t *)&connection->tcp, (uv_close_cb)free);
}

static struct cluster_worker *
longest_free(struct cluster *cluster)
{
	struct cluster_worker *found = NULL;

	for (struct cluster_worker *worker = cluster->workers; worker;
	     worker = worker->next)
		if (worker->is_free && (!found || worker->freed < found->freed))
			found = worker;
	return found;
}

static void
deal(struct cluster *cluster)
{
	while (cluster->first) {
		struct cluster_worker *worker = longest_free(cluster);
		struct cluster_connection *connection = cluster->first;
		json_t *message;

		if (!worker)
			return;
		cluster->first = connection->next;
		if (!cluster->first)
			cluster->last = &cluster->first;
		worker->is_free = false;
		worker->dealt = connection;
		message = json_pack("{s:s,s:s,s:s,s:i}", "cmd", "NODE_CLUSTER",
		                    "act", "newconn", "key", "0", "seq",
		                    (int)++cluster->seq);
		channel_send_handle(&worker->child.channel, message,
		                    (uv_stream_t *)&connection->tcp);
		json_decref(message);
	}
}

static void
queue_connection(struct cluster *cluster, struct cluster_connection *connection,
                 bool in_front)
{
	connection->next = NULL;
	if (in_front) {
		connection->next = cluster->first;
		cluster->first = connection;
		if (!connection->next)
			cluster->last = &connection->next;
	} else {
		*cluster->last = connection;
		cluster->last = &connection->next;
	}
	deal(cluster);
}

static void
on_connection(uv_stream_t *server, int status)
{
	struct cluster *cluster = server->data;
	struct cluster_connection *connection;

	if (status < 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return;
	uv_tcp_init(&cluster->loop->uv, &connection->tcp);
	if (uv_accept(server, (uv_stream_t *)&connection->tcp)) {
		free_connection(connection);
		return;
	}
	queue_connection(cluster, connection, false);
}

/* ---- the port ---- */

static void
listen_on(struct cluster *cluster, const char *address, int port)
{
	struct sockaddr_in where;
	int error;

	if (cluster->has_server)
		return;
	uv_tcp_init(&cluster->loop->uv, &cluster->server);
	cluster->server.data = cluster;
	cluster->has_server = true;
	error = uv_ip4_addr(address, port, &where);
	if (!error)
		error =
		    uv_tcp_bind(&cluster->server, (struct sockaddr *)&where, 0);
	if (!error)
		error = uv_listen((uv_stream_t *)&cluster->server, BACKLOG,
		                  on_connection);
	cluster->error = error;
	if (!error) {
		cluster->port = socket_port(&cluster->server);
		socket_tell_listen(cluster->port, "port");
	}
	if (cluster->events->listening)
		cluster->events->listening(cluster, cluster->port, error);
}

/* ---- messages of a worker ---- */

static const char *
act_of(const json_t *message)
{
	const char *cmd = json_string_value(json_object_get(message, "cmd"));

	if (!cmd || strcmp(cmd, "NODE_CLUSTER") != 0)
		return NULL;
	return json_string_value(json_object_get(message, "act"));
}

static void
reach(struct cluster_worker *worker, enum cluster_state state)
{
	worker->state = state;
	if (worker->cluster->events->worker)
		worker->cluster->events->worker(worker->cluster, worker);
}

/* Who was told to go takes no more connections. */
static void
set_free(struct cluster_worker *worker)
{
	if (worker->exited_after_disconnect)
		return;
	worker->is_free = true;
	worker->freed = ++worker->cluster->turns;
	deal(worker->cluster);
}

static void
on_query(struct cluster_worker *worker, json_t *message)
{
	struct cluster *cluster = worker->cluster;
	const char *address =
	    json_string_value(json_object_get(message, "address"));
	json_int_t port = json_integer_value(json_object_get(message, "port"));
	json_int_t seq = json_integer_value(json_object_get(message, "seq"));
	json_t *reply;

	listen_on(cluster, address ? address : "127.0.0.1",
	          port >= 0 && port < 65536 ? (int)port : 0);
	reply = json_pack(
	    "{s:s,s:I,s:s,s:i,s:{s:s,s:i}}", "cmd", "NODE_CLUSTER", "ack", seq,
	    "key", "0", "errno", cluster->error, "sockname", "address",
	    address ? address : "127.0.0.1", "port", cluster->port);
	channel_send(&worker->child.channel, reply);
	json_decref(reply);
}

static void
on_accepted(struct cluster_worker *worker, bool accepted)
{
	struct cluster_connection *connection = worker->dealt;

	worker->dealt = NULL;
	if (connection && accepted)
		free_connection(connection);
	else if (connection)
		queue_connection(worker->cluster, connection, true);
	set_free(worker);
}

static void
on_message(struct child *child, json_t *message, bool has_handle)
{
	struct cluster_worker *worker = child->data;
	const char *act = act_of(message);
	json_t *accepted = json_object_get(message, "accepted");

	(void)has_handle;
	if (json_is_boolean(accepted))
		on_accepted(worker, json_is_true(accepted));
	else if (act && strcmp(act, "online") == 0)
		reach(worker, CLUSTER_ONLINE);
	else if (act && strcmp(act, "queryServer") == 0)
		on_query(worker, message);
	else if (act && strcmp(act, "listening") == 0) {
		reach(worker, CLUSTER_LISTENING);
		set_free(worker);
	}
}

/* ---- life of a worker ---- */

static void
take_back(struct cluster_worker *worker)
{
	struct cluster_connection *connection = worker->dealt;

	worker->is_free = false;
	worker->dealt = NULL;
	if (connection)
		queue_connection(worker->cluster, connection, true);
}

static void
on_disconnect(struct child *child)
{
	struct cluster_worker *worker = child->data;

	take_back(worker);
	reach(worker, CLUSTER_DISCONNECTED);
}

static void
on_server_closed(uv_handle_t *handle)
{
	struct cluster *cluster = handle->data;

	cluster->has_server = false;
	if (cluster->events->close)
		cluster->events->close(cluster);
}

/* The port of a cluster without workers is closed (Node: the RoundRobinHandle
 * closes when its last worker leaves). */
static void
close_port(struct cluster *cluster)
{
	while (cluster->first) {
		struct cluster_connection *connection = cluster->first;

		cluster->first = connection->next;
		free_connection(connection);
	}
	cluster->last = &cluster->first;
	if (!cluster->has_server) {
		if (cluster->events->close)
			cluster->events->close(cluster);
		return;
	}
	if (!cluster->error)
		socket_tell_closed(cluster->port);
	cluster->port = 0;
	uv_close((uv_handle_t *)&cluster->server, on_server_closed);
}

static void
on_close(struct child *child)
{
	struct cluster_worker *worker = child->data;
	struct cluster *cluster = worker->cluster;
	struct cluster_worker **at = &cluster->workers;

	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	cluster->count--;
	reach(worker, CLUSTER_DEAD);
	free(worker);
	if (!cluster->workers)
		close_port(cluster);
}

static const struct child_events child_events = {
    .message = on_message,
    .disconnect = on_disconnect,
    .close = on_close,
};

/* Our environment and NODE_UNIQUE_ID; freed by the caller, one array whose
 * last string follows it. */
static const char **
worker_environment(int id)
{
	size_t count = 0;
	const char **env;
	char *text;

	while (environ[count])
		count++;
	env = calloc(1, (count + 2) * sizeof(*env) + 40);
	if (!env)
		return NULL;
	memcpy(env, environ, count * sizeof(*env));
	text = (char *)(env + count + 2);
	snprintf(text, 40, "NODE_UNIQUE_ID=%d", id);
	env[count] = text;
	return env;
}

void
cluster_init(struct cluster *cluster, struct loop *loop, const char *role,
             const struct cluster_events *events)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->loop = loop;
	cluster->role = role;
	cluster->events = events;
	cluster->last = &cluster->first;
}

struct cluster_worker *
cluster_fork(struct cluster *cluster, const char *const *args, int *error)
{
	struct cluster_worker *worker;
	const char **env;

	*error = cluster->count < CLUSTER_WORKERS ? -ENOMEM : -EAGAIN;
	if (*error == -EAGAIN)
		return NULL;
	worker = calloc(1, sizeof(*worker));
	env = worker_environment(cluster->ids + 1);
	if (!worker || !env) {
		free(worker);
		free(env);
		return NULL;
	}
	worker->cluster = cluster;
	worker->id = ++cluster->ids;
	*error = child_fork(&worker->child, cluster->loop, BIRTH_CLUSTER,
	                    cluster->role, args, env, &child_events);
	free(env);
	worker->child.data = worker;
	worker->next = cluster->workers;
	cluster->workers = worker;
	cluster->count++;
	return worker;
}

void
cluster_worker_disconnect(struct cluster_worker *worker)
{
	json_t *message;

	worker->exited_after_disconnect = true;
	worker->is_free = false;
	message = json_pack("{s:s,s:s,s:i}", "cmd", "NODE_CLUSTER", "act",
	                    "disconnect", "seq", (int)++worker->cluster->seq);
	channel_send(&worker->child.channel, message);
	json_decref(message);
}

void
cluster_disconnect(struct cluster *cluster)
{
	if (!cluster->workers)
		close_port(cluster);
	for (struct cluster_worker *worker = cluster->workers; worker;
	     worker = worker->next)
		cluster_worker_disconnect(worker);
}
