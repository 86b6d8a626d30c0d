/* The ways: a child process, a worker of a cluster, a worker thread, the
 * pool. */
#include "compare.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static json_t *
order_of(const char *order)
{
	return order ? json_pack("{s:s}", "load", order)
	             : json_pack("{s:i}", "ping", 1);
}

/* ---- a child process ---- */

static void
on_child_message(struct child *child, json_t *message, bool has_handle)
{
	(void)message;
	(void)has_handle;
	compare_answer(child->data);
}

static void
on_child_close(struct child *child)
{
	compare_ended(child->data);
}

static const struct child_events child_events = {
    .message = on_child_message,
    .close = on_child_close,
};

static int
child_start(struct compare_one *one)
{
	static const char *const args[] = {"1", NULL};

	one->child.data = one;
	return child_fork(&one->child, &one->compare->loop, BIRTH_FORK,
	                  "@child", args, NULL, &child_events);
}

static int
child_ask(struct compare_one *one, const char *order)
{
	json_t *message = order_of(order);
	int error = channel_send(&one->child.channel, message);

	json_decref(message);
	return error;
}

static void
child_end(struct compare_one *one)
{
	child_disconnect(&one->child);
}

/* ---- a worker of a cluster ---- */

static struct compare_one *
one_of(struct cluster *cluster, const struct cluster_worker *worker)
{
	struct compare *compare = cluster->data;

	for (int i = 0; i < compare->count; i++)
		if (compare->ones[i].member == worker)
			return &compare->ones[i];
	return NULL;
}

static void
on_member_message(struct cluster *cluster, struct cluster_worker *worker,
                  json_t *message, bool has_handle)
{
	struct compare_one *one = one_of(cluster, worker);

	(void)message;
	(void)has_handle;
	if (one)
		compare_answer(one);
}

static void
on_member_exit(struct cluster *cluster, struct cluster_worker *worker, int code,
               int signal)
{
	struct compare_one *one = one_of(cluster, worker);

	(void)code;
	(void)signal;
	if (!one)
		return;
	one->member = NULL;
	compare_ended(one);
}

static const struct cluster_events cluster_events = {
    .message = on_member_message,
    .exit = on_member_exit,
};

static void
open_cluster(struct compare *compare)
{
	const struct cluster_settings settings = {
	    .exec_path = "",
	    .exec_args = (const char *const[]){NULL},
	    .exec = "@compare-worker",
	    .args = (const char *const[]){NULL},
	    .silent = CLUSTER_SILENT,
	};

	cluster_init(&compare->cluster, &compare->loop, &cluster_events);
	compare->cluster.data = compare;
	cluster_setup(&compare->cluster, &settings);
}

static int
member_start(struct compare_one *one)
{
	int error = 0;

	if (!one->compare->cluster.loop)
		open_cluster(one->compare);
	one->member = cluster_fork(&one->compare->cluster, NULL, &error);
	return one->member ? 0 : error;
}

static int
member_ask(struct compare_one *one, const char *order)
{
	json_t *message = order_of(order);
	int error = cluster_worker_send(one->member, message);

	json_decref(message);
	return error;
}

static void
member_end(struct compare_one *one)
{
	cluster_worker_kill(one->member, SIGTERM);
}

/* ---- a worker thread ---- */

static void
on_thread_message(struct worker *worker, struct message *answer)
{
	(void)answer;
	compare_answer(worker->data);
}

static void
on_thread_exit(struct worker *worker, int code)
{
	(void)code;
	compare_ended(worker->data);
}

static const struct worker_events worker_events = {
    .message = on_thread_message,
    .exit = on_thread_exit,
};

static int
thread_start(struct compare_one *one)
{
	int error = worker_start(&one->worker, &one->compare->loop,
	                         &work_script, NULL, &worker_events);

	one->worker.data = one;
	return error;
}

static int
thread_ask(struct compare_one *one, const char *order)
{
	json_t *message = order_of(order);
	char text[256];
	size_t length = json_dumpb(message, text, sizeof(text), JSON_COMPACT);

	json_decref(message);
	return worker_post(&one->worker, text, length);
}

static void
thread_end(struct compare_one *one)
{
	worker_terminate(&one->worker);
}

/* ---- the pool ---- */

static void
on_pool_run(struct pool_work *pool)
{
	struct compare_one *one = pool->data;

	if (one->work.load)
		work_run(&one->work, NULL);
}

static void
on_pool_done(struct pool_work *pool)
{
	compare_answer(pool->data);
}

static int
pool_start(struct compare_one *one)
{
	(void)one;
	return 0;
}

static int
pool_ask(struct compare_one *one, const char *order)
{
	one->work.load = NULL;
	if (order)
		work_parse_text(&one->work, order);
	return pool_submit(&one->pool, &one->compare->loop, "work", on_pool_run,
	                   on_pool_done, one);
}

static void
pool_end(struct compare_one *one)
{
	compare_ended(one);
}

/* ---- the table ---- */

const struct compare_way compare_ways[] = {
    {"pool thread", false, true, pool_start, pool_ask, pool_end},
    {"worker thread", false, false, thread_start, thread_ask, thread_end},
    {"child process", true, false, child_start, child_ask, child_end},
    {"cluster worker", true, false, member_start, member_ask, member_end},
};

const int compare_way_count = sizeof(compare_ways) / sizeof(*compare_ways);

int
compare_pid(const struct compare_way *way, const struct compare_one *one)
{
	if (!way->is_process)
		return getpid();
	return one->member ? one->member->child.pid : one->child.pid;
}
