/*
 * Real programs that know when they are blocked - Node on its main thread and
 * on a Worker, Python's asyncio - seen by switch records and by samples. How
 * exact the lengths are is for `make bench-observe`: here the machine may be
 * busy with anything.
 */
#include "observe_said.h"

enum { WORDS = 1 << 16, BLOCKS = 64, GAPS = 256, GAP_MS = 40 };

struct block {
	unsigned tid;
	char kind[12];
	unsigned long long begin, end;
};

/* When nobody looked: on a machine that had no CPU for us. */
struct gap {
	uint64_t begin, end;
};

struct program {
	struct gap gaps[GAPS];
	int gap_count;
	char words[WORDS];
	size_t size;
	struct block blocks[BLOCKS];
	int count;
};

/* Looks on until the program has said all it has to say. */
static void
look_until_it_ends(struct watching *watching, struct program *program)
{
	struct pollfd out = {.fd = watching->helper.answers, .events = POLLIN};
	ssize_t got = 1;

	while (got > 0) {
		uint64_t before = watching->sampled;

		watching_round(watching);
		if (before && watching->sampled - before > GAP_MS * HELPER_MS &&
		    program->gap_count < GAPS)
			program->gaps[program->gap_count++] =
			    (struct gap){before, watching->sampled};
		if (poll(&out, 1, 0) == 0)
			continue;
		got = read(out.fd, program->words + program->size,
		           WORDS - 1 - program->size);
		program->size += got > 0 ? (size_t)got : 0;
	}
}

static void
read_blocks(struct program *program)
{
	char *line, *rest = program->words;

	while ((line = strsep(&rest, "\n")) != NULL &&
	       program->count < BLOCKS) {
		struct block *block = &program->blocks[program->count];

		program->count +=
		    sscanf(line, "B %u %11s %llu %llu", &block->tid,
		           block->kind, &block->begin, &block->end) == 4;
	}
}

/* Something was told of it, and of half of it at least. */
static const struct said *
find_told(const struct watching *watching, const struct block *block)
{
	const struct said *said = NULL;
	unsigned long long covered = 0;

	while ((said = said_next(watching, said, EVENT_LOOP_FREED, 0,
	                         block->tid)) != NULL) {
		unsigned long long end = said->event.time;
		unsigned long long begin = end - said->event.value;

		begin = begin > block->begin ? begin : block->begin;
		end = end < block->end ? end : block->end;
		covered += end > begin ? end - begin : 0;
		if (2 * covered > block->end - block->begin)
			return said;
	}
	return NULL;
}

/* Before it has been seen to wait a few times nobody knows it for a loop. */
static bool
was_known(const struct watching *watching, const struct block *block)
{
	const struct said *said =
	    said_next(watching, NULL, EVENT_LOOP_GAUGE, 0, block->tid);

	return said && said->event.time < block->begin;
}

static bool
was_looked_at(const struct program *program, const struct block *block)
{
	for (int i = 0; i < program->gap_count; i++)
		if (program->gaps[i].begin < block->end &&
		    program->gaps[i].end > block->begin)
			return false;
	return program->gap_count < GAPS;
}

/* How many there were to be found. */
static int
assert_all_found(struct watching *watching, struct program *program)
{
	int missed = 0, known = 0;

	read_blocks(program);
	assert_true(program->count > 0);
	for (int i = 0; i < program->count; i++) {
		const struct block *block = &program->blocks[i];

		if (block->end - block->begin < 100 * HELPER_MS ||
		    !was_known(watching, block) ||
		    !was_looked_at(program, block))
			continue;
		known++;
		if (find_told(watching, block))
			continue;
		missed++;
		print_message("missed: %s of %.1f ms\n", block->kind,
		              (double)(block->end - block->begin) / 1e6);
	}
	if (missed)
		said_print(watching);
	/* On a machine that has no time for us one may slip through. */
	assert_in_range(missed, 0, known / 4);
	return known;
}

static void
watch_program(struct watching *watching, struct program *program,
              char *const *argv)
{
	memset(program, 0, sizeof(*program));
	watching->period_ms = 10;
	helper_start_program(&watching->helper, argv);
	observe_watch(watching->observe, watching->helper.pid, BIRTH_RUN);
	look_until_it_ends(watching, program);
}

/* The machine may have no time for us just then: another try. */
static void
assert_found(struct watching *watching, char *const *argv)
{
	static struct program program;

	for (int tries = 0; tries < 3; tries++) {
		helper_end(&watching->helper);
		watch_program(watching, &program, argv);
		if (assert_all_found(watching, &program) > 0)
			return;
	}
	if (program.gap_count)
		skip_because("other programs had the CPUs");
	fail_msg("no loop was known when it was blocked");
}

static bool
is_installed(const char *name)
{
	char command[64];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	return system(command) == 0;
}

static void
run_node(struct watching *watching, const char *which)
{
	char node[] = "node", script[] = "tests/blocker.js", verb[] = "block";
	char threads[] = "main,worker", load[] = "light", seconds[] = "2";
	char seed[] = "5", from[] = "120", to[] = "300";
	char *const argv[] = {node, script, verb, threads,       load, seconds,
	                      seed, from,   to,   (char *)which, NULL};

	if (!is_installed(node))
		skip_because("node is not installed");
	assert_found(watching, argv);
}

static void
blocks_of_node_are_found(void **state)
{
	run_node(*state, "cpu,fifo,atomics,exec");
}

static void
blocks_of_node_are_found_without_perf(void **state)
{
	struct watching *watching = *state;

	observe_forbid_perf(watching->observe);
	assert_non_null(
	    strstr(observe_loop_method(watching->observe), "sampled"));
	run_node(watching, "cpu,fifo,atomics,exec");
}

static const struct said *
find_role(const struct watching *watching, const char *label)
{
	const struct said *said = NULL;

	while ((said = said_next(watching, said, EVENT_THREAD_ROLE, 0, 0)) !=
	       NULL)
		if (strncmp(said->text, label, strlen(label)) == 0)
			return said;
	return NULL;
}

/* Up to Node 20 all threads have the same name. */
static void
threads_of_node_get_their_roles(void **state)
{
	char node[] = "node", option[] = "-e";
	char code[] = "new (require('worker_threads').Worker)("
		      "'setInterval(() => {}, 20)', {eval: true});"
		      "setInterval(() => {}, 20)";
	char *const argv[] = {node, option, code, NULL};
	struct watching *watching = *state;
	uint64_t deadline = helper_now() + HELPER_PATIENCE_MS * HELPER_MS;
	const struct said *said;

	if (!is_installed(node))
		skip_because("node is not installed");
	watching->period_ms = 10;
	helper_start_program(&watching->helper, argv);
	observe_watch(watching->observe, watching->helper.pid, BIRTH_RUN);
	while (!find_role(watching, "V8 platform 1: ") ||
	       !find_role(watching, "worker 1: ")) {
		if (helper_now() > deadline) {
			said_print(watching);
			fail_msg("there is no worker 1 or V8 platform 1");
		}
		watching_round(watching);
	}
	said = find_role(watching, "worker 1: ");
	assert_int_equal(said->event.number, ROLE_WORKER);
}

static void
blocks_of_asyncio_are_found(void **state)
{
	static char code[] =
	    "import asyncio, time, os\n"
	    "made = []\n"
	    "def block(kind, what):\n"
	    "    begin = time.monotonic_ns()\n"
	    "    what()\n"
	    "    made.append((kind, begin, time.monotonic_ns()))\n"
	    "def spin():\n"
	    "    end = time.monotonic() + .2\n"
	    "    while time.monotonic() < end: pass\n"
	    "async def beat():\n"
	    "    for i in range(200): await asyncio.sleep(.01)\n"
	    "async def main():\n"
	    "    beats = asyncio.create_task(beat())\n"
	    "    await asyncio.sleep(.5)\n"
	    "    block('cpu', spin)\n"
	    "    await asyncio.sleep(.2)\n"
	    "    block('sleep', lambda: time.sleep(.2))\n"
	    "    await asyncio.sleep(.2)\n"
	    "    block('exec', lambda: os.system('sleep .2'))\n"
	    "    await asyncio.sleep(.2)\n"
	    "    for kind, begin, end in made:\n"
	    "        print('B', os.getpid(), kind, begin, end)\n"
	    "asyncio.run(main())\n";
	char python[] = "/usr/bin/python3", option[] = "-c";
	char *const argv[] = {python, option, code, NULL};
	struct watching *watching = *state;

	if (access(python, X_OK))
		skip_because("python3 is not installed");
	assert_found(watching, argv);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, watching_setup, watching_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(blocks_of_node_are_found),
	    TEST(blocks_of_node_are_found_without_perf),
	    TEST(threads_of_node_get_their_roles),
	    TEST(blocks_of_asyncio_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
