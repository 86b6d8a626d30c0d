/*
 * CPU per thread as the observer tells it, against threads that know what they
 * burn; and what a round costs with thousands of sleeping threads, beside htop.
 *
 * The truth uses the clock of the vdso alone: asking the kernel for the CPU
 * time of a thread would bring its own figures up to date. Steps of that clock
 * that are too long were spent off the CPU.
 */
#include "bench_observe.h"

#include "observe/procfs.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>

enum { DUTIES = 7, STEP_NS = 500000, GAUGES = 1200, LOOPS = 20 };

struct duty {
	unsigned burn_us, period_us;
	uint64_t truth;
	uint32_t tid;
	double errors[GAUGES];
	int count;
	uint64_t before, later; /* the truth around the last look */
};

static struct duty *duties; /* shared with the burning process */

static void
sleep_until(uint64_t ns)
{
	struct timespec until = {.tv_sec = (time_t)(ns / 1000000000u),
	                         .tv_nsec = (long)(ns % 1000000000u)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *
burn(void *data)
{
	struct duty *duty = data;
	uint64_t period = bench_clock(CLOCK_MONOTONIC);

	duty->tid = (uint32_t)gettid();
	for (;;) {
		uint64_t last = bench_clock(CLOCK_MONOTONIC), burnt = 0;

		while (burnt < duty->burn_us * 1000ull) {
			uint64_t now = bench_clock(CLOCK_MONOTONIC);
			uint64_t step = now - last;

			if (step < STEP_NS)
				burnt += step;
			if (step < STEP_NS)
				__atomic_fetch_add(&duty->truth, step,
				                   __ATOMIC_RELAXED);
			last = now;
		}
		period += duty->period_us * 1000ull;
		if (period < last)
			period = last;
		sleep_until(period);
	}
	return NULL;
}

/* One at a time: two that want the same CPU would measure the scheduler. */
static pid_t
start_burning(struct duty *duty)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&thread, NULL, burn, duty);
	for (;;)
		pause();
}

static void
take_gauges(struct bench_watch *watch, struct duty *duty, uint64_t truth,
            uint64_t later)
{
	double least = (double)(truth - duty->later);
	double most = (double)(later - duty->before);

	for (int i = 0; i < watch->count; i++) {
		const struct event *event = &watch->events[i].event;
		double window = (double)event->number, error;

		if (event->kind != EVENT_THREAD_GAUGE ||
		    event->tid != duty->tid || duty->count == GAUGES)
			continue;
		/* It burnt on while we looked. */
		error = (double)event->value > most
		            ? (double)event->value - most
		            : least - (double)event->value;
		duty->errors[duty->count++] =
		    error > 0 ? 100 * error / window : 0;
	}
	watch->count = 0;
}

static void
measure_duty(struct duty *duty, bool with_perf, double *sum, int *count)
{
	enum { SKIP = 5, ROUNDS = 40 };
	struct bench_watch watch;
	pid_t pid = start_burning(duty);
	double mean = 0, worst = 0;

	bench_open(&watch, with_perf);
	sleep_until(bench_clock(CLOCK_MONOTONIC) + 50000000);
	observe_watch(watch.observe, pid, BIRTH_RUN);
	duty->count = 0;
	for (int i = 0; i < SKIP + ROUNDS; i++) {
		uint64_t jitter = (uint64_t)(rand() % 20) * 1000000, truth,
			 later;

		sleep_until(bench_clock(CLOCK_MONOTONIC) + 101000000 + jitter);
		truth = __atomic_load_n(&duty->truth, __ATOMIC_RELAXED);
		observe_sample(watch.observe, bench_clock(CLOCK_MONOTONIC));
		later = __atomic_load_n(&duty->truth, __ATOMIC_RELAXED);
		take_gauges(&watch, duty, truth, later);
		duty->before = truth;
		duty->later = later;
		if (i < SKIP)
			duty->count = 0;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	bench_close(&watch);
	for (int i = 0; i < duty->count; i++) {
		mean += duty->errors[i];
		if (duty->errors[i] > worst)
			worst = duty->errors[i];
	}
	*sum += mean;
	*count += duty->count;
	printf("  %5.1f of %5.1f ms: mean %.2f, worst %.2f points\n",
	       duty->burn_us / 1e3, duty->period_us / 1e3,
	       duty->count ? mean / duty->count : 0, worst);
}

static void
bench_accuracy(bool with_perf)
{
	static const unsigned table[DUTIES][2] = {
	    {1000, 100000},  {5000, 100000}, {30000, 100000}, {50000, 100000},
	    {95000, 100000}, {3000, 10000},  {9000, 10000}};
	double sum = 0, mean;
	char found[64];
	int count = 0;

	bench_head(with_perf ? "CPU of a thread at 10 Hz, exact clocks"
	                     : "CPU of a thread at 10 Hz, schedstat");
	for (int i = 0; i < DUTIES; i++) {
		duties[i] = (struct duty){.burn_us = table[i][0],
		                          .period_us = table[i][1]};
		measure_duty(&duties[i], with_perf, &sum, &count);
	}
	mean = count ? sum / count : 100;
	snprintf(found, sizeof(found), "%.2f points", mean);
	bench_row("mean error, duty cycles of 1 to 95 %",
	          with_perf ? "<= 0.1" : "<= 1.5", found,
	          mean <= (with_perf ? 0.1 : 1.5));
}

/* ---- what a round costs ---- */

static void *
sleep_on(void *data)
{
	for (;;)
		pause();
	return data;
}

static void
start_threads(int count, void *(*play)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < count; i++)
		pthread_create(&thread, &attr, play, NULL);
	for (;;)
		pause();
}

static pid_t
start_sleepers(int processes, int threads)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	for (int i = 1; i < processes; i++) {
		if (fork() != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		start_threads(threads - 1, sleep_on);
	}
	start_threads(threads - 1, sleep_on);
	return 0;
}

static double
median_round(struct bench_watch *watch, unsigned period_ms, int rounds)
{
	double costs[256];

	for (int i = 0; i < rounds; i++) {
		uint64_t before = bench_clock(CLOCK_THREAD_CPUTIME_ID);

		observe_sample(watch->observe, bench_clock(CLOCK_MONOTONIC));
		costs[i] =
		    (double)(bench_clock(CLOCK_THREAD_CPUTIME_ID) - before) /
		    BENCH_MS;
		watch->count = 0;
		sleep_until(bench_clock(CLOCK_MONOTONIC) +
		            period_ms * 1000000ull);
	}
	return bench_quantile(costs, rounds, 0.5);
}

/* htop on a terminal of its own, a second between refreshes; ms of CPU a
 * refresh, -1: it is not installed. */
static double
cost_of_htop(void)
{
	enum { SECONDS = 6 };
	char script[] = "script", quiet[] = "-qec", none[] = "/dev/null";
	char htop[] = "stty rows 50 cols 200; exec htop -d 10";
	char *const argv[] = {script, quiet, htop, none, NULL};
	uint64_t before = 0, after = 0;
	pid_t pid, child = 0;
	char path[64];
	FILE *file;
	int out;

	if (access("/usr/bin/htop", X_OK))
		return -1;
	setenv("TERM", "xterm-256color", 1);
	pid = bench_start(argv, &out);
	fcntl(out, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < SECONDS * 20 + 40; i++) {
		char rest[65536];

		while (read(out, rest, sizeof(rest)) > 0)
			;
		sleep_until(bench_clock(CLOCK_MONOTONIC) + 50000000);
		if (i != 39)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid,
		         pid);
		file = fopen(path, "r");
		if (!file || fscanf(file, "%d", &child) != 1)
			child = 0;
		if (file)
			fclose(file);
		(void)procfs_clock(child, &before);
	}
	(void)procfs_clock(child, &after);
	kill(pid, SIGKILL);
	if (child > 0)
		kill(child, SIGKILL);
	waitpid(pid, NULL, 0);
	close(out);
	return child > 0 ? (double)(after - before) / BENCH_MS / SECONDS : -1;
}

static void
bench_cost(int processes, int threads, double goal)
{
	struct bench_watch watch;
	pid_t pid = start_sleepers(processes, threads);
	char what[64], wanted[32], found[64];
	double cost, htop;

	bench_open(&watch, true);
	sleep_until(bench_clock(CLOCK_MONOTONIC) + 1000000000);
	observe_watch(watch.observe, pid, BIRTH_RUN);
	/* Until all were found, and what is idle is no longer kept open. */
	median_round(&watch, 100, 100);
	cost = median_round(&watch, 100, 50);
	htop = cost_of_htop();
	snprintf(what, sizeof(what), "a round at 10 Hz, %d threads asleep",
	         processes * threads);
	snprintf(wanted, sizeof(wanted), "<= %.2f ms", goal);
	snprintf(found, sizeof(found), "%.3f ms (htop %.1f)", cost, htop);
	bench_row(what, wanted, found, cost <= goal);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	bench_close(&watch);
}

/* ---- what one more loop costs ---- */

static void *
turn(void *data)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	for (;;)
		epoll_wait(epfd, &event, 1, 10);
	return data;
}

static double
cost_of_loops(int loops, bool with_perf)
{
	struct bench_watch watch;
	pid_t pid = fork();
	double cost;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		start_threads(loops, turn);
	}
	bench_open(&watch, with_perf);
	sleep_until(bench_clock(CLOCK_MONOTONIC) + 100000000);
	observe_watch(watch.observe, pid, BIRTH_RUN);
	while (bench_clock(CLOCK_MONOTONIC) - watch.began < 3500000000u)
		bench_round(&watch);
	watch.cpu = 0;
	watch.began = bench_clock(CLOCK_MONOTONIC);
	while (bench_clock(CLOCK_MONOTONIC) - watch.began < 4000000000u) {
		watch.count = 0;
		bench_round(&watch);
	}
	cost = 100.0 * (double)watch.cpu / (double)(watch.ended - watch.began);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	bench_close(&watch);
	return cost;
}

static void
bench_loops(bool with_perf)
{
	double one = cost_of_loops(1, with_perf);
	double many = cost_of_loops(LOOPS, with_perf);
	double each = (many - one) / (LOOPS - 1);
	char found[64];

	snprintf(found, sizeof(found), "%.3f %% (first %.3f)", each, one);
	bench_row(with_perf ? "CPU of one more loop, switch records"
	                    : "CPU of one more loop, samples",
	          "<= 0.1 %", found, each <= 0.1);
}

int
main(void)
{
	duties = mmap(NULL, sizeof(*duties) * DUTIES, PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (duties == MAP_FAILED)
		return 1;
	bench_drop_privileges();
	bench_accuracy(true);
	bench_accuracy(false);
	if (getenv("BENCH_ONLY"))
		return 0;
	bench_head("cost");
	bench_loops(true);
	bench_loops(false);
	bench_cost(10, 10, 0.05);
	bench_cost(100, 10, 0.3);
	bench_cost(500, 10, 1.5);
	return 0;
}
