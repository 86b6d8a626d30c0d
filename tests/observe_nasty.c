/*
 * What a kernel, or a program that names its threads, might show: nothing of it
 * may be taken for something else. Also runs the fuzz target over samples.
 */
#include "test.h"

#include "observe/loop_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
a_name_with_parentheses_does_not_move_the_fields(void **state)
{
	(void)state;
	assert_int_equal(procfs_parse_state("7 (a) R (b)) S 1 2\n"), 'S');
	assert_int_equal(procfs_parse_state("7 (\x01\xff\n) Z 1\n"), 'Z');
	assert_int_equal(procfs_parse_state("7 (a) \n"), 0);
	assert_int_equal(procfs_parse_state("7 (a)"), 0);
	assert_int_equal(procfs_parse_state(""), 0);
}

static void
what_is_cut_off_is_refused(void **state)
{
	struct procfs_syscall call;
	struct procfs_sched sched;
	uint32_t last;

	(void)state;
	assert_int_equal(procfs_parse_sched("", &sched), -EINVAL);
	assert_int_equal(procfs_parse_sched("1 2", &sched), -EINVAL);
	assert_int_equal(procfs_parse_sched("-1 2 3\n", &sched), -EINVAL);
	assert_int_equal(procfs_parse_syscall("", &call), -EINVAL);
	assert_int_equal(procfs_parse_syscall("232 0x", &call), -EINVAL);
	assert_int_equal(procfs_parse_births("0.1 0.2", &last), 0);
	assert_int_equal(procfs_parse_births("", &last), -EINVAL);
	assert_int_equal(procfs_parse_births("0 ", &last), -EINVAL);
}

/* The kernel shows -1 to say that it is asleep in no call. */
static void
asleep_in_no_call_is_not_running(void **state)
{
	struct procfs_syscall call;
	char cause[LOOP_CAUSE_BYTES];

	(void)state;
	assert_int_equal(procfs_parse_syscall("-1 0x7ff 0x7fe\n", &call), 0);
	assert_false(call.running);
	loop_cause_of_call(&call, 'T', NULL, cause);
	assert_string_equal(cause, "stopped");
	loop_cause_of_call(&call, 't', NULL, cause);
	assert_string_equal(cause, "stopped by a debugger");
	loop_cause_of_call(&call, 'D', NULL, cause);
	assert_string_equal(cause, "waits for the disk");
	loop_cause_of_call(&call, 0, NULL, cause);
	assert_string_equal(cause, "sleeps in the kernel");
}

static void
descriptors_are_named_in_a_word(void **state)
{
	static const struct {
		const char *link, *name;
	} rows[] = {
	    {"pipe:[123]", "pipe"},
	    {"socket:[9]", "socket"},
	    {"anon_inode:[timerfd]", "timerfd"},
	    {"anon_inode:inotify", "inotify"},
	    {"/tmp/a/customers.csv", "customers.csv"},
	    {"/tmp/gone (deleted)", "gone (deleted)"},
	    {"/", "/"},
	    {"", ""},
	};
	char name[LOOP_CAUSE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		loop_cause_name_fd(rows[i].link, name);
		assert_string_equal(name, rows[i].name);
	}
}

static void
a_cause_that_is_cut_still_closes_its_parenthesis(void **state)
{
	struct procfs_syscall call = {.number = SYS_read, .args = {3}};
	char cause[LOOP_CAUSE_BYTES];

	(void)state;
	loop_cause_of_call(&call, 'S', "pipe", cause);
	assert_string_equal(cause, "read(fd 3 pipe)");
	loop_cause_of_call(&call, 'S', "a-name-that-is-far-too-long", cause);
	assert_int_equal(strlen(cause), LOOP_CAUSE_BYTES - 1);
	assert_int_equal(cause[LOOP_CAUSE_BYTES - 2], ')');
}

/* Counters that have gone round, or back, make no block and no crash. */
static void
counters_that_wrap_make_no_block(void **state)
{
	struct loop_watch watch = {0};
	struct loop_sample sample = {
	    .call = {.number = SYS_epoll_pwait, .args = {7}}};
	uint64_t length;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		sample.time += 20000000;
		sample.sched.run_ns = i % 2 ? UINT32_MAX - 5 : 5;
		sample.sched.wait_ns = i % 3 ? UINT64_MAX - 5 : 5;
		sample.call.running = i > 5 && i % 4 == 0;
		sample.call.number = sample.call.running ? -1 : SYS_epoll_pwait;
		assert_true(loop_watch_sample(&watch, &sample, &length) <=
		            LOOP_FOUND);
	}
}

static void
the_fuzz_target_survives_samples(void **state)
{
	static const char *const samples[] = {
	    "",
	    "1",
	    "1 2 3\n",
	    "99999999999999999999 0 0\n",
	    "running\n",
	    "281 0xe 0x7ff 0x400 0xffffffff 0x0 0x8 0x7 0x6\n",
	    "0 0xffffffffffffffff 0x0\n",
	    "-1 0x0 0x0\n",
	    "rchar: 1\nsyscr: 5\nsyscw: \n",
	    "syscr: 18446744073709551615\nsyscw: 1\n",
	    "1 (a (b) c) R 2 3 4\n",
	    "0.00 0.00 0.00 1/2 4194304\n",
	    "anon_inode:[eventpoll",
	    "/////",
	};
	char input[256];

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		for (char parser = 0; parser < 8; parser++) {
			int size = snprintf(input, sizeof(input), "%c%s",
			                    parser, samples[i]);

			input[0] = parser;
			LLVMFuzzerTestOneInput((uint8_t *)input, (size_t)size);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_with_parentheses_does_not_move_the_fields),
	    cmocka_unit_test(what_is_cut_off_is_refused),
	    cmocka_unit_test(asleep_in_no_call_is_not_running),
	    cmocka_unit_test(descriptors_are_named_in_a_word),
	    cmocka_unit_test(a_cause_that_is_cut_still_closes_its_parenthesis),
	    cmocka_unit_test(counters_that_wrap_make_no_block),
	    cmocka_unit_test(the_fuzz_target_survives_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
