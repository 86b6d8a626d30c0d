/* What a process is, by libproc2. */
#include "observe_helper.h"

#include "observe/facts.h"
#include "observe/procfs.h"

#include <pthread.h>

struct asking {
	struct facts *facts;
	struct helper helper;
};

static int
setup(void **state)
{
	static struct asking asking;

	asking.helper.pid = 0;
	*state = &asking;
	return facts_new(&asking.facts);
}

static int
teardown(void **state)
{
	struct asking *asking = *state;

	facts_free(asking->facts);
	helper_end(&asking->helper);
	return 0;
}

/* "@asked": 'e' executes the same again, 'n' takes an odd name, 'm' touches
 * 64 MiB, 't' starts a thread and tells its tid, 'x' ends. */
static void *
tell_tid(void *data)
{
	(void)data;
	helper_say(gettid());
	for (;;)
		pause();
	return NULL;
}

static void
touch_memory(void)
{
	enum { BYTES = 64 << 20 };
	char *memory = malloc(BYTES);

	if (!memory)
		_exit(1);
	for (size_t i = 0; i < BYTES; i += 1024)
		((volatile char *)memory)[i] = 1;
	helper_say(0);
}

static void
play_asked(void)
{
	char *const again[] = {(char *)"/proc/self/exe", (char *)"@asked",
	                       NULL};
	pthread_t thread;

	for (;;) {
		char order = helper_hear();

		if (order == 'x')
			_exit(0);
		if (order == 'e')
			execv(again[0], again);
		if (order == 'm')
			touch_memory();
		if (order == 't')
			pthread_create(&thread, NULL, tell_tid, NULL);
		if (order == 'n')
			helper_say(prctl(PR_SET_NAME, "a) Z 1 (b\n"));
	}
}

/* Field 22 of /proc/self/stat; no name of ours has a blank. */
static uint64_t
own_start(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long long start = 0;

	assert_non_null(file);
	for (int i = 1; i < 22; i++)
		assert_int_equal(fscanf(file, "%*s"), 0);
	assert_int_equal(fscanf(file, "%llu", &start), 1);
	fclose(file);
	return start;
}

static void
our_own_are_what_we_know_of_ourselves(void **state)
{
	struct asking *asking = *state;
	struct fact fact;

	assert_int_equal(facts_read(asking->facts, getpid(), &fact), 0);
	assert_int_equal(fact.pid, getpid());
	assert_int_equal(fact.ppid, getppid());
	assert_int_equal(fact.state, 'R');
	assert_true(fact.start == own_start());
	assert_true(fact.image != 0);
	assert_int_equal(fact.threads, procfs_thread_count(getpid()));
	assert_in_range(fact.rss_kb, 500, 1 << 20);
	assert_string_equal(fact.comm, "observe_facts");
	assert_non_null(strstr(fact.command, "observe_facts"));
}

static void
a_glance_gives_all_but_the_command(void **state)
{
	struct asking *asking = *state;
	struct fact glance, fact;

	assert_int_equal(facts_read(asking->facts, getpid(), &fact), 0);
	assert_int_equal(facts_glance(asking->facts, getpid(), &glance), 0);
	assert_string_equal(glance.command, "");
	assert_int_equal(glance.pid, fact.pid);
	assert_int_equal(glance.ppid, fact.ppid);
	assert_true(glance.start == fact.start);
	assert_true(glance.image == fact.image);
	assert_int_equal(glance.threads, fact.threads);
	assert_string_equal(glance.comm, fact.comm);
}

static void
a_child_is_ours_and_has_its_command(void **state)
{
	struct asking *asking = *state;
	struct fact fact;

	helper_start(&asking->helper, "@asked");
	assert_int_equal(facts_read(asking->facts, asking->helper.pid, &fact),
	                 0);
	assert_int_equal(fact.pid, asking->helper.pid);
	assert_int_equal(fact.ppid, getpid());
	assert_true(fact.start >= own_start());
	assert_string_equal(fact.command, "/proc/self/exe @asked");
	assert_int_equal(fact.threads, 1);
}

static void
an_image_changes_with_execve_and_nothing_else_does(void **state)
{
	struct asking *asking = *state;
	struct fact before, after;

	helper_start(&asking->helper, "@asked");
	assert_int_equal(
	    facts_glance(asking->facts, asking->helper.pid, &before), 0);
	assert_int_equal(
	    facts_glance(asking->facts, asking->helper.pid, &after), 0);
	assert_true(before.image == after.image);
	/* It says who it is when it has become the same again. */
	assert_int_equal(helper_ask(&asking->helper, 'e'), asking->helper.pid);
	assert_int_equal(
	    facts_glance(asking->facts, asking->helper.pid, &after), 0);
	assert_true(before.image != after.image);
	assert_true(before.start == after.start);
	assert_int_equal(before.pid, after.pid);
	assert_string_equal(before.comm, after.comm);
}

static void
a_fork_has_the_image_of_its_parent(void **state)
{
	struct asking *asking = *state;
	struct fact own, fact;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(facts_read(asking->facts, pid, &fact), 0);
	assert_int_equal(facts_read(asking->facts, getpid(), &own), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(fact.image == own.image);
	assert_string_equal(fact.command, own.command);
}

static void
memory_and_threads_are_counted(void **state)
{
	struct asking *asking = *state;
	struct fact before, after;

	helper_start(&asking->helper, "@asked");
	assert_int_equal(
	    facts_glance(asking->facts, asking->helper.pid, &before), 0);
	helper_ask(&asking->helper, 'm');
	assert_int_equal(
	    facts_glance(asking->facts, asking->helper.pid, &after), 0);
	/* An address sanitizer needs an eighth more. */
	assert_in_range(after.rss_kb - before.rss_kb, 60 << 10, 76 << 10);
	assert_int_equal(after.threads, 1);
	helper_ask(&asking->helper, 't');
	helper_ask(&asking->helper, 't');
	assert_int_equal(
	    facts_glance(asking->facts, asking->helper.pid, &after), 0);
	assert_int_equal(after.threads, 3);
}

static void
a_thread_is_no_process(void **state)
{
	struct asking *asking = *state;
	struct fact fact;
	pid_t tid;

	helper_start(&asking->helper, "@asked");
	tid = (pid_t)helper_ask(&asking->helper, 't');
	assert_int_not_equal(tid, asking->helper.pid);
	assert_int_equal(facts_read(asking->facts, tid, &fact), -ESRCH);
	assert_int_equal(facts_glance(asking->facts, tid, &fact), -ESRCH);
	assert_int_equal(facts_read(asking->facts, asking->helper.pid, &fact),
	                 0);
}

static void
an_odd_name_spoils_nothing(void **state)
{
	struct asking *asking = *state;
	struct fact fact;

	helper_start(&asking->helper, "@asked");
	helper_ask(&asking->helper, 'n');
	assert_int_equal(facts_read(asking->facts, asking->helper.pid, &fact),
	                 0);
	assert_int_equal(fact.ppid, getpid());
	assert_int_not_equal(fact.state, 'Z');
	assert_memory_equal(fact.comm, "a) Z 1 (b", 9);
}

static void
a_zombie_has_facts_until_it_is_fetched(void **state)
{
	struct asking *asking = *state;
	struct fact fact;
	siginfo_t ended;
	pid_t pid;

	helper_start(&asking->helper, "@asked");
	pid = asking->helper.pid;
	helper_order(&asking->helper, 'x');
	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT),
	                 0);
	assert_int_equal(facts_read(asking->facts, pid, &fact), 0);
	assert_int_equal(fact.state, 'Z');
	assert_int_equal(fact.pid, pid);
	assert_int_equal(fact.ppid, getpid());
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(facts_read(asking->facts, pid, &fact), -ESRCH);
	assert_int_equal(facts_glance(asking->facts, pid, &fact), -ESRCH);
}

static void
what_is_no_pid_is_gone(void **state)
{
	struct asking *asking = *state;
	struct fact fact;

	assert_int_equal(facts_read(asking->facts, helper_gone_pid(), &fact),
	                 -ESRCH);
	assert_int_equal(facts_read(asking->facts, 0, &fact), -ESRCH);
	assert_int_equal(facts_read(asking->facts, -1, &fact), -ESRCH);
	/* And the reader still works. */
	assert_int_equal(facts_read(asking->facts, getpid(), &fact), 0);
}

static void
a_long_command_is_cut(void **state)
{
	struct asking *asking = *state;
	char *argument = calloc(1, 5000),
	     *argv[] = {(char *)"sh", (char *)"-c", (char *)"read x", argument,
	                NULL};
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	struct fact fact = {0};

	memset(argument, 'y', 4999);
	helper_start_program(&asking->helper, argv);
	while (strncmp(fact.command, "sh -c read x yyy", 16) != 0) {
		assert_true(helper_now() < deadline);
		assert_int_equal(
		    facts_read(asking->facts, asking->helper.pid, &fact), 0);
	}
	assert_int_equal(strlen(fact.command), FACTS_COMMAND_BYTES - 1);
	free(argument);
}

static const struct helper_role roles[] = {
    {"@asked", play_asked},
    {NULL, NULL},
};

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(our_own_are_what_we_know_of_ourselves),
	    TEST(a_glance_gives_all_but_the_command),
	    TEST(a_child_is_ours_and_has_its_command),
	    TEST(an_image_changes_with_execve_and_nothing_else_does),
	    TEST(a_fork_has_the_image_of_its_parent),
	    TEST(memory_and_threads_are_counted),
	    TEST(a_thread_is_no_process),
	    TEST(an_odd_name_spoils_nothing),
	    TEST(a_zombie_has_facts_until_it_is_fetched),
	    TEST(what_is_no_pid_is_gone),
	    TEST(a_long_command_is_cut),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
