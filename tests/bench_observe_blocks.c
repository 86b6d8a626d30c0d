/*
 * Blocks of loops of a real Node program that logs its own (blocker.js), seen
 * by the observer: how many were found, how many made up, how well their length
 * is known; and a saturated server, of which none is to be told.
 *
 * BENCH_SECONDS=40 a run; BENCH_ONLY=switches|samples.
 */
#include "bench_observe.h"

enum { TRUTHS = 4096, MIN_MS = 50 };

struct block {
	uint32_t tid;
	char kind[12];
	uint64_t begin, end;
	const struct bench_event *seen; /* by whom it was found */
};

struct result {
	struct block truths[TRUTHS];
	int truth_count;
	struct block lags[TRUTHS];
	int lag_count;
	double errors[TRUTHS];
	int error_count;
	int wanted, found, told, wrong, lagged, loops;
};

static double
length_ms(const struct block *block)
{
	return (double)(block->end - block->begin) / BENCH_MS;
}

static bool
overlaps(const struct block *block, const struct event *event)
{
	uint64_t begin = event->time - event->value, end = event->time;
	uint64_t from = begin > block->begin ? begin : block->begin;
	uint64_t to = end < block->end ? end : block->end;

	return block->tid == event->tid && from < to &&
	       2 * (to - from) > (end - begin < block->end - block->begin
	                              ? end - begin
	                              : block->end - block->begin);
}

static void
read_truths(struct result *result, char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")) != NULL) {
		struct block block = {0};
		char letter;

		if (sscanf(line, "%c %u %11s %lu %lu", &letter, &block.tid,
		           block.kind, &block.begin, &block.end) != 5)
			continue;
		if (letter == 'B' && result->truth_count < TRUTHS)
			result->truths[result->truth_count++] = block;
		if (letter == 'L' && result->lag_count < TRUTHS)
			result->lags[result->lag_count++] = block;
	}
}

static bool
is_known(const struct result *result, uint32_t tid)
{
	for (int i = 0; i < result->truth_count; i++)
		if (result->truths[i].tid == tid)
			return true;
	return false;
}

/* What is told of a truth a little below 50 ms is not wrong, nor is what the
 * loop itself noticed to be late. */
static void
judge_event(struct result *result, const struct bench_event *told)
{
	result->told++;
	for (int i = 0; i < result->truth_count; i++)
		if (overlaps(&result->truths[i], &told->event)) {
			if (!result->truths[i].seen)
				result->truths[i].seen = told;
			return;
		}
	for (int i = 0; i < result->lag_count; i++)
		if (overlaps(&result->lags[i], &told->event) ||
		    (result->lags[i].begin == 1 &&
		     told->event.tid == result->lags[i].tid &&
		     told->event.time < result->lags[i].end) ||
		    (strcmp(result->lags[i].kind, "end") == 0 &&
		     told->event.tid == result->lags[i].tid &&
		     told->event.time > result->lags[i].begin)) {
			result->lagged++;
			return;
		}
	/* A loop of Node's own says nothing of itself. */
	if (!is_known(result, told->event.tid)) {
		result->lagged++;
		return;
	}
	result->wrong++;
	printf("  made up: %.1f ms, %s\n", (double)told->event.value / BENCH_MS,
	       told->text);
}

static void
judge(struct result *result, const struct bench_watch *watch, double tolerance)
{
	for (int i = 0; i < watch->count; i++) {
		const struct bench_event *told = &watch->events[i];

		if (told->event.kind == EVENT_LOOP_FREED)
			judge_event(result, told);
		result->loops +=
		    told->event.kind == EVENT_LOOP_GAUGE && !told->event.size;
	}
	for (int i = 0; i < result->truth_count; i++) {
		const struct block *truth = &result->truths[i];
		double ms = length_ms(truth), error;

		if (ms < MIN_MS + tolerance)
			continue;
		result->wanted++;
		result->found += truth->seen != NULL;
		if (!truth->seen) {
			printf("  missed: %s %.1f ms\n", truth->kind, ms);
			continue;
		}
		error = (double)truth->seen->event.value / BENCH_MS - ms;
		if (getenv("BENCH_VERBOSE"))
			printf("  %s %.1f ms: %+.2f, end %+.2f %s\n",
			       truth->kind, ms, error,
			       ((double)truth->seen->event.time -
			        (double)truth->end) /
			           BENCH_MS,
			       truth->seen->text);
		result->errors[result->error_count++] =
		    error < 0 ? -error : error;
	}
}

static void
watch_program(struct bench_watch *watch, char *const *argv)
{
	int out;
	pid_t pid = bench_start(argv, &out);

	observe_watch(watch->observe, pid, BIRTH_RUN);
	while (bench_hear(watch, out))
		bench_round(watch);
	close(out);
	waitpid(pid, NULL, 0);
}

static double
cost_of(const struct bench_watch *watch, int loops)
{
	return 100.0 * (double)watch->cpu /
	       (double)(watch->ended - watch->began) / (loops ? loops : 1);
}

static void
tell_blocks(struct result *result, const struct bench_watch *watch,
            bool with_perf, double tolerance)
{
	double median, cost = cost_of(watch, result->loops);
	double precision =
	    result->told ? 1 - (double)result->wrong / (double)result->told : 1;
	char found[64], what[64];

	snprintf(found, sizeof(found), "%d of %d", result->found,
	         result->wanted);
	snprintf(what, sizeof(what), "recall, blocks >= %.0f ms",
	         MIN_MS + tolerance);
	bench_row(what, "1.00", found, result->found == result->wanted);
	snprintf(found, sizeof(found), "%.3f (%d wrong, %d lag)", precision,
	         result->wrong, result->lagged);
	bench_row("precision", with_perf ? "1.00" : ">= 0.98", found,
	          precision >= (with_perf ? 1 : 0.98));
	median = bench_quantile(result->errors, result->error_count, 0.5);
	snprintf(found, sizeof(found), "%.2f ms (p90 %.2f)", median,
	         bench_quantile(result->errors, result->error_count, 0.9));
	bench_row("error of the length, median",
	          with_perf ? "<= 0.3 ms" : "<= 4 ms", found,
	          median <= (with_perf ? 0.3 : 4));
	snprintf(found, sizeof(found), "%.3f %% (%d loops)", cost,
	         result->loops);
	bench_row("CPU of the watch, a loop", "<= 0.1 %", found, cost <= 0.1);
}

static void
bench_blocks(const char *threads, const char *load, const char *kinds,
             bool with_perf, const char *seconds)
{
	char node[] = "node", script[] = "tests/blocker.js", block[] = "block";
	char from[] = "5", to[] = "2000", seed[] = "11";
	char *const argv[] = {
	    node, script, block, (char *)threads, (char *)load, (char *)seconds,
	    seed, from,   to,    (char *)kinds,   NULL};
	double tolerance = with_perf ? 1 : 8;
	static struct result result;
	struct bench_watch watch;
	char title[128];

	memset(&result, 0, sizeof(result));
	bench_open(&watch, with_perf);
	snprintf(title, sizeof(title), "%s, %s background, %s: %s", threads,
	         load, kinds, observe_loop_method(watch.observe));
	bench_head(title);
	watch_program(&watch, argv);
	read_truths(&result, watch.text);
	judge(&result, &watch, tolerance);
	tell_blocks(&result, &watch, with_perf, tolerance);
	bench_close(&watch);
}

/* ---- a saturated server ---- */

static pid_t
hammer(const struct bench_watch *watch, char *seconds)
{
	char node[] = "node", script[] = "tests/blocker.js", verb[] = "hammer";
	char port[16] = "";
	char *const argv[] = {node, script, verb, port, seconds, NULL};
	const char *at = strstr(watch->text, "P ");
	int out;
	pid_t pid;

	if (!at)
		return 0;
	snprintf(port, sizeof(port), "%d", atoi(at + 2));
	pid = bench_start(argv, &out);
	close(out);
	return pid;
}

static void
bench_saturated(bool with_perf, char *seconds)
{
	char node[] = "node", script[] = "tests/blocker.js", verb[] = "serve";
	char *const argv[] = {node, script, verb, seconds, NULL};
	double elu = 0, worst = 0, cost;
	int out, wrong = 0, beyond = 0;
	pid_t client = 0, pid;
	struct bench_watch watch;
	char found[64];
	const char *said;

	bench_open(&watch, with_perf);
	snprintf(found, sizeof(found), "a saturated server: %s",
	         observe_loop_method(watch.observe));
	bench_head(found);
	pid = bench_start(argv, &out);
	observe_watch(watch.observe, pid, BIRTH_RUN);
	while (bench_hear(&watch, out)) {
		if (!client)
			client = hammer(&watch, seconds);
		bench_round(&watch);
	}
	close(out);
	waitpid(pid, NULL, 0);
	if (client > 0) {
		kill(client, SIGKILL);
		waitpid(client, NULL, 0);
	}
	said = strstr(watch.text, "U ");
	if (said)
		sscanf(said, "U %lf %lf", &elu, &worst);
	for (int i = 0; i < watch.count; i++)
		if (watch.events[i].event.kind == EVENT_LOOP_FREED) {
			double ms =
			    (double)watch.events[i].event.value / BENCH_MS;

			wrong++;
			beyond += ms > worst + 10;
			printf("  told: %.1f ms, %s\n", ms,
			       watch.events[i].text);
		}
	snprintf(found, sizeof(found), "%.3f, %.1f ms", elu, worst);
	bench_row("utilisation, own worst delay", ">= 0.95", found,
	          elu >= 0.95);
	snprintf(found, sizeof(found), "%d (%d beyond its worst)", wrong,
	         beyond);
	bench_row("false blocks", "0", found, wrong == 0 || !beyond);
	cost = cost_of(&watch, 1);
	snprintf(found, sizeof(found), "%.3f %%", cost);
	bench_row("CPU of the watch, all", "<= 0.2 %", found, cost <= 0.2);
	bench_close(&watch);
}

int
main(void)
{
	const char *only = getenv("BENCH_ONLY");
	const char *seconds = getenv("BENCH_SECONDS");
	char how_long[16];

	snprintf(how_long, sizeof(how_long), "%s", seconds ? seconds : "40");
	bench_drop_privileges();
	for (int with_perf = 1; with_perf >= 0; with_perf--) {
		if (only && strcmp(only, with_perf ? "switches" : "samples"))
			continue;
		bench_blocks("main,worker", "light", "cpu,atomics,exec,fifo",
		             with_perf, how_long);
		bench_blocks("main,worker", "heavy", "cpu,atomics,exec,fifo",
		             with_perf, how_long);
		if (!getenv("BENCH_NO_SERVER"))
			bench_saturated(with_perf, how_long);
	}
	return 0;
}
