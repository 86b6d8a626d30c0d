/* What blocks a loop has a function, a file and a line: when it is over, and
 * with --stacks while it lasts. */
#include "agent.h"

#include <limits.h>

/* A line says where, and where to find it. */
static bool
is_at(json_t *line, const char *function)
{
	char file[PATH_MAX];

	assert_non_null(realpath("tests/agent/block.js", file));
	return strcmp(string(line, "function"), function) == 0 &&
	       strcmp(string(line, "file"), file) == 0 &&
	       integer(line, "line") > 0 &&
	       strncmp(string(line, "cause"), function, strlen(function)) == 0;
}

static int
count_at(struct seen *seen, const char *kind, const char *function)
{
	json_t *line;
	int found = 0;

	for (size_t n = 0; (line = program_line(seen->lines, kind, n)); n++)
		found += is_at(line, function);
	return found;
}

/* A busy machine may break a block into two: one of them is named. */
static bool
is_named(struct seen *seen, const char *function)
{
	return count_at(seen, "loop-cause", function) >= 1 &&
	       count_at(seen, "loop-freed", function) >= 1;
}

/* The line with the function was written before the block was over. */
static bool
is_named_while_it_lasts(struct seen *seen, const char *function)
{
	json_t *line, *last = NULL;
	bool early = false;
	size_t n;

	json_array_foreach(seen->lines, n, line)
	{
		const char *kind = string(line, "kind");

		if (strcmp(kind, "loop-blocked") == 0 && is_at(line, function))
			last = line;
		/* Other loops may be blocked and freed meanwhile. */
		if (strcmp(kind, "loop-freed") != 0 || !last ||
		    integer(line, "tid") != integer(last, "tid"))
			continue;
		if (is_at(line, function) &&
		    json_number_value(json_object_get(line, "ms")) >
		        json_number_value(json_object_get(last, "ms")))
			early = true;
		last = NULL;
	}
	return early;
}

static void
blocks_for(struct seen *seen, int ms, const char *options, const char *thread,
           const char *call)
{
	char script[128];

	snprintf(script, sizeof(script), "block.js %s %d %s", thread, ms, call);
	watch(seen, options, script);
	assert_non_null(strstr(seen->out, "exit 0"));
}

static void
print_loops(struct seen *seen)
{
	json_t *line;
	size_t n;

	json_array_foreach(seen->lines, n, line)
	{
		if (strncmp(string(line, "kind"), "loop-", 5) != 0)
			continue;
		json_dumpf(line, stdout, JSON_COMPACT);
		printf("\n");
	}
}

/* Who gets no CPU comes too late to ask what it does: then for longer. */
static void
named(struct seen *seen, const char *thread, const char *call,
      const char *function)
{
	int ms = 800;

	do {
		blocks_for(seen, ms, "", thread, call);
		ms *= 4;
	} while (!is_named(seen, function) && ms < 15000);
	if (!is_named(seen, function)) {
		print_loops(seen);
		fail_msg("%s is not named", function);
	}
}

static void
a_block_of_the_main_thread_is_named(void **state)
{
	named(*state, "main", "spin", "hashPassword");
}

static void
a_block_of_a_worker_thread_is_named(void **state)
{
	named(*state, "worker", "spin", "hashPassword");
}

static void
without_stacks_no_line_is_told_twice(void **state)
{
	blocks_for(*state, 800, "", "main", "spin");
	assert_int_equal(count_at(*state, "loop-blocked", "hashPassword"), 0);
}

static void
a_synchronous_call_is_named(void **state)
{
	named(*state, "main", "execSync", "runTool");
}

/* Who is asked once, at the beginning, names what came first. */
static void
what_takes_long_is_named(void **state)
{
	int ms = 1600;

	do {
		blocks_for(*state, ms, "", "main", "then");
		ms *= 4;
	} while (!is_named(*state, "hashPassword") && ms < 15000);
	if (!is_named(*state, "hashPassword"))
		print_loops(*state);
	assert_true(is_named(*state, "hashPassword"));
}

/* ---- with --stacks ---- */

static void
named_at_once(struct seen *seen, const char *thread, const char *call,
              const char *function)
{
	bool early = false;

	for (int ms = 800; !early && ms < 15000; ms *= 4) {
		blocks_for(seen, ms, "--stacks", thread, call);
		early = is_named_while_it_lasts(seen, function) &&
		        is_named(seen, function);
	}
	if (!early)
		print_loops(seen);
	if (!early) {
		print_loops(seen);
		fail_msg("%s is not named while it lasts", function);
	}
}

static void
stacks_name_a_block_of_the_main_thread(void **state)
{
	named_at_once(*state, "main", "spin", "hashPassword");
}

static void
stacks_name_a_block_of_a_worker_thread(void **state)
{
	named_at_once(*state, "worker", "spin", "hashPassword");
}

/* Its function returns with the call: nobody can be asked afterwards. */
static void
stacks_name_a_file_that_is_read(void **state)
{
	named_at_once(*state, "main", "readFileSync", "readSettings");
	named_at_once(*state, "worker", "readFileSync", "readSettings");
}

static void
stacks_name_a_program_that_is_waited_for(void **state)
{
	named_at_once(*state, "main", "execSync", "runTool");
	named_at_once(*state, "worker", "execSync", "runTool");
}

static void
stacks_name_a_wait_for_another_thread(void **state)
{
	named_at_once(*state, "main", "wait", "waitForOther");
	named_at_once(*state, "worker", "wait", "waitForOther");
}

static void
stacks_name_a_hash(void **state)
{
	named_at_once(*state, "main", "pbkdf2Sync", "deriveKey");
	named_at_once(*state, "worker", "pbkdf2Sync", "deriveKey");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_seen(a_block_of_the_main_thread_is_named),
	    with_seen(a_block_of_a_worker_thread_is_named),
	    with_seen(without_stacks_no_line_is_told_twice),
	    with_seen(a_synchronous_call_is_named),
	    with_seen(what_takes_long_is_named),
	    with_seen(stacks_name_a_block_of_the_main_thread),
	    with_seen(stacks_name_a_block_of_a_worker_thread),
	    with_seen(stacks_name_a_file_that_is_read),
	    with_seen(stacks_name_a_program_that_is_waited_for),
	    with_seen(stacks_name_a_wait_for_another_thread),
	    with_seen(stacks_name_a_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
