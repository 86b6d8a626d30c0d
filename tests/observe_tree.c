/* A tree of real processes: births, deaths, threads. */
#include "family.h"

#include "observe/procfs.h"

/* ---- births ---- */

static void
start_shell(struct watching *watching, const char *script)
{
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};

	helper_start_program(&watching->helper, argv);
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_RUN),
	    0);
}

/* What is known of its command now, born with it or changed by execve(2). */
static const char *
command_of(const struct watching *watching, uint32_t pid)
{
	const char *command = "";

	for (int i = 0; i < watching->count; i++) {
		const struct event *event = &watching->said[i].event;

		if (event->pid == pid && (event->kind == EVENT_PROCESS_BORN ||
		                          event->kind == EVENT_PROCESS_EXEC))
			command = watching->said[i].text;
	}
	return command;
}

static void
await_command(struct watching *watching, uint32_t pid, const char *command)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;

	while (strcmp(command_of(watching, pid), command) != 0) {
		if (helper_now() > deadline)
			fail_msg("\"%s\", not \"%s\"",
			         command_of(watching, pid), command);
		watching_round(watching);
	}
}

static void
what_is_watched_is_born_and_its_main_thread(void **state)
{
	struct watching *watching = *state;
	int64_t pid;
	const struct said *said;

	watching_helper(watching, "@family");
	pid = watching->helper.pid;
	assert_int_equal(watching->count, 2);
	said = said_next(watching, NULL, EVENT_PROCESS_BORN, pid, pid);
	assert_non_null(said);
	assert_int_equal(said->event.magic, EVENT_MAGIC);
	assert_int_equal(said->event.other_pid, getpid());
	assert_int_equal(said->event.number, BIRTH_RUN);
	assert_true(said->event.value > 0);
	assert_string_equal(said->text, "/proc/self/exe @family");
	said = said_next(watching, NULL, EVENT_THREAD_BORN, pid, pid);
	assert_non_null(said);
	assert_int_equal(said->event.number, ROLE_MAIN);
	assert_int_equal(observe_alive(watching->observe), 1);
	/* Once is enough. */
	assert_int_equal(
	    observe_watch(watching->observe, (pid_t)pid, BIRTH_SEEN), 0);
	assert_int_equal(watching->count, 2);
}

static void
the_children_of_a_shell_are_born_with_their_parent(void **state)
{
	struct watching *watching = *state;
	const struct said *first, *second;
	uint32_t pids[2];

	start_shell(watching, "read go; sleep 1000 & (sleep 1001; :) & wait");
	watching_round(watching);
	helper_order(&watching->helper, '\n');
	/* sh itself, a sleep, a subshell, and its sleep. */
	said_await_times(watching, EVENT_PROCESS_BORN, 0, 4);
	first = said_next(watching, NULL, EVENT_PROCESS_BORN, 0, 0);
	first = said_next(watching, first, EVENT_PROCESS_BORN, 0, 0);
	second = said_next(watching, first, EVENT_PROCESS_BORN, 0, 0);
	pids[0] = first->event.pid;
	pids[1] = second->event.pid;
	assert_int_equal(first->event.other_pid, watching->helper.pid);
	assert_int_equal(first->event.number, BIRTH_SEEN);
	await_command(watching, pids[0], "sleep 1000");
	assert_int_equal(observe_alive(watching->observe), 4);
}

static void
grandchildren_have_their_own_parent(void **state)
{
	struct watching *watching = *state;
	const struct said *child, *grandchild;

	start_shell(watching, "read go; (sleep 1000; :) & wait");
	helper_order(&watching->helper, '\n');
	said_await_times(watching, EVENT_PROCESS_BORN, 0, 3);
	child = child_of(watching, (uint32_t)watching->helper.pid);
	assert_non_null(child);
	grandchild = child_of(watching, child->event.pid);
	assert_non_null(grandchild);
	await_command(watching, grandchild->event.pid, "sleep 1000");
}

static void
a_whole_tree_is_found_when_it_is_attached_to(void **state)
{
	struct watching *watching = *state;
	pid_t children[3];

	helper_start(&watching->helper, "@family");
	for (int i = 0; i < 3; i++)
		children[i] = (pid_t)helper_ask(&watching->helper, 'c');
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_SEEN),
	    0);
	/* At once: nobody need move. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    said_count(watching, EVENT_PROCESS_BORN, children[i]), 1);
	assert_int_equal(observe_alive(watching->observe), 4);
}

static void
what_is_no_process_cannot_be_watched(void **state)
{
	struct watching *watching = *state;
	pid_t tid;

	assert_int_equal(
	    observe_watch(watching->observe, helper_gone_pid(), BIRTH_SEEN),
	    -ESRCH);
	assert_int_equal(observe_watch(watching->observe, 0, BIRTH_SEEN),
	                 -ESRCH);
	assert_int_equal(observe_watch(watching->observe, -1, BIRTH_SEEN),
	                 -ESRCH);
	helper_start(&watching->helper, "@worker");
	tid = (pid_t)helper_ask(&watching->helper, 't');
	assert_int_equal(observe_watch(watching->observe, tid, BIRTH_SEEN),
	                 -ESRCH);
	assert_int_equal(watching->count, 0);
	assert_int_equal(observe_alive(watching->observe), 0);
}

/* Within so many ms of the test's time. */
static void
execve_is_seen_in(struct watching *watching, unsigned ms)
{
	int64_t pid = watching->helper.pid;
	int before = said_count(watching, EVENT_PROCESS_EXEC, pid);
	uint64_t begin = watching_now(watching);
	const struct said *said;

	/* It says who it is when it has become the same again. */
	assert_int_equal(helper_ask(&watching->helper, 'e'), pid);
	said = said_await_times(watching, EVENT_PROCESS_EXEC, pid, before + 1);
	assert_string_equal(said->text, "/proc/self/exe @worker");
	assert_true(said->event.time <= begin + ms * HELPER_MS);
	watching_for(watching, 150);
	assert_int_equal(said_count(watching, EVENT_PROCESS_EXEC, pid),
	                 before + 1);
}

static void
becoming_another_program_is_seen(void **state)
{
	struct watching *watching = *state;

	helper_start(&watching->helper, "@worker");
	watching_fake_time(watching);
	watching_sample(watching);
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_RUN),
	    0);
	/* At the next look while it is young, later with the gauges. */
	execve_is_seen_in(watching, 5);
	watching_for(watching, 1000);
	execve_is_seen_in(watching, 105);
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, 0), 1);
}

static void
two_hundred_children_at_once_are_all_seen(void **state)
{
	struct watching *watching = *state;
	pid_t pids[MANY];

	watching_helper(watching, "@family");
	helper_order(&watching->helper, 'm');
	for (int i = 0; i < MANY; i++)
		pids[i] = (pid_t)helper_answer(&watching->helper);
	said_await_times(watching, EVENT_PROCESS_BORN, 0, MANY + 1);
	assert_int_equal(observe_alive(watching->observe), MANY + 1);
	helper_order(&watching->helper, 't');
	said_await_times(watching, EVENT_PROCESS_DIED, 0, MANY);
	for (int i = 0; i < MANY; i++) {
		const struct said *said = said_next(
		    watching, NULL, EVENT_PROCESS_BORN, pids[i], pids[i]);

		assert_non_null(said);
		assert_int_equal(said->event.other_pid, watching->helper.pid);
		assert_died(watching, pids[i], DEATH_CODE, i % 50);
	}
	assert_int_equal(observe_alive(watching->observe), 1);
}

/* ---- births where nobody moves any more ---- */

static void
the_child_of_a_new_thread_is_found(void **state)
{
	struct watching *watching = *state;
	pid_t child;

	watching_helper(watching, "@worker");
	watching_for(watching, 50);
	child = (pid_t)helper_ask(&watching->helper, 'f');
	helper_answer(&watching->helper);
	/* All wait now: there will be no other time to look. */
	poll(NULL, 0, 20);
	watching_for(watching, 50);
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, child), 1);
	assert_int_equal(said_next(watching, NULL, EVENT_PROCESS_BORN, child, 0)
	                     ->event.other_pid,
	                 watching->helper.pid);
}

/* ---- orphans ---- */

static int
setup_anchor(void **state)
{
	return watching_setup(state) || prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int
teardown_anchor(void **state)
{
	watching_teardown(state);
	return prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void
orphans_are_found_below_the_anchor(void **state)
{
	struct watching *watching = *state;
	struct pollfd ended = {.fd = observe_fd(watching->observe),
	                       .events = POLLIN};
	const struct said *said;

	observe_anchor(watching->observe, getpid());
	start_shell(watching, "read go; sleep 1000 & exit 6");
	watching_round(watching);
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, 0), 1);
	/* It bears a child and is gone before the next look. */
	helper_order(&watching->helper, '\n');
	assert_int_equal(poll(&ended, 1, HELPER_PATIENCE_MS), 1);
	observe_deaths(watching->observe, watching_now(watching));
	assert_died(watching, watching->helper.pid, DEATH_CODE, 6);
	said_await_times(watching, EVENT_PROCESS_BORN, 0, 2);
	said = child_of(watching, (uint32_t)getpid());
	if (said->event.pid == (uint32_t)watching->helper.pid)
		said = said_next(watching, said, EVENT_PROCESS_BORN, 0, 0);
	assert_int_equal(said->event.other_pid, getpid());
	await_command(watching, said->event.pid, "sleep 1000");
	assert_int_equal(observe_alive(watching->observe), 1);
}

/* ---- deaths ---- */

static void
deaths_are_told_with_code_or_signal(void **state)
{
	struct watching *watching = *state;
	pid_t coded, killed;

	watching_helper(watching, "@family");
	killed = (pid_t)helper_ask(&watching->helper, 'c');
	said_await(watching, EVENT_PROCESS_BORN, killed);
	kill(killed, SIGTERM);
	/* A zombie, then fetched: told once. */
	assert_died(watching, killed, DEATH_SIGNAL, SIGTERM);
	assert_int_equal(helper_ask(&watching->helper, 'w'), killed);
	coded = (pid_t)helper_ask(&watching->helper, 'c');
	said_await(watching, EVENT_PROCESS_BORN, coded);
	helper_order(&watching->helper, 't');
	assert_died(watching, coded, DEATH_CODE, 3);
	assert_int_equal(observe_alive(watching->observe), 1);
	helper_order(&watching->helper, 'x');
	assert_died(watching, watching->helper.pid, DEATH_CODE, 7);
	assert_int_equal(observe_alive(watching->observe), 0);
}

static void
a_death_is_seen_without_a_look(void **state)
{
	struct watching *watching = *state;
	struct pollfd ended = {.fd = observe_fd(watching->observe),
	                       .events = POLLIN};
	uint64_t now;

	watching_helper(watching, "@family");
	assert_int_equal(poll(&ended, 1, 0), 0);
	helper_order(&watching->helper, 'x');
	assert_int_equal(poll(&ended, 1, HELPER_PATIENCE_MS), 1);
	now = helper_now();
	observe_deaths(watching->observe, now);
	assert_died(watching, watching->helper.pid, DEATH_CODE, 7);
	assert_true(
	    said_next(watching, NULL, EVENT_PROCESS_DIED, 0, 0)->event.time ==
	    now);
	assert_int_equal(poll(&ended, 1, 0), 0);
}

/* Its parent goes on and does not fetch it. */
static void
a_zombie_is_born_and_dies_once(void **state)
{
	struct watching *watching = *state;
	pid_t zombie;

	watching_helper(watching, "@family");
	zombie = (pid_t)helper_ask(&watching->helper, 'z');
	assert_died(watching, zombie, DEATH_CODE, 4);
	for (int i = 0; i < 10; i++) {
		helper_ask(&watching->helper, 'b');
		watching_round(watching);
	}
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, zombie), 1);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, zombie), 1);
	assert_int_equal(observe_alive(watching->observe), 1);
}

static void
who_waits_for_it_may_tell_the_end(void **state)
{
	struct watching *watching = *state;
	pid_t pid;

	watching_helper(watching, "@family");
	pid = watching->helper.pid;
	observe_ended(watching->observe, pid, 9 << 8, helper_now());
	assert_died(watching, pid, DEATH_CODE, 9);
	/* What the kernel says later is no news. */
	helper_order(&watching->helper, 'x');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	watching_for(watching, 30);
	assert_died(watching, pid, DEATH_CODE, 9);
	observe_ended(watching->observe, pid, 0, helper_now());
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, 0), 1);
}

static void
the_end_of_the_main_thread_is_not_the_end(void **state)
{
	struct watching *watching = *state;
	int64_t pid;

	watching_helper(watching, "@worker");
	pid = watching->helper.pid;
	helper_ask(&watching->helper, 't');
	said_await_times(watching, EVENT_THREAD_BORN, pid, 2);
	helper_order(&watching->helper, 'h');
	watching_for(watching, 50);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, pid), 0);
	assert_int_equal(observe_alive(watching->observe), 1);
	kill((pid_t)pid, SIGKILL);
	assert_died(watching, pid, DEATH_SIGNAL, SIGKILL);
}

/* ---- threads ---- */

static void
threads_are_born_and_die(void **state)
{
	struct watching *watching = *state;
	const struct said *said;
	int64_t pid, tid;
	int open;

	/* Who works may get a clock of its own, and keeps it a while. */
	observe_forbid_perf(watching->observe);
	watching_helper(watching, "@worker");
	pid = watching->helper.pid;
	open = procfs_fd_count(getpid());
	tid = helper_ask(&watching->helper, 't');
	said = said_await_times(watching, EVENT_THREAD_BORN, pid, 2);
	assert_int_equal(said->event.tid, tid);
	assert_int_equal(said->event.number, ROLE_OTHER);
	assert_string_equal(said->text, "aside");
	assert_int_equal(helper_ask(&watching->helper, 'd'), 0);
	said = said_await(watching, EVENT_THREAD_DIED, pid);
	assert_int_equal(said->event.tid, tid);
	watching_for(watching, 30);
	assert_int_equal(said_count(watching, EVENT_THREAD_BORN, pid), 2);
	assert_int_equal(said_count(watching, EVENT_THREAD_DIED, pid), 1);
	assert_int_equal(procfs_fd_count(getpid()), open);
}

/* One ends and one begins between two looks: the number is the same. */
static void
a_thread_that_takes_another_s_place_is_seen(void **state)
{
	struct watching *watching = *state;
	int64_t pid, first, second;

	watching_helper(watching, "@worker");
	pid = watching->helper.pid;
	first = helper_ask(&watching->helper, 't');
	said_await_times(watching, EVENT_THREAD_BORN, pid, 2);
	assert_int_equal(helper_ask(&watching->helper, 'd'), 0);
	second = helper_ask(&watching->helper, 't');
	said_await_times(watching, EVENT_THREAD_BORN, pid, 3);
	said_await(watching, EVENT_THREAD_DIED, pid);
	assert_non_null(
	    said_next(watching, NULL, EVENT_THREAD_DIED, pid, first));
	assert_non_null(
	    said_next(watching, NULL, EVENT_THREAD_BORN, pid, second));
}

static const struct helper_role roles[] = {
    {"@family", play_family},
    {"@worker", play_worker},
    {NULL, NULL},
};

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)
#define WITH_ANCHOR(name) \
	cmocka_unit_test_setup_teardown(name, setup_anchor, teardown_anchor)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_watched_is_born_and_its_main_thread),
	    TEST(the_children_of_a_shell_are_born_with_their_parent),
	    TEST(grandchildren_have_their_own_parent),
	    TEST(a_whole_tree_is_found_when_it_is_attached_to),
	    TEST(what_is_no_process_cannot_be_watched),
	    TEST(becoming_another_program_is_seen),
	    TEST(two_hundred_children_at_once_are_all_seen),
	    TEST(the_child_of_a_new_thread_is_found),
	    WITH_ANCHOR(orphans_are_found_below_the_anchor),
	    TEST(deaths_are_told_with_code_or_signal),
	    TEST(a_death_is_seen_without_a_look),
	    TEST(a_zombie_is_born_and_dies_once),
	    TEST(who_waits_for_it_may_tell_the_end),
	    TEST(the_end_of_the_main_thread_is_not_the_end),
	    TEST(threads_are_born_and_die),
	    TEST(a_thread_that_takes_another_s_place_is_seen),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
