/* The files below /proc: as text, and as this kernel writes them of ourselves.
 */
#include "observe_helper.h"

#include "observe/procfs.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* ---- text ---- */

static void
schedstat_is_run_wait_and_slices(void **state)
{
	struct procfs_sched sched;

	(void)state;
	assert_int_equal(procfs_parse_sched("123 456 7\n", &sched), 0);
	assert_int_equal(sched.run_ns, 123);
	assert_int_equal(sched.wait_ns, 456);
	assert_int_equal(sched.slices, 7);
	assert_int_equal(procfs_parse_sched("0 0 0", &sched), 0);
	assert_int_equal(
	    procfs_parse_sched("18446744073709551615 "
	                       "99999999999999999999999 4294967296\n",
	                       &sched),
	    0);
	assert_true(sched.run_ns == UINT64_MAX);
	assert_true(sched.wait_ns == UINT64_MAX);
	assert_true(sched.slices == 4294967296u);
}

static void
schedstat_that_is_cut_or_odd_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",       "\n",      "12",     "12\n",    "12 ",      "12 34",
	    "12 34 ", "12 34\n", "-1 2 3", " 1 2 3",  "1 -2 3",   "1 2 x",
	    "1 2 3x", "1 2 3 4", "1,2,3",  "0x1 2 3", "sleeping", "1\n2\n3\n",
	};
	struct procfs_sched sched;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (procfs_parse_sched(bad[i], &sched) != -EINVAL)
			fail_msg("taken: \"%s\"", bad[i]);
}

static void
syscall_is_a_number_and_its_arguments(void **state)
{
	struct procfs_syscall call;

	(void)state;
	assert_int_equal(
	    procfs_parse_syscall("232 0x7 0x7ffd12345678 0x400 0x5 0x0 0x0 "
	                         "0x7ffd1 0x7f0\n",
	                         &call),
	    0);
	assert_false(call.running);
	assert_int_equal(call.number, 232);
	assert_int_equal(call.args[0], 7);
	assert_true(call.args[1] == 0x7ffd12345678);
	assert_int_equal(
	    procfs_parse_syscall("0 0xffffffffffffffff 0x0 0x0\n", &call), 0);
	assert_int_equal(call.number, 0);
	assert_true(call.args[0] == UINT64_MAX);
}

static void
syscall_may_say_running_or_asleep_elsewhere(void **state)
{
	struct procfs_syscall call;

	(void)state;
	assert_int_equal(procfs_parse_syscall("running\n", &call), 0);
	assert_true(call.running);
	assert_int_equal(call.number, -1);
	assert_int_equal(procfs_parse_syscall("-1 0x7ffd0 0x7f0\n", &call), 0);
	assert_false(call.running);
	assert_int_equal(call.number, -1);
	assert_int_equal(call.args[0], 0);
}

static void
syscall_that_is_cut_or_odd_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",      "\n",  "runn",    "sleeping\n", "0x10 0x1 0x2\n",
	    "232\n", "232", "232 0x7", "232 x y\n",
	};
	struct procfs_syscall call;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (procfs_parse_syscall(bad[i], &call) != -EINVAL)
			fail_msg("taken: \"%s\"", bad[i]);
}

static void
io_is_the_sum_of_reads_and_writes(void **state)
{
	static const char text[] = "rchar: 10\nwchar: 20\nsyscr: 30\n"
				   "syscw: 4\nread_bytes: 0\n";
	uint64_t calls;

	(void)state;
	assert_int_equal(procfs_parse_io(text, &calls), 0);
	assert_int_equal(calls, 34);
	assert_int_equal(
	    procfs_parse_io("syscr: 18446744073709551614\nsyscw: 1\n", &calls),
	    0);
	assert_true(calls == UINT64_MAX);
	assert_int_equal(procfs_parse_io("", &calls), -EINVAL);
	assert_int_equal(
	    procfs_parse_io("rchar: 10\nwchar: 20\nsyscr: 30\n", &calls),
	    -EINVAL);
	assert_int_equal(procfs_parse_io("syscr: 30\nsyscw: ", &calls),
	                 -EINVAL);
	assert_int_equal(procfs_parse_io("syscr: x\nsyscw: 1\n", &calls),
	                 -EINVAL);
}

/* A line of /proc/PID/stat as proc(5) has it: 52 fields. */
static const char *
stat_line(const char *comm, char process, int threads, int exit_code)
{
	static char line[512];

	snprintf(line, sizeof(line),
	         "17 (%s) %c 1 17 17 0 -1 4228108 95 0 0 0 0 0 0 0 20 0 %d 0 "
	         "671533 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 "
	         "1 0 0 0 0 0 0 0 0 0 0 0 0 %d\n",
	         comm, process, threads, exit_code);
	return line;
}

static void
a_zombie_has_its_status_in_the_last_field(void **state)
{
	int status = -1;

	(void)state;
	assert_int_equal(
	    procfs_parse_zombie(stat_line("sh", 'Z', 1, 0x2a00), &status), 0);
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(
	    procfs_parse_zombie(stat_line("sh", 'X', 1, SIGKILL), &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	for (const char *life = "RSDTtI"; *life; life++)
		assert_int_equal(
		    procfs_parse_zombie(stat_line("sh", *life, 1, 0), &status),
		    -EAGAIN);
}

static void
a_name_cannot_pretend_to_be_a_zombie(void **state)
{
	static const char *const names[] = {
	    "",
	    ")",
	    "))))",
	    "(",
	    ") Z 1 2 3",
	    "a) Z (b",
	    "a\nb",
	    "a b",
	    "\xff\xfe\x80",
	    ") Z 1 1 1\n",
	    "\xe2\x96",
	    "\\n)",
	    "(sd-pam) Z",
	};
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_int_equal(procfs_parse_zombie(
				     stat_line(names[i], 'S', 1, 0), &status),
		                 -EAGAIN);
		assert_int_equal(procfs_parse_zombie(
				     stat_line(names[i], 'Z', 1, 256), &status),
		                 0);
		assert_int_equal(status, 256);
	}
}

/* The main thread has ended, the process has not. */
static void
a_process_with_threads_left_is_no_zombie(void **state)
{
	int status;

	(void)state;
	assert_int_equal(
	    procfs_parse_zombie(stat_line("sh", 'Z', 2, 0), &status), -EAGAIN);
}

static void
a_cut_line_of_stat_gives_no_status(void **state)
{
	const char *whole = stat_line("a) b", 'Z', 1, 256);
	char cut[512];
	int status;

	(void)state;
	for (size_t size = 0; size + 1 < strlen(whole); size++) {
		memcpy(cut, whole, size);
		cut[size] = '\0';
		if (procfs_parse_zombie(cut, &status) == 0)
			fail_msg("taken: \"%s\"", cut);
	}
	assert_int_equal(procfs_parse_zombie("", &status), -EINVAL);
	assert_int_equal(procfs_parse_zombie("1 (sh", &status), -EINVAL);
	assert_int_equal(procfs_parse_zombie("1 (sh)", &status), -EINVAL);
	assert_int_equal(procfs_parse_zombie("1 (sh)Z 1\n", &status), -EINVAL);
}

/* ---- own process ---- */

static void
the_clock_of_a_process_counts_its_cpu(void **state)
{
	uint64_t before, after, own;

	(void)state;
	assert_int_equal(procfs_clock(getpid(), &before), 0);
	helper_burn(5);
	own = helper_clock(CLOCK_PROCESS_CPUTIME_ID);
	assert_int_equal(procfs_clock(getpid(), &after), 0);
	assert_true(after - before >= 5 * HELPER_MS);
	assert_true(after >= own && after - own < 20 * HELPER_MS);
	/* Anybody's may be read. */
	assert_int_equal(procfs_clock(1, &after), 0);
}

static void
a_thread_s_figures_grow_as_it_works(void **state)
{
	int fd = procfs_open_sched(getpid(), gettid());
	struct procfs_sched before, after;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(procfs_read_sched(fd, &before), 0);
	helper_burn(30);
	assert_int_equal(procfs_read_sched(fd, &after), 0);
	/* What a running thread has used is known up to the last tick. */
	assert_true(after.run_ns - before.run_ns >= 15 * HELPER_MS);
	assert_true(after.run_ns - before.run_ns <= 60 * HELPER_MS);
	assert_true(after.slices >= before.slices);
	close(fd);
}

static void
a_thread_s_reads_and_writes_are_counted(void **state)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint64_t before, after;
	char byte;

	(void)state;
	assert_int_equal(procfs_read_io(getpid(), gettid(), &before), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(read(null, &byte, 1), 0);
		assert_int_equal(write(null, "x", 1), 1);
	}
	assert_int_equal(procfs_read_io(getpid(), gettid(), &after), 0);
	/* Reading the file is a read too. */
	assert_in_range(after - before, 20, 21);
	close(null);
}

static void
check_name(const char *given, const char *kept)
{
	char name[16] = "none";

	assert_int_equal(prctl(PR_SET_NAME, given), 0);
	assert_int_equal(procfs_read_comm(getpid(), gettid(), name), 0);
	assert_string_equal(name, kept);
}

static void
a_name_is_read_whole_whatever_it_is(void **state)
{
	char own[16];

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, own), 0);
	check_name("plain", "plain");
	check_name("", "");
	check_name("two words", "two words");
	check_name("a) Z 1 (b", "a) Z 1 (b");
	check_name("two\nlines", "two\nlines");
	check_name("end\n", "end\n");
	check_name("\n", "\n");
	check_name("\xff\xfe\x80\x01", "\xff\xfe\x80\x01");
	check_name("123456789012345", "123456789012345");
	check_name("1234567890123456789", "123456789012345");
	assert_int_equal(prctl(PR_SET_NAME, own), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(schedstat_is_run_wait_and_slices),
	    cmocka_unit_test(schedstat_that_is_cut_or_odd_is_refused),
	    cmocka_unit_test(syscall_is_a_number_and_its_arguments),
	    cmocka_unit_test(syscall_may_say_running_or_asleep_elsewhere),
	    cmocka_unit_test(syscall_that_is_cut_or_odd_is_refused),
	    cmocka_unit_test(io_is_the_sum_of_reads_and_writes),
	    cmocka_unit_test(a_zombie_has_its_status_in_the_last_field),
	    cmocka_unit_test(a_name_cannot_pretend_to_be_a_zombie),
	    cmocka_unit_test(a_process_with_threads_left_is_no_zombie),
	    cmocka_unit_test(a_cut_line_of_stat_gives_no_status),
	    cmocka_unit_test(the_clock_of_a_process_counts_its_cpu),
	    cmocka_unit_test(a_thread_s_figures_grow_as_it_works),
	    cmocka_unit_test(a_thread_s_reads_and_writes_are_counted),
	    cmocka_unit_test(a_name_is_read_whole_whatever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
