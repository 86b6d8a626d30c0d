/*
 * Loops of real processes and how they are blocked. The helper says when each
 * block began and ended; where the looks fell says how well that can be known.
 */
#include "observe_said.h"

#include "observe/procfs.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

enum { SPIN_MS = 300, SLEEP_MS = 200, CLOSE_MS = 25 };

/* ---- helpers ---- */

static int
timer_of(unsigned ms)
{
	struct itimerspec in = {.it_value = {.tv_nsec = (long)ms * 1000000}};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	timerfd_settime(fd, 0, &in, NULL);
	return fd;
}

static void
spin(unsigned ms)
{
	uint64_t end = helper_now() + ms * HELPER_MS;

	while (helper_now() < end)
		;
}

static void
sleep_in_read(void)
{
	int fd = timer_of(SLEEP_MS);
	uint64_t ticks;

	(void)!read(fd, &ticks, sizeof(ticks));
	close(fd);
}

static void
wait_in_nested_loop(void)
{
	int nested = epoll_create1(0), fd = timer_of(SLEEP_MS);
	struct epoll_event event = {.events = EPOLLIN};

	epoll_ctl(nested, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(nested, &event, 1, -1);
	close(fd);
	close(nested);
}

/* Turns all the time, with some reading and writing, and never waits. */
static void
turn_busily(int epfd)
{
	uint64_t end = helper_now() + SPIN_MS * HELPER_MS;
	struct epoll_event event;
	int ends[2];
	char byte = 'x';

	if (pipe(ends))
		_exit(1);
	while (helper_now() < end) {
		(void)!write(ends[1], &byte, 1);
		helper_burn(2);
		(void)!read(ends[0], &byte, 1);
		epoll_wait(epfd, &event, 1, 0);
	}
	close(ends[0]);
	close(ends[1]);
}

/* Moves the clock of the process, and not by the loop. */
static void *
fidget(void *data)
{
	(void)data;
	for (;;) {
		poll(NULL, 0, 1);
		helper_burn(1);
	}
	return NULL;
}

/* One callback; false: the loop ends with it. */
static bool
call_back(int epfd, char order)
{
	int64_t begin = (int64_t)helper_now();
	pthread_t thread;

	switch (order) {
	case 's':
	case 'q':
		spin(SPIN_MS);
		break;
	case 'r':
		sleep_in_read();
		break;
	case 'n':
		wait_in_nested_loop();
		break;
	case 'b':
		turn_busily(epfd);
		break;
	case 'k':
		for (;;)
			spin(1);
	case 'z':
		spin(5);
		raise(SIGSTOP);
		break;
	case 'f':
		pthread_create(&thread, NULL, fidget, NULL);
		break;
	default:
		break;
	}
	helper_say(begin);
	helper_say((int64_t)helper_now());
	return order != 'q';
}

/* "@loop": an epoll loop on its orders. */
static void
play_loop(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epfd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	do
		epoll_wait(epfd, &event, 1, -1);
	while (call_back(epfd, helper_hear()));
}

static void *
loop_aside(void *data)
{
	play_loop();
	return data;
}

/* "@aside": the same on another thread; the main one only waits. */
static void
play_aside(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, loop_aside, NULL);
	for (;;)
		pause();
}

/* "@poll": the same with poll(2). */
static void
play_poll(void)
{
	struct pollfd orders = {.fd = STDIN_FILENO, .events = POLLIN};

	do
		poll(&orders, 1, -1);
	while (call_back(-1, helper_hear()));
}

/* ---- tests ---- */

struct truth {
	uint64_t begin, end;
	uint64_t ordered; /* before it began: it may have waited for a CPU */
	uint64_t waited;  /* of the helper's threads up to then */
};

static void
add_wait(void *data, pid_t tid)
{
	struct watching *watching = data;
	struct procfs_sched sched = {0};
	int fd = procfs_open_sched(watching->helper.pid, tid);

	if (fd < 0)
		return;
	if (procfs_read_sched(fd, &sched) == 0)
		watching->waited += sched.wait_ns;
	close(fd);
}

/* For how long threads of the helper could have run and did not, up to now. */
static uint64_t
waited(struct watching *watching)
{
	watching->waited = 0;
	procfs_threads(watching->helper.pid, add_wait, watching);
	return watching->waited;
}

/* Has the helper do something in its loop, and looks on until it has. */
static struct truth
have_it_done(struct watching *watching, char order)
{
	struct pollfd answer = {.fd = watching->helper.answers,
	                        .events = POLLIN};
	struct truth truth;

	watching_round(watching);
	watching->gap = 0;
	truth.waited = waited(watching);
	truth.ordered = helper_now();
	helper_order(&watching->helper, order);
	while (poll(&answer, 1, 0) == 0)
		watching_round(watching);
	truth.begin = (uint64_t)helper_answer(&watching->helper);
	truth.end = (uint64_t)helper_answer(&watching->helper);
	return truth;
}

/* The number of the descriptor is the helper's affair; and who computes on a
 * busy machine may wait for a CPU longer than it has one. */
static void
assert_cause(const struct said *said, const char *cause)
{
	if (strcmp(cause, "computing") == 0 &&
	    strcmp(said->text, "waits for a CPU") == 0)
		return;
	if (strncmp(said->text, cause, strlen(cause)) != 0)
		fail_msg("\"%s\", not \"%s\"", said->text, cause);
}

/* Told while it lasted and when it was over, as far as the looks could see. On
 * a busy machine it begins before the first line of the callback, and ends
 * after the last. */
static void
assert_blocked(struct watching *watching, struct truth truth, const char *cause)
{
	int64_t pid = watching->helper.pid;
	uint64_t length = truth.end - truth.begin;
	uint64_t within = CLOSE_MS * HELPER_MS + watching->gap, least;
	const struct said *is_free =
	    said_await(watching, EVENT_LOOP_FREED, pid);
	const struct said *blocked =
	    said_next(watching, NULL, EVENT_LOOP_BLOCKED, pid, 0);

	assert_non_null(blocked);
	within += waited(watching) - truth.waited;
	least = length > within ? length - within : 50 * HELPER_MS;
	assert_int_equal(blocked->event.number, WITNESS_OUTSIDE);
	assert_true(blocked->event.value >= 50 * HELPER_MS);
	assert_cause(blocked, cause);
	assert_in_range(blocked->event.time, truth.ordered + 25 * HELPER_MS,
	                truth.begin + 50 * HELPER_MS + within);
	if (watching->gap < 100 * HELPER_MS)
		assert_true(blocked->event.time < truth.end);
	assert_int_equal(is_free->event.number, WITNESS_OUTSIDE);
	assert_int_equal(is_free->event.tid, blocked->event.tid);
	assert_cause(is_free, cause);
	assert_in_range(is_free->event.value, least, length + within);
	assert_in_range(is_free->event.time, truth.end - within,
	                truth.end + within);
	assert_int_equal(said_count(watching, EVENT_LOOP_BLOCKED, pid), 1);
	assert_int_equal(said_count(watching, EVENT_LOOP_FREED, pid), 1);
}

static void
find_loop(struct watching *watching, const char *role)
{
	const struct said *said;

	watching_helper(watching, role);
	said = said_await(watching, EVENT_LOOP_GAUGE, watching->helper.pid);
	assert_int_equal(said->event.value, 0);
	assert_true(said->event.channel == EVENT_LAGS_UNKNOWN);
}

static void
spinning_in_a_callback_is_seen(void **state)
{
	find_loop(*state, "@loop");
	assert_blocked(*state, have_it_done(*state, 's'), "computing");
}

static void
sleeping_in_read_is_seen(void **state)
{
	find_loop(*state, "@loop");
	assert_blocked(*state, have_it_done(*state, 'r'), "read(fd ");
}

static void
blocks_are_seen_without_perf(void **state)
{
	struct watching *watching = *state;

	observe_forbid_perf(watching->observe);
	find_loop(watching, "@loop");
	assert_blocked(watching, have_it_done(watching, 's'), "computing");
	assert_int_equal(
	    said_next(watching, NULL, EVENT_LOOP_FREED, 0, 0)->event.size,
	    METHOD_SAMPLES);
}

static void
waiting_in_a_nested_loop_is_seen(void **state)
{
	find_loop(*state, "@loop");
	assert_blocked(*state, have_it_done(*state, 'n'), "a nested loop");
}

/* Other threads move the clock while the loop sleeps. */
static void
sleeping_is_seen_while_others_work(void **state)
{
	struct watching *watching = *state;

	find_loop(watching, "@loop");
	have_it_done(watching, 'f');
	/* Not the one of a start that waited for a CPU. */
	do
		watching_for(watching, 10);
	while (said_count(watching, EVENT_LOOP_BLOCKED, 0) !=
	       said_count(watching, EVENT_LOOP_FREED, 0));
	watching->count = 0;
	assert_blocked(watching, have_it_done(watching, 'r'), "read(fd ");
}

static void
the_loop_of_another_thread_is_seen(void **state)
{
	struct watching *watching = *state;
	struct truth truth;

	find_loop(watching, "@aside");
	truth = have_it_done(watching, 's');
	assert_blocked(watching, truth, "computing");
	assert_null(said_next(watching, NULL, EVENT_LOOP_FREED, 0,
	                      watching->helper.pid));
}

static void
a_loop_of_poll_is_seen(void **state)
{
	find_loop(*state, "@poll");
	assert_blocked(*state, have_it_done(*state, 's'), "computing");
}

static void
a_loop_that_turns_busily_is_not_blocked(void **state)
{
	struct watching *watching = *state;

	const struct said *said = NULL;

	find_loop(watching, "@loop");
	have_it_done(watching, 'b');
	watching_for(watching, 100);
	/* On a busy machine it may get no CPU, which is a block. */
	while ((said = said_next(watching, said, EVENT_LOOP_FREED, 0, 0)) !=
	       NULL)
		assert_string_equal(said->text, "waits for a CPU");
}

/* It computed before, but that is not why it does not answer. */
static void
a_loop_that_is_stopped_is_said_to_be(void **state)
{
	struct watching *watching = *state;
	const struct said *said;
	uint64_t begin;
	int64_t pid;

	find_loop(watching, "@loop");
	pid = watching->helper.pid;
	begin = helper_now();
	helper_order(&watching->helper, 'z');
	said = said_await(watching, EVENT_LOOP_BLOCKED, pid);
	/* Who gets no CPU is blocked before it can stop, by waiting or by the
	 * little it computes: then the stop must be the longer part. */
	if (strcmp(said->text, "stopped") != 0)
		watching_for(watching, 4 * (unsigned)((helper_now() - begin) /
		                                      HELPER_MS));
	kill((pid_t)pid, SIGCONT);
	said = said_await(watching, EVENT_LOOP_FREED, pid);
	assert_string_equal(said->text, "stopped");
}

static void
a_stopped_loop_is_said_to_be_without_perf(void **state)
{
	struct watching *watching = *state;

	observe_forbid_perf(watching->observe);
	a_loop_that_is_stopped_is_said_to_be(state);
}

static void
a_loop_that_is_killed_while_blocked_is_free(void **state)
{
	struct watching *watching = *state;
	int64_t pid;
	const struct said *is_free, *died;
	uint64_t begin;

	find_loop(watching, "@loop");
	pid = watching->helper.pid;
	begin = helper_now();
	helper_order(&watching->helper, 'k');
	said_await(watching, EVENT_LOOP_BLOCKED, pid);
	kill((pid_t)pid, SIGKILL);
	said_await(watching, EVENT_PROCESS_DIED, pid);
	died = said_next(watching, NULL, EVENT_PROCESS_DIED, pid, 0);
	is_free = said_next(watching, NULL, EVENT_LOOP_FREED, pid, 0);
	assert_non_null(is_free);
	assert_true(is_free < died);
	assert_true(is_free->event.time == died->event.time);
	assert_in_range(is_free->event.value, 50 * HELPER_MS,
	                died->event.time - begin);
}

static void
a_loop_whose_thread_ends_with_the_block_is_free(void **state)
{
	struct watching *watching = *state;
	const struct said *is_free, *died;

	find_loop(watching, "@aside");
	have_it_done(watching, 'q');
	said_await(watching, EVENT_THREAD_DIED, watching->helper.pid);
	is_free = said_next(watching, NULL, EVENT_LOOP_FREED, 0, 0);
	died = said_next(watching, NULL, EVENT_THREAD_DIED, 0, 0);
	assert_non_null(is_free);
	assert_true(is_free < died);
	assert_int_equal(is_free->event.tid, died->event.tid);
	assert_int_equal(said_count(watching, EVENT_LOOP_BLOCKED, 0), 1);
	assert_int_equal(said_count(watching, EVENT_LOOP_FREED, 0), 1);
}

static void
an_idle_loop_costs_no_events(void **state)
{
	struct watching *watching = *state;
	int before;

	find_loop(watching, "@loop");
	watching_fake_time(watching);
	watching->period_ms = 20;
	watching_for(watching, 2500);
	before = watching->count;
	watching_for(watching, 4000);
	assert_int_equal(watching->count, before);
}

static void
one_that_speaks_tells_of_its_loops_itself(void **state)
{
	struct watching *watching = *state;
	struct event event = {.magic = EVENT_MAGIC,
	                      .kind = EVENT_PROCESS_TITLE};

	find_loop(watching, "@loop");
	event.pid = event.tid = (uint32_t)watching->helper.pid;
	observe_hear(watching->observe, &event);
	have_it_done(watching, 's');
	watching_for(watching, 50);
	assert_int_equal(said_count(watching, EVENT_LOOP_BLOCKED, 0), 0);
	assert_int_equal(said_count(watching, EVENT_LOOP_FREED, 0), 0);
	assert_int_equal(said_count(watching, EVENT_LOOP_TURNS, 0), 0);
}

/* ---- gauges ---- */

static uint64_t
sum_of(const struct watching *watching, enum event_kind kind)
{
	const struct said *said = NULL;
	uint64_t sum = 0;

	while ((said = said_next(watching, said, kind, 0, 0)) != NULL)
		sum += said->event.value;
	return sum;
}

static void
a_loop_is_busy_as_long_as_its_thread_runs(void **state)
{
	struct watching *watching = *state;
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	const struct said *said;
	uint64_t before, more;

	find_loop(watching, "@loop");
	watching_for(watching, 150);
	/* What it used before it was a loop is not the loop's. */
	before = sum_of(watching, EVENT_THREAD_GAUGE);
	have_it_done(watching, 's');
	said = said_await_times(watching, EVENT_LOOP_GAUGE,
	                        watching->helper.pid, 2);
	assert_true(said->event.size >= 1000 * HELPER_MS);
	watching_for(watching, 150);
	more = sum_of(watching, EVENT_THREAD_GAUGE) - before;
	assert_true(more > 0);
	/* On a busy machine the second gauge comes before it is done. */
	while (sum_of(watching, EVENT_LOOP_GAUGE) < more / 10 * 9 &&
	       helper_now() < deadline)
		watching_round(watching);
	assert_in_range(sum_of(watching, EVENT_LOOP_GAUGE), more / 10 * 9,
	                sum_of(watching, EVENT_THREAD_GAUGE));
	assert_in_range(sum_of(watching, EVENT_LOOP_TURNS), more / 10 * 8,
	                sum_of(watching, EVENT_THREAD_GAUGE));
}

static void
the_past_of_a_loop_is_not_its_utilisation(void **state)
{
	struct watching *watching = *state;

	helper_start(&watching->helper, "@loop");
	helper_ask(&watching->helper, 's');
	helper_answer(&watching->helper);
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_SEEN),
	    0);
	watching_fake_time(watching);
	watching->period_ms = 20;
	watching_for(watching, 2500);
	said_await(watching, EVENT_LOOP_GAUGE, watching->helper.pid);
	/* On its way back to where it waits it may still use a little. */
	assert_in_range(sum_of(watching, EVENT_LOOP_TURNS), 0, 20 * HELPER_MS);
	assert_in_range(sum_of(watching, EVENT_LOOP_GAUGE), 0, 20 * HELPER_MS);
}

static const struct helper_role roles[] = {
    {"@loop", play_loop},
    {"@aside", play_aside},
    {"@poll", play_poll},
    {NULL, NULL},
};

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(spinning_in_a_callback_is_seen),
	    TEST(sleeping_in_read_is_seen),
	    TEST(blocks_are_seen_without_perf),
	    TEST(waiting_in_a_nested_loop_is_seen),
	    TEST(sleeping_is_seen_while_others_work),
	    TEST(the_loop_of_another_thread_is_seen),
	    TEST(a_loop_of_poll_is_seen),
	    TEST(a_loop_that_turns_busily_is_not_blocked),
	    TEST(a_loop_that_is_stopped_is_said_to_be),
	    TEST(a_stopped_loop_is_said_to_be_without_perf),
	    TEST(a_loop_that_is_killed_while_blocked_is_free),
	    TEST(a_loop_whose_thread_ends_with_the_block_is_free),
	    TEST(an_idle_loop_costs_no_events),
	    TEST(one_that_speaks_tells_of_its_loops_itself),
	    TEST(a_loop_is_busy_as_long_as_its_thread_runs),
	    TEST(the_past_of_a_loop_is_not_its_utilisation),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
