/*
 * What is told in the next turn: Node says `setup` and `fork` on the next tick,
 * so that whoever forks can still begin to listen for them.
 *
 * A timer may be late, and a worker is quick: its `fork` is told before
 * whatever else is told of it, once.
 */
#include "cluster_inner.h"

#include <errno.h>
#include <stdlib.h>

struct cluster_tick {
	struct cluster_tick *next;
	enum cluster_tick_kind kind;
	struct cluster_worker *worker; /* of a fork; NULL: it is gone */
	json_t *settings;              /* of a setup */
};

void
cluster_tick_fork(struct cluster_worker *worker)
{
	struct cluster *cluster = worker->cluster;

	if (worker->is_told)
		return;
	worker->is_told = true;
	if (cluster->events->fork)
		cluster->events->fork(cluster, worker);
}

void
cluster_tick_disconnected(struct cluster *cluster)
{
	int waiting = cluster->waiting;

	if (cluster->workers)
		return;
	cluster->waiting = 0;
	while (waiting-- > 0)
		if (cluster->events->disconnected)
			cluster->events->disconnected(cluster);
}

static void
free_tick(struct cluster_tick *tick)
{
	json_decref(tick->settings);
	free(tick);
}

static void
tell(struct cluster *cluster, const struct cluster_tick *tick)
{
	if (tick->kind == TICK_FORK && tick->worker)
		cluster_tick_fork(tick->worker);
	else if (tick->kind == TICK_DISCONNECTED)
		cluster_tick_disconnected(cluster);
	else if (tick->kind == TICK_SETUP && cluster->events->setup)
		cluster->events->setup(cluster, tick->settings);
}

/* One at a time, off the list: what is told may be answered with a fork. */
static void
on_tick(uv_timer_t *timer)
{
	struct cluster *cluster = timer->data;

	while (cluster->ticks) {
		struct cluster_tick *tick = cluster->ticks;

		cluster->ticks = tick->next;
		if (!cluster->ticks)
			cluster->last_tick = &cluster->ticks;
		tell(cluster, tick);
		free_tick(tick);
	}
}

int
cluster_tick_later(struct cluster *cluster, enum cluster_tick_kind kind,
                   struct cluster_worker *worker)
{
	struct cluster_tick *tick = calloc(1, sizeof(*tick));

	if (!tick)
		return -ENOMEM;
	tick->kind = kind;
	tick->worker = worker;
	if (kind == TICK_SETUP)
		tick->settings = json_copy(cluster->settings);
	*cluster->last_tick = tick;
	cluster->last_tick = &tick->next;
	return uv_timer_start(&cluster->tick, on_tick, 0, 0);
}

void
cluster_tick_forget(struct cluster_worker *worker)
{
	struct cluster_tick *tick = worker->cluster->ticks;

	for (; tick; tick = tick->next)
		if (tick->worker == worker)
			tick->worker = NULL;
}

void
cluster_tick_init(struct cluster *cluster)
{
	cluster->last_tick = &cluster->ticks;
	uv_timer_init(&cluster->loop->uv, &cluster->tick);
	cluster->tick.data = cluster;
}

void
cluster_tick_drop(struct cluster *cluster)
{
	while (cluster->ticks) {
		struct cluster_tick *next = cluster->ticks->next;

		free_tick(cluster->ticks);
		cluster->ticks = next;
	}
}
