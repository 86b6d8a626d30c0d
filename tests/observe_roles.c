/* Roles of threads from tables of what was seen of them. */
#include "test.h"

#include "observe/roles.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 16 };

static struct role_row
row(const char *name, bool is_loop, int epfd, uint64_t futex)
{
	struct role_row row = {
	    .is_loop = is_loop, .epfd = epfd, .futex = futex};

	snprintf(row.name, sizeof(row.name), "%s", name);
	return row;
}

static void
assert_role(const struct role_row *row, enum role role, const char *label,
            const char *reason)
{
	assert_string_equal(row->label, label);
	assert_int_equal(row->role, role);
	if (!strstr(row->reason, reason))
		fail_msg("\"%s\" does not say \"%s\"", row->reason, reason);
}

/* As Node 20 shows: all are called "node". */
static void
threads_of_node_20_are_told_apart_without_names(void **state)
{
	struct role_row rows[ROWS] = {
	    row("node", true, 14, 0),         row("node", true, 9, 0),
	    row("node", false, -1, 0x1a630),  row("node", false, -1, 0x1a634),
	    row("node", false, -1, 0x1a630),  row("node", false, -1, 0x1a630),
	    row("node", false, -1, 0x560460), row("node", true, 22, 0),
	    row("node", true, 18, 0),         row("node", false, -1, 0x66f9cc),
	    row("node", false, -1, 0x66f9cc), row("node", false, -1, 0x66f9c8),
	    row("node", false, -1, 0x66f9cc),
	};

	(void)state;
	roles_find(rows, 13, true);
	assert_role(&rows[0], ROLE_MAIN, "main", "its id");
	assert_role(&rows[1], ROLE_OTHER, "V8 delayed tasks", "fd 9");
	assert_role(&rows[2], ROLE_OTHER, "V8 platform 1",
	            "waits on futex 0x1a630 with 3 others: a pool");
	assert_role(&rows[5], ROLE_OTHER, "V8 platform 4", "a pool");
	assert_role(&rows[6], ROLE_OTHER, "inspector signals", "alone");
	assert_role(&rows[7], ROLE_WORKER, "worker 1", "fd 22");
	assert_role(&rows[8], ROLE_WORKER, "worker 2", "fd 18");
	assert_role(&rows[9], ROLE_POOL, "libuv pool 1", "3 others");
	assert_role(&rows[12], ROLE_POOL, "libuv pool 4", "3 others");
}

static void
names_tell_where_there_are_any(void **state)
{
	struct role_row rows[ROWS] = {
	    row("node-MainThread", true, 14, 0),
	    row("DelayedTaskSche", true, 9, 0),
	    row("node-V8Worker", false, -1, 0),
	    row("node-V8Worker", false, -1, 0),
	    row("SignalInspector", false, -1, 0x5),
	    row("libuv-worker", false, -1, 0),
	    row("my-worker", true, 30, 0),
	    row("WorkerThread", true, 31, 0),
	};

	(void)state;
	roles_find(rows, 8, true);
	assert_role(&rows[1], ROLE_OTHER, "V8 delayed tasks", "called");
	assert_role(&rows[3], ROLE_OTHER, "V8 platform 2", "node-V8Worker");
	assert_role(&rows[4], ROLE_OTHER, "inspector signals", "called");
	assert_role(&rows[5], ROLE_POOL, "libuv pool 1", "libuv-worker");
	assert_role(&rows[6], ROLE_WORKER, "my-worker", "called");
	assert_role(&rows[7], ROLE_WORKER, "worker 1", "WorkerThread");
}

static void
other_programs_have_loops_and_pools(void **state)
{
	struct role_row rows[ROWS] = {
	    row("python3", true, 4, 0),      row("python3", true, -1, 0),
	    row("python3", false, -1, 0x80), row("python3", false, -1, 0x80),
	    row("python3", false, -1, 0),    row("python3", false, -1, 0x900),
	    row("python3", false, -1, 0x900)};

	(void)state;
	roles_find(rows, 7, false);
	assert_role(&rows[1], ROLE_WORKER, "loop 1", "poll");
	assert_role(&rows[2], ROLE_POOL, "pool 1", "1 other:");
	assert_role(&rows[3], ROLE_POOL, "pool 2", "0x80");
	assert_string_equal(rows[4].label, "");
	assert_role(&rows[5], ROLE_POOL, "pool B 1", "0x900");
}

static void
nothing_is_made_up(void **state)
{
	struct role_row rows[ROWS] = {row("", false, -1, 0),
	                              row("", false, -1, 0),
	                              row("\x01\xff)", false, -1, 0)};

	(void)state;
	roles_find(rows, 0, true);
	roles_find(rows, 3, false);
	assert_role(&rows[0], ROLE_MAIN, "main", "");
	assert_string_equal(rows[1].label, "");
	assert_string_equal(rows[2].label, "\x01\xff)");
}

static void
node_is_known_by_its_command(void **state)
{
	(void)state;
	assert_true(roles_is_node("node", "node"));
	assert_true(roles_is_node("/usr/bin/node --x server.js", "MainThread"));
	assert_true(roles_is_node("nodejs a.js", "x"));
	assert_true(roles_is_node("title", "node-MainThread"));
	assert_false(roles_is_node("/opt/node/bin/python3 x", "python3"));
	assert_false(roles_is_node("mynode", "mynode"));
	assert_false(roles_is_node("", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(threads_of_node_20_are_told_apart_without_names),
	    cmocka_unit_test(names_tell_where_there_are_any),
	    cmocka_unit_test(other_programs_have_loops_and_pools),
	    cmocka_unit_test(nothing_is_made_up),
	    cmocka_unit_test(node_is_known_by_its_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
