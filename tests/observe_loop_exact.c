/*
 * Blocks from the records of a thread's switches: scripted records and looks,
 * as perf and /proc show them.
 */
#include "test.h"

#include "observe/loop_exact.h"

#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>

enum { OWN = 7, NESTED = 20, NEWS_MAX = 16, SWITCHES_MAX = 64 };
#define US 1000ull
#define MS 1000000ull
#define BEGIN_NS (1000 * 1000 * MS)

struct told {
	enum loop_news news;
	uint64_t length, freed;
	char cause[LOOP_CAUSE_BYTES];
};

struct script {
	struct loop_watch watch;
	struct loop_exact exact;
	struct told told[NEWS_MAX];
	int count;
	struct perf_switch switches[SWITCHES_MAX];
	int waiting; /* switches not yet taken */
	uint64_t io;
};

static void
keep(void *data, enum loop_news news, uint64_t length)
{
	struct script *script = data;
	struct told *told = &script->told[script->count++];

	assert_true(script->count <= NEWS_MAX);
	told->news = news;
	told->length = length;
	told->freed = script->watch.freed - BEGIN_NS;
	memcpy(told->cause, script->watch.cause, sizeof(told->cause));
}

static int
setup(void **state)
{
	static struct script script;

	memset(&script, 0, sizeof(script));
	script.watch.is_loop = true;
	script.watch.epfd = OWN;
	loop_exact_init(&script.exact, &script.watch);
	script.exact.tell = keep;
	*state = &script;
	return 0;
}

static void
turn(struct script *script, uint64_t us, enum perf_turn turn)
{
	script->switches[script->waiting++] =
	    (struct perf_switch){BEGIN_NS + us * US, turn};
}

static void
look(struct script *script, uint64_t us, long call, uint64_t arg)
{
	struct loop_sample sample = {
	    .time = BEGIN_NS + us * US,
	    .call = {.running = call < 0, .number = call, .args = {arg}},
	    .has_io = true,
	    .io = script->io,
	};

	loop_exact_take(&script->exact, &sample, sample.time + 10 * US,
	                script->switches, script->waiting, script);
	script->waiting = 0;
}

static void
assert_block(const struct script *script, int at, uint64_t length_us,
             uint64_t freed_us, const char *cause)
{
	assert_int_equal(script->count, at + 2);
	assert_int_equal(script->told[at].news, LOOP_BLOCKS);
	assert_int_equal(script->told[at + 1].news, LOOP_IS_FREE);
	assert_int_equal(script->told[at + 1].length, length_us * US);
	assert_int_equal(script->told[at + 1].freed, freed_us * US);
	assert_string_equal(script->told[at + 1].cause, cause);
}

/* It wakes at 100 ms, and looks go on every 20 ms up to `until`. */
static void
look_on(struct script *script, uint64_t from, uint64_t until, long call,
        uint64_t arg)
{
	for (uint64_t us = from; us < until; us += 20000)
		look(script, us, call, arg);
}

static void
computing_is_told_to_the_microsecond(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100123, PERF_TURN_IN);
	look_on(script, 110000, 500000, -1, 0);
	turn(script, 500456, PERF_TURN_ASLEEP);
	look(script, 510000, SYS_epoll_pwait, OWN);
	assert_block(script, 0, 400333, 500456, "computing");
}

static void
a_sleep_elsewhere_is_no_end(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	turn(script, 100200, PERF_TURN_ASLEEP);
	look_on(script, 110000, 300000, SYS_read, 3);
	script->io++;
	turn(script, 300000, PERF_TURN_IN);
	turn(script, 300300, PERF_TURN_ASLEEP);
	look(script, 310000, SYS_epoll_pwait, OWN);
	assert_block(script, 0, 200300, 300300, "read(fd 3)");
}

static void
time_alone_makes_a_block_of_a_sleep(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	turn(script, 100200, PERF_TURN_ASLEEP);
	look(script, 110000, SYS_futex, 0x1000);
	assert_true(loop_exact_is_placed(&script->exact));
	loop_exact_still(&script->exact, BEGIN_NS + 149 * MS, script);
	assert_int_equal(script->count, 0);
	loop_exact_still(&script->exact, BEGIN_NS + 150 * MS, script);
	assert_int_equal(script->count, 1);
	assert_string_equal(script->told[0].cause, "futex");
}

static void
waiting_for_a_cpu_is_told_from_computing(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	for (uint64_t us = 100000; us < 400000; us += 20000) {
		turn(script, us, PERF_TURN_IN);
		turn(script, us + 4000, PERF_TURN_QUEUED);
		look(script, us + 10000, -1, 0);
	}
	turn(script, 400000, PERF_TURN_IN);
	turn(script, 401000, PERF_TURN_ASLEEP);
	look(script, 410000, SYS_epoll_pwait, OWN);
	assert_block(script, 0, 301000, 401000, "waits for a CPU");
}

/* execSync: a read until the child runs, then a loop of its own. */
static void
a_nested_loop_is_one_block_from_its_begin(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	turn(script, 101000, PERF_TURN_ASLEEP);
	turn(script, 104000, PERF_TURN_IN);
	turn(script, 104500, PERF_TURN_ASLEEP);
	look_on(script, 110000, 300000, SYS_epoll_pwait, NESTED);
	turn(script, 300000, PERF_TURN_IN);
	turn(script, 300100, PERF_TURN_ASLEEP);
	turn(script, 301500, PERF_TURN_IN);
	turn(script, 302000, PERF_TURN_ASLEEP);
	look(script, 310000, SYS_epoll_pwait, OWN);
	assert_block(script, 0, 202000, 302000, "a nested loop");
}

/* A garbage collector's helpers are waited for; the thread did I/O before. */
static void
a_short_sleep_between_long_computations_is_none(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	script->io += 2;
	turn(script, 100000, PERF_TURN_IN);
	turn(script, 105000, PERF_TURN_ASLEEP);
	turn(script, 105300, PERF_TURN_IN);
	look_on(script, 110000, 300000, -1, 0);
	turn(script, 300000, PERF_TURN_ASLEEP);
	look(script, 310000, SYS_epoll_pwait, OWN);
	assert_block(script, 0, 200000, 300000, "computing");
}

/* Locks whose owners get no CPU: a long sleep is none of poll then. */
static void
a_sleep_of_one_who_is_starved_is_no_end(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	for (uint64_t us = 100000; us < 300000; us += 20000) {
		turn(script, us, PERF_TURN_IN);
		turn(script, us + 4000, PERF_TURN_QUEUED);
		look(script, us + 5000, -1, 0);
		turn(script, us + 12000, PERF_TURN_IN);
		turn(script, us + 16000, PERF_TURN_ASLEEP);
	}
	turn(script, 300000, PERF_TURN_IN);
	turn(script, 301000, PERF_TURN_ASLEEP);
	look(script, 310000, SYS_epoll_pwait, OWN);
	assert_int_equal(script->count, 2);
	assert_in_range(script->told[1].length, 190000 * US, 201000 * US);
}

/* It was woken from poll, and gets no CPU: "running", says the look. */
static void
a_sleep_that_may_be_over_makes_no_block(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	turn(script, 100900, PERF_TURN_ASLEEP);
	look_on(script, 110000, 300000, -1, 0);
	turn(script, 300000, PERF_TURN_IN);
	turn(script, 300900, PERF_TURN_ASLEEP);
	look(script, 310000, SYS_epoll_pwait, OWN);
	assert_int_equal(script->count, 0);
}

static void
a_busy_loop_with_short_sleeps_is_not_blocked(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	for (uint64_t us = 100000; us < 1000000; us += 20000) {
		for (uint64_t at = us; at < us + 20000; at += 2000) {
			turn(script, at, PERF_TURN_IN);
			turn(script, at + 1900, PERF_TURN_ASLEEP);
		}
		turn(script, us + 19950, PERF_TURN_IN);
		script->io += 20;
		look(script, us + 19960, -1, 0);
		turn(script, us + 19970, PERF_TURN_ASLEEP);
	}
	assert_int_equal(script->count, 0);
}

/* Its turns are long, and each look comes soon after a sleep. */
static void
long_turns_with_short_sleeps_are_no_block(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	for (uint64_t us = 100000; us < 1000000; us += 20000) {
		for (uint64_t at = us; at < us + 20000; at += 5000) {
			turn(script, at + 4500, PERF_TURN_ASLEEP);
			turn(script, at + 4700, PERF_TURN_IN);
		}
		script->io += 20;
		look(script, us + 20700, -1, 0);
	}
	assert_int_equal(script->count, 0);
}

/* Never asleep: only its reads and writes tell. */
static void
a_saturated_loop_is_not_blocked(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	for (uint64_t us = 110000; us < 2000000; us += 20000) {
		script->io += 3;
		look(script, us, -1, 0);
	}
	assert_int_equal(script->count, 0);
}

static void
timers_are_no_block_though_nothing_is_read(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	for (uint64_t us = 100000; us < 1000000; us += 20000) {
		turn(script, us, PERF_TURN_IN);
		look(script, us + 10000, -1, 0);
		turn(script, us + 18900, PERF_TURN_ASLEEP);
	}
	assert_int_equal(script->count, 0);
}

static void
lost_records_end_a_block_and_no_more(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	look_on(script, 110000, 200000, -1, 0);
	turn(script, 205000, PERF_TURN_UNKNOWN);
	look(script, 210000, SYS_epoll_pwait, OWN);
	assert_int_equal(script->count, 2);
	assert_int_equal(script->told[1].news, LOOP_IS_FREE);
	look(script, 230000, SYS_epoll_pwait, OWN);
	turn(script, 300000, PERF_TURN_IN);
	turn(script, 301000, PERF_TURN_ASLEEP);
	look(script, 310000, SYS_epoll_pwait, OWN);
	assert_int_equal(script->count, 2);
}

static void
being_stopped_is_not_computing(void **state)
{
	struct script *script = *state;
	struct loop_sample sample = {
	    .time = BEGIN_NS + 190 * MS, .call = {.number = -1}, .state = 'T'};

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	look_on(script, 110000, 180000, -1, 0);
	turn(script, 185000, PERF_TURN_ASLEEP);
	loop_exact_take(&script->exact, &sample, sample.time + 10 * US,
	                script->switches, script->waiting, script);
	script->waiting = 0;
	turn(script, 200000, PERF_TURN_IN);
	turn(script, 201000, PERF_TURN_ASLEEP);
	look(script, 210000, SYS_epoll_pwait, OWN);
	assert_block(script, 0, 101000, 201000, "stopped");
}

static void
its_cpu_time_is_the_sum_of_its_slices(void **state)
{
	struct script *script = *state;

	look(script, 90000, SYS_epoll_pwait, OWN);
	turn(script, 100000, PERF_TURN_IN);
	turn(script, 103000, PERF_TURN_QUEUED);
	turn(script, 110000, PERF_TURN_IN);
	turn(script, 112000, PERF_TURN_ASLEEP);
	turn(script, 115000, PERF_TURN_IN);
	look(script, 118000, -1, 0);
	assert_int_equal(loop_exact_run(&script->exact, BEGIN_NS + 118 * MS),
	                 8 * MS);
}

/* ---- the ring ---- */

struct record {
	struct perf_event_header header;
	uint64_t time;
};

static size_t
put_record(uint8_t *memory, size_t size, uint64_t at, uint16_t misc,
           uint64_t time)
{
	struct record record = {
	    .header = {.type = PERF_RECORD_SWITCH,
	               .misc = misc,
	               .size = sizeof(record)},
	    .time = time,
	};

	for (size_t i = 0; i < sizeof(record); i++)
		memory[(at + i) & (size - 1)] = ((uint8_t *)&record)[i];
	return sizeof(record);
}

static void
switches_are_read_round_the_end_of_the_ring(void **state)
{
	uint8_t memory[64];
	struct perf_switch found[8];
	uint64_t tail = 56, head = tail;

	(void)state;
	head += put_record(memory, 64, head, 0, 1);
	head += put_record(memory, 64, head, PERF_RECORD_MISC_SWITCH_OUT, 2);
	head += put_record(
	    memory, 64, head,
	    PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT,
	    3);
	assert_int_equal(perf_parse_switches(memory, 64, &tail, head, found, 2),
	                 2);
	assert_int_equal(
	    perf_parse_switches(memory, 64, &tail, head, found + 2, 2), 1);
	assert_true(tail == head);
	assert_int_equal(found[0].turn, PERF_TURN_IN);
	assert_int_equal(found[1].turn, PERF_TURN_ASLEEP);
	assert_int_equal(found[2].turn, PERF_TURN_QUEUED);
	assert_int_equal(found[2].time, 3);
}

static void
a_ring_without_sense_counts_as_lost(void **state)
{
	uint8_t memory[64] = {0};
	struct perf_switch found[8];
	uint64_t tail = 0;

	(void)state;
	assert_int_equal(perf_parse_switches(memory, 64, &tail, 64, found, 8),
	                 1);
	assert_int_equal(found[0].turn, PERF_TURN_UNKNOWN);
	assert_int_equal(tail, 64);
	memset(memory, 0xff, sizeof(memory));
	assert_int_equal(
	    perf_parse_switches(memory, 64, &tail, 1 << 20, found, 8), 1);
	assert_int_equal(found[0].turn, PERF_TURN_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(computing_is_told_to_the_microsecond),
	    TEST(a_sleep_elsewhere_is_no_end),
	    TEST(time_alone_makes_a_block_of_a_sleep),
	    TEST(waiting_for_a_cpu_is_told_from_computing),
	    TEST(a_nested_loop_is_one_block_from_its_begin),
	    TEST(a_short_sleep_between_long_computations_is_none),
	    TEST(a_sleep_of_one_who_is_starved_is_no_end),
	    TEST(a_sleep_that_may_be_over_makes_no_block),
	    TEST(a_busy_loop_with_short_sleeps_is_not_blocked),
	    TEST(long_turns_with_short_sleeps_are_no_block),
	    TEST(a_saturated_loop_is_not_blocked),
	    TEST(timers_are_no_block_though_nothing_is_read),
	    TEST(lost_records_end_a_block_and_no_more),
	    TEST(being_stopped_is_not_computing),
	    TEST(its_cpu_time_is_the_sum_of_its_slices),
	    TEST(switches_are_read_round_the_end_of_the_ring),
	    TEST(a_ring_without_sense_counts_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
