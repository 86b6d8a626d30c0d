/*
 * The rows are measured by others, each in a process of its own: the stage's
 * program in the role @compare, and Node with a script. Here they are only
 * printed. A process that hangs is ended after half a minute.
 */
#include "compare.h"

#include "stage_path.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 8192, DEADLINE_S = 30, ROWS = 4, EXIT_NOTHING = 125 };

/* ---- running ---- */

/* In the child; whoever started it ends, and so does it. */
static void
become(const char *const *argv, int out)
{
	int nowhere = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nowhere, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* What it writes until its end, a NUL behind it; < 0: it hung. */
static int
read_all(int fd, char text[ROOM])
{
	time_t end = time(NULL) + DEADLINE_S;
	size_t used = 0;

	while (time(NULL) < end) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (poll(&ready, 1, 1000) <= 0)
			continue;
		got = read(fd, text + used, ROOM - 1 - used);
		if (got <= 0) {
			text[used] = '\0';
			return 0;
		}
		used += (size_t)got;
	}
	return -ETIMEDOUT;
}

/* The lines of a program; < 0: it could not be run, or failed. */
static int
run(const char *const *argv, char text[ROOM])
{
	int fds[2], status = 0, error;
	pid_t pid;

	text[0] = '\0';
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		become(argv, fds[1]);
	close(fds[1]);
	error = pid < 0 ? -errno : read_all(fds[0], text);
	close(fds[0]);
	if (pid < 0)
		return error;
	if (error)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return error ? error : status ? -ENOENT : 0;
}

/* ---- printing ---- */

/* What each is, in words; in the order they are measured in. */
static const struct {
	const char *what, *crash, *words;
} ways[ROWS] = {
    {"pool thread", "the process",
     "runs one function of C at a time: fs, crypto, dns, zlib"},
    {"worker thread", "the process",
     "a loop and a heap of its own; can share memory; computes"},
    {"child process", "it alone",
     "a program of its own: own memory, own rights, own crash"},
    {"cluster worker", "it alone",
     "a child process that serves a port together with others"},
};

static double
number(json_t *row, const char *name)
{
	return json_number_value(json_object_get(row, name));
}

static const char *
memory(double kb, char into[24])
{
	if (kb < 1)
		return "none";
	if (kb < 1000)
		snprintf(into, 24, "%.0f KB", kb);
	else
		snprintf(into, 24, "%.1f MB", kb / 1024);
	return into;
}

static void
print_row(json_t *row)
{
	const char *what = json_string_value(json_object_get(row, "what"));
	double start = number(row, "start_ms");
	char kb[24];

	for (int i = 0; what && i < ROWS; i++)
		if (strcmp(ways[i].what, what) == 0)
			printf("  %-15s%7.*f ms%10s%7.0f us%8.1fx%8.1fx   "
			       "%s\n",
			       what, start < 10 ? 2 : 0, start,
			       memory(number(row, "memory_kb"), kb),
			       number(row, "round_trip_us"),
			       number(row, "work_1"), number(row, "work_n"),
			       ways[i].crash);
}

static void
print_head(json_t *row)
{
	const char *version =
	    json_string_value(json_object_get(row, "version"));
	char title[24];

	snprintf(title, sizeof(title), "%s%s", version ? "Node " : "looptop",
	         version ? version : "");
	printf("%-17s%10s%10s%10s%9s%6.0f do   %s\n", title, "starts in",
	       "memory", "message", "1 does", number(row, "n"), "a crash ends");
}

/* The rows of a runtime, as a table or as they are. */
static void
print_rows(char *text, bool json)
{
	bool first = true;
	char *rest;

	if (json) {
		fputs(text, stdout);
		return;
	}
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		json_t *row = json_loads(line, 0, NULL);

		if (row && first)
			print_head(row);
		if (row)
			print_row(row);
		first = false;
		json_decref(row);
	}
	printf("\n");
}

/* Who else wants the processors makes what was computed a matter of luck. */
static void
print_words(void)
{
	double load = 0;

	printf("starts in  until one has answered; memory  of one that is "
	       "idle;\nmessage  there and back; does  the same computing, "
	       "measured by what the\nloop does alone.\n\n");
	for (int i = 0; i < ROWS; i++)
		printf("  %-15s %s\n", ways[i].what, ways[i].words);
	if (getloadavg(&load, 1) == 1 && load > sysconf(_SC_NPROCESSORS_ONLN))
		printf("\nThe machine was busy (load %.1f): measure again when "
		       "it is not.\n",
		       load);
}

int
compare_main_table(const struct options *options)
{
	static char text[ROOM];
	char path[PATH_MAX];
	const char *const own[] = {path, "@compare", NULL};
	const char *const node[] = {"node", "-e", compare_node, NULL};
	bool json = options->mode == OUTPUT_JSON;

	if (stage_path_find(path, sizeof(path))) {
		fprintf(stderr, "looptop: stage: %s. Run %s.\n", STAGE_MISSING,
		        STAGE_CURE);
		return EXIT_NOTHING;
	}
	if (run(own, text)) {
		fprintf(stderr, "looptop: compare: nothing could be measured: "
		                "the stage failed.\n");
		return EXIT_NOTHING;
	}
	print_rows(text, json);
	fflush(stdout);
	if (run(node, text) == 0)
		print_rows(text, json);
	else if (!json)
		printf("Node is not in PATH: only looptop was measured.\n\n");
	if (!json)
		print_words();
	return fflush(stdout) ? EXIT_NOTHING : 0;
}
