/*
 * What the screen costs on 200x50 (SCREEN.md section 5): CPU, bytes and writes
 * with 50 threads and 2000 messages a second on the stage, beside htop and btop
 * on the same terminal in the same run. What it costs somebody to wait for is
 * bench_screen_reply.c's.
 *
 * CPU time, not wall time, so that a machine that does other things meanwhile
 * is no excuse; it still makes caches cold.
 */
#include "tty/gauge.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 50, COLS = 200, SECONDS = 8 };

static int missed;

static double
share(const struct gauge *gauge)
{
	return gauge->cpu_ms / gauge->seconds / 10;
}

static void
row(const char *what, double value, const char *unit, double most)
{
	missed += gauge_row(what, value, unit, most);
}

/* ---- looptop ---- */

static struct gauge
show(struct tty *tty, const char *what)
{
	struct gauge gauge = gauge_take(tty, SECONDS);
	double frames = (double)gauge.frames;

	printf("  %-50s %10.2f %% of a core  %5.1f KB/s", what, share(&gauge),
	       (double)gauge.bytes / gauge.seconds / 1024);
	if (gauge.frames)
		printf("  %4.1f frames/s  %5.0f bytes  %3.0f wake-ups/s",
		       frames / gauge.seconds, (double)gauge.bytes / frames,
		       (double)gauge.switches / gauge.seconds);
	printf("\n");
	fflush(stdout);
	return gauge;
}

/* 50 threads, 1000 requests and 1000 answers a second. */
static void
start_heavy(struct tty *tty, const char *fps)
{
	const char *argv[] = {NULL, "--fps", fps, NULL};

	gauge_start(tty, argv);
	gauge_expect(tty, "200 pong");
	tty_keys(tty, "tm50\r");
	gauge_expect(tty, "thread 9");
	tty_keys(tty, "vr1000\r");
	(void)gauge_take(tty, 3);
}

/* What a frame adds: the same at 30 and at 10 frames a second. */
static double
frame_ms(const struct gauge *fast)
{
	struct gauge slow;
	struct tty tty;

	start_heavy(&tty, "10");
	slow = gauge_take(&tty, SECONDS);
	gauge_quit(&tty);
	return (fast->cpu_ms / fast->seconds - slow.cpu_ms / slow.seconds) /
	       ((double)fast->frames / fast->seconds -
	        (double)slow.frames / slow.seconds);
}

static double
bench_looptop(void)
{
	const char *argv[] = {NULL, NULL};
	struct gauge calm, busy, heavy, whole, blocked;
	double writes;
	struct tty tty;

	gauge_start(&tty, argv);
	gauge_expect(&tty, "200 pong");
	calm = show(&tty, "looptop, the lab as it opens");
	tty_keys(&tty, "tm50\r");
	gauge_expect(&tty, "thread 9");
	busy = show(&tty, "looptop, 50 worker threads");
	tty_keys(&tty, "vr25\rl4m5000\r");
	gauge_expect(&tty, "EVENT LOOP BLOCKED");
	blocked = gauge_take(&tty, 4);
	gauge_quit(&tty);
	start_heavy(&tty, "30");
	heavy = show(&tty, "looptop, 50 threads, 2000 messages a second");
	tty_keys(&tty, "\f");
	whole = gauge_take(&tty, 1);
	writes = gauge_writes(&tty);
	gauge_quit(&tty);
	row("the lab as it opens", share(&calm), "% of a core", 1);
	row("50 threads", share(&busy), "% of a core", 1);
	row("50 threads, 2000 messages/s", share(&heavy), "% of a core", 1);
	row("CPU a frame adds, the same", frame_ms(&heavy), "ms", 0.15);
	row(writes > 0 ? "write(2) to the terminal a frame"
	               : "write(2) a frame: strace is not there, or may not",
	    writes, "", 1.01);
	row("bytes a frame, on average",
	    (double)heavy.bytes / (double)heavy.frames, "bytes", 1024);
	row("a full redraw", (double)whole.longest / 1024, "KB", 20);
	row("between frames while the stage is blocked for 5 s",
	    blocked.seconds * 1e3 / (double)blocked.frames, "ms", 34.5);
	return share(&heavy);
}

/* ---- the others ---- */

/* Files of their own in a folder that goes away. */
static bool
start_other(struct tty *tty, const char *const *argv, char *home)
{
	char variable[64], home_variable[64];
	const char *env[] = {variable, home_variable, NULL};
	struct tty_options options = {
	    .argv = argv, .env = env, .rows = ROWS, .cols = COLS};

	if (!mkdtemp(home))
		return false;
	snprintf(variable, sizeof(variable), "XDG_CONFIG_HOME=%s", home);
	snprintf(home_variable, sizeof(home_variable), "HOME=%s", home);
	return tty_start(tty, &options) == 0;
}

static void
remove_home(const char *home)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", home);
	(void)!system(command);
}

static void
bench_other(const char *const *argv, const char *what, double ours)
{
	char home[] = "/tmp/looptop-bench-XXXXXX";
	struct gauge gauge;
	struct tty tty;

	if (start_other(&tty, argv, home)) {
		(void)gauge_take(&tty, 3);
		gauge = show(&tty, what);
		printf("  %-50s %10.2f\n", "  looptop's heavy CPU over its",
		       ours / share(&gauge));
		tty_close(&tty);
	} else {
		printf("  %-50s not installed\n", what);
	}
	remove_home(home);
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

/* CPU of a refresh each second, ms; 0: it is not there. */
static double
refresh_of(const char *const *argv, const char *what)
{
	char home[] = "/tmp/looptop-bench-XXXXXX";
	struct gauge gauge = {0};
	struct tty tty;

	if (start_other(&tty, argv, home)) {
		(void)gauge_take(&tty, 4);
		gauge = gauge_take(&tty, SECONDS);
		gauge_shown(what, gauge.cpu_ms / gauge.seconds,
		            "ms CPU a refresh");
		gauge_quit(&tty);
	}
	remove_home(home);
	return gauge.seconds > 0 ? gauge.cpu_ms / gauge.seconds : 0;
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
		row("  of htop's", cost / other, "", 1 / goal);
}

int
main(void)
{
	static const char *const htop[] = {"htop", "-d", "15", NULL};
	static const char *const htop_fast[] = {"htop", "-d", "1", NULL};
	static const char *const btop[] = {"btop", "--utf-force", NULL};
	double load = 0, ours;

	(void)getloadavg(&load, 1);
	printf("screen: %dx%d; load average %.1f\n", COLS, ROWS, load);
	ours = bench_looptop();
	bench_other(htop, "htop at its default of 1.5 s", ours);
	bench_other(htop_fast, "htop at 10 Hz", ours);
	bench_other(btop, "btop at its default of 2 s", ours);
	bench_threads(1000, 5);
	bench_threads(5000, 10);
	printf("  %d not held\n", missed);
	return 0;
}
