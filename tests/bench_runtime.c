/*
 * What the runtime costs, beside Node and beside the system calls alone:
 * children, loops, records. Tracing is on unless a row says otherwise.
 */
#include "bench.h"

#include "core/emit.h"
#include "runtime/child.h"

#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPAWNS = 100, BIG_SPAWNS = 9, ITERATIONS = 1000000 };
#define BIG_BYTES (1ul << 30)

/* ---- children of the runtime ---- */

struct subject {
	struct loop loop;
	struct child child;
	struct bench_samples samples;
	uint64_t begun;
	int left;
	bool is_exec;
};

static void start_next(struct subject *subject);

static void
on_close(struct child *child)
{
	struct subject *subject = child->data;

	if (--subject->left > 0)
		start_next(subject);
}

static void
on_ended(struct child *child, int code, int signal)
{
	struct subject *subject = child->data;

	(void)code;
	(void)signal;
	bench_add(&subject->samples,
	          (double)(bench_now() - subject->begun) / 1e3);
}

static const struct child_events spawn_events = {
    .exit = on_ended,
    .close = on_close,
};

static void
start_next(struct subject *subject)
{
	static const char *const args[] = {"true", NULL};
	static const struct child_options options = {
	    .how = BIRTH_SPAWN,
	    .file = "true",
	    .args = args,
	    .in = CHILD_IGNORE,
	    .out = CHILD_IGNORE,
	    .err = CHILD_IGNORE,
	};

	subject->begun = bench_now();
	if (subject->is_exec)
		child_exec(&subject->child, &subject->loop, "true", 4096,
		           &spawn_events);
	else
		child_spawn(&subject->child, &subject->loop, &options,
		            &spawn_events);
	subject->child.data = subject;
}

static double
run_children(int count, bool is_exec)
{
	static struct subject subject;

	memset(&subject, 0, sizeof(subject));
	subject.left = count;
	subject.is_exec = is_exec;
	loop_open(&subject.loop, ROLE_MAIN, 0, "bench");
	start_next(&subject);
	loop_run(&subject.loop);
	loop_close(&subject.loop);
	return bench_quantile(&subject.samples, 0.5);
}

static double
spawn_once(void)
{
	return run_children(SPAWNS, false);
}

static double
exec_once(void)
{
	return run_children(SPAWNS, true);
}

static void
be_big(void)
{
	char *memory = mmap(NULL, BIG_BYTES, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(memory, BIG_BYTES, MADV_NOHUGEPAGE);
	memset(memory, 1, BIG_BYTES);
}

static double
spawn_big_once(void)
{
	be_big();
	return run_children(BIG_SPAWNS, false);
}

/* ---- the system calls alone ---- */

static double
raw_spawns(int count, char *const *argv)
{
	static struct bench_samples samples;

	samples.count = 0;
	for (int i = 0; i < count; i++) {
		uint64_t begun = bench_now();
		pid_t pid;

		if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
			return NAN;
		waitpid(pid, NULL, 0);
		bench_add(&samples, (double)(bench_now() - begun) / 1e3);
	}
	return bench_quantile(&samples, 0.5);
}

static double
raw_spawn(void)
{
	char *const argv[] = {(char *)"true", NULL};

	return raw_spawns(SPAWNS, argv);
}

static double
raw_exec(void)
{
	char *const argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)"true",
	                      NULL};

	return raw_spawns(SPAWNS, argv);
}

static double
raw_spawn_big(void)
{
	char *const argv[] = {(char *)"true", NULL};

	be_big();
	return raw_spawns(BIG_SPAWNS, argv);
}

/* ---- an iteration of a loop ---- */

static void
on_turn(uv_idle_t *idle)
{
	int *left = idle->data;

	if (--*left == 0)
		uv_idle_stop(idle);
}

/* ns */
static double
run_iterations(uv_loop_t *uv)
{
	int left = ITERATIONS;
	uv_idle_t idle;
	uint64_t begun;

	uv_idle_init(uv, &idle);
	idle.data = &left;
	uv_idle_start(&idle, on_turn);
	begun = bench_now();
	uv_run(uv, UV_RUN_DEFAULT);
	return (double)(bench_now() - begun) / ITERATIONS;
}

static double
iterations_once(void)
{
	struct loop loop;

	loop_open(&loop, ROLE_MAIN, 0, "bench");
	return run_iterations(&loop.uv);
}

static double
raw_iterations(void)
{
	uv_loop_t uv;

	uv_loop_init(&uv);
	return run_iterations(&uv);
}

/* ---- a record ---- */

static double
records_once(void)
{
	struct event event = {.kind = EVENT_MESSAGE_SEND, .size = 64};
	uint64_t begun = bench_now();

	for (int i = 0; i < ITERATIONS; i++) {
		event.number = (uint64_t)i;
		emit(&event, "hello");
	}
	return (double)(bench_now() - begun) / ITERATIONS;
}

/* ---- the rows ---- */

BENCH_BOTH(spawn_once)
BENCH_BOTH(spawn_big_once)
BENCH_BOTH(exec_once)
BENCH_BOTH(iterations_once)
BENCH_BOTH(records_once)
BENCH_ALONE(raw_spawn)
BENCH_ALONE(raw_spawn_big)
BENCH_ALONE(raw_exec)
BENCH_ALONE(raw_iterations)

static const struct bench_row rows[] = {
    {
	.what = "spawn(true) to exit, p50",
	.unit = "us",
	.node = "spawn",
	.ours = spawn_once_traced,
	.untraced = spawn_once_untraced,
	.raw = raw_spawn_untraced,
	.kind = BENCH_VS_NODE,
	.goal = 1.7,
    },
    {
	.what = "the same, parent with 1 GiB",
	.unit = "us",
	.node = "spawn_big",
	.ours = spawn_big_once_traced,
	.untraced = spawn_big_once_untraced,
	.raw = raw_spawn_big_untraced,
	.kind = BENCH_VS_NODE,
	.goal = 50,
    },
    {
	.what = "exec(true), with a shell, p50",
	.unit = "us",
	.node = "exec",
	.ours = exec_once_traced,
	.untraced = exec_once_untraced,
	.raw = raw_exec_untraced,
	.kind = BENCH_VS_NODE,
	.goal = 1.9,
    },
    {
	.what = "an iteration of a loop",
	.unit = "ns",
	.node = "iteration",
	.ours = iterations_once_traced,
	.untraced = iterations_once_untraced,
	.raw = raw_iterations_untraced,
	.kind = BENCH_VS_RAW,
	.goal = 1.3,
    },
    {
	.what = "a record, amortised",
	.unit = "ns",
	.ours = records_once_traced,
	.untraced = records_once_untraced,
	.kind = BENCH_AT_MOST,
	.goal = 40,
    },
};

int
main(void)
{
	printf("runtime: medians of %d interleaved rounds; raw is posix_spawn "
	       "and the system calls alone\n",
	       BENCH_ROUNDS);
	bench_rows(rows, sizeof(rows) / sizeof(*rows));
	return 0;
}
