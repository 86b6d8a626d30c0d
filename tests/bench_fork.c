/*
 * What a fork on the stage costs, beside Node's: its own child (looptop-stage
 * in the role @child), pinged as soon as it is forked. raw is posix_spawn of
 * the least there is, static, until a byte of it has come.
 *
 * Memory is that of eight children that live at the same time, each its share
 * of what they share (PSS): the text of a program is paid for once, so one
 * child alone tells little.
 */
#include "bench.h"

#include "runtime/child_exec.h"

#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 60, TOGETHER = 8, REST_MS = 200 };

struct subject {
	struct loop loop;
	struct child children[TOGETHER];
	struct bench_samples samples;
	uint64_t begun;
	int left, answers;
	uv_timer_t rest;
	double memory_kb;
};

static const char *
stage_program(void)
{
	static char path[4096];
	const char *looptop = getenv("LOOPTOP");

	snprintf(path, sizeof(path), "%s-stage",
	         looptop ? looptop : "build/looptop");
	return path;
}

static int
fork_child(struct subject *subject, struct child *child,
           const struct child_events *events)
{
	static const char *const args[] = {"1", NULL};
	static const struct child_options options = {.in = CHILD_IGNORE};
	const struct child_fork_options fork = {
	    .exec_path = stage_program(),
	    .module = "@child",
	    .args = args,
	    .silent = true,
	};
	json_t *ping = json_pack("{s:i}", "ping", 1);
	int error =
	    child_fork_module(child, &subject->loop, &fork, &options, events);

	child->data = subject;
	if (!error)
		error = channel_send(&child->channel, ping);
	json_decref(ping);
	return error;
}

static struct subject *
new_subject(int left)
{
	static struct subject subject;

	memset(&subject, 0, sizeof(subject));
	subject.left = left;
	subject.memory_kb = NAN;
	loop_open(&subject.loop, ROLE_MAIN, 0, "bench");
	return &subject;
}

/* ---- one after the other: to the first message ---- */

static void fork_next(struct subject *subject);

static void
on_first_message(struct child *child, json_t *message, bool has_handle)
{
	struct subject *subject = child->data;

	(void)message;
	(void)has_handle;
	bench_add(&subject->samples,
	          (double)(bench_now() - subject->begun) / 1e3);
	channel_disconnect(&child->channel);
}

static void
on_fork_closed(struct child *child)
{
	struct subject *subject = child->data;

	if (--subject->left > 0)
		fork_next(subject);
}

static const struct child_events fork_events = {
    .message = on_first_message,
    .close = on_fork_closed,
};

static void
fork_next(struct subject *subject)
{
	subject->begun = bench_now();
	fork_child(subject, &subject->children[0], &fork_events);
}

static double
fork_once(void)
{
	struct subject *subject = new_subject(FORKS);

	fork_next(subject);
	loop_run(&subject->loop);
	return bench_quantile(&subject->samples, 0.5);
}

/* ---- together: their memory ---- */

static double
memory_of(pid_t pid)
{
	char path[64], line[128];
	double pss = NAN;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %lf", &pss) == 1)
			break;
	if (file)
		fclose(file);
	return pss;
}

static void
on_rested(uv_timer_t *timer)
{
	struct subject *subject = timer->data;

	subject->memory_kb = 0;
	for (int i = 0; i < TOGETHER; i++)
		subject->memory_kb +=
		    memory_of(subject->children[i].pid) / TOGETHER;
	for (int i = 0; i < TOGETHER; i++)
		channel_disconnect(&subject->children[i].channel);
}

static void
on_ready(struct child *child, json_t *message, bool has_handle)
{
	struct subject *subject = child->data;

	(void)message;
	(void)has_handle;
	if (++subject->answers == TOGETHER)
		uv_timer_start(&subject->rest, on_rested, REST_MS, 0);
}

static const struct child_events idle_events = {.message = on_ready};

static double
memory_once(void)
{
	struct subject *subject = new_subject(TOGETHER);

	uv_timer_init(&subject->loop.uv, &subject->rest);
	subject->rest.data = subject;
	for (int i = 0; i < TOGETHER; i++)
		fork_child(subject, &subject->children[i], &idle_events);
	loop_run(&subject->loop);
	return subject->memory_kb;
}

/* ---- the system calls alone ---- */

static const char *
byte_program(void)
{
	static char path[4096 + 8];
	ssize_t size = readlink("/proc/self/exe", path, 4095);

	path[size < 0 ? 0 : size] = '\0';
	strcpy(strrchr(path, '/') ? strrchr(path, '/') : path, "/byte");
	return path;
}

/* us until the byte has come; NAN: it did not */
static double
spawn_for_byte(char *const *argv)
{
	uint64_t begun = bench_now();
	posix_spawn_file_actions_t actions;
	double took = NAN;
	int ends[2];
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return NAN;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0) {
		close(ends[1]);
		ends[1] = -1;
		if (read(ends[0], &byte, 1) == 1)
			took = (double)(bench_now() - begun) / 1e3;
		waitpid(pid, NULL, 0);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	return took;
}

static double
raw_fork(void)
{
	static struct bench_samples samples;
	char *const argv[] = {(char *)byte_program(), NULL};

	samples.count = 0;
	for (int i = 0; i < FORKS; i++)
		bench_add(&samples, spawn_for_byte(argv));
	return bench_quantile(&samples, 0.5);
}

/* ---- the rows ---- */

BENCH_BOTH(fork_once)
BENCH_BOTH(memory_once)
BENCH_ALONE(raw_fork)

static const struct bench_row rows[] = {
    {
	.what = "fork to first message, p50",
	.unit = "us",
	.node = "fork_message",
	.ours = fork_once_traced,
	.untraced = fork_once_untraced,
	.raw = raw_fork_untraced,
	.kind = BENCH_VS_NODE,
	.goal = 70,
    },
    {
	.what = "an idle child, mean of 8 alive (PSS)",
	.unit = "KiB",
	.node = "child_memory",
	.ours = memory_once_traced,
	.untraced = memory_once_untraced,
	.kind = BENCH_AT_MOST,
	.goal = 256,
    },
};

int
main(void)
{
	printf("fork: medians of %d interleaved rounds; raw is posix_spawn of "
	       "a static program and a byte\n",
	       BENCH_ROUNDS);
	bench_rows(rows, sizeof(rows) / sizeof(*rows));
	return 0;
}
