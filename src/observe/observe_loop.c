/*
 * What call a thread is in, and what follows from it: that it is a loop, that
 * the loop is blocked, that it is free.
 *
 * Where the kernel gives us the switches of a loop's thread they say when it
 * was away from poll, and one look a sleep says where else it slept. Elsewhere
 * every look counts (loop_watch.h).
 */
#include "watched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OFTEN_NS = 100000000, RARELY_NS = 1000000000, SWITCHES = 1024 };
#define YOUNG_NS 1000000000ull
#define MATURE_NS 3000000000ull
#define HURRY_NS 1000000000ull

bool
watched_is_loop(const struct watched_thread *thread)
{
	return thread->loop && thread->loop->watch.is_loop;
}

/* ---- a look ---- */

/* Whether the descriptor we took for the loop's own still is an epoll one. */
static bool
is_own_gone(const struct watched *process, const struct loop_watch *watch)
{
	char link[64];
	int error;

	if (!watch->is_loop || watch->epfd < 0)
		return false;
	error = procfs_read_fd(process->pid, watch->epfd, link, sizeof(link));
	return error == -ENOENT ||
	       (!error && strcmp(link, "anon_inode:[eventpoll]") != 0);
}

/* Facts that only the cause of a block needs: asleep, and not in poll. */
static void
look_closer(struct watched *process, struct watched_thread *thread,
            struct loop_sample *sample, char what[LOOP_CAUSE_BYTES])
{
	const struct loop_watch *watch = &thread->loop->watch;
	char link[256];
	int epfd;

	if (!watch->is_loop || sample->call.running)
		return;
	if (loop_watch_is_wait(&sample->call, &epfd)) {
		sample->own_gone =
		    epfd != watch->epfd && is_own_gone(process, watch);
		return;
	}
	sample->state = procfs_read_state(process->pid, thread->tid);
	if (loop_cause_has_fd(&sample->call) &&
	    procfs_read_fd(process->pid, (int)sample->call.args[0], link,
	                   sizeof(link)) == 0) {
		loop_cause_name_fd(link, what);
		sample->what = what;
	}
}

static int
read_call(const struct watched *process, const struct watched_thread *thread,
          struct procfs_syscall *call)
{
	int fd = thread->loop ? thread->loop->call_fd : -1;

	return fd >= 0 ? procfs_reread_syscall(fd, call)
	               : procfs_read_syscall(process->pid, thread->tid, call);
}

/* A loop in its poll has done whatever it did; only away from it matters
 * whether it does I/O. */
static void
read_io(const struct watched *process, const struct watched_thread *thread,
        struct loop_sample *sample)
{
	const struct watched_loop *loop = thread->loop;
	int error =
	    loop->io_fd >= 0
		? procfs_reread_io(loop->io_fd, &sample->io)
		: procfs_read_io(process->pid, thread->tid, &sample->io);

	sample->has_io = !error;
}

/* ---- loops by their switches ---- */

struct teller {
	struct observe *observe;
	struct watched *process;
	struct watched_thread *thread;
	uint64_t now;
	bool told;
};

static void
tell_exact(void *data, enum loop_news news, uint64_t length)
{
	struct teller *teller = data;

	watched_tell_news(teller->observe, teller->process, teller->thread,
	                  news, teller->told, teller->now, length);
	teller->told = news == LOOP_BLOCKS;
}

static uint64_t
clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Its CPU time is the sum of its slices. What was missing when the ring was
 * opened shows as soon as the thread has slept. */
static void
count_slices(struct watched_thread *thread, uint64_t time)
{
	struct watched_loop *loop = thread->loop;
	uint64_t run = loop_exact_run(&loop->exact, time);

	if (thread->sched.run_ns > loop->base + run)
		loop->base = thread->sched.run_ns - run;
	if (loop->base + run > thread->used)
		thread->used = loop->base + run;
}

/* Looks at the call only of one that sleeps; the records behind the look tell
 * whether it still did when the look was over. */
static int
look_at_sleeper(struct teller *teller, struct loop_sample *sample,
                struct perf_switch switches[SWITCHES], int *count)
{
	struct watched_loop *loop = teller->thread->loop;
	bool sleeps = *count ? switches[*count - 1].turn == PERF_TURN_ASLEEP
	                     : loop->exact.state != LOOP_ON_CPU;

	sample->call.running = true;
	sample->call.number = -1;
	if (!sleeps)
		return 0;
	if (read_call(teller->process, teller->thread, &sample->call))
		return -1;
	*count += perf_read_switches(&loop->ring, switches + *count,
	                             SWITCHES - *count);
	return 0;
}

/* The time of a look must be the records' time, not the caller's. */
static void
look_exactly(struct teller *teller)
{
	struct watched_thread *thread = teller->thread;
	struct watched_loop *loop = thread->loop;
	struct perf_switch switches[SWITCHES];
	struct loop_sample sample = {0};
	char what[LOOP_CAUSE_BYTES];
	int count;

	teller->told = loop->watch.blocked;
	teller->now = clock_now();
	if (!perf_has_switches(&loop->ring) &&
	    loop_exact_is_placed(&loop->exact)) {
		loop_exact_still(&loop->exact, teller->now, teller);
		return;
	}
	count = perf_read_switches(&loop->ring, switches, SWITCHES);
	sample.time = teller->now = clock_now();
	if (look_at_sleeper(teller, &sample, switches, &count))
		return;
	read_io(teller->process, thread, &sample);
	look_closer(teller->process, thread, &sample, what);
	loop_exact_take(&loop->exact, &sample, clock_now(), switches, count,
	                teller);
	count_slices(thread, clock_now());
}

/* ---- loops by samples ---- */

static void
look_by_sample(struct observe *observe, struct watched *process,
               struct watched_thread *thread, uint64_t now)
{
	struct loop_watch *watch = &thread->loop->watch;
	struct loop_sample sample = {.time = now, .sched = thread->sched};
	char what[LOOP_CAUSE_BYTES];
	enum loop_news news;
	uint64_t length;
	bool told = watch->blocked;
	int epfd;

	if (read_call(process, thread, &sample.call))
		return;
	if (watch->is_loop &&
	    !(loop_watch_is_wait(&sample.call, &epfd) && epfd == watch->epfd))
		read_io(process, thread, &sample);
	look_closer(process, thread, &sample, what);
	news = loop_watch_sample(watch, &sample, &length);
	watched_tell_news(observe, process, thread, news, told, now, length);
}

/* ---- becoming a loop ---- */

static struct watched_loop *
new_loop(void)
{
	struct watched_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->ring.fd = loop->call_fd = -1;
	loop->io_fd = loop->children_fd = -1;
	return loop;
}

static int
keep(struct observe *observe, const struct watched *process,
     const struct watched_thread *thread, const char *name)
{
	if (!watched_may_keep(observe))
		return -1;
	return watched_keep(
	    observe, procfs_open_thread(process->pid, thread->tid, name));
}

/* From now on it is looked at often: what that needs is kept open. */
static void
open_loop(struct observe *observe, struct watched *process,
          struct watched_thread *thread)
{
	struct watched_loop *loop = thread->loop;

	process->loops++;
	process->roles_due = true;
	loop->call_fd = keep(observe, process, thread, "syscall");
	loop->io_fd = keep(observe, process, thread, "io");
	loop->children_fd = keep(observe, process, thread, "children");
	if (observe->perf || !watched_may_keep(observe) ||
	    perf_open_switches(&loop->ring, thread->tid))
		return;
	observe->fds++;
	loop_exact_init(&loop->exact, &loop->watch);
	loop->exact.tell = tell_exact;
	loop->base = thread->used;
}

void
watched_free_loop(struct observe *observe, struct watched_thread *thread)
{
	struct watched_loop *loop = thread->loop;

	if (!loop)
		return;
	watched_drop(observe, &loop->call_fd);
	watched_drop(observe, &loop->io_fd);
	watched_drop(observe, &loop->children_fd);
	if (loop->ring.fd >= 0)
		observe->fds--;
	perf_close_switches(&loop->ring);
	free(loop);
	thread->loop = NULL;
}

/* ---- any thread ---- */

/* Does one that is no loop yet wait for events? */
static void
look_at_other(struct observe *observe, struct watched *process,
              struct watched_thread *thread, uint64_t now)
{
	struct procfs_syscall call;
	int epfd;

	if (thread->loop) {
		look_by_sample(observe, process, thread, now);
		return;
	}
	if (read_call(process, thread, &call))
		return;
	if (procfs_is_futex(&call) && call.args[0] != thread->futex) {
		thread->futex = call.args[0];
		process->roles_due = true;
	}
	if (!loop_watch_is_wait(&call, &epfd))
		return;
	thread->loop = new_loop();
	if (thread->loop)
		look_by_sample(observe, process, thread, now);
}

/* Whether to look at one that is no loop yet: often while it is young and
 * might turn out to be one, then now and then. One that stays where it was
 * seen a few times needs no more looks. */
static bool
is_due(struct watched_thread *thread, uint64_t now)
{
	uint64_t age = now - thread->noticed;

	if (!thread->moved && thread->looks >= LOOP_WATCH_SEEN)
		return false;
	if (now < thread->next_look)
		return false;
	thread->looks = thread->moved ? 1 : thread->looks + 1;
	thread->moved = false;
	thread->next_look = now;
	/* One that waits for events is a loop if it does so again. */
	if (age > YOUNG_NS && !thread->loop)
		thread->next_look += age > MATURE_NS ? RARELY_NS : OFTEN_NS;
	return true;
}

static void
look_at_loop(struct observe *observe, struct watched *process,
             struct watched_thread *thread, bool ran, uint64_t now)
{
	struct watched_loop *loop = thread->loop;
	struct teller teller = {observe, process, thread, now, false};
	enum loop_news news;
	uint64_t length;

	if (loop->ring.fd >= 0) {
		look_exactly(&teller);
		return;
	}
	if (ran || loop->watch.out_since)
		observe->hurry = now + HURRY_NS;
	if (ran) {
		look_by_sample(observe, process, thread, now);
		return;
	}
	news = loop_watch_still(&loop->watch, now, &length);
	watched_tell_news(observe, process, thread, news, true, now, length);
}

void
watched_look_at_call(struct observe *observe, struct watched *process,
                     struct watched_thread *thread, bool ran, uint64_t now)
{
	bool was_loop = watched_is_loop(thread);

	if (process->speaks)
		return;
	thread->moved |= ran;
	if (was_loop)
		look_at_loop(observe, process, thread, ran, now);
	else if (is_due(thread, now))
		look_at_other(observe, process, thread, now);
	if (!was_loop && watched_is_loop(thread))
		open_loop(observe, process, thread);
}
