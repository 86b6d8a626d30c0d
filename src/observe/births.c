#include "births.h"

#include "births_perf.h"
#include "connector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct births {
	enum births_source source;
	struct births_perf perf;
	int connector; /* -1: none */
	int epoll;
	struct birth_queue queue;
};

/* ---- the queue ---- */

void
birth_queue_add(struct birth_queue *queue, const struct birth_record *record)
{
	if (queue->first + queue->count == queue->room) {
		size_t room = queue->room ? queue->room * 2 : 256;
		void *bigger = NULL;

		if (queue->first > queue->room / 2) {
			memmove(queue->records, queue->records + queue->first,
			        queue->count * sizeof(*record));
			queue->first = 0;
		} else {
			bigger =
			    realloc(queue->records, room * sizeof(*record));
			if (!bigger) {
				queue->lost++;
				return;
			}
			queue->records = bigger;
			queue->room = room;
		}
	}
	queue->records[queue->first + queue->count++] = *record;
	queue->sorted = false;
}

struct birth_queue *
births_queue(struct births *births)
{
	return &births->queue;
}

/* Of two at the same time a birth is before an exec, that before an exit. */
static int
by_time(const void *a, const void *b)
{
	const struct birth_record *one = a, *other = b;

	if (one->time != other->time)
		return one->time < other->time ? -1 : 1;
	return (int)one->kind - (int)other->kind;
}

bool
births_next(struct births *births, uint64_t until, struct birth_record *record)
{
	struct birth_queue *queue = &births->queue;
	struct birth_record *first = queue->records + queue->first;

	if (!queue->count)
		return false;
	if (!queue->sorted)
		qsort(first, queue->count, sizeof(*first), by_time);
	queue->sorted = true;
	if (first->time > until)
		return false;
	*record = *first;
	queue->count--;
	queue->first = queue->count ? queue->first + 1 : 0;
	return true;
}

/* ---- sources ---- */

static bool
open_perf(struct births *births, enum births_source source, int epoll)
{
	births_perf_init(&births->perf, epoll);
	if (source == BIRTHS_MACHINE)
		return births_perf_add(&births->perf, -1) == 0;
	/* Whether we may is known only when it has been tried. */
	if (births_perf_add(&births->perf, getpid()))
		return false;
	births_perf_close(&births->perf);
	births_perf_init(&births->perf, epoll);
	return true;
}

static void
open_connector(struct births *births)
{
	struct epoll_event ready = {.events = EPOLLIN};

	births->connector = connector_open(births->source >= BIRTHS_TREE);
	if (births->connector < 0) {
		births->connector = -1;
		return;
	}
	/* With perf it is read when perf is: waking us for each exit would cost
	 * more than it brings. */
	if (births->source < BIRTHS_TREE)
		epoll_ctl(births->epoll, EPOLL_CTL_ADD, births->connector,
		          &ready);
}

int
births_open(struct births **births, enum births_source best, int epoll)
{
	struct births *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	if (best >= BIRTHS_MACHINE && open_perf(made, BIRTHS_MACHINE, epoll))
		made->source = BIRTHS_MACHINE;
	else if (best >= BIRTHS_TREE && open_perf(made, BIRTHS_TREE, epoll))
		made->source = BIRTHS_TREE;
	made->connector = -1;
	made->epoll = epoll;
	if (best >= BIRTHS_CONNECTOR)
		open_connector(made);
	if (made->source == BIRTHS_NONE && made->connector >= 0)
		made->source = BIRTHS_CONNECTOR;
	*births = made;
	return 0;
}

void
births_close(struct births *births)
{
	if (!births)
		return;
	if (births->source >= BIRTHS_TREE)
		births_perf_close(&births->perf);
	if (births->connector >= 0)
		close(births->connector);
	free(births->queue.records);
	free(births);
}

enum births_source
births_source(const struct births *births)
{
	return births->source;
}

bool
births_has_status(const struct births *births)
{
	return births->connector >= 0;
}

int
births_add(struct births *births, pid_t tid)
{
	return births->source == BIRTHS_TREE
	           ? births_perf_add(&births->perf, tid)
	           : 0;
}

bool
births_fall_back(struct births *births)
{
	if (births->source < BIRTHS_TREE || births->connector < 0)
		return false;
	births_perf_close(&births->perf);
	close(births->connector);
	births->source = BIRTHS_NONE;
	open_connector(births);
	if (births->connector >= 0)
		births->source = BIRTHS_CONNECTOR;
	return births->connector >= 0;
}

void
births_collect(struct births *births)
{
	bool has_perf = births->source >= BIRTHS_TREE;
	uint64_t lost;

	if (has_perf)
		births_perf_collect(&births->perf, &births->queue);
	lost = births->queue.lost;
	if (births->connector >= 0)
		connector_collect(births->connector, has_perf, &births->queue);
	/* It knew how some ended; their births are not missed. */
	if (has_perf)
		births->queue.lost = lost;
}

uint64_t
births_lost(const struct births *births)
{
	return births->queue.lost;
}

uint64_t
births_forks(void)
{
	FILE *file = fopen("/proc/stat", "re");
	char line[256];
	uint64_t forks = 0;

	/* The line of all interrupts is long: it comes in parts. */
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "processes ", 10) == 0)
			forks = strtoull(line + 10, NULL, 10);
	if (file)
		fclose(file);
	return forks;
}
