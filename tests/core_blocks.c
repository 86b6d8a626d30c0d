/* From spans to blocks: said while the loop is blocked, once, and only of loops
 * that have to answer. */
#include "test.h"

#include "core/blocks.h"

#include <string.h>

enum { MS = 1000000, PID = 10, WORKER = 11, HEARD = 8 };
enum { LIMIT = (int)MODEL_BLOCKED_NS };

struct world {
	struct model model;
	struct stream stream;
	struct blocks blocks;
	int count;
	struct event heard[HEARD]; /* blocked and freed */
	char texts[HEARD][EVENT_TEXT_MAX + 1];
};

static bool
hear(void *data, const struct event *event, const char *text)
{
	struct world *world = data;

	if (event->kind != EVENT_LOOP_BLOCKED &&
	    event->kind != EVENT_LOOP_FREED)
		return true;
	assert_true(world->count < HEARD);
	world->heard[world->count] = *event;
	memcpy(world->texts[world->count], text, event->text + 1u);
	world->count++;
	return true;
}

static void
tell(struct world *world, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	event.pid = PID;
	stream_event(&world->stream, &event, text);
}

static void
begin(struct world *world, uint32_t tid, uint64_t time)
{
	tell(world,
	     (struct event){.kind = EVENT_SPAN_BEGIN, .time = time, .tid = tid},
	     "fib(42)");
}

static void
end(struct world *world, uint32_t tid, uint64_t time, uint64_t length)
{
	tell(world,
	     (struct event){.kind = EVENT_SPAN_END,
	                    .time = time,
	                    .tid = tid,
	                    .value = length},
	     "fib(42)");
}

static void
tick(struct world *world, uint64_t now)
{
	model_tick(&world->model, now);
	blocks_tick(&world->model, &world->stream, now);
}

/* A process that listens, and a worker thread that nobody waits for. */
static int
set_up(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	model_init(&world.model);
	stream_init(&world.stream);
	world.blocks.model = &world.model;
	world.blocks.stream = &world.stream;
	stream_add(&world.stream, model_put, &world.model);
	stream_add(&world.stream, hear, &world);
	stream_add(&world.stream, blocks_put, &world.blocks);
	tell(&world,
	     (struct event){.kind = EVENT_PROCESS_BORN, .time = 1, .tid = PID},
	     "node");
	tell(&world,
	     (struct event){.kind = EVENT_CHANNEL_BORN,
	                    .time = 1,
	                    .tid = PID,
	                    .channel = channel_id(CHANNEL_LISTEN, PID, 80),
	                    .number = CHANNEL_LISTEN,
	                    .value = 80},
	     "http 80");
	tell(&world,
	     (struct event){.kind = EVENT_THREAD_BORN,
	                    .time = 1,
	                    .tid = WORKER,
	                    .number = ROLE_WORKER},
	     "worker");
	*state = &world;
	return 0;
}

static const struct loop_state *
loop_of(const struct world *world, uint32_t tid)
{
	return &actor_thread(&world->model.actors, tid)->loop;
}

static void
assert_said(const struct world *world, int index, enum event_kind kind,
            uint64_t time, uint64_t length)
{
	const struct event *event = &world->heard[index];

	assert_true(index < world->count);
	assert_int_equal(event->kind, kind);
	assert_int_equal(event->magic, EVENT_MAGIC);
	assert_int_equal(event->time, time);
	assert_int_equal(event->value, length);
	assert_int_equal(event->pid, PID);
	assert_int_equal(event->tid, PID);
	assert_int_equal(event->number, WITNESS_RUNTIME);
	assert_string_equal(world->texts[index], "fib(42)");
}

static void
says_that_a_loop_is_blocked_while_it_is(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	tick(world, 100 * MS);
	tick(world, 100 * MS + LIMIT - 1);
	assert_int_equal(world->count, 0);
	tick(world, 100 * MS + LIMIT);
	assert_int_equal(world->count, 1);
	assert_said(world, 0, EVENT_LOOP_BLOCKED, 100 * MS + LIMIT, LIMIT);
	assert_int_equal(loop_of(world, PID)->blocked_since, 100 * MS);
	/* Once is enough. */
	tick(world, 200 * MS);
	tick(world, 2000 * MS);
	assert_int_equal(world->count, 1);
}

static void
says_that_it_is_free_again(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	tick(world, 200 * MS);
	end(world, PID, 300 * MS, 200 * MS);
	assert_int_equal(world->count, 2);
	assert_said(world, 0, EVENT_LOOP_BLOCKED, 200 * MS, 100 * MS);
	assert_said(world, 1, EVENT_LOOP_FREED, 300 * MS, 200 * MS);
	assert_int_equal(loop_of(world, PID)->blocked_since, 0);
	assert_int_equal(world->model.totals.blocks, 1);
	tick(world, 400 * MS);
	assert_int_equal(world->count, 2);
}

/* The explorer was busy itself, or its frames are further apart. */
static void
says_both_at_the_end_when_no_frame_came_between(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	end(world, PID, 100 * MS + LIMIT, LIMIT);
	assert_int_equal(world->count, 2);
	assert_said(world, 0, EVENT_LOOP_BLOCKED, 100 * MS + LIMIT, LIMIT);
	assert_said(world, 1, EVENT_LOOP_FREED, 100 * MS + LIMIT, LIMIT);
	assert_int_equal(loop_of(world, PID)->blocked_since, 0);
	assert_int_equal(loop_of(world, PID)->blocks, 1);
	assert_int_equal(world->model.totals.blocks, 1);
	assert_int_equal(world->model.totals.block_max, LIMIT);
}

static void
says_nothing_of_short_spans(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	tick(world, 120 * MS);
	end(world, PID, 100 * MS + LIMIT - 1, LIMIT - 1);
	tick(world, 900 * MS);
	assert_int_equal(world->count, 0);
	assert_int_equal(world->model.totals.blocks, 0);
}

/* Long work is what a worker is there for. */
static void
says_nothing_of_loops_that_need_not_answer(void **state)
{
	struct world *world = *state;

	begin(world, WORKER, 100 * MS);
	tick(world, 900 * MS);
	end(world, WORKER, 1000 * MS, 900 * MS);
	assert_int_equal(world->count, 0);
	assert_int_equal(world->model.totals.blocks, 0);
	assert_int_equal(loop_of(world, WORKER)->blocked_since, 0);
}

static void
says_it_of_each_span_anew(void **state)
{
	struct world *world = *state;

	for (uint64_t i = 1; i <= HEARD / 2; i++) {
		begin(world, PID, i * 1000 * MS);
		tick(world, i * 1000 * MS + 60 * MS);
		end(world, PID, i * 1000 * MS + 80 * MS, 80 * MS);
	}
	assert_int_equal(world->count, HEARD);
	for (int i = 0; i < HEARD; i++)
		assert_int_equal(world->heard[i].kind,
		                 i % 2 ? EVENT_LOOP_FREED : EVENT_LOOP_BLOCKED);
	assert_int_equal(world->model.totals.blocks, HEARD / 2);
}

static void
says_nothing_of_the_dead(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	tell(world,
	     (struct event){
		 .kind = EVENT_PROCESS_DIED, .time = 110 * MS, .tid = PID},
	     "");
	tick(world, 900 * MS);
	end(world, PID, 900 * MS, 800 * MS);
	assert_int_equal(world->count, 0);
}

static void
says_nothing_of_strangers(void **state)
{
	struct world *world = *state;
	struct event event = {.magic = EVENT_MAGIC,
	                      .kind = EVENT_SPAN_END,
	                      .time = 900 * MS,
	                      .pid = 77,
	                      .tid = 77,
	                      .value = 800 * MS};

	stream_event(&world->stream, &event, "");
	assert_int_equal(world->count, 0);
}

/* The record of the begin was lost: the end tells all. */
static void
needs_no_begin(void **state)
{
	struct world *world = *state;

	end(world, PID, 300 * MS, 200 * MS);
	assert_int_equal(world->count, 2);
	assert_said(world, 1, EVENT_LOOP_FREED, 300 * MS, 200 * MS);
}

/* The record of the end was lost: the next begin is another span. */
static void
needs_no_end(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	begin(world, PID, 500 * MS);
	tick(world, 510 * MS);
	assert_int_equal(world->count, 0);
	tick(world, 560 * MS);
	assert_int_equal(world->count, 1);
	assert_said(world, 0, EVENT_LOOP_BLOCKED, 560 * MS, 60 * MS);
}

/* Or else nobody would ever say that it is free again. */
static void
needs_no_end_when_the_loop_goes_on(void **state)
{
	struct world *world = *state;

	begin(world, PID, 100 * MS);
	tick(world, 200 * MS);
	assert_int_equal(loop_of(world, PID)->blocked_since, 100 * MS);
	tell(world,
	     (struct event){.kind = EVENT_LOOP_TURNS,
	                    .time = 300 * MS,
	                    .tid = PID,
	                    .number = 1},
	     "");
	assert_int_equal(loop_of(world, PID)->blocked_since, 0);
	tick(world, 900 * MS);
	assert_int_equal(world->count, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(says_that_a_loop_is_blocked_while_it_is),
	    TEST(says_that_it_is_free_again),
	    TEST(says_both_at_the_end_when_no_frame_came_between),
	    TEST(says_nothing_of_short_spans),
	    TEST(says_nothing_of_loops_that_need_not_answer),
	    TEST(says_it_of_each_span_anew),
	    TEST(says_nothing_of_the_dead),
	    TEST(says_nothing_of_strangers),
	    TEST(needs_no_begin),
	    TEST(needs_no_end),
	    TEST(needs_no_end_when_the_loop_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
