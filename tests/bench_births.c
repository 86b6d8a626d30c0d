/*
 * What watching costs the watched: a program that runs /bin/true again and
 * again, alone and below looptop, by each way to see births. A fork's cost is
 * the time from fork(2) to waitpid(2)'s return; of a pass the fastest tenth
 * counts, of interleaved passes the median: so a loaded machine disturbs
 * little.
 *
 *   bench_births [CHILDREN [PASSES]]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PASSES_MOST = 64, WAYS = 5 };

static const char *const ways[WAYS] = {"alone", "looking", "connector", "perf",
                                       "machine"};

struct pass {
	double wall_us, fork_us;
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

static int
by_number(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return one < other ? -1 : one > other;
}

/* The program: it forks, and says what a fork costs when nobody disturbs it. */
static int
be_forker(int children, const char *path)
{
	static char *const argv[] = {(char *)"true", NULL};
	double *costs = calloc((size_t)children, sizeof(*costs));
	FILE *file;

	for (int i = 0; costs && i < children; i++) {
		double begun = now_us();
		pid_t pid = fork();

		if (pid == 0) {
			execv("/bin/true", argv);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
		costs[i] = now_us() - begun;
	}
	file = costs ? fopen(path, "w") : NULL;
	if (!file)
		return 1;
	qsort(costs, (size_t)children, sizeof(*costs), by_number);
	fprintf(file, "%f\n", costs[children / 10]);
	free(costs);
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
	pass.fork_us = read_cost(cost);
	read_summary(summary, &pass);
	unlink(cost);
	unlink(summary);
	return pass;
}

static int
by_cost(const void *a, const void *b)
{
	double one = ((const struct pass *)a)->fork_us;
	double other = ((const struct pass *)b)->fork_us;

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
	printf("%-10s %10s %10s %12s %8s %8s\n", "births", "fork us", "all us",
	       "more a fork", "seen", "missed");
	for (int way = 0; way < WAYS; way++) {
		const struct pass *pass = &passes[way][count / 2];

		qsort(passes[way], (size_t)count, sizeof(*pass), by_cost);
		if (way == 0)
			alone = pass->fork_us;
		printf("%-10s %10.1f %10.1f %+12.1f %8ld %8ld\n", ways[way],
		       pass->fork_us, pass->wall_us, pass->fork_us - alone,
		       pass->births, pass->missed);
	}
	return 0;
}
