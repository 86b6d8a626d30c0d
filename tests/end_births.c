/* Children too short to be seen by looking, as the user is told of them. */
#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

enum { CHILDREN = 100 };

static const char script[] = "i=0; while [ $i -lt 100 ]; do /bin/true; "
			     "i=$((i+1)); done; (exit 3); exit 0";

/* What doctor says of an ability. */
static bool
is_permitted(const char *ability)
{
	struct program program;
	json_t *lines, *line;
	bool works = false;
	size_t i;

	program_run(&program, ARGS("doctor", "--json"));
	lines = program_lines(&program);
	json_array_foreach(lines, i, line)
	{
		const char *name =
		    json_string_value(json_object_get(line, "ability"));

		if (name && strcmp(name, ability) == 0)
			works = json_is_true(json_object_get(line, "works"));
	}
	json_decref(lines);
	program_free(&program);
	return works;
}

static json_int_t
number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static size_t
count_lines(json_t *lines, const char *kind)
{
	size_t count = 0;

	while (program_line(lines, kind, count))
		count++;
	return count;
}

/* Every child is born, by its name, and dies, with its code if that is known;
 * the totals are exact although the model has forgotten most of them. */
static void
assert_all_seen(const char *way, bool codes)
{
	struct program program;
	json_t *lines, *summary, *line, *births;
	size_t named = 0, failed = 0;

	program_run(&program, ARGS("run", "--json", "--births", way, "--", "sh",
	                           "-c", script));
	assert_int_equal(program.status, 0);
	lines = program_lines(&program);
	summary = program_line(lines, "summary", 0);
	births = json_object_get(summary, "births");
	/* Others on this machine may make it overflow; then it says so. */
	if (number(births, "missed") > 0 && strcmp(way, "machine") == 0) {
		assert_true(number(births, "missed") +
		                number(summary, "processes") >=
		            CHILDREN + 2);
		json_decref(lines);
		program_free(&program);
		return;
	}
	assert_int_equal(count_lines(lines, "process-born"), CHILDREN + 2);
	assert_int_equal(count_lines(lines, "process-died"), CHILDREN + 2);
	for (size_t i = 0; (line = program_line(lines, "process-born", i)); i++)
		named +=
		    strstr(json_string_value(json_object_get(line, "command")),
		           "true") != NULL;
	/* The shell's own words have it too. */
	assert_true(named > CHILDREN - 3);
	for (size_t i = 0; (line = program_line(lines, "process-died", i)); i++)
		failed += number(line, "code") == 3;
	if (codes)
		assert_int_equal(failed, 1);
	assert_int_equal(number(summary, "processes"), CHILDREN + 2);
	assert_int_equal(number(births, "missed"), 0);
	json_decref(lines);
	program_free(&program);
}

static void
perf_misses_none(void **state)
{
	(void)state;
	if (!is_permitted("perf task records"))
		skip_because("perf task records are not permitted here");
	assert_all_seen("perf", is_permitted("proc connector"));
}

static void
perf_of_the_machine_misses_none(void **state)
{
	(void)state;
	if (!is_permitted("perf records of the machine"))
		skip_because("perf of the machine is not permitted here");
	assert_all_seen("machine", is_permitted("proc connector"));
}

static void
the_connector_misses_none(void **state)
{
	struct program program;
	json_t *lines, *births;

	(void)state;
	if (!is_permitted("proc connector"))
		skip_because("the proc connector is not permitted here");
	program_run(&program, ARGS("run", "--json", "--births", "connector",
	                           "--", "sh", "-c", script));
	lines = program_lines(&program);
	births = json_object_get(program_line(lines, "summary", 0), "births");
	assert_string_equal(
	    json_string_value(json_object_get(births, "source")),
	    "the proc connector");
	/* Others on this machine may make it overflow; then it says so. */
	if (number(births, "missed") == 0)
		assert_int_equal(count_lines(lines, "process-born"),
		                 CHILDREN + 2);
	json_decref(lines);
	program_free(&program);
}

/* By looking: seen and missed are all there was, and what others forked on this
 * machine meanwhile. */
static void
looking_says_what_it_missed(void **state)
{
	struct program program;
	json_t *lines, *summary, *births;

	(void)state;
	program_run(&program, ARGS("run", "--json", "--births", "looking", "--",
	                           "sh", "-c", script));
	assert_int_equal(program.status, 0);
	lines = program_lines(&program);
	summary = program_line(lines, "summary", 0);
	births = json_object_get(summary, "births");
	assert_string_equal(
	    json_string_value(json_object_get(births, "source")), "looking");
	assert_true(number(births, "missed") + number(summary, "processes") >=
	            CHILDREN + 2);
	json_decref(lines);
	program_free(&program);
}

static void
the_summary_says_it_in_words(void **state)
{
	struct program program;

	(void)state;
	program_run(&program, ARGS("run", "--summary", "--births", "looking",
	                           "--", "sh", "-c", script));
	assert_non_null(strstr(program.out, "births seen by looking: "));
	program_free(&program);
	if (!is_permitted("perf task records"))
		return;
	program_run(&program, ARGS("run", "--summary", "--births", "perf", "--",
	                           "sh", "-c", script));
	assert_non_null(strstr(
	    program.out, "births seen by perf task records: none missed"));
	program_free(&program);
}

/* An ordinary user has no less, where perf_event_paranoid is 2 or lower. */
static void
an_ordinary_user_misses_none(void **state)
{
	char command[1024], text[65536];
	json_t *summary = NULL;
	FILE *run;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can become another user");
	if (!is_permitted("perf task records"))
		skip_because("perf task records are not permitted here");
	snprintf(command, sizeof(command),
	         "cd / && setpriv --reuid=65534 --regid=65534 --clear-groups "
	         "%s run --json --births perf -- sh -c '%s' 2>/dev/null",
	         program_path(), script);
	run = popen(command, "re");
	assert_non_null(run);
	while (fgets(text, sizeof(text), run))
		if (strstr(text, "\"kind\":\"summary\""))
			summary = json_loads(text, 0, NULL);
	pclose(run);
	/* The program may lie where that user cannot reach it. */
	if (!summary ||
	    strcmp(json_string_value(json_object_get(
		       json_object_get(summary, "births"), "source")),
	           "perf task records") != 0) {
		json_decref(summary);
		skip_because("another user cannot run it here");
	}
	assert_int_equal(number(summary, "processes"), CHILDREN + 2);
	json_decref(summary);
}

static void
another_way_is_refused(void **state)
{
	struct program program;

	(void)state;
	program_run(&program,
	            ARGS("run", "--births", "guessing", "--", "true"));
	assert_int_equal(program.status, 125);
	assert_non_null(strstr(program.err, "no way to see births"));
	program_free(&program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(perf_misses_none),
	    cmocka_unit_test(perf_of_the_machine_misses_none),
	    cmocka_unit_test(the_connector_misses_none),
	    cmocka_unit_test(looking_says_what_it_missed),
	    cmocka_unit_test(the_summary_says_it_in_words),
	    cmocka_unit_test(an_ordinary_user_misses_none),
	    cmocka_unit_test(another_way_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
