/* Child processes: the order of their events, and their end. */
#include "runtime_child.h"

/* ---- the order of events ---- */

static void
spawn_then_exit_then_close(void **state)
{
	struct fixture *fixture = *state;
	const struct told *told;

	start_shell(fixture, plain, "exit 7");
	assert_string_equal(fixture->world.said, "");
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_int_equal(fixture->child.code, 7);
	assert_int_equal(fixture->child.signal, 0);
	assert_string_equal(told_kinds(&fixture->world),
	                    "process-born process-exit");
	told = told_nth(&fixture->world, EVENT_PROCESS_BORN, 0);
	assert_string_equal(told->text, "/bin/sh -c exit 7");
	assert_int_equal(told->event.pid, fixture->child.pid);
	assert_int_equal(told->event.other_pid, getpid());
	assert_int_equal(told->event.number, BIRTH_SPAWN);
	told = told_nth(&fixture->world, EVENT_PROCESS_EXIT, 0);
	assert_int_equal(told->event.pid, getpid());
	assert_int_equal(told->event.other_pid, fixture->child.pid);
	assert_int_equal(told->event.number, DEATH_CODE);
	assert_int_equal(told->event.value, 7);
}

/* It has ended before the loop first comes round. */
static void
spawn_comes_before_exit_however_short_the_life(void **state)
{
	struct fixture *fixture = *state;
	siginfo_t info;

	start_shell(fixture, plain, "echo x");
	waitid(P_PID, (id_t)fixture->child.pid, &info, WEXITED | WNOWAIT);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_int_equal(fixture->used[0], 2);
}

static void
an_exit_code_has_eight_bits(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, plain, "exit 300");
	assert_int_equal(fixture->child.code, 44);
}

static void
a_signal_is_told_instead_of_a_code(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	run_shell(fixture, plain, "kill -KILL $$");
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_int_equal(fixture->child.signal, SIGKILL);
	assert_int_equal(fixture->child.code, -1);
	assert_false(fixture->child.killed);
	event = &told_nth(&fixture->world, EVENT_PROCESS_EXIT, 0)->event;
	assert_int_equal(event->number, DEATH_SIGNAL);
	assert_int_equal(event->value, SIGKILL);
}

/* ---- what cannot be started ---- */

static void
expect_not_started(struct fixture *fixture, int error)
{
	assert_string_equal(fixture->world.said, "");
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "error close");
	assert_int_equal(fixture->error, error);
	assert_int_equal(fixture->child.error, error);
	assert_int_equal(fixture->child.pid, 0);
	assert_string_equal(told_kinds(&fixture->world), "note");
	assert_int_equal(child_kill(&fixture->child, SIGTERM), -ESRCH);
}

static void
a_missing_file_is_an_error_then_a_close(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"no-such-program-here", NULL};

	start(fixture, plain, args);
	expect_not_started(fixture, -ENOENT);
}

static void
a_directory_cannot_be_run(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"/tmp", NULL};

	start(fixture, plain, args);
	expect_not_started(fixture, -EACCES);
}

static void
a_file_that_may_not_be_run_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	char path[] = "/tmp/runtime_child.XXXXXX";
	int fd = mkstemp(path);
	const char *const args[] = {path, NULL};

	start(fixture, plain, args);
	close(fd);
	unlink(path);
	expect_not_started(fixture, -EACCES);
}

static void
a_missing_directory_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"/bin/true", NULL};

	start(fixture, (struct child_options){.cwd = "/no/such"}, args);
	expect_not_started(fixture, -ENOENT);
}

/* A channel that never came to life says nothing. */
static void
a_fork_that_fails_has_no_disconnect(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"no-such-program-here", NULL};

	start(fixture, (struct child_options){.channel = true}, args);
	expect_not_started(fixture, -ENOENT);
	assert_int_equal(channel_send(&fixture->child.channel, fixture->got),
	                 -EPIPE);
}

/* ---- killing ---- */

static void
a_kill_ends_it(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, plain, "exec sleep 1000");
	assert_int_equal(child_kill(&fixture->child, SIGTERM), 0);
	assert_true(fixture->child.killed);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_int_equal(fixture->child.signal, SIGTERM);
}

static void
after_the_exit_there_is_nobody_to_kill(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, plain, "true");
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(child_kill(&fixture->child, SIGTERM), -ESRCH);
	assert_int_equal(child_kill(&fixture->child, 0), -ESRCH);
	assert_false(fixture->child.killed);
	run_until_closed(fixture);
}

static void
a_timeout_kills_it(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.timeout_ms = 20},
	            "exec sleep 1000");
	run_until_closed(fixture);
	assert_int_equal(fixture->child.signal, SIGTERM);
	assert_true(fixture->child.killed);
}

static void
a_timeout_kills_with_the_signal_it_was_given(void **state)
{
	struct fixture *fixture = *state;

	start_shell(
	    fixture,
	    (struct child_options){.timeout_ms = 20, .kill_signal = SIGKILL},
	    "exec sleep 1000");
	run_until_closed(fixture);
	assert_int_equal(fixture->child.signal, SIGKILL);
}

static void
a_timeout_ends_with_the_child(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture,
	          (struct child_options){.timeout_ms = 1000 * GUARD_MS},
	          "true");
	assert_false(fixture->child.killed);
	world_drain(&fixture->world);
}

/* Nobody dies of SIGURG. */
static void
who_survives_the_timeout_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	uv_shutdown_t request;

	start_shell(
	    fixture,
	    (struct child_options){.timeout_ms = 1, .kill_signal = SIGURG},
	    "exec cat");
	while (!fixture->child.killed && !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	assert_int_equal(child_kill(&fixture->child, 0), 0);
	end_stdin(fixture, &request);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_int_equal(fixture->child.code, 0);
}

/* ---- who holds what ---- */

/* A pipe whose read end a grandchild waits at. */
static int
open_hold(char text[16], int *read_end)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fcntl(fds[0], F_SETFD, 0);
	snprintf(text, 16, "%d", fds[0]);
	*read_end = fds[0];
	return fds[1];
}

static void
expect_close_waits(struct fixture *fixture, bool channel)
{
	char text[16];
	int read_end, hold = open_hold(text, &read_end);

	start_role(fixture, (struct child_options){.channel = channel},
	           "@grandchild", text);
	close(read_end);
	world_run(&fixture->world, &fixture->exits, 1);
	for (int i = 0; i < 10; i++)
		world_turn(&fixture->world);
	assert_string_equal(fixture->world.said, "spawn exit");
	close(hold);
	run_until_closed(fixture);
}

static void
a_grandchild_that_holds_the_output_delays_close_only(void **state)
{
	struct fixture *fixture = *state;

	expect_close_waits(fixture, false);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_string_equal(fixture->output[0], "late");
}

static void
a_grandchild_that_holds_the_channel_delays_close_too(void **state)
{
	struct fixture *fixture = *state;

	expect_close_waits(fixture, true);
	assert_string_equal(fixture->world.said, "spawn exit disconnect close");
}

/* As expect_close_waits(), but nobody waits for what is thrown away. */
static void
a_timeout_of_kept_output_does_not_wait_for_others(void **state)
{
	struct fixture *fixture = *state;
	char text[16];
	int read_end, hold = open_hold(text, &read_end);

	start_role(fixture,
	           (struct child_options){.max_buffer = 1000, .timeout_ms = 50},
	           "@stay", text);
	close(read_end);
	run_until_closed(fixture);
	assert_int_equal(fixture->child.signal, SIGTERM);
	assert_string_equal(fixture->world.said, "spawn exit close");
	close(hold);
}

/* What is kept is told each time it has doubled, and at the end. */
static void
how_much_output_is_kept_is_told(void **state)
{
	struct fixture *fixture = *state;
	const struct child_options options = {.max_buffer = 1 << 20};
	const struct told *told;
	int count;

	start_shell(fixture, options, "head -c 500000 /dev/zero | tr '\\0' x");
	run_until_closed(fixture);
	count = told_count(&fixture->world, EVENT_OUTPUT_KEPT);
	assert_in_range(count, 2, 5);
	told = told_nth(&fixture->world, EVENT_OUTPUT_KEPT, count - 1);
	assert_int_equal(told->event.other_pid, fixture->child.pid);
	assert_int_equal(told->event.number, 500000);
	assert_int_equal(told->event.value, 1 << 20);
}

static void
little_output_that_is_kept_is_no_news(void **state)
{
	struct fixture *fixture = *state;
	const struct child_options options = {.max_buffer = 1 << 20};

	start_shell(fixture, options, "echo little");
	run_until_closed(fixture);
	assert_int_equal(told_count(&fixture->world, EVENT_OUTPUT_KEPT), 0);
}

static void
an_unreferenced_child_lets_the_loop_end(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {
	    .in = CHILD_IGNORE,
	    .out = CHILD_IGNORE,
	    .err = CHILD_IGNORE,
	};

	start_shell(fixture, options, "exec sleep 1000");
	child_unref(&fixture->child);
	world_drain(&fixture->world);
	assert_string_equal(fixture->world.said, "spawn");
	assert_int_equal(child_kill(&fixture->child, SIGKILL), 0);
	child_ref(&fixture->child);
	run_until_closed(fixture);
}

/* ---- the roles ---- */

/* Has a grandchild that writes when the pipe it waits at is closed. */
static int
be_grandfather(int hold, bool stays)
{
	char byte;

	if (fork() > 0) {
		while (stays)
			pause();
		return 0;
	}
	while (read(hold, &byte, 1) > 0)
		;
	printf("late");
	return 0;
}

static int
be_role(char **argv)
{
	const char *role = argv[1];

	if (strcmp(role, "@grandchild") == 0 || strcmp(role, "@stay") == 0)
		return be_grandfather(atoi(argv[2]), role[1] == 's');
	return 1;
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(spawn_then_exit_then_close),
    CHILD_TEST(spawn_comes_before_exit_however_short_the_life),
    CHILD_TEST(an_exit_code_has_eight_bits),
    CHILD_TEST(a_signal_is_told_instead_of_a_code),
    CHILD_TEST(a_missing_file_is_an_error_then_a_close),
    CHILD_TEST(a_directory_cannot_be_run),
    CHILD_TEST(a_file_that_may_not_be_run_is_an_error),
    CHILD_TEST(a_missing_directory_is_an_error),
    CHILD_TEST(a_fork_that_fails_has_no_disconnect),
    CHILD_TEST(a_kill_ends_it),
    CHILD_TEST(after_the_exit_there_is_nobody_to_kill),
    CHILD_TEST(a_timeout_kills_it),
    CHILD_TEST(a_timeout_kills_with_the_signal_it_was_given),
    CHILD_TEST(a_timeout_ends_with_the_child),
    CHILD_TEST(who_survives_the_timeout_is_left_alone),
    CHILD_TEST(a_grandchild_that_holds_the_output_delays_close_only),
    CHILD_TEST(a_grandchild_that_holds_the_channel_delays_close_too),
    CHILD_TEST(a_timeout_of_kept_output_does_not_wait_for_others),
    CHILD_TEST(an_unreferenced_child_lets_the_loop_end),
    CHILD_TEST(how_much_output_is_kept_is_told),
    CHILD_TEST(little_output_that_is_kept_is_no_news),
};

/* Whoever has lost its role must not run the tests once more. */
int
main(int argc, char **argv)
{
	if (argc > 1 || getenv("NODE_CHANNEL_FD"))
		return argc > 1 ? be_role(argv) : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
