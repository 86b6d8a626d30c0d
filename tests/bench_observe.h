/*
 * bench_observe: a program under the observer, as an ordinary user, and rows of
 * a table: what, goal, found, held or not.
 */
#ifndef TESTS_BENCH_OBSERVE_H
#define TESTS_BENCH_OBSERVE_H

#include "observe/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BENCH_MS 1000000.0
enum { BENCH_NOBODY = 65534, BENCH_EVENTS = 1 << 16, BENCH_TEXT = 1 << 20 };

static inline uint64_t
bench_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void
bench_row(const char *what, const char *goal, const char *found, bool held)
{
	printf("%-50s %-15s %-26s %s\n", what, goal, found,
	       held ? "held" : "NOT HELD");
	fflush(stdout);
}

static inline void
bench_head(const char *title)
{
	printf("\n%s\n%-50s %-15s %-26s %s\n", title, "what", "goal", "found",
	       "");
}

/* What is promised is promised to everybody. */
static inline void
bench_drop_privileges(void)
{
	FILE *autogroup;

	if (geteuid() != 0)
		return;
	/* Others' work on the machine is not what is measured. */
	setpriority(PRIO_PROCESS, 0, -15);
	setsid();
	autogroup = fopen("/proc/self/autogroup", "w");
	if (autogroup) {
		fprintf(autogroup, "-15");
		fclose(autogroup);
	}
	if (setgroups(0, NULL) ||
	    setresgid(BENCH_NOBODY, BENCH_NOBODY, BENCH_NOBODY) ||
	    setresuid(BENCH_NOBODY, BENCH_NOBODY, BENCH_NOBODY))
		perror("bench: still root");
	/* Lest what it forks is hidden from it. */
	prctl(PR_SET_DUMPABLE, 1);
	setenv("HOME", "/tmp", 1);
}

static inline int
bench_compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static inline double
bench_quantile(double *values, int count, double quantile)
{
	if (!count)
		return 0;
	qsort(values, (size_t)count, sizeof(*values), bench_compare);
	return values[(int)(quantile * (count - 1) + 0.5)];
}

struct bench_event {
	struct event event;
	char text[64];
};

struct bench_watch {
	struct observe *observe;
	struct bench_event *events; /* room for BENCH_EVENTS */
	int count;
	char *text; /* what the program printed, BENCH_TEXT */
	size_t size;
	uint64_t cpu, began, ended; /* of the observer, ns */
	int rate;
};

static inline void
bench_put(void *data, const struct event *event, const char *text)
{
	struct bench_watch *watch = data;
	struct bench_event *kept = &watch->events[watch->count];

	if (watch->count == BENCH_EVENTS)
		return;
	watch->count++;
	kept->event = *event;
	snprintf(kept->text, sizeof(kept->text), "%.*s", (int)event->text,
	         text);
}

static inline pid_t
bench_start(char *const *argv, int *out)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		exit(1);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

static inline void
bench_open(struct bench_watch *watch, bool with_perf)
{
	memset(watch, 0, sizeof(*watch));
	watch->events = calloc(BENCH_EVENTS, sizeof(*watch->events));
	watch->text = calloc(1, BENCH_TEXT);
	if (!watch->events || !watch->text ||
	    observe_new(&watch->observe, bench_put, watch))
		exit(1);
	if (!with_perf)
		observe_forbid_perf(watch->observe);
	watch->rate = 50;
	watch->began = bench_clock(CLOCK_MONOTONIC);
}

static inline void
bench_close(struct bench_watch *watch)
{
	observe_free(watch->observe);
	free(watch->events);
	free(watch->text);
}

/* One look, and the sleep to the next. */
static inline void
bench_round(struct bench_watch *watch)
{
	uint64_t before = bench_clock(CLOCK_THREAD_CPUTIME_ID), period;
	int rate = observe_rate(watch->observe);
	struct timespec until;

	observe_sample(watch->observe, bench_clock(CLOCK_MONOTONIC));
	observe_deaths(watch->observe, bench_clock(CLOCK_MONOTONIC));
	watch->cpu += bench_clock(CLOCK_THREAD_CPUTIME_ID) - before;
	if (rate < watch->rate)
		rate = watch->rate;
	period = 1000000000u / (uint64_t)rate;
	before = bench_clock(CLOCK_MONOTONIC) / period * period + period;
	until.tv_sec = (time_t)(before / 1000000000u);
	until.tv_nsec = (long)(before % 1000000000u);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	watch->ended = bench_clock(CLOCK_MONOTONIC);
}

/* Reads what there is of the program's words; false: it has ended. */
static inline bool
bench_hear(struct bench_watch *watch, int out)
{
	ssize_t got;

	fcntl(out, F_SETFL, O_NONBLOCK);
	while ((got = read(out, watch->text + watch->size,
	                   BENCH_TEXT - 1 - watch->size)) > 0)
		watch->size += (size_t)got;
	return got < 0 && errno == EAGAIN;
}

#endif
