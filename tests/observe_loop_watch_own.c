/* What is no block, and which descriptor is a loop's own. */
#include "loop_script.h"

/* ---- what is no block ---- */

static void
a_saturated_loop_that_reads_and_writes_is_turning(void **state)
{
	struct deed deeds[240] = {{100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	/* Every 10 ms some reading; never seen in poll. */
	for (int i = 1; i < 239; i++)
		deeds[i] = (struct deed){10000, RUNS, 0, 2};
	deeds[239] = (struct deed){100000, EPOLL, OWN, 0};
	PLAY(script, deeds, 20000, 3000);
	assert_int_equal(script->count, 1);
	assert_int_equal(script->told[0].news, LOOP_FOUND);
	/* Where io may not be read it cannot be known. */
	setup(state);
	script->without_io = true;
	PLAY(script, deeds, 20000, 3000);
	assert_int_equal(count_of(script, LOOP_BLOCKS), 1);
}

static void
timers_that_compute_and_sleep_in_between_are_no_block(void **state)
{
	struct deed deeds[201] = {{100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	/* In step with the looks, which always find it computing. */
	for (int i = 0; i < 100; i++) {
		deeds[1 + 2 * i] = (struct deed){10000, RUNS, 0, 0};
		deeds[2 + 2 * i] = (struct deed){10000, EPOLL, OWN, 0};
	}
	PLAY(script, deeds, 20000, 5000);
	assert_int_equal(script->count, 1);
	setup(state);
	script->exact = true;
	PLAY(script, deeds, 20000, 5000);
	assert_int_equal(script->count, 1);
}

/* A block between turns of a loop that is never seen in poll. */
static void
a_block_of_a_busy_loop_ends_when_it_turns_again(void **state)
{
	static const struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0}, {10000, RUNS, 0, 2}, {10000, RUNS, 0, 2},
	    {200000, RUNS, 0, 2},    {10000, RUNS, 0, 2}, {10000, RUNS, 0, 2},
	    {10000, RUNS, 0, 2},     {10000, RUNS, 0, 2}, {10000, RUNS, 0, 2},
	    {100000, EPOLL, OWN, 0},
	};
	struct script *script = *state;

	PLAY(script, deeds, 20000, 3000);
	assert_one_block(script, 120000, 200000, 20000);
}

/* ---- still ---- */

static void
time_alone_makes_a_block_but_only_out_of_poll(void **state)
{
	struct script *script = *state;
	uint64_t length = 0, left;

	for (int i = 0; i < 4; i++)
		look_at_call(script, EPOLL, OWN);
	assert_int_equal(
	    loop_watch_still(&script->watch, script->watch.last.time + 900 * MS,
	                     &length),
	    LOOP_NOTHING);
	look_at_call(script, READ, 3);
	left = script->watch.out_since;
	assert_int_equal(
	    loop_watch_still(&script->watch, left + 50 * MS - 1, &length),
	    LOOP_NOTHING);
	assert_int_equal(
	    loop_watch_still(&script->watch, left + 50 * MS, &length),
	    LOOP_BLOCKS);
	assert_true(length == 50 * MS);
	assert_string_equal(script->watch.cause, "read(fd 3)");
	assert_int_equal(
	    loop_watch_still(&script->watch, left + 70 * MS, &length),
	    LOOP_NOTHING);
	assert_int_equal(look_at_call(script, EPOLL, OWN), LOOP_IS_FREE);
}

/* ---- which descriptor is its own ---- */

static void
loops_of_poll_block_too(void **state)
{
	static const long calls[] = {SYS_poll, SYS_ppoll, SYS_select,
	                             SYS_pselect6};
	struct deed deeds[] = {{100000, 0, 0x7ffd0000, 0},
	                       {200000, RUNS, 0, 1},
	                       {100000, 0, 0x7ffd8888, 0}};
	struct script *script = *state;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		setup(state);
		deeds[0].call = deeds[2].call = calls[i];
		PLAY(script, deeds, 20000, 3000);
		assert_int_equal(script->watch.epfd, -1);
		assert_one_block(script, 100000, 200000, 2000 + TICK_US);
	}
}

/* One look: it waits elsewhere, and its own descriptor is closed. */
static enum loop_news
look_when_own_is_gone(struct script *script, uint64_t arg)
{
	struct loop_sample sample = {
	    .time = script->watch.last.time + 20 * MS,
	    .call = {.number = EPOLL, .args = {arg}},
	    .own_gone = true,
	};
	uint64_t length;

	return loop_watch_sample(&script->watch, &sample, &length);
}

/* It was seen first in a synchronous call. */
static void
a_nested_descriptor_taken_for_its_own_is_given_up(void **state)
{
	struct script *script = *state;
	uint64_t length = 1;

	for (int i = 0; i < 3; i++)
		look_at_call(script, EPOLL, NESTED);
	assert_int_equal(script->watch.epfd, NESTED);
	look_at_call(script, READ, 3);
	assert_int_equal(
	    loop_watch_still(&script->watch, script->watch.last.time + 60 * MS,
	                     &length),
	    LOOP_BLOCKS);
	/* Now we know better, and take it back. */
	assert_int_equal(look_when_own_is_gone(script, OWN), LOOP_IS_FREE);
	assert_int_equal(script->watch.epfd, OWN);
	assert_false(script->watch.blocked);
	for (int i = 0; i < 10; i++)
		assert_int_equal(look_at_call(script, EPOLL, OWN),
		                 LOOP_NOTHING);
	look_at_call(script, EPOLL, NESTED);
	assert_int_equal(
	    loop_watch_still(&script->watch, script->watch.last.time + 60 * MS,
	                     &length),
	    LOOP_BLOCKS);
}

/* A worker's own descriptor is a high one; what it runs synchronously may get
 * a number that was freed below it. */
static void
a_nested_loop_with_a_lower_descriptor_is_nested(void **state)
{
	struct script *script = *state;

	for (int i = 0; i < 3; i++)
		look_at_call(script, EPOLL, NESTED);
	for (int i = 0; i < 10; i++)
		look_at_call(script, EPOLL, OWN);
	assert_int_equal(script->watch.epfd, NESTED);
	assert_true(script->watch.blocked);
	assert_string_equal(script->watch.cause, "a nested loop");
	assert_int_equal(look_at_call(script, EPOLL, NESTED), LOOP_IS_FREE);
}

static void
a_higher_descriptor_never_becomes_its_own(void **state)
{
	struct script *script = *state;

	for (int i = 0; i < 3; i++)
		look_at_call(script, EPOLL, OWN);
	for (int i = 0; i < 100; i++)
		look_at_call(script, EPOLL, NESTED);
	for (int i = 0; i < 100; i++)
		look_at_call(script, SYS_poll, 0);
	assert_int_equal(script->watch.epfd, OWN);
	assert_true(script->watch.blocked);
	assert_int_equal(look_at_call(script, EPOLL, OWN), LOOP_IS_FREE);
}

static void
epoll_is_preferred_to_poll(void **state)
{
	struct script *script = *state;

	for (int i = 0; i < 3; i++)
		look_at_call(script, SYS_poll, 0);
	assert_int_equal(script->watch.epfd, -1);
	for (int i = 0; i < 3; i++)
		look_at_call(script, EPOLL, OWN);
	assert_int_equal(script->watch.epfd, OWN);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_saturated_loop_that_reads_and_writes_is_turning),
	    TEST(timers_that_compute_and_sleep_in_between_are_no_block),
	    TEST(a_block_of_a_busy_loop_ends_when_it_turns_again),
	    TEST(time_alone_makes_a_block_but_only_out_of_poll),
	    TEST(loops_of_poll_block_too),
	    TEST(a_nested_descriptor_taken_for_its_own_is_given_up),
	    TEST(a_nested_loop_with_a_lower_descriptor_is_nested),
	    TEST(a_higher_descriptor_never_becomes_its_own),
	    TEST(epoll_is_preferred_to_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
