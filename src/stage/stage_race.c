/*
 * A race: threads that add to one number in shared memory. Read, add, write are
 * three steps; two threads that read the same value write the same sum, and one
 * of the two additions is lost. Atomics.add is one step: none is.
 */
#include "stage.h"

#include "runtime/atomics.h"
#include "runtime/shared.h"
#include "runtime/worker_scope.h"

#include <stdlib.h>
#include <string.h>

enum { RACERS = 4, ADDS = 1000000 };

/* In the shared memory. */
struct track {
	int32_t go; /* they wait for it, so that they start together */
	int32_t sum;
};

struct race {
	struct stage *stage;
	struct worker racers[RACERS];
	struct shared *shared;
	bool atomic, again; /* and then the same with Atomics */
	int running, ready;
};

/* ---- on the threads ---- */

/* The compiler must not make one addition of a million. */
__attribute__((no_sanitize("thread"))) static void
add_plain(volatile int32_t *sum)
{
	for (int i = 0; i < ADDS; i++)
		*sum = *sum + 1;
}

static void
add_atomic(int32_t *sum)
{
	for (int i = 0; i < ADDS; i++)
		atomics_add(sum, 1);
}

static void
run_race(struct worker_scope *scope)
{
	const struct race *race = scope->context;
	struct shared *shared = message_take_shared(scope->work, 0);
	struct track *track = shared_bytes(shared);
	const char *name = race->atomic ? "Atomics.add" : "sum = sum + 1";

	if (atomics_wait(&scope->loop, &track->go, 0, ATOMICS_FOREVER) >= 0) {
		loop_span_begin(&scope->loop, name);
		if (race->atomic)
			add_atomic(&track->sum);
		else
			add_plain(&track->sum);
		loop_span_end(&scope->loop, name);
	}
	shared_unref(shared);
}

static const struct worker_script script = {.start = run_race};

/* ---- on the stage's loop ---- */

static void begin(struct race *race);

static void
note_sum(const struct race *race, int sum)
{
	int all = RACERS * ADDS;
	const char *how = race->atomic ? "with Atomics.add" : "without Atomics";

	if (sum == all)
		role_note(NOTE_INFO,
		          "%d threads added %d each %s: the sum is %d. Not one "
		          "is lost.",
		          RACERS, ADDS, how, sum);
	else
		role_note(NOTE_WARNING,
		          "%d threads added %d each %s: the sum is %d, not %d. "
		          "%d updates are lost.",
		          RACERS, ADDS, how, sum, all, all - sum);
}

static void
finish(struct race *race)
{
	const struct track *track = shared_bytes(race->shared);

	note_sum(race, atomics_load(&track->sum));
	shared_unref(race->shared);
	if (race->again) {
		race->again = false;
		race->atomic = true;
		begin(race);
	} else {
		free(race);
	}
}

static void
on_exit_racer(struct worker *worker, int code)
{
	struct race *race = worker->data;

	(void)code;
	if (--race->running == 0)
		finish(race);
}

static void
start_together(struct race *race)
{
	struct track *track = shared_bytes(race->shared);

	atomics_store(&track->go, 1);
	atomics_notify(&track->go, ATOMICS_ALL);
}

static void
on_online(struct worker *worker)
{
	struct race *race = worker->data;

	if (++race->ready == race->running)
		start_together(race);
}

static const struct worker_events events = {
    .online = on_online,
    .exit = on_exit_racer,
};

static void
start_racers(struct race *race)
{
	struct part part = {.kind = PART_SHARED, .shared = race->shared};
	const struct message data = {.parts = &part, .part_count = 1};
	const struct worker_options options = {
	    .name = "racer",
	    .data = &data,
	    .context = race,
	};

	for (int i = 0; i < RACERS; i++)
		if (worker_start(&race->racers[i], &race->stage->role.loop,
		                 &script, &options, &events) == 0) {
			race->racers[i].data = race;
			race->running++;
		}
}

static void
begin(struct race *race)
{
	race->running = race->ready = 0;
	if (shared_new(&race->shared, sizeof(struct track), SHARED_THREADS)) {
		role_note(NOTE_ERROR, "No shared memory for a race.");
		free(race);
		return;
	}
	start_racers(race);
	if (race->running > 0)
		return;
	role_note(NOTE_ERROR, "No worker threads for a race.");
	shared_unref(race->shared);
	free(race);
}

void
stage_race(struct stage *stage, json_t *message)
{
	const char *how = json_string_value(json_object_get(message, "race"));
	struct race *race = calloc(1, sizeof(*race));

	if (!race)
		return;
	race->stage = stage;
	race->atomic = how && strcmp(how, "atomics") == 0;
	race->again = how && strcmp(how, "both") == 0;
	begin(race);
}
