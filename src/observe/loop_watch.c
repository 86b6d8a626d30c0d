#include "loop_watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* The run time of a running thread is that of the last tick. */
enum { STALE_NS = 6000000 };

/* ---- is it a loop? ---- */

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

/* A loop's descriptor lives as long as the loop; one below it may be a nested
 * loop's that took a number which had become free. */
static bool
change_own(struct loop_watch *watch, const struct loop_sample *sample, int epfd)
{
	int old = watch->epfd;

	if (old >= 0 && !sample->own_gone)
		return false;
	if (sample->own_gone) {
		watch->waits[0].fd = watch->epfd = epfd;
		watch->waits[0].seen = LOOP_WATCH_SEEN;
		watch->wait_count = 1;
		return true;
	}
	return find_own(watch) && watch->epfd != old && watch->epfd == epfd;
}

enum loop_place
loop_watch_place(struct loop_watch *watch, const struct loop_sample *sample,
                 bool *changed)
{
	int epfd;

	*changed = false;
	if (!loop_watch_is_wait(&sample->call, &epfd))
		return sample->call.running ? LOOP_RUNS : LOOP_ASLEEP;
	count_wait(watch, epfd);
	if (watch->is_loop && epfd != watch->epfd)
		*changed = change_own(watch, sample, epfd);
	return epfd == watch->epfd ? LOOP_IN_POLL : LOOP_NESTED;
}

/* ---- causes ---- */

void
loop_watch_forget(struct loop_watch *watch)
{
	watch->slept = watch->stopped = false;
	watch->asleep[0] = '\0';
}

void
loop_watch_note(struct loop_watch *watch, const struct loop_sample *sample)
{
	int epfd;

	if (sample->call.running)
		return;
	watch->slept = true;
	watch->stopped |= sample->state == 'T' || sample->state == 't';
	if (!watch->stopped && loop_watch_is_wait(&sample->call, &epfd))
		snprintf(watch->asleep, sizeof(watch->asleep), "a nested loop");
	else
		loop_cause_of_call(&sample->call, sample->state, sample->what,
		                   watch->asleep);
}

void
loop_watch_choose(struct loop_watch *watch, uint64_t run, uint64_t queue,
                  uint64_t nap)
{
	const char *cause = "computing";

	/* Who is stopped is so, however long it computed before and after. */
	if (watch->asleep[0] && (watch->stopped || nap > run + queue))
		cause = watch->asleep;
	else if (queue > run)
		cause = "waits for a CPU";
	snprintf(watch->cause, sizeof(watch->cause), "%s", cause);
}

/* So much is known of a thread that was looked at. */
static void
choose_by_figures(struct loop_watch *watch, const struct loop_sample *sample)
{
	uint64_t run = sample->sched.run_ns - watch->left.sched.run_ns;
	uint64_t queue = sample->sched.wait_ns - watch->left.sched.wait_ns;
	uint64_t passed = sample->time - watch->left.time;

	/* Asleep when it was first seen, and little later. */
	if (!watch->slept)
		passed = 0;
	else if (!passed)
		passed = run + queue + 1;
	loop_watch_choose(watch, run, queue,
	                  passed > run + queue ? passed - run - queue : 0);
}

/* ---- blocks ---- */

/* What the thread spent on a CPU and in the run queue between two looks. */
static uint64_t
worked(const struct loop_sample *from, const struct loop_sample *to)
{
	uint64_t run = to->sched.run_ns - from->sched.run_ns;
	uint64_t wait = to->sched.wait_ns - from->sched.wait_ns;
	uint64_t window = to->time - from->time;

	return run + wait < window ? run + wait : window;
}

/* How much of a window between poll and a sleep elsewhere it was not in poll:
 * the work, and of the sleep nobody knows where it was: half. */
static uint64_t
share_of(const struct loop_sample *from, const struct loop_sample *to)
{
	uint64_t work = worked(from, to);

	return work + (to->time - from->time - work) / 2;
}

static void
leave(struct loop_watch *watch, const struct loop_sample *sample,
      enum loop_place place)
{
	uint64_t share;

	loop_watch_forget(watch);
	watch->before = watch->last;
	watch->left = *sample;
	watch->left_in = place;
	watch->out_since = sample->time;
	if (!watch->has_last)
		return;
	share = place == LOOP_RUNS ? worked(&watch->last, sample)
	                           : share_of(&watch->last, sample);
	watch->out_since = sample->time - share;
}

/* Whoever works has worked ever since it left; and what was not in the figures
 * at the first look is at the next. */
static void
leave_earlier(struct loop_watch *watch, const struct loop_sample *sample)
{
	uint64_t begin = sample->time - worked(&watch->before, sample);

	if (!watch->slept && watch->before.time && begin < watch->out_since)
		watch->out_since = begin;
}

/* Both looks at its ends found it in poll, where the figures are no longer
 * stale nor a wait unfinished: who never slept in between worked as long as
 * they say. */
static uint64_t
settled_begin(const struct loop_watch *watch, const struct loop_sample *sample,
              uint64_t end)
{
	uint64_t work = worked(&watch->before, sample);
	uint64_t least = watch->last.time - watch->left.time;

	if (watch->slept || watch->before.time == 0 || work < least ||
	    end < work)
		return watch->out_since;
	if (end - work < watch->before.time)
		return watch->before.time;
	return end - work < watch->left.time ? end - work : watch->left.time;
}

static enum loop_news
come_back(struct loop_watch *watch, const struct loop_sample *sample,
          uint64_t *length)
{
	uint64_t end = watch->last.time;
	bool blocked;

	end += watch->last_in == LOOP_RUNS ? worked(&watch->last, sample)
	                                   : share_of(&watch->last, sample);
	watch->out_since = settled_begin(watch, sample, end);
	choose_by_figures(watch, &watch->last);
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
	choose_by_figures(watch, &watch->last);
	watch->blocked = true;
	*length = time - watch->out_since;
	return LOOP_BLOCKS;
}

/* It slept unseen although each look finds it at work: it was in poll, so it is
 * turning. A wait in the run queue is counted only when it is over, and the run
 * time of a running thread is stale; so the last window, of which nothing is
 * known for sure, is given to it whole. Who was given no CPU since has not come
 * from poll. */
static bool
has_slept_unseen(const struct loop_watch *watch,
                 const struct loop_sample *sample)
{
	return !watch->slept && sample->call.running &&
	       sample->sched.slices != watch->last.sched.slices &&
	       worked(&watch->left, sample) + STALE_NS <
	           watch->last.time - watch->left.time;
}

static bool
did_io(const struct loop_watch *watch, const struct loop_sample *sample)
{
	return sample->has_io && watch->left.has_io &&
	       sample->io != watch->left.io;
}

/* Between two looks away from poll it did I/O: a nested loop does too, and is
 * still a nested one. */
static bool
is_turning(const struct loop_watch *watch, const struct loop_sample *sample,
           enum loop_place place)
{
	if (place == LOOP_NESTED || watch->last_in == LOOP_NESTED)
		return false;
	return did_io(watch, sample) || has_slept_unseen(watch, sample);
}

/* It is not in poll: has it just left, is it turning, or is it where it was?
 */
static enum loop_news
stay_out(struct loop_watch *watch, const struct loop_sample *sample,
         enum loop_place place, uint64_t *length)
{
	bool was_blocked = watch->blocked;

	if (watch->out_since && is_turning(watch, sample, place)) {
		*length = watch->last.time > watch->out_since
		              ? watch->last.time - watch->out_since
		              : 0;
		watch->freed = watch->last.time;
		watch->blocked = false;
		/* Its turn began at some time between the looks; who has
		 * turned for longer may have done so just now. */
		watch->out_since = sample->time;
		if (did_io(watch, sample))
			watch->out_since -=
			    (sample->time - watch->last.time) / 2;
		watch->left = watch->before = *sample;
		watch->left_in = place;
		watch->before.time = 0;
		loop_watch_forget(watch);
		loop_watch_note(watch, sample);
		return was_blocked ? LOOP_IS_FREE : LOOP_NOTHING;
	}
	if (!watch->out_since)
		leave(watch, sample, place);
	/* A nested loop's reads and writes are not the loop's own. */
	if (place == LOOP_NESTED || watch->last_in == LOOP_NESTED)
		watch->left.io = sample->io;
	loop_watch_note(watch, sample);
	leave_earlier(watch, sample);
	watch->last = *sample;
	return loop_watch_still(watch, sample->time, length);
}

static enum loop_news
be_in_poll(struct loop_watch *watch, const struct loop_sample *sample,
           bool changed, uint64_t *length)
{
	enum loop_news news;

	if (!watch->out_since)
		return LOOP_NOTHING;
	if (!changed)
		return come_back(watch, sample, length);
	/* What we took for its own was a nested one's. */
	news = watch->blocked ? LOOP_IS_FREE : LOOP_NOTHING;
	watch->out_since = 0;
	watch->freed = watch->last.time;
	watch->blocked = false;
	return news;
}

enum loop_news
loop_watch_sample(struct loop_watch *watch, const struct loop_sample *sample,
                  uint64_t *length)
{
	enum loop_news news = LOOP_NOTHING;
	bool changed;
	enum loop_place place = loop_watch_place(watch, sample, &changed);

	*length = 0;
	if (!watch->is_loop) {
		watch->is_loop = find_own(watch);
		if (watch->is_loop)
			news = LOOP_FOUND;
	} else if (place == LOOP_IN_POLL) {
		news = be_in_poll(watch, sample, changed, length);
	} else {
		news = stay_out(watch, sample, place, length);
	}
	watch->last = *sample;
	watch->last_in = place;
	watch->has_last = true;
	return news;
}
