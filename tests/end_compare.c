/* What is measured has sense; how much it is depends on the machine. */
#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static const char *const ways[] = {"pool thread", "worker thread",
                                   "child process", "cluster worker"};

static double
number(json_t *row, const char *name)
{
	return json_number_value(json_object_get(row, name));
}

static void
check(json_t *row, const char *runtime, const char *way)
{
	assert_string_equal(json_string_value(json_object_get(row, "runtime")),
	                    runtime);
	assert_string_equal(json_string_value(json_object_get(row, "what")),
	                    way);
	assert_true(number(row, "start_ms") > 0);
	assert_true(number(row, "round_trip_us") > 0);
	assert_true(number(row, "work_1") > 0);
	assert_true(number(row, "work_n") > 0);
	assert_true(number(row, "n") >= 1);
}

static void
a_row_for_each_way_and_runtime(void **state)
{
	static const char *const args[] = {"compare", "--json", NULL};
	size_t count = program_has_node() ? 8 : 4;
	struct program program;
	json_t *rows;

	(void)state;
	/* A start of Node takes long on a machine that is busy. */
	setenv("LOOPTOP_TEST", "1", 1);
	program_run(&program, args);
	unsetenv("LOOPTOP_TEST");
	assert_int_equal(program.status, 0);
	rows = program_lines(&program);
	assert_int_equal(json_array_size(rows), count);
	for (size_t i = 0; i < count; i++)
		check(json_array_get(rows, i), i < 4 ? "looptop" : "node",
		      ways[i % 4]);
	/* A process has more than nothing, whatever it shares. */
	assert_true(number(json_array_get(rows, 2), "memory_kb") > 0);
	assert_true(number(json_array_get(rows, 3), "memory_kb") > 0);
	program_assert_no_orphans(program.mark);
	json_decref(rows);
	program_free(&program);
}

static void
a_table_for_people_also_without_node(void **state)
{
	static const char *const args[] = {"compare", NULL};
	char *path = strdup(getenv("PATH"));
	struct program program;

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	program_start(&program, args);
	setenv("PATH", path, 1);
	program_wait(&program);
	assert_int_equal(program.status, 0);
	for (int i = 0; i < 4; i++)
		assert_non_null(strstr(program.out, ways[i]));
	assert_non_null(strstr(program.out, "a crash ends"));
	assert_non_null(strstr(program.out, "Node is not in PATH"));
	for (char *line = strtok(program.out, "\n"); line;
	     line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 1, 80);
	program_assert_no_orphans(program.mark);
	program_free(&program);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_for_each_way_and_runtime),
	    cmocka_unit_test(a_table_for_people_also_without_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
