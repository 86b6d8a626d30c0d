/*
 * compare: the ways to have work done elsewhere than on one's own loop,
 * measured one beside the other.
 *
 * compare_main.c measures, compare_ways.c knows how each way is started, asked
 * and ended.
 */
#ifndef STAGE_COMPARE_H
#define STAGE_COMPARE_H

#include "work.h"

#include "runtime/cluster.h"
#include "runtime/pool.h"
#include "runtime/worker_scope.h"

enum { COMPARE_MOST = 8 };

/* One that is started: a process, a thread. */
struct compare_one {
	struct compare *compare;
	int answers; /* that have come */
	bool exists; /* until its end was told */
	struct child child;
	struct worker worker;
	struct cluster_worker *member;
	struct pool_work pool;
	struct work work; /* of the pool */
};

struct compare {
	struct loop loop;
	struct cluster cluster;
	struct compare_one ones[COMPARE_MOST];
	int count; /* of them that are started */
	int alive;
	bool failed;
	void (*answered)(struct compare_one *one); /* NULL: only counted */
	uint64_t until;                            /* for `answered` */
	const struct compare_way *way;             /* the same */
	uv_timer_t deadline;
};

/* How each way does it: 0 or -errno. An answer comes for each that is asked,
 * compare_answer(). `order`: "fib(30)"; NULL: only to answer. */
struct compare_way {
	const char *name;
	bool is_process; /* of its own */
	bool at_once;    /* all of them start with the first */
	int (*start)(struct compare_one *one);
	int (*ask)(struct compare_one *one, const char *order);
	void (*end)(struct compare_one *one);
};

extern const struct compare_way compare_ways[];
extern const int compare_way_count;

/* One has answered; has ended. */
void compare_answer(struct compare_one *one);
void compare_ended(struct compare_one *one);

/* The process of it; ours when it has none of its own. */
int compare_pid(const struct compare_way *way, const struct compare_one *one);

#endif
