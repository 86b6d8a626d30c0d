/* What a watch came to, as JSON and as a table. */
#include "test.h"

#include "core/model.h"
#include "core/text.h"
#include "report/summary.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull
#define START (5000 * MS)

struct summing {
	struct model model;
	char *text;
	size_t size;
	json_t *json;
};

static const struct own_cost cost = {
    .cpu_ms = 12.5,
    .rss_kb = 3072,
    .damaged = 9,
};

static int
setup(void **state)
{
	static struct summing summing;

	memset(&summing, 0, sizeof(summing));
	model_init(&summing.model);
	*state = &summing;
	return 0;
}

static int
teardown(void **state)
{
	struct summing *summing = *state;

	free(summing->text);
	json_decref(summing->json);
	return 0;
}

/* ---- events in, the summary out ---- */

static void
put(struct summing *summing, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	event.time = START + event.time * MS;
	if (!event.tid)
		event.tid = event.pid;
	model_apply(&summing->model, &event, text);
}

static void
born(struct summing *summing, uint64_t ms, uint32_t pid, uint32_t parent,
     const char *command)
{
	put(summing,
	    (struct event){.kind = EVENT_PROCESS_BORN,
	                   .time = ms,
	                   .pid = pid,
	                   .other_pid = parent},
	    command);
	put(summing,
	    (struct event){.kind = EVENT_THREAD_BORN,
	                   .time = ms,
	                   .pid = pid,
	                   .number = ROLE_MAIN},
	    "main");
}

static void
died(struct summing *summing, uint64_t ms, uint32_t pid, enum death death,
     int status)
{
	put(summing,
	    (struct event){.kind = EVENT_PROCESS_DIED,
	                   .time = ms,
	                   .pid = pid,
	                   .number = death,
	                   .value = (uint64_t)status},
	    "");
}

static void
freed(struct summing *summing, uint64_t ms, uint32_t pid, uint64_t us,
      const char *cause)
{
	put(summing,
	    (struct event){.kind = EVENT_LOOP_FREED,
	                   .time = ms,
	                   .pid = pid,
	                   .number = WITNESS_OUTSIDE,
	                   .value = us * 1000},
	    cause);
}

static void
gauged(struct summing *summing, uint64_t ms, uint32_t pid, uint32_t tid,
       uint64_t cpu_ms, uint64_t wait_ms)
{
	put(summing,
	    (struct event){.kind = EVENT_THREAD_GAUGE,
	                   .time = ms,
	                   .pid = pid,
	                   .tid = tid,
	                   .number = 100 * MS,
	                   .value = cpu_ms * MS,
	                   .size = wait_ms * MS},
	    "");
}

/* Four processes: two with a loop, one crashed, one killed; a worker thread; a
 * message; three blocks; five events lost. */
static void
tell_a_story(struct summing *summing)
{
	born(summing, 0, 10, 1, "node server.js");
	born(summing, 100, 11, 10, "/usr/bin/node worker.js");
	born(summing, 200, 12, 10, "sort");
	born(summing, 300, 13, 10, "cat");
	put(summing,
	    (struct event){.kind = EVENT_THREAD_BORN,
	                   .time = 300,
	                   .pid = 10,
	                   .tid = 15,
	                   .number = ROLE_WORKER,
	                   .value = 1},
	    "resizer");
	put(summing,
	    (struct event){.kind = EVENT_LOOP_GAUGE,
	                   .time = 1000,
	                   .pid = 10,
	                   .size = 1000 * MS,
	                   .value = 250 * MS,
	                   .number = 9 * MS,
	                   .channel = event_lags(MS, 2 * MS)},
	    "");
	freed(summing, 1400, 10, 320500, "read(fd 3)");
	freed(summing, 1500, 10, 60000, "computing");
	freed(summing, 1600, 11, 100000, "futex");
	gauged(summing, 1600, 10, 10, 30, 4);
	gauged(summing, 1700, 10, 10, 12, 1);
	gauged(summing, 1700, 10, 15, 99, 0);
	put(summing,
	    (struct event){.kind = EVENT_MESSAGE_SEND,
	                   .time = 1700,
	                   .pid = 10,
	                   .channel = 84,
	                   .number = 1},
	    "");
	put(summing,
	    (struct event){.kind = EVENT_LOST, .time = 1750, .number = 5}, "");
	died(summing, 1800, 12, DEATH_CODE, 3);
	died(summing, 1900, 13, DEATH_SIGNAL, 9);
	died(summing, 2000, 11, DEATH_UNKNOWN, 0);
}

static void
sum_up(struct summing *summing,
       void (*write_it)(FILE *, const struct model *, const struct own_cost *))
{
	FILE *file;

	free(summing->text);
	file = open_memstream(&summing->text, &summing->size);
	assert_non_null(file);
	write_it(file, &summing->model, &cost);
	fclose(file);
}

static const json_t *
parse(struct summing *summing)
{
	json_error_t error;

	sum_up(summing, summary_json);
	/* The last line, and one line only. */
	assert_ptr_equal(strchr(summing->text, '\n'),
	                 summing->text + summing->size - 1);
	json_decref(summing->json);
	summing->json =
	    json_loads(summing->text, JSON_REJECT_DUPLICATES, &error);
	if (!summing->json)
		fail_msg("%s: %s", error.text, summing->text);
	return summing->json;
}

static double
number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_number(value))
		fail_msg("no number \"%s\"", name);
	return json_number_value(value);
}

static void
assert_number(const json_t *object, const char *name, double expected)
{
	double value = number(object, name);

	if (value > expected + 1e-6 || value < expected - 1e-6)
		fail_msg("%s is %f, not %f", name, value, expected);
}

static void
assert_text(const json_t *object, const char *name, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, name));

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static const json_t *
row_of(const json_t *summary, const char *list, int tid)
{
	const json_t *rows = json_object_get(summary, list);

	assert_true(json_is_array(rows));
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if ((int)number(row, "tid") == tid)
			return row;
	}
	fail_msg("%s has no %d", list, tid);
	return NULL;
}

/* ---- JSON ---- */

static void
every_field_that_is_promised_is_there(void **state)
{
	struct summing *summing = *state;
	const json_t *summary;

	tell_a_story(summing);
	summary = parse(summing);
	assert_text(summary, "kind", "summary");
	assert_number(summary, "t", 2000 * MS);
	assert_number(summary, "duration_ms", 2000);
	assert_number(summary, "processes", 4);
	assert_number(summary, "crashed", 2);
	assert_number(summary, "threads", 5);
	assert_number(summary, "messages", 1);
	assert_number(summary, "lost", 5);
	assert_number(summary, "damaged", 9);
	assert_number(summary, "own_cpu_ms", 12.5);
	assert_number(summary, "own_rss_kb", 3072);
	assert_true(json_is_array(json_object_get(summary, "findings")));
}

static void
blocks_are_counted_measured_and_added_up(void **state)
{
	struct summing *summing = *state;
	const json_t *blocks;

	tell_a_story(summing);
	blocks = json_object_get(parse(summing), "blocks");
	assert_number(blocks, "count", 3);
	assert_number(blocks, "max_ms", 320.5);
	assert_number(blocks, "total_ms", 480.5);
}

static void
each_loop_has_its_own_totals(void **state)
{
	struct summing *summing = *state;
	const json_t *summary, *row, *blocks;

	tell_a_story(summing);
	summary = parse(summing);
	assert_int_equal(json_array_size(json_object_get(summary, "loops")), 3);
	row = row_of(summary, "loops", 10);
	blocks = json_object_get(row, "blocks");
	assert_number(row, "pid", 10);
	assert_text(row, "name", "server.js");
	assert_text(row, "role", "main");
	assert_number(row, "utilisation", 0.25);
	assert_number(row, "lag_max_ms", 9);
	assert_number(blocks, "count", 2);
	assert_number(blocks, "max_ms", 320.5);
	assert_number(blocks, "total_ms", 380.5);
	/* Seen from outside it has a block and no lag. */
	row = row_of(summary, "loops", 11);
	assert_true(json_is_null(json_object_get(row, "lag_max_ms")));
	assert_number(json_object_get(row, "blocks"), "count", 1);
	/* A worker thread has a loop, busy or not. */
	row = row_of(summary, "loops", 15);
	assert_text(row, "role", "worker");
	assert_number(json_object_get(row, "blocks"), "count", 0);
}

static void
the_loops_and_the_total_agree(void **state)
{
	struct summing *summing = *state;
	const json_t *summary, *loops, *blocks;
	double count = 0, total = 0;

	tell_a_story(summing);
	summary = parse(summing);
	loops = json_object_get(summary, "loops");
	for (size_t i = 0; i < json_array_size(loops); i++) {
		const json_t *row =
		    json_object_get(json_array_get(loops, i), "blocks");

		count += number(row, "count");
		total += number(row, "total_ms");
	}
	blocks = json_object_get(summary, "blocks");
	assert_number(blocks, "count", count);
	assert_number(blocks, "total_ms", total);
}

static void
each_thread_has_its_own_totals(void **state)
{
	struct summing *summing = *state;
	const json_t *summary, *row;

	tell_a_story(summing);
	summary = parse(summing);
	assert_int_equal(
	    json_array_size(json_object_get(summary, "thread_totals")), 5);
	row = row_of(summary, "thread_totals", 10);
	assert_number(row, "cpu_ms", 42);
	assert_number(row, "wait_ms", 5);
	row = row_of(summary, "thread_totals", 15);
	assert_number(row, "pid", 10);
	assert_text(row, "name", "resizer");
	assert_text(row, "role", "worker");
	assert_number(row, "cpu_ms", 99);
	row = row_of(summary, "thread_totals", 12);
	assert_number(row, "cpu_ms", 0);
}

static void
a_loop_that_was_blocked_is_a_finding(void **state)
{
	struct summing *summing = *state;
	const json_t *summary, *row;

	tell_a_story(summing);
	summary = parse(summing);
	assert_int_equal(json_array_size(json_object_get(summary, "findings")),
	                 2);
	row = row_of(summary, "findings", 11);
	assert_text(row, "rule", "loop-blocked");
	assert_text(row, "text",
	            "The loop of worker.js was blocked 1 time, longest 100 ms "
	            "(futex): do such work in a worker thread or a child "
	            "process.");
	row = row_of(summary, "findings", 10);
	/* Not what the last one came from. */
	assert_text(row, "text",
	            "The loop of server.js was blocked 2 times, longest 320 "
	            "ms (read(fd 3)): do such work in a worker thread or a "
	            "child process.");
}

static void
a_finding_without_a_cause_names_none(void **state)
{
	struct summing *summing = *state;
	const json_t *row;

	born(summing, 0, 10, 1, "node x.js");
	freed(summing, 100, 10, 60000, "");
	row = row_of(parse(summing), "findings", 10);
	assert_non_null(strstr(json_string_value(json_object_get(row, "text")),
	                       "longest 60 ms: do such"));
}

/* The pool full for a second, and long over. */
static void
fill_the_pool(struct summing *summing)
{
	born(summing, 0, 10, 1, "node x.js");
	for (uint64_t ms = 100; ms <= 9000; ms += 100)
		put(summing,
		    (struct event){.kind = EVENT_POOL_GAUGE,
		                   .time = ms,
		                   .pid = 10,
		                   .number = 4,
		                   .value = 4,
		                   .size = ms < 1300 ? 3 : 0},
		    "");
}

static void
what_the_rules_found_is_told_also_when_it_is_over(void **state)
{
	struct summing *summing = *state;
	const json_t *row;

	fill_the_pool(summing);
	/* It is the process', no thread's. */
	row = row_of(parse(summing), "findings", 0);
	assert_number(row, "pid", 10);
	assert_text(row, "rule", "pool-saturated");
	assert_text(row, "grade", "warning");
	assert_text(row, "text",
	            "POOL FULL: all 4 pool threads of x.js are taken, 3 "
	            "requests wait");
	assert_text(row, "cure",
	            "UV_THREADPOOL_SIZE=8 or more, or fewer fs, dns, crypto "
	            "calls at once");
	assert_in_range(
	    (int)json_number_value(json_object_get(row, "total_ms")), 750,
	    1500);
}

static void
a_loop_that_is_only_gauged_is_none(void **state)
{
	struct summing *summing = *state;
	const json_t *summary;

	born(summing, 0, 10, 1, "node x.js");
	put(summing,
	    (struct event){.kind = EVENT_LOOP_GAUGE,
	                   .time = 1000,
	                   .pid = 10,
	                   .size = MS,
	                   .value = 2 * MS,
	                   .channel = EVENT_LAGS_UNKNOWN},
	    "");
	summary = parse(summing);
	assert_int_equal(json_array_size(json_object_get(summary, "findings")),
	                 0);
	/* Never more than all the time. */
	assert_number(row_of(summary, "loops", 10), "utilisation", 1);
}

static void
nothing_at_all_is_a_summary_too(void **state)
{
	static const char *const zeros[] = {
	    "t",       "duration_ms", "processes", "crashed",
	    "threads", "messages",    "lost",
	};
	struct summing *summing = *state;
	const json_t *summary = parse(summing);

	for (size_t i = 0; i < sizeof(zeros) / sizeof(*zeros); i++)
		assert_number(summary, zeros[i], 0);
	assert_int_equal(json_array_size(json_object_get(summary, "loops")), 0);
	sum_up(summing, summary_table);
	assert_non_null(strstr(summing->text,
	                       "watched 0.000 s: 0 processes, 0 threads, 0 "
	                       "messages, 0 blocks"));
	/* Time goes by, and still nothing comes. */
	model_tick(&summing->model, START);
	assert_number(parse(summing), "duration_ms", 0);
	assert_number(parse(summing), "t", 0);
	sum_up(summing, summary_table);
	assert_non_null(strstr(summing->text, "watched 0.000 s"));
}

static void
bad_text_does_not_spoil_it(void **state)
{
	struct summing *summing = *state;
	const json_t *summary;

	born(summing, 0, 10, 1, "\xff\xfe\"\n\033[2J \xe2\x96");
	put(summing,
	    (struct event){.kind = EVENT_THREAD_BORN, .pid = 10, .tid = 11},
	    "\xc3\xa9\"\\\n\xff");
	freed(summing, 100, 10, 60000, "\"\xff\033");
	put(summing, (struct event){.kind = EVENT_PROCESS_TITLE, .pid = 12},
	    "\xe2\x96");
	summary = parse(summing);
	assert_text(row_of(summary, "thread_totals", 11), "name",
	            "\xc3\xa9\"\\ \xef\xbf\xbd");
	assert_non_null(row_of(summary, "findings", 10));
}

static void
a_full_model_is_summed_up(void **state)
{
	struct summing *summing = *state;
	const json_t *summary;

	for (uint32_t pid = 1; pid <= 3000; pid++) {
		born(summing, pid, pid, 1, "worker");
		freed(summing, pid, pid, 60000, "computing");
		died(summing, pid, pid, DEATH_CODE, 0);
	}
	summary = parse(summing);
	assert_number(summary, "processes", 3000);
	assert_number(summary, "threads", 3000);
	assert_number(summary, "crashed", 0);
	assert_number(json_object_get(summary, "blocks"), "count", 3000);
	assert_int_equal(
	    json_array_size(json_object_get(summary, "thread_totals")),
	    THREADS);
}

/* ---- the table ---- */

static void
assert_line(struct summing *summing, const char *const *words)
{
	char *copy = strdup(summing->text);
	bool found = false;

	for (char *save, *line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *at = line;
		const char *const *word = words;

		while (*word && at && (at = strstr(at, *word)) != NULL)
			at += strlen(*word++);
		found |= !*word;
	}
	free(copy);
	if (!found)
		fail_msg("no line with \"%s\" \"%s\" in\n%s", words[0],
		         words[1], summing->text);
}

#define ASSERT_LINE(summing, ...) \
	assert_line(summing, (const char *const[]){__VA_ARGS__, NULL})

static void
the_table_has_a_line_for_each_process(void **state)
{
	struct summing *summing = *state;

	tell_a_story(summing);
	sum_up(summing, summary_table);
	ASSERT_LINE(summing, "      10        1     2000.0  (lives)",
	            "node server.js");
	ASSERT_LINE(summing, "      11       10     1900.0  ?",
	            "/usr/bin/node worker.js");
	ASSERT_LINE(summing, "      12       10     1600.0  exit 3", "sort");
	ASSERT_LINE(summing, "      13       10     1600.0  signal 9", "cat");
}

static void
the_table_has_a_line_for_each_thread(void **state)
{
	struct summing *summing = *state;

	tell_a_story(summing);
	sum_up(summing, summary_table);
	ASSERT_LINE(summing, "      10       10 server.js", " 42.0", " 5.0",
	            " 2 ", " 320.5", " 380.5");
	ASSERT_LINE(summing, "      10       15 resizer", " 99.0", " 0.0",
	            " 0 ", " 0.0", " 0.0");
	ASSERT_LINE(summing, "      11       11 worker.js", " 0.0", " 0.0",
	            " 1 ", " 100.0", " 100.0");
	ASSERT_LINE(summing, "      12       12 sort", " 0.0", " 0.0", " - ",
	            " - ", " -");
}

static void
the_table_tells_findings_with_their_cures(void **state)
{
	struct summing *summing = *state;

	fill_the_pool(summing);
	sum_up(summing, summary_table);
	ASSERT_LINE(summing, "found: POOL FULL: all 4 pool threads of x.js");
	ASSERT_LINE(summing, "  cure: UV_THREADPOOL_SIZE=8");
}

static void
the_table_ends_with_the_totals(void **state)
{
	struct summing *summing = *state;

	tell_a_story(summing);
	sum_up(summing, summary_table);
	ASSERT_LINE(summing, "watched 2.000 s: 4 processes, 5 threads, "
	                     "1 messages, 3 blocks of a loop (longest 320.5 "
	                     "ms, together 480.5 ms), 5 events lost");
	ASSERT_LINE(summing, "looptop itself: 12.5 ms of CPU, 3.0 MB");
	assert_null(strstr(summing->text, "requests:"));
}

static void
requests_have_a_line_when_there_were_any(void **state)
{
	struct summing *summing = *state;
	double p50, p99;
	const char *at;

	for (unsigned i = 0; i < 10; i++)
		put(summing,
		    (struct event){.kind = EVENT_REQUEST,
		                   .time = i,
		                   .pid = 10,
		                   .number = i < 8 ? 200 : 500,
		                   .value = (i == 9 ? 40 : 2) * MS},
		    "");
	sum_up(summing, summary_table);
	at = strstr(summing->text, "requests: 10, 2 failed, p50 ");
	assert_non_null(at);
	assert_int_equal(sscanf(at,
	                        "requests: 10, 2 failed, p50 %lf ms, p99 "
	                        "%lf ms",
	                        &p50, &p99),
	                 2);
	/* As well as the histogram knows. */
	assert_true(p50 >= 1.8 && p50 <= 2.2);
	assert_true(p99 >= 36 && p99 <= 40);
}

static void
the_table_is_fit_for_a_terminal(void **state)
{
	struct summing *summing = *state;
	size_t at = 0;

	/* Cut after so many bytes as make no whole character. */
	born(summing, 0, 10, 1, "\033[31mred\xff\xe2\x96\xb6");
	put(summing, (struct event){.kind = EVENT_PROCESS_TITLE, .pid = 10},
	    "\xe2\x96\xb6\xe2\x96\xb6\xe2\x96\xb6\xe2\x96\xb6\xe2\x96\xb6"
	    "\xe2\x96\xb6\xe2\x96\xb6\xe2\x96\xb6\xe2\x96\xb6");
	put(summing,
	    (struct event){.kind = EVENT_THREAD_BORN, .pid = 10, .tid = 11},
	    "a\033[2J\xff\n");
	sum_up(summing, summary_table);
	while (at < summing->size) {
		uint32_t point;
		size_t length =
		    text_decode(summing->text + at, summing->size - at, &point);

		/* A replacement that was written as such is fine. */
		if (point == TEXT_REPLACEMENT && length == 1)
			fail_msg("not UTF-8 at %zu:\n%s", at, summing->text);
		assert_true(point >= ' ' || point == '\n');
		at += length;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_field_that_is_promised_is_there),
	    TEST(blocks_are_counted_measured_and_added_up),
	    TEST(each_loop_has_its_own_totals),
	    TEST(the_loops_and_the_total_agree),
	    TEST(each_thread_has_its_own_totals),
	    TEST(a_loop_that_was_blocked_is_a_finding),
	    TEST(a_finding_without_a_cause_names_none),
	    TEST(a_loop_that_is_only_gauged_is_none),
	    TEST(what_the_rules_found_is_told_also_when_it_is_over),
	    TEST(the_table_tells_findings_with_their_cures),
	    TEST(nothing_at_all_is_a_summary_too),
	    TEST(bad_text_does_not_spoil_it),
	    TEST(a_full_model_is_summed_up),
	    TEST(the_table_has_a_line_for_each_process),
	    TEST(the_table_has_a_line_for_each_thread),
	    TEST(the_table_ends_with_the_totals),
	    TEST(requests_have_a_line_when_there_were_any),
	    TEST(the_table_is_fit_for_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
