/*
 * What watching costs the watched: a program that runs /bin/true again and
 * again, alone and below looptop, by each way to see births. CPU is that of the
 * program and its children, as getrusage(2) counts it, so a loaded machine
 * disturbs little; the least of interleaved passes, for noise only adds.
 *
 *   bench_births [CHILDREN [PASSES]]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PASSES_MOST = 64, WAYS = 5 };

static const char *const ways[WAYS] = {"alone", "looking", "connector", "perf",
                                       "machine"};

struct pass {
	double wall_us, cpu_us;
	long births, missed;
};

static double
now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* looptop's summary names births and those it missed. */
static void
read_summary(const char *path, struct pass *pass)
{
	char line[4096];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, " s: ");

		if (strncmp(line, "watched ", 8) == 0 && at)
			pass->births = strtol(at + 4, NULL, 10);
		at = strstr(line, ": ");
		if (strncmp(line, "births ", 7) == 0 && at)
			pass->missed = strtol(at + 2, NULL, 10);
	}
	if (file)
		fclose(file);
}

/* The program: it forks, and says what that has cost. */
static int
be_forker(int children, const char *path)
{
	static char *const argv[] = {(char *)"true", NULL};
	FILE *file;
	double cpu = 0;

	for (int i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execv("/bin/true", argv);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		struct rusage usage;

		getrusage(who, &usage);
		cpu += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		       1e6;
		cpu +=
		    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	}
	file = fopen(path, "w");
	if (!file)
		return 1;
	fprintf(file, "%f\n", cpu);
	return fclose(file) ? 1 : 0;
}

static double
read_cost(const char *path)
{
	FILE *file = fopen(path, "r");
	double cost = 0;

	if (file && fscanf(file, "%lf", &cost) != 1)
		cost = 0;
	if (file)
		fclose(file);
	return cost;
}

static void
become(const char *way, const char *self, const char *children,
       const char *cost, const char *summary)
{
	if (strcmp(way, "alone") == 0)
		execl(self, self, "@fork", children, cost, NULL);
	else
		execl(getenv("LOOPTOP"), "looptop", "run", "--births", way,
		      "--summary", "--output", summary, "--", self, "@fork",
		      children, cost, NULL);
	_exit(127);
}

static struct pass
run(const char *way, const char *self, int children)
{
	char number[16], cost[64], summary[64];
	struct pass pass = {0};
	double begun;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", children);
	snprintf(cost, sizeof(cost), "/tmp/bench-births-%d.cost",
	         (int)getpid());
	snprintf(summary, sizeof(summary), "/tmp/bench-births-%d.out",
	         (int)getpid());
	begun = now_us();
	pid = fork();
	if (pid == 0)
		become(way, self, number, cost, summary);
	waitpid(pid, NULL, 0);
	pass.wall_us = (now_us() - begun) / children;
	pass.cpu_us = read_cost(cost) / children;
	read_summary(summary, &pass);
	unlink(cost);
	unlink(summary);
	return pass;
}

static int
by_cpu(const void *a, const void *b)
{
	double one = ((const struct pass *)a)->cpu_us;
	double other = ((const struct pass *)b)->cpu_us;

	return one < other ? -1 : one > other;
}

int
main(int argc, char **argv)
{
	static struct pass passes[WAYS][PASSES_MOST];
	int children = argc > 1 ? atoi(argv[1]) : 200;
	int count = argc > 2 ? atoi(argv[2]) : 15;
	double alone = 0;

	if (argc == 4 && strcmp(argv[1], "@fork") == 0)
		return be_forker(atoi(argv[2]), argv[3]);
	if (count > PASSES_MOST)
		count = PASSES_MOST;
	if (!getenv("LOOPTOP") || children < 1 || count < 1)
		return 1;
	for (int i = 0; i < count; i++)
		for (int way = 0; way < WAYS; way++)
			passes[way][i] = run(ways[way], argv[0], children);
	printf("%-10s %10s %10s %12s %8s %8s\n", "births", "cpu us", "wall us",
	       "more a fork", "seen", "missed");
	for (int way = 0; way < WAYS; way++) {
		const struct pass *pass = &passes[way][0];

		qsort(passes[way], (size_t)count, sizeof(*pass), by_cpu);
		if (way == 0)
			alone = pass->cpu_us;
		printf("%-10s %10.1f %10.1f %+12.1f %8ld %8ld\n", ways[way],
		       pass->cpu_us, pass->wall_us, pass->cpu_us - alone,
		       pass->births, pass->missed);
	}
	return 0;
}
