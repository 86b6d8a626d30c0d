/*
 * Long messages between two processes: ours, a real Node's, a socketpair; in
 * interleaved rounds of one run; medians. And the longest: time and memory must
 * grow with the size, not faster.
 */
#include "bench_ipc.h"

enum { SIZES = 2, WAYS = 5 };

static const struct {
	const char *name;
	int size, count, node_count;
} sizes[SIZES] = {
    {"1 KiB", 1 << 10, 300000, 50000},
    {"1 MiB", 1 << 20, 1000, 100},
};

static const char *const ways[WAYS] = {
    "Node, json",        "Node, advanced", "looptop, json",
    "looptop, advanced", "socketpair",
};

static double samples[SIZES][WAYS][ROUNDS];

static void
play_round(const struct bench *bench, int i, int round)
{
	const struct way json = {.corked = true};
	const struct way advanced = {.corked = true, .mode = WIRE_ADVANCED};
	size_t size = (size_t)sizes[i].size;
	char words[2][64];

	snprintf(words[0], sizeof(words[0]), "way %d %d json",
	         sizes[i].node_count, sizes[i].size);
	snprintf(words[1], sizeof(words[1]), "way %d %d advanced",
	         sizes[i].node_count, sizes[i].size);
	samples[i][0][round] = ask_node(bench, words[0]);
	samples[i][1][round] = ask_node(bench, words[1]);
	samples[i][2][round] =
	    one_way(text_message(size - 3), sizes[i].count, json);
	samples[i][3][round] =
	    one_way(text_message(size - 3), sizes[i].count, advanced);
	samples[i][4][round] = raw_one_way(sizes[i].count, size);
}

static void
print_size(int i)
{
	double medians[WAYS];

	for (int way = 0; way < WAYS; way++)
		medians[way] = median(samples[i][way]);
	for (int way = 0; way < WAYS; way++)
		printf("  %s: %-20s %10.0f /s %7.2fx Node json %5.2f of raw\n",
		       sizes[i].name, ways[way], medians[way],
		       medians[0] == 0 ? 0 : medians[way] / medians[0],
		       medians[way] / medians[4]);
}

/* One message in a process of its own, whose peak of memory and CPU, with its
 * child's, are what counts. */
static void
print_longest(int megabytes)
{
	size_t size = (size_t)megabytes * 1000 * 1000;
	struct rusage usage;
	double seconds, cpu;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		seconds = 1 / one_way(text_message(size), 1, (struct way){0});
		if (write(ends[1], &seconds, sizeof(seconds)) < 0)
			abort();
		_exit(0);
	}
	if (read(ends[0], &seconds, sizeof(seconds)) < 0)
		abort();
	wait4(pid, NULL, 0, &usage);
	close(ends[0]);
	close(ends[1]);
	cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	printf("  one of %3d MB: %6.0f ms, %5.2f ms of CPU a MB at both ends; "
	       "the larger peak %4ld MB\n",
	       megabytes, seconds * 1000, cpu / megabytes,
	       usage.ru_maxrss / 1024);
}

int
main(void)
{
	struct bench bench;

	bench_begin(&bench);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < SIZES; i++)
			play_round(&bench, i, round);
	bench_end(&bench);
	printf("channel: long messages, medians of %d rounds\n", ROUNDS);
	for (int i = 0; i < SIZES; i++)
		print_size(i);
	for (int megabytes = 1; megabytes <= 100; megabytes *= 10)
		print_longest(megabytes);
	return 0;
}
