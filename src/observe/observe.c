/*
 * The rounds of looking at what is watched.
 *
 * Every read may find its process gone; that is no error. What we may not see
 * is left out.
 */
#include "channels.h"
#include "nursery.h"

#include "pidfd.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { GAUGE_NS = 100000000, HOLD_NS = 200000000 };
enum { YOUNG_NS = 2000000000 };
enum { FDS_LEAST = 128, FDS_MOST = 8192 };
#define MEASURE_NS 1000000000ull

void
observe_tell(struct observe *observe, const struct event *event,
             const char *text)
{
	struct event head = *event;
	size_t length = text ? strlen(text) : 0;

	head.magic = EVENT_MAGIC;
	head.text =
	    (uint16_t)(length < EVENT_TEXT_MAX ? length : EVENT_TEXT_MAX);
	if (event->kind == EVENT_PROCESS_BORN ||
	    (event->kind == EVENT_THREAD_BORN && event->tid != event->pid))
		nursery_count(observe->nursery);
	observe->put(observe->data, &head, text ? text : "");
}

struct watched *
observe_find(struct observe *observe, pid_t pid)
{
	for (int i = 0; i < observe->count; i++)
		if (observe->rows[i]->pid == pid && !observe->rows[i]->dead)
			return observe->rows[i];
	return NULL;
}

/* ---- rounds ---- */

/* execve(2) moves the stack; comparing where it starts finds it also when the
 * name stays. */
void
observe_look_for_exec(struct observe *observe, struct watched *process,
                      uint64_t now)
{
	struct event event = {
	    .kind = EVENT_PROCESS_EXEC,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)process->pid,
	};
	struct fact fact;

	if (process->speaks ||
	    facts_glance(observe->facts, process->pid, &fact) ||
	    fact.image == process->image || !fact.image)
		return;
	process->image = fact.image;
	if (facts_read(observe->facts, process->pid, &fact) == 0)
		observe_tell(observe, &event, fact.command);
}

static void
measure(struct observe *observe, struct watched *process, uint64_t now)
{
	struct event event = {
	    .kind = EVENT_PROCESS_GAUGE,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)process->pid,
	};
	struct fact fact;
	int fds = procfs_fd_count(process->pid);

	if (facts_glance(observe->facts, process->pid, &fact))
		return;
	event.value = fact.rss_kb;
	event.size = fact.threads;
	event.number = fds > 0 ? (uint64_t)fds : 0;
	observe_tell(observe, &event, NULL);
}

/* One that has slept for long, and is no loop, is asked every other round
 * whether it still does. */
static bool
is_asleep(const struct observe *observe, const struct watched *process,
          uint64_t now)
{
	return process->moved == UINT64_MAX && !process->loops &&
	       !process->ended && now - process->noticed > YOUNG_NS &&
	       ((unsigned)process->pid ^ observe->rounds) & 1;
}

/* Of one that tells of itself only gauges are wanted, and its end is told. The
 * kernel adds up all threads for a process' clock. */
static bool
tells_all(const struct watched *process)
{
	return process->speaks && process->pidfd >= 0 && !process->ended;
}

static void
sample_process(struct observe *observe, struct watched *process, uint64_t now,
               bool gauge)
{
	uint64_t clock, age = now - process->noticed;
	struct fact fact;
	bool moved;

	if (is_asleep(observe, process, now) || (tells_all(process) && !gauge))
		return;
	if (process->ended || procfs_clock(process->pid, &clock)) {
		if (process->ended || process->pidfd < 0)
			observe_end(observe, process, now);
		return;
	}
	moved = clock != process->clock;
	/* The runtime's children are seen by the runtime itself. */
	if (process->speaks) {
		process->clock = clock;
		return;
	}
	if (!process->announced && age > HOLD_NS &&
	    facts_read(observe->facts, process->pid, &fact) == 0)
		observe_announce(observe, process, &fact, process->born);
	/* Held back it has not been looked at: then it will have moved. */
	if (!process->announced)
		return;
	process->clock = clock;
	if (moved && age < HOLD_NS)
		observe_look_for_exec(observe, process, now);
	if (moved)
		watched_look(observe, process, now);
	else
		watched_still(observe, process, now);
}

/* Ten times a second: what has moved since the last time. */
static void
gauge_process(struct observe *observe, struct watched *process, uint64_t now)
{
	if (process->clock == process->gauge_clock || !process->announced)
		return;
	process->gauge_clock = process->clock;
	if (process->speaks)
		watched_look(observe, process, now);
	else if (now - process->noticed < YOUNG_NS)
		observe_look_for_exec(observe, process, now);
	watched_gauge(observe, process, now, now - observe->gauged);
}

static void
measure_process(struct observe *observe, struct watched *process, uint64_t now)
{
	if (!process->announced)
		return;
	watched_measure(observe, process, now, now - observe->measured);
	if (process->clock == process->facts_clock)
		return;
	process->facts_clock = process->clock;
	observe_look_for_exec(observe, process, now);
	measure(observe, process, now);
}

bool
watched_lasts(const struct watched *process)
{
	return process->pidfd >= 0 && pidfd_signal(process->pidfd, 0) != -ESRCH;
}

/* Where the kernel tells of births, looking for them too is a precaution. */
static bool
looks_for_births(const struct observe *observe)
{
	return !observe->nursery ||
	       nursery_source(observe->nursery) == BIRTHS_NONE;
}

void
observe_anchor(struct observe *observe, pid_t pid)
{
	observe->anchor = pid;
}

static void
found_orphan(void *data, pid_t pid)
{
	struct observe *observe = data;

	observe_found(observe, pid, observe->anchor, observe->sampled);
}

void
observe_sample(struct observe *observe, uint64_t now)
{
	bool gauge = now - observe->gauged >= GAUGE_NS;
	bool measures = now - observe->measured >= MEASURE_NS;

	observe->sampled = now;
	observe->rounds++;
	nursery_round(observe, now, false);
	if (observe->anchor && (measures || looks_for_births(observe)))
		procfs_children(observe->anchor, observe->anchor, found_orphan,
		                observe);
	/* Rows are added behind while we look; they had their first look. */
	for (int i = 0, count = observe->count; i < count; i++) {
		struct watched *process = observe->rows[i];

		if (!process->dead)
			sample_process(observe, process, now,
			               gauge || measures);
		if (gauge && !process->dead)
			gauge_process(observe, process, now);
		if (measures && !process->dead)
			measure_process(observe, process, now);
	}
	if (gauge)
		observe->gauged = now;
	if (measures) {
		nursery_gauge(observe, now);
		observe->measured = now;
	}
	observe_remove_gone(observe, now);
	if (channels_are_due(observe, now))
		channels_look(observe, now);
}

void
observe_births(struct observe *observe, enum births_source best)
{
	nursery_free(observe->nursery);
	observe->nursery = nursery_new(best, observe->epoll);
}

void
observe_root(struct observe *observe, pid_t pid)
{
	nursery_root(observe->nursery, pid);
}

void
observe_finish(struct observe *observe, uint64_t now)
{
	for (int i = 0; i < observe->count; i++)
		if (observe->rows[i]->ended)
			observe_end(observe, observe->rows[i], UINT64_MAX);
	nursery_round(observe, now, true);
	nursery_gauge(observe, now);
}

/* ---- life ---- */

/* How many descriptors may be kept open for threads: the rest is for
 * processes, channels and files. */
static int
raise_limit(void)
{
	struct rlimit limit;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return FDS_LEAST;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return FDS_LEAST;
	most = limit.rlim_cur / 2;
	return most > FDS_MOST ? FDS_MOST : (int)most;
}

int
observe_new(struct observe **observe, observe_put put, void *data)
{
	struct observe *made = calloc(1, sizeof(*made));
	struct timespec now;
	int error;

	if (!made)
		return -ENOMEM;
	made->put = put;
	made->data = data;
	made->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = made->epoll < 0 ? -errno : facts_new(&made->facts);
	if (error) {
		if (made->epoll >= 0)
			close(made->epoll);
		free(made);
		return error;
	}
	made->channels = channels_new();
	made->fds_max = raise_limit();
	made->perf = perf_probe();
	made->birth_fd = procfs_open_births();
	clock_gettime(CLOCK_MONOTONIC, &now);
	made->sampled =
	    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	made->gauged = made->measured = made->sampled;
	made->keeps_status = pidfd_keeps_status();
	*observe = made;
	return 0;
}

void
observe_free(struct observe *observe)
{
	if (!observe)
		return;
	for (int i = 0; i < observe->count; i++)
		watched_free(observe, observe->rows[i]);
	free(observe->rows);
	nursery_free(observe->nursery);
	channels_free(observe->channels);
	facts_free(observe->facts);
	close(observe->epoll);
	if (observe->birth_fd >= 0)
		close(observe->birth_fd);
	free(observe);
}

static bool
process_is_same(struct observe *observe, const struct watched *process)
{
	struct fact fact;

	return facts_glance(observe->facts, process->pid, &fact) == 0 &&
	       fact.start == process->start;
}

int
observe_signal(struct observe *observe, pid_t pid, uint64_t since, int signal)
{
	struct watched *process = observe_find(observe, pid);

	if (!process || process->noticed > since)
		return -ESRCH;
	/* Without a pidfd the start time has to do. */
	if (process->pidfd >= 0)
		return pidfd_signal(process->pidfd, signal);
	return process_is_same(observe, process) && kill(pid, signal) == 0
	           ? 0
	           : -ESRCH;
}

void
observe_forbid_perf(struct observe *observe)
{
	observe->perf = -EPERM;
}
