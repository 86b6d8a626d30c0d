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
#include <poll.h>
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

/* As session.c reads: it waits, and when much comes it looks now and then. */
static void
read_stream(int fd)
{
	enum { BUSY_BYTES = 16384, REST_US = 2000 };
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	static char bytes[262144];
	ssize_t got = 0;

	for (;;) {
		if (got >= BUSY_BYTES)
			usleep(REST_US);
		else if (poll(&ready, 1, -1) < 0)
			_exit(1);
		got = read(fd, bytes, sizeof(bytes));
	}
}

pid_t
bench_reader(int fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	read_stream(fd);
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
		reader = bench_reader(fifo.fd);
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
judge(const struct bench_row *row, enum bench_goal kind, double goal,
      double node, double ours, double raw)
{
	double found;

	switch (kind) {
	case BENCH_VS_NODE:
		if (isnan(node))
			return -1;
		return ratio(row, node, ours) >= goal;
	case BENCH_VS_RAW:
		found = ratio(row, raw, ours);
		return isnan(found) ? -1 : 1 / found <= goal;
	case BENCH_AT_MOST:
		return isnan(ours) ? 0 : ours <= goal;
	case BENCH_AT_LEAST:
		return isnan(ours) ? 0 : ours >= goal;
	default:
		return -1;
	}
}

static int
print_goal(const struct bench_row *row, enum bench_goal kind, double goal,
           const double of[3])
{
	static const char *const forms[] = {
	    [BENCH_VS_NODE] = ">= %.3gx Node", [BENCH_VS_RAW] = "<= %.3gx raw",
	    [BENCH_AT_MOST] = "<= %.3g",       [BENCH_AT_LEAST] = ">= %.3g",
	    [BENCH_SHOWN] = "shown",
	};
	static const char *const words[] = {"not judged", "NOT HELD", "held"};
	int held = judge(row, kind, goal, of[0], of[1], of[2]);
	char text[40];

	snprintf(text, sizeof(text), forms[kind], goal);
	printf("  %-12s %s", text, kind == BENCH_SHOWN ? "" : words[held + 1]);
	return held == 0;
}

static int
print_row(const struct bench_row *row, const double of[3], double untraced)
{
	int missed;

	printf("  %-36s %-4s", row->what, row->unit);
	print_figure(of[0], 9);
	print_figure(of[1], 9);
	print_figure(untraced, 9);
	print_figure(of[2], 9);
	print_figure(ratio(row, of[0], of[1]), 7);
	print_figure(1 / ratio(row, of[2], of[1]), 6);
	missed = print_goal(row, row->kind, row->goal, of);
	if (row->also > 0)
		missed += print_goal(row, row->also_kind, row->also, of);
	printf("\n");
	fflush(stdout);
	return missed;
}

static double
maybe(double (*measure)(void))
{
	return measure ? measure() : NAN;
}

int
bench_rows(const struct bench_row *rows, size_t count)
{
	const char *only = getenv("ROW");
	int missed = 0;

	printf("  %-36s %-4s %9s %9s %9s %9s %7s %6s  %s\n", "", "", "Node",
	       "looptop", "untraced", "raw", "x Node", "x raw", "goal");
	for (size_t i = 0; i < count; i++) {
		static struct bench_samples of[4];
		double medians[4];

		if (only && !strstr(rows[i].what, only))
			continue;

		memset(of, 0, sizeof(of));
		for (int round = 0; round < BENCH_ROUNDS; round++) {
			bench_add(&of[0],
			          rows[i].node ? ask_node(rows[i].node) : NAN);
			bench_add(&of[1], rows[i].ours());
			bench_add(&of[2], maybe(rows[i].raw));
			bench_add(&of[3], maybe(rows[i].untraced));
		}
		for (int who = 0; who < 4; who++)
			medians[who] = bench_quantile(&of[who], 0.5);
		missed += print_row(&rows[i], medians, medians[3]);
	}
	return missed;
}
