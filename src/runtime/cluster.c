/*
 * The primary: life of its workers and what is told of it (Node:
 * lib/internal/cluster/primary.js; "Class: Worker").
 *
 * Failures, before line one:
 * - a worker cannot be started: `fork`, `error`, `disconnect`;
 * - its channel ends and it lives on, or the other way round: it stays in the
 *   table until both have come;
 * - whoever forks in a callback of a worker that has ended changes the table
 *   meanwhile: it is never walked over a callback.
 */
#include "cluster_inner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static void
add_to_table(struct cluster_worker *worker)
{
	struct cluster_worker **at = &worker->cluster->workers;

	while (*at)
		at = &(*at)->next;
	*at = worker;
}

/* Also when it has left before: Node looks each time whether that was all. */
static void
remove_from_table(struct cluster_worker *worker)
{
	struct cluster_worker **at = &worker->cluster->workers;

	while (*at && *at != worker)
		at = &(*at)->next;
	if (*at)
		*at = worker->next;
	cluster_tick_disconnected(worker->cluster);
}

struct cluster_worker *
cluster_find(struct cluster *cluster, int id)
{
	struct cluster_worker *worker = cluster->workers;

	while (worker && worker->id != id)
		worker = worker->next;
	return worker;
}

/* ---- the end of the cluster ---- */

void
cluster_release(struct cluster *cluster)
{
	if (--cluster->open > 0 || !cluster->is_ended)
		return;
	cluster_tick_drop(cluster);
	json_decref(cluster->settings);
	json_decref(cluster->respawn.due);
	if (cluster->events->close)
		cluster->events->close(cluster);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	cluster_release(handle->data);
}

static void
end_if_empty(struct cluster *cluster)
{
	if (!cluster->is_closing || cluster->count > 0 || cluster->is_ended)
		return;
	cluster->is_ended = true;
	cluster->open += 3;
	cluster_listen_sweep(cluster);
	uv_close((uv_handle_t *)&cluster->tick, on_timer_closed);
	uv_close((uv_handle_t *)&cluster->respawn.timer, on_timer_closed);
	uv_close((uv_handle_t *)&cluster->reload.timer, on_timer_closed);
}

void
cluster_close(struct cluster *cluster)
{
	cluster->is_closing = true;
	cluster_respawn_set(cluster, NULL);
	end_if_empty(cluster);
}

/* ---- a worker's life ---- */

static void
settle(struct cluster_worker *worker, enum cluster_state state)
{
	worker->is_settled = true;
	worker->state = state;
}

static void
on_spawn(struct child *child)
{
	cluster_tick_fork(child->data);
}

static void
on_error(struct child *child, int error)
{
	struct cluster_worker *worker = child->data;

	cluster_tick_fork(worker);
	CLUSTER_TELL(worker->cluster, worker, error, error);
	if (child->pid) /* it runs; a signal could not be sent */
		return;
	remove_from_table(worker);
	settle(worker, CLUSTER_DISCONNECTED);
	CLUSTER_TELL(worker->cluster, worker, disconnect);
	cluster_respawn_exit(worker);
	cluster_reload_see(worker);
}

/* The cluster first: in Node it is the one that listens to the worker. */
static void
on_message(struct child *child, json_t *message, bool has_handle)
{
	struct cluster_worker *worker = child->data;
	struct cluster *cluster = worker->cluster;

	cluster_tick_fork(worker);
	if (cluster_act(worker, message))
		return;
	if (cluster->events->message)
		cluster->events->message(cluster, worker, message, has_handle);
	if (worker->events && worker->events->message)
		worker->events->message(cluster, worker, message, has_handle);
}

static void
on_handle_sent(struct child *child, uv_stream_t *handle)
{
	cluster_deal_sent(child->data, handle);
}

static void
on_disconnect(struct child *child)
{
	struct cluster_worker *worker = child->data;

	cluster_tick_fork(worker);
	cluster_listen_lost(worker);
	if (cluster_worker_is_dead(worker))
		remove_from_table(worker);
	settle(worker, CLUSTER_DISCONNECTED);
	CLUSTER_TELL(worker->cluster, worker, disconnect);
	cluster_reload_see(worker);
}

/* Where the channel ended first, Node has nothing left to wait for. */
static void
on_exited(struct child *child, int code, int signal)
{
	struct cluster_worker *worker = child->data;

	cluster_tick_fork(worker);
	if (!cluster_worker_is_connected(worker)) {
		cluster_listen_leave_all(worker);
		remove_from_table(worker);
	}
	settle(worker, CLUSTER_DEAD);
	CLUSTER_TELL(worker->cluster, worker, exit, code, signal);
	cluster_respawn_exit(worker);
	cluster_reload_see(worker);
}

static void
forget(struct cluster_worker *worker)
{
	struct cluster *cluster = worker->cluster;

	cluster_tick_forget(worker);
	json_decref(worker->env);
	free(worker);
	cluster->count--;
}

static void
on_close(struct child *child)
{
	struct cluster_worker *worker = child->data;
	struct cluster *cluster = worker->cluster;

	forget(worker);
	end_if_empty(cluster);
}

static const struct child_events child_events = {
    .spawn = on_spawn,
    .error = on_error,
    .message = on_message,
    .handle_sent = on_handle_sent,
    .disconnect = on_disconnect,
    .exit = on_exited,
    .close = on_close,
};

/* ---- what the user asks for ---- */

void
cluster_init(struct cluster *cluster, struct loop *loop,
             const struct cluster_events *events)
{
	const char *policy = getenv("NODE_CLUSTER_SCHED_POLICY");

	memset(cluster, 0, sizeof(*cluster));
	cluster->loop = loop;
	cluster->events = events;
	cluster->policy = policy && strcmp(policy, "none") == 0
	                      ? CLUSTER_SHARED
	                      : CLUSTER_ROUND_ROBIN;
	cluster->settings = json_object();
	cluster_tick_init(cluster);
	cluster_respawn_init(cluster);
	cluster_reload_init(cluster);
}

int
cluster_setup(struct cluster *cluster, const struct cluster_settings *given)
{
	int error = cluster_settings_lay(cluster->settings, given);

	if (!cluster->is_set_up)
		cluster->frozen = cluster->policy;
	cluster->is_set_up = true;
	return error ? error : cluster_tick_later(cluster, TICK_SETUP, NULL);
}

static struct cluster_worker *
new_worker(struct cluster *cluster, const char *const *env)
{
	struct cluster_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->cluster = cluster;
	worker->id = ++cluster->ids;
	worker->env = cluster_strings(env);
	cluster->count++;
	return worker;
}

struct cluster_worker *
cluster_fork(struct cluster *cluster, const char *const *env, int *error)
{
	struct cluster_worker *worker;

	*error = cluster->is_closing ? -ECANCELED
	         : cluster->count >= CLUSTER_WORKERS
	             ? -EAGAIN
	             : cluster_setup(cluster, NULL);
	if (*error)
		return NULL;
	worker = new_worker(cluster, env);
	*error =
	    worker ? cluster_settings_spawn(worker, &child_events) : -ENOMEM;
	if (*error) {
		if (worker)
			forget(worker);
		return NULL;
	}
	worker->child.data = worker;
	add_to_table(worker);
	cluster_tick_later(cluster, TICK_FORK, worker);
	return worker;
}

int
cluster_say(struct cluster_worker *worker, json_t *body,
            union cluster_handle *handle)
{
	json_t *message = json_pack("{s:s}", "cmd", "NODE_CLUSTER");
	struct channel *channel = &worker->child.channel;
	int result = -ENOMEM;

	if (message && body) {
		json_object_update(message, body);
		json_object_set_new(message, "seq",
		                    json_integer(worker->cluster->seq++));
		result = handle ? channel_send_handle(channel, message,
		                                      &handle->stream)
		                : channel_send(channel, message);
	}
	json_decref(message);
	json_decref(body);
	return result;
}

void
cluster_worker_disconnect(struct cluster_worker *worker)
{
	worker->exited_after_disconnect = true;
	cluster_say(worker, json_pack("{s:s}", "act", "disconnect"), NULL);
	cluster_listen_leave_all(worker);
	remove_from_table(worker);
}

static struct cluster_worker *
first_connected(struct cluster *cluster)
{
	struct cluster_worker *worker = cluster->workers;

	while (worker && !cluster_worker_is_connected(worker))
		worker = worker->next;
	return worker;
}

/* Each leaves the table as it is let go. One that has lost its channel stays
 * until it has ended. */
void
cluster_disconnect(struct cluster *cluster)
{
	struct cluster_worker *worker;

	if (!cluster->workers)
		cluster_tick_later(cluster, TICK_DISCONNECTED, NULL);
	while ((worker = first_connected(cluster)) != NULL)
		cluster_worker_disconnect(worker);
	cluster->waiting++;
}

int
cluster_worker_kill(struct cluster_worker *worker, int signal)
{
	return child_kill(&worker->child, signal ? signal : SIGTERM);
}

int
cluster_worker_send(struct cluster_worker *worker, json_t *message)
{
	return channel_send(&worker->child.channel, message);
}

bool
cluster_worker_is_dead(const struct cluster_worker *worker)
{
	return worker->child.code >= 0 || worker->child.signal;
}

bool
cluster_worker_is_connected(const struct cluster_worker *worker)
{
	return worker->child.channel.connected;
}
