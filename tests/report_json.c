/* JSON lines: the kinds and fields that CLI.md promises. */
#include "test.h"

#include "core/stream.h"
#include "report/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* When the first event comes, and the pid of most. */
#define START 5000000000ull
enum { PID = 100 };

struct printing {
	struct model model;
	struct stream stream;
	struct json_lines lines;
	char *text;
	size_t size, read;
};

static int
setup(void **state)
{
	static struct printing printing;

	memset(&printing, 0, sizeof(printing));
	model_init(&printing.model);
	stream_init(&printing.stream);
	printing.lines.model = &printing.model;
	printing.lines.file = open_memstream(&printing.text, &printing.size);
	*state = &printing;
	return stream_add(&printing.stream, model_put, &printing.model) ||
	       stream_add(&printing.stream, json_put, &printing.lines);
}

static int
teardown(void **state)
{
	struct printing *printing = *state;

	fclose(printing->lines.file);
	free(printing->text);
	return 0;
}

/* ---- events in, lines out ---- */

static void
put_bytes(struct printing *printing, struct event event, const char *text,
          size_t size)
{
	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)size;
	event.time += START;
	if (!event.pid)
		event.pid = PID;
	if (!event.tid)
		event.tid = event.pid;
	stream_event(&printing->stream, &event, text);
	fflush(printing->lines.file);
}

static void
put(struct printing *printing, struct event event, const char *text)
{
	put_bytes(printing, event, text, strlen(text));
}

/* The next line, parsed; it is one line and nothing but it. NULL: none. */
static json_t *
take(struct printing *printing)
{
	char *line = printing->text + printing->read, *end;
	json_error_t error;
	json_t *object;

	if (printing->read == printing->size)
		return NULL;
	end = strchr(line, '\n');
	assert_non_null(end);
	printing->read += (size_t)(end + 1 - line);
	object = json_loadb(line, (size_t)(end - line),
	                    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!object)
		fail_msg("%s: %.*s", error.text, (int)(end - line), line);
	return object;
}

static void
expect(struct printing *printing, const char *expected)
{
	json_t *line = take(printing), *wanted = json_loads(expected, 0, NULL);

	assert_non_null(wanted);
	if (!line)
		fail_msg("no line, not %s", expected);
	if (!json_equal(line, wanted))
		fail_msg(
		    "%s\nnot %s",
		    json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9)),
		    expected);
	json_decref(line);
	json_decref(wanted);
}

static void
expect_nothing(struct printing *printing)
{
	assert_null(take(printing));
}

/* A process, its main thread and a worker thread 101; their lines are taken. */
static void
begin(struct printing *printing)
{
	put(printing,
	    (struct event){.kind = EVENT_PROCESS_BORN, .other_pid = 1}, "app");
	put(printing,
	    (struct event){.kind = EVENT_THREAD_BORN, .number = ROLE_MAIN},
	    "main");
	put(printing,
	    (struct event){.kind = EVENT_THREAD_BORN,
	                   .tid = 101,
	                   .number = ROLE_WORKER,
	                   .value = 7},
	    "resizer");
	for (int i = 0; i < 3; i++)
		json_decref(take(printing));
	expect_nothing(printing);
}

/* ---- processes ---- */

static void
a_process_is_born_becomes_another_and_dies(void **state)
{
	struct printing *printing = *state;

	put(printing,
	    (struct event){.kind = EVENT_PROCESS_BORN,
	                   .other_pid = 1,
	                   .number = BIRTH_RUN,
	                   .value = 4711},
	    "sh -c 'node app.js'");
	expect(printing, "{\"t\":0,\"kind\":\"process-born\",\"pid\":100,"
	                 "\"tid\":100,\"ppid\":1,\"how\":\"run\","
	                 "\"command\":\"sh -c 'node app.js'\"}");
	put(printing, (struct event){.kind = EVENT_PROCESS_EXEC, .time = 1500},
	    "node app.js");
	expect(printing, "{\"t\":1500,\"kind\":\"process-exec\",\"pid\":100,"
	                 "\"tid\":100,\"command\":\"node app.js\"}");
	put(printing,
	    (struct event){.kind = EVENT_PROCESS_DIED,
	                   .time = 2000,
	                   .number = DEATH_CODE,
	                   .value = 3},
	    "");
	expect(printing, "{\"t\":2000,\"kind\":\"process-died\",\"pid\":100,"
	                 "\"tid\":100,\"code\":3}");
	expect_nothing(printing);
}

static void
a_death_has_a_code_or_a_signal_or_neither(void **state)
{
	static const char *const ends[] = {
	    [DEATH_UNKNOWN] = "{\"t\":0,\"kind\":\"process-died\","
			      "\"pid\":100,\"tid\":100}",
	    [DEATH_CODE] = "{\"t\":0,\"kind\":\"process-died\",\"pid\":100,"
			   "\"tid\":100,\"code\":9}",
	    [DEATH_SIGNAL] = "{\"t\":0,\"kind\":\"process-died\","
			     "\"pid\":100,\"tid\":100,\"signal\":9}",
	};
	struct printing *printing = *state;

	for (unsigned death = 0; death < DEATHS; death++) {
		begin(printing);
		put(printing,
		    (struct event){.kind = EVENT_PROCESS_DIED,
		                   .number = death,
		                   .value = 9},
		    "");
		expect(printing, ends[death]);
	}
}

static void
a_zombie_is_said_to_be_one(void **state)
{
	struct printing *printing = *state;

	put(printing, (struct event){.kind = EVENT_PROCESS_BORN}, "true");
	put(printing,
	    (struct event){.kind = EVENT_PROCESS_DIED, .number = DEATH_CODE},
	    "");
	json_decref(take(printing));
	json_decref(take(printing));
	put(printing,
	    (struct event){
		.kind = EVENT_PROCESS_ZOMBIE, .other_pid = 1, .number = 1},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"process-zombie\",\"pid\":100,"
	                 "\"tid\":100,\"zombie\":true,\"parent\":1}");
}

static void
a_parent_is_told_of_the_end(void **state)
{
	struct printing *printing = *state;

	put(printing,
	    (struct event){.kind = EVENT_PROCESS_EXIT,
	                   .other_pid = 200,
	                   .number = DEATH_SIGNAL,
	                   .value = 15},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"process-exit\",\"pid\":100,"
	                 "\"tid\":100,\"child\":200,\"signal\":15}");
	put(printing, (struct event){.kind = EVENT_PROCESS_TITLE}, "stage");
	expect(printing, "{\"t\":0,\"kind\":\"process-title\",\"pid\":100,"
	                 "\"tid\":100,\"title\":\"stage\"}");
}

static void
assert_field(struct printing *printing, const char *name, const char *value)
{
	json_t *line = take(printing);

	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, name)),
	                    value);
	json_decref(line);
}

static void
every_way_of_birth_has_its_word(void **state)
{
	static const char *const words[] = {
	    "seen",     "run",  "spawn",   "exec",
	    "execFile", "fork", "cluster", "unknown",
	};
	struct printing *printing = *state;

	for (unsigned how = 0; how <= BIRTHS; how++) {
		put(printing,
		    (struct event){.kind = EVENT_PROCESS_BORN,
		                   .pid = 1000 + how,
		                   .number = how},
		    "x");
		assert_field(printing, "how", words[how]);
	}
}

/* ---- threads ---- */

static void
a_thread_is_born_with_its_role(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_THREAD_BORN,
	                   .tid = 102,
	                   .number = ROLE_WORKER,
	                   .value = 3},
	    "worker 3");
	expect(printing, "{\"t\":0,\"kind\":\"thread-born\",\"pid\":100,"
	                 "\"tid\":102,\"name\":\"worker 3\","
	                 "\"role\":\"worker\",\"thread_id\":3}");
	put(printing,
	    (struct event){
		.kind = EVENT_THREAD_BORN, .tid = 103, .number = ROLE_POOL},
	    "libuv-worker");
	expect(printing, "{\"t\":0,\"kind\":\"thread-born\",\"pid\":100,"
	                 "\"tid\":103,\"name\":\"libuv-worker\","
	                 "\"role\":\"pool\"}");
	put(printing, (struct event){.kind = EVENT_THREAD_BORN, .tid = 104},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"thread-born\",\"pid\":100,"
	                 "\"tid\":104,\"name\":\"\",\"role\":\"other\"}");
}

static void
a_thread_dies_as_what_it_was(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing, (struct event){.kind = EVENT_THREAD_DIED, .tid = 101},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"thread-died\",\"pid\":100,"
	                 "\"tid\":101,\"name\":\"resizer\","
	                 "\"role\":\"worker\",\"thread_id\":7}");
	put(printing, (struct event){.kind = EVENT_THREAD_DIED}, "");
	expect(printing, "{\"t\":0,\"kind\":\"thread-died\",\"pid\":100,"
	                 "\"tid\":100,\"name\":\"main\",\"role\":\"main\"}");
}

/* ---- channels and messages ---- */

static const uint64_t ipc = (uint64_t)CHANNEL_IPC << 60 | 42 << 1;

static void
open_channel(struct printing *printing)
{
	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_CHANNEL_BORN,
	                   .channel = ipc,
	                   .number = CHANNEL_IPC,
	                   .other_pid = 200,
	                   .other_tid = 201},
	    "ipc");
}

static void
a_channel_has_two_ends(void **state)
{
	struct printing *printing = *state;

	open_channel(printing);
	expect(printing, "{\"t\":0,\"kind\":\"channel-born\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"type\":\"ipc\","
	                 "\"a\":\"100\",\"b\":\"200:201\",\"name\":\"ipc\"}");
	put(printing,
	    (struct event){
		.kind = EVENT_CHANNEL_DIED, .time = 5, .channel = ipc},
	    "");
	expect(printing, "{\"t\":5,\"kind\":\"channel-died\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"type\":\"ipc\","
	                 "\"a\":\"100\",\"b\":\"200:201\"}");
	/* The other end says so too: no news. */
	put(printing,
	    (struct event){
		.kind = EVENT_CHANNEL_DIED, .pid = 200, .channel = ipc},
	    "");
	expect_nothing(printing);
}

static void
a_queue_says_who_is_waited_for(void **state)
{
	struct printing *printing = *state;

	open_channel(printing);
	json_decref(take(printing));
	put(printing,
	    (struct event){.kind = EVENT_CHANNEL_QUEUE,
	                   .channel = ipc,
	                   .number = 7,
	                   .size = 4000},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"channel-queue\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"a_waits\":7,"
	                 "\"b_waits\":4000}");
}

static void
births_say_how_they_are_seen(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing, (struct event){.kind = EVENT_BIRTHS, .number = 998},
	    "looking");
	expect(printing, "{\"t\":0,\"kind\":\"births\",\"pid\":100,"
	                 "\"tid\":100,\"missed\":998,\"source\":\"looking\"}");
}

static void
an_end_that_is_not_known_is_left_out(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_CHANNEL_BORN,
	                   .channel = ipc,
	                   .tid = 101,
	                   .number = CHANNEL_LISTEN,
	                   .value = 8080},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"channel-born\",\"pid\":100,"
	                 "\"tid\":101,\"channel\":42,\"type\":\"listen\","
	                 "\"a\":\"100:101\",\"port\":8080}");
	put(printing,
	    (struct event){.kind = EVENT_CHANNEL_DIED, .channel = ipc}, "");
	expect(printing, "{\"t\":0,\"kind\":\"channel-died\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"type\":\"listen\","
	                 "\"a\":\"100:101\"}");
}

static void
every_type_of_channel_has_its_word(void **state)
{
	static const char *const words[] = {
	    "ipc", "port", "pipe", "socket", "listen", "shm", "unknown"};
	struct printing *printing = *state;

	begin(printing);
	for (unsigned type = 0; type <= CHANNEL_TYPES; type++) {
		put(printing,
		    (struct event){.kind = EVENT_CHANNEL_BORN,
		                   .channel = ipc + 2 * type,
		                   .number = type},
		    "");
		assert_field(printing, "type", words[type]);
	}
}

static struct event
message(enum event_kind kind, uint64_t time, uint64_t number)
{
	return (struct event){
	    .kind = (uint8_t)kind,
	    .time = time,
	    .pid = kind == EVENT_MESSAGE_RECV || kind == EVENT_HANDLE_RECV
	               ? 200
	               : PID,
	    .channel = ipc,
	    .number = number,
	    .size = 17};
}

static void
a_message_is_sent_and_received(void **state)
{
	struct printing *printing = *state;

	open_channel(printing);
	json_decref(take(printing));
	put(printing, message(EVENT_MESSAGE_SEND, 1000, 1), "{hello}");
	expect(printing, "{\"t\":1000,\"kind\":\"message-send\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"direction\":\"forth\","
	                 "\"number\":1,\"bytes\":17,\"preview\":\"{hello}\"}");
	put(printing, message(EVENT_MESSAGE_RECV, 1501000, 1), "{hello}");
	expect(printing, "{\"t\":1501000,\"kind\":\"message-recv\","
	                 "\"pid\":200,\"tid\":200,\"channel\":42,"
	                 "\"direction\":\"forth\",\"number\":1,\"bytes\":17,"
	                 "\"preview\":\"{hello}\",\"latency_us\":1500.0}");
}

static void
the_way_back_is_another_direction(void **state)
{
	struct printing *printing = *state;
	struct event event = message(EVENT_MESSAGE_SEND, 0, 1);

	event.channel |= CHANNEL_BACK;
	put(printing, event, "");
	expect(printing, "{\"t\":0,\"kind\":\"message-send\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"direction\":\"back\","
	                 "\"number\":1,\"bytes\":17,\"preview\":\"\"}");
}

static void
a_receive_without_its_send_has_no_latency(void **state)
{
	struct printing *printing = *state;
	json_t *line;

	open_channel(printing);
	json_decref(take(printing));
	put(printing, message(EVENT_MESSAGE_RECV, 1000, 5), "");
	line = take(printing);
	assert_null(json_object_get(line, "latency_us"));
	json_decref(line);
	/* It comes later, and was sent later too, which cannot be. */
	put(printing, message(EVENT_MESSAGE_SEND, 2000, 5), "");
	json_decref(take(printing));
	put(printing, message(EVENT_MESSAGE_SEND, 9000, 6), "");
	put(printing, message(EVENT_MESSAGE_RECV, 8000, 6), "");
	json_decref(take(printing));
	line = take(printing);
	assert_null(json_object_get(line, "latency_us"));
	json_decref(line);
}

static void
a_handle_has_a_type(void **state)
{
	struct printing *printing = *state;
	struct event event = message(EVENT_HANDLE_SEND, 0, 1);

	event.value = CHANNEL_SOCKET;
	put(printing, event, "");
	expect(printing, "{\"t\":0,\"kind\":\"handle-send\",\"pid\":100,"
	                 "\"tid\":100,\"channel\":42,\"number\":1,"
	                 "\"type\":\"tcp\"}");
	event = message(EVENT_HANDLE_RECV, 0, 1);
	event.value = CHANNEL_PIPE;
	put(printing, event, "");
	expect(printing, "{\"t\":0,\"kind\":\"handle-recv\",\"pid\":200,"
	                 "\"tid\":200,\"channel\":42,\"number\":1,"
	                 "\"type\":\"pipe\"}");
}

static void
a_request_has_its_answer(void **state)
{
	struct printing *printing = *state;

	put(printing,
	    (struct event){.kind = EVENT_REQUEST,
	                   .other_pid = 200,
	                   .number = 503,
	                   .value = 12345678},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"request\",\"pid\":100,"
	                 "\"tid\":100,\"ms\":12.345,\"status\":503,"
	                 "\"worker\":200}");
}

static void
a_role_has_a_name_and_a_reason(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_THREAD_ROLE, .number = ROLE_POOL},
	    "libuv pool 1: waits on futex 0x1 with 3 others: a pool");
	expect(printing,
	       "{\"t\":0,\"kind\":\"thread-role\",\"pid\":100,\"tid\":100,"
	       "\"name\":\"libuv pool 1\",\"role\":\"pool\",\"reason\":"
	       "\"waits on futex 0x1 with 3 others: a pool\"}");
	put(printing,
	    (struct event){.kind = EVENT_THREAD_ROLE, .number = ROLE_OTHER},
	    "");
	expect(printing,
	       "{\"t\":0,\"kind\":\"thread-role\",\"pid\":100,\"tid\":100,"
	       "\"name\":\"\",\"role\":\"other\",\"reason\":\"\"}");
}

/* ---- loops and gauges ---- */

static void
a_block_has_a_cause_and_a_witness(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_LOOP_BLOCKED,
	                   .number = WITNESS_OUTSIDE,
	                   .size = METHOD_SWITCHES,
	                   .value = 51000000},
	    "read(fd 3)");
	expect(printing, "{\"t\":0,\"kind\":\"loop-blocked\",\"pid\":100,"
	                 "\"tid\":100,\"cause\":\"read(fd 3)\",\"ms\":51.0,"
	                 "\"source\":\"outside\","
	                 "\"method\":\"switches\"}");
	put(printing,
	    (struct event){.kind = EVENT_LOOP_FREED,
	                   .number = WITNESS_RUNTIME,
	                   .value = 400123999},
	    "fib(40)");
	expect(printing, "{\"t\":0,\"kind\":\"loop-freed\",\"pid\":100,"
	                 "\"tid\":100,\"cause\":\"fib(40)\",\"ms\":400.123,"
	                 "\"source\":\"runtime\"}");
	put(printing,
	    (struct event){.kind = EVENT_LOOP_BLOCKED, .number = WITNESS_AGENT},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"loop-blocked\",\"pid\":100,"
	                 "\"tid\":100,\"ms\":0.0,\"source\":\"agent\"}");
}

static void
a_loop_tells_its_utilisation_and_lag(void **state)
{
	struct printing *printing = *state;
	struct event event = {
	    .kind = EVENT_LOOP_GAUGE,
	    .size = 1000000000,
	    .value = 250000000,
	    .number = 9000000,
	    .channel = event_lags(1500000, 8000000),
	};

	begin(printing);
	put(printing, event, "");
	expect(printing, "{\"t\":0,\"kind\":\"loop-gauge\",\"pid\":100,"
	                 "\"tid\":100,\"utilisation\":0.25,"
	                 "\"lag_p50_ms\":1.5,\"lag_p99_ms\":8.0,"
	                 "\"lag_max_ms\":9.0}");
	/* Seen from outside; busier than its window; no window. */
	event.channel = EVENT_LAGS_UNKNOWN;
	event.value = 1100000000;
	put(printing, event, "");
	expect(printing, "{\"t\":0,\"kind\":\"loop-gauge\",\"pid\":100,"
	                 "\"tid\":100,\"utilisation\":1.0}");
	event.size = 0;
	put(printing, event, "");
	expect(printing, "{\"t\":0,\"kind\":\"loop-gauge\",\"pid\":100,"
	                 "\"tid\":100,\"utilisation\":0.0}");
}

static void
gauges_have_their_numbers(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_THREAD_GAUGE,
	                   .tid = 101,
	                   .number = 100000000,
	                   .value = 3100000,
	                   .size = 250000},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"thread-gauge\",\"pid\":100,"
	                 "\"tid\":101,\"cpu_ms\":3.1,\"wait_ms\":0.25}");
	put(printing,
	    (struct event){.kind = EVENT_PROCESS_GAUGE,
	                   .value = 43210,
	                   .size = 11,
	                   .number = 24},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"process-gauge\",\"pid\":100,"
	                 "\"tid\":100,\"rss_kb\":43210,\"threads\":11,"
	                 "\"fds\":24}");
	put(printing,
	    (struct event){
		.kind = EVENT_POOL_GAUGE, .number = 4, .value = 3, .size = 2},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"pool-gauge\",\"pid\":100,"
	                 "\"tid\":100,\"slots\":4,\"running\":3,"
	                 "\"queued\":2}");
}

static void
spans_have_a_name_and_a_length(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing, (struct event){.kind = EVENT_SPAN_BEGIN}, "sha");
	expect(printing, "{\"t\":0,\"kind\":\"span-begin\",\"pid\":100,"
	                 "\"tid\":100,\"name\":\"sha\"}");
	put(printing, (struct event){.kind = EVENT_SPAN_END, .value = 2500000},
	    "sha");
	expect(printing, "{\"t\":0,\"kind\":\"span-end\",\"pid\":100,"
	                 "\"tid\":100,\"name\":\"sha\",\"ms\":2.5}");
}

static void
words_are_printed(void **state)
{
	struct printing *printing = *state;

	put(printing, (struct event){.kind = EVENT_STDOUT}, "out");
	expect(printing, "{\"t\":0,\"kind\":\"stdout\",\"pid\":100,"
	                 "\"tid\":100,\"text\":\"out\"}");
	put(printing, (struct event){.kind = EVENT_STDERR}, "");
	expect(printing, "{\"t\":0,\"kind\":\"stderr\",\"pid\":100,"
	                 "\"tid\":100,\"text\":\"\"}");
	put(printing, (struct event){.kind = EVENT_NOTE}, "A sentence.");
	expect(printing, "{\"t\":0,\"kind\":\"note\",\"pid\":100,"
	                 "\"tid\":100,\"text\":\"A sentence.\"}");
	put(printing, (struct event){.kind = EVENT_LOST, .number = 12}, "");
	expect(printing, "{\"t\":0,\"kind\":\"lost\",\"pid\":100,"
	                 "\"tid\":100,\"count\":12}");
}

/* ---- lines ---- */

static void
kinds_for_the_screen_only_are_not_printed(void **state)
{
	static const uint8_t silent[] = {EVENT_LOOP_TURNS, EVENT_CHANNEL_GAUGE};
	struct printing *printing = *state;

	open_channel(printing);
	json_decref(take(printing));
	for (size_t i = 0; i < sizeof(silent); i++)
		put(printing,
		    (struct event){.kind = silent[i],
		                   .channel = ipc,
		                   .number = 1,
		                   .size = 2,
		                   .value = 1},
		    "");
	expect_nothing(printing);
}

/* Whatever kind comes, of actors nobody knows. */
static void
every_kind_gives_one_line_or_none(void **state)
{
	struct printing *printing = *state;

	for (uint8_t kind = 0; kind < EVENT_KINDS; kind++) {
		json_t *line;

		put(printing,
		    (struct event){.kind = kind,
		                   .pid = UINT32_MAX,
		                   .tid = UINT32_MAX - 1,
		                   .other_pid = UINT32_MAX,
		                   .channel = UINT64_MAX,
		                   .number = UINT64_MAX,
		                   .size = UINT64_MAX,
		                   .value = UINT64_MAX},
		    "\xff\n");
		line = take(printing);
		if (line)
			assert_string_equal(
			    json_string_value(json_object_get(line, "kind")),
			    event_name(kind));
		json_decref(line);
		expect_nothing(printing);
	}
}

static void
lines_come_in_the_order_of_the_events(void **state)
{
	struct printing *printing = *state;

	put(printing, (struct event){.kind = EVENT_STDOUT}, "first");
	/* Its writer had collected it. */
	put(printing,
	    (struct event){.kind = EVENT_STDOUT, .time = (uint64_t)-1000000},
	    "older");
	put(printing, (struct event){.kind = EVENT_STDOUT, .time = 7}, "last");
	expect(printing, "{\"t\":0,\"kind\":\"stdout\",\"pid\":100,"
	                 "\"tid\":100,\"text\":\"first\"}");
	expect(printing, "{\"t\":-1000000,\"kind\":\"stdout\",\"pid\":100,"
	                 "\"tid\":100,\"text\":\"older\"}");
	expect(printing, "{\"t\":7,\"kind\":\"stdout\",\"pid\":100,"
	                 "\"tid\":100,\"text\":\"last\"}");
	expect_nothing(printing);
}

static void
what_is_known_is_not_printed_again(void **state)
{
	struct printing *printing = *state;

	begin(printing);
	put(printing,
	    (struct event){.kind = EVENT_PROCESS_BORN,
	                   .other_pid = 1,
	                   .number = BIRTH_FORK},
	    "app");
	put(printing, (struct event){.kind = EVENT_THREAD_BORN, .tid = 101},
	    "again");
	expect_nothing(printing);
	put(printing, (struct event){.kind = EVENT_PROCESS_DIED}, "");
	json_decref(take(printing));
	put(printing, (struct event){.kind = EVENT_PROCESS_DIED}, "");
	put(printing, (struct event){.kind = EVENT_THREAD_DIED, .tid = 101},
	    "");
	expect_nothing(printing);
}

/* ---- hostile text ---- */

static void
expect_text(struct printing *printing, const char *text, size_t size)
{
	json_t *line = take(printing), *value;

	assert_non_null(line);
	value = json_object_get(line, "text");
	assert_non_null(value);
	assert_int_equal(json_string_length(value), size);
	assert_memory_equal(json_string_value(value), text, size);
	json_decref(line);
}

static void
control_characters_come_through(void **state)
{
	struct printing *printing = *state;
	static const char hostile[] = "a\nb\r\n\"c\"\\ \033[2J</b>\x7f";
	char all[128];

	for (int i = 0; i < 127; i++)
		all[i] = (char)(i + 1);
	all[127] = '\0';
	put(printing, (struct event){.kind = EVENT_STDOUT}, all);
	expect_text(printing, all, 127);
	put(printing, (struct event){.kind = EVENT_STDOUT}, hostile);
	expect_text(printing, hostile, strlen(hostile));
	expect_nothing(printing);
}

static void
a_nul_does_not_end_a_text(void **state)
{
	struct printing *printing = *state;

	put_bytes(printing, (struct event){.kind = EVENT_STDOUT}, "a\0b\0", 4);
	expect_text(printing, "a\0b\0", 4);
}

static void
what_is_not_utf8_is_replaced(void **state)
{
	struct printing *printing = *state;

	put(printing, (struct event){.kind = EVENT_STDOUT},
	    "caf\xc3\xa9 \xe2\x96\xb6 \xff\xc0\xaf \xed\xa0\x80 \xe2\x96");
	expect_text(printing,
	            "caf\xc3\xa9 \xe2\x96\xb6 "
	            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
	            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
	            "\xef\xbf\xbd\xef\xbf\xbd",
	            strlen("caf  ") + 2 + 3 + 8 * 3 + 2);
}

static void
the_longest_text_is_printed_whole(void **state)
{
	struct printing *printing = *state;
	char text[EVENT_TEXT_MAX], clean[EVENT_TEXT_MAX * 3];

	memset(text, 0xff, sizeof(text));
	for (size_t i = 0; i < sizeof(clean); i += 3)
		memcpy(clean + i, "\xef\xbf\xbd", 3);
	put_bytes(printing, (struct event){.kind = EVENT_STDOUT}, text,
	          sizeof(text));
	expect_text(printing, clean, sizeof(clean));
	memset(text, '\001', sizeof(text));
	put_bytes(printing, (struct event){.kind = EVENT_STDOUT}, text,
	          sizeof(text));
	expect_text(printing, text, sizeof(text));
}

/* Every field that takes its text from elsewhere. */
static void
no_field_lets_bad_text_through(void **state)
{
	static const uint8_t kinds[] = {
	    EVENT_PROCESS_BORN, EVENT_PROCESS_EXEC, EVENT_PROCESS_TITLE,
	    EVENT_THREAD_BORN,  EVENT_CHANNEL_BORN, EVENT_MESSAGE_SEND,
	    EVENT_MESSAGE_RECV, EVENT_SPAN_BEGIN,   EVENT_SPAN_END,
	    EVENT_LOOP_BLOCKED, EVENT_LOOP_FREED,   EVENT_NOTE,
	    EVENT_STDERR,       EVENT_THREAD_DIED,
	};
	struct printing *printing = *state;

	for (size_t i = 0; i < sizeof(kinds); i++) {
		json_t *line;

		put(printing,
		    (struct event){.kind = kinds[i],
		                   .tid = 7,
		                   .channel = ipc,
		                   .number = 1},
		    "\xff\xfe\"\n\033\xe2\x96");
		line = take(printing);
		assert_non_null(line);
		json_decref(line);
		expect_nothing(printing);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_process_is_born_becomes_another_and_dies),
	    TEST(a_death_has_a_code_or_a_signal_or_neither),
	    TEST(a_zombie_is_said_to_be_one),
	    TEST(a_parent_is_told_of_the_end),
	    TEST(every_way_of_birth_has_its_word),
	    TEST(a_thread_is_born_with_its_role),
	    TEST(a_thread_dies_as_what_it_was),
	    TEST(a_channel_has_two_ends),
	    TEST(a_queue_says_who_is_waited_for),
	    TEST(births_say_how_they_are_seen),
	    TEST(an_end_that_is_not_known_is_left_out),
	    TEST(every_type_of_channel_has_its_word),
	    TEST(a_message_is_sent_and_received),
	    TEST(the_way_back_is_another_direction),
	    TEST(a_receive_without_its_send_has_no_latency),
	    TEST(a_handle_has_a_type),
	    TEST(a_request_has_its_answer),
	    TEST(a_role_has_a_name_and_a_reason),
	    TEST(a_block_has_a_cause_and_a_witness),
	    TEST(a_loop_tells_its_utilisation_and_lag),
	    TEST(gauges_have_their_numbers),
	    TEST(spans_have_a_name_and_a_length),
	    TEST(words_are_printed),
	    TEST(kinds_for_the_screen_only_are_not_printed),
	    TEST(every_kind_gives_one_line_or_none),
	    TEST(lines_come_in_the_order_of_the_events),
	    TEST(what_is_known_is_not_printed_again),
	    TEST(control_characters_come_through),
	    TEST(a_nul_does_not_end_a_text),
	    TEST(what_is_not_utf8_is_replaced),
	    TEST(the_longest_text_is_printed_whole),
	    TEST(no_field_lets_bad_text_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
