/* How a process ended, and signals that cannot go astray. */
#include "observe_helper.h"

#include "observe/pidfd.h"
#include "observe/procfs.h"

struct pidfd {
	struct helper helper;
	int fd;
	bool keeps;
};

static int
setup(void **state)
{
	static struct pidfd pidfd;

	pidfd.helper.pid = 0;
	pidfd.fd = -1;
	pidfd.keeps = pidfd_keeps_status();
	*state = &pidfd;
	return 0;
}

static int
teardown(void **state)
{
	struct pidfd *pidfd = *state;

	if (pidfd->fd >= 0)
		close(pidfd->fd);
	helper_end(&pidfd->helper);
	return 0;
}

/* "@parent": 'e' bears a child that ends with a code, 'k' one that is killed,
 * 's' one that stays; 'w' waits for it; 'x' ends itself with 5. */
static void
play_parent(void)
{
	pid_t child = 0;
	int status;

	for (;;) {
		char order = helper_hear();

		if (order == 'x')
			_exit(5);
		if (order == 'w')
			helper_say(waitpid(child, &status, 0) == child);
		if (order == 'w')
			continue;
		child = fork();
		if (child > 0) {
			helper_say(child);
			continue;
		}
		if (order == 'e')
			_exit(42);
		if (order == 'k')
			raise(SIGUSR1);
		for (;;)
			pause();
	}
}

static void
await_end(const struct pidfd *pidfd)
{
	struct pollfd ready = {.fd = pidfd->fd, .events = POLLIN};

	assert_int_equal(poll(&ready, 1, HELPER_PATIENCE_MS), 1);
}

static bool
has_ended(const struct pidfd *pidfd)
{
	struct pollfd ready = {.fd = pidfd->fd, .events = POLLIN};

	return poll(&ready, 1, 0) == 1;
}

static void
a_pid_without_a_process_has_no_descriptor(void **state)
{
	(void)state;
	assert_int_equal(pidfd_of(helper_gone_pid()), -ESRCH);
	assert_true(pidfd_of(0) < 0);
	assert_true(pidfd_of(-1) < 0);
}

static void
it_is_readable_once_the_process_has_ended(void **state)
{
	struct pidfd *pidfd = *state;

	helper_start(&pidfd->helper, "@parent");
	pidfd->fd = pidfd_of(pidfd->helper.pid);
	assert_true(pidfd->fd >= 0);
	assert_false(has_ended(pidfd));
	helper_order(&pidfd->helper, 'x');
	await_end(pidfd);
}

static void
while_it_runs_there_is_no_status(void **state)
{
	struct pidfd *pidfd = *state;
	int status = -7;

	helper_start(&pidfd->helper, "@parent");
	pidfd->fd = pidfd_of(pidfd->helper.pid);
	assert_true(pidfd_status(pidfd->fd, pidfd->helper.pid, &status) < 0);
	assert_int_equal(status, -7);
}

/* A child of the helper that ends at once and stays a zombie. */
static pid_t
bear(struct pidfd *pidfd, char order)
{
	pid_t pid;

	helper_start(&pidfd->helper, "@parent");
	pid = (pid_t)helper_ask(&pidfd->helper, order);
	pidfd->fd = pidfd_of(pid);
	assert_true(pidfd->fd >= 0);
	return pid;
}

static void
a_zombie_of_another_s_tells_its_code(void **state)
{
	struct pidfd *pidfd = *state;
	pid_t pid = bear(pidfd, 'e');
	int status;

	await_end(pidfd);
	assert_int_equal(pidfd_status(pidfd->fd, pid, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void
a_zombie_of_another_s_tells_its_signal(void **state)
{
	struct pidfd *pidfd = *state;
	pid_t pid = bear(pidfd, 'k');
	int status;

	await_end(pidfd);
	assert_int_equal(pidfd_status(pidfd->fd, pid, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGUSR1);
}

static void
assert_kept(struct pidfd *pidfd, pid_t pid, int expected)
{
	int status = -7;

	if (!pidfd->keeps) {
		assert_int_equal(pidfd_status(pidfd->fd, pid, &status), -ESRCH);
		return;
	}
	assert_int_equal(pidfd_status(pidfd->fd, pid, &status), 0);
	assert_int_equal(status, expected);
}

static void
what_its_parent_has_fetched_can_still_be_told(void **state)
{
	struct pidfd *pidfd = *state;
	pid_t pid = bear(pidfd, 'e');

	assert_int_equal(helper_ask(&pidfd->helper, 'w'), 1);
	assert_int_equal(kill(pid, 0), -1);
	assert_kept(pidfd, pid, 42 << 8);
}

static void
a_signal_is_told_after_its_parent_has_fetched_it(void **state)
{
	struct pidfd *pidfd = *state;
	pid_t pid = bear(pidfd, 'k');

	assert_int_equal(helper_ask(&pidfd->helper, 'w'), 1);
	assert_kept(pidfd, pid, SIGUSR1);
}

static void
what_we_have_fetched_can_be_told_too(void **state)
{
	struct pidfd *pidfd = *state;
	pid_t pid;

	helper_start(&pidfd->helper, "@parent");
	pid = pidfd->helper.pid;
	pidfd->fd = pidfd_of(pid);
	helper_order(&pidfd->helper, 'x');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_kept(pidfd, pid, 5 << 8);
}

static void
without_a_descriptor_a_process_that_is_gone_is_gone(void **state)
{
	int status = -7;

	(void)state;
	assert_int_equal(pidfd_status(-1, helper_gone_pid(), &status), -ESRCH);
	assert_int_equal(status, -7);
}

static void
asking_the_kernel_leaves_nothing_behind(void **state)
{
	int before = procfs_fd_count(getpid());

	(void)state;
	assert_int_equal(pidfd_keeps_status(), pidfd_keeps_status());
	assert_int_equal(procfs_fd_count(getpid()), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
a_signal_goes_to_the_process(void **state)
{
	struct pidfd *pidfd = *state;
	pid_t pid = bear(pidfd, 's');
	int status;

	assert_int_equal(pidfd_signal(pidfd->fd, 0), 0);
	assert_false(has_ended(pidfd));
	assert_int_equal(pidfd_signal(pidfd->fd, SIGTERM), 0);
	await_end(pidfd);
	assert_int_equal(pidfd_status(pidfd->fd, pid, &status), 0);
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void
a_signal_that_cannot_be_sent_says_why(void **state)
{
	struct pidfd *pidfd = *state;

	bear(pidfd, 'e');
	await_end(pidfd);
	assert_int_equal(pidfd_signal(pidfd->fd, 1000), -EINVAL);
	/* A zombie has a pid still, but nobody to hear. */
	assert_int_equal(pidfd_signal(pidfd->fd, SIGTERM), 0);
	assert_int_equal(helper_ask(&pidfd->helper, 'w'), 1);
	assert_int_equal(pidfd_signal(pidfd->fd, SIGTERM), -ESRCH);
	assert_int_equal(pidfd_signal(-1, SIGTERM), -EBADF);
}

static const struct helper_role roles[] = {
    {"@parent", play_parent},
    {NULL, NULL},
};

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_pid_without_a_process_has_no_descriptor),
	    TEST(it_is_readable_once_the_process_has_ended),
	    TEST(while_it_runs_there_is_no_status),
	    TEST(a_zombie_of_another_s_tells_its_code),
	    TEST(a_zombie_of_another_s_tells_its_signal),
	    TEST(what_its_parent_has_fetched_can_still_be_told),
	    TEST(a_signal_is_told_after_its_parent_has_fetched_it),
	    TEST(what_we_have_fetched_can_be_told_too),
	    TEST(without_a_descriptor_a_process_that_is_gone_is_gone),
	    TEST(asking_the_kernel_leaves_nothing_behind),
	    TEST(a_signal_goes_to_the_process),
	    TEST(a_signal_that_cannot_be_sent_says_why),
	};

	helper_play(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
