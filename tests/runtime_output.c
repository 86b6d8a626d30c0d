/* The output of children: lines, what is kept, exec. */
#include "runtime_child.h"

/* ---- output ---- */

static const char *
line(struct fixture *fixture, enum event_kind kind, int n)
{
	return told_nth(&fixture->world, kind, n)->text;
}

static void
each_line_of_output_is_an_event(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	run_shell(fixture, plain, "echo one; echo oh >&2; printf 'two\\nlast'");
	assert_int_equal(told_count(&fixture->world, EVENT_STDOUT), 3);
	assert_int_equal(told_count(&fixture->world, EVENT_STDERR), 1);
	assert_string_equal(line(fixture, EVENT_STDOUT, 0), "one");
	assert_string_equal(line(fixture, EVENT_STDOUT, 1), "two");
	assert_string_equal(line(fixture, EVENT_STDOUT, 2), "last");
	assert_string_equal(line(fixture, EVENT_STDERR, 0), "oh");
	event = &told_nth(&fixture->world, EVENT_STDERR, 0)->event;
	assert_int_equal(event->pid, fixture->child.pid);
	assert_string_equal(fixture->output[0], "one\ntwo\nlast");
	assert_string_equal(fixture->output[1], "oh\n");
}

static void
a_very_long_line_comes_in_parts_and_whole(void **state)
{
	struct fixture *fixture = *state;
	size_t size = 0;

	run_shell(fixture, plain,
	          "head -c 300000 /dev/zero | tr '\\0' x; echo");
	for (int i = 0; i < told_count(&fixture->world, EVENT_STDOUT); i++)
		size += strlen(line(fixture, EVENT_STDOUT, i));
	assert_int_equal(size, 300000);
	assert_int_equal(told_count(&fixture->world, EVENT_STDOUT),
	                 (300000 + LINES_BYTES - 1) / LINES_BYTES);
	assert_int_equal(fixture->used[0], 300001);
}

static void
output_that_is_kept_is_kept_apart(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, (struct child_options){.max_buffer = 1000},
	          "echo one; echo oh >&2; echo two");
	assert_int_equal(fixture->outputs, 0);
	assert_string_equal(fixture->kept[0], "one\ntwo\n");
	assert_string_equal(fixture->kept[1], "oh\n");
	assert_int_equal(told_count(&fixture->world, EVENT_STDOUT), 2);
}

static void
nothing_kept_is_no_memory(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, (struct child_options){.max_buffer = 1000}, "true");
	assert_null(fixture->kept[0]);
	assert_int_equal(fixture->kept_size[0], 0);
}

static void
output_up_to_the_limit_is_fine(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, (struct child_options){.max_buffer = 100000},
	          "head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2");
	assert_int_equal(fixture->child.error, 0);
	assert_int_equal(fixture->child.code, 0);
	assert_int_equal(fixture->kept_size[0], 100000);
	assert_int_equal(fixture->kept_size[1], 100000);
}

static void
a_byte_more_is_cut_and_kills(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, (struct child_options){.max_buffer = 100000},
	          "head -c 100001 /dev/zero; exec sleep 1000");
	assert_int_equal(fixture->child.error, -ENOBUFS);
	assert_int_equal(fixture->kept_size[0], 100000);
	assert_int_equal(fixture->child.signal, SIGTERM);
	assert_string_equal(fixture->world.said, "spawn exit close");
}

/* The shell is killed; who else writes finds nobody who reads. */
static void
what_a_killed_shell_leaves_behind_does_not_delay_close(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, (struct child_options){.max_buffer = 1000},
	          "yes; true");
	assert_int_equal(fixture->child.error, -ENOBUFS);
	assert_int_equal(fixture->kept_size[0], 1000);
	assert_int_equal(fixture->child.signal, SIGTERM);
}

/* ---- exec ---- */

static void
exec_goes_through_the_shell(void **state)
{
	struct fixture *fixture = *state;

	child_exec(&fixture->child, &fixture->world.loop,
	           "echo $((20 + 1)) | tr 1 2; exit 5", 1000, &events);
	fixture->child.data = fixture;
	run_until_closed(fixture);
	assert_string_equal(fixture->kept[0], "22\n");
	assert_int_equal(fixture->child.code, 5);
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_PROCESS_BORN, 0)->event.number,
	    BIRTH_EXEC);
}

static void
exec_of_an_unknown_command_is_code_127(void **state)
{
	struct fixture *fixture = *state;

	child_exec(&fixture->child, &fixture->world.loop,
	           "no-such-program-here", 1000, &events);
	fixture->child.data = fixture;
	run_until_closed(fixture);
	assert_int_equal(fixture->child.code, 127);
	assert_string_equal(fixture->world.said, "spawn exit close");
	assert_true(fixture->kept_size[1] > 0);
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(each_line_of_output_is_an_event),
    CHILD_TEST(a_very_long_line_comes_in_parts_and_whole),
    CHILD_TEST(output_that_is_kept_is_kept_apart),
    CHILD_TEST(nothing_kept_is_no_memory),
    CHILD_TEST(output_up_to_the_limit_is_fine),
    CHILD_TEST(a_byte_more_is_cut_and_kills),
    CHILD_TEST(what_a_killed_shell_leaves_behind_does_not_delay_close),
    CHILD_TEST(exec_goes_through_the_shell),
    CHILD_TEST(exec_of_an_unknown_command_is_code_127),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
