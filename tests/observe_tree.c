/* A tree of real processes: births, deaths, threads, what they use. */
#include "observe_said.h"

#include "observe/procfs.h"

#include <pthread.h>
#include <sys/resource.h>

enum { MANY = 200 };

/* ---- helpers ---- */

/* "@family": 'c' bears a child that ends with 3 when told, 'm' 200 of them
 * (number i ends with i % 50), 'z' one that ends at once with 4; 't' tells the
 * children to end, 'w' waits for one, 'b' burns 10 ms, 'x' ends with 7. */
static int gate[2];

static pid_t
bear(int code)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		_exit(code);
	}
	return pid;
}

static void
bear_one(char order)
{
	pid_t pid = order == 'c' ? bear(3) : fork();

	if (pid == 0)
		_exit(4);
	helper_say(pid);
}

static void
play_family(void)
{
	if (pipe(gate))
		_exit(1);
	for (;;) {
		char order = helper_hear();

		if (order == 'x')
			_exit(7);
		if (order == 'c' || order == 'z')
			bear_one(order);
		for (int i = 0; order == 'm' && i < MANY; i++)
			helper_say(bear(i % 50));
		if (order == 't')
			close(gate[1]);
		if (order == 'w')
			helper_say(waitpid(-1, NULL, 0));
		if (order == 'b') {
			helper_burn(10);
			helper_say(0);
		}
	}
}

/* "@worker": 't' starts a thread, 'd' lets it end, 'f' starts one that forks
 * and then waits; 'b' burns 300 ms, 'p' has a thread burn 200 ms: both tell
 * what they used; 'e' executes the same again; 'h' ends the main thread. */
static int doors[2];
static pthread_t newest;

static void *
wait_at_door(void *data)
{
	char byte;

	if (data) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		helper_say(pid);
	}
	helper_say(gettid());
	(void)!read(doors[0], &byte, 1);
	return NULL;
}

static void *
burn_aside(void *data)
{
	helper_say(gettid());
	helper_burn(200);
	helper_say((int64_t)helper_clock(CLOCK_THREAD_CPUTIME_ID));
	return wait_at_door(data);
}

static void
start_thread(char order)
{
	/* A thread begins with the name of who made it. */
	prctl(PR_SET_NAME, "aside");
	pthread_create(&newest, NULL, order == 'p' ? burn_aside : wait_at_door,
	               order == 'f' ? doors : NULL);
	prctl(PR_SET_NAME, "worker");
}

static void
play_worker(void)
{
	char *const again[] = {(char *)"/proc/self/exe", (char *)"@worker",
	                       NULL};

	if (pipe2(doors, O_CLOEXEC))
		_exit(1);
	for (;;) {
		char order = helper_hear();

		if (order == 't' || order == 'f' || order == 'p')
			start_thread(order);
		if (order == 'd') {
			(void)!write(doors[1], "x", 1);
			helper_say(pthread_join(newest, NULL));
		}
		if (order == 'b') {
			helper_burn(300);
			helper_say(
			    (int64_t)helper_clock(CLOCK_THREAD_CPUTIME_ID));
		}
		if (order == 'e')
			execv(again[0], again);
		if (order == 'h')
			pthread_exit(NULL);
	}
}

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

static const struct said *
child_of(const struct watching *watching, uint32_t parent)
{
	const struct said *said = NULL;

	while ((said = said_next(watching, said, EVENT_PROCESS_BORN, 0, 0)) !=
	       NULL)
		if (said->event.other_pid == parent)
			return said;
	return NULL;
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
