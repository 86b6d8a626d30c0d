/* A cluster of workers that serve one port, and a client that asks it. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

enum { RATE = 40 };

static void
on_listening(struct cluster *cluster, int port, int error)
{
	struct stage *stage = cluster->data;

	if (error) {
		role_note(NOTE_ERROR,
		          "The cluster cannot listen: %s. Choose another "
		          "port, or 0 for any.",
		          uv_strerror(error));
		return;
	}
	role_note(NOTE_INFO, "The cluster serves port %d.", port);
	/* A connection for each request, so that there is one to deal. */
	stage_client_start(stage, &stage->cluster_client, port, RATE, false);
}

static void
on_worker(struct cluster *cluster, struct cluster_worker *worker)
{
	const struct child *child = &worker->child;

	/* A port that cannot be had is told once, not by each worker. */
	if (worker->state != CLUSTER_DEAD || cluster->error)
		return;
	if (!child->pid)
		role_note(NOTE_ERROR, "worker %d: cannot be started: %s.",
		          worker->id, uv_strerror(child->error));
	else if (child->signal)
		role_note(NOTE_WARNING,
		          "worker %d was killed by signal %d; %d still serve.",
		          worker->id, child->signal, cluster->count);
	else if (child->code)
		role_note(NOTE_WARNING, "worker %d ended: exit code %d.",
		          worker->id, child->code);
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
    .worker = on_worker,
    .listening = on_listening,
    .close = on_close,
};

void
stage_cluster(struct stage *stage, json_t *message)
{
	json_int_t workers =
	    json_integer_value(json_object_get(message, "cluster"));
	json_int_t port = json_integer_value(json_object_get(message, "port"));
	char port_text[16];
	const char *const args[] = {port_text, NULL};

	if (stage->cluster_ending) {
		role_note(NOTE_WARNING,
		          "The last cluster is still ending; try again.");
		return;
	}
	if (!stage->has_cluster) {
		cluster_init(&stage->cluster, &stage->role.loop,
		             "@cluster-worker", &events);
		stage->cluster.data = stage;
		stage->has_cluster = true;
	}
	snprintf(port_text, sizeof(port_text), "%lld", (long long)port);
	for (json_int_t i = 0; i < workers; i++) {
		int error;

		if (!cluster_fork(&stage->cluster, args, &error)) {
			role_note(NOTE_WARNING, "No more workers: %s.",
			          error == UV_EAGAIN ? "64 are the most"
			                             : uv_strerror(error));
			return;
		}
	}
}

static void
disconnect_all(struct stage *stage)
{
	stage->cluster_ending = true;
	stage_client_end(&stage->cluster_client);
	cluster_disconnect(&stage->cluster);
}

static void
disconnect_newest(struct stage *stage)
{
	for (struct cluster_worker *worker = stage->cluster.workers; worker;
	     worker = worker->next)
		if (!worker->exited_after_disconnect) {
			cluster_worker_disconnect(worker);
			return;
		}
	role_note(NOTE_WARNING, "There is no worker to disconnect.");
}

void
stage_disconnect(struct stage *stage, json_t *message)
{
	const char *which =
	    json_string_value(json_object_get(message, "disconnect"));

	if (!stage->has_cluster)
		role_note(NOTE_WARNING, "There is no cluster.");
	else if (which && strcmp(which, "newest") == 0)
		disconnect_newest(stage);
	else
		disconnect_all(stage);
}
