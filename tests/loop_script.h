/*
 * Loops and their blocks, from scripted looks at one thread. A script is what
 * the thread does one after the other; the looks come at any rate and phase,
 * and show what a kernel shows: the run time of a running thread up to the last
 * tick, time in the run queue only once it is over.
 */
#ifndef TESTS_LOOP_SCRIPT_H
#define TESTS_LOOP_SCRIPT_H

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

static inline int
setup(void **state)
{
	static struct script script;

	memset(&script, 0, sizeof(script));
	*state = &script;
	return 0;
}

/* ---- what a look at `us` shows ---- */

static inline void
show_call(const struct deed *deed, struct procfs_syscall *call)
{
	call->running = deed->call == RUNS || deed->call == QUEUES;
	call->number = deed->call < 0 ? -1 : deed->call;
	call->args[0] = deed->call < 0 ? 0 : deed->arg;
}

static inline void
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

static inline struct loop_sample
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

static inline void
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

static inline uint64_t
length_of(const struct deed *deeds, int count)
{
	uint64_t us = 0;

	for (int i = 0; i < count; i++)
		us += deeds[i].us;
	return us;
}

/* Looks at the whole script, as the observer does: closely when the thread
 * has moved, else only time goes by. */
static inline void
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

static inline int
count_of(const struct script *script, enum loop_news news)
{
	int count = 0;

	for (int i = 0; i < script->count; i++)
		count += script->told[i].news == news;
	return count;
}

static inline const struct told *
find(const struct script *script, enum loop_news news)
{
	for (int i = 0; i < script->count; i++)
		if (script->told[i].news == news)
			return &script->told[i];
	fail_msg("news %d never came", news);
	return NULL;
}

static inline void
assert_near(uint64_t ns, uint64_t expected_us, uint64_t within_us)
{
	uint64_t expected = expected_us * US;
	uint64_t off = ns > expected ? ns - expected : expected - ns;

	if (off > within_us * US)
		fail_msg("%.3f ms, not %.3f", (double)ns / MS,
		         (double)expected / MS);
}

/* Told once while it lasted, and once when it was over. */
static inline const struct told *
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

/* One look: the thread is in that call. */
static inline enum loop_news
look_at_call(struct script *script, long call, uint64_t arg)
{
	struct loop_sample sample = {
	    .time = script->watch.last.time + 20 * MS,
	    .call = {.running = call < 0, .number = call, .args = {arg}},
	};
	uint64_t length;

	return loop_watch_sample(&script->watch, &sample, &length);
}

#endif
