/* A recording in other forms: what is written is what was recorded. */
#include "program.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define ARGS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}
#define RECORDING "screenshots/recordings/lab.trace"
#define BLOCK "BLOCKED 2.03 s by fib(46)" /* at 4 s of it */

static void
run(struct program *program, const char *const *args)
{
	program_run(program, args);
	if (program->status)
		fail_msg("%s", program->err);
	assert_string_equal(program->err, "");
}

static void
jsonl_is_what_replay_prints(void **state)
{
	struct program export, replay;
	char *summary;

	(void)state;
	run(&export, ARGS("export", "--format", "jsonl", RECORDING));
	run(&replay, ARGS("replay", "--json", RECORDING));
	summary = strstr(replay.out, "\"kind\":\"summary\"");
	assert_non_null(summary);
	while (*--summary != '\n')
		;
	summary[1] = '\0';
	assert_string_equal(export.out, replay.out);
	program_free(&export);
	program_free(&replay);
}

static size_t
count(json_t *events, const char *phase, const char *category)
{
	size_t i, found = 0;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		const char *ph = "", *cat = "";

		json_unpack(event, "{s:s, s?s}", "ph", &ph, "cat", &cat);
		found += strcmp(ph, phase) == 0 && strcmp(cat, category) == 0;
	}
	return found;
}

/* As many arrows as messages were received. */
static void
perfetto_has_the_block_and_every_message(void **state)
{
	struct program export, replay;
	json_t *root, *events, *lines;
	size_t received = 0;

	(void)state;
	run(&export, ARGS("export", "--format", "perfetto", RECORDING));
	run(&replay, ARGS("replay", "--json", RECORDING));
	root = json_loads(export.out, 0, NULL);
	events = json_object_get(root, "traceEvents");
	lines = program_lines(&replay);
	while (program_line(lines, "message-recv", received))
		received++;
	assert_true(received > 100);
	assert_int_equal(count(events, "f", "message"), received);
	assert_int_equal(count(events, "s", "message"), received);
	assert_int_equal(count(events, "X", "block"), 1);
	json_decref(root);
	json_decref(lines);
	program_free(&export);
	program_free(&replay);
}

static void
svg_shows_the_moment(void **state)
{
	struct program export;

	(void)state;
	run(&export,
	    ARGS("export", "--format", "svg", "--at", "4s", RECORDING));
	assert_memory_equal(export.out, "<svg", 4);
	assert_non_null(strstr(export.out, BLOCK));
	program_free(&export);
	run(&export, ARGS("export", "--format", "svg", "--at", "1s", "--size",
	                  "80x24", RECORDING));
	assert_null(strstr(export.out, "BLOCKED"));
	assert_non_null(strstr(export.out, "no loop is blocked"));
	program_free(&export);
	run(&export, ARGS("export", "--format", "svg", RECORDING));
	assert_non_null(strstr(export.out, "no event loop is left"));
	program_free(&export);
}

/* Played on a terminal it shows what was to be seen at its end. */
static void
cast_is_the_film_up_to_there(void **state)
{
	const char *path = program_file("film", "");
	struct tty_options options = {
	    .argv = ARGS("cat", path), .rows = 40, .cols = 120};
	struct program export;
	FILE *film = fopen(path, "w");
	struct tty tty;
	json_t *head;
	char *line;
	int width = 0, height = 0;
	double before = 0;

	(void)state;
	assert_non_null(film);
	run(&export,
	    ARGS("export", "--format", "cast", "--at", "4s", RECORDING));
	line = strtok(export.out, "\n");
	head = json_loads(line, 0, NULL);
	assert_int_equal(
	    json_unpack(head, "{s:i, s:i}", "width", &width, "height", &height),
	    0);
	assert_int_equal(width, 120);
	assert_int_equal(height, 40);
	json_decref(head);
	while ((line = strtok(NULL, "\n"))) {
		json_t *entry = json_loads(line, 0, NULL);
		const char *bytes, *type;
		double time;

		assert_int_equal(
		    json_unpack(entry, "[F, s, s]", &time, &type, &bytes), 0);
		assert_string_equal(type, "o");
		assert_true(time >= before && time <= 4.001);
		before = time;
		fputs(bytes, film);
		json_decref(entry);
	}
	fclose(film);
	program_free(&export);
	assert_int_equal(tty_start(&tty, &options), 0);
	program_expect(&tty, BLOCK);
	tty_close(&tty);
}

static void
complains(const char *const *args, const char *words)
{
	struct program program;

	program_run(&program, args);
	assert_int_equal(program.status, 125);
	assert_string_equal(program.out, "");
	assert_string_equal(program.err, words);
	program_free(&program);
}

static void
what_cannot_be_exported_is_said(void **state)
{
	(void)state;
	complains(ARGS("export", RECORDING),
	          "looptop: --format: export needs one. Say jsonl, perfetto, "
	          "svg or cast.\n");
	complains(ARGS("export", "--format", "gif", RECORDING),
	          "looptop: --format: \"gif\" is no form of a recording. Say "
	          "jsonl, perfetto, svg or cast.\n");
	complains(ARGS("export", "--format", "svg"),
	          "looptop: export: it takes one recording. Write looptop "
	          "export --format F FILE.\n");
	complains(ARGS("export", "--format", "svg", "--size", "80", RECORDING),
	          "looptop: --size: \"80\" is no size. Write columns and rows "
	          "as 120x40.\n");
	complains(ARGS("export", "--format", "svg", "Makefile"),
	          "looptop: Makefile: it is no looptop recording (its "
	          "first line is not \"looptop trace 1\").\n");
	complains(ARGS("export", "--format", "cast", "--output", "/dev/full",
	               RECORDING),
	          "looptop: export: /dev/full: cannot be written: No space "
	          "left on device.\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jsonl_is_what_replay_prints),
	    cmocka_unit_test(perfetto_has_the_block_and_every_message),
	    cmocka_unit_test(svg_shows_the_moment),
	    cmocka_unit_test(cast_is_the_film_up_to_there),
	    cmocka_unit_test(what_cannot_be_exported_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
