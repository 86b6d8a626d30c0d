/*
 * loop: a uv_loop_t whose work can be seen.
 *
 * Before the loop goes to poll it tells the stream how busy it was since the
 * last time (loop-turns), once a second its utilisation and lag (loop-gauge),
 * and writes out what its thread has collected. An idle loop tells nothing and
 * is not woken for it.
 *
 * Utilisation as in Node's performance.eventLoopUtilization(): the share of
 * time not spent in the event provider (uv_metrics_idle_time()). Lag: how late
 * a timer would be that falls due at a random moment; it follows from the
 * lengths of the iterations, so no timer has to tick to measure it.
 *
 * One loop belongs to one thread. The caller owns the struct.
 */
#ifndef RUNTIME_LOOP_H
#define RUNTIME_LOOP_H

#include "core/event.h"
#include "core/histogram.h"

#include <uv.h>

/* A callback of that length blocks its loop. */
#define LOOP_SLOW_NS 50000000ull

struct atomics_async;

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	int alarm; /* timerfd: writes what was collected when nothing else
	            * comes; -1: not needed yet */
	uv_poll_t alarm_poll;
	bool alarm_set;
	uint64_t flushed;  /* ns */
	uint64_t prepared; /* when the loop last went to poll, ns */
	uint64_t idle;     /* uv_metrics_idle_time() then, ns */

	uint64_t turns, turns_begin, turns_busy; /* not yet told */
	uint64_t turns_told;                     /* when, ns */

	uint64_t gauge_begin, gauge_busy;
	struct histogram lengths; /* of iterations since gauge_begin */

	int spans; /* nested loop_span_begin() */
	uint64_t span_since;
	uint64_t spanned; /* ns of this iteration that spans have told of */

	const char *callback;    /* the one that runs; NULL: it has no name */
	uint64_t callback_since; /* ns, of a tick */
	const char *longest;     /* of this iteration */
	uint64_t longest_since, longest_ns;
	bool quiet; /* tells the stream nothing of itself */

	const uint32_t *stop; /* a futex: 1, its thread is to end; or NULL */
	uint64_t waited;      /* the last Atomics.wait on it, ns */
	uint64_t waits_told, waits_brief, waits_ns; /* brief ones, not told */
	struct atomics_async *waits; /* Atomics.waitAsync, pending */
	void *data;                  /* the user's */
};

/* Opens a loop for the calling thread and tells the stream of the thread: its
 * role, the threadId of a worker thread (0 else), its name. 0 or -errno. */
int loop_open(struct loop *loop, enum role role, uint32_t id, const char *name);

/* The same for a loop that the stream is not to hear of: who watches need not
 * be watched. Its utilisation is not measured either. */
int loop_open_quiet(struct loop *loop);

/* uv_run() until nothing is left to wait for, or uv_stop(). */
void loop_run(struct loop *loop);

/* Whether somebody wants the loop's thread to end (worker_terminate()): long
 * work may ask now and then, and return. */
bool loop_should_stop(const struct loop *loop);

/* Closes the loop. What waits in Atomics.waitAsync is forgotten. Handles that
 * are still open are closed without a callback, so whoever has something to
 * free closes its own first. */
void loop_close(struct loop *loop);

/* Around work on the loop that may take long: the stream hears of it before it
 * starts, so that a block is seen while it lasts. Nested spans count as the
 * outermost. `name` need not outlive the call. */
void loop_span_begin(struct loop *loop, const char *name);
void loop_span_end(struct loop *loop, const char *name);

/* At the begin of a callback: what it is for, a static string ("message",
 * "exit"); at its end NULL. Without that it lasts until the next one or until
 * the loop goes to poll. An iteration that took LOOP_SLOW_NS is told as a span
 * of its longest callback, afterwards: for work that may take long and did not
 * say so by a span. It is told by its name when it took most of the iteration.
 * Costs some nanoseconds; its begin is exact to a tick of the kernel. */
void loop_callback(struct loop *loop, const char *name);

/* The lag below which `share` of all moments lie: `window` ns with iterations
 * of those lengths. Pure; for loop.c and its test. */
uint64_t loop_lag(const struct histogram *lengths, uint64_t window,
                  double share);

#endif
