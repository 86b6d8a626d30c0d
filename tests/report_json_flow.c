/* JSON lines: channels, messages, loops and gauges. */
#include "printing.h"

/* ---- channels and messages ---- */

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
	static const char *const words[] = {"ipc",       "port",   "pipe",
	                                    "socket",    "listen", "shm",
	                                    "broadcast", "unknown"};
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
