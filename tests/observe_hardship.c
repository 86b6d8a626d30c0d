/* What the world does to an observer: processes that are stopped, traced,
 * hidden, oddly named, gone between two reads, or that have another's pid. */
#include "observe_said.h"

#include "observe/holdings.h"
#include "observe/nursery.h"
#include "observe/permit.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { NOBODY = 65534, CROWD = 150, CHURN = 60 };

/* ---- helpers ---- */

static void
play_sleeper(void)
{
	while (helper_hear() != 'q')
		helper_say(0);
}

/* An odd name, in a directory of that helper's own. */
static const char *
odd_path(pid_t helper)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/looptop-odd-%d/looptop) Z 1 (\n\xff",
	         (int)helper);
	return path;
}

static void
remove_odd(pid_t helper)
{
	char directory[64];

	unlink(odd_path(helper));
	snprintf(directory, sizeof(directory), "/tmp/looptop-odd-%d",
	         (int)helper);
	rmdir(directory);
}

static bool
make_odd(pid_t helper)
{
	char directory[64];

	remove_odd(helper);
	snprintf(directory, sizeof(directory), "/tmp/looptop-odd-%d",
	         (int)helper);
	return mkdir(directory, 0700) == 0 &&
	       symlink("/bin/true", odd_path(helper)) == 0;
}

/* Children by the hundred: c: that sleep; e: that end at once; n: one with an
 * odd name of a program. */
static void
play_crowd(void)
{
	char order;

	while ((order = helper_hear()) != 'q') {
		int count = order == 'c' ? CROWD : order == 'n' ? 1 : CHURN;

		for (int i = 0; i < count; i++) {
			pid_t pid = fork();

			if (pid == 0 && order == 'c') {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				for (;;)
					pause();
			}
			if (pid == 0 && order == 'n')
				execl(odd_path(getppid()), "odd", NULL);
			if (pid == 0)
				_exit(1);
			if (order != 'c')
				waitpid(pid, NULL, 0);
		}
		helper_say(count);
	}
}

static const struct helper_role roles[] = {
    {"@sleeper", play_sleeper},
    {"@crowd", play_crowd},
    {NULL, NULL},
};

/* ---- stopped, traced ---- */

static void
a_stopped_process_lives(void **state)
{
	struct watching *watching = *state;
	pid_t pid;

	watching_helper(watching, "@sleeper");
	pid = watching->helper.pid;
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	for (int i = 0; i < 20; i++)
		watching_round(watching);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, pid), 0);
	kill(pid, SIGCONT);
	helper_ask(&watching->helper, 'x');
	helper_order(&watching->helper, 'q');
	assert_died(watching, pid, DEATH_CODE, 0);
}

/* Somebody else's tracer holds it, and is told first how it ends. */
static void
a_traced_process_is_watched_all_the_same(void **state)
{
	struct watching *watching = *state;
	pid_t pid, tracer;
	int ready[2];
	char byte;

	watching_helper(watching, "@sleeper");
	pid = watching->helper.pid;
	assert_int_equal(pipe(ready), 0);
	tracer = fork();
	if (tracer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;
		(void)!write(ready[1], &byte, 1);
		while (waitpid(pid, NULL, __WALL) > 0)
			;
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	helper_ask(&watching->helper, 'x');
	watching_for(watching, 50);
	assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, pid), 0);
	helper_order(&watching->helper, 'q');
	assert_died(watching, pid, DEATH_CODE, 0);
	waitpid(tracer, NULL, 0);
	if (!byte)
		print_message("it could not be traced here\n");
}

/* ---- gone between two reads, many ---- */

/* Nobody dies twice, nobody is born twice, nobody dies unborn. */
static void
assert_lives_make_sense(const struct watching *watching)
{
	const struct said *said = NULL;

	while ((said = said_next(watching, said, EVENT_PROCESS_DIED, 0, 0))) {
		int64_t pid = said->event.pid;

		assert_int_equal(said_count(watching, EVENT_PROCESS_DIED, pid),
		                 1);
		assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, pid),
		                 1);
	}
}

static void
churn(struct watching *watching, enum births_source source)
{
	observe_births(watching->observe, source);
	observe_root(watching->observe, getpid());
	helper_start(&watching->helper, "@crowd");
	observe_anchor(watching->observe, getpid());
	observe_started(watching->observe, watching->helper.pid, getpid(),
	                BIRTH_RUN, "crowd");
	watching->period_ms = 1;
	helper_order(&watching->helper, 'e');
	/* Looks fall anywhere into the lives of these children. */
	for (struct pollfd ready = {.fd = watching->helper.answers,
	                           .events = POLLIN};
	     poll(&ready, 1, 0) == 0;)
		watching_round(watching);
	helper_answer(&watching->helper);
	observe_finish(watching->observe, helper_now());
	watching_round(watching);
	assert_lives_make_sense(watching);
}

static void
looks_fall_anywhere(void **state)
{
	churn(*state, BIRTHS_NONE);
}

static void
looks_and_records_agree(void **state)
{
	struct watching *watching = *state;

	churn(watching, BIRTHS_MACHINE);
	if (nursery_source(watching->observe->nursery) > BIRTHS_NONE)
		assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, 0),
		                 CHURN + 1);
}

static void
count_one(void *data, const struct fact *fact)
{
	struct watching *watching = data;

	watching->gap += fact->ppid == watching->helper.pid;
}

static void
a_crowd_is_watched(void **state)
{
	struct watching *watching = *state;
	struct facts *facts;

	helper_start(&watching->helper, "@crowd");
	helper_ask(&watching->helper, 'c');
	assert_int_equal(
	    observe_watch(watching->observe, watching->helper.pid, BIRTH_SEEN),
	    0);
	watching_round(watching);
	assert_int_equal(said_count(watching, EVENT_PROCESS_BORN, 0),
	                 CROWD + 1);
	assert_int_equal(observe_alive(watching->observe), CROWD + 1);
	assert_int_equal(facts_new(&facts), 0);
	watching->gap = 0;
	assert_int_equal(facts_all(facts, count_one, watching), 0);
	assert_int_equal(watching->gap, CROWD);
	facts_free(facts);
}

/* ---- names ---- */

static void
an_odd_program_is_named(void **state)
{
	struct watching *watching = *state;
	const struct said *said = NULL;
	bool found = false;

	observe_births(watching->observe, BIRTHS_MACHINE);
	observe_root(watching->observe, getpid());
	helper_start(&watching->helper, "@crowd");
	observe_anchor(watching->observe, getpid());
	observe_started(watching->observe, watching->helper.pid, getpid(),
	                BIRTH_RUN, "crowd");
	if (!make_odd(watching->helper.pid))
		skip_because("no link can be made in /tmp");
	helper_ask(&watching->helper, 'n');
	watching_for(watching, 20);
	observe_finish(watching->observe, helper_now());
	remove_odd(watching->helper.pid);
	if (nursery_source(watching->observe->nursery) < BIRTHS_TREE)
		skip_because("perf task records are not permitted here");
	while ((said = said_next(watching, said, EVENT_PROCESS_BORN, 0, 0)))
		found |= strncmp(said->text, "looptop) Z 1 (", 14) == 0;
	assert_true(found);
	assert_lives_make_sense(watching);
}

static void
a_channel_number_may_be_nonsense(void **state)
{
	static const struct {
		const char *value;
		int number;
	} cases[] = {
	    {"3", 3},   {"0", 0},
	    {"", -1},   {"abc", -1},
	    {"-1", -1}, {"99999999", -1},
	    {"3x", 3},  {"99999999999999999999999999", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct helper helper;

		setenv("NODE_CHANNEL_FD", cases[i].value, 1);
		helper_start(&helper, "@sleeper");
		assert_int_equal(
		    holdings_environment(helper.pid, "NODE_CHANNEL_FD"),
		    cases[i].number);
		helper_end(&helper);
	}
	unsetenv("NODE_CHANNEL_FD");
	assert_int_equal(holdings_environment(getpid(), "NO_SUCH_NAME"), -1);
	assert_int_equal(holdings_environment(helper_gone_pid(), "HOME"), -1);
}

/* ---- another's pid ---- */

/* A child with that very pid; -1: not permitted. */
static pid_t
fork_as(pid_t pid)
{
	struct clone_args args = {
	    .exit_signal = SIGCHLD,
	    .set_tid = (uint64_t)(uintptr_t)&pid,
	    .set_tid_size = 1,
	};
	long got = syscall(SYS_clone3, &args, sizeof(args));

	if (got == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return (pid_t)got;
}

static void
a_pid_is_not_enough_to_be_the_same(void **state)
{
	struct watching *watching = *state;
	struct facts *facts;
	struct fact before, after;
	pid_t pid, again;

	assert_int_equal(facts_new(&facts), 0);
	helper_start(&watching->helper, "@sleeper");
	pid = watching->helper.pid;
	assert_int_equal(facts_glance(facts, pid, &before), 0);
	helper_end(&watching->helper);
	do {
		again = fork_as(pid);
		if (again < 0) {
			facts_free(facts);
			skip_because("pids cannot be chosen here");
		}
		assert_int_equal(facts_glance(facts, pid, &after), 0);
		/* The kernel counts in hundredths of a second. */
		if (after.start == before.start) {
			kill(again, SIGKILL);
			waitpid(again, NULL, 0);
		}
	} while (after.start == before.start);
	assert_int_equal(observe_watch_same(watching->observe, pid,
	                                    before.start, BIRTH_SEEN),
	                 -ESRCH);
	assert_int_equal(observe_alive(watching->observe), 0);
	assert_int_equal(
	    observe_watch_same(watching->observe, pid, after.start, BIRTH_SEEN),
	    0);
	kill(again, SIGKILL);
	waitpid(again, NULL, 0);
	facts_free(facts);
}

/* ---- not permitted ---- */

/* Runs `check` as nobody; its result, or -1: it could not be run. */
static int
as_nobody(int (*check)(pid_t pid), pid_t pid, bool hide)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (hide &&
		    (unshare(CLONE_NEWNS) ||
		     mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		     mount("proc", "/proc", "proc", 0, "hidepid=2")))
			_exit(255);
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(255);
		_exit(check(pid));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static int
check_permission(pid_t pid)
{
	char why[160];
	bool waits = true;

	if (permit_process(pid, &waits, why, sizeof(why)) || waits)
		return 1;
	return strstr(why, "another user's") && strstr(why, "as root") ? 0 : 2;
}

static void
ignore(void *data, const struct event *event, const char *text)
{
	(void)text;
	*(int *)data += event->kind == EVENT_NOTE;
}

/* What of it may be seen is seen, and what not is said. */
static int
check_watch(pid_t pid)
{
	struct observe *observe;
	int notes = 0, error;

	if (observe_new(&observe, ignore, &notes))
		return 1;
	observe_births(observe, BIRTHS_MACHINE);
	error = observe_watch(observe, pid, BIRTH_SEEN);
	for (uint64_t i = 0; i < 30; i++)
		observe_sample(observe, helper_now() + i * 100 * HELPER_MS);
	error = error || observe_alive(observe) != 1 || notes != 2;
	observe_free(observe);
	return error;
}

static int
check_hidden(pid_t pid)
{
	struct observe *observe;
	int notes = 0, error;

	if (observe_new(&observe, ignore, &notes))
		return 1;
	error = observe_watch(observe, pid, BIRTH_SEEN);
	observe_sample(observe, helper_now());
	observe_free(observe);
	return error == -ESRCH ? 0 : 2;
}

static void
another_s_process_is_watched_as_far_as_it_goes(void **state)
{
	struct watching *watching = *state;
	int result;

	if (geteuid() != 0)
		skip_because("only root can become another user");
	helper_start(&watching->helper, "@sleeper");
	result = as_nobody(check_permission, watching->helper.pid, false);
	if (result < 0)
		skip_because("another user cannot look here");
	assert_int_equal(result, 0);
	assert_int_equal(as_nobody(check_watch, watching->helper.pid, false),
	                 0);
}

static void
what_is_hidden_is_not_there(void **state)
{
	struct watching *watching = *state;
	int result;

	if (geteuid() != 0)
		skip_because("only root can become another user");
	helper_start(&watching->helper, "@sleeper");
	result = as_nobody(check_hidden, watching->helper.pid, true);
	if (result < 0)
		skip_because("/proc cannot be mounted here");
	assert_int_equal(result, 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_stopped_process_lives),
	    TEST(a_traced_process_is_watched_all_the_same),
	    TEST(looks_fall_anywhere),
	    TEST(looks_and_records_agree),
	    TEST(a_crowd_is_watched),
	    TEST(an_odd_program_is_named),
	    TEST(a_channel_number_may_be_nonsense),
	    TEST(a_pid_is_not_enough_to_be_the_same),
	    TEST(another_s_process_is_watched_as_far_as_it_goes),
	    TEST(what_is_hidden_is_not_there),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
