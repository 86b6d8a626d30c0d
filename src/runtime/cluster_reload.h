/*
 * cluster_reload: what keeps a cluster up and brings it up to date. Node has
 * neither; programs around it do (its documentation shows the first by hand).
 *
 * Respawn: a worker that went without being told to is forked again, at once
 * when it had listened for `stable_ms`, else after a pause that doubles from
 * `first_ms` to `most_ms`. When `stop_after` in a row ended before they
 * listened, it stops, and a note says so. Ports outlive their last worker while
 * another is to come: whoever connects meanwhile waits instead of being
 * refused.
 *
 * Reload: one after the other, a new worker is forked; when it listens on as
 * many ports as the old one, the old one is disconnected, and killed when it
 * has not ended after the deadline. With round robin no connection is refused
 * and none is lost that ends before the deadline.
 */
#ifndef RUNTIME_CLUSTER_RELOAD_H
#define RUNTIME_CLUSTER_RELOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct cluster;
struct cluster_worker;

struct cluster_respawn_options {
	uint64_t first_ms, most_ms; /* 0: 50, 5000 */
	uint64_t stable_ms;
	int stop_after; /* 0: 5 */
};

struct cluster_respawn {
	struct cluster_respawn_options options;
	bool is_on;
	int quick;      /* ended in a row before they were stable */
	int hopeless;   /* the same, before they listened */
	uint64_t count; /* workers that were forked again */
	json_t *due;    /* the env of each that is to be forked */
	uv_timer_t timer;
};

struct cluster_reload {
	bool is_on;
	int last;       /* the highest id that is to be replaced */
	int old, fresh; /* ids of the pair in work; 0: none */
	int listens;    /* of the old one, as the pair began */
	int failed;     /* id of a new one that ended too early */
	struct cluster_worker *leaving; /* the old one, on its way out */
	uint64_t deadline_ms;
	uv_timer_t timer;
};

/* Switches respawn on (options are copied; zeros: the usual) or, with NULL,
 * off. */
void cluster_respawn_set(struct cluster *cluster,
                         const struct cluster_respawn_options *options);

/* Replaces all workers of the table. `reloaded` follows: 0; -ECHILD: a new
 * worker ended before it listened, the old ones that are left stay; or what
 * cluster_fork() said. Returns -EALREADY when one is going on, -ESRCH when
 * there is no worker. */
int cluster_reload(struct cluster *cluster, uint64_t deadline_ms);

#endif
