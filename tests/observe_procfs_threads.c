/* The files below /proc of threads. */
#include "crew.h"

#include "observe/procfs.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>

static void
threads_are_listed_and_counted(void **state)
{
	struct ids ids = {0};

	(void)state;
	for (int i = 0; i < SOME; i++)
		hire(wait_for_order);
	assert_int_equal(procfs_threads(getpid(), keep_id, &ids), SOME + 1);
	assert_int_equal(ids.count, SOME + 1);
	assert_true(place_of(&ids, getpid()) >= 0);
	for (int i = 0; i < SOME; i++)
		assert_true(place_of(&ids, crew.tids[i]) >= 0);
	assert_int_equal(procfs_thread_count(getpid()), SOME + 1);
}

static bool
is_in_read(pid_t pid, pid_t tid, int fd)
{
	struct procfs_syscall call;

	return procfs_read_syscall(pid, tid, &call) == 0 && !call.running &&
	       call.number == SYS_read && call.args[0] == (uint64_t)fd;
}

static void
a_waiting_thread_is_seen_in_its_call(void **state)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;

	(void)state;
	hire(wait_for_order);
	while (!is_in_read(getpid(), crew.tids[0], crew.orders[0])) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
}

static void *
work_until_told(void *data)
{
	struct pollfd told = {.fd = crew.orders[0], .events = POLLIN};
	pid_t tid = gettid();

	(void)data;
	if (write(crew.answers[1], &tid, sizeof(tid)) < 0)
		return NULL;
	while (poll(&told, 1, 0) == 0)
		helper_burn(5);
	return NULL;
}

static void
a_working_thread_is_running(void **state)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	struct procfs_syscall call = {0};

	(void)state;
	hire(work_until_told);
	while (!call.running) {
		assert_true(helper_now() < deadline);
		assert_int_equal(
		    procfs_read_syscall(getpid(), crew.tids[0], &call), 0);
	}
	assert_int_equal(call.number, -1);
}

static void
figures_kept_open_say_when_the_thread_is_gone(void **state)
{
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	struct procfs_sched sched;
	int fd, error;

	(void)state;
	hire(wait_for_order);
	fd = procfs_open_sched(getpid(), crew.tids[0]);
	assert_true(fd >= 0);
	assert_int_equal(procfs_read_sched(fd, &sched), 0);
	assert_int_equal(procfs_read_sched(fd, &sched), 0);
	dismiss();
	/* A thread can be joined a little before it is gone. */
	while ((error = procfs_read_sched(fd, &sched)) == 0) {
		assert_true(helper_now() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(error, -ESRCH);
	assert_int_equal(procfs_open_sched(getpid(), crew.tids[0]), -ENOENT);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CREW(threads_are_listed_and_counted),
	    WITH_CREW(a_waiting_thread_is_seen_in_its_call),
	    WITH_CREW(a_working_thread_is_running),
	    WITH_CREW(figures_kept_open_say_when_the_thread_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
