/* The files below /proc of children and descendants, and what is refused. */
#include "crew.h"

#include "observe/procfs.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>

static void
children_are_listed_zombies_too(void **state)
{
	struct brood *brood = *state;
	struct ids ids = {0};

	for (int i = 0; i < SOME; i++)
		bear(brood);
	bear_zombie(brood, 1, 0);
	assert_int_equal(procfs_children(getpid(), gettid(), keep_id, &ids),
	                 SOME + 1);
	assert_int_equal(ids.count, SOME + 1);
	for (int i = 0; i < brood->count; i++)
		assert_true(place_of(&ids, brood->pids[i]) >= 0);
}

static void
nine_hundred_children_are_all_listed(void **state)
{
	static struct ids ids;
	struct brood *brood = *state;

	ids.count = 0;
	for (int i = 0; i < 900; i++)
		bear(brood);
	assert_int_equal(procfs_children(getpid(), gettid(), keep_id, &ids),
	                 900);
	assert_int_equal(ids.count, 900);
	for (int i = 0; i < 900; i++)
		assert_int_equal(place_of(&ids, brood->pids[i]), i);
}

static struct brood *brood_of_thread;

static void *
bear_in_thread(void *data)
{
	bear(brood_of_thread);
	return wait_for_order(data);
}

static void
children_are_those_of_the_thread_that_forked(void **state)
{
	struct brood *brood = *state;
	struct ids ids = {0};

	open_crew(NULL);
	brood_of_thread = brood;
	hire(bear_in_thread);
	assert_int_equal(procfs_children(getpid(), gettid(), keep_id, &ids), 0);
	assert_int_equal(procfs_children(getpid(), crew.tids[0], keep_id, &ids),
	                 1);
	assert_int_equal(ids.id[0], brood->pids[0]);
	close_crew(NULL);
}

static void
a_zombie_tells_how_it_ended_until_it_is_fetched(void **state)
{
	struct brood *brood = *state;
	pid_t coded = bear_zombie(brood, 3, 0);
	pid_t killed = bear_zombie(brood, 0, SIGKILL);
	pid_t living = bear(brood);
	int status = -1;

	assert_int_equal(procfs_zombie_status(coded, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(procfs_zombie_status(killed, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(procfs_zombie_status(living, &status), -EAGAIN);
	waitpid(coded, NULL, 0);
	assert_int_equal(procfs_zombie_status(coded, &status), -ENOENT);
}

static void
a_zombie_has_a_clock_and_one_thread(void **state)
{
	pid_t pid = bear_zombie(*state, 0, 0);
	struct ids ids = {0};
	uint64_t clock;
	char name[16];

	assert_int_equal(procfs_clock(pid, &clock), 0);
	assert_int_equal(procfs_threads(pid, keep_id, &ids), 1);
	assert_int_equal(ids.id[0], pid);
	assert_int_equal(procfs_thread_count(pid), 1);
	assert_int_equal(procfs_children(pid, pid, keep_id, &ids), 0);
	assert_int_equal(procfs_read_comm(pid, pid, name), 0);
	assert_string_equal(name, "Z) S 1 (S");
}

static void
assert_gone(int error)
{
	assert_true(error == -ESRCH || error == -ENOENT);
}

static void
of_a_process_that_is_gone_all_say_so(void **state)
{
	pid_t gone = helper_gone_pid();
	struct procfs_syscall call;
	struct ids ids = {0};
	uint64_t number;
	char name[16];
	int status;

	(void)state;
	assert_gone(procfs_clock(gone, &number));
	assert_gone(procfs_open_sched(gone, gone));
	assert_gone(procfs_read_syscall(gone, gone, &call));
	assert_gone(procfs_read_io(gone, gone, &number));
	assert_gone(procfs_read_comm(gone, gone, name));
	assert_gone(procfs_children(gone, gone, keep_id, &ids));
	assert_gone(procfs_threads(gone, keep_id, &ids));
	assert_gone(procfs_thread_count(gone));
	assert_gone(procfs_fd_count(gone));
	assert_gone(procfs_zombie_status(gone, &status));
	assert_int_equal(ids.count, 0);
}

/* ---- descendants ---- */

/* "@family": each order makes it fork; the child can be ordered in its stead
 * (it reads the same pipe), so a line of descendants grows. */
static void
play_family(void)
{
	for (;;) {
		char order = helper_hear();
		pid_t pid = order == 'f' || order == 'z' ? fork() : 0;

		if (pid == 0 && order == 'z')
			_exit(4);
		if (order == 'n')
			prctl(PR_SET_NAME, "x) S 1 (S");
		helper_say(pid ? pid : getpid());
		/* The older one listens no more. */
		while (pid && order == 'f')
			pause();
	}
}

/* "@headless": its main thread ends, another one stays and forks. */
static void *
stay(void *data)
{
	(void)data;
	for (;;) {
		pid_t pid;

		helper_hear();
		pid = fork();
		if (pid == 0)
			pause();
		helper_say(pid);
	}
	return NULL;
}

static void
play_headless(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, stay, NULL);
	syscall(SYS_exit, 0);
}

static int
open_helper(void **state)
{
	static struct helper helper;

	helper.pid = 0;
	*state = &helper;
	return 0;
}

static int
close_helper(void **state)
{
	helper_end(*state);
	return 0;
}

static void
descendants_are_found_to_the_last_generation(void **state)
{
	struct helper *helper = *state;
	struct ids ids = {0};
	pid_t line[5];

	helper_start(helper, "@family");
	line[0] = helper->pid;
	for (int i = 1; i < 5; i++) {
		/* One says whom it bore, the other who it is. */
		line[i] = (pid_t)helper_ask(helper, 'f');
		assert_int_equal(helper_answer(helper), line[i]);
		/* Its name shall not hide whose child it is. */
		assert_int_equal(helper_ask(helper, 'n'), line[i]);
	}
	assert_int_equal(procfs_descendants(getpid(), keep_id, &ids), 5);
	assert_int_equal(ids.count, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(place_of(&ids, line[i]), i);
	ids.count = 0;
	assert_int_equal(procfs_descendants(line[2], keep_id, &ids), 2);
	assert_int_equal(place_of(&ids, line[4]), 1);
}

static void
zombies_are_no_descendants(void **state)
{
	struct helper *helper = *state;
	struct ids ids = {0};
	pid_t zombie;
	int status;

	helper_start(helper, "@family");
	zombie = (pid_t)helper_ask(helper, 'z');
	for (uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	     procfs_zombie_status(zombie, &status);) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_int_equal(procfs_descendants(getpid(), keep_id, &ids), 1);
	assert_int_equal(ids.id[0], helper->pid);
}

static bool
main_thread_is_over(pid_t pid)
{
	char text[512] = "", path[64];
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	at = strrchr(text, ')');
	return at && at[2] == 'Z';
}

static void
a_process_whose_main_thread_has_ended_lives(void **state)
{
	struct helper *helper = *state;
	struct ids ids = {0};
	pid_t child;
	int status;

	helper_start(helper, "@headless");
	child = (pid_t)helper_ask(helper, 'f');
	for (uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	     !main_thread_is_over(helper->pid);) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(procfs_zombie_status(helper->pid, &status), -EAGAIN);
	assert_int_equal(procfs_thread_count(helper->pid), 2);
	assert_int_equal(procfs_descendants(getpid(), keep_id, &ids), 2);
	assert_int_equal(ids.id[0], helper->pid);
	assert_int_equal(ids.id[1], child);
}

static void
nobody_descends_from_a_pid_that_cannot_be(void **state)
{
	struct ids ids = {0};

	(void)state;
	assert_true(procfs_descendants(helper_gone_pid(), keep_id, &ids) <= 0);
	assert_true(procfs_descendants(INT_MAX, keep_id, &ids) <= 0);
	assert_true(procfs_descendants(1 << 22, keep_id, &ids) <= 0);
	assert_true(procfs_descendants(-1, keep_id, &ids) <= 0);
	assert_true(procfs_descendants(INT_MIN, keep_id, &ids) <= 0);
	assert_int_equal(ids.count, 0);
}

static void
open_descriptors_are_counted(void **state)
{
	struct brood *brood = *state;
	int extra[8], before;
	pid_t with, without = bear(brood);

	for (int i = 0; i < 8; i++)
		extra[i] = dup(brood->gate[0]);
	with = bear(brood);
	before = procfs_fd_count(without);
	assert_true(before > 0);
	/* The child closes an end; that is when it is there. */
	for (uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	     procfs_fd_count(with) != procfs_fd_count(without) + 8;) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	for (int i = 0; i < 8; i++)
		close(extra[i]);
}

/* ---- what we may not see ---- */

static int
look_as_nobody(pid_t zombie)
{
	struct procfs_syscall call;
	uint64_t calls;
	int status;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	if (procfs_read_syscall(getppid(), getppid(), &call) != -EACCES)
		return 2;
	if (procfs_read_io(getppid(), getppid(), &calls) != -EACCES)
		return 3;
	if (procfs_fd_count(getppid()) != -EACCES)
		return 4;
	/* The kernel says 0 to us, which would be a lie. */
	return procfs_zombie_status(zombie, &status) == -EACCES ? 0 : 5;
}

static void
what_is_another_user_s_is_refused_not_invented(void **state)
{
	pid_t zombie, pid;
	int status;

	if (geteuid() != 0)
		skip_because("needs root to become another user");
	zombie = bear_zombie(*state, 9, 0);
	pid = fork();
	if (pid == 0)
		_exit(look_as_nobody(zombie));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct helper_role roles[] = {
    {"@family", play_family},
    {"@headless", play_headless},
    {NULL, NULL},
};

#define WITH_HELPER(test) \
	cmocka_unit_test_setup_teardown(test, open_helper, close_helper)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    WITH_BROOD(children_are_listed_zombies_too),
	    WITH_BROOD(nine_hundred_children_are_all_listed),
	    WITH_BROOD(children_are_those_of_the_thread_that_forked),
	    WITH_BROOD(a_zombie_tells_how_it_ended_until_it_is_fetched),
	    WITH_BROOD(a_zombie_has_a_clock_and_one_thread),
	    cmocka_unit_test(of_a_process_that_is_gone_all_say_so),
	    WITH_HELPER(descendants_are_found_to_the_last_generation),
	    WITH_HELPER(zombies_are_no_descendants),
	    WITH_HELPER(a_process_whose_main_thread_has_ended_lives),
	    cmocka_unit_test(nobody_descends_from_a_pid_that_cannot_be),
	    WITH_BROOD(open_descriptors_are_counted),
	    WITH_BROOD(what_is_another_user_s_is_refused_not_invented),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
