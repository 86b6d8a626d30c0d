/* What a loop tells of itself. */
#include "runtime_world.h"

#include <sys/stat.h>

enum { MS = 1000000 };

static void
spin(uint64_t ms)
{
	uint64_t end = uv_hrtime() + ms * MS;

	while (uv_hrtime() < end)
		;
}

static uint64_t
sum_of_turns(struct world *world, size_t field)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < world->told_count; i++) {
		const char *event = (const char *)&world->told[i].event;

		if (world->told[i].event.kind == EVENT_LOOP_TURNS)
			sum += *(const uint64_t *)(event + field);
	}
	return sum;
}

/* ---- what it tells ---- */

static void
an_open_loop_tells_of_its_thread(void **state)
{
	struct world *world = *state;
	struct loop loop;
	const struct told *told;

	assert_int_equal(loop_open(&loop, ROLE_WORKER, 7, "seven"), 0);
	assert_string_equal(told_kinds(world), "thread-born");
	told = told_nth(world, EVENT_THREAD_BORN, 0);
	assert_string_equal(told->text, "seven");
	assert_int_equal(told->event.number, ROLE_WORKER);
	assert_int_equal(told->event.value, 7);
	assert_int_equal(told->event.pid, getpid());
	assert_int_equal(told->event.tid, getpid());
	assert_ptr_equal(loop.uv.data, &loop);
	loop_close(&loop);
}

static void
count_tick(uv_timer_t *timer)
{
	++*(int *)timer->data;
}

static void
count_turn(uv_check_t *check)
{
	++*(int *)check->data;
}

/* Waits for 120 ms; returns for how long it was busy. */
static uint64_t
idle_once(struct world *world)
{
	int ticks = 0, turns = 0;
	uv_timer_t timer;
	uv_check_t check;

	told_clear(world);
	uv_timer_init(&world->loop.uv, &timer);
	timer.data = &ticks;
	uv_check_init(&world->loop.uv, &check);
	check.data = &turns;
	uv_check_start(&check, count_turn);
	uv_unref((uv_handle_t *)&check);
	uv_timer_start(&timer, count_tick, 120, 0);
	world_drain(world);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&check, NULL);
	world_turn(world);
	assert_int_equal(ticks, 1);
	assert_in_range(turns, 1, 3);
	assert_in_range(told_count(world, EVENT_LOOP_TURNS), 1, 2);
	return sum_of_turns(world, offsetof(struct event, value));
}

/* A long wait is a turn, and perhaps the one that ends it: no more. Who gets no
 * CPU is busy all the same: the shortest of some counts. */
static void
an_idle_loop_tells_nothing_and_is_not_woken(void **state)
{
	struct world *world = *state;
	uint64_t begin = uv_hrtime(), busy = idle_once(world);

	if (uv_hrtime() - begin < 900 * MS)
		assert_int_equal(told_count(world, EVENT_LOOP_GAUGE), 0);
	for (int i = 0; i < 20 && busy > 60 * MS; i++)
		busy = idle_once(world);
	assert_in_range(busy, 0, 60 * MS);
}

struct spinner {
	int left, turns;
};

static void
spin_tick(uv_timer_t *timer)
{
	struct spinner *spinner = timer->data;

	spin(4);
	if (--spinner->left == 0)
		uv_timer_stop(timer);
}

static void
count_prepare(uv_prepare_t *prepare)
{
	struct spinner *spinner = prepare->data;

	spinner->turns++;
}

/* Ten callbacks of 4 ms, with 2 ms of waiting between them. */
static struct spinner
run_spinner(struct world *world)
{
	struct spinner spinner = {.left = 10};
	uv_timer_t timer;
	uv_prepare_t prepare;

	uv_timer_init(&world->loop.uv, &timer);
	timer.data = &spinner;
	uv_prepare_init(&world->loop.uv, &prepare);
	prepare.data = &spinner;
	uv_prepare_start(&prepare, count_prepare);
	uv_unref((uv_handle_t *)&prepare);
	uv_timer_start(&timer, spin_tick, 1, 6);
	world_drain(world);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&prepare, NULL);
	world_turn(world);
	return spinner;
}

static void
a_loop_tells_all_its_turns_and_how_busy_they_were(void **state)
{
	struct world *world = *state;
	/* Its first turn began when it was opened. */
	uint64_t begin = world->loop.gauge_begin;
	struct spinner spinner = run_spinner(world);
	uint64_t wall = uv_hrtime() - begin;
	uint64_t busy = sum_of_turns(world, offsetof(struct event, value));

	assert_int_equal(sum_of_turns(world, offsetof(struct event, number)),
	                 spinner.turns);
	/* The last callback may belong to a turn that never polls. */
	assert_in_range(busy, 36 * MS, wall);
}

static void
windows_of_turns_do_not_overlap(void **state)
{
	struct world *world = *state;
	uint64_t end = 0;

	run_spinner(world);
	for (int i = 0; i < told_count(world, EVENT_LOOP_TURNS); i++) {
		const struct event *event =
		    &told_nth(world, EVENT_LOOP_TURNS, i)->event;

		assert_true(event->value <= event->size);
		assert_true(event->time - event->size >= end);
		end = event->time;
	}
	assert_true(told_count(world, EVENT_LOOP_TURNS) >= 2);
}

struct runner {
	uv_idle_t idle;
	uint64_t end;
};

static void
run_idle(uv_idle_t *idle)
{
	struct runner *runner = idle->data;

	if (uv_hrtime() > runner->end)
		uv_idle_stop(idle);
}

/* A loop that never waits would tell hundreds of thousands of turns. */
static void
short_turns_are_told_together(void **state)
{
	struct world *world = *state;
	struct runner runner = {.end = uv_hrtime() + 45 * MS};
	int count;

	uv_idle_init(&world->loop.uv, &runner.idle);
	runner.idle.data = &runner;
	uv_idle_start(&runner.idle, run_idle);
	world_drain(world);
	uv_close((uv_handle_t *)&runner.idle, NULL);
	world_turn(world);
	count = told_count(world, EVENT_LOOP_TURNS);
	assert_true(count >= 1);
	for (int i = 0; i < count - 1; i++)
		assert_true(told_nth(world, EVENT_LOOP_TURNS, i)->event.size >=
		            10 * MS);
}

/* So that the test need not last a second, the loop believes it did. */
static void
run_spinner_a_second(struct world *world)
{
	uint64_t begin = uv_hrtime();
	int most;

	told_clear(world);
	world->loop.gauge_begin -= 1000 * MS;
	run_spinner(world);
	most = 1 + (int)((uv_hrtime() - begin + 100 * MS) / (1000 * MS));
	assert_in_range(told_count(world, EVENT_LOOP_GAUGE), 1, most);
}

static void
once_a_second_it_tells_utilisation_and_lag(void **state)
{
	struct world *world = *state;
	struct event gauge;

	run_spinner_a_second(world);
	run_spinner_a_second(world);
	gauge = told_nth(world, EVENT_LOOP_GAUGE, 0)->event;
	assert_in_range(gauge.size, 1000 * MS, 30000ull * MS);
	/* What the first spinner did after its gauge. */
	assert_in_range(gauge.value, 30 * MS, gauge.size);
	assert_in_range(gauge.number, 4 * MS, gauge.value);
	assert_true((uint32_t)gauge.channel <= gauge.channel >> 32);
	assert_true(gauge.channel >> 32 <= gauge.number / 1000);
}

static void
a_quiet_loop_tells_nothing_of_itself(void **state)
{
	struct world *world = *state;

	world->loop.quiet = true;
	world->loop.gauge_begin -= 1000 * MS;
	run_spinner(world);
	assert_int_equal(world->told_count, 0);
}

static int
open_fifo(char path[64])
{
	int fd;

	snprintf(path, 64, "/tmp/runtime_loop.%d", (int)getpid());
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* The second of two records is collected; the turn writes it out. */
static void
a_quiet_loop_writes_out_what_its_thread_collected(void **state)
{
	struct world *world = *state;
	struct event event = {.kind = EVENT_STDOUT};
	char path[64], bytes[1024];
	int fd = open_fifo(path);
	ssize_t got;

	emit_close();
	assert_int_equal(emit_open(path, uv_hrtime), 0);
	world->loop.quiet = true;
	emit(&event, "one");
	emit(&event, "two");
	world_turn(world);
	got = read(fd, bytes, sizeof(bytes));
	emit_close();
	close(fd);
	unlink(path);
	world->fds++; /* emit keeps its descriptor, see emit.c */
	assert_int_equal(got, 2 * event_record_size(3));
}

/* ---- spans ---- */

static void
a_span_is_told_before_and_after(void **state)
{
	struct world *world = *state;
	const struct told *begin, *end;

	loop_span_begin(&world->loop, "fib(42)");
	assert_string_equal(told_kinds(world), "span-begin");
	spin(2);
	loop_span_end(&world->loop, "fib(42)");
	assert_string_equal(told_kinds(world), "span-begin span-end");
	begin = told_nth(world, EVENT_SPAN_BEGIN, 0);
	end = told_nth(world, EVENT_SPAN_END, 0);
	assert_string_equal(begin->text, "fib(42)");
	assert_string_equal(end->text, "fib(42)");
	assert_true(end->event.value >= 2 * MS);
	assert_int_equal(end->event.time - begin->event.time, end->event.value);
}

static void
nested_spans_are_the_outermost(void **state)
{
	struct world *world = *state;

	loop_span_begin(&world->loop, "outer");
	loop_span_begin(&world->loop, "inner");
	loop_span_end(&world->loop, "inner");
	loop_span_begin(&world->loop, "inner");
	loop_span_end(&world->loop, "inner");
	assert_string_equal(told_kinds(world), "span-begin");
	loop_span_end(&world->loop, "outer");
	assert_string_equal(told_kinds(world), "span-begin span-end");
	assert_string_equal(told_nth(world, EVENT_SPAN_END, 0)->text, "outer");
	loop_span_begin(&world->loop, "next");
	loop_span_end(&world->loop, "next");
	assert_string_equal(told_kinds(world),
	                    "span-begin span-end span-begin span-end");
}

/* ---- lag ---- */

static uint64_t
lag(int count, uint64_t length, uint64_t window, double share)
{
	struct histogram lengths = {0};

	for (int i = 0; i < count; i++)
		histogram_add(&lengths, length);
	return loop_lag(&lengths, window, share);
}

/* The histogram is right within 12 %. */
static void
about(uint64_t value, uint64_t expected)
{
	assert_in_range(value, expected - expected / 8,
	                expected + expected / 8);
}

static void
a_loop_without_iterations_has_no_lag(void **state)
{
	(void)state;
	assert_int_equal(lag(0, 0, 1000 * MS, 0.5), 0);
	assert_int_equal(lag(0, 0, 0, 0.99), 0);
}

/* A second with one block of 100 ms: a timer at a random moment is late by
 * more than 90 ms once in a hundred times. */
static void
one_block_in_a_second(void **state)
{
	(void)state;
	assert_int_equal(lag(1, 100 * MS, 1000 * MS, 0.5), 0);
	assert_int_equal(lag(1, 100 * MS, 1000 * MS, 0.9), 0);
	about(lag(1, 100 * MS, 1000 * MS, 0.95), 50 * MS);
	about(lag(1, 100 * MS, 1000 * MS, 0.99), 90 * MS);
}

/* A loop that never waits, in iterations of 10 ms. */
static void
a_busy_loop_is_late_by_half_an_iteration(void **state)
{
	(void)state;
	about(lag(100, 10 * MS, 1000 * MS, 0.5), 5 * MS);
	about(lag(100, 10 * MS, 1000 * MS, 0.99), 99 * MS / 10);
}

static void
more_moments_have_more_lag(void **state)
{
	struct histogram lengths = {0};
	uint64_t last = 0;

	(void)state;
	for (uint64_t length = 1; length < 100 * MS; length *= 3)
		histogram_add(&lengths, length);
	for (int percent = 0; percent <= 100; percent++) {
		uint64_t now = loop_lag(&lengths, 200 * MS, percent / 100.0);

		assert_true(now >= last);
		last = now;
	}
	assert_true(last <= lengths.most);
	assert_true(last > 0);
}

/* ---- closing ---- */

static void
a_closed_loop_closes_what_is_open(void **state)
{
	struct loop loop;
	uv_timer_t timer;
	uv_tcp_t tcp;

	(void)state;
	assert_int_equal(loop_open(&loop, ROLE_MAIN, 0, "again"), 0);
	uv_timer_init(&loop.uv, &timer);
	uv_timer_start(&timer, count_tick, 1000000, 0);
	uv_tcp_init_ex(&loop.uv, &tcp, AF_INET);
	loop_close(&loop);
	assert_true(uv_is_closing((uv_handle_t *)&tcp));
}

#define LOOP_TEST(test) \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

/* ---- callbacks that took too long ---- */

struct slow {
	struct loop *loop;
	const char *name; /* what it says it is, or NULL */
	bool spans;
	uint64_t ms;
};

static void
be_slow(uv_timer_t *timer)
{
	const struct slow *slow = timer->data;

	if (slow->name)
		loop_callback(slow->loop, slow->name);
	if (slow->spans)
		loop_span_begin(slow->loop, "work");
	spin(slow->ms);
	if (slow->spans)
		loop_span_end(slow->loop, "work");
}

static void
run_slow(struct world *world, struct slow slow)
{
	uv_timer_t timer;

	slow.loop = &world->loop;
	world->tells_slow = true;
	uv_timer_init(&world->loop.uv, &timer);
	timer.data = &slow;
	uv_timer_start(&timer, be_slow, 1, 0);
	world_drain(world);
	uv_close((uv_handle_t *)&timer, NULL);
	world_turn(world);
}

/* The one of that name, which must be 60 ms long at least: on a busy machine
 * other turns may be slow too. NULL: there is none. */
static const struct told *
find_span(struct world *world, enum event_kind kind, const char *name)
{
	const struct told *found = NULL;

	for (int i = 0; i < told_count(world, kind); i++) {
		const struct told *told = told_nth(world, kind, i);

		if (strcmp(told->text, name) != 0)
			continue;
		if (kind == EVENT_SPAN_END && told->event.value < 60 * MS)
			continue;
		assert_null(found);
		found = told;
	}
	return found;
}

static void
a_slow_callback_is_told_with_its_name(void **state)
{
	struct world *world = *state;
	const struct told *begin, *end;

	run_slow(world, (struct slow){.name = "reload", .ms = 60});
	begin = find_span(world, EVENT_SPAN_BEGIN, "reload");
	end = find_span(world, EVENT_SPAN_END, "reload");
	assert_non_null(begin);
	assert_non_null(end);
	assert_true(end->event.value >= 60 * MS);
	assert_int_equal(end->event.time - begin->event.time, end->event.value);
}

static void
a_slow_callback_without_a_name_is_told_as_well(void **state)
{
	struct world *world = *state;

	run_slow(world, (struct slow){.ms = 60});
	assert_non_null(find_span(world, EVENT_SPAN_END, "a callback"));
}

static void
a_span_is_not_told_twice(void **state)
{
	struct world *world = *state;

	run_slow(world,
	         (struct slow){.name = "reload", .spans = true, .ms = 60});
	assert_non_null(find_span(world, EVENT_SPAN_BEGIN, "work"));
	assert_null(find_span(world, EVENT_SPAN_BEGIN, "reload"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    LOOP_TEST(an_open_loop_tells_of_its_thread),
	    LOOP_TEST(an_idle_loop_tells_nothing_and_is_not_woken),
	    LOOP_TEST(a_loop_tells_all_its_turns_and_how_busy_they_were),
	    LOOP_TEST(windows_of_turns_do_not_overlap),
	    LOOP_TEST(short_turns_are_told_together),
	    LOOP_TEST(once_a_second_it_tells_utilisation_and_lag),
	    LOOP_TEST(a_quiet_loop_tells_nothing_of_itself),
	    LOOP_TEST(a_quiet_loop_writes_out_what_its_thread_collected),
	    LOOP_TEST(a_span_is_told_before_and_after),
	    LOOP_TEST(nested_spans_are_the_outermost),
	    LOOP_TEST(a_slow_callback_is_told_with_its_name),
	    LOOP_TEST(a_slow_callback_without_a_name_is_told_as_well),
	    LOOP_TEST(a_span_is_not_told_twice),
	    cmocka_unit_test(a_loop_without_iterations_has_no_lag),
	    cmocka_unit_test(one_block_in_a_second),
	    cmocka_unit_test(a_busy_loop_is_late_by_half_an_iteration),
	    cmocka_unit_test(more_moments_have_more_lag),
	    LOOP_TEST(a_closed_loop_closes_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
