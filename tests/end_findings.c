/*
 * Each finding in a real program, or on the real stage: that what the rules
 * look for is what the sources say. Each program shows one or two of them as
 * long as it takes; those that mostly wait are started together. What needs a
 * CPU says how much of it it had: on a machine that had none to give nothing is
 * asserted.
 */
#include "lab.h"

#include <string.h>
#include <unistd.h>

#define BUSY \
	"const busy = (ms) => { const end = Date.now() + ms;" \
	"  while (Date.now() < end); };"

/* A program and the findings it has to have. */
struct show {
	const char *name, *rules[2];
	bool computes, needs_agent;
	const char *interpreter, *text;
};

static const struct show shows[] = {
    {"idle",
     {"worker-idle"},
     false,
     false,
     "node",
     "const { Worker } = require('worker_threads');"
     "new Worker('setInterval(() => {}, 1e9)', { eval: true })"
     "  .on('online', () => setTimeout(() => process.exit(), 23400));"},
    {"once",
     {"loop-blocked"},
     false,
     false,
     "node",
     /* A loop is known by its waits; eight programs start at once here. */
     BUSY "setTimeout(() => {"
          "  busy(500); setTimeout(() => {}, 1500);"
          "}, 2000);"},
    {"share",
     {"loop-blocked-share"},
     false,
     false,
     "node",
     BUSY "let n = 0;"
          "setTimeout(function again() {"
          "  busy(250);"
          "  if (++n < 6) setTimeout(again, 150);"
          "  else setTimeout(() => {}, 2000);"
          "}, 200);"},
    {"kept",
     {"output-kept"},
     false,
     true,
     "node",
     "require('child_process').exec('seq 150000', { maxBuffer: 1e7 },"
     "  () => setTimeout(() => {}, 1500));"},
    {"queue",
     {"queue-growing"},
     false,
     true,
     "node",
     "if (process.argv[2]) {"
     "  process.on('message', () => {});"
     "  process.send('up');"
     "  require('fs').readSync(0, Buffer.alloc(1));"
     "  process.disconnect();"
     "} else {"
     "  const child = require('child_process').fork(__filename, ['child'],"
     "    { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });"
     "  child.once('message', () => {"
     "    for (let i = 0; i < 200; i++) child.send(i);"
     "    setTimeout(() => child.stdin.end('x'), 3500);"
     "  });"
     "}"},
    {"crash",
     {"crash-loop"},
     false,
     false,
     "node",
     "const { spawn } = require('child_process'); let n = 0;"
     "(function again() {"
     "  if (n++ < 4) spawn('sh', ['-c', 'sleep 0.2; exit 3'])"
     "    .on('exit', again);"
     "  else setTimeout(() => {}, 1500);"
     "})();"},
    {"zombie", {"zombie"}, false, false, "sh", "sleep 0.3 & exec sleep 4"},
    {"orphan",
     {"orphan"},
     false,
     false,
     "sh",
     "sh -c 'sleep 5 & sleep 0.5'; sleep 4"},
    /* Last: these compute. One worker of two does all the work. */
    {"uneven",
     {"cluster-uneven", "cpu-on-loop"},
     true,
     true,
     "node",
     BUSY "const cluster = require('cluster');"
          "if (cluster.isPrimary) {"
          "  cluster.fork(); cluster.fork();"
          "  setTimeout(() => process.exit(), 13000);"
          "} else if (cluster.worker.id === 1) {"
          "  (function again() { busy(20); setImmediate(again); })();"
          "} else setInterval(() => {}, 1e9);"},
    {"cores",
     {"cores-short"},
     true,
     false,
     "node",
     "const { Worker } = require('worker_threads');"
     "const count = require('os').cpus().length + 3;"
     "for (let i = 0; i < count; i++)"
     "  new Worker('for (;;);', { eval: true });"
     "setTimeout(() => process.exit(), 7000);"},
};

enum { SHOWS = sizeof(shows) / sizeof(*shows) };

/* Of each that was started; an empty mark: it was not. */
static struct program programs[SHOWS];

static struct program *
program_of(const struct show *show)
{
	return &programs[show - shows];
}

static const struct show *
show_named(const char *name)
{
	for (int i = 0; i < SHOWS; i++)
		if (strcmp(shows[i].name, name) == 0)
			return &shows[i];
	fail_msg("there is no %s", name);
	return NULL;
}

static bool
is_missing(const struct show *show)
{
	return show->needs_agent ? !program_has_agents_node()
	                         : strcmp(show->interpreter, "node") == 0 &&
	                               !program_has_node();
}

static void
start(const struct show *show)
{
	const char *file = program_file(show->name, show->text);

	if (!program_of(show)->mark[0] && !is_missing(show))
		program_start(program_of(show), ARGS("run", "--json", "--",
		                                     show->interpreter, file));
}

static int
start_those_that_wait(void **state)
{
	(void)state;
	for (int i = 0; i < SHOWS; i++)
		if (!shows[i].computes)
			start(&shows[i]);
	return 0;
}

/* ---- what it said ---- */

static const char *
text_of(json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	return text ? text : "";
}

static json_t *
finding_of(json_t *summary, const char *rule)
{
	json_t *findings = json_object_get(summary, "findings"), *finding;
	size_t i;

	json_array_foreach(
	    findings, i, finding) if (strcmp(text_of(finding, "rule"), rule) ==
	                              0) return finding;
	return NULL;
}

/* Whether the thread that computed most had a CPU for the most part, and was
 * all there was. */
static bool
had_a_cpu(json_t *summary, json_t **most)
{
	json_t *threads = json_object_get(summary, "thread_totals"), *thread;
	double cpu = -1;
	size_t i;

	*most = NULL;
	json_array_foreach(threads, i, thread)
	{
		double found =
		    json_number_value(json_object_get(thread, "cpu_ms"));

		if (found <= cpu)
			continue;
		cpu = found;
		*most = thread;
	}
	return *most &&
	       json_number_value(json_object_get(*most, "wait_ms")) < cpu / 5;
}

/* It is about who computes, and others had the CPUs. */
static bool
is_starved(const struct show *show, json_t *summary, const char *rule)
{
	json_t *most;

	return !finding_of(summary, rule) && show->computes &&
	       strcmp(rule, "cores-short") != 0 && !had_a_cpu(summary, &most);
}

static void
assert_found(const struct show *show, json_t *summary, const char *rule)
{
	json_t *finding = finding_of(summary, rule);

	if (!finding) {
		char *said = json_dumps(summary, JSON_COMPACT);

		fail_msg("%s: no %s in %s", show->name, rule, said);
	}
	assert_true(strlen(text_of(finding, "text")) > 20);
	assert_true(strlen(text_of(finding, "cure")) > 10);
	assert_true(json_is_number(json_object_get(finding, "total_ms")));
}

static void
expect(const char *name)
{
	const struct show *show = show_named(name);
	struct program *program = program_of(show);
	json_t *lines, *summary;
	bool starved = false;

	if (is_missing(show))
		skip_because(show->needs_agent
		                 ? "there is no node of version 20 or newer"
		                 : "there is no node here");
	start(show);
	program_wait(program);
	lines = program_lines(program);
	summary = program_line(lines, "summary", 0);
	assert_non_null(summary);
	for (int i = 0; i < 2 && show->rules[i]; i++) {
		if (is_starved(show, summary, show->rules[i]))
			starved = true;
		else
			assert_found(show, summary, show->rules[i]);
	}
	json_decref(lines);
	program_assert_no_orphans(program->mark);
	program_free(program);
	if (starved)
		skip_because("other programs had the CPUs");
}

#define SHOW(name, show) \
	static void name(void **state) \
	{ \
		(void)state; \
		expect(show); \
	}

SHOW(a_loop_that_is_blocked_once, "once")
SHOW(a_loop_that_is_blocked_again_and_again, "share")
SHOW(output_that_exec_keeps, "kept")
SHOW(messages_that_nobody_reads, "queue")
SHOW(children_that_crash_at_once, "crash")
SHOW(a_child_nobody_waits_for, "zombie")
SHOW(a_child_that_outlives_its_parent, "orphan")
SHOW(a_worker_that_does_all_the_work_on_its_loop, "uneven")
SHOW(more_threads_than_cores, "cores")
SHOW(a_worker_thread_with_nothing_to_do, "idle")

/* ---- on the stage ---- */

/* Six loads for four pool threads. */
static void
a_pool_that_is_full(void **state)
{
	struct lab *lab = *state;

	open_lab_at(lab, 40, 160, NULL);
	/* On a busy machine the first must not be done before the last comes.
	 */
	for (int i = 0; i < 6; i++)
		press(lab, "l5p20000\r");
	program_expect(&lab->tty, "POOL FULL: all 4 pool threads of stage");
	assert_int_equal(tty_keys(&lab->tty, "q"), 0);
}

static void
output_that_the_stage_keeps(void **state)
{
	struct lab *lab = *state;

	open_lab_at(lab, 40, 160, NULL);
	/* Few lines: a flood of them is more than the stream takes. */
	press(lab, "ce");
	press(lab, "\x15head -c 600000 /dev/zero | tr -c x x\r");
	program_expect(&lab->tty, "OUTPUT KEPT: stage holds ");
	press(lab, "!");
	program_expect(&lab->tty, "spawn(): its output comes in pieces");
	press(lab, "\033q");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_loop_that_is_blocked_once),
	    cmocka_unit_test(a_loop_that_is_blocked_again_and_again),
	    cmocka_unit_test(output_that_exec_keeps),
	    cmocka_unit_test(messages_that_nobody_reads),
	    cmocka_unit_test(children_that_crash_at_once),
	    cmocka_unit_test(a_child_nobody_waits_for),
	    cmocka_unit_test(a_child_that_outlives_its_parent),
	    cmocka_unit_test_setup_teardown(a_pool_that_is_full, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(output_that_the_stage_keeps, setup,
	                                    teardown),
	    cmocka_unit_test(a_worker_that_does_all_the_work_on_its_loop),
	    cmocka_unit_test(more_threads_than_cores),
	    cmocka_unit_test(a_worker_thread_with_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, start_those_that_wait, NULL);
}
