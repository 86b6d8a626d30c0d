/*
 * What the screen costs: CPU of the explorer at 30 frames a second with 50
 * threads on the stage, how many frames it draws while the stage is blocked
 * for five seconds, bytes a frame; and htop on the same terminal beside it.
 */
#include "tty/tty.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 50, COLS = 200, SECONDS = 8, PATIENCE_MS = 20000 };

struct usage {
	double cpu_ms, seconds;
	size_t bytes, frames;
};

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
cpu_of(pid_t pid)
{
	clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2);
	struct timespec time = {0};

	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static size_t
count_frames(const struct tty *tty)
{
	const char *at = tty->raw.bytes + tty->mark;
	const char *end = tty->raw.bytes + tty->raw.size;
	size_t count = 0;

	while ((at = memmem(at, (size_t)(end - at), "\033[?2026h", 8))) {
		count++;
		at += 8;
	}
	return count;
}

static struct usage
measure(struct tty *tty, double seconds)
{
	struct usage usage = {.cpu_ms = cpu_of(tty->pid)};
	double begin = now_s();

	tty_mark(tty);
	while (now_s() < begin + seconds)
		tty_pump(tty, 50);
	usage.seconds = now_s() - begin;
	usage.cpu_ms = cpu_of(tty->pid) - usage.cpu_ms;
	usage.bytes = tty->raw.size - tty->mark;
	usage.frames = count_frames(tty);
	return usage;
}

static void
print(const char *what, struct usage usage)
{
	printf("  %-46s %6.2f %% of a core  %6.1f KB/s", what,
	       usage.cpu_ms / usage.seconds / 10,
	       (double)usage.bytes / usage.seconds / 1024);
	if (usage.frames)
		printf("  %4.1f frames/s  %5.0f bytes  %.3f ms CPU a frame",
		       (double)usage.frames / usage.seconds,
		       (double)usage.bytes / (double)usage.frames,
		       usage.cpu_ms / (double)usage.frames);
	printf("\n");
	fflush(stdout);
}

static void
expect(struct tty *tty, const char *text)
{
	if (tty_wait_text(tty, text, PATIENCE_MS)) {
		fprintf(stderr, "bench_screen: never shown: %s\n", text);
		exit(1);
	}
}

static double
bench_looptop(void)
{
	const char *path = getenv("LOOPTOP");
	const char *argv[] = {path ? path : "build/looptop", NULL};
	struct tty_options options = {.argv = argv, .rows = ROWS, .cols = COLS};
	struct usage calm, busy, blocked;
	struct tty tty;

	if (tty_start(&tty, &options))
		exit(1);
	expect(&tty, "200 pong");
	calm = measure(&tty, SECONDS);
	print("looptop, the lab as it opens", calm);
	tty_keys(&tty, "tm50\r");
	expect(&tty, "thread 9");
	busy = measure(&tty, SECONDS);
	print("looptop, 50 worker threads on the stage", busy);
	tty_keys(&tty, "l4m5000\r");
	expect(&tty, "EVENT LOOP BLOCKED");
	blocked = measure(&tty, 4.5);
	print("looptop, the stage blocked for 5 s", blocked);
	tty_keys(&tty, "q");
	tty_wait_exit(&tty, PATIENCE_MS, NULL);
	tty_close(&tty);
	printf("  goal: < 3 %% with 50 threads: %s; 30 frames a second while "
	       "blocked: %s\n",
	       busy.cpu_ms / busy.seconds / 10 < 3 ? "held" : "NOT HELD",
	       (double)blocked.frames / blocked.seconds >= 29 ? "held"
	                                                      : "NOT HELD");
	return busy.cpu_ms / busy.seconds / 10;
}

static void
bench_htop(const char *delay, const char *what, double ours)
{
	const char *argv[] = {"htop", "-d", delay, NULL};
	struct tty_options options = {.argv = argv, .rows = ROWS, .cols = COLS};
	struct usage usage;
	struct tty tty;

	if (tty_start(&tty, &options)) {
		printf("  %-46s not installed\n", what);
		return;
	}
	tty_settle(&tty, 200, 3000);
	usage = measure(&tty, SECONDS);
	print(what, usage);
	printf("  looptop's CPU is %.2f of that\n",
	       ours / (usage.cpu_ms / usage.seconds / 10));
	tty_close(&tty);
}

/* ---- thousands of threads ---- */

static void *
sleep_for_ever(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static pid_t
start_sleepers(int count)
{
	pid_t pid = fork();
	pthread_attr_t attributes;
	pthread_t thread;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (int i = 1; i < count; i++)
		if (pthread_create(&thread, &attributes, sleep_for_ever, NULL))
			_exit(1);
	sleep_for_ever(NULL);
	_exit(0);
}

/* CPU of a refresh each second, ms. */
static double
refresh_of(const char *const *argv, const char *what)
{
	struct tty_options options = {.argv = argv, .rows = ROWS, .cols = COLS};
	struct usage usage;
	struct tty tty;

	if (tty_start(&tty, &options))
		return 0;
	(void)measure(&tty, 4);
	usage = measure(&tty, SECONDS);
	printf("  %-46s %6.2f ms CPU a refresh\n", what,
	       usage.cpu_ms / usage.seconds);
	fflush(stdout);
	tty_keys(&tty, "q");
	tty_wait_exit(&tty, PATIENCE_MS, NULL);
	tty_close(&tty);
	return usage.cpu_ms / usage.seconds;
}

static void
bench_threads(int count, double goal)
{
	const char *path = getenv("LOOPTOP");
	pid_t pid = start_sleepers(count);
	char number[16], what[64];
	const char *ours[] = {path ? path : "build/looptop",
	                      "attach",
	                      "--rate",
	                      "1",
	                      "--fps",
	                      "1",
	                      number,
	                      NULL};
	const char *htop[] = {"htop", "-d", "10", NULL};
	double cost, other;

	snprintf(number, sizeof(number), "%d", (int)pid);
	snprintf(what, sizeof(what), "looptop at 1 s, %d threads asleep",
	         count);
	cost = refresh_of(ours, what);
	other = refresh_of(htop, "htop at 1 s beside it");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (other > 0)
		printf("  1/%.1f of htop's; goal: 1/%.0f: %s\n", other / cost,
		       goal, other / cost >= goal ? "held" : "NOT HELD");
}

int
main(void)
{
	double ours;

	printf("screen: %dx%d\n", COLS, ROWS);
	ours = bench_looptop();
	bench_htop("15", "htop at its default of 1.5 s", ours);
	bench_htop("1", "htop at 10 Hz", ours);
	bench_threads(1000, 5);
	bench_threads(5000, 10);
	return 0;
}
