/* A cluster of workers that serve one port, and a client that asks it. */
#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { RATE = 40, DEADLINE_MS = 5000, STABLE_MS = 1000 };

static const char node_worker[] =
    "require('http').createServer((q, r) => r.end('pong\\n'))"
    ".listen(process.env.PORT, '127.0.0.1')"
    ".on('error', () => process.exit(1))";

/* ---- what the user hears ---- */

/* Each worker that asks is told anew; the user once. */
static void
on_bound(struct cluster *cluster, const struct cluster_address *address,
         int error)
{
	struct stage *stage = cluster->data;

	if (error && stage->cluster_error != error)
		role_note(NOTE_ERROR,
		          "The cluster cannot listen: %s. Choose another "
		          "port, or 0 for any.",
		          uv_strerror(error));
	else if (!error)
		role_note(
		    NOTE_INFO, "The cluster serves port %d: %s.", address->port,
		    cluster->frozen == CLUSTER_SHARED ? "the workers accept"
						      : "the primary deals");
	stage->cluster_error = error;
}

static void
on_unbound(struct cluster *cluster, const struct cluster_address *address)
{
	struct stage *stage = cluster->data;

	(void)address;
	stage_client_end(&stage->cluster_client);
}

/* A connection for each request, so that there is one to deal. With a shared
 * handle there is nobody to answer before. */
static void
on_listening(struct cluster *cluster, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	struct stage *stage = cluster->data;

	(void)worker;
	stage_client_start(stage, &stage->cluster_client, address->port, RATE,
	                   false);
}

static int
still_serve(const struct cluster *cluster)
{
	const struct cluster_worker *worker = cluster->workers;
	int count = 0;

	for (; worker; worker = worker->next)
		count += !cluster_worker_is_dead(worker);
	return count;
}

/* What a port that cannot be had does to a worker was said already; so was, by
 * the runtime, that one cannot be started. */
static void
on_ended(struct cluster *cluster, struct cluster_worker *worker, int code,
         int signal)
{
	struct stage *stage = cluster->data;

	if (stage->cluster_error)
		return;
	if (signal)
		role_note(NOTE_WARNING,
		          "worker %d was killed by signal %d; %d still serve.",
		          worker->id, signal, still_serve(cluster));
	else if (code)
		role_note(NOTE_WARNING, "worker %d ended: exit code %d.",
		          worker->id, code);
}

static void
on_reloaded(struct cluster *cluster, int error)
{
	(void)cluster;
	if (error)
		role_note(NOTE_ERROR,
		          "The reload stopped: %s. The workers that are left "
		          "serve on.",
		          error == -ECHILD
		              ? "a new worker ended before it listened"
		              : uv_strerror(error));
	else
		role_note(NOTE_INFO,
		          "All workers are new; nobody was refused.");
}

static void
on_close(struct cluster *cluster)
{
	struct stage *stage = cluster->data;

	stage_client_end(&stage->cluster_client);
	stage->has_cluster = false;
	stage->cluster_ending = false;
}

static const struct cluster_events events = {
    .bound = on_bound,
    .unbound = on_unbound,
    .listening = on_listening,
    .exit = on_ended,
    .reloaded = on_reloaded,
    .close = on_close,
};

/* ---- fork ---- */

static void
set_respawn(struct stage *stage)
{
	const struct cluster_respawn_options options = {.stable_ms = STABLE_MS};

	cluster_respawn_set(&stage->cluster,
	                    stage->cluster_respawn ? &options : NULL);
}

static void
open_cluster(struct stage *stage)
{
	cluster_init(&stage->cluster, &stage->role.loop, &events);
	stage->cluster.data = stage;
	if (stage->cluster_policy)
		stage->cluster.policy = stage->cluster_policy;
	set_respawn(stage);
	stage->has_cluster = true;
}

/* What is forked from now on, also for those that die or are reloaded: workers
 * in C, or in a real Node, on the same port. */
static void
set_workers(struct stage *stage, const char *with)
{
	const struct cluster_settings in_c = {
	    .exec_path = "",
	    .exec_args = (const char *const[]){NULL},
	    .exec = "@cluster-worker",
	    .args = (const char *const[]){NULL},
	    .silent = CLUSTER_SILENT,
	};
	const struct cluster_settings in_node = {
	    .exec_path = "node",
	    .exec_args = (const char *const[]){"-e", node_worker, NULL},
	    .exec = "worker",
	};
	bool is_node = with && strcmp(with, "node") == 0;

	cluster_setup(&stage->cluster, &in_c);
	if (is_node)
		cluster_setup(&stage->cluster, &in_node);
}

void
stage_cluster(struct stage *stage, json_t *message)
{
	json_int_t workers =
	    json_integer_value(json_object_get(message, "cluster"));
	json_t *port = json_object_get(message, "port");
	char text[32];
	const char *const env[] = {text, NULL};

	if (stage->cluster_ending) {
		role_note(NOTE_WARNING,
		          "The last cluster is still ending; try again.");
		return;
	}
	if (!stage->has_cluster)
		open_cluster(stage);
	set_workers(stage, json_string_value(json_object_get(message, "with")));
	if (json_is_integer(port))
		stage->cluster_port = json_integer_value(port);
	stage->cluster_error = 0;
	snprintf(text, sizeof(text), "PORT=%lld",
	         (long long)stage->cluster_port);
	for (json_int_t i = 0; i < workers; i++) {
		int error;

		if (!cluster_fork(&stage->cluster, env, &error)) {
			role_note(NOTE_WARNING, "No more workers: %s.",
			          error == UV_EAGAIN ? "64 are the most"
			                             : uv_strerror(error));
			return;
		}
	}
}

/* ---- disconnect ---- */

static void
disconnect_all(struct stage *stage)
{
	stage->cluster_ending = true;
	stage_client_end(&stage->cluster_client);
	cluster_close(&stage->cluster);
	cluster_disconnect(&stage->cluster);
}

static void
disconnect_newest(struct stage *stage)
{
	struct cluster_worker *newest = NULL, *worker = stage->cluster.workers;

	for (; worker; worker = worker->next)
		if (cluster_worker_is_connected(worker))
			newest = worker;
	if (newest)
		cluster_worker_disconnect(newest);
	else
		role_note(NOTE_WARNING, "There is no worker to disconnect.");
}

void
stage_disconnect(struct stage *stage, json_t *message)
{
	const char *which =
	    json_string_value(json_object_get(message, "disconnect"));

	if (!stage->has_cluster || stage->cluster_ending)
		role_note(NOTE_WARNING, "There is no cluster.");
	else if (which && strcmp(which, "newest") == 0)
		disconnect_newest(stage);
	else
		disconnect_all(stage);
}

/* ---- reload, respawn, policy ---- */

void
stage_reload(struct stage *stage, json_t *message)
{
	int error = -ESRCH;

	(void)message;
	if (stage->has_cluster && !stage->cluster_ending)
		error = cluster_reload(&stage->cluster, DEADLINE_MS);
	if (error == -EALREADY)
		role_note(NOTE_WARNING, "A reload is going on already.");
	else if (error)
		role_note(NOTE_WARNING, "There is no worker to reload.");
}

void
stage_respawn(struct stage *stage, json_t *message)
{
	const char *what =
	    json_string_value(json_object_get(message, "respawn"));

	stage->cluster_respawn = what && strcmp(what, "on") == 0;
	if (stage->has_cluster && !stage->cluster_ending)
		set_respawn(stage);
	role_note(NOTE_INFO, stage->cluster_respawn
	                         ? "Workers that die are forked again."
	                         : "Workers that die stay dead.");
}

/* Node freezes it at the first fork, and so do we. */
void
stage_policy(struct stage *stage, json_t *message)
{
	const char *what =
	    json_string_value(json_object_get(message, "policy"));
	bool is_shared = what && strcmp(what, "shared") == 0;

	stage->cluster_policy =
	    is_shared ? CLUSTER_SHARED : CLUSTER_ROUND_ROBIN;
	role_note(NOTE_INFO, "%s: %s%s.",
	          is_shared ? "Shared handle" : "Round robin",
	          is_shared ? "the workers accept" : "the primary deals",
	          stage->has_cluster
	              ? ", from the next cluster on (it is fixed at the first "
	                "fork)"
	              : "");
}
