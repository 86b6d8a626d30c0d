/*
 * The longest messages between two processes: time, CPU and memory must grow
 * with the size, not faster.
 */
#include "bench_ipc.h"

#include <sys/resource.h>

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
		seconds = 1 / one_way(text_message(size), 1, WIRE_JSON, false);
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
	signal(SIGPIPE, SIG_IGN);
	printf("channel: one long message\n");
	for (int megabytes = 1; megabytes <= 100; megabytes *= 10)
		print_longest(megabytes);
	return 0;
}
