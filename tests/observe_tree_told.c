/* A tree of real processes: who speaks for itself, and what all of them use. */
#include "family.h"

#include "observe/procfs.h"

#include <sys/resource.h>

/* ---- who speaks for itself ---- */

static void
hear(struct watching *watching, enum event_kind kind, pid_t pid, pid_t other,
     uint64_t number, uint64_t value)
{
	const struct event event = {
	    .magic = EVENT_MAGIC,
	    .kind = (uint8_t)kind,
	    .time = watching_now(watching),
	    .pid = (uint32_t)pid,
	    .tid = (uint32_t)pid,
	    .other_pid = (uint32_t)other,
	    .number = number,
	    .value = value,
	};

	observe_hear(watching->observe, &event);
}

/* A helper that speaks, with a child that it has not announced. */
static pid_t
bear_in_silence(struct watching *watching)
{
	pid_t child;

	watching_helper(watching, "@family");
	watching_fake_time(watching);
	hear(watching, EVENT_PROCESS_TITLE, watching->helper.pid, 0, 0, 0);
	child = (pid_t)helper_ask(&watching->helper, 'c');
	return child;
}

static void
a_child_of_who_speaks_is_held_back_until_heard(void **state)
{
	struct watching *watching = *state;
	pid_t child = bear_in_silence(watching);

	/* Found at the next gauge, at the latest 100 ms from now. */
	watching_for(watching, 150);
	assert_int_equal(observe_alive(watching->observe), 2);
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, child), 0);
	hear(watching, EVENT_PROCESS_BORN, child, watching->helper.pid,
	     BIRTH_FORK, 0);
	watching_for(watching, 500);
	/* It was announced, we say no more; but how it ended. */
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, child), 0);
	assert_int_equal(said_count(watching, EVENT_THREAD_BORN, child), 1);
	helper_order(&watching->helper, 't');
	assert_died(watching, child, DEATH_CODE, 3);
}

static void
a_child_never_heard_of_is_announced_after_a_while(void **state)
{
	struct watching *watching = *state;
	pid_t child = bear_in_silence(watching);
	uint64_t before = watching_now(watching);
	const struct said *said;

	said = said_await(watching, EVENT_PROCESS_BORN, child);
	assert_in_range(watching_now(watching) - before, 200 * HELPER_MS,
	                400 * HELPER_MS);
	/* It is told late, but not as of then. */
	assert_in_range(said->event.time - before, 0, 150 * HELPER_MS);
	assert_int_equal(said->event.other_pid, watching->helper.pid);
	watching_for(watching, 30);
	assert_int_equal(said_count(watching, EVENT_THREAD_BORN, child), 1);
}

/* "@speaker" does what a runtime does that runs a shell command. */
static void
play_speaker(void)
{
	for (;;) {
		pid_t pid;

		helper_hear();
		pid = fork();
		if (pid == 0)
			execlp("sh", "sh", "-c", "sleep 1000 & wait", NULL);
		helper_say(pid);
	}
}

static void
ignore_child(void *data, pid_t pid)
{
	(void)data;
	(void)pid;
}

/* While it is held back its shell starts a child; then all sleep. */
static void
children_of_one_held_back_are_found_though_all_sleep(void **state)
{
	struct watching *watching = *state;
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	pid_t shell;

	watching_helper(watching, "@speaker");
	watching_fake_time(watching);
	hear(watching, EVENT_PROCESS_TITLE, watching->helper.pid, 0, 0, 0);
	shell = (pid_t)helper_ask(&watching->helper, 'c');
	while (procfs_children(shell, shell, ignore_child, NULL) < 1) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	said_await(watching, EVENT_PROCESS_BORN, shell);
	watching_for(watching, 100);
	assert_non_null(child_of(watching, (uint32_t)shell));
}

static void
one_that_speaks_is_not_spoken_for(void **state)
{
	struct watching *watching = *state;

	watching_helper(watching, "@worker");
	watching_fake_time(watching);
	hear(watching, EVENT_PROCESS_TITLE, watching->helper.pid, 0, 0, 0);
	helper_ask(&watching->helper, 'e');
	helper_ask(&watching->helper, 't');
	watching_for(watching, 400);
	/* Its main thread was told before it spoke. */
	assert_int_equal(said_count(watching, EVENT_THREAD_BORN, 0), 1);
	assert_int_equal(said_count(watching, EVENT_PROCESS_EXEC, 0), 0);
	/* What it uses is told all the same. */
	helper_ask(&watching->helper, 'b');
	said_await(watching, EVENT_THREAD_GAUGE, watching->helper.pid);
}

static void
a_parent_that_was_told_says_what_the_kernel_cannot(void **state)
{
	struct watching *watching = *state;
	pid_t gone = helper_gone_pid();

	watching_helper(watching, "@family");
	hear(watching, EVENT_PROCESS_TITLE, watching->helper.pid, 0, 0, 0);
	hear(watching, EVENT_PROCESS_BORN, gone, watching->helper.pid,
	     BIRTH_FORK, 0);
	watching_for(watching, 50);
	/* Nobody knows yet. */
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, gone), 0);
	hear(watching, EVENT_PROCESS_EXIT, watching->helper.pid, gone,
	     DEATH_CODE, 3);
	assert_died(watching, gone, DEATH_CODE, 3);
	watching_for(watching, 30);
	assert_int_equal(observe_alive(watching->observe), 1);
}

static void
when_nobody_can_tell_an_end_is_unknown(void **state)
{
	struct watching *watching = *state;
	pid_t gone = helper_gone_pid();

	hear(watching, EVENT_PROCESS_BORN, gone, 1, BIRTH_FORK, 0);
	watching_for(watching, 30);
	assert_died(watching, gone, DEATH_UNKNOWN, 0);
	assert_int_equal(observe_alive(watching->observe), 0);
}

static void
what_is_said_of_ourselves_is_not_watched(void **state)
{
	struct watching *watching = *state;

	hear(watching, EVENT_PROCESS_BORN, getpid(), 1, BIRTH_RUN, 0);
	hear(watching, EVENT_PROCESS_TITLE, getpid(), 0, 0, 0);
	hear(watching, EVENT_PROCESS_EXIT, getpid(), 4711, DEATH_CODE, 0);
	watching_for(watching, 30);
	assert_int_equal(watching->count, 0);
	assert_int_equal(observe_alive(watching->observe), 0);
}

/* ---- signals ---- */

static void
a_signal_never_goes_to_a_later_process(void **state)
{
	struct watching *watching = *state;
	uint64_t before, after;
	pid_t child;

	watching_helper(watching, "@family");
	before = helper_now();
	child = (pid_t)helper_ask(&watching->helper, 'c');
	said_await(watching, EVENT_PROCESS_BORN, child);
	after = helper_now();
	assert_int_equal(
	    observe_signal(watching->observe, child, before, SIGTERM), -ESRCH);
	watching_for(watching, 30);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, child), 0);
	assert_int_equal(
	    observe_signal(watching->observe, child, after, SIGTERM), 0);
	assert_died(watching, child, DEATH_SIGNAL, SIGTERM);
	assert_int_equal(
	    observe_signal(watching->observe, child, after, SIGTERM), -ESRCH);
	/* Not watched, not signalled. */
	assert_int_equal(
	    observe_signal(watching->observe, getpid(), after, SIGTERM),
	    -ESRCH);
}

/* ---- gauges ---- */

static uint64_t
used_by(const struct watching *watching, int64_t pid, int64_t tid)
{
	const struct said *said = NULL;
	uint64_t sum = 0;

	while ((said = said_next(watching, said, EVENT_THREAD_GAUGE, pid,
	                         tid)) != NULL)
		sum += said->event.value;
	return sum;
}

static void
assert_used(struct watching *watching, int64_t tid, uint64_t expected)
{
	int64_t pid = watching->helper.pid;
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;

	while (used_by(watching, pid, tid) < expected / 10 * 9) {
		if (helper_now() > deadline)
			fail_msg(
			    "%llu of %llu ns",
			    (unsigned long long)used_by(watching, pid, tid),
			    (unsigned long long)expected);
		watching_round(watching);
	}
	watching_for(watching, 150);
	assert_in_range(used_by(watching, pid, tid), expected / 10 * 9,
	                expected / 10 * 11);
}

static void
gauges_add_up_to_what_was_used(void **state)
{
	struct watching *watching = *state;
	struct pollfd answer;
	uint64_t aside, mine;
	int64_t tid;

	watching_helper(watching, "@worker");
	answer =
	    (struct pollfd){.fd = watching->helper.answers, .events = POLLIN};
	tid = helper_ask(&watching->helper, 'p');
	while (poll(&answer, 1, 0) == 0)
		watching_round(watching);
	aside = (uint64_t)helper_answer(&watching->helper);
	helper_answer(&watching->helper);
	helper_order(&watching->helper, 'b');
	while (poll(&answer, 1, 0) == 0)
		watching_round(watching);
	mine = (uint64_t)helper_answer(&watching->helper);
	assert_used(watching, tid, aside);
	assert_used(watching, watching->helper.pid, mine);
}

static void
each_gauge_is_of_a_tenth_of_a_second(void **state)
{
	struct watching *watching = *state;
	const struct said *said = NULL;
	struct pollfd answer;

	watching_helper(watching, "@worker");
	answer =
	    (struct pollfd){.fd = watching->helper.answers, .events = POLLIN};
	helper_ask(&watching->helper, 't');
	watching_fake_time(watching);
	watching->period_ms = 20;
	/* The first window is as long as it took to get here. */
	watching_for(watching, 200);
	watching->count = 0;
	helper_order(&watching->helper, 'b');
	while (poll(&answer, 1, 0) == 0)
		watching_round(watching);
	assert_true(said_count(watching, EVENT_THREAD_GAUGE, 0) > 0);
	while ((said = said_next(watching, said, EVENT_THREAD_GAUGE, 0, 0)) !=
	       NULL) {
		assert_in_range(said->event.number, 100 * HELPER_MS,
		                140 * HELPER_MS);
		/* Not of one that sleeps. */
		assert_true(said->event.value || said->event.size);
	}
}

/* What it used before anybody looked is not what it uses now. */
static void
the_past_of_what_is_attached_to_is_not_gauged(void **state)
{
	struct watching *watching = *state;

	helper_start(&watching->helper, "@worker");
	helper_ask(&watching->helper, 'b');
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_SEEN),
	    0);
	watching_fake_time(watching);
	watching_for(watching, 1200);
	assert_in_range(used_by(watching, 0, 0), 0, 50 * HELPER_MS);
}

static void
one_that_sleeps_is_not_gauged(void **state)
{
	struct watching *watching = *state;
	int before;

	watching_helper(watching, "@worker");
	watching_fake_time(watching);
	watching_for(watching, 2500);
	before = watching->count;
	watching_for(watching, 3000);
	assert_int_equal(watching->count, before);
}

static void
memory_threads_and_descriptors_are_measured(void **state)
{
	struct watching *watching = *state;
	const struct event *event;

	watching_helper(watching, "@worker");
	helper_ask(&watching->helper, 't');
	helper_ask(&watching->helper, 't');
	watching_fake_time(watching);
	event = &said_await(watching, EVENT_PROCESS_GAUGE, watching->helper.pid)
	             ->event;
	assert_in_range(event->value, 500, 1 << 20);
	assert_int_equal(event->size, 3);
	assert_int_equal(event->number, procfs_fd_count(watching->helper.pid));
}

/* ---- what it takes ---- */

static void
nothing_is_left_open(void **state)
{
	struct watching *watching = *state;
	struct observe *observe;
	int before = procfs_fd_count(getpid());

	assert_int_equal(observe_new(&observe, watching_put, watching), 0);
	helper_start(&watching->helper, "@family");
	assert_int_equal(
	    observe_watch(observe, watching->helper.pid, BIRTH_SEEN), 0);
	helper_order(&watching->helper, 'm');
	for (int i = 0; i < MANY; i++)
		helper_answer(&watching->helper);
	observe_sample(observe, helper_now());
	assert_int_equal(observe_alive(observe), MANY + 1);
	assert_true(procfs_fd_count(getpid()) > before + MANY);
	/* Some living, some dead and told, some dead and not yet told. */
	helper_order(&watching->helper, 't');
	observe_deaths(observe, helper_now());
	observe_sample(observe, helper_now());
	observe_free(observe);
	helper_end(&watching->helper);
	assert_int_equal(procfs_fd_count(getpid()), before);
}

static void
the_dead_are_let_go(void **state)
{
	struct watching *watching = *state;
	int before;

	/* Who works may get a clock of its own, and keeps it a while. */
	observe_forbid_perf(watching->observe);
	watching_helper(watching, "@family");
	watching_round(watching);
	before = procfs_fd_count(getpid());
	helper_order(&watching->helper, 'm');
	for (int i = 0; i < MANY; i++)
		helper_answer(&watching->helper);
	said_await_times(watching, EVENT_PROCESS_BORN, 0, MANY + 1);
	helper_order(&watching->helper, 't');
	said_await_times(watching, EVENT_PROCESS_DIED, 0, MANY);
	for (int i = 0; i < MANY; i++)
		helper_ask(&watching->helper, 'w');
	watching_round(watching);
	watching_round(watching);
	assert_int_equal(procfs_fd_count(getpid()), before);
}

static void
the_method_is_said(void **state)
{
	struct watching *watching = *state;

	assert_non_null(strstr(observe_method(watching->observe), "deaths"));
	observe_free(NULL);
}

static const struct helper_role roles[] = {
    {"@family", play_family},
    {"@worker", play_worker},
    {"@speaker", play_speaker},
    {NULL, NULL},
};

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_child_of_who_speaks_is_held_back_until_heard),
	    TEST(a_child_never_heard_of_is_announced_after_a_while),
	    TEST(children_of_one_held_back_are_found_though_all_sleep),
	    TEST(one_that_speaks_is_not_spoken_for),
	    TEST(a_parent_that_was_told_says_what_the_kernel_cannot),
	    TEST(when_nobody_can_tell_an_end_is_unknown),
	    TEST(what_is_said_of_ourselves_is_not_watched),
	    TEST(a_signal_never_goes_to_a_later_process),
	    TEST(gauges_add_up_to_what_was_used),
	    TEST(each_gauge_is_of_a_tenth_of_a_second),
	    TEST(the_past_of_what_is_attached_to_is_not_gauged),
	    TEST(one_that_sleeps_is_not_gauged),
	    TEST(memory_threads_and_descriptors_are_measured),
	    TEST(nothing_is_left_open),
	    TEST(the_dead_are_let_go),
	    TEST(the_method_is_said),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
