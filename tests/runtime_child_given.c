/* What children are given: descriptors, directory, environment, session. */
#include "runtime_child.h"

static void
what_is_written_to_stdin_is_read(void **state)
{
	struct fixture *fixture = *state;
	uv_buf_t text = uv_buf_init((char *)"hello\n", 6);
	uv_shutdown_t request;

	start_shell(fixture, plain, "exec cat");
	assert_int_equal(uv_try_write(child_stdin(&fixture->child), &text, 1),
	                 6);
	end_stdin(fixture, &request);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "hello\n");
	assert_int_equal(fixture->child.code, 0);
	assert_null(child_stdin(&fixture->child));
}

static void
stdin_that_is_not_piped_is_not_there(void **state)
{
	struct fixture *fixture = *state;

	start_shell(fixture, (struct child_options){.in = CHILD_IGNORE},
	            "cat; echo end");
	assert_null(child_stdin(&fixture->child));
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "end\n");
}

static void
it_runs_in_the_directory_it_was_given(void **state)
{
	struct fixture *fixture = *state;

	run_shell(fixture, (struct child_options){.cwd = "/usr"}, "pwd -P");
	assert_string_equal(fixture->output[0], "/usr\n");
}

static void
it_has_the_environment_it_was_given(void **state)
{
	struct fixture *fixture = *state;
	const char *const env[] = {"A=1", "B=two", NULL};
	const char *const args[] = {"/usr/bin/env", NULL};

	start(fixture, (struct child_options){.env = env}, args);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "A=1\nB=two\n");
}

/* A stale one confuses every Node below. */
static void
the_name_of_a_channel_is_not_passed_on(void **state)
{
	struct fixture *fixture = *state;

	setenv("NODE_CHANNEL_FD", "99", 1);
	setenv("NODE_CHANNEL_SERIALIZATION_MODE", "advanced", 1);
	setenv("LOOPTOP_TEST", "here", 1);
	run_shell(fixture, plain,
	          "echo $NODE_CHANNEL_FD $NODE_CHANNEL_SERIALIZATION_MODE"
	          " $LOOPTOP_TEST");
	unsetenv("NODE_CHANNEL_FD");
	unsetenv("NODE_CHANNEL_SERIALIZATION_MODE");
	assert_string_equal(fixture->output[0], "here\n");
}

static void
a_child_with_a_channel_finds_it_at_3(void **state)
{
	struct fixture *fixture = *state;

	setenv("NODE_CHANNEL_FD", "99", 1);
	setenv("NODE_CHANNEL_SERIALIZATION_MODE", "advanced", 1);
	start_role(fixture, (struct child_options){.channel = true}, "@show",
	           NULL);
	unsetenv("NODE_CHANNEL_FD");
	unsetenv("NODE_CHANNEL_SERIALIZATION_MODE");
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0],
	                    "NODE_CHANNEL_FD=3\n0 socket\n1 socket\n"
	                    "2 socket\n3 socket\n");
}

static void
what_is_ignored_is_the_null_device(void **state)
{
	struct fixture *fixture = *state;

	start_role(
	    fixture,
	    (struct child_options){.in = CHILD_IGNORE, .err = CHILD_IGNORE},
	    "@show", NULL);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "0 null\n1 socket\n2 null\n");
}

static void
what_is_inherited_is_the_same_file(void **state)
{
	struct fixture *fixture = *state;
	char inode[32];
	struct stat stat;

	fstat(2, &stat);
	snprintf(inode, sizeof(inode), "%lu", (unsigned long)stat.st_ino);
	start_role(fixture, (struct child_options){.err = CHILD_INHERIT},
	           "@inode", NULL);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], inode);
}

static void
a_detached_child_has_a_session_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	start_role(fixture, (struct child_options){.detached = true},
	           "@session", NULL);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "leader");
}

static void
others_are_in_ours(void **state)
{
	struct fixture *fixture = *state;

	start_role(fixture, plain, "@session", NULL);
	run_until_closed(fixture);
	assert_string_equal(fixture->output[0], "member");
}

/* ---- the roles ---- */

static const char *
name_of(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return NULL;
	return S_ISSOCK(stat.st_mode)  ? "socket"
	       : S_ISCHR(stat.st_mode) ? "null"
	                               : "else";
}

static int
be_shown(void)
{
	static const char *const names[] = {"NODE_CHANNEL_FD",
	                                    "NODE_CHANNEL_SERIALIZATION_MODE"};

	for (int i = 0; i < 2; i++)
		if (getenv(names[i]))
			printf("%s=%s\n", names[i], getenv(names[i]));
	for (int fd = 0; fd < 4; fd++)
		if (name_of(fd))
			printf("%d %s\n", fd, name_of(fd));
	return 0;
}

static int
be_inode(void)
{
	struct stat stat;

	fstat(2, &stat);
	printf("%lu", (unsigned long)stat.st_ino);
	return 0;
}

static int
be_role(const char *role)
{
	if (strcmp(role, "@show") == 0)
		return be_shown();
	if (strcmp(role, "@inode") == 0)
		return be_inode();
	if (strcmp(role, "@session") == 0)
		return printf(getsid(0) == getpid() ? "leader" : "member") < 0;
	return 1;
}

static const struct CMUnitTest tests[] = {
    CHILD_TEST(what_is_written_to_stdin_is_read),
    CHILD_TEST(stdin_that_is_not_piped_is_not_there),
    CHILD_TEST(it_runs_in_the_directory_it_was_given),
    CHILD_TEST(it_has_the_environment_it_was_given),
    CHILD_TEST(the_name_of_a_channel_is_not_passed_on),
    CHILD_TEST(a_child_with_a_channel_finds_it_at_3),
    CHILD_TEST(what_is_ignored_is_the_null_device),
    CHILD_TEST(what_is_inherited_is_the_same_file),
    CHILD_TEST(a_detached_child_has_a_session_of_its_own),
    CHILD_TEST(others_are_in_ours),
};

/* Whoever has lost its role must not run the tests once more. */
int
main(int argc, char **argv)
{
	if (argc > 1 || getenv("NODE_CHANNEL_FD"))
		return argc > 1 ? be_role(argv[1]) : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
