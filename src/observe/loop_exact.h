/*
 * loop_exact: blocks of a loop from the records of its thread's switches
 * (perf.h). Pure: no clock, no files.
 *
 * Failures, before line one: the records say when it slept but not in what
 * call. One look at the call while it sleeps tells; a sleep that is over
 * before any look is taken for poll when it is as long as a timeout of poll
 * can be, or when the thread did I/O since (what woke it is read then) - but
 * not between two long computations, which wait for helpers of theirs now and
 * then (V8's garbage collector). A loop without sleep between its turns is told
 * by its I/O, as in loop_watch.h.
 */
#ifndef OBSERVE_LOOP_EXACT_H
#define OBSERVE_LOOP_EXACT_H

#include "loop_watch.h"
#include "perf.h"

/* Timeouts of poll are whole milliseconds. */
#define LOOP_EXACT_POLL_NS 950000ull
/* A computation is long. */
#define LOOP_EXACT_LONG_NS 3000000ull

enum loop_state { LOOP_STATE_UNKNOWN, LOOP_ON_CPU, LOOP_QUEUED, LOOP_SLEEPS };

struct loop_exact {
	struct loop_watch *watch; /* the caller's */
	void (*tell)(void *data, enum loop_news news, uint64_t length);
	enum loop_state state;
	uint64_t since;           /* when it came into that state */
	bool placed;              /* it sleeps, and a look has told where */
	enum loop_place place;    /* where */
	uint64_t run_ns;          /* on a CPU, all slices that are over */
	uint64_t run, queue, nap; /* since it left poll */
	uint64_t stretch;         /* of them, run since it last slept */
	uint64_t doubt,
	    doubt_end; /* a sleep that may have been poll; 0: none */
	uint64_t
	    before;  /* when it left poll the last time but one; 0: unsure */
	bool nested; /* it was seen in a nested loop since */
	bool has_io, io_moved;
	uint64_t io, looked; /* of the last look */
	enum loop_place looked_in;
};

/* Nothing is known yet of what `watch`, a loop that was found, does. */
void loop_exact_init(struct loop_exact *exact, struct loop_watch *watch);

/* A look, which was over at `until`, and the records of all switches up to
 * then and maybe a little later. Calls `tell` with `data` for LOOP_BLOCKS and
 * LOOP_IS_FREE; watch->freed is when it ended. */
void loop_exact_take(struct loop_exact *exact, const struct loop_sample *sample,
                     uint64_t until, const struct perf_switch *switches,
                     int count, void *data);

/* Nothing has moved since the last look: only time went by. */
void loop_exact_still(struct loop_exact *exact, uint64_t time, void *data);

/* Whether a look would tell nothing new while there are no new records. */
bool loop_exact_is_placed(const struct loop_exact *exact);

/* Its CPU time since the first record, up to `now`. */
uint64_t loop_exact_run(const struct loop_exact *exact, uint64_t now);

#endif
