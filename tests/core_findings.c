/*
 * Findings about processes, and how findings hold: each rule in a world where
 * it holds and in one where it almost does. Times are milliseconds.
 */
#include "model_findings.h"

/* ---- processes ---- */

static void
crash(struct model *model, unsigned ms, uint32_t pid, enum death death,
      uint64_t status)
{
	child(model, ms, pid, PRIMARY, BIRTH_FORK, "child");
	died(model, (ms + 200) * MS, pid, death, status);
}

static void
three_children_that_crash_at_once_are_a_loop(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	crash(model, 1000, CHILD, DEATH_CODE, 1);
	crash(model, 2000, CHILD + 1, DEATH_CODE, 1);
	pass(model, 2500);
	assert_null(told(model, FINDING_CRASH_LOOP));
	crash(model, 3000, CHILD + 2, DEATH_SIGNAL, 11);
	pass(model, 3500);
	assert_told(model, FINDING_CRASH_LOOP,
	            "CRASH LOOP: 3 children of server crashed in 10 s, the "
	            "last after 0.2 s (signal 11)");
	/* It is told a while longer than it is true. */
	pass(model, 11000);
	pass(model, 14000);
	assert_non_null(told(model, FINDING_CRASH_LOOP));
	pass(model, 19000);
	assert_null(told(model, FINDING_CRASH_LOOP));
}

static void
children_that_end_well_or_are_ended_are_none(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	crash(model, 1000, CHILD, DEATH_CODE, 0);
	crash(model, 2000, CHILD + 1, DEATH_SIGNAL, 15);
	crash(model, 3000, CHILD + 2, DEATH_CODE, 7);
	pass(model, 3500);
	assert_null(told(model, FINDING_CRASH_LOOP));
}

static void
an_end_that_the_parent_is_not_told_of_is_a_zombie(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	child(model, 100, CHILD, PRIMARY, BIRTH_FORK, "child 1");
	died(model, 1000 * MS, CHILD, DEATH_CODE, 0);
	pass(model, 1500);
	assert_null(told(model, FINDING_ZOMBIE));
	pass(model, 3000);
	assert_told(model, FINDING_ZOMBIE,
	            "ZOMBIE: child 1 ended 2.0 s ago, server has not been "
	            "told");
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_EXIT,
	                    .time = 3100 * MS,
	                    .pid = PRIMARY,
	                    .other_pid = CHILD},
	     "");
	pass(model, 8000);
	assert_null(told(model, FINDING_ZOMBIE));
}

static void
nothing_is_made_of_an_end_whose_record_may_be_lost(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	child(model, 100, CHILD, PRIMARY, BIRTH_EXEC, "sh");
	died(model, 1000 * MS, CHILD, DEATH_CODE, 0);
	tell(model,
	     (struct event){.kind = EVENT_LOST,
	                    .time = 1100 * MS,
	                    .pid = 1,
	                    .number = 48000},
	     "");
	pass(model, 3000);
	assert_null(told(model, FINDING_ZOMBIE));
}

/* Of a foreign parent only the kernel says it. */
static void
a_zombie_that_was_seen_is_one_whoever_the_parent_is(void **state)
{
	struct model *model = *state;
	struct event seen = {.kind = EVENT_PROCESS_ZOMBIE, .pid = CHILD};

	tell(model, (struct event){.kind = EVENT_PROCESS_BORN, .pid = PRIMARY},
	     "sh");
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_BORN,
	                    .time = 100 * MS,
	                    .pid = CHILD,
	                    .other_pid = PRIMARY},
	     "true");
	died(model, 1000 * MS, CHILD, DEATH_CODE, 0);
	seen.time = 1100 * MS;
	seen.number = 1;
	assert_true(tell(model, seen, ""));
	pass(model, 3000);
	assert_told(model, FINDING_ZOMBIE,
	            "ZOMBIE: true ended 2.0 s ago, sh has not been told");
	seen.time = 3100 * MS;
	seen.number = 0;
	assert_true(tell(model, seen, ""));
	pass(model, 8000);
	assert_null(told(model, FINDING_ZOMBIE));
}

/* In a container pid 1 is often a program that knows nothing of it. */
static void
a_zombie_that_init_does_not_wait_for_is_not_its_dead_parents(void **state)
{
	struct model *model = *state;

	tell(model, (struct event){.kind = EVENT_PROCESS_BORN, .pid = PRIMARY},
	     "sh");
	child(model, 100, CHILD, PRIMARY, BIRTH_SEEN, "true");
	died(model, 900 * MS, PRIMARY, DEATH_CODE, 0);
	died(model, 1000 * MS, CHILD, DEATH_CODE, 0);
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_ZOMBIE,
	                    .time = 1100 * MS,
	                    .pid = CHILD,
	                    .other_pid = 1,
	                    .number = 1},
	     "");
	pass(model, 3000);
	assert_null(told(model, FINDING_ZOMBIE));
	assert_told(model, FINDING_UNREAPED,
	            "ZOMBIE: true ended 2.0 s ago, and pid 1, its parent now, "
	            "does not wait for it");
}

static void
a_foreign_parent_need_not_say_that_it_was_told(void **state)
{
	struct model *model = *state;

	born(model, 1, PRIMARY);
	child(model, 100, CHILD, PRIMARY, BIRTH_SEEN, "child 1");
	died(model, 1000 * MS, CHILD, DEATH_CODE, 0);
	pass(model, 3000);
	assert_null(told(model, FINDING_ZOMBIE));
}

static void
who_outlives_its_parent_is_an_orphan(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	child(model, 100, CHILD, PRIMARY, BIRTH_FORK, "child 1");
	child(model, 200, CHILD + 1, PRIMARY, BIRTH_FORK, "child 2");
	died(model, 1000 * MS, PRIMARY, DEATH_CODE, 0);
	pass(model, 1500);
	assert_null(told(model, FINDING_ORPHAN));
	pass(model, 4000);
	assert_told(model, FINDING_ORPHAN,
	            "ORPHAN: child 1 and 1 more still runs, its parent server "
	            "ended 3.0 s ago");
}

static void
gauge_pool(struct model *model, unsigned ms, unsigned running, unsigned queued)
{
	tell(model,
	     (struct event){.kind = EVENT_POOL_GAUGE,
	                    .time = ms * MS,
	                    .pid = PRIMARY,
	                    .number = 4,
	                    .value = running,
	                    .size = queued},
	     "");
}

static void
keeps(struct model *model, unsigned ms, uint32_t pid, uint64_t bytes)
{
	tell(model,
	     (struct event){.kind = EVENT_OUTPUT_KEPT,
	                    .time = ms * MS,
	                    .pid = PRIMARY,
	                    .other_pid = pid,
	                    .number = bytes,
	                    .value = 1 << 20},
	     "");
}

static void
much_output_that_exec_keeps_is_told_with_spawn_as_the_cure(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	child(model, 100, CHILD, PRIMARY, BIRTH_EXEC, "sh");
	keeps(model, 500, CHILD, 70000);
	pass(model, 1000);
	assert_null(told(model, FINDING_KEPT));
	child(model, 1100, CHILD + 1, PRIMARY, BIRTH_EXEC_FILE, "find");
	keeps(model, 1200, CHILD, 300 << 10);
	keeps(model, 1300, CHILD + 1, 900 << 10);
	pass(model, 2000);
	assert_told(model, FINDING_KEPT,
	            "OUTPUT KEPT: server holds 900 KB of find until it ends");
	assert_non_null(
	    strstr(findings_cure(told(model, FINDING_KEPT)), "spawn()"));
	keeps(model, 2100, CHILD + 1, 1 << 20);
	died(model, 2200 * MS, CHILD + 1, DEATH_SIGNAL, 15);
	pass(model, 3000);
	assert_told(model, FINDING_KEPT,
	            "OUTPUT KEPT: server holds 1024 KB of find until it ends, "
	            "and maxBuffer ended it");
	/* They have ended, and it is long ago. */
	died(model, 3100 * MS, CHILD, DEATH_CODE, 0);
	pass(model, 14000);
	pass(model, 18100);
	assert_null(told(model, FINDING_KEPT));
}

static void
a_pool_that_is_full_for_a_while_is_told(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	gauge_pool(model, 100, 4, 6);
	pass(model, 300);
	assert_null(told(model, FINDING_POOL));
	pass(model, 600);
	pass(model, 900);
	assert_told(model, FINDING_POOL,
	            "POOL FULL: all 4 pool threads of server are taken, 6 "
	            "requests wait");
}

static void
a_pool_that_is_full_for_a_moment_or_has_no_queue_is_not(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	gauge_pool(model, 100, 4, 6);
	pass(model, 300);
	gauge_pool(model, 400, 4, 0);
	for (unsigned ms = 500; ms < 3000; ms += 250)
		pass(model, ms);
	assert_null(told(model, FINDING_POOL));
}

/* ---- holding ---- */

static void
what_comes_and_goes_does_not_flicker(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	gauge_pool(model, 100, 4, 6);
	for (unsigned ms = 300; ms < 1500; ms += 250)
		pass(model, ms);
	assert_non_null(told(model, FINDING_POOL));
	for (unsigned ms = 1500; ms < 12000; ms += 250) {
		gauge_pool(model, ms, 4, ms / 1000 % 3 == 0);
		assert_non_null(told(model, FINDING_POOL));
	}
}

/* With tables full of rows nothing is lost but the row. */
/* An idle program tells nothing for seconds: its zombie is still there. */
static void
what_is_true_lasts_while_nothing_happens(void **state)
{
	struct model *model = *state;
	const struct finding *finding;

	server(model, 0, PRIMARY);
	child(model, 100, CHILD, PRIMARY, BIRTH_FORK, "child 1");
	died(model, 1000 * MS, CHILD, DEATH_CODE, 0);
	pass(model, 3000);
	model_tick(model, 30000 * MS);
	assert_non_null(told(model, FINDING_ZOMBIE));
	pass(model, 33000);
	finding = told(model, FINDING_ZOMBIE);
	assert_non_null(finding);
	assert_int_equal(finding->first, 3000 * MS);
	assert_in_range(finding->total, 30000 * MS, 30500 * MS);
}

static void
more_findings_than_rows_do_no_harm(void **state)
{
	struct model *model = *state;

	for (uint32_t pid = 1; pid < 100; pid++) {
		born(model, pid * 10 * MS, pid);
		tell(model,
		     (struct event){.kind = EVENT_POOL_GAUGE,
		                    .time = pid * 10 * MS,
		                    .pid = pid,
		                    .number = 4,
		                    .value = 4,
		                    .size = 1},
		     "");
	}
	for (unsigned ms = 1000; ms < 4000; ms += 250)
		pass(model, ms);
	assert_true(model->findings.count <= FINDINGS);
	assert_non_null(told(model, FINDING_POOL));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(three_children_that_crash_at_once_are_a_loop),
	    TEST(children_that_end_well_or_are_ended_are_none),
	    TEST(an_end_that_the_parent_is_not_told_of_is_a_zombie),
	    TEST(nothing_is_made_of_an_end_whose_record_may_be_lost),
	    TEST(a_zombie_that_was_seen_is_one_whoever_the_parent_is),
	    TEST(a_zombie_that_init_does_not_wait_for_is_not_its_dead_parents),
	    TEST(a_foreign_parent_need_not_say_that_it_was_told),
	    TEST(who_outlives_its_parent_is_an_orphan),
	    TEST(much_output_that_exec_keeps_is_told_with_spawn_as_the_cure),
	    TEST(a_pool_that_is_full_for_a_while_is_told),
	    TEST(a_pool_that_is_full_for_a_moment_or_has_no_queue_is_not),
	    TEST(what_comes_and_goes_does_not_flicker),
	    TEST(what_is_true_lasts_while_nothing_happens),
	    TEST(more_findings_than_rows_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
