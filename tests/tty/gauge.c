#include "gauge.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 50, COLS = 200, PATIENCE_MS = 20000 };

double
gauge_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double
gauge_cpu(pid_t pid)
{
	clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2);
	struct timespec time = {0};

	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* The sum of the numbers behind a word in a file of /proc. */
static long
number_in(pid_t pid, const char *name, const char *word)
{
	char path[64], line[256];
	long sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, word);

		if (at)
			sum += strtol(at + strlen(word), NULL, 10);
	}
	if (file)
		fclose(file);
	return sum;
}

/* ---- what was written ---- */

static void
count_frames(const struct tty *tty, struct gauge *gauge)
{
	const char *at = tty->raw.bytes + tty->mark;
	const char *end = tty->raw.bytes + tty->raw.size;

	gauge->bytes = tty->raw.size - tty->mark;
	while (at < end &&
	       (at = memmem(at, (size_t)(end - at), "\033[?2026h", 8))) {
		const char *last =
		    memmem(at, (size_t)(end - at), "\033[?2026l", 8);
		size_t size = last ? (size_t)(last + 8 - at) : 0;

		gauge->frames++;
		if (size > gauge->longest)
			gauge->longest = size;
		at += 8;
	}
}

static struct gauge
begin(struct tty *tty)
{
	tty_mark(tty);
	return (struct gauge){
	    .seconds = gauge_now(),
	    .cpu_ms = gauge_cpu(tty->pid),
	    .switches = number_in(tty->pid, "status", "ctxt_switches:"),
	};
}

static void
end(const struct tty *tty, struct gauge *gauge)
{
	gauge->seconds = (gauge_now() - gauge->seconds) / 1e3;
	gauge->cpu_ms = gauge_cpu(tty->pid) - gauge->cpu_ms;
	gauge->switches =
	    number_in(tty->pid, "status", "ctxt_switches:") - gauge->switches;
}

struct gauge
gauge_take(struct tty *tty, double seconds)
{
	struct gauge gauge;
	double until = gauge_now() + seconds * 1e3;

	tty_settle(tty, 0, 1000);
	gauge = begin(tty);
	while (gauge_now() < until)
		tty_pump(tty, 50);
	end(tty, &gauge);
	/* A frame that has begun is counted whole. */
	tty_settle(tty, 0, 1000);
	count_frames(tty, &gauge);
	return gauge;
}

struct gauge
gauge_take_unread(struct tty *tty, double seconds, const char *text,
                  int typed_ms)
{
	struct gauge gauge = begin(tty);
	double until = gauge_now() + seconds * 1e3;

	while (gauge_now() < until) {
		usleep((useconds_t)typed_ms * 1000);
		if (text)
			(void)!write(tty->master, text, strlen(text));
	}
	end(tty, &gauge);
	return gauge;
}

/* ---- writes ---- */

/* strace -y names the terminal behind each descriptor. */
static pid_t
start_strace(pid_t pid, const char *path)
{
	pid_t tracer = fork();
	char number[16];
	int quiet;

	if (tracer)
		return tracer;
	snprintf(number, sizeof(number), "%d", (int)pid);
	quiet = open("/dev/null", O_WRONLY);
	dup2(quiet, STDERR_FILENO);
	execlp("strace", "strace", "-y", "-qq", "-e", "trace=write", "-o", path,
	       "-p", number, (char *)NULL);
	_exit(127);
}

double
gauge_writes(struct tty *tty)
{
	char path[] = "/tmp/looptop-writes-XXXXXX", *line = NULL;
	int fd = mkstemp(path);
	pid_t tracer = start_strace(tty->pid, path);
	struct gauge gauge = gauge_take(tty, 2);
	FILE *file = fdopen(fd, "r");
	size_t room = 0, writes = 0;

	kill(tracer, SIGINT);
	waitpid(tracer, NULL, 0);
	while (file && getline(&line, &room, file) > 0)
		writes += strstr(line, "</dev/pts/") != NULL;
	free(line);
	if (file)
		fclose(file);
	unlink(path);
	return gauge.frames ? (double)writes / (double)gauge.frames : 0;
}

/* ---- rows ---- */

int
gauge_row(const char *what, double value, const char *unit, double most)
{
	bool held = value <= most;

	printf("  %-50s %10.2f %-16s <= %-8.4g %s\n", what, value, unit, most,
	       held ? "held" : "NOT HELD");
	fflush(stdout);
	return !held;
}

void
gauge_shown(const char *what, double value, const char *unit)
{
	printf("  %-50s %10.2f %s\n", what, value, unit);
	fflush(stdout);
}

/* ---- looptop ---- */

void
gauge_start(struct tty *tty, const char **argv)
{
	const char *path = getenv("LOOPTOP");
	const char *env[] = {"XDG_CONFIG_HOME=/nonexistent", NULL};
	struct tty_options options = {
	    .argv = argv, .env = env, .rows = ROWS, .cols = COLS};

	argv[0] = path ? path : "build/looptop";
	if (tty_start(tty, &options) == 0)
		return;
	fprintf(stderr, "bench_screen: %s: cannot be started\n", argv[0]);
	exit(1);
}

void
gauge_expect(struct tty *tty, const char *text)
{
	if (tty_wait_text(tty, text, PATIENCE_MS) == 0)
		return;
	fprintf(stderr, "bench_screen: never shown: %s\n", text);
	exit(1);
}

void
gauge_quit(struct tty *tty)
{
	tty_keys(tty, "q");
	tty_wait_exit(tty, PATIENCE_MS, NULL);
	tty_close(tty);
}
