/*
 * History: going to a moment must give what applying everything from the start
 * up to it gives.
 */
#include "test.h"

#include "core/history.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000ull
#define START 1000000000000ull

enum { EVENTS = 6000, PIDS = 6 };

struct told {
	struct event event;
	char text[64];
};

struct past {
	struct model live, there, expected;
	struct history history;
	struct told *told;
	int count;
};

static int
set_up(void **state)
{
	static struct past past;

	memset(&past.live, 0, sizeof(past.live));
	model_init(&past.live);
	history_init(&past.history, &past.live);
	past.told = calloc(EVENTS, sizeof(*past.told));
	past.count = 0;
	*state = &past;
	return past.told ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct past *past = *state;

	free(past->told);
	return 0;
}

static void
tell(struct past *past, struct event event, const char *text)
{
	struct told *told = &past->told[past->count++];

	event.magic = EVENT_MAGIC;
	event.text = (uint16_t)strlen(text);
	told->event = event;
	strcpy(told->text, text);
	history_put(&past->history, &event, told->text);
	model_apply(&past->live, &event, told->text);
}

/* Some event of some process; some come a little late. */
static struct event
any_event(uint64_t time, char *text)
{
	uint32_t pid = 10 + (uint32_t)rand() % PIDS;
	uint32_t other = 10 + (uint32_t)rand() % PIDS;
	struct event event = {
	    .kind = (uint8_t)((unsigned)rand() % EVENT_KINDS),
	    .time = time - (uint64_t)(rand() % 3 == 0) * 2 * MS,
	    .pid = pid,
	    .tid = pid + (uint32_t)(rand() % 4 == 0) * 100,
	    .other_pid = other,
	    .other_tid = other,
	    .channel =
		channel_id(CHANNEL_IPC, pid, other) | (unsigned)(rand() & 1),
	    .number = (uint64_t)rand() % 40,
	    .size = (uint64_t)rand() % 100 * MS,
	    .value = (uint64_t)rand() % 100 * MS,
	};

	snprintf(text, 64, "%d 2 3 4 5 6", rand() % 1000);
	return event;
}

/* `seconds` of a busy world, with frames drawn in between. */
static void
live(struct past *past, int count, unsigned seconds)
{
	uint64_t step = seconds * 1000000000ull / (unsigned)count;

	for (int i = 0; i < count; i++) {
		uint64_t now = START + (uint64_t)i * step;
		char text[64];
		struct event event = any_event(now, text);

		tell(past, event, text);
		if (rand() % 20 == 0)
			model_tick(&past->live, now + step / 2);
	}
}

/* All from the start, up to the first that is later. */
static void
expect(struct past *past, uint64_t time)
{
	memset(&past->expected, 0, sizeof(past->expected));
	model_init(&past->expected);
	for (int i = 0; i < past->count; i++) {
		if (past->told[i].event.time > time)
			break;
		model_apply(&past->expected, &past->told[i].event,
		            past->told[i].text);
	}
	model_tick(&past->expected, time);
}

static void
assert_same_at(struct past *past, uint64_t time)
{
	history_seek(&past->history, &past->there, time);
	expect(past, time);
	assert_true(past->there.now == past->expected.now);
	assert_memory_equal(&past->there, &past->expected, sizeof(past->there));
}

static void
seeking_is_replaying_from_the_start(void **state)
{
	struct past *past = *state;
	uint64_t oldest;

	srand(7);
	live(past, EVENTS, 20);
	oldest = history_oldest(&past->history);
	for (int i = 0; i < 60; i++) {
		uint64_t span = past->live.now - oldest;

		assert_same_at(past, oldest + (uint64_t)rand() % span);
	}
	assert_same_at(past, past->live.now);
	assert_same_at(past, oldest);
}

static void
there_and_back_again_is_the_same(void **state)
{
	struct past *past = *state;
	uint64_t time, first = START + 9000 * MS;

	srand(8);
	live(past, 2000, 10);
	if (first < history_oldest(&past->history))
		first = history_oldest(&past->history);
	for (time = past->live.now; time > first + 50 * MS; time -= 50 * MS)
		assert_same_at(past, time);
	for (; time <= past->live.now; time += 50 * MS)
		assert_same_at(past, time);
}

static void
a_time_before_or_behind_all_is_the_nearest_there_is(void **state)
{
	struct past *past = *state;

	srand(9);
	live(past, 2000, 10);
	history_seek(&past->history, &past->there, 0);
	assert_true(past->there.now == history_oldest(&past->history));
	history_seek(&past->history, &past->there, UINT64_MAX);
	assert_true(past->there.now == past->live.now);
	assert_int_equal(past->there.totals.events, past->live.totals.events);
}

/* The events of a long time at once: the past gets shorter, and stays true. */
static void
what_is_too_much_is_forgotten(void **state)
{
	struct past *past = *state;
	char text[64];
	uint64_t sent = 0;

	srand(10);
	live(past, 1000, 5);
	past->count = 0;
	while (sent < 3ull * HISTORY_BYTES) {
		struct event event = any_event(past->live.now + MS / 100, text);

		event.kind = EVENT_NOTE;
		tell(past, event, text);
		sent += EVENT_HEAD + strlen(text);
		if (past->count == EVENTS)
			past->count = 0;
	}
	assert_true(past->history.count >= 1);
	assert_true(past->history.free_count <= HISTORY_PAGES);
	assert_true(history_oldest(&past->history) > START + 5000 * MS ||
	            past->history.count == 1);
	history_seek(&past->history, &past->there, past->live.now);
	assert_int_equal(past->there.totals.events, past->live.totals.events);
}

static void
years_of_keyframes_keep_their_number(void **state)
{
	struct past *past = *state;

	srand(11);
	live(past, EVENTS, EVENTS * 2);
	assert_true(past->history.count <= HISTORY_KEYFRAMES);
	assert_same_at(past, past->live.now);
	assert_same_at(past, history_oldest(&past->history) + 100 * MS);
}

static void
before_anything_came_there_is_only_now(void **state)
{
	struct past *past = *state;

	history_seek(&past->history, &past->there, 5);
	assert_int_equal(past->there.totals.events, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(seeking_is_replaying_from_the_start),
	    TEST(there_and_back_again_is_the_same),
	    TEST(a_time_before_or_behind_all_is_the_nearest_there_is),
	    TEST(what_is_too_much_is_forgotten),
	    TEST(years_of_keyframes_keep_their_number),
	    TEST(before_anything_came_there_is_only_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
