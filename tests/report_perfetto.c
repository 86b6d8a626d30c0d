/* The trace for ui.perfetto.dev: Trace Event Format. */
#include "test.h"

#include "core/stream.h"
#include "report/perfetto.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define START 5000000000ull
#define MS 1000000ull
enum { PID = 100, CHILD = 200 };

struct tracing {
	struct model model;
	struct stream stream;
	struct perfetto perfetto;
	char *text;
	size_t size;
	json_t *root;
};

static int
setup(void **state)
{
	static struct tracing tracing;

	memset(&tracing, 0, sizeof(tracing));
	model_init(&tracing.model);
	stream_init(&tracing.stream);
	tracing.perfetto.model = &tracing.model;
	tracing.perfetto.file = open_memstream(&tracing.text, &tracing.size);
	perfetto_begin(&tracing.perfetto);
	*state = &tracing;
	return stream_add(&tracing.stream, model_put, &tracing.model) ||
	       stream_add(&tracing.stream, perfetto_put, &tracing.perfetto);
}

static int
teardown(void **state)
{
	struct tracing *tracing = *state;

	json_decref(tracing->root);
	fclose(tracing->perfetto.file);
	free(tracing->text);
	return 0;
}

static void
put(struct tracing *tracing, struct event event, const char *text)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	event.time = START + event.time * MS;
	if (!event.pid)
		event.pid = PID;
	if (!event.tid)
		event.tid = event.pid;
	stream_event(&tracing->stream, &event, text);
}

static void
server(struct tracing *tracing)
{
	put(tracing, (struct event){.kind = EVENT_PROCESS_BORN, .number = 1},
	    "node server.js");
	put(tracing,
	    (struct event){.kind = EVENT_THREAD_BORN, .number = ROLE_MAIN},
	    "server");
}

/* The whole, as one JSON value. */
static void
end(struct tracing *tracing)
{
	json_error_t error;

	perfetto_end(&tracing->perfetto);
	fflush(tracing->perfetto.file);
	tracing->root = json_loads(tracing->text, 0, &error);
	if (!tracing->root)
		fail_msg("%s in: %s", error.text, tracing->text);
}

/* The n-th of a phase ("X"), borrowed; NULL: there are fewer. */
static json_t *
entry(struct tracing *tracing, const char *phase, size_t n)
{
	json_t *all = json_object_get(tracing->root, "traceEvents"), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		const char *is = json_string_value(json_object_get(one, "ph"));

		if (strcmp(is, phase) == 0 && n-- == 0)
			return one;
	}
	return NULL;
}

/* What is there is the same as in `expected`, which may leave out fields. */
static void
expect(json_t *entry, const char *expected)
{
	json_t *fields = json_loads(expected, 0, NULL), *value;
	const char *name;

	assert_non_null(entry);
	assert_non_null(fields);
	json_object_foreach(fields, name, value)
	{
		json_t *is = json_object_get(entry, name);
		bool same =
		    json_is_number(value) && json_is_number(is)
			? json_number_value(value) == json_number_value(is)
			: json_equal(value, is);

		if (!same)
			fail_msg("%s is %s", name,
			         json_dumps(is, JSON_ENCODE_ANY));
	}
	json_decref(fields);
}

static void
nothing_is_a_trace_too(void **state)
{
	struct tracing *tracing = *state;

	end(tracing);
	assert_int_equal(
	    json_array_size(json_object_get(tracing->root, "traceEvents")), 0);
}

static void
a_block_is_a_slice_with_its_cause(void **state)
{
	struct tracing *tracing = *state;

	server(tracing);
	put(tracing,
	    (struct event){
		.kind = EVENT_LOOP_BLOCKED, .time = 60, .value = 50 * MS},
	    "hash (a.js:3)\n3\nhash\n/srv/a.js");
	put(tracing,
	    (struct event){
		.kind = EVENT_LOOP_FREED, .time = 110, .value = 100 * MS},
	    "hash (a.js:3)\n3\nhash\n/srv/a.js");
	end(tracing);
	expect(entry(tracing, "X", 0),
	       "{\"name\":\"BLOCKED by hash (a.js:3)\",\"cat\":\"block\","
	       "\"ts\":10000,\"dur\":100000,\"pid\":100,\"tid\":100}");
	assert_null(entry(tracing, "X", 1));
}

/* The recording ends in the middle of it. */
static void
a_block_that_lasts_is_a_slice_up_to_the_end(void **state)
{
	struct tracing *tracing = *state;

	server(tracing);
	put(tracing,
	    (struct event){
		.kind = EVENT_LOOP_BLOCKED, .time = 60, .value = 50 * MS},
	    "");
	model_tick(&tracing->model, START + 210 * MS);
	end(tracing);
	expect(entry(tracing, "X", 0),
	       "{\"name\":\"BLOCKED\",\"ts\":10000,\"dur\":200000}");
}

static void
a_message_is_an_arrow_between_two_slices(void **state)
{
	struct tracing *tracing = *state;
	uint64_t channel = channel_id(CHANNEL_IPC, PID, CHILD);

	server(tracing);
	put(tracing,
	    (struct event){.kind = EVENT_MESSAGE_SEND,
	                   .time = 10,
	                   .channel = channel,
	                   .number = 7},
	    "{\"a\":1}");
	put(tracing,
	    (struct event){.kind = EVENT_MESSAGE_RECV,
	                   .time = 12,
	                   .pid = CHILD,
	                   .channel = channel,
	                   .number = 7},
	    "");
	end(tracing);
	expect(entry(tracing, "X", 0),
	       "{\"name\":\"send ipc {\\\"a\\\":1}\",\"ts\":10000}");
	expect(entry(tracing, "X", 1),
	       "{\"name\":\"receive ipc \",\"ts\":12000,\"pid\":200}");
	expect(entry(tracing, "s", 0), "{\"cat\":\"message\",\"pid\":100}");
	expect(entry(tracing, "f", 0),
	       "{\"cat\":\"message\",\"pid\":200,\"bp\":\"e\"}");
	assert_true(json_equal(json_object_get(entry(tracing, "s", 0), "id"),
	                       json_object_get(entry(tracing, "f", 0), "id")));
}

static void
gauges_are_counters(void **state)
{
	struct tracing *tracing = *state;

	server(tracing);
	put(tracing,
	    (struct event){.kind = EVENT_THREAD_GAUGE,
	                   .time = 100,
	                   .number = 100 * MS,
	                   .value = 25 * MS,
	                   .size = 50 * MS},
	    "");
	put(tracing,
	    (struct event){.kind = EVENT_LOOP_GAUGE,
	                   .time = 100,
	                   .channel = EVENT_LAGS_UNKNOWN,
	                   .size = 100 * MS,
	                   .value = 25 * MS},
	    "");
	end(tracing);
	expect(entry(tracing, "C", 0),
	       "{\"name\":\"CPU server.js\",\"args\":{\"running %\":25.0,"
	       "\"waits for a CPU %\":50.0}}");
	expect(
	    entry(tracing, "C", 1),
	    "{\"name\":\"loop server.js\",\"args\":{\"utilisation %\":25.0}}");
}

/* The last ones they had, of those that ended as of those that live. */
static void
all_have_names(void **state)
{
	struct tracing *tracing = *state;

	server(tracing);
	put(tracing,
	    (struct event){.kind = EVENT_PROCESS_BORN,
	                   .time = 5,
	                   .pid = CHILD,
	                   .other_pid = PID,
	                   .number = BIRTH_SPAWN},
	    "sleep 1");
	put(tracing,
	    (struct event){
		.kind = EVENT_PROCESS_TITLE, .time = 6, .pid = CHILD},
	    "s\xff");
	put(tracing,
	    (struct event){.kind = EVENT_PROCESS_DIED,
	                   .time = 9,
	                   .pid = CHILD,
	                   .number = DEATH_CODE},
	    "");
	end(tracing);
	expect(entry(tracing, "i", 1), "{\"name\":\"spawn sleep 1\"}");
	expect(entry(tracing, "M", 0),
	       "{\"name\":\"process_name\",\"pid\":200}");
	expect(entry(tracing, "M", 1), "{\"name\":\"process_name\",\"pid\":100,"
	                               "\"args\":{\"name\":\"server.js\"}}");
	expect(entry(tracing, "M", 2), "{\"name\":\"thread_name\",\"tid\":100,"
	                               "\"args\":{\"name\":\"server.js\"}}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_a_trace_too),
	    TEST(a_block_is_a_slice_with_its_cause),
	    TEST(a_block_that_lasts_is_a_slice_up_to_the_end),
	    TEST(a_message_is_an_arrow_between_two_slices),
	    TEST(gauges_are_counters),
	    TEST(all_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
