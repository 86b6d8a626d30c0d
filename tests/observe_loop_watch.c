/* What is a loop, and when it is blocked. */
#include "loop_script.h"

/* ---- is it a loop? ---- */

static void
three_waits_in_the_same_descriptor_make_a_loop(void **state)
{
	struct script *script = *state;

	assert_int_equal(look_at_call(script, EPOLL, 7), LOOP_NOTHING);
	assert_int_equal(look_at_call(script, -1, 0), LOOP_NOTHING);
	assert_int_equal(look_at_call(script, EPOLL, 7), LOOP_NOTHING);
	assert_false(script->watch.is_loop);
	assert_int_equal(look_at_call(script, EPOLL, 7), LOOP_FOUND);
	assert_true(script->watch.is_loop);
	assert_int_equal(script->watch.epfd, 7);
	assert_int_equal(look_at_call(script, EPOLL, 7), LOOP_NOTHING);
}

static void
waits_elsewhere_do_not_add_up(void **state)
{
	struct script *script = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(look_at_call(script, EPOLL, 7), LOOP_NOTHING);
		assert_int_equal(look_at_call(script, EPOLL, 8), LOOP_NOTHING);
		assert_int_equal(look_at_call(script, SYS_ppoll, 1),
		                 LOOP_NOTHING);
	}
	for (int i = 0; i < 20; i++)
		assert_int_equal(look_at_call(script, READ, 7), LOOP_NOTHING);
	assert_int_equal(look_at_call(script, EPOLL, 8), LOOP_FOUND);
	assert_int_equal(script->watch.epfd, 8);
}

static void
more_descriptors_than_are_kept_do_no_harm(void **state)
{
	struct script *script = *state;

	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(look_at_call(script, EPOLL, i), LOOP_NOTHING);
	assert_int_equal(script->watch.wait_count, LOOP_WATCH_FDS);
	look_at_call(script, EPOLL, 2);
	assert_int_equal(look_at_call(script, EPOLL, 2), LOOP_FOUND);
}

static void
waits_are_known_by_their_call(void **state)
{
	static const long polls[] = {SYS_poll, SYS_ppoll, SYS_select,
	                             SYS_pselect6, SYS_io_uring_enter};
	static const long others[] = {SYS_read,      SYS_futex,     SYS_wait4,
	                              SYS_nanosleep, SYS_epoll_ctl, -1};
	struct procfs_syscall call = {.args = {9}};
	int epfd;

	(void)state;
	for (size_t i = 0; i < sizeof(polls) / sizeof(*polls); i++) {
		call.number = polls[i];
		assert_true(loop_watch_is_wait(&call, &epfd));
		assert_int_equal(epfd, -1);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		call.number = others[i];
		assert_false(loop_watch_is_wait(&call, &epfd));
	}
	call.number = SYS_epoll_wait;
	assert_true(loop_watch_is_wait(&call, &epfd));
	assert_int_equal(epfd, 9);
	call.number = SYS_epoll_pwait;
	assert_true(loop_watch_is_wait(&call, &epfd));
	call.number = 441; /* epoll_pwait2 */
	assert_true(loop_watch_is_wait(&call, &epfd));
	assert_int_equal(epfd, 9);
}

/* ---- blocks ---- */

static void
computing_for_400_ms_is_one_block_of_that_length(void **state)
{
	static const struct deed deeds[] = {{100000, EPOLL, OWN, 0},
	                                    {400000, RUNS, 0, 1},
	                                    {100000, EPOLL, OWN, 0}};
	struct script *script = *state;
	const struct told *told;

	script->exact = true;
	PLAY(script, deeds, 20000, 7000);
	told = assert_one_block(script, 100000, 400000, 2000);
	assert_string_equal(told->cause, "computing");
	/* As soon as it has lasted 50 ms, at the next look. */
	assert_true(find(script, LOOP_BLOCKS)->time <= 170 * MS);
}

/* Where the looks fall does not matter, nor how stale the figures are. */
static void
begin_and_end_between_looks_are_told_by_the_run_time(void **state)
{
	struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0}, {0, RUNS, 0, 1}, {100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	for (uint64_t phase = 0; phase < 20000; phase += 700)
		for (uint64_t us = 75000; us < 140000; us += 3300) {
			setup(state);
			script->exact = true;
			deeds[1].us = us;
			PLAY(script, deeds, 20000, phase);
			assert_one_block(script, 100000, us, 2000);
			setup(state);
			PLAY(script, deeds, 20000, phase);
			assert_one_block(script, 100000, us, 2000 + TICK_US);
		}
}

/* Over before a look could find it over 50 ms old. */
static void
a_block_little_over_50_ms_is_not_missed(void **state)
{
	struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0}, {0, RUNS, 0, 1}, {100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	for (uint64_t phase = 0; phase < 20000; phase += 700)
		for (uint64_t us = 51000; us < 75000; us += 1700) {
			setup(state);
			script->exact = true;
			deeds[1].us = us;
			PLAY(script, deeds, 20000, phase);
			assert_int_equal(count_of(script, LOOP_IS_FREE), 1);
			assert_near(find(script, LOOP_IS_FREE)->length, us,
			            2000);
		}
}

static void
less_than_50_ms_is_no_block(void **state)
{
	struct deed deeds[] = {{100000, EPOLL, OWN, 0},
	                       {0, RUNS, 0, 1},
	                       {100000, EPOLL, OWN, 0},
	                       {0, READ, 3, 0},
	                       {100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	for (uint64_t phase = 0; phase < 20000; phase += 700)
		for (uint64_t us = 1000; us < 49000; us += 3300) {
			setup(state);
			deeds[1].us = deeds[3].us = us;
			PLAY(script, deeds, 20000, phase);
			assert_int_equal(script->count, 1);
			assert_int_equal(script->told[0].news, LOOP_FOUND);
		}
}

static void
two_blocks_are_two(void **state)
{
	static const struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0}, {200000, RUNS, 0, 1},
	    {30000, EPOLL, OWN, 0},  {90000, RUNS, 0, 1},
	    {100000, EPOLL, OWN, 0},
	};
	struct script *script = *state;

	script->exact = true;
	PLAY(script, deeds, 20000, 3000);
	assert_int_equal(script->count, 5);
	assert_int_equal(script->told[1].news, LOOP_BLOCKS);
	assert_int_equal(script->told[2].news, LOOP_IS_FREE);
	assert_near(script->told[2].length, 200000, 2000);
	assert_int_equal(script->told[3].news, LOOP_BLOCKS);
	assert_int_equal(script->told[4].news, LOOP_IS_FREE);
	assert_near(script->told[4].length, 90000, 2000);
}

static void
a_block_that_has_no_end_is_told_once(void **state)
{
	static const struct deed deeds[] = {{100000, EPOLL, OWN, 0},
	                                    {5000000, RUNS, 0, 1}};
	struct script *script = *state;

	PLAY(script, deeds, 20000, 3000);
	assert_int_equal(script->count, 2);
	assert_int_equal(script->told[1].news, LOOP_BLOCKS);
}

/* When it slept, its run time cannot tell when between two looks. */
static void
sleeping_in_a_call_is_a_block_and_the_call_its_cause(void **state)
{
	static const struct deed deeds[] = {{100000, EPOLL, OWN, 0},
	                                    {200, RUNS, 0, 0},
	                                    {300000, READ, 3, 0},
	                                    {200, RUNS, 0, 1},
	                                    {100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	for (uint64_t phase = 0; phase < 20000; phase += 700) {
		const struct told *told;

		setup(state);
		PLAY(script, deeds, 20000, phase);
		assert_int_equal(count_of(script, LOOP_BLOCKS), 1);
		assert_int_equal(count_of(script, LOOP_IS_FREE), 1);
		told = find(script, LOOP_IS_FREE);
		assert_near(told->length, 300400, 40000);
		assert_string_equal(told->cause, "read(fd 3)");
		assert_string_equal(find(script, LOOP_BLOCKS)->cause,
		                    "read(fd 3)");
	}
}

static const char *
cause_of(struct script *script, long call, uint64_t arg)
{
	struct deed deeds[] = {{100000, EPOLL, OWN, 0},
	                       {100, RUNS, 0, 0},
	                       {200000, 0, 0, 0},
	                       {100, RUNS, 0, 0},
	                       {100000, EPOLL, OWN, 0}};

	memset(script, 0, sizeof(*script));
	deeds[2].call = call;
	deeds[2].arg = arg;
	PLAY(script, deeds, 20000, 3000);
	return find(script, LOOP_BLOCKS)->cause;
}

static void
causes_are_said_in_words(void **state)
{
	static const struct {
		long call;
		uint64_t arg;
		const char *cause;
	} rows[] = {
	    {SYS_read, 3, "read(fd 3)"},
	    {SYS_pread64, 12, "read(fd 12)"},
	    {SYS_readv, 0, "read(fd 0)"},
	    {SYS_write, 1, "write(fd 1)"},
	    {SYS_writev, 1, "write(fd 1)"},
	    {SYS_connect, 4, "connect(fd 4)"},
	    {SYS_recvmsg, 5, "recv(fd 5)"},
	    {SYS_sendto, 6, "send(fd 6)"},
	    {SYS_futex, 5, "futex"},
	    {SYS_fsync, 5, "fsync"},
	    {SYS_flock, 5, "flock"},
	    {SYS_openat, (uint32_t)-100, "open"},
	    /* Whose first argument is no descriptor. */
	    {SYS_wait4, 500, "waits for a child"},
	    {SYS_wait4, (uint64_t)-1, "waits for a child"},
	    {SYS_waitid, 1, "waits for a child"},
	    {SYS_nanosleep, 0x7ffd0000, "sleep"},
	    {SYS_clock_nanosleep, 0, "sleep"},
	    {SYS_clock_nanosleep, 1, "sleep"},
	    {SYS_epoll_pwait, NESTED, "a nested loop"},
	    {SYS_ppoll, 0, "a nested loop"},
	    {SYS_msync, 3, "syscall 26"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(cause_of(*state, rows[i].call, rows[i].arg),
		                    rows[i].cause);
}

static void
a_number_from_elsewhere_fits_the_cause(void **state)
{
	assert_string_equal(cause_of(*state, 0x7fffffffffffffff, 0),
	                    "syscall 9223372036854775807");
	assert_string_equal(cause_of(*state, SYS_read, UINT64_MAX), "read");
}

static void
waiting_for_a_cpu_is_a_block_and_said_to_be_one(void **state)
{
	struct deed deeds[42] = {{100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	/* It gets 4 ms, others get 12. */
	for (int i = 0; i < 20; i++) {
		deeds[1 + 2 * i] = (struct deed){4000, RUNS, 0, 0};
		deeds[2 + 2 * i] = (struct deed){12000, QUEUES, 0, 0};
	}
	deeds[41] = (struct deed){100000, EPOLL, OWN, 0};
	script->exact = true;
	PLAY(script, deeds, 40000, 3000);
	assert_string_equal(find(script, LOOP_IS_FREE)->cause,
	                    "waits for a CPU");
	assert_near(find(script, LOOP_IS_FREE)->length, 320000, 16000);
}

/* Its run time is known up to the last tick only, which is no sign of sleep. */
static void
giving_way_now_and_then_does_not_look_like_turning(void **state)
{
	struct deed deeds[82] = {{100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	for (int i = 0; i < 40; i++) {
		deeds[1 + 2 * i] = (struct deed){7000, RUNS, 0, 0};
		deeds[2 + 2 * i] = (struct deed){300, QUEUES, 0, 0};
	}
	deeds[81] = (struct deed){100000, EPOLL, OWN, 0};
	for (uint64_t phase = 0; phase < 20000; phase += 700) {
		setup(state);
		PLAY(script, deeds, 20000, phase);
		assert_one_block(script, 100000, 292000, 2000 + TICK_US);
		assert_string_equal(find(script, LOOP_IS_FREE)->cause,
		                    "computing");
	}
}

/* Not given a CPU at all: there is nothing to see but time. */
static void
starving_for_a_cpu_does_not_look_like_turning(void **state)
{
	static const struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0}, {50000, RUNS, 0, 0},
	    {45000, QUEUES, 0, 0},   {3000, RUNS, 0, 0},
	    {60000, QUEUES, 0, 0},   {20000, RUNS, 0, 0},
	    {100000, EPOLL, OWN, 0},
	};
	struct script *script = *state;

	for (uint64_t phase = 0; phase < 20000; phase += 700) {
		setup(state);
		PLAY(script, deeds, 20000, phase);
		assert_one_block(script, 100000, 178000, 2000 + TICK_US);
	}
}

/* A loaded machine: others have the CPU most of the time, and a wait that goes
 * on is not in the figures yet. */
static void
computing_on_a_loaded_machine_is_one_block_of_its_length(void **state)
{
	static const unsigned waits[] = {13000, 24000, 500, 17000};
	struct deed deeds[100] = {{100000, EPOLL, OWN, 0}};
	struct script *script = *state;

	for (uint64_t phase = 0; phase < 20000; phase += 700) {
		uint64_t us = 0;
		int count = 1;

		for (; us < 400000; count += 2) {
			unsigned run = 3000 + (unsigned)count % 7 * 1000;

			deeds[count] = (struct deed){run, RUNS, 0, 0};
			deeds[count + 1] =
			    (struct deed){waits[count / 2 % 4], QUEUES, 0, 0};
			us += run + deeds[count + 1].us;
		}
		deeds[count++] = (struct deed){3000, RUNS, 0, 0};
		deeds[count++] = (struct deed){100000, EPOLL, OWN, 0};
		setup(state);
		play(script, deeds, count, 20000, phase);
		assert_one_block(script, 100000, us + 3000, 20000);
		assert_near(find(script, LOOP_IS_FREE)->length, us + 3000,
		            4000);
	}
}

static void
a_nested_loop_is_not_being_back(void **state)
{
	static const struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0},    {300, RUNS, 0, 1},
	    {150000, EPOLL, NESTED, 0}, {300, RUNS, 0, 2},
	    {150000, EPOLL, NESTED, 0}, {300, RUNS, 0, 1},
	    {100000, EPOLL, OWN, 0},
	};
	struct script *script = *state;

	PLAY(script, deeds, 20000, 3000);
	assert_int_equal(script->watch.epfd, OWN);
	assert_string_equal(find(script, LOOP_BLOCKS)->cause, "a nested loop");
	/* It read in between, so it may be two to us, but not more. */
	assert_in_range(count_of(script, LOOP_BLOCKS), 1, 2);
	assert_int_equal(count_of(script, LOOP_BLOCKS),
	                 count_of(script, LOOP_IS_FREE));
}

static void
a_nested_loop_that_only_waits_is_one_block(void **state)
{
	static const struct deed deeds[] = {
	    {100000, EPOLL, OWN, 0},    {10000, RUNS, 0, 0},
	    {300000, EPOLL, NESTED, 0}, {10000, RUNS, 0, 0},
	    {100000, EPOLL, OWN, 0},
	};
	struct script *script = *state;

	script->exact = true;
	PLAY(script, deeds, 20000, 3000);
	assert_one_block(script, 100000, 320000, 20000);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(three_waits_in_the_same_descriptor_make_a_loop),
	    TEST(waits_elsewhere_do_not_add_up),
	    TEST(more_descriptors_than_are_kept_do_no_harm),
	    TEST(waits_are_known_by_their_call),
	    TEST(computing_for_400_ms_is_one_block_of_that_length),
	    TEST(begin_and_end_between_looks_are_told_by_the_run_time),
	    TEST(a_block_little_over_50_ms_is_not_missed),
	    TEST(less_than_50_ms_is_no_block),
	    TEST(two_blocks_are_two),
	    TEST(a_block_that_has_no_end_is_told_once),
	    TEST(sleeping_in_a_call_is_a_block_and_the_call_its_cause),
	    TEST(causes_are_said_in_words),
	    TEST(a_number_from_elsewhere_fits_the_cause),
	    TEST(waiting_for_a_cpu_is_a_block_and_said_to_be_one),
	    TEST(giving_way_now_and_then_does_not_look_like_turning),
	    TEST(starving_for_a_cpu_does_not_look_like_turning),
	    TEST(computing_on_a_loaded_machine_is_one_block_of_its_length),
	    TEST(a_nested_loop_is_not_being_back),
	    TEST(a_nested_loop_that_only_waits_is_one_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
