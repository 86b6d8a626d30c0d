/* The long lives of children: zombies, process groups, orphans, abort, and
 * those that outlive their loop. */
#include "runtime_child.h"

/* The state of a process, from /proc/PID/stat: 'Z'; '-': there is none. */
static char
state_of(int pid)
{
	char path[64], state = '-';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return state;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '-';
	fclose(file);
	return state;
}

static void
wait_for_death(int pid)
{
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
}

/* ---- zombies ---- */

/* Of every program: while its loop is blocked nobody waits. */
static void
a_child_is_a_zombie_until_the_loop_comes_round(void **state)
{
	struct fixture *fixture = *state;
	int pid;

	start_shell(fixture, plain, "exit 4");
	pid = fixture->child.pid;
	wait_for_death(pid);
	assert_int_equal(state_of(pid), 'Z');
	run_until_closed(fixture);
	assert_int_equal(state_of(pid), '-');
	assert_int_equal(fixture->child.code, 4);
}

static void
a_zombie_stays_for_its_time(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t stays = 60 * 1000000ull;
	uint64_t begun = uv_hrtime();
	char before;
	int pid;

	start_shell(fixture, (struct child_options){.zombie_ms = 60},
	            "echo x; exit 4");
	pid = fixture->child.pid;
	wait_for_death(pid);
	world_run(&fixture->world, &fixture->outputs, 1);
	world_turn(&fixture->world);
	before = state_of(pid);
	/* Its time may be over on a machine that has none for us. */
	if (uv_hrtime() - begun < stays) {
		assert_int_equal(before, 'Z');
		assert_string_equal(fixture->world.said, "spawn");
	}
	run_until_closed(fixture);
	assert_true(uv_hrtime() - begun >= stays - 2000000);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_int_equal(fixture->child.code, 4);
	assert_int_equal(state_of(pid), '-');
	assert_int_equal(told_count(&fixture->world, EVENT_PROCESS_EXIT), 1);
}

/* The deaths of others do not count, and are told meanwhile. */
static void
others_are_reaped_beside_a_zombie(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"true", NULL};
	const struct child_options options = {.file = "true", .args = args};
	struct child other = {.data = fixture};

	start_shell(fixture, (struct child_options){.zombie_ms = 1},
	            "exec cat");
	child_spawn(&other, &fixture->world.loop, &options, &events);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn spawn exit close");
	child_end(&fixture->child, 0);
	world_run(&fixture->world, &fixture->closes, 2);
	assert_int_equal(fixture->child.code, 0);
}

static void
a_zombie_that_never_lived_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"no-such-program-here", NULL};

	start(fixture, (struct child_options){.zombie_ms = 1000}, args);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "error close");
}

static void
nobody_waits_for_an_unreferenced_zombie(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {
	    .in = CHILD_IGNORE,
	    .out = CHILD_IGNORE,
	    .err = CHILD_IGNORE,
	    .zombie_ms = 1000 * GUARD_MS,
	};

	start_shell(fixture, options, "true");
	wait_for_death(fixture->child.pid);
	child_unref(&fixture->child);
	world_drain(&fixture->world);
	assert_string_equal(fixture->world.said, "spawn");
	child_forget(&fixture->child);
	run_until_closed(fixture);
	assert_int_equal(waitpid(fixture->child.pid, NULL, 0),
	                 fixture->child.pid);
}

static void
forget_at_exit(struct child *child, int code, int signal)
{
	on_exit_child(child, code, signal);
	child_forget(child);
}

/* From within the loop that is to be closed then. */
static void
a_zombie_is_forgotten_at_its_exit(void **state)
{
	struct fixture *fixture = *state;
	const struct child_options options = {.file = "true", .zombie_ms = 1};
	struct child_events forgetful = events;

	forgetful.exit = forget_at_exit;
	fixture->child.data = fixture;
	child_spawn(&fixture->child, &fixture->world.loop, &options,
	            &forgetful);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "spawn exit close");
}

/* ---- groups, orphans ---- */

static void
a_group_is_killed_as_one(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.detached = true},
	            "sleep 1000 & echo $!; wait");
	world_run(&fixture->world, &fixture->outputs, 1);
	assert_int_equal(child_kill_group(&fixture->child, SIGKILL), 0);
	assert_true(fixture->child.killed);
	run_until_closed(fixture);
	assert_int_equal(fixture->child.signal, SIGKILL);
	assert_true(state_of(atoi(fixture->output[0])) != 'S');
}

/* The leader is gone, an orphan holds its output. */
static void
a_group_outlives_its_leader(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.detached = true},
	            "sleep 1000 & exit 3");
	world_run(&fixture->world, &fixture->exits, 1);
	world_turn(&fixture->world);
	assert_int_equal(fixture->closes, 0);
	assert_int_equal(child_kill_group(&fixture->child, SIGKILL), 0);
	assert_false(fixture->child.killed);
	run_until_closed(fixture);
	assert_int_equal(fixture->child.code, 3);
}

static void
who_is_not_detached_has_no_group(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, plain, "true");
	assert_int_equal(child_kill_group(&fixture->child, SIGURG), -EINVAL);
	run_until_closed(fixture);
}

/* ---- those that outlive their loop ---- */

static void
a_forgotten_child_lives_on(void **state)
{
	struct fixture *fixture = *state;
	json_t *message = json_string("unread");
	int pid;

	start_shell(fixture, (struct child_options){.channel = true},
	            "exec sleep 1000");
	pid = fixture->child.pid;
	while (channel_send(&fixture->child.channel, message) == 0)
		;
	json_decref(message);
	child_forget(&fixture->child);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "close");
	world_drain(&fixture->world);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- abort, timeout ---- */

static void
an_abort_is_an_error_and_a_note(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.kill_signal = SIGKILL},
	            "exec sleep 1000");
	child_abort(&fixture->child);
	child_abort(&fixture->child);
	assert_string_equal(fixture->world.said, "error");
	assert_int_equal(fixture->error, -ECANCELED);
	run_until_closed(fixture);
	assert_string_equal(fixture->world.said, "error spawn exit close");
	assert_int_equal(fixture->child.signal, SIGKILL);
	assert_string_equal(told_nth(&fixture->world, EVENT_NOTE, 0)->text,
	                    "/bin/sh -c exec sleep 1000: aborted with "
	                    "SIGKILL.");
}

static void
an_abort_after_the_exit_is_nothing(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, plain, "true");
	world_run(&fixture->world, &fixture->exits, 1);
	child_abort(&fixture->child);
	run_until_closed(fixture);
	child_abort(&fixture->child);
	assert_string_equal(fixture->world.said, "spawn exit close");
}

static void
a_timeout_is_a_note(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.timeout_ms = 20},
	            "exec sleep 1000");
	run_until_closed(fixture);
	assert_string_equal(told_kinds(&fixture->world),
	                    "process-born note process-exit");
	assert_string_equal(told_nth(&fixture->world, EVENT_NOTE, 0)->text,
	                    "/bin/sh -c exec sleep 1000: its 20 ms are over, "
	                    "it is killed with SIGTERM.");
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(a_child_is_a_zombie_until_the_loop_comes_round),
    CHILD_TEST(a_zombie_stays_for_its_time),
    CHILD_TEST(others_are_reaped_beside_a_zombie),
    CHILD_TEST(a_zombie_that_never_lived_is_an_error),
    CHILD_TEST(nobody_waits_for_an_unreferenced_zombie),
    CHILD_TEST(a_zombie_is_forgotten_at_its_exit),
    CHILD_TEST(a_group_is_killed_as_one),
    CHILD_TEST(a_group_outlives_its_leader),
    CHILD_TEST(who_is_not_detached_has_no_group),
    CHILD_TEST(a_forgotten_child_lives_on),
    CHILD_TEST(an_abort_is_an_error_and_a_note),
    CHILD_TEST(an_abort_after_the_exit_is_nothing),
    CHILD_TEST(a_timeout_is_a_note),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
