/*
 * Worker threads, ports and Atomics beside Node's and beside what the machine
 * can do at best (eventfd and epoll, a bare futex), interleaved, in one run.
 * Each round is a process of its own; medians of ROUNDS.
 *
 *   traced     looptop with the stream open and somebody reading it
 *   untraced   looptop alone
 *   raw        the system calls without a runtime
 *
 * tests/bench_worker.js does the same in Node, with fewer repetitions.
 */
#include "bench.h"
#include "bench_worker.h"

#include "core/emit.h"
#include "core/fifo.h"
#include "runtime/atomics.h"
#include "runtime/shared.h"
#include "runtime/worker_scope.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 5, NODE = 0, TRACED, UNTRACED, RAW, WAYS };

/* A goal is a factor against Node's (more is better), or at most a factor of
 * the raw limit, or a value. */
static const struct {
	const char *name, *unit;
	double scale;
	bool less; /* is better */
	enum { AGAINST_NODE, AGAINST_RAW, AT_MOST } goal;
	double factor;
} rows[ROWS] = {
    {"worker start to online, p50", "us", 1, true, AGAINST_NODE, 250},
    {"postMessage round trip, p50", "us", 1, true, AGAINST_RAW, 1.2},
    {"postMessage one way, small", "M/s", 1e-6, false, AGAINST_NODE, 15},
    {"transfer 1 MiB, one way", "k/s", 1e-3, false, AGAINST_NODE, 40},
    {"clone 1 MiB, one way", "k/s", 1e-3, false, AGAINST_NODE, 10},
    {"memory of an idle worker", "MiB", 1, true, AT_MOST, 0.1},
    {"Atomics ping-pong, p50", "us", 1, true, AGAINST_RAW, 1.15},
};

/* ---- a worker and what it is asked ---- */

struct bench {
	struct loop loop;
	struct worker worker;
	double begin, *times;
	int online, answers, exits;
	int trips, trips_wanted; /* there and back */
};

static struct bench bench;

static void
on_online(struct worker *worker)
{
	(void)worker;
	bench.online++;
	uv_stop(&bench.loop.uv);
}

static void
on_message(struct worker *worker, struct message *message)
{
	(void)worker;
	(void)message;
	bench.answers++;
	uv_stop(&bench.loop.uv);
}

static void
on_exit_worker(struct worker *worker, int code)
{
	(void)worker;
	(void)code;
	bench.exits++;
	uv_stop(&bench.loop.uv);
}

/* The next follows from the callback: the loop just goes round. */
static void
on_trip(struct worker *worker, struct message *message)
{
	double now = us();

	bench.times[bench.trips] = now - bench.begin;
	if (++bench.trips == bench.trips_wanted) {
		uv_stop(&bench.loop.uv);
		return;
	}
	bench.begin = us();
	worker_post(worker, message->bytes, message->size);
}

static const struct worker_events trip_events = {
    .online = on_online,
    .message = on_trip,
    .exit = on_exit_worker,
};

static const struct worker_events events = {
    .online = on_online,
    .message = on_message,
    .exit = on_exit_worker,
};

static void
until(const int *count, int least)
{
	while (*count < least)
		loop_run(&bench.loop);
}

static void
begin_as(struct worker *worker, const struct worker_script *script,
         void *context, const struct worker_events *heard)
{
	const struct worker_options options = {.context = context};

	bench.online = 0;
	if (worker_start(worker, &bench.loop, script, &options, heard))
		exit(1);
	until(&bench.online, 1);
}

static void
begin_worker(struct worker *worker, const struct worker_script *script,
             void *context)
{
	begin_as(worker, script, context, &events);
}

static void
end_worker(struct worker *worker)
{
	bench.exits = 0;
	worker_terminate(worker);
	until(&bench.exits, 1);
}

static void
echo(struct worker_scope *scope, struct message *message)
{
	worker_scope_post(scope, message->bytes, message->size);
}

struct tally {
	int batch, seen;
};

static void
count(struct worker_scope *scope, struct message *message)
{
	struct tally *tally = scope->context;

	if (message->part_count) {
		struct buffer buffer = message_take_buffer(message, 0);

		buffer_free(&buffer);
	}
	if (++tally->seen % tally->batch == 0)
		worker_scope_post(scope, "", 0);
}

static const struct worker_script echo_script = {.message = echo};
static const struct worker_script count_script = {.message = count};

/* ---- the rows ---- */

static void
bench_start(void)
{
	double times[200];

	for (int i = 0; i < 200; i++) {
		double begin = us();

		begin_worker(&bench.worker, &echo_script, NULL);
		times[i] = us() - begin;
		end_worker(&bench.worker);
	}
	say(ROW_START, median(times, 200));
}

static void
bench_round_trip(void)
{
	static double times[20000];

	bench.times = times;
	bench.trips = 0;
	bench.trips_wanted = 20000;
	begin_as(&bench.worker, &echo_script, NULL, &trip_events);
	bench.begin = us();
	worker_post(&bench.worker, "1", 1);
	until(&bench.trips, 20000);
	say(ROW_ROUND_TRIP, median(times, 20000));
	end_worker(&bench.worker);
}

static void
post_small(void)
{
	worker_post(&bench.worker, "1", 1);
}

static void
post_transfer(void)
{
	struct buffer buffer;
	struct part part = {PART_BUFFER, true, {&buffer}};
	struct message message = {.parts = &part, .part_count = 1};

	if (buffer_new(&buffer, 1 << 20))
		exit(1);
	worker_post_message(&bench.worker, &message);
}

static void
post_clone(void)
{
	static char bytes[1 << 20];

	worker_post(&bench.worker, bytes, sizeof(bytes));
}

static void
bench_one_way(enum row row, int rounds, int batch, void (*post)(void))
{
	struct tally tally = {.batch = batch};
	double begin;

	begin_worker(&bench.worker, &count_script, &tally);
	bench.answers = 0;
	begin = us();
	for (int i = 0; i < rounds; i++) {
		for (int j = 0; j < batch; j++)
			post();
		until(&bench.answers, i + 1);
	}
	say(row, (double)rounds * batch / (us() - begin) * 1e6);
	end_worker(&bench.worker);
}

static double
pss_mib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	double kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %lf", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib / 1024;
}

static void
bench_memory(void)
{
	static struct worker workers[50];
	double before = pss_mib();

	for (int i = 0; i < 50; i++)
		begin_worker(&workers[i], &echo_script, NULL);
	say(ROW_MEMORY, (pss_mib() - before) / 50);
	for (int i = 0; i < 50; i++)
		end_worker(&workers[i]);
}

/* A notify may come late, when the word it told of has changed again. */
static void
wait_while(struct loop *loop, int32_t value)
{
	while (atomics_load(word) == value)
		atomics_wait(loop, word, value, ATOMICS_FOREVER);
}

static void
pong(struct worker_scope *scope)
{
	for (int i = 0; i < 20000; i++) {
		wait_while(&scope->loop, 0);
		atomics_store(word, 0);
		atomics_notify(word, ATOMICS_ALL);
	}
}

static const struct worker_script pong_script = {.start = pong};

static void
bench_ping_pong(void)
{
	static double times[20000];
	struct shared *shared;

	if (shared_new(&shared, 4, SHARED_THREADS))
		exit(1);
	word = shared_bytes(shared);
	begin_worker(&bench.worker, &pong_script, NULL);
	for (int i = 0; i < 20000; i++) {
		double begin = us();

		atomics_store(word, 1);
		atomics_notify(word, ATOMICS_ALL);
		wait_while(&bench.loop, 1);
		times[i] = us() - begin;
	}
	say(ROW_PING_PONG, median(times, 20000));
	bench.exits = 0;
	until(&bench.exits, 1);
	shared_unref(shared);
}

static void
run_ours(const char *fifo)
{
	signal(SIGPIPE, SIG_IGN);
	if (fifo && emit_open(fifo, uv_hrtime))
		exit(1);
	if (loop_open(&bench.loop, ROLE_MAIN, 0, "bench"))
		exit(1);
	bench_start();
	bench_round_trip();
	bench_one_way(ROW_ONE_WAY, 200, 20000, post_small);
	bench_one_way(ROW_TRANSFER, 100, 128, post_transfer);
	bench_one_way(ROW_CLONE, 500, 4, post_clone);
	bench_memory();
	bench_ping_pong();
}

/* ---- rounds ---- */

static void
play(int way, const char *fifo)
{
	switch (way) {
	case NODE:
		dup2(out, STDOUT_FILENO);
		execlp("node", "node", "tests/bench_worker.js", NULL);
		break;
	case TRACED:
		run_ours(fifo);
		break;
	case UNTRACED:
		run_ours(NULL);
		break;
	default:
		raw_round_trip();
		raw_ping_pong();
	}
}

static void
run_round(int way, const char *fifo, double values[ROWS])
{
	int ends[2], row;
	double value;
	FILE *file;

	if (pipe(ends))
		exit(1);
	if (fork() == 0) {
		close(ends[0]);
		out = ends[1];
		play(way, fifo);
		_exit(0);
	}
	close(ends[1]);
	file = fdopen(ends[0], "r");
	while (file && fscanf(file, "%d %lf", &row, &value) == 2)
		if (row >= 0 && row < ROWS)
			values[row] = value;
	if (file)
		fclose(file);
	wait(NULL);
}

static void
print_value(double value, double scale)
{
	if (value == 0)
		printf(" %9s", "-");
	else
		printf(" %9.2f", value * scale);
}

static void
print_row(int row, const double *values)
{
	static const char *const goals[] = {">= %gx Node", "<= %gx raw",
	                                    "<= %g"};
	double node = rows[row].less ? values[NODE] / values[TRACED]
	                             : values[TRACED] / values[NODE];
	double raw = values[RAW] ? values[TRACED] / values[RAW] : 0;
	char goal[32];
	bool held = rows[row].goal == AGAINST_NODE ? node >= rows[row].factor
	            : rows[row].goal == AGAINST_RAW
	                ? raw <= rows[row].factor
	                : values[TRACED] <= rows[row].factor;

	printf("  %-28s %-3s", rows[row].name, rows[row].unit);
	for (int way = 0; way < WAYS; way++)
		print_value(values[way], rows[row].scale);
	printf(" %8.1fx", node);
	if (raw)
		printf(" %6.2fx", raw);
	else
		printf(" %7s", "-");
	snprintf(goal, sizeof(goal), goals[rows[row].goal], rows[row].factor);
	printf("  %-12s %s\n", goal,
	       !values[NODE] ? "no node"
	       : held        ? "held"
	                     : "NOT HELD");
}

static void
keep_round(double all[WAYS][ROWS][ROUNDS], int round, int way, const char *fifo)
{
	double values[ROWS] = {0};

	run_round(way, fifo, values);
	for (int row = 0; row < ROWS; row++)
		all[way][row][round] = values[row];
}

static void
print_table(double all[WAYS][ROWS][ROUNDS])
{
	printf("worker: median of %d rounds, threads not pinned; the ratios "
	       "are of the traced\n  %-32s %9s %9s %9s %9s %9s %7s  goal\n",
	       ROUNDS, "", "Node", "traced", "untraced", "raw", "to Node",
	       "to raw");
	for (int row = 0; row < ROWS; row++) {
		double values[WAYS];

		for (int way = 0; way < WAYS; way++)
			values[way] = median(all[way][row], ROUNDS);
		print_row(row, values);
	}
}

/* One way alone, once: its number as the argument. */
static void
play_alone(const char *way, const char *fifo)
{
	double values[ROWS] = {0};

	run_round(atoi(way), fifo, values);
	for (int row = 0; row < ROWS; row++)
		printf("  %-28s %12.3f %s\n", rows[row].name,
		       values[row] * rows[row].scale, rows[row].unit);
}

int
main(int argc, char **argv)
{
	static double all[WAYS][ROWS][ROUNDS];
	struct fifo fifo;
	pid_t reader;

	signal(SIGPIPE, SIG_IGN);
	if (fifo_open(&fifo, "/tmp"))
		return 1;
	reader = bench_reader(fifo.fd);
	for (int round = 0; argc == 1 && round < ROUNDS; round++)
		for (int way = 0; way < WAYS; way++)
			keep_round(all, round, way, fifo.path);
	if (argc == 1)
		print_table(all);
	else
		play_alone(argv[1], fifo.path);
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	fifo_close(&fifo);
	return 0;
}
