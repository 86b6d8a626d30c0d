#include "loop_exact.h"

#include <string.h>

/* A synchronous call with what comes before and behind it does less. */
enum { IO_OF_A_CALL = 3 };
/* The end of a nested loop: it waits for this and that, but not for long. */
enum { NESTED_SLEEP_NS = 2000000, NESTED_RUN_NS = 1500000 };

void
loop_exact_init(struct loop_exact *exact, struct loop_watch *watch)
{
	memset(exact, 0, sizeof(*exact));
	exact->watch = watch;
}

bool
loop_exact_is_placed(const struct loop_exact *exact)
{
	return exact->state == LOOP_SLEEPS && exact->placed;
}

uint64_t
loop_exact_run(const struct loop_exact *exact, uint64_t now)
{
	uint64_t run = exact->run_ns;

	if (exact->state == LOOP_ON_CPU && now > exact->since)
		run += now - exact->since;
	return run;
}

/* ---- out of poll and back ---- */

static void
leave(struct loop_exact *exact, uint64_t time)
{
	exact->watch->out_since = time;
	loop_watch_forget(exact->watch);
	exact->run = exact->queue = exact->nap = 0;
	exact->nested = false;
}

/* The cause is what it did most up to now, the state it is in included. */
static void
choose_cause(struct loop_exact *exact, uint64_t time)
{
	uint64_t passed = time > exact->since ? time - exact->since : 0;

	loop_watch_choose(
	    exact->watch,
	    exact->run + (exact->state == LOOP_ON_CPU ? passed : 0),
	    exact->queue + (exact->state == LOOP_QUEUED ? passed : 0),
	    exact->nap + (exact->state == LOOP_SLEEPS ? passed : 0));
}

static void
come_back(struct loop_exact *exact, uint64_t time, void *data)
{
	struct loop_watch *watch = exact->watch;
	uint64_t length = time > watch->out_since ? time - watch->out_since : 0;
	bool blocked = watch->blocked;

	exact->before = exact->doubt = 0;
	if (!watch->out_since)
		return;
	if (blocked || length >= LOOP_WATCH_BLOCKED_NS)
		choose_cause(exact, time);
	watch->freed = time;
	watch->out_since = 0;
	watch->blocked = false;
	if (blocked || length >= LOOP_WATCH_BLOCKED_NS)
		exact->tell(data, LOOP_IS_FREE, length);
}

/* It was in poll from `begin` to `end`, as far as one can guess. */
static void
was_in_poll(struct loop_exact *exact, uint64_t begin, uint64_t end, void *data)
{
	uint64_t before = exact->watch->out_since;

	come_back(exact, begin, data);
	leave(exact, end);
	if (begin < before + LOOP_WATCH_BLOCKED_NS)
		exact->before = before;
}

/* ---- switches ---- */

/* On a machine with too much to do who computes also sleeps for long, on locks
 * whose owners are given no CPU. */
static bool
is_starved(const struct loop_exact *exact)
{
	return exact->stretch >= LOOP_EXACT_LONG_NS &&
	       exact->queue > exact->run / 2;
}

/* It slept, and is over it. */
static void
wake(struct loop_exact *exact, uint64_t time, void *data)
{
	uint64_t passed = time > exact->since ? time - exact->since : 0;

	if (exact->placed && exact->place == LOOP_IN_POLL) {
		come_back(exact, exact->since, data);
		leave(exact, time);
	} else if (!exact->placed && exact->nested &&
	           passed < NESTED_SLEEP_NS && exact->stretch < NESTED_RUN_NS) {
		exact->nap += passed;
	} else if (!exact->placed && passed >= LOOP_EXACT_POLL_NS &&
	           !is_starved(exact)) {
		was_in_poll(exact, exact->since, time, data);
	} else if (exact->placed ||
	           (passed < LOOP_EXACT_POLL_NS && !exact->io_moved)) {
		exact->nap += passed;
	} else if (exact->stretch >= LOOP_EXACT_LONG_NS) {
		exact->doubt = exact->since;
		exact->doubt_end = time;
		exact->nap += passed;
	} else {
		was_in_poll(exact, exact->since, time, data);
	}
	exact->stretch = 0;
}

static void
run_on(struct loop_exact *exact, uint64_t time, void *data)
{
	if (exact->state == LOOP_SLEEPS)
		wake(exact, time, data);
	else if (exact->state == LOOP_QUEUED && time > exact->since)
		exact->queue += time - exact->since;
	if (!exact->watch->out_since)
		leave(exact, time);
	exact->state = LOOP_ON_CPU;
	exact->since = time;
}

/* Whether the sleep in doubt was one in poll shows by what came then. */
static void
settle_doubt(struct loop_exact *exact, uint64_t stretch, bool over, void *data)
{
	if (stretch >= LOOP_EXACT_LONG_NS) {
		exact->doubt = 0;
	} else if (over) {
		was_in_poll(exact, exact->doubt, exact->doubt_end, data);
		exact->run = stretch;
	}
}

static void
stop_running(struct loop_exact *exact, uint64_t time, enum loop_state state,
             void *data)
{
	uint64_t passed = time > exact->since ? time - exact->since : 0;

	if (exact->state == LOOP_ON_CPU) {
		exact->run += passed;
		exact->run_ns += passed;
		exact->stretch += passed;
	}
	if (exact->doubt)
		settle_doubt(exact, exact->stretch, state == LOOP_SLEEPS, data);
	exact->state = state;
	exact->since = time;
	exact->placed = false;
}

/* So many switches that records were lost: it is turning. */
static void
lose_track(struct loop_exact *exact, void *data)
{
	come_back(exact, exact->looked, data);
	exact->state = LOOP_STATE_UNKNOWN;
	exact->placed = false;
}

static void
take_switch(struct loop_exact *exact, const struct perf_switch *one, void *data)
{
	switch (one->turn) {
	case PERF_TURN_IN:
		run_on(exact, one->time, data);
		break;
	case PERF_TURN_ASLEEP:
		stop_running(exact, one->time, LOOP_SLEEPS, data);
		break;
	case PERF_TURN_QUEUED:
		stop_running(exact, one->time, LOOP_QUEUED, data);
		break;
	case PERF_TURN_UNKNOWN:
		lose_track(exact, data);
		break;
	}
}

/* ---- looks ---- */

/* execSync first waits in a read until its child runs, which looks like a turn
 * of the loop, then in its nested loop. */
static void
place_sleep(struct loop_exact *exact, enum loop_place place, void *data)
{
	exact->placed = true;
	exact->place = place;
	exact->nested = place == LOOP_NESTED;
	if (place == LOOP_IN_POLL)
		come_back(exact, exact->since, data);
	else if (place == LOOP_NESTED && exact->before && exact->nap == 0)
		exact->watch->out_since = exact->before;
	exact->before = 0;
}

/* No record has come yet, or some were lost: a look is all there is. */
static void
begin_with(struct loop_exact *exact, const struct loop_sample *sample,
           enum loop_place place)
{
	exact->since = sample->time;
	exact->placed = place != LOOP_RUNS;
	exact->place = place;
	exact->state = place == LOOP_RUNS ? LOOP_ON_CPU : LOOP_SLEEPS;
	if (place != LOOP_IN_POLL && !exact->watch->out_since)
		leave(exact, sample->time);
}

/* Away at both looks, and it did I/O in between: it is turning. Not so a
 * nested loop, which does its own; and the call it slept in is one itself. */
static bool
is_turning(const struct loop_exact *exact, const struct loop_sample *sample,
           enum loop_place place)
{
	bool both = exact->looked_in == LOOP_RUNS && place == LOOP_RUNS;

	return exact->io_moved && exact->watch->out_since <= exact->looked &&
	       place != LOOP_NESTED && exact->looked_in != LOOP_NESTED &&
	       sample->io - exact->io >= (both ? 1 : IO_OF_A_CALL);
}

static void
stay_out(struct loop_exact *exact, const struct loop_sample *sample,
         enum loop_place place, void *data)
{
	if (is_turning(exact, sample, place)) {
		uint64_t between =
		    exact->looked + (sample->time - exact->looked) / 2;

		come_back(exact, exact->looked, data);
		leave(exact, between);
	}
	loop_watch_note(exact->watch, sample);
	loop_exact_still(exact, sample->time, data);
}

void
loop_exact_still(struct loop_exact *exact, uint64_t time, void *data)
{
	struct loop_watch *watch = exact->watch;
	uint64_t stretch = exact->stretch;

	exact->looked = time;
	/* A block that is told does not begin later any more. */
	if (exact->state == LOOP_ON_CPU && time > exact->since)
		stretch += time - exact->since;
	if (exact->doubt && time >= watch->out_since + LOOP_WATCH_BLOCKED_NS)
		settle_doubt(exact, stretch, true, data);
	/* Whether a sleep that no look has placed was one in poll is open: it
	 * may be over, and the thread wait for a CPU. */
	if (exact->state == LOOP_SLEEPS && !exact->placed)
		time = exact->since;
	if (!watch->out_since || watch->blocked ||
	    time < watch->out_since + LOOP_WATCH_BLOCKED_NS)
		return;
	choose_cause(exact, time);
	watch->blocked = true;
	exact->tell(data, LOOP_BLOCKS, time - watch->out_since);
}

void
loop_exact_take(struct loop_exact *exact, const struct loop_sample *sample,
                uint64_t until, const struct perf_switch *switches, int count,
                void *data)
{
	bool changed;
	enum loop_place place =
	    loop_watch_place(exact->watch, sample, &changed);
	int i = 0;

	exact->io_moved =
	    sample->has_io && exact->has_io && sample->io != exact->io;
	if (changed)
		come_back(exact, exact->watch->out_since, data);
	while (i < count && switches[i].time <= sample->time)
		take_switch(exact, &switches[i++], data);
	/* Only a look that no switch fell into tells where it sleeps; it says
	 * "running" of one that was woken and has no CPU yet. */
	if (i == count || switches[i].time > until) {
		if (exact->state == LOOP_STATE_UNKNOWN)
			begin_with(exact, sample, place);
		else if (exact->state == LOOP_SLEEPS && place != LOOP_RUNS)
			place_sleep(exact, place, data);
	}
	if (exact->watch->out_since)
		stay_out(exact, sample, place, data);
	while (i < count)
		take_switch(exact, &switches[i++], data);
	exact->looked = sample->time;
	exact->looked_in = place;
	exact->io = sample->io;
	exact->has_io = sample->has_io;
}
