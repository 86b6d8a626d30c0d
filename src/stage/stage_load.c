/* A load or pings, on the place that was asked for. */
#include "stage.h"

#include "runtime/pool.h"

#include <stdlib.h>
#include <string.h>

enum { PINGS_MAX = 1000000 };

struct pooled {
	struct pool_work pool;
	struct work work;
};

static void
on_pool_run(struct pool_work *pool)
{
	struct pooled *pooled = pool->data;

	work_run(&pooled->work, NULL);
}

static void
on_pool_done(struct pool_work *pool)
{
	struct pooled *pooled = pool->data;
	json_t *answer = work_answer(&pooled->work);

	stage_note_answer(answer, "libuv's pool");
	json_decref(answer);
	free(pooled);
}

static void
pool_load(struct stage *stage, const struct work *work)
{
	struct pooled *pooled = calloc(1, sizeof(*pooled));

	if (!pooled)
		return;
	pooled->work = *work;
	if (pool_submit(&pooled->pool, &stage->role.loop, work->label,
	                on_pool_run, on_pool_done, pooled))
		free(pooled);
}

static void
main_load(struct stage *stage, const struct work *work)
{
	struct work own = *work;
	json_t *answer;

	work_run(&own, &stage->role.loop);
	answer = work_answer(&own);
	stage_note_answer(answer, "the main loop");
	json_decref(answer);
}

static const struct {
	const char *name;
	void (*load)(struct stage *stage, const struct work *work);
} places[] = {
    {"main", main_load},
    {"worker", stage_thread_load},
    {"child", stage_child_load},
    {"pool", pool_load},
};

static int
place_of(json_t *message)
{
	const char *name = json_string_value(json_object_get(message, "on"));

	for (int i = 0; name && i < (int)(sizeof(places) / sizeof(*places));
	     i++)
		if (strcmp(places[i].name, name) == 0)
			return i;
	role_note(NOTE_ERROR, "%s: no such place for a load",
	          name ? name : "(none)");
	return -1;
}

void
stage_load(struct stage *stage, json_t *message)
{
	int place = place_of(message);
	struct work work;

	if (place < 0)
		return;
	if (work_parse(&work, message))
		places[place].load(stage, &work);
	else
		role_note(NOTE_ERROR, "There is no such load.");
}

void
stage_ping(struct stage *stage, json_t *message)
{
	const char *to = json_string_value(json_object_get(message, "to"));
	json_int_t count = json_integer_value(json_object_get(message, "ping"));
	int pings = count < 1 ? 1 : count > PINGS_MAX ? PINGS_MAX : (int)count;

	if (to && strcmp(to, "worker") == 0)
		stage_thread_ping(stage, pings);
	else if (to && strcmp(to, "child") == 0)
		stage_child_ping(stage, pings);
	else
		role_note(NOTE_ERROR,
		          "Only a worker thread or a child can be pinged.");
}
