/*
 * Failures, before line one: node is missing (its column is empty, the goals
 * against it are not judged, which is said); a measurement dies (NAN, printed
 * as a dash, not held).
 */
#include "bench.h"

#include "core/emit.h"
#include "core/fifo.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t
bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void
bench_add(struct bench_samples *samples, double value)
{
	if (samples->count < BENCH_SAMPLES)
		samples->values[samples->count++] = value;
}

static int
compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double
bench_quantile(struct bench_samples *samples, double share)
{
	size_t at = (size_t)((double)samples->count * share);

	if (!samples->count)
		return NAN;
	qsort(samples->values, samples->count, sizeof(double), compare);
	return samples->values[at < samples->count ? at : samples->count - 1];
}

/* ---- the three who are measured ---- */

/* The explorer's part: somebody reads the stream. */
static pid_t
start_reader(const struct fifo *fifo)
{
	pid_t pid = fork();
	static char bytes[65536];

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)fcntl(fifo->fd, F_SETFL, 0);
	while (read(fifo->fd, bytes, sizeof(bytes)) > 0)
		;
	_exit(0);
}

static void
measure_to(int out, double (*measure)(void))
{
	double value = measure();

	(void)!write(out, &value, sizeof(value));
	emit_close();
	_exit(0);
}

double
bench_apart(double (*measure)(void), bool traced)
{
	struct fifo fifo;
	double value = NAN;
	pid_t pid, reader = 0;
	int ends[2];

	if (traced && fifo_open(&fifo, "/tmp"))
		return NAN;
	if (traced)
		reader = start_reader(&fifo);
	if (pipe2(ends, O_CLOEXEC))
		return NAN;
	pid = fork();
	if (pid == 0) {
		if (traced) {
			setenv(EMIT_ENVIRONMENT, fifo.path, 1);
			(void)emit_open(fifo.path, bench_now);
		}
		measure_to(ends[1], measure);
	}
	close(ends[1]);
	if (read(ends[0], &value, sizeof(value)) != (ssize_t)sizeof(value))
		value = NAN;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	if (traced) {
		kill(reader, SIGKILL);
		waitpid(reader, NULL, 0);
		fifo_close(&fifo);
	}
	return value;
}

static double
ask_node(const char *row)
{
	char command[256];
	double value = NAN;
	FILE *answer;

	snprintf(command, sizeof(command), "node tests/bench_node.js %s", row);
	answer = popen(command, "r");
	if (!answer)
		return NAN;
	if (fscanf(answer, "%lf", &value) != 1)
		value = NAN;
	pclose(answer);
	return value;
}

/* ---- a row ---- */

static void
print_figure(double value, int width)
{
	if (isnan(value))
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width,
		       value < 10     ? 2
		       : value < 1000 ? 1
		                      : 0,
		       value);
}

static double
ratio(const struct bench_row *row, double other, double ours)
{
	return row->more_is_better ? ours / other : other / ours;
}

/* 1 held, 0 not held, -1 nothing to judge by. */
static int
judge(const struct bench_row *row, double node, double ours, double raw)
{
	double found;

	switch (row->kind) {
	case BENCH_VS_NODE:
		if (isnan(node))
			return -1;
		return ratio(row, node, ours) >= row->goal;
	case BENCH_VS_RAW:
		found = ratio(row, raw, ours);
		return isnan(found) ? -1 : 1 / found <= row->goal;
	default:
		return isnan(ours) ? 0 : ours <= row->goal;
	}
}

static const char *
goal_text(const struct bench_row *row, char into[40])
{
	static const char *const forms[] = {
	    [BENCH_VS_NODE] = ">= %.3gx Node",
	    [BENCH_VS_RAW] = "<= %.3gx raw",
	    [BENCH_AT_MOST] = "<= %.3g",
	};

	snprintf(into, 40, forms[row->kind], row->goal);
	return into;
}

static int
print_row(const struct bench_row *row, double node, double ours, double raw)
{
	static const char *const words[] = {"not judged", "NOT HELD", "held"};
	int held = judge(row, node, ours, raw);
	char goal[40];

	printf("  %-38s %-7s", row->what, row->unit);
	print_figure(node, 9);
	print_figure(ours, 9);
	print_figure(raw, 9);
	print_figure(ratio(row, node, ours), 8);
	print_figure(1 / ratio(row, raw, ours), 8);
	printf("  %-15s %s\n", goal_text(row, goal), words[held + 1]);
	fflush(stdout);
	return held == 0;
}

int
bench_rows(const struct bench_row *rows, size_t count)
{
	int missed = 0;

	printf("  %-38s %-7s %9s %9s %9s %8s %8s  %-15s\n", "", "unit", "Node",
	       "looptop", "raw", "x Node", "x raw", "goal");
	for (size_t i = 0; i < count; i++) {
		static struct bench_samples node, ours, raw;

		node.count = ours.count = raw.count = 0;
		for (int round = 0; round < BENCH_ROUNDS; round++) {
			if (rows[i].node)
				bench_add(&node, ask_node(rows[i].node));
			bench_add(&ours, rows[i].ours());
			if (rows[i].raw)
				bench_add(&raw, rows[i].raw());
		}
		missed += print_row(&rows[i], bench_quantile(&node, 0.5),
		                    bench_quantile(&ours, 0.5),
		                    bench_quantile(&raw, 0.5));
	}
	return missed;
}
