/*
 * Failures, before line one: a scenario hangs (killed after LIMIT_MS, with its
 * process group: a failure that says so); it crashes (its status is a line of
 * what it printed); node is missing (skipped and counted) or too old.
 */
#include "rules.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 90000, SEEN_BYTES = 16384, OLDEST_NODE = 20 };

static const char prelude[] =
    "'use strict';\n"
    "const fs = require('fs'), cp = require('child_process'),"
    " net = require('net'), cluster = require('cluster'),"
    " dgram = require('dgram'), wt = require('worker_threads'),"
    " path = require('path'), os = require('os');\n"
    "const say = (...w) => fs.writeSync(1, w.join(' ') + '\\n');\n";

struct seen {
	char text[SEEN_BYTES];
	size_t used;
};

struct verdict {
	struct seen runtime, node;
	bool runtime_same, node_same, has_node;
	const char *why_no_node;
};

void
rules_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* ---- running a scenario ---- */

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
see(struct seen *seen, const char *bytes, size_t size)
{
	size_t room = SEEN_BYTES - 1 - seen->used;

	if (size > room)
		size = room;
	memcpy(seen->text + seen->used, bytes, size);
	seen->used += size;
	seen->text[seen->used] = '\0';
}

static void
see_line(struct seen *seen, const char *what, int number)
{
	char line[64];

	snprintf(line, sizeof(line), "(%s %d)\n", what, number);
	see(seen, line, strlen(line));
}

/* Reads until all that hold the pipe have closed it. */
static void
collect(int fd, pid_t group, struct seen *seen)
{
	long end = now_ms() + LIMIT_MS;
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char bytes[4096];
	ssize_t got;

	for (;;) {
		long left = end - now_ms();

		if (left <= 0 || poll(&ready, 1, (int)left) == 0) {
			see_line(seen, "killed: it did not end, ms", LIMIT_MS);
			kill(-group, SIGKILL);
			return;
		}
		got = read(fd, bytes, sizeof(bytes));
		if (got <= 0)
			return;
		see(seen, bytes, (size_t)got);
	}
}

struct scenario {
	void (*play)(void);
	const char *file; /* for node */
};

static void
become(const struct scenario *scenario, int out)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(null);
	close(out);
	if (scenario->file) {
		execlp("node", "node", scenario->file, NULL);
		_exit(127);
	}
	scenario->play();
	fflush(stdout);
	_exit(0);
}

static void
run(const struct scenario *scenario, struct seen *seen)
{
	int ends[2], status = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC))
		abort();
	pid = fork();
	if (pid == 0)
		become(scenario, ends[1]);
	setpgid(pid, pid);
	close(ends[1]);
	collect(ends[0], pid, seen);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* What it left running. */
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status))
		see_line(seen, "ended by signal", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		see_line(seen, "ended with code", WEXITSTATUS(status));
}

static int
node_major(void)
{
	static int major = -1;
	FILE *answer;

	if (major >= 0)
		return major;
	major = 0;
	answer = popen("node --version 2>/dev/null", "r");
	if (answer) {
		if (fscanf(answer, "v%d", &major) != 1)
			major = 0;
		pclose(answer);
	}
	return major;
}

static void
run_node(const struct rule *rule, struct seen *seen)
{
	char directory[] = "/tmp/looptop-rule-XXXXXX", file[64];
	struct scenario scenario = {.file = file};
	FILE *script;

	if (!mkdtemp(directory))
		abort();
	snprintf(file, sizeof(file), "%s/rule.js", directory);
	script = fopen(file, "we");
	if (!script)
		abort();
	fprintf(script, "%s%s\n", prelude, rule->node);
	fclose(script);
	run(&scenario, seen);
	unlink(file);
	rmdir(directory);
}

static void
judge(const struct rule *rule, struct verdict *verdict)
{
	int oldest = rule->node_major ? rule->node_major : OLDEST_NODE;
	struct scenario scenario = {.play = rule->play};

	if (rule->play)
		run(&scenario, &verdict->runtime);
	verdict->runtime_same =
	    !rule->play || strcmp(verdict->runtime.text, rule->expect) == 0;
	verdict->node_same = true;
	if (!rule->node)
		verdict->why_no_node = rule->reason;
	else if (node_major() == 0)
		verdict->why_no_node = "there is no node here";
	else if (node_major() < oldest)
		verdict->why_no_node = "the node here is too old";
	verdict->has_node = !verdict->why_no_node;
	if (!verdict->has_node)
		return;
	run_node(rule, &verdict->node);
	verdict->node_same =
	    strcmp(verdict->node.text,
	           rule->node_expect ? rule->node_expect : rule->expect) == 0;
}

/* ---- as tests ---- */

static void
holds(void **state)
{
	const struct rule *rule = *state;
	struct verdict verdict = {0};

	judge(rule, &verdict);
	if (!verdict.runtime_same)
		print_error("%s: %s\nexpected:\n%sthe runtime:\n%s",
		            rule->number, rule->text, rule->expect,
		            verdict.runtime.text);
	if (!verdict.node_same)
		print_error(
		    "%s: %s\nexpected:\n%snode:\n%s", rule->number, rule->text,
		    rule->node_expect ? rule->node_expect : rule->expect,
		    verdict.node.text);
	assert_true(verdict.runtime_same);
	assert_true(verdict.node_same);
}

static int
test_rules(const struct rule *rules, size_t count)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	size_t no_node = 0;
	int failed;

	if (!tests)
		return 1;
	for (size_t i = 0; i < count; i++) {
		tests[i].name = rules[i].number;
		tests[i].test_func = holds;
		tests[i].initial_state = (void *)&rules[i];
		no_node += rules[i].node && node_major() < OLDEST_NODE;
	}
	if (no_node)
		printf("SKIP: %zu rules not held against node: it is missing "
		       "or older than %d\n",
		       no_node, OLDEST_NODE);
	failed = _cmocka_run_group_tests("rules", tests, count, NULL, NULL);
	free(tests);
	return failed;
}

/* ---- as a table ---- */

static void
print_seen(const char *who, const char *text)
{
	const char *line = text, *end;

	printf("      %s:\n", who);
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
		printf("        %.*s\n", (int)(end - line), line);
}

/* One word for Node, one for us, one for both. */
static bool
print_row(const struct rule *rule)
{
	struct verdict verdict = {0};
	bool both, held;

	judge(rule, &verdict);
	held = verdict.runtime_same && verdict.node_same;
	both = rule->play && verdict.has_node && !rule->node_expect;
	printf("%-12s %-8s %-8s %-9s %s\n", rule->number,
	       !verdict.has_node    ? "-"
	       : !verdict.node_same ? "OTHER"
	       : rule->node_expect  ? "other"
	                            : "holds",
	       !rule->play            ? "-"
	       : verdict.runtime_same ? "holds"
	                              : "OTHER",
	       !held               ? "NOT SAME"
	       : both              ? "same"
	       : rule->node_expect ? "differs"
	       : rule->play        ? "looptop"
	                           : "node",
	       rule->text);
	if (rule->reason || verdict.why_no_node)
		printf("%40s (%s)\n", "",
		       rule->reason ? rule->reason : verdict.why_no_node);
	if (!verdict.runtime_same) {
		print_seen("expected", rule->expect);
		print_seen("looptop", verdict.runtime.text);
	}
	if (!verdict.node_same) {
		print_seen("expected of node", rule->node_expect
		                                   ? rule->node_expect
		                                   : rule->expect);
		print_seen("node", verdict.node.text);
	}
	fflush(stdout);
	return held;
}

static int
print_table(const struct rule *rules, size_t count)
{
	size_t held = 0;

	for (size_t i = 0; i < count; i++)
		held += print_row(&rules[i]);
	return held == count ? 0 : 1;
}

int
rules_main(int argc, char **argv, const struct rule *rules, size_t count,
           const struct rule_role *roles)
{
	const char *mode = getenv("RULES");

	if (argc > 1 && argv[1][0] == '@') {
		for (; roles && roles->name; roles++)
			if (strcmp(roles->name, argv[1]) == 0) {
				roles->play(argc, argv);
				fflush(stdout);
				return 0;
			}
		return 126;
	}
	/* One rule alone: its number as the argument. */
	for (size_t i = 0; argc > 1 && i < count; i++)
		if (strcmp(rules[i].number, argv[1]) == 0)
			return print_table(&rules[i], 1);
	if (mode && strcmp(mode, "table") == 0)
		return print_table(rules, count);
	return test_rules(rules, count);
}
