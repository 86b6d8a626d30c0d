/* Children that the thread waits for. The rules of Node are held in
 * conformance_child_sync.c; this is what the stream hears, and what is left. */
#include "runtime_child.h"

#include "runtime/child_sync.h"

static void
run_sync_shell(struct fixture *fixture, struct child_options options,
               const char *command, struct child_result *result)
{
	const char *const args[] = {"/bin/sh", "-c", command, NULL};

	options.file = args[0];
	options.args = args;
	assert_int_equal(
	    child_run_sync(&fixture->world.loop, &options, NULL, 0, result), 0);
}

static void
the_loop_is_blocked_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct child_result result;
	int fds = fd_count();

	run_sync_shell(fixture, plain, "echo out; exit 3", &result);
	assert_int_equal(result.status, 3);
	assert_string_equal(result.out.bytes, "out\n");
	assert_int_equal(result.out.size, 4);
	assert_null(result.err.bytes);
	assert_string_equal(told_kinds(&fixture->world),
	                    "span-begin process-born stdout process-exit "
	                    "span-end");
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_SPAN_BEGIN, 0)->text,
	    "spawnSync /bin/sh");
	child_result_close(&result);
	assert_int_equal(fd_count(), fds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* What is to be done on the loop waits. */
static void
nothing_else_is_done_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct child_result result;

	start_shell(fixture, plain, "true");
	run_sync_shell(fixture, plain, "true", &result);
	assert_string_equal(fixture->world.said, "");
	child_result_close(&result);
	run_until_closed(fixture);
}

static void
a_large_input_comes_back_whole(void **state)
{
	struct fixture *fixture = *state;
	const struct child_options options = {
	    .file = "cat",
	    .max_buffer = 1 << 22,
	};
	size_t size = 1 << 21;
	char *input = malloc(size);
	struct child_result result;

	for (size_t i = 0; i < size; i++)
		input[i] = (char)('a' + i % 26);
	assert_int_equal(child_run_sync(&fixture->world.loop, &options, input,
	                                size, &result),
	                 0);
	assert_int_equal(result.error, 0);
	assert_int_equal(result.out.size, size);
	assert_memory_equal(result.out.bytes, input, size);
	child_result_close(&result);
	free(input);
}

/* Whoever else holds the pipes is not waited for when the time is over: here
 * it is one who reads from 3 until the test closes that. Nobody dies of
 * SIGWINCH. */
static void
the_timeout_is_for_the_pipes_too(void **state)
{
	struct fixture *fixture = *state;
	struct child_descriptor stdio[4] = {{.mode = CHILD_PIPE}};
	const struct child_options options = {
	    .stdio = stdio,
	    .stdio_count = 4,
	    .timeout_ms = 50,
	    .kill_signal = SIGWINCH,
	};
	struct child_result result;
	int hold[2];

	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	stdio[3] = (struct child_descriptor){.mode = CHILD_FD, .fd = hold[0]};
	run_sync_shell(fixture, options, "cat <&3 & exit 0", &result);
	assert_int_equal(result.error, -ETIMEDOUT);
	assert_int_equal(result.status, 0);
	child_result_close(&result);
	close(hold[0]);
	close(hold[1]);
}

static void
what_cannot_be_started_is_a_result(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {.file = "no-such-program-here"};
	const struct child_descriptor closed = {.mode = CHILD_FD, .fd = 999};
	struct child_result result;

	child_run_sync(&fixture->world.loop, &options, "x", 1, &result);
	assert_int_equal(result.error, -ENOENT);
	assert_int_equal(result.pid, 0);
	options.file = "true";
	options.stdio = &closed;
	options.stdio_count = 1;
	child_run_sync(&fixture->world.loop, &options, "x", 1, &result);
	assert_int_equal(result.error, -EBADF);
	options.file = "";
	assert_int_equal(child_run_sync(NULL, &options, NULL, 0, &result),
	                 -EINVAL);
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(the_loop_is_blocked_meanwhile),
    CHILD_TEST(nothing_else_is_done_meanwhile),
    CHILD_TEST(a_large_input_comes_back_whole),
    CHILD_TEST(the_timeout_is_for_the_pipes_too),
    CHILD_TEST(what_cannot_be_started_is_a_result),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
