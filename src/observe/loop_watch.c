#include "loop_watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum { STALE_NS = 6000000 };

bool
loop_watch_is_wait(const struct procfs_syscall *call, int *epfd)
{
	*epfd = -1;
	switch (call->number) {
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
#ifdef SYS_epoll_pwait2
	case SYS_epoll_pwait2:
#endif
	case SYS_epoll_pwait:
		*epfd = (int)call->args[0];
		return true;
#ifdef SYS_poll
	case SYS_poll:
	case SYS_select:
#endif
	case SYS_ppoll:
	case SYS_pselect6:
#ifdef SYS_io_uring_enter
	case SYS_io_uring_enter:
#endif
		return true;
	default:
		return false;
	}
}

static void
count_wait(struct loop_watch *watch, int epfd)
{
	for (int i = 0; i < watch->wait_count; i++)
		if (watch->waits[i].fd == epfd) {
			watch->waits[i].seen++;
			return;
		}
	if (watch->wait_count == LOOP_WATCH_FDS)
		return;
	watch->waits[watch->wait_count].fd = epfd;
	watch->waits[watch->wait_count++].seen = 1;
}

/* The loop's own descriptor is the lowest it was seen on often enough: the
 * nested loop of a synchronous call is made later. Poll only counts when there
 * is no epoll. */
static bool
find_own(struct loop_watch *watch)
{
	bool found = false;

	for (int i = 0; i < watch->wait_count; i++) {
		int fd = watch->waits[i].fd;

		if (watch->waits[i].seen < LOOP_WATCH_SEEN ||
		    (found && (unsigned)fd >= (unsigned)watch->epfd))
			continue;
		watch->epfd = fd;
		found = true;
	}
	return found;
}

/* What the thread spent on a CPU and in the run queue between two looks. */
static uint64_t
worked(const struct loop_sample *from, const struct loop_sample *to)
{
	uint64_t run = to->sched.run_ns - from->sched.run_ns;
	uint64_t wait = to->sched.wait_ns - from->sched.wait_ns;
	uint64_t window = to->time - from->time;

	return run + wait < window ? run + wait : window;
}

/* Calls whose first argument is the descriptor they sleep on. */
static const char *
fd_call_name(long number)
{
	switch (number) {
	case SYS_read:
	case SYS_pread64:
	case SYS_readv:
		return "read";
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
		return "write";
	case SYS_connect:
		return "connect";
	case SYS_recvfrom:
	case SYS_recvmsg:
		return "recv";
	case SYS_sendto:
	case SYS_sendmsg:
		return "send";
	default:
		return NULL;
	}
}

static const char *
call_name(long number)
{
	switch (number) {
	case SYS_futex:
		return "futex";
	case SYS_wait4:
	case SYS_waitid:
		return "wait";
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
		return "sleep";
	case SYS_fsync:
	case SYS_fdatasync:
		return "fsync";
	case SYS_flock:
		return "flock";
	case SYS_openat:
		return "open";
	default:
		return NULL;
	}
}

/* What it does instead of going to poll. */
static void
name_cause(struct loop_watch *watch, const struct loop_sample *sample)
{
	uint64_t run = sample->sched.run_ns - watch->left.sched.run_ns;
	uint64_t wait = sample->sched.wait_ns - watch->left.sched.wait_ns;
	const char *fd_name = fd_call_name(sample->call.number);
	const char *name = fd_name ? fd_name : call_name(sample->call.number);
	size_t room = sizeof(watch->cause);
	int epfd;

	if (loop_watch_is_wait(&sample->call, &epfd))
		snprintf(watch->cause, room, "a nested loop");
	else if (fd_name && sample->call.args[0] < 1024)
		snprintf(watch->cause, room, "%s(fd %d)", fd_name,
		         (int)sample->call.args[0]);
	else if (name)
		snprintf(watch->cause, room, "%s", name);
	else if (sample->call.number >= 0)
		snprintf(watch->cause, room, "syscall %ld",
		         sample->call.number);
	else if (wait > run)
		snprintf(watch->cause, room, "waits for a CPU");
	else
		snprintf(watch->cause, room, "computing");
}

static void
leave(struct loop_watch *watch, const struct loop_sample *sample)
{
	watch->left = *sample;
	watch->out_since = sample->time;
	if (watch->has_last)
		watch->out_since = sample->time - worked(&watch->last, sample);
}

static enum loop_news
come_back(struct loop_watch *watch, const struct loop_sample *sample,
          uint64_t *length)
{
	uint64_t end = watch->last.time + worked(&watch->last, sample);
	bool blocked;

	*length = end > watch->out_since ? end - watch->out_since : 0;
	/* It may be over before a look could say that it lasts. */
	blocked = watch->blocked || *length >= LOOP_WATCH_BLOCKED_NS;
	watch->freed = end;
	watch->out_since = 0;
	watch->blocked = false;
	return blocked ? LOOP_IS_FREE : LOOP_NOTHING;
}

enum loop_news
loop_watch_still(struct loop_watch *watch, uint64_t time, uint64_t *length)
{
	watch->last.time = time;
	if (!watch->out_since || watch->blocked ||
	    time < watch->out_since + LOOP_WATCH_BLOCKED_NS)
		return LOOP_NOTHING;
	watch->blocked = true;
	*length = time - watch->out_since;
	return LOOP_BLOCKS;
}

/* Between two looks away from poll it did I/O, or it slept though it computes
 * in both: it was in poll unseen, so it is turning. The run time of a running
 * thread is stale by up to a tick. A wait in the run queue is counted only when
 * it is over: one that goes on is taken to be as long as those that are over,
 * and who was given no CPU since has not come from poll. */
static bool
is_turning(const struct loop_watch *watch, const struct loop_sample *sample)
{
	const struct procfs_sched *from = &watch->last.sched;
	uint64_t window = sample->time - watch->last.time;
	uint64_t slices = sample->sched.slices - from->slices;

	if (sample->has_io && watch->left.has_io &&
	    sample->io != watch->left.io)
		return true;
	return slices && watch->last.call.running && sample->call.running &&
	       worked(&watch->last, sample) + STALE_NS +
	               (sample->sched.wait_ns - from->wait_ns) / slices <
	           window;
}

/* It is not in poll: has it just left, is it turning, or is it where it was?
 */
static enum loop_news
stay_out(struct loop_watch *watch, const struct loop_sample *sample,
         uint64_t *length)
{
	bool was_blocked = watch->blocked;

	if (watch->out_since && is_turning(watch, sample)) {
		*length = watch->last.time > watch->out_since
		              ? watch->last.time - watch->out_since
		              : 0;
		watch->freed = watch->last.time;
		watch->blocked = false;
		watch->left = *sample;
		watch->out_since = sample->time;
		return was_blocked ? LOOP_IS_FREE : LOOP_NOTHING;
	}
	if (!watch->out_since)
		leave(watch, sample);
	name_cause(watch, sample);
	return loop_watch_still(watch, sample->time, length);
}

enum loop_news
loop_watch_sample(struct loop_watch *watch, const struct loop_sample *sample,
                  uint64_t *length)
{
	enum loop_news news = LOOP_NOTHING;
	int epfd;
	bool waits = loop_watch_is_wait(&sample->call, &epfd);

	*length = 0;
	if (waits)
		count_wait(watch, epfd);
	if (!watch->is_loop) {
		watch->is_loop = find_own(watch);
		if (watch->is_loop)
			news = LOOP_FOUND;
	} else if (waits && epfd != watch->epfd && find_own(watch) &&
	           epfd == watch->epfd) {
		/* What we took for its own was a nested one's. */
		watch->out_since = 0;
		news = watch->blocked ? LOOP_IS_FREE : LOOP_NOTHING;
		watch->freed = watch->last.time;
		watch->blocked = false;
	} else if (waits && epfd == watch->epfd) {
		if (watch->out_since)
			news = come_back(watch, sample, length);
	} else {
		news = stay_out(watch, sample, length);
	}
	watch->last = *sample;
	watch->has_last = true;
	return news;
}
