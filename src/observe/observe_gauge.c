/*
 * What the threads of a watched process use: ten times a second, and once a
 * second what changes slowly. An idle process costs neither events nor
 * descriptors.
 */
#include "watched.h"

#include "perf.h"

/* Descriptors of a process that has not run for so long are closed. */
#define IDLE_NS 5000000000ull
/* Exact clocks: so many at a time, for threads that use a CPU so much. */
enum { CLOCKS_MAX = 64, CLOCK_NS = 500000 };

void
watched_drop_clock(struct observe *observe, struct watched_thread *thread)
{
	observe->clocks -= thread->clock_fd >= 0;
	watched_drop(observe, &thread->clock_fd);
}

void
watched_forget(struct watched *process)
{
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];

		thread->told = thread->used;
		thread->waited = thread->sched.wait_ns;
		if (thread->loop)
			thread->loop->measured = thread->used;
	}
}

/* The run time in schedstat is that of the last tick for one that runs, which
 * a clock of its own is not. What was missing when the clock was opened shows
 * as soon as the thread has slept. */
static void
read_clock(struct watched_thread *thread)
{
	uint64_t clock;

	if (thread->clock_fd < 0 || perf_read_clock(thread->clock_fd, &clock))
		return;
	if (thread->sched.run_ns > thread->clock_base + clock)
		thread->clock_base = thread->sched.run_ns - clock;
	if (thread->clock_base + clock > thread->used)
		thread->used = thread->clock_base + clock;
}

/* A thread that works gets a clock; the switches of a loop are one. */
static void
give_clock(struct observe *observe, struct watched_thread *thread,
           uint64_t used)
{
	int fd;

	if (used < CLOCK_NS || thread->clock_fd >= 0 || thread->no_clock ||
	    observe->perf || observe->clocks >= CLOCKS_MAX ||
	    !watched_may_keep(observe) ||
	    (thread->loop && thread->loop->ring.fd >= 0))
		return;
	fd = perf_open_clock(thread->tid);
	/* Who is not ours to look at today will not be tomorrow. */
	thread->no_clock = fd < 0;
	thread->clock_fd = watched_keep(observe, fd);
	observe->clocks += thread->clock_fd >= 0;
	thread->clock_base = thread->used;
}

void
watched_gauge(struct observe *observe, struct watched *process, uint64_t now,
              uint64_t window)
{
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];
		struct event event = {
		    .kind = EVENT_THREAD_GAUGE,
		    .time = now,
		    .pid = (uint32_t)process->pid,
		    .tid = (uint32_t)thread->tid,
		    .number = window,
		    .size = thread->sched.wait_ns - thread->waited,
		};

		if (thread->still == WATCHED_STILL)
			watched_drop_clock(observe, thread);
		read_clock(thread);
		event.value = thread->used - thread->told;
		if (event.value || event.size)
			observe_tell(observe, &event, NULL);
		give_clock(observe, thread, event.value);
		thread->told = thread->used;
		thread->waited = thread->sched.wait_ns;
	}
}

static void
tell_loop_gauge(struct observe *observe, struct watched *process,
                struct watched_thread *thread, uint64_t now, uint64_t window)
{
	struct watched_loop *loop = thread->loop;
	struct event event = {
	    .kind = EVENT_LOOP_GAUGE,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .size = window,
	    .value = thread->used - loop->measured,
	    .channel = EVENT_LAGS_UNKNOWN,
	    .number = loop->ring.fd >= 0 ? METHOD_SWITCHES : METHOD_SAMPLES,
	};

	if (!process->speaks && !thread->tells && event.value)
		observe_tell(observe, &event, NULL);
	loop->measured = thread->used;
}

/* An open descriptor below /proc costs the kernel 5 KB and more. */
static void
close_idle(struct observe *observe, struct watched *process)
{
	for (int i = 0; i < process->thread_count; i++) {
		watched_drop(observe, &process->threads[i].fd);
		watched_drop_clock(observe, &process->threads[i]);
	}
	process->moved = UINT64_MAX;
}

void
watched_measure(struct observe *observe, struct watched *process, uint64_t now,
                uint64_t window)
{
	if (process->moved != UINT64_MAX && now > process->moved + IDLE_NS)
		close_idle(observe, process);
	if (process->roles_due && !process->speaks)
		watched_tell_roles(observe, process, now);
	if (!process->loops)
		return;
	for (int i = 0; i < process->thread_count; i++)
		if (watched_is_loop(&process->threads[i]))
			tell_loop_gauge(observe, process, &process->threads[i],
			                now, window);
}
