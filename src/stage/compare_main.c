/*
 * Measures each way in turn and says a JSON line of it: how long it takes until
 * one that is started has answered, what memory it has when it is idle, how
 * long a message takes there and back, and how often one of them, and as many
 * as there are processors, get a piece of work done, as multiples of what the
 * loop itself does of it.
 *
 * Memory is what a process has, with its share of what is shared (PSS,
 * proc_pid_smaps(5)); of a thread by how much its process has grown.
 */
#include "compare.h"
#include "role.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STARTS = 4, ROUNDS = 500, TRIES = 3, WORK_MS = 70, DEADLINE_MS = 10000 };

static const char piece[] = "fib(29)";

/* ---- waiting ---- */

void
compare_answer(struct compare_one *one)
{
	one->answers++;
	if (one->compare->answered)
		one->compare->answered(one);
}

/* None is to end before it is told to. */
void
compare_ended(struct compare_one *one)
{
	one->exists = false;
	one->compare->alive--;
}

static void
on_deadline(uv_timer_t *timer)
{
	struct compare *compare = timer->data;

	compare->failed = true;
}

/* Until *count is `wanted`; -ETIMEDOUT. */
static int
wait_for(struct compare *compare, const int *count, int wanted)
{
	uv_update_time(&compare->loop.uv);
	uv_timer_start(&compare->deadline, on_deadline, DEADLINE_MS, 0);
	while (*count != wanted && !compare->failed)
		uv_run(&compare->loop.uv, UV_RUN_ONCE);
	uv_timer_stop(&compare->deadline);
	return compare->failed ? -ETIMEDOUT : 0;
}

/* ---- numbers ---- */

static int
compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *numbers, int count)
{
	qsort(numbers, (size_t)count, sizeof(*numbers), compare_numbers);
	return count ? numbers[count / 2] : 0;
}

/* KB; 0: it cannot be read. */
static double
memory_of(int pid)
{
	char path[48], line[128];
	double kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %lf kB", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

/* ---- each measure ---- */

/* All of them, one after the other; the median in ms, < 0: it failed. */
static double
start_all(struct compare *compare, const struct compare_way *way)
{
	double times[COMPARE_MOST] = {0};

	for (int i = 0; i < compare->count; i++) {
		struct compare_one *one = &compare->ones[i];
		uint64_t begun = uv_hrtime();

		memset(one, 0, sizeof(*one));
		one->compare = compare;
		if (way->start(one))
			return -1;
		one->exists = true;
		compare->alive++;
		if (way->ask(one, NULL) || wait_for(compare, &one->answers, 1))
			return -1;
		times[i] = (double)(uv_hrtime() - begun) / 1e6;
	}
	return way->at_once ? times[0] : median(times, compare->count);
}

/* What one of them has, KB, when our own process had `before`. The pool starts
 * all its threads at once. */
static double
memory_of_one(const struct compare *compare, const struct compare_way *way,
              double before)
{
	int count = way->at_once ? (int)pool_size() : compare->count;
	double sum = 0;

	if (!way->is_process)
		return (memory_of(getpid()) - before) / count;
	for (int i = 0; i < compare->count; i++)
		sum += memory_of(compare_pid(way, &compare->ones[i]));
	return sum / compare->count;
}

/* The median in microseconds, < 0: it failed. */
static double
round_trip(struct compare *compare, const struct compare_way *way)
{
	static double times[ROUNDS];
	struct compare_one *one = &compare->ones[0];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t begun = uv_hrtime();

		if (way->ask(one, NULL) ||
		    wait_for(compare, &one->answers, one->answers + 1))
			return -1;
		times[i] = (double)(uv_hrtime() - begun) / 1e3;
	}
	return median(times, ROUNDS);
}

/* Each gets the next piece as soon as it has done one. */
static void
next_piece(struct compare_one *one)
{
	struct compare *compare = one->compare;

	if (uv_hrtime() >= compare->until || compare->way->ask(one, piece))
		compare->alive--;
}

/* Pieces a second that `count` of them do. */
static double
pieces(struct compare *compare, const struct compare_way *way, int count)
{
	int alive = compare->alive, done = 0;
	uint64_t begun = uv_hrtime();

	compare->way = way;
	compare->until = begun + WORK_MS * 1000000ull;
	compare->answered = next_piece;
	for (int i = 0; i < count; i++) {
		compare->ones[i].answers = 0;
		if (way->ask(&compare->ones[i], piece))
			compare->failed = true;
	}
	wait_for(compare, &compare->alive, alive - count);
	compare->answered = NULL;
	compare->alive = alive;
	for (int i = 0; i < count; i++)
		done += compare->ones[i].answers;
	return done / ((double)(uv_hrtime() - begun) / 1e9);
}

/* The same on the loop itself. */
static double
pieces_here(void)
{
	uint64_t begun = uv_hrtime(), now = begun;
	int done = 0;

	for (; now < begun + WORK_MS * 1000000ull; now = uv_hrtime()) {
		struct work work;

		work_parse_text(&work, piece);
		work_run(&work, NULL);
		done++;
	}
	return done / ((double)(now - begun) / 1e9);
}

/* The best of some tries, by turns: others use the processors too. */
struct rates {
	double here, one, all;
};

static struct rates
best_rates(struct compare *compare, const struct compare_way *way,
           int processors)
{
	struct rates best = {0};

	for (int i = 0; i < TRIES; i++) {
		double here = pieces_here();
		double one = pieces(compare, way, 1);
		double all = pieces(compare, way, processors);

		best.here = here > best.here ? here : best.here;
		best.one = one > best.one ? one : best.one;
		best.all = all > best.all ? all : best.all;
	}
	return best;
}

static void
end_all(struct compare *compare, const struct compare_way *way)
{
	for (int i = 0; i < compare->count; i++)
		if (compare->ones[i].exists)
			way->end(&compare->ones[i]);
	wait_for(compare, &compare->alive, 0);
}

static bool
measure(struct compare *compare, const struct compare_way *way, int processors)
{
	double before = memory_of(getpid()), start, memory, round;
	struct rates rates;

	start = start_all(compare, way);
	if (start < 0)
		return false;
	memory = memory_of_one(compare, way, before);
	round = round_trip(compare, way);
	rates = best_rates(compare, way, processors);
	end_all(compare, way);
	if (compare->failed || round < 0)
		return false;
	printf("{\"kind\":\"compare\",\"runtime\":\"looptop\",\"what\":\"%s\","
	       "\"start_ms\":%.3f,\"memory_kb\":%.0f,\"round_trip_us\":%.1f,"
	       "\"work_1\":%.2f,\"work_n\":%.2f,\"n\":%d}\n",
	       way->name, start, memory > 0 ? memory : 0, round,
	       rates.one / rates.here, rates.all / rates.here, processors);
	return fflush(stdout) == 0;
}

int
compare_main(int argc, char **argv)
{
	static struct compare compare;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	if (loop_open_quiet(&compare.loop))
		return 1;
	uv_timer_init(&compare.loop.uv, &compare.deadline);
	compare.deadline.data = &compare;
	if (processors > COMPARE_MOST)
		processors = COMPARE_MOST;
	compare.count = processors > STARTS ? (int)processors : STARTS;
	for (int i = 0; i < compare_way_count; i++)
		if (!measure(&compare, &compare_ways[i], (int)processors))
			return 1;
	return 0;
}
