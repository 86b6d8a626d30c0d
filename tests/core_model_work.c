/* Threads at work: spans, blocks, and what is measured of loops and CPUs. */
#include "test.h"

#include "core/model.h"

#include <string.h>

enum { MS = 1000000, PID = 10, WORKER = 11, POOL = 12, STRANGER = 99 };
enum { BIN = (int)LANE_BIN_NS };

static bool
tell(struct model *model, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	if (!event.pid)
		event.pid = PID;
	return model_apply(model, &event, text);
}

static void
add_thread(struct model *model, uint32_t tid, enum role role)
{
	tell(model,
	     (struct event){.kind = EVENT_THREAD_BORN,
	                    .time = 1,
	                    .tid = tid,
	                    .number = role},
	     "thread");
}

static int
set_up(void **state)
{
	static struct model model;

	model_init(&model);
	tell(&model,
	     (struct event){.kind = EVENT_PROCESS_BORN, .time = 1, .tid = PID},
	     "node");
	add_thread(&model, PID, ROLE_MAIN);
	*state = &model;
	return 0;
}

static void
begin(struct model *model, uint32_t tid, uint64_t time, const char *name)
{
	assert_true(tell(
	    model,
	    (struct event){.kind = EVENT_SPAN_BEGIN, .time = time, .tid = tid},
	    name));
}

static void
end(struct model *model, uint32_t tid, uint64_t time, uint64_t length,
    const char *name)
{
	assert_true(tell(model,
	                 (struct event){.kind = EVENT_SPAN_END,
	                                .time = time,
	                                .tid = tid,
	                                .value = length},
	                 name));
}

static void
block(struct model *model, enum event_kind kind, uint64_t time, uint64_t length,
      uint64_t witness)
{
	assert_true(tell(model,
	                 (struct event){.kind = (uint8_t)kind,
	                                .time = time,
	                                .tid = PID,
	                                .number = witness,
	                                .value = length},
	                 "readFileSync"));
}

/* Windows that end at `time`: 20 ms, of which `busy`. */
static void
turns(struct model *model, uint32_t tid, uint64_t time, uint64_t busy)
{
	assert_true(tell(model,
	                 (struct event){.kind = EVENT_LOOP_TURNS,
	                                .time = time,
	                                .tid = tid,
	                                .number = 7,
	                                .size = 20 * MS,
	                                .value = busy},
	                 ""));
}

static void
ran(struct model *model, uint32_t tid, uint64_t time, uint64_t busy)
{
	assert_true(tell(model,
	                 (struct event){.kind = EVENT_THREAD_GAUGE,
	                                .time = time,
	                                .tid = tid,
	                                .number = 20 * MS,
	                                .size = 1000,
	                                .value = busy},
	                 ""));
}

static const struct thread *
thread_of(const struct model *model, uint32_t tid)
{
	const struct thread *thread = actor_thread(&model->actors, tid);

	assert_non_null(thread);
	return thread;
}

static const struct lane *
lane_of(const struct model *model, uint32_t tid)
{
	const struct lane *lane =
	    actor_find_lane(&model->actors, thread_of(model, tid));

	assert_non_null(lane);
	return lane;
}

static int
busy_at(const struct model *model, uint32_t tid, uint64_t bin)
{
	const struct lane *lane = lane_of(model, tid);

	return series_most(&lane->series, lane->busy, bin * BIN,
	                   (bin + 1) * BIN);
}

static int
flags_at(const struct model *model, uint32_t tid, uint64_t bin)
{
	const struct lane *lane = lane_of(model, tid);

	return series_union(&lane->series, lane->flags, bin * BIN,
	                    (bin + 1) * BIN);
}

/* ---- spans ---- */

static void
a_span_lasts_until_its_end(void **state)
{
	struct model *model = *state;

	begin(model, PID, 50 * MS, "fib(42)");
	assert_int_equal(thread_of(model, PID)->span_since, 50 * MS);
	assert_string_equal(thread_of(model, PID)->span, "fib(42)");
	assert_int_equal(model->span_count, 0);
	end(model, PID, 70 * MS, 20 * MS, "fib(42)");
	assert_int_equal(thread_of(model, PID)->span_since, 0);
	assert_int_equal(model->span_count, 1);
	assert_int_equal(model->spans[0].pid, PID);
	assert_int_equal(model->spans[0].tid, PID);
	assert_int_equal(model->spans[0].begin, 50 * MS);
	assert_int_equal(model->spans[0].end, 70 * MS);
	assert_false(model->spans[0].blocked);
	assert_string_equal(model->spans[0].name, "fib(42)");
}

static void
a_span_is_marked_in_the_lane(void **state)
{
	struct model *model = *state;

	end(model, PID, 7 * BIN, 2 * BIN, "fib(42)");
	for (uint64_t bin = 0; bin < 10; bin++) {
		bool inside = bin == 5 || bin == 6;

		assert_int_equal(flags_at(model, PID, bin),
		                 inside ? LANE_SPAN : 0);
		assert_int_equal(busy_at(model, PID, bin), 0);
	}
}

/* Nobody else tells of the work of a pool thread. */
static void
a_span_of_a_pool_thread_is_its_work(void **state)
{
	struct model *model = *state;

	add_thread(model, POOL, ROLE_POOL);
	end(model, POOL, 7 * BIN, 2 * BIN, "scrypt");
	for (uint64_t bin = 0; bin < 10; bin++)
		assert_int_equal(busy_at(model, POOL, bin),
		                 bin == 5 || bin == 6 ? 255 : 0);
}

static void
the_newest_spans_are_kept(void **state)
{
	struct model *model = *state;

	for (uint64_t i = 1; i <= SPANS + 1; i++)
		end(model, PID, i * MS, 1, "span");
	assert_int_equal(model->span_count, SPANS + 1);
	assert_int_equal(model->spans[0].end, (SPANS + 1) * (uint64_t)MS);
	assert_int_equal(model->spans[1].end, 2 * MS);
	assert_int_equal(model->spans[SPANS - 1].end, SPANS * (uint64_t)MS);
}

static void
a_span_may_be_longer_than_all_time(void **state)
{
	struct model *model = *state;

	end(model, PID, 5 * MS, UINT64_MAX, "nonsense");
	assert_int_equal(model->spans[0].begin, 0);
	assert_int_equal(model->spans[0].end, 5 * MS);
}

static void
a_span_of_nobody_is_dropped(void **state)
{
	struct model *model = *state;

	assert_true(tell(model,
	                 (struct event){.kind = EVENT_SPAN_END,
	                                .time = 9,
	                                .pid = STRANGER,
	                                .tid = STRANGER,
	                                .value = 5},
	                 "x"));
	assert_int_equal(model->span_count, 0);
}

/* ---- blocks ---- */

static void
a_loop_is_blocked_since_it_began(void **state)
{
	struct model *model = *state;
	const struct loop_state *loop = &thread_of(model, PID)->loop;

	assert_int_equal(model_blocked(model, thread_of(model, PID)), 0);
	block(model, EVENT_LOOP_BLOCKED, 300 * MS, 60 * MS, WITNESS_OUTSIDE);
	assert_true(loop->exists);
	assert_int_equal(loop->blocked_since, 240 * MS);
	assert_int_equal(loop->witness, WITNESS_OUTSIDE);
	assert_string_equal(loop->cause, "readFileSync");
	assert_int_equal(model_blocked(model, thread_of(model, PID)), 60 * MS);
	model_tick(model, 400 * MS);
	assert_int_equal(model_blocked(model, thread_of(model, PID)), 160 * MS);
	assert_int_equal(model->totals.blocks, 0);
}

static void
a_loop_that_is_freed_has_one_block_more(void **state)
{
	struct model *model = *state;
	const struct loop_state *loop = &thread_of(model, PID)->loop;

	block(model, EVENT_LOOP_BLOCKED, 6 * BIN, BIN, WITNESS_RUNTIME);
	block(model, EVENT_LOOP_FREED, 10 * BIN, 5 * BIN, WITNESS_RUNTIME);
	assert_int_equal(loop->blocked_since, 0);
	assert_int_equal(loop->blocks, 1);
	assert_int_equal(loop->block_max, 5 * BIN);
	block(model, EVENT_LOOP_FREED, 20 * BIN, 2 * BIN, WITNESS_RUNTIME);
	assert_int_equal(loop->blocks, 2);
	assert_int_equal(loop->block_max, 5 * BIN);
	assert_int_equal(loop->block_total, 7 * BIN);
	assert_int_equal(model->totals.blocks, 2);
	assert_int_equal(model->totals.block_max, 5 * BIN);
	assert_int_equal(model->totals.block_total, 7 * BIN);
	assert_int_equal(model->span_count, 2);
	assert_true(model->spans[0].blocked);
	assert_int_equal(model->spans[0].begin, 5 * BIN);
	assert_int_equal(model->spans[0].end, 10 * BIN);
	for (uint64_t bin = 0; bin < 22; bin++) {
		bool inside = (bin >= 5 && bin < 10) || bin == 18 || bin == 19;

		assert_int_equal(flags_at(model, PID, bin),
		                 inside ? LANE_BLOCKED : 0);
	}
}

static void
a_block_of_nobody_counts_all_the_same(void **state)
{
	struct model *model = *state;

	tell(model,
	     (struct event){.kind = EVENT_LOOP_FREED,
	                    .time = 900 * MS,
	                    .pid = STRANGER,
	                    .tid = STRANGER,
	                    .value = 60 * MS},
	     "");
	assert_int_equal(model->totals.blocks, 1);
	assert_int_equal(model->totals.block_max, 60 * MS);
	assert_int_equal(model->span_count, 0);
}

static void
the_dead_are_not_blocked(void **state)
{
	struct model *model = *state;

	begin(model, PID, 100 * MS, "work");
	block(model, EVENT_LOOP_BLOCKED, 300 * MS, 200 * MS, WITNESSES);
	assert_true(thread_of(model, PID)->loop.witness < WITNESSES);
	tell(model,
	     (struct event){
		 .kind = EVENT_PROCESS_DIED, .time = 310 * MS, .tid = PID},
	     "");
	model_tick(model, 400 * MS);
	assert_int_equal(model_blocked(model, thread_of(model, PID)), 0);
	assert_int_equal(thread_of(model, PID)->span_since, 0);
}

/* ---- what is measured ---- */

static void
a_loop_tells_its_busy_time(void **state)
{
	struct model *model = *state;

	turns(model, PID, 4 * BIN, 20 * MS);
	turns(model, PID, 6 * BIN, 5 * MS);
	assert_true(thread_of(model, PID)->loop.exists);
	assert_true(thread_of(model, PID)->loop.has_turns);
	assert_int_equal(thread_of(model, PID)->loop.turns, 14);
	assert_int_equal(busy_at(model, PID, 1), 0);
	assert_int_equal(busy_at(model, PID, 2), 255);
	assert_int_equal(busy_at(model, PID, 3), 255);
	assert_int_equal(busy_at(model, PID, 4), 64);
	assert_int_equal(busy_at(model, PID, 5), 64);
}

static void
a_loop_tells_its_lag(void **state)
{
	struct model *model = *state;
	const struct loop_state *loop = &thread_of(model, PID)->loop;
	struct event gauge = {.kind = EVENT_LOOP_GAUGE,
	                      .time = 900 * MS,
	                      .tid = PID,
	                      .number = 9 * MS,
	                      .size = 500 * MS,
	                      .value = 125 * MS,
	                      .channel = event_lags(2 * MS, 8 * MS)};

	assert_true(tell(model, gauge, ""));
	assert_true(loop->exists);
	assert_int_equal(loop->window, 500 * MS);
	assert_int_equal(loop->busy, 125 * MS);
	assert_true(loop->has_lag);
	assert_int_equal(loop->lag_p50, 2 * MS);
	assert_int_equal(loop->lag_p99, 8 * MS);
	assert_int_equal(loop->lag_max, 9 * MS);
	assert_non_null(lane_of(model, PID));
	/* From outside it cannot be seen. */
	gauge.channel = EVENT_LAGS_UNKNOWN;
	gauge.number = METHOD_SWITCHES;
	tell(model, gauge, "");
	assert_false(loop->has_lag);
	assert_int_equal(loop->method, METHOD_SWITCHES);
}

static void
a_thread_uses_a_cpu(void **state)
{
	struct model *model = *state;
	const struct thread *thread = thread_of(model, PID);

	ran(model, PID, 120 * MS, 10 * MS);
	ran(model, PID, 140 * MS, 20 * MS);
	assert_int_equal(thread->cpu_ns, 30 * MS);
	assert_int_equal(thread->wait_ns, 2000);
	/* 30 of the 100 ms of this bin. */
	assert_in_range(series_most(&thread->cpu_series, thread->cpu,
	                            CPU_BIN_NS, 2 * CPU_BIN_NS),
	                75, 78);
	/* No loop is known of: no lane for it. */
	assert_null(actor_find_lane(&model->actors, thread));
}

/* Of a loop that says nothing itself, CPU is the best that is known. */
static void
a_silent_loop_is_as_busy_as_its_thread(void **state)
{
	struct model *model = *state;

	add_thread(model, WORKER, ROLE_WORKER);
	ran(model, WORKER, 4 * BIN, 10 * MS);
	assert_int_equal(busy_at(model, WORKER, 2), 128);
	assert_int_equal(busy_at(model, WORKER, 3), 128);
	/* Once it has spoken, only what it says counts. */
	turns(model, WORKER, 6 * BIN, 5 * MS);
	ran(model, WORKER, 6 * BIN, 20 * MS);
	assert_int_equal(busy_at(model, WORKER, 5), 64);
	assert_int_equal(thread_of(model, WORKER)->cpu_ns, 30 * MS);
}

static void
cpu_is_not_the_work_of_a_pool_thread(void **state)
{
	struct model *model = *state;

	add_thread(model, POOL, ROLE_POOL);
	ran(model, POOL, 4 * BIN, 20 * MS);
	assert_int_equal(thread_of(model, POOL)->cpu_ns, 20 * MS);
	assert_int_equal(busy_at(model, POOL, 3), 0);
}

static void
measurements_of_nobody_are_dropped(void **state)
{
	static const enum event_kind kinds[] = {
	    EVENT_LOOP_TURNS, EVENT_LOOP_GAUGE, EVENT_THREAD_GAUGE,
	    EVENT_LOOP_BLOCKED, EVENT_SPAN_BEGIN};
	struct model *model = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		tell(model,
		     (struct event){.kind = (uint8_t)kinds[i],
		                    .time = 900 * MS,
		                    .pid = STRANGER,
		                    .tid = STRANGER,
		                    .number = 1,
		                    .size = 1,
		                    .value = 1},
		     "");
		assert_null(actor_thread(&model->actors, STRANGER));
	}
	assert_int_equal(model->totals.threads, 1);
}

/* More loops than lanes: those without are counted like the others. */
static void
loops_without_a_lane_are_measured_too(void **state)
{
	struct model *model = *state;

	for (uint32_t i = 0; i < LANES; i++)
		add_thread(model, 100 + i, ROLE_WORKER);
	turns(model, PID, 4 * BIN, 5 * MS);
	end(model, PID, 5 * BIN, BIN, "work");
	block(model, EVENT_LOOP_FREED, 15 * BIN, 6 * BIN, WITNESS_RUNTIME);
	ran(model, PID, 16 * BIN, 20 * MS);
	assert_null(actor_find_lane(&model->actors, thread_of(model, PID)));
	assert_int_equal(thread_of(model, PID)->loop.turns, 7);
	assert_int_equal(thread_of(model, PID)->loop.blocks, 1);
	assert_int_equal(thread_of(model, PID)->cpu_ns, 20 * MS);
	assert_int_equal(model->span_count, 2);
	assert_int_equal(model->totals.threads, 1 + LANES);
	/* A worker ends, its lane goes to who needs one. */
	tell(model,
	     (struct event){
		 .kind = EVENT_THREAD_DIED, .time = 17 * BIN, .tid = 100},
	     "");
	turns(model, PID, 20 * BIN, 20 * MS);
	assert_int_equal(busy_at(model, PID, 19), 255);
	assert_null(actor_find_lane(&model->actors, thread_of(model, 100)));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_span_lasts_until_its_end),
	    TEST(a_span_is_marked_in_the_lane),
	    TEST(a_span_of_a_pool_thread_is_its_work),
	    TEST(the_newest_spans_are_kept),
	    TEST(a_span_may_be_longer_than_all_time),
	    TEST(a_span_of_nobody_is_dropped),
	    TEST(a_loop_is_blocked_since_it_began),
	    TEST(a_loop_that_is_freed_has_one_block_more),
	    TEST(a_block_of_nobody_counts_all_the_same),
	    TEST(the_dead_are_not_blocked),
	    TEST(a_loop_tells_its_busy_time),
	    TEST(a_loop_tells_its_lag),
	    TEST(a_thread_uses_a_cpu),
	    TEST(a_silent_loop_is_as_busy_as_its_thread),
	    TEST(cpu_is_not_the_work_of_a_pool_thread),
	    TEST(measurements_of_nobody_are_dropped),
	    TEST(loops_without_a_lane_are_measured_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
