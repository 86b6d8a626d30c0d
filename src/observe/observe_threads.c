/*
 * The threads of a watched process.
 *
 * A process whose CPU clock stands still has run no thread: nothing is read
 * then. Otherwise each thread's schedstat is read through a descriptor that is
 * kept open (half a microsecond), and only threads that have run are looked at
 * more closely. A thread that is gone makes that read fail; the directory is
 * listed when that happens or when the number of threads has changed.
 */
#include "watched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OFTEN_NS = 100000000, RARELY_NS = 1000000000 };
#define MATURE_NS 3000000000ull

void
watched_free(struct watched *process)
{
	for (int i = 0; i < process->thread_count; i++)
		if (process->threads[i].fd >= 0)
			close(process->threads[i].fd);
	free(process->threads);
	if (process->pidfd >= 0)
		close(process->pidfd);
	free(process);
}

/* ---- blocks ---- */

static void
tell_loop(struct observe *observe, struct watched *process,
          struct watched_thread *thread, enum loop_news news, uint64_t now,
          uint64_t length)
{
	struct event event = {
	    .kind = news == LOOP_FOUND    ? EVENT_LOOP_GAUGE
	            : news == LOOP_BLOCKS ? EVENT_LOOP_BLOCKED
	                                  : EVENT_LOOP_FREED,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .number = WITNESS_OUTSIDE,
	    .value = length,
	};

	if (news == LOOP_NOTHING)
		return;
	if (news == LOOP_FOUND) {
		event.number = event.value = 0;
		event.channel = EVENT_LAGS_UNKNOWN;
		thread->turned = thread->sched;
		thread->turned_at = now;
	}
	/* It came back between two looks: that is when it was freed. */
	if (news == LOOP_IS_FREE)
		event.time = thread->loop.freed;
	observe_tell(observe, &event,
	             news == LOOP_FOUND ? NULL : thread->loop.cause);
}

/* A block that its thread does not survive is over too. */
static void
end_block(struct observe *observe, struct watched *process,
          struct watched_thread *thread, uint64_t now)
{
	struct loop_watch *loop = &thread->loop;

	if (!loop->blocked || process->speaks)
		return;
	loop->blocked = false;
	loop->freed = now;
	tell_loop(observe, process, thread, LOOP_IS_FREE, now,
	          now - loop->out_since);
}

void
watched_end(struct observe *observe, struct watched *process, uint64_t now)
{
	for (int i = 0; i < process->thread_count; i++)
		end_block(observe, process, &process->threads[i], now);
}

/* ---- births and deaths ---- */

static void
tell_thread(struct observe *observe, struct watched *process, pid_t tid,
            enum event_kind kind, uint64_t now)
{
	struct event event = {
	    .kind = (uint8_t)kind,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)tid,
	    .number = tid == process->pid ? ROLE_MAIN : ROLE_OTHER,
	};
	char comm[16] = "";

	/* Threads of the runtime announce themselves, and know their role. */
	if (process->speaks)
		return;
	if (kind == EVENT_THREAD_BORN)
		(void)procfs_read_comm(process->pid, tid, comm);
	observe_tell(observe, &event, comm);
}

static struct watched_thread *
add_thread(struct watched *process, pid_t tid, uint64_t now)
{
	struct watched_thread *thread;

	if (process->thread_count == process->thread_room) {
		int room = process->thread_room ? process->thread_room * 2 : 8;
		void *bigger =
		    realloc(process->threads, (size_t)room * sizeof(*thread));

		if (!bigger)
			return NULL;
		process->threads = bigger;
		process->thread_room = room;
	}
	thread = &process->threads[process->thread_count++];
	memset(thread, 0, sizeof(*thread));
	thread->tid = tid;
	thread->noticed = now;
	thread->fd = procfs_open_sched(process->pid, tid);
	if (thread->fd < 0)
		thread->fd = -1;
	return thread;
}

struct listing {
	struct observe *observe;
	struct watched *process;
	uint64_t now;
};

static void
list_thread(void *data, pid_t tid)
{
	struct listing *listing = data;
	struct watched *process = listing->process;
	struct watched_thread *thread;

	for (int i = 0; i < process->thread_count; i++)
		if (process->threads[i].tid == tid) {
			process->threads[i].seen = true;
			return;
		}
	thread = add_thread(process, tid, listing->now);
	if (!thread)
		return;
	thread->seen = true;
	tell_thread(listing->observe, process, tid, EVENT_THREAD_BORN,
	            listing->now);
}

/* Returns the place of the first one that is new. */
static int
list_threads(struct observe *observe, struct watched *process, uint64_t now)
{
	struct listing listing = {observe, process, now};
	int known = process->thread_count, kept = 0, old = 0;

	for (int i = 0; i < process->thread_count; i++)
		process->threads[i].seen = false;
	if (procfs_threads(process->pid, list_thread, &listing) < 0)
		return known;
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];

		if (thread->seen) {
			process->threads[kept++] = *thread;
			old += i < known;
			continue;
		}
		if (thread->fd >= 0)
			close(thread->fd);
		end_block(observe, process, thread, now);
		tell_thread(observe, process, thread->tid, EVENT_THREAD_DIED,
		            now);
	}
	process->thread_count = kept;
	return old;
}

/* ---- loops ---- */

static void
tell_turns(struct observe *observe, struct watched *process,
           struct watched_thread *thread, uint64_t now)
{
	struct event event = {
	    .kind = EVENT_LOOP_TURNS,
	    .time = now,
	    .pid = (uint32_t)process->pid,
	    .tid = (uint32_t)thread->tid,
	    .size = now - thread->turned_at,
	    .value = thread->sched.run_ns - thread->turned.run_ns,
	};

	if (event.value)
		observe_tell(observe, &event, NULL);
	thread->turned = thread->sched;
	thread->turned_at = now;
}

static void
look_at_loop(struct observe *observe, struct watched *process,
             struct watched_thread *thread, uint64_t now)
{
	struct loop_watch *loop = &thread->loop;
	struct loop_sample sample = {.time = now, .sched = thread->sched};
	enum loop_news news;
	uint64_t length;
	bool told = loop->blocked;
	int epfd;

	if (procfs_read_syscall(process->pid, thread->tid, &sample.call))
		return;
	if (loop->is_loop &&
	    !(loop_watch_is_wait(&sample.call, &epfd) && epfd == loop->epfd))
		sample.has_io =
		    procfs_read_io(process->pid, thread->tid, &sample.io) == 0;
	news = loop_watch_sample(loop, &sample, &length);
	if (news == LOOP_IS_FREE && !told)
		tell_loop(observe, process, thread, LOOP_BLOCKS, loop->freed,
		          length);
	tell_loop(observe, process, thread, news, now, length);
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

/* Whether to look what system call a thread is in: a loop whenever it has run;
 * others now and then, often while they are young and might turn out to be
 * one. */
static bool
is_due(struct watched *process, struct watched_thread *thread, bool ran,
       uint64_t now)
{
	uint64_t age = now - thread->noticed;

	if (process->speaks)
		return false;
	if (thread->loop.is_loop)
		return ran;
	if (now < thread->next_look)
		return false;
	thread->next_look = now;
	if (thread->tid != process->pid || age > MATURE_NS)
		thread->next_look += age > MATURE_NS ? RARELY_NS : OFTEN_NS;
	return true;
}

/* What a thread waits in. One that has not run is where it was. */
static void
look_at_call(struct observe *observe, struct watched *process,
             struct watched_thread *thread, bool ran, uint64_t now)
{
	enum loop_news news;
	uint64_t length;

	if (is_due(process, thread, ran, now)) {
		look_at_loop(observe, process, thread, now);
	} else if (thread->loop.is_loop && !process->speaks) {
		news = loop_watch_still(&thread->loop, now, &length);
		tell_loop(observe, process, thread, news, now, length);
	}
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

		if (thread->fd < 0 ||
		    procfs_read_sched(thread->fd, &thread->sched)) {
			all = false;
			continue;
		}
		ran = before.run_ns != thread->sched.run_ns ||
		      before.slices != thread->sched.slices;
		if (ran)
			procfs_children(process->pid, thread->tid, found_child,
			                &finding);
		look_at_call(observe, process, thread, ran, now);
		if (thread->loop.is_loop && !process->speaks)
			tell_turns(observe, process, thread, now);
	}
	return all;
}

void
watched_look(struct observe *observe, struct watched *process, uint64_t now)
{
	bool stale = procfs_thread_count(process->pid) != process->thread_count;

	if (look_at_threads(observe, process, 0, now) && !stale)
		return;
	/* A new one may sleep by now: there is no better time to look. */
	look_at_threads(observe, process, list_threads(observe, process, now),
	                now);
}

void
watched_still(struct observe *observe, struct watched *process, uint64_t now)
{
	for (int i = 0; i < process->thread_count; i++) {
		look_at_call(observe, process, &process->threads[i], false,
		             now);
		process->threads[i].turned_at = now;
	}
}

/* ---- gauges ---- */

void
watched_forget(struct watched *process)
{
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];

		thread->gauged = thread->sched;
		thread->measured_ns = thread->sched.run_ns;
	}
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
		    .value = thread->sched.run_ns - thread->gauged.run_ns,
		    .size = thread->sched.wait_ns - thread->gauged.wait_ns,
		};

		if (event.value || event.size)
			observe_tell(observe, &event, NULL);
		thread->gauged = thread->sched;
	}
}

void
watched_loop_gauge(struct observe *observe, struct watched *process,
                   uint64_t now, uint64_t window)
{
	for (int i = 0; i < process->thread_count; i++) {
		struct watched_thread *thread = &process->threads[i];
		struct event event = {
		    .kind = EVENT_LOOP_GAUGE,
		    .time = now,
		    .pid = (uint32_t)process->pid,
		    .tid = (uint32_t)thread->tid,
		    .size = window,
		    .value = thread->sched.run_ns - thread->measured_ns,
		    .channel = EVENT_LAGS_UNKNOWN,
		};

		if (thread->loop.is_loop && !process->speaks && event.value)
			observe_tell(observe, &event, NULL);
		thread->measured_ns = thread->sched.run_ns;
	}
}
