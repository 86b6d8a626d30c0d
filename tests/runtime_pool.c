/* libuv's pool: slots, queue, spans on its threads. */
#include "runtime_world.h"

#include "runtime/pool.h"

#include <sys/syscall.h>

enum { SLOTS = 3, WORKS = 8 };

struct fixture {
	struct world world;
	struct pool_work works[WORKS];
	uint32_t tids[WORKS]; /* where each ran */
	int done;
	uv_sem_t entered, leave; /* who works waits between them */
	int inside, too_many;    /* at work, atomic */
	bool on_loop;            /* `done` was called on the loop's thread */
};

static uint32_t
own_tid(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	uv_sem_init(&fixture->entered, 0);
	uv_sem_init(&fixture->leave, 0);
	fixture->on_loop = true;
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	uv_sem_destroy(&fixture->entered);
	uv_sem_destroy(&fixture->leave);
	return world_close(state);
}

/* ---- works ---- */

static void
note_where(struct pool_work *work)
{
	struct fixture *fixture = work->data;

	fixture->tids[work - fixture->works] = own_tid();
}

static void
wait_inside(struct pool_work *work)
{
	struct fixture *fixture = work->data;

	if (__atomic_add_fetch(&fixture->inside, 1, __ATOMIC_SEQ_CST) > SLOTS)
		__atomic_add_fetch(&fixture->too_many, 1, __ATOMIC_SEQ_CST);
	note_where(work);
	uv_sem_post(&fixture->entered);
	uv_sem_wait(&fixture->leave);
	__atomic_sub_fetch(&fixture->inside, 1, __ATOMIC_SEQ_CST);
}

static void
count_done(struct pool_work *work)
{
	struct fixture *fixture = work->data;

	fixture->done++;
	fixture->on_loop = fixture->on_loop && own_tid() == (uint32_t)getpid();
	world_say(&fixture->world, work->name);
}

static void
submit(struct fixture *fixture, int i, void (*run)(struct pool_work *work))
{
	char name[24];

	snprintf(name, sizeof(name), "work %d", i);
	assert_int_equal(pool_submit(&fixture->works[i], &fixture->world.loop,
	                             name, run, count_done, fixture),
	                 0);
}

/* ---- tests ---- */

static void
work_runs_on_the_pool_and_is_done_on_the_loop(void **state)
{
	struct fixture *fixture = *state;

	submit(fixture, 0, note_where);
	assert_int_equal(fixture->done, 0);
	world_run(&fixture->world, &fixture->done, 1);
	assert_int_not_equal(fixture->tids[0], getpid());
	assert_true(fixture->tids[0] > 0);
	assert_true(fixture->on_loop);
	assert_string_equal(fixture->world.said, "work 0");
}

static const struct event *
last_gauge(struct fixture *fixture)
{
	int count = told_count(&fixture->world, EVENT_POOL_GAUGE);

	return &told_nth(&fixture->world, EVENT_POOL_GAUGE, count - 1)->event;
}

static void
fill_pool(struct fixture *fixture)
{
	for (int i = 0; i < WORKS; i++)
		submit(fixture, i, wait_inside);
	for (int i = 0; i < SLOTS; i++)
		uv_sem_wait(&fixture->entered);
}

static void
empty_pool(struct fixture *fixture)
{
	for (int i = 0; i < WORKS; i++)
		uv_sem_post(&fixture->leave);
	world_run(&fixture->world, &fixture->done, WORKS);
}

static void
what_finds_no_slot_waits_and_is_served(void **state)
{
	struct fixture *fixture = *state;

	fill_pool(fixture);
	/* Who let go of the first slot gives it to the next. */
	uv_sem_post(&fixture->leave);
	uv_sem_wait(&fixture->entered);
	world_run(&fixture->world, &fixture->done, 1);
	assert_int_equal(fixture->done, 1);
	empty_pool(fixture);
	assert_int_equal(fixture->too_many, 0);
}

static void
the_gauge_says_who_runs_and_who_waits(void **state)
{
	struct fixture *fixture = *state;
	struct event gauge;

	fill_pool(fixture);
	pthread_mutex_lock(&fixture->world.lock);
	gauge = *last_gauge(fixture);
	pthread_mutex_unlock(&fixture->world.lock);
	assert_int_equal(gauge.number, SLOTS);
	assert_int_equal(gauge.value, SLOTS);
	assert_int_equal(gauge.size, WORKS - SLOTS);
	empty_pool(fixture);
	assert_int_equal(last_gauge(fixture)->value, 0);
	assert_int_equal(last_gauge(fixture)->size, 0);
}

static void
at_first_the_queue_grows(void **state)
{
	struct fixture *fixture = *state;
	const struct told *first;

	for (int i = 0; i < WORKS; i++)
		submit(fixture, i, wait_inside);
	empty_pool(fixture);
	first = told_nth(&fixture->world, EVENT_POOL_GAUGE, 0);
	assert_int_equal(first->event.size, 1);
	assert_int_equal(first->event.value, 0);
	assert_int_equal(first->event.tid, getpid());
}

static bool
is_span(const struct event *event, uint32_t tid)
{
	return event->tid == tid && (event->kind == EVENT_SPAN_BEGIN ||
	                             event->kind == EVENT_SPAN_END);
}

/* On each thread of the pool one span ends before the next begins. */
static void
assert_spans_alternate(struct fixture *fixture, uint32_t tid)
{
	const struct told *open = NULL;

	for (size_t i = 0; i < fixture->world.told_count; i++) {
		const struct told *told = &fixture->world.told[i];

		if (!is_span(&told->event, tid))
			continue;
		if (told->event.kind == EVENT_SPAN_BEGIN) {
			assert_null(open);
			open = told;
			continue;
		}
		assert_non_null(open);
		assert_string_equal(told->text, open->text);
		assert_int_equal(told->event.time - open->event.time,
		                 told->event.value);
		open = NULL;
	}
	assert_null(open);
}

static void
every_work_is_a_span_on_the_thread_it_ran_on(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < WORKS; i++)
		submit(fixture, i, wait_inside);
	empty_pool(fixture);
	assert_int_equal(told_count(&fixture->world, EVENT_SPAN_BEGIN), WORKS);
	assert_int_equal(told_count(&fixture->world, EVENT_SPAN_END), WORKS);
	for (int i = 0; i < WORKS; i++) {
		const struct told *span =
		    told_nth(&fixture->world, EVENT_SPAN_BEGIN, i);
		int work = atoi(span->text + strlen("work "));

		assert_int_equal(span->event.tid, fixture->tids[work]);
		assert_spans_alternate(fixture, fixture->tids[work]);
	}
}

static bool
has_name_of_pool(uint32_t tid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%u/comm", tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return strncmp(name, "pool ", 5) == 0;
}

/* All threads of the pool have worked by now; no world here saw all of them
 * being born, but each has the name it gave itself then. */
static void
the_threads_of_the_pool_are_as_many_as_its_slots(void **state)
{
	struct fixture *fixture = *state;
	int threads = 0;

	fill_pool(fixture);
	for (int i = 0; i < WORKS; i++) {
		bool is_new = fixture->tids[i] != 0;

		for (int j = 0; j < i; j++)
			is_new = is_new && fixture->tids[i] != fixture->tids[j];
		threads += is_new;
		if (is_new)
			assert_true(has_name_of_pool(fixture->tids[i]));
	}
	empty_pool(fixture);
	assert_int_equal(threads, SLOTS);
}

/* This runs first: libuv starts its threads when they are first needed. */
static void
a_thread_of_the_pool_tells_of_itself_once(void **state)
{
	struct fixture *fixture = *state;
	bool seen[SLOTS + 1] = {false};

	assert_int_equal(pool_size(), SLOTS);
	fill_pool(fixture);
	empty_pool(fixture);
	assert_int_equal(told_count(&fixture->world, EVENT_THREAD_BORN), SLOTS);
	for (int i = 0; i < SLOTS; i++) {
		const struct told *born =
		    told_nth(&fixture->world, EVENT_THREAD_BORN, i);

		assert_int_equal(born->event.number, ROLE_POOL);
		assert_in_range(born->event.value, 1, SLOTS);
		assert_false(seen[born->event.value]);
		seen[born->event.value] = true;
		assert_int_not_equal(born->event.tid, getpid());
	}
	told_clear(&fixture->world);
	fixture->done = 0;
	fill_pool(fixture);
	empty_pool(fixture);
	assert_int_equal(told_count(&fixture->world, EVENT_THREAD_BORN), 0);
}

static void
a_name_that_is_too_long_is_cut(void **state)
{
	struct fixture *fixture = *state;
	const char *name = "a name of more than thirty-one letters";
	const char *text;

	pool_submit(&fixture->works[0], &fixture->world.loop, name, note_where,
	            count_done, fixture);
	world_run(&fixture->world, &fixture->done, 1);
	text = told_nth(&fixture->world, EVENT_SPAN_BEGIN, 0)->text;
	assert_int_equal(strlen(text), 31);
	assert_memory_equal(text, name, 31);
}

/* A work may be queued again, or be freed, as soon as it is done. */
static void
submit_again(struct pool_work *work)
{
	struct fixture *fixture = work->data;

	if (++fixture->done < 5)
		pool_submit(work, work->loop, "again", note_where, submit_again,
		            fixture);
}

static void
a_work_that_is_done_is_free(void **state)
{
	struct fixture *fixture = *state;

	pool_submit(&fixture->works[0], &fixture->world.loop, "again",
	            note_where, submit_again, fixture);
	world_run(&fixture->world, &fixture->done, 5);
	assert_int_equal(told_count(&fixture->world, EVENT_SPAN_END), 5);
}

static void
the_size_is_what_the_environment_says(void **state)
{
	static const struct {
		const char *text;
		unsigned size;
	} sizes[] = {{"1", 1}, {"128", 128}, {"0", 1}, {"5000", 1024}};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		setenv("UV_THREADPOOL_SIZE", sizes[i].text, 1);
		assert_int_equal(pool_size(), sizes[i].size);
	}
	unsetenv("UV_THREADPOOL_SIZE");
	assert_int_equal(pool_size(), 4);
}

#define POOL_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    POOL_TEST(a_thread_of_the_pool_tells_of_itself_once),
	    POOL_TEST(work_runs_on_the_pool_and_is_done_on_the_loop),
	    POOL_TEST(what_finds_no_slot_waits_and_is_served),
	    POOL_TEST(the_gauge_says_who_runs_and_who_waits),
	    POOL_TEST(at_first_the_queue_grows),
	    POOL_TEST(every_work_is_a_span_on_the_thread_it_ran_on),
	    POOL_TEST(the_threads_of_the_pool_are_as_many_as_its_slots),
	    POOL_TEST(a_name_that_is_too_long_is_cut),
	    POOL_TEST(a_work_that_is_done_is_free),
	    cmocka_unit_test(the_size_is_what_the_environment_says),
	};

	setenv("UV_THREADPOOL_SIZE", "3", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
