/*
 * Loops and their blocks, from scripted looks at one thread. A script is what
 * the thread does one after the other; the looks come at any rate and phase,
 * and show what a kernel shows: the run time of a running thread up to the last
 * tick, time in the run queue only once it is over.
 */
#include "test.h"

#include "observe/loop_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

enum {
	RUNS = -1000, /* on a CPU */
	QUEUES,       /* would like to be */
	FAULTS,       /* asleep, but in no call */
	EPOLL = SYS_epoll_pwait,
	READ = SYS_read,
};
enum { NEWS_MAX = 64, TICK_US = 4000, OWN = 7, NESTED = 20 };
#define US 1000ull
#define MS 1000000ull
#define BEGIN_NS (1000 * 1000 * MS)

struct deed {
	uint64_t us;
	long call; /* or RUNS, QUEUES, FAULTS */
	uint64_t arg;
	unsigned io; /* reads and writes it begins with */
};

struct told {
	enum loop_news news;
	uint64_t time, length, freed; /* ns; times since the script began */
	char cause[LOOP_CAUSE_BYTES];
};

struct script {
	struct loop_watch watch;
	struct told told[NEWS_MAX];
	int count;
	bool without_io, exact;
};

static int
setup(void **state)
{
	static struct script script;

	memset(&script, 0, sizeof(script));
	*state = &script;
	return 0;
}

/* ---- what a look at `us` shows ---- */

static void
show_call(const struct deed *deed, struct procfs_syscall *call)
{
	call->running = deed->call == RUNS || deed->call == QUEUES;
	call->number = deed->call < 0 ? -1 : deed->call;
	call->args[0] = deed->call < 0 ? 0 : deed->arg;
}

static void
add_work(const struct deed *deed, uint64_t us, bool over, bool exact,
         struct procfs_sched *sched)
{
	if (deed->call == RUNS) {
		sched->slices++;
		sched->run_ns += (over || exact ? us : us - us % TICK_US) * US;
	} else if (deed->call == QUEUES && over) {
		sched->wait_ns += us * US;
	}
}

static struct loop_sample
look(const struct script *script, const struct deed *deeds, int count,
     uint64_t us)
{
	struct loop_sample sample = {.time = BEGIN_NS + us * US,
	                             .has_io = !script->without_io};

	for (int i = 0; i < count; i++) {
		bool over = us >= deeds[i].us;

		sample.io += deeds[i].io;
		add_work(&deeds[i], over ? deeds[i].us : us, over,
		         script->exact, &sample.sched);
		if (!over || i == count - 1) {
			show_call(&deeds[i], &sample.call);
			return sample;
		}
		us -= deeds[i].us;
	}
	return sample;
}

static void
keep(struct script *script, enum loop_news news, uint64_t time, uint64_t length)
{
	struct told *told = &script->told[script->count];

	if (news == LOOP_NOTHING)
		return;
	assert_true(script->count < NEWS_MAX);
	told->news = news;
	told->time = time - BEGIN_NS;
	told->length = length;
	told->freed = script->watch.freed - BEGIN_NS;
	memcpy(told->cause, script->watch.cause, sizeof(told->cause));
	script->count++;
}

static uint64_t
length_of(const struct deed *deeds, int count)
{
	uint64_t us = 0;

	for (int i = 0; i < count; i++)
		us += deeds[i].us;
	return us;
}

/* Looks at the whole script, as the observer does: closely when the thread
 * has moved, else only time goes by. */
static void
play(struct script *script, const struct deed *deeds, int count,
     uint64_t period, uint64_t phase)
{
	uint64_t end = length_of(deeds, count);
	struct procfs_sched before = {0};

	for (uint64_t us = phase; us < end; us += period) {
		struct loop_sample sample = look(script, deeds, count, us);
		uint64_t length;
		enum loop_news news;

		if (script->watch.is_loop &&
		    memcmp(&before, &sample.sched, sizeof(before)) == 0)
			news = loop_watch_still(&script->watch, sample.time,
			                        &length);
		else
			news =
			    loop_watch_sample(&script->watch, &sample, &length);
		before = sample.sched;
		keep(script, news, sample.time, length);
	}
}

#define PLAY(script, deeds, period, phase) \
	play(script, deeds, sizeof(deeds) / sizeof(*(deeds)), period, phase)

static int
count_of(const struct script *script, enum loop_news news)
{
	int count = 0;

	for (int i = 0; i < script->count; i++)
		count += script->told[i].news == news;
	return count;
}

static const struct told *
find(const struct script *script, enum loop_news news)
{
	for (int i = 0; i < script->count; i++)
		if (script->told[i].news == news)
			return &script->told[i];
	fail_msg("news %d never came", news);
	return NULL;
}

/* ---- is it a loop? ---- */

/* One look: the thread is in that call. */
static enum loop_news
look_at_call(struct script *script, long call, uint64_t arg)
{
	struct loop_sample sample = {
	    .time = script->watch.last.time + 20 * MS,
	    .call = {.running = call < 0, .number = call, .args = {arg}},
	};
	uint64_t length;

	return loop_watch_sample(&script->watch, &sample, &length);
}

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
assert_near(uint64_t ns, uint64_t expected_us, uint64_t within_us)
{
	uint64_t expected = expected_us * US;
	uint64_t off = ns > expected ? ns - expected : expected - ns;

	if (off > within_us * US)
		fail_msg("%.3f ms, not %.3f", (double)ns / MS,
		         (double)expected / MS);
}

/* Told once while it lasted, and once when it was over. */
static const struct told *
assert_one_block(const struct script *script, uint64_t begin_us,
                 uint64_t length_us, uint64_t within_us)
{
	const struct told *blocks = find(script, LOOP_BLOCKS);
	const struct told *is_free = find(script, LOOP_IS_FREE);

	assert_int_equal(count_of(script, LOOP_BLOCKS), 1);
	assert_int_equal(count_of(script, LOOP_IS_FREE), 1);
	assert_true(blocks->time >= (begin_us + 50000) * US - within_us * US);
	assert_true(blocks->time <= (begin_us + length_us) * US);
	assert_true(blocks->length >= LOOP_WATCH_BLOCKED_NS);
	assert_near(blocks->time - blocks->length, begin_us, within_us);
	assert_true(is_free->time >= (begin_us + length_us) * US);
	assert_near(is_free->length, length_us, within_us);
	assert_near(is_free->freed, begin_us + length_us, within_us);
	return is_free;
}

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
