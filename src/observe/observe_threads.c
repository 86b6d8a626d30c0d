/*
 * The threads of a watched process.
 *
 * A process whose CPU clock stands still has run no thread: nothing is read
 * then. Otherwise each thread's schedstat is read through a descriptor that is
 * kept open (half a microsecond), and only threads that have run are looked at
 * more closely. A thread that is gone makes that read fail; the directory is
 * listed when that happens or when the number of threads has changed. Out of
 * descriptors, the file is opened for each read.
 */
#include "watched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All threads are looked at often while a process is young. */
enum { SWEEP_NS = 90000000, YOUNG_NS = 1000000000 };

/* For how long a thread that sleeps is left alone, and the CPU time that may be
 * its without a look. */
enum { ASK_NS = 1000000000, HIDDEN_NS = 100000 };

bool
watched_may_keep(const struct observe *observe)
{
	return observe->fds < observe->fds_max;
}

int
watched_keep(struct observe *observe, int fd)
{
	if (fd < 0)
		return -1;
	observe->fds++;
	return fd;
}

void
watched_drop(struct observe *observe, int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
	observe->fds--;
}

void
watched_free_thread(struct observe *observe, struct watched *process,
                    struct watched_thread *thread)
{
	process->loops -= watched_is_loop(thread);
	watched_free_loop(observe, thread);
	watched_drop(observe, &thread->fd);
	watched_drop_clock(observe, thread);
}

void
watched_let_go(struct observe *observe, struct watched *process)
{
	for (int i = 0; i < process->thread_count; i++)
		watched_free_thread(observe, process, &process->threads[i]);
	process->thread_count = 0;
	if (process->pidfd >= 0)
		close(process->pidfd);
	process->pidfd = -1;
}

void
watched_free(struct observe *observe, struct watched *process)
{
	watched_let_go(observe, process);
	free(process->threads);
	free(process);
}

void
watched_end(struct observe *observe, struct watched *process, uint64_t now)
{
	for (int i = 0; i < process->thread_count; i++)
		watched_end_block(observe, process, &process->threads[i], now);
}

/* ---- a look at a process ---- */

struct finding {
	struct observe *observe;
	pid_t parent;
	uint64_t now;
};

static void
found_child(void *data, pid_t pid)
{
	struct finding *finding = data;

	observe_found(finding->observe, pid, finding->parent, finding->now);
}

static void
look_for_children(const struct watched *process,
                  const struct watched_thread *thread, struct finding *finding)
{
	int fd = thread->loop ? thread->loop->children_fd : -1;

	if (fd >= 0)
		procfs_reread_children(fd, found_child, finding);
	else
		procfs_children(process->pid, thread->tid, found_child,
		                finding);
}

static int
read_sched(struct observe *observe, struct watched *process,
           struct watched_thread *thread)
{
	bool keep = thread->fd < 0 && watched_may_keep(observe);
	int fd = thread->fd, error;

	if (fd < 0)
		fd = procfs_open_sched(process->pid, thread->tid);
	if (fd < 0)
		return fd;
	error = procfs_read_sched(fd, &thread->sched);
	if (keep)
		thread->fd = watched_keep(observe, fd);
	else if (thread->fd < 0)
		close(fd);
	/* Exact clocks may know more already. */
	if (!error && thread->sched.run_ns > thread->used)
		thread->used = thread->sched.run_ns;
	return error;
}

static bool
ran_since(const struct watched_thread *thread, const struct procfs_sched *last)
{
	return last->run_ns != thread->sched.run_ns ||
	       last->slices != thread->sched.slices;
}

/* Of a process that tells of itself only the CPU time is read, and threads that
 * have slept for long have used none, as long as the others account for what
 * the process has used. Once a second all are asked. */
static bool
rests(const struct watched *process, const struct watched_thread *thread,
      uint64_t now)
{
	return process->speaks && thread->still == WATCHED_STILL &&
	       now - process->asked < ASK_NS;
}

/* CPU time of the process that none of its threads accounts for. */
static uint64_t
unexplained(const struct watched *process)
{
	uint64_t sum = 0;

	for (int i = 0; i < process->thread_count; i++)
		sum += process->threads[i].sched.run_ns;
	return process->clock - sum;
}

/* Looks at the threads from place `first` on; false: one of them is gone. */
static bool
look_at_threads(struct observe *observe, struct watched *process, int first,
                uint64_t now)
{
	struct finding finding = {observe, process->pid, now};
	bool all = true;

	for (int i = first; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];
		struct procfs_sched before = thread->sched;
		bool ran;

		if (rests(process, thread, now))
			continue;
		if (read_sched(observe, process, thread)) {
			all = false;
			continue;
		}
		ran = ran_since(thread, &before);
		thread->still = ran ? 0
		                : thread->still < WATCHED_STILL
		                    ? thread->still + 1
		                    : WATCHED_STILL;
		if (ran && observe->any_births)
			look_for_children(process, thread, &finding);
		watched_look_at_call(observe, process, thread, ran, now);
		if (watched_is_loop(thread) && !process->speaks)
			watched_tell_turns(observe, process, thread, now);
	}
	return all;
}

/* Between looks at all threads the loops get theirs. Those whose switches are
 * told need no schedstat for that. */
static bool
look_at_loops(struct observe *observe, struct watched *process, uint64_t now)
{
	struct finding finding = {observe, process->pid, now};
	bool all = true;

	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];
		struct procfs_sched before = thread->sched;
		bool ran = false;

		if (!watched_is_loop(thread))
			continue;
		if (thread->loop->ring.fd >= 0)
			ran = perf_has_switches(&thread->loop->ring);
		else
			all &= !read_sched(observe, process, thread);
		if (thread->loop->ring.fd < 0)
			ran = ran_since(thread, &before);
		if (ran && observe->any_births)
			look_for_children(process, thread, &finding);
		watched_look_at_call(observe, process, thread, ran, now);
		watched_tell_turns(observe, process, thread, now);
	}
	return all &&
	       (!observe->any_births ||
	        procfs_thread_count(process->pid) == process->thread_count);
}

/* Whether any process or thread was born on this machine since the round
 * before. Where that cannot be read, maybe. */
static void
ask_for_births(struct observe *observe, uint64_t now)
{
	uint32_t last = observe->births;
	int error;

	if (observe->births_at == now)
		return;
	error = procfs_read_births(observe->birth_fd, &last);
	observe->any_births = error || last != observe->births;
	observe->births = last;
	observe->births_at = now;
}

/* The earliest time at which a thread that is no loop wants to be looked at
 * although nothing moves. */
static uint64_t
next_look(const struct watched *process)
{
	uint64_t next = UINT64_MAX;

	for (int i = 0; i < process->thread_count; i++) {
		const struct watched_thread *thread = &process->threads[i];

		if (!watched_is_loop(thread) && thread->next_look < next &&
		    (thread->moved || thread->looks < LOOP_WATCH_SEEN))
			next = thread->next_look;
	}
	return next;
}

/* Whether all threads are to be looked at, and not only the loops. */
static bool
needs_sweep(const struct watched *process, uint64_t now)
{
	return !process->loops || process->speaks ||
	       now - process->noticed < YOUNG_NS ||
	       now - process->swept >= SWEEP_NS;
}

/* All threads, but for those that rest: unless what these do not account for
 * has grown. */
static bool
look_at_all(struct observe *observe, struct watched *process, uint64_t now)
{
	bool due = now - process->asked >= ASK_NS, all;

	if (due)
		process->asked = 0;
	all = look_at_threads(observe, process, 0, now);
	if (!due && process->speaks &&
	    (int64_t)(unexplained(process) - process->hidden) > HIDDEN_NS) {
		process->asked = 0;
		due = true;
		all = look_at_threads(observe, process, 0, now);
	}
	if (due) {
		process->asked = now;
		process->hidden = unexplained(process);
	}
	return all;
}

void
watched_look(struct observe *observe, struct watched *process, uint64_t now)
{
	bool is_new = process->swept == 0, all;

	ask_for_births(observe, now);
	process->moved = now;
	watched_announce(observe, process, now);
	if (!needs_sweep(process, now) && look_at_loops(observe, process, now))
		return;
	process->swept = now;
	/* It may have had children before it was watched. */
	observe->any_births |= is_new;
	all = look_at_all(observe, process, now);
	/* A new one may sleep by now: there is no better time to look. */
	if (!all || procfs_thread_count(process->pid) != process->thread_count)
		look_at_threads(observe, process,
		                watched_list_threads(observe, process, now),
		                now);
	process->next_look = next_look(process);
}

void
watched_still(struct observe *observe, struct watched *process, uint64_t now)
{
	bool due = now >= process->next_look;

	watched_announce(observe, process, now);
	if (!process->loops && !due)
		return;
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];

		if (!due && !thread->loop)
			continue;
		watched_look_at_call(observe, process, thread, false, now);
		if (thread->loop)
			thread->loop->turned_at = now;
	}
	if (due)
		process->next_look = next_look(process);
}
