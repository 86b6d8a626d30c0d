/* A load or a ping, on the place that was asked for. */
#include "stage.h"

#include "runtime/pool.h"

#include <stdlib.h>
#include <string.h>

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
	void (*ping)(struct stage *stage, int count);
} places[] = {
    {"main", main_load, NULL},
    {"worker", stage_thread_load, stage_thread_ping},
    {"child", stage_child_load, stage_child_ping},
    {"pool", pool_load, NULL},
};

static int
place_of(json_t *message)
{
	const char *name =
	    json_string_value(json_object_get(message, "place"));

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
	json_int_t count =
	    json_integer_value(json_object_get(message, "count"));
	int place = place_of(message);

	if (place < 0)
		return;
	if (places[place].ping && count > 0)
		places[place].ping(stage, count > 1000000 ? 1000000
		                                          : (int)count);
	else
		role_note(NOTE_ERROR,
		          "Only a worker thread or a child can be pinged.");
}
