/* JSON lines: the kinds and fields that CLI.md promises; lives, and lines. */
#include "printing.h"

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
output_that_is_kept_is_told_in_bytes(void **state)
{
	struct printing *printing = *state;

	put(printing,
	    (struct event){.kind = EVENT_OUTPUT_KEPT,
	                   .other_pid = 101,
	                   .number = 300000,
	                   .value = 1048576},
	    "");
	expect(printing, "{\"t\":0,\"kind\":\"output-kept\",\"pid\":100,"
	                 "\"tid\":100,\"child\":101,\"bytes\":300000,"
	                 "\"most\":1048576}");
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
	    TEST(output_that_is_kept_is_told_in_bytes),
	    TEST(a_parent_is_told_of_the_end),
	    TEST(every_way_of_birth_has_its_word),
	    TEST(a_thread_is_born_with_its_role),
	    TEST(a_thread_dies_as_what_it_was),
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
