/*
 * Again and again, but not for ever: a worker that ends as soon as it starts
 * would keep a processor busy with nothing.
 */
#include "cluster_inner.h"

#include "core/emit.h"

#include <errno.h>
#include <stdio.h>

enum { FIRST_MS = 50, MOST_MS = 5000, STOP_AFTER = 5, NOTE_BYTES = 160 };

static void on_due(uv_timer_t *timer);

/* The pause doubles with each that was not stable. */
static uint64_t
pause_of(const struct cluster_respawn *respawn)
{
	uint64_t pause = respawn->options.first_ms;

	for (int i = 1; i < respawn->quick; i++) {
		pause *= 2;
		if (pause >= respawn->options.most_ms)
			return respawn->options.most_ms;
	}
	return pause;
}

static void
fork_later(struct cluster *cluster, json_t *env)
{
	struct cluster_respawn *respawn = &cluster->respawn;

	json_array_append(respawn->due, env);
	if (!uv_is_active((uv_handle_t *)&respawn->timer))
		uv_timer_start(&respawn->timer, on_due, pause_of(respawn), 0);
}

static void
fork_now(struct cluster *cluster, json_t *env)
{
	int error;

	if (cluster_fork_again(cluster, env, &error))
		cluster->respawn.count++;
	else
		fork_later(cluster, env);
}

static void
on_due(uv_timer_t *timer)
{
	struct cluster *cluster = timer->data;
	json_t *due = cluster->respawn.due;

	cluster->respawn.due = json_array();
	for (size_t i = 0; i < json_array_size(due); i++)
		fork_now(cluster, json_array_get(due, i));
	json_decref(due);
}

static void
give_up(struct cluster *cluster)
{
	struct event note = {.kind = EVENT_NOTE, .number = NOTE_ERROR};
	char text[NOTE_BYTES];

	snprintf(text, sizeof(text),
	         "%d workers in a row ended before they listened: no more are "
	         "forked again. Repair them and switch respawn on.",
	         cluster->respawn.hopeless);
	emit(&note, text);
	cluster_respawn_set(cluster, NULL);
}

void
cluster_respawn_listening(struct cluster_worker *worker)
{
	worker->cluster->respawn.hopeless = 0;
}

/* Half of a pair of a reload has a successor already, or needs none; also when
 * the reload is over before its exit has come. */
static bool
is_in_reload(const struct cluster_worker *worker)
{
	const struct cluster_reload *reload = &worker->cluster->reload;

	return worker->id == reload->failed ||
	       (reload->fresh &&
	        (worker->id == reload->old || worker->id == reload->fresh));
}

void
cluster_respawn_exit(struct cluster_worker *worker)
{
	struct cluster *cluster = worker->cluster;
	struct cluster_respawn *respawn = &cluster->respawn;
	uint64_t age = uv_now(&cluster->loop->uv) - worker->listened;

	if (!respawn->is_on || worker->exited_after_disconnect ||
	    is_in_reload(worker))
		return;
	if (worker->listened && age >= respawn->options.stable_ms) {
		respawn->quick = 0;
		fork_now(cluster, worker->env);
		return;
	}
	respawn->quick++;
	if (!worker->listened &&
	    ++respawn->hopeless >= respawn->options.stop_after)
		give_up(cluster);
	else
		fork_later(cluster, worker->env);
}

void
cluster_respawn_owed(struct cluster *cluster, json_t *env)
{
	if (cluster->respawn.is_on)
		fork_later(cluster, env);
}

/* Also one that has died already, as long as it is in the table: it is forked
 * again when it leaves. */
bool
cluster_respawn_keeps_ports(const struct cluster *cluster)
{
	const struct cluster_worker *worker = cluster->workers;

	if (!cluster->respawn.is_on || cluster->is_closing)
		return false;
	while (worker && worker->exited_after_disconnect)
		worker = worker->next;
	return worker || json_array_size(cluster->respawn.due);
}

void
cluster_respawn_init(struct cluster *cluster)
{
	cluster->respawn.due = json_array();
	uv_timer_init(&cluster->loop->uv, &cluster->respawn.timer);
	cluster->respawn.timer.data = cluster;
}

void
cluster_respawn_set(struct cluster *cluster,
                    const struct cluster_respawn_options *options)
{
	struct cluster_respawn *respawn = &cluster->respawn;

	respawn->is_on = options != NULL;
	respawn->quick = respawn->hopeless = 0;
	if (options) {
		respawn->options = *options;
		if (!respawn->options.first_ms)
			respawn->options.first_ms = FIRST_MS;
		if (!respawn->options.most_ms)
			respawn->options.most_ms = MOST_MS;
		if (!respawn->options.stop_after)
			respawn->options.stop_after = STOP_AFTER;
		return;
	}
	json_array_clear(respawn->due);
	uv_timer_stop(&respawn->timer);
	cluster_listen_sweep(cluster);
}
