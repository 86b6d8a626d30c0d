/*
 * One by one. A pair is in work: the new worker that starts, the old one that
 * goes when the new one listens.
 *
 * Failures, before line one:
 * - the new one ends before it listens, or does not listen for START_MS: the
 *   reload is over, the old ones that are left go on;
 * - the old one ends by itself meanwhile: the new one is its successor already;
 * - the old one does not end: SIGKILL at the deadline.
 */
#include "cluster_inner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum { START_MS = 30000 };

static void next_pair(struct cluster *cluster);

static void
finish(struct cluster *cluster, int error)
{
	cluster->reload.is_on = false;
	cluster->reload.failed = cluster->reload.fresh;
	cluster->reload.old = cluster->reload.fresh = 0;
	uv_timer_stop(&cluster->reload.timer);
	if (cluster->events->reloaded)
		cluster->events->reloaded(cluster, error);
}

/* Where the old one is gone as well, one is missing. */
static void
fail(struct cluster_worker *fresh)
{
	struct cluster *cluster = fresh->cluster;
	struct cluster_worker *old = cluster_find(cluster, cluster->reload.old);

	if (!old || cluster_worker_is_dead(old))
		cluster_respawn_owed(cluster, fresh->env);
	finish(cluster, -ECHILD);
}

static void
on_start_late(uv_timer_t *timer)
{
	struct cluster *cluster = timer->data;
	struct cluster_worker *fresh =
	    cluster_find(cluster, cluster->reload.fresh);

	if (fresh)
		cluster_worker_kill(fresh, SIGKILL);
}

static void
on_end_late(uv_timer_t *timer)
{
	struct cluster *cluster = timer->data;

	if (cluster->reload.leaving)
		cluster_worker_kill(cluster->reload.leaving, SIGKILL);
}

static void
let_old_go(struct cluster *cluster)
{
	struct cluster_reload *reload = &cluster->reload;
	struct cluster_worker *old = cluster_find(cluster, reload->old);

	reload->fresh = 0;
	uv_timer_stop(&reload->timer);
	if (!old || cluster_worker_is_dead(old)) {
		next_pair(cluster);
		return;
	}
	reload->leaving = old;
	uv_timer_start(&reload->timer, on_end_late, reload->deadline_ms, 0);
	cluster_worker_disconnect(old);
}

/* On as many ports as the old one when the pair began; it may be gone since. */
static bool
is_ready(const struct cluster *cluster, const struct cluster_worker *fresh)
{
	return (fresh->state == CLUSTER_ONLINE ||
	        fresh->state == CLUSTER_LISTENING) &&
	       fresh->listens >= cluster->reload.listens;
}

void
cluster_reload_see(struct cluster_worker *worker)
{
	struct cluster *cluster = worker->cluster;
	struct cluster_reload *reload = &cluster->reload;

	if (!reload->is_on)
		return;
	if (worker->id == reload->fresh) {
		if (cluster_worker_is_dead(worker) ||
		    !cluster_worker_is_connected(worker))
			fail(worker);
		else if (is_ready(cluster, worker))
			let_old_go(cluster);
	} else if (worker == reload->leaving &&
	           cluster_worker_is_dead(worker)) {
		reload->leaving = NULL;
		uv_timer_stop(&reload->timer);
		next_pair(cluster);
	}
}

static const char **
strings_of(const json_t *array)
{
	const char **strings =
	    calloc(json_array_size(array) + 1, sizeof(*strings));

	for (size_t i = 0; strings && i < json_array_size(array); i++)
		strings[i] = json_string_value(json_array_get(array, i));
	return strings;
}

struct cluster_worker *
cluster_fork_again(struct cluster *cluster, json_t *env, int *error)
{
	const char **strings = strings_of(env);
	struct cluster_worker *worker = NULL;

	*error = -ENOMEM;
	if (strings)
		worker = cluster_fork(cluster, strings, error);
	free(strings);
	return worker;
}

static void
next_pair(struct cluster *cluster)
{
	struct cluster_reload *reload = &cluster->reload;
	struct cluster_worker *old = cluster->workers, *fresh;
	int error;

	while (
	    old && old->id <= reload->last &&
	    (!cluster_worker_is_connected(old) || old->exited_after_disconnect))
		old = old->next;
	if (!old || old->id > reload->last) {
		finish(cluster, 0);
		return;
	}
	reload->old = old->id;
	reload->listens = old->listens;
	fresh = cluster_fork_again(cluster, old->env, &error);
	if (!fresh) {
		finish(cluster, error);
		return;
	}
	reload->fresh = fresh->id;
	uv_timer_start(&reload->timer, on_start_late, START_MS, 0);
}

void
cluster_reload_init(struct cluster *cluster)
{
	uv_timer_init(&cluster->loop->uv, &cluster->reload.timer);
	cluster->reload.timer.data = cluster;
}

int
cluster_reload(struct cluster *cluster, uint64_t deadline_ms)
{
	if (cluster->reload.is_on)
		return -EALREADY;
	if (!cluster->workers)
		return -ESRCH;
	cluster->reload.is_on = true;
	cluster->reload.last = cluster->ids;
	cluster->reload.deadline_ms = deadline_ms;
	next_pair(cluster);
	return 0;
}
