/* Back-pressure both ways, descriptors beyond the first three, and what is
 * returned instead of told. */
#include "runtime_child.h"

/* ---- writing ---- */

enum { MUCH = 4 << 20 };

/* Into a child that does not read yet: the socket is full at some time. */
static int
fill(struct fixture *fixture, size_t *written)
{
	static const char piece[8192];
	int answer = 0;

	for (*written = 0; *written < MUCH && !answer;
	     *written += sizeof(piece))
		answer = child_write(&fixture->child, 0, piece, sizeof(piece));
	return answer;
}

static void
a_writer_is_told_to_wait_and_then_to_go_on(void **state)
{
	struct fixture *fixture = *state;
	size_t written;
	char count[32];

	start_shell(fixture, plain, "kill -STOP $$; exec wc -c");
	assert_int_equal(fill(fixture, &written), 1);
	assert_int_equal(fixture->drains, 0);
	do {
		world_turn(&fixture->world);
		child_kill(&fixture->child, SIGCONT);
	} while (!fixture->drains && !fixture->world.late);
	assert_int_equal(child_write(&fixture->child, 0, "x", 1), 0);
	child_end(&fixture->child, 0);
	assert_int_equal(child_write(&fixture->child, 0, "x", 1), -EPIPE);
	run_until_closed(fixture);
	snprintf(count, sizeof(count), "%zu\n", written + 1);
	assert_string_equal(fixture->output[0], count);
	assert_int_equal(fixture->drains, 1);
}

static void
what_is_queued_is_written_before_the_end(void **state)
{
	struct fixture *fixture = *state;
	char *text = calloc(1, MUCH);

	/* A reader that kept up would leave nothing to queue. */
	start_shell(fixture, plain, "exec wc -c");
	child_kill(&fixture->child, SIGSTOP);
	assert_int_equal(child_write(&fixture->child, 0, text, MUCH), 1);
	child_end(&fixture->child, 0);
	child_kill(&fixture->child, SIGCONT);
	free(text);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "4194304\n");
	assert_int_equal(fixture->child.code, 0);
}

static void
a_child_that_closed_its_stdin_is_a_broken_pipe(void **state)
{
	struct fixture *fixture = *state;
	size_t written;

	start_shell(fixture, plain, "exec <&-; echo closed; exec sleep 1000");
	world_run(&fixture->world, &fixture->outputs, 1);
	assert_int_equal(fill(fixture, &written), -EPIPE);
	assert_null(child_stdin(&fixture->child));
	child_kill(&fixture->child, SIGKILL);
	run_until_closed(fixture);
}

/* It waits with the writer for `drain`: there must be an end to that. */
static void
a_writer_that_waits_hears_of_the_broken_pipe(void **state)
{
	struct fixture *fixture = *state;
	size_t written;

	start_shell(fixture, plain, "kill -STOP $$");
	assert_int_equal(fill(fixture, &written), 1);
	child_kill(&fixture->child, SIGKILL);
	run_until_closed(fixture);
	assert_int_equal(fixture->drains, 1);
	assert_int_equal(child_write(&fixture->child, 0, "x", 1), -EPIPE);
}

static void
what_is_not_piped_cannot_be_written_to(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.in = CHILD_IGNORE},
	            "true");
	for (int fd = -1; fd < 9; fd++)
		assert_int_equal(child_write(&fixture->child, fd, "x", 1),
		                 -EPIPE);
	child_end(&fixture->child, 0);
	child_pause_output(&fixture->child, 7);
	child_resume_output(&fixture->child, 7);
	run_until_closed(fixture);
}

/* ---- reading ---- */

static void
who_is_not_read_has_to_wait(void **state)
{
	struct fixture *fixture = *state;
	int fd = 0, more;

	start_shell(fixture, plain,
	            "echo go; head -c 1000000 /dev/zero; kill -STOP $$");
	world_run(&fixture->world, &fixture->outputs, 1);
	child_pause_output(&fixture->child, 1);
	more = fixture->outputs;
	for (int i = 0; i < 20; i++)
		world_turn(&fixture->world);
	assert_int_equal(fixture->outputs, more);
	assert_true(fixture->used[fd] < 1000000);
	child_resume_output(&fixture->child, 1);
	while (fixture->used[fd] < 1000003 && !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	child_kill(&fixture->child, SIGKILL);
	run_until_closed(fixture);
	assert_int_equal(fixture->used[fd], 1000003);
}

static void
at_its_exit_all_is_read_that_was_not(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, plain, "echo one");
	child_pause_output(&fixture->child, 1);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->outputs, 0);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "one\n");
	assert_int_equal(told_count(&fixture->world, EVENT_STDOUT), 1);
}

/* ---- more descriptors ---- */

static char heard[64];

static void
on_far_output(struct child *child, int fd, const char *bytes, size_t size)
{
	size_t used = strlen(heard);

	(void)child;
	snprintf(heard + used, sizeof(heard) - used, "%d:%.*s", fd, (int)size,
	         bytes);
}

/* A channel among them, and one that talks both ways behind it. */
static void
a_channel_may_be_anywhere(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {
	    "sh", "-c",
	    "echo $NODE_CHANNEL_FD >&6; echo '{\"n\":1}' >&5; cat <&6 >&6",
	    NULL};
	const struct child_descriptor stdio[] = {
	    {.mode = CHILD_IGNORE}, {.mode = CHILD_PIPE},
	    {.mode = CHILD_IGNORE}, {.mode = CHILD_IGNORE},
	    {.mode = CHILD_IGNORE}, {.mode = CHILD_IPC},
	    {.mode = CHILD_PIPE},
	};
	struct child_options options = {
	    .file = "sh",
	    .args = args,
	    .stdio = stdio,
	    .stdio_count = 7,
	};
	struct child_events far = events;

	far.output = on_far_output;
	assert_int_equal(
	    child_spawn(&fixture->child, &fixture->world.loop, &options, &far),
	    0);
	fixture->child.data = fixture;
	world_run(&fixture->world, &fixture->messages, 1);
	assert_int_equal(child_write(&fixture->child, 6, "hello", 5), 0);
	child_end(&fixture->child, 6);
	run_until_closed(fixture);
	assert_string_equal(heard, "6:5\n6:hello");
	assert_string_equal(fixture->world.said, "spawn disconnect exit close");
	/* Lines are of stdout and stderr. */
	assert_int_equal(told_count(&fixture->world, EVENT_STDOUT), 0);
}

/* ---- what is returned, and the struct is ours at once ---- */

static void
expect_returned(struct fixture *fixture, struct child_options options,
                int error)
{
	struct child *child = calloc(1, sizeof(*child));

	if (!options.file)
		options.file = "true";
	assert_int_equal(
	    child_spawn(child, &fixture->world.loop, &options, &events), error);
	assert_null(child->life);
	assert_int_equal(child_kill(child, SIGTERM), -ESRCH);
	child_unref(child);
	child_abort(child);
	child_forget(child);
	free(child);
	world_drain(&fixture->world);
	assert_string_equal(fixture->world.said, "");
}

static void
what_nobody_could_run_is_refused(void **state)
{
	static const char *const none[] = {NULL};
	static const struct child_descriptor bad = {.mode = CHILD_FD, .fd = -1};
	static const struct child_descriptor closed = {.mode = CHILD_STREAM};
	const struct child_options options[] = {
	    {.file = ""},
	    {.args = none},
	    {.kill_signal = 1000},
	    {.in = CHILD_FD},
	    {.out = CHILD_STREAM},
	    {.stdio = &bad, .stdio_count = 1},
	    {.stdio = &closed, .stdio_count = 1},
	    {.stdio = &bad, .stdio_count = -1},
	    {.in = CHILD_IPC, .channel = true},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		expect_returned(*state, options[i], -EINVAL);
}

static void
a_descriptor_that_is_not_open_is_returned(void **state)
{
	struct fixture *fixture = *state;
	const struct child_descriptor stdio[] = {
	    {.mode = CHILD_PIPE},
	    {.mode = CHILD_FD, .fd = 999},
	    {.mode = CHILD_PIPE},
	    {.mode = CHILD_IPC},
	};

	expect_returned(
	    fixture, (struct child_options){.stdio = stdio, .stdio_count = 4},
	    -EBADF);
	assert_string_equal(told_nth(&fixture->world, EVENT_NOTE, 0)->text,
	                    "true: cannot be started: bad file descriptor.");
}

static void
a_command_line_that_is_too_long_is_returned(void **state)
{
	char *big = malloc(200001);
	const char *const args[] = {"true", big, NULL};

	memset(big, 'x', 200000);
	big[200000] = '\0';
	expect_returned(*state, (struct child_options){.args = args}, -E2BIG);
	expect_returned(*state,
	                (struct child_options){.args = args, .zombie_ms = 1},
	                -E2BIG);
	free(big);
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(a_writer_is_told_to_wait_and_then_to_go_on),
    CHILD_TEST(what_is_queued_is_written_before_the_end),
    CHILD_TEST(a_child_that_closed_its_stdin_is_a_broken_pipe),
    CHILD_TEST(a_writer_that_waits_hears_of_the_broken_pipe),
    CHILD_TEST(what_is_not_piped_cannot_be_written_to),
    CHILD_TEST(who_is_not_read_has_to_wait),
    CHILD_TEST(at_its_exit_all_is_read_that_was_not),
    CHILD_TEST(a_channel_may_be_anywhere),
    CHILD_TEST(what_nobody_could_run_is_refused),
    CHILD_TEST(a_descriptor_that_is_not_open_is_returned),
    CHILD_TEST(a_command_line_that_is_too_long_is_returned),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
