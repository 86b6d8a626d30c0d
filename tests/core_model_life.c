/* The model's processes: announced twice, late, never, or again under the
 * number of one who is dead. */
#include "model_lives.h"

static bool
titled(struct model *model, uint64_t time, uint32_t pid)
{
	return tell(model,
	            (struct event){
			.kind = EVENT_PROCESS_TITLE, .time = time, .pid = pid},
	            "worker");
}

static const struct process *
process_of(const struct model *model, uint32_t pid)
{
	return actor_process(&model->actors, pid);
}

/* ---- births ---- */

static void
a_birth_is_all_that_is_known(void **state)
{
	struct model *model = *state;
	const struct process *process;

	assert_true(tell(model,
	                 (struct event){.kind = EVENT_PROCESS_BORN,
	                                .time = 50,
	                                .pid = 10,
	                                .other_pid = 7,
	                                .number = BIRTH_SPAWN,
	                                .value = 1234},
	                 "ls\t-l"));
	process = process_of(model, 10);
	assert_int_equal(process->pid, 10);
	assert_int_equal(process->ppid, 7);
	assert_int_equal(process->how, BIRTH_SPAWN);
	assert_int_equal(process->start, 1234);
	assert_int_equal(process->row.born, 50);
	assert_int_equal(process->row.died, 0);
	assert_string_equal(process->command, "ls -l");
	assert_false(process->runtime);
	assert_int_equal(model->totals.processes, 1);
}

static void
a_birth_that_is_known_is_no_news(void **state)
{
	struct model *model = *state;

	assert_true(born(model, 50, 10));
	assert_false(born(model, 50, 10));
	assert_false(born(model, 60, 10));
	assert_int_equal(process_of(model, 10)->row.born, 50);
	assert_int_equal(model->totals.processes, 1);
	assert_int_equal(model->actors.process_table.count, 1);
}

/* The observer sees it first, then its parent says how it was started: that is
 * kept, but it was born once. */
static void
a_second_announcement_may_know_more(void **state)
{
	struct model *model = *state;
	struct event seen = {.kind = EVENT_PROCESS_BORN,
	                     .time = 50,
	                     .pid = 10,
	                     .number = BIRTH_SEEN};

	assert_true(tell(model, seen, "node a.js"));
	seen.value = 1234;
	assert_false(tell(model, seen, "node a.js"));
	assert_int_equal(process_of(model, 10)->start, 1234);
	assert_false(born(model, 51, 10));
	assert_int_equal(process_of(model, 10)->how, BIRTH_FORK);
	assert_int_equal(process_of(model, 10)->start, 1234);
	assert_false(tell(model, seen, "node a.js"));
	assert_int_equal(process_of(model, 10)->how, BIRTH_FORK);
	assert_int_equal(model->totals.processes, 1);
}

static void
a_birth_of_an_unknown_sort_is_one_that_was_seen(void **state)
{
	struct model *model = *state;

	tell(model,
	     (struct event){.kind = EVENT_PROCESS_BORN,
	                    .time = 1,
	                    .pid = 10,
	                    .number = BIRTHS},
	     "x");
	assert_int_equal(process_of(model, 10)->how, BIRTH_SEEN);
}

/* ---- deaths ---- */

static void
a_death_says_how(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	assert_true(died(model, 9, 10, DEATH_CODE, 3));
	assert_int_equal(process_of(model, 10)->row.died, 9);
	assert_int_equal(process_of(model, 10)->death, DEATH_CODE);
	assert_int_equal(process_of(model, 10)->status, 3);
	assert_false(died(model, 12, 10, DEATH_SIGNAL, 9));
	assert_int_equal(process_of(model, 10)->row.died, 9);
	assert_int_equal(process_of(model, 10)->status, 3);
	assert_int_equal(model->totals.crashed, 1);
}

static void
a_death_of_nobody_is_no_news(void **state)
{
	struct model *model = *state;

	assert_false(died(model, 9, 10, DEATH_CODE, 3));
	assert_null(process_of(model, 10));
	assert_int_equal(model->totals.crashed, 0);
}

static void
a_crash_is_a_code_that_is_not_zero_or_a_signal(void **state)
{
	static const struct {
		enum death death;
		uint64_t status;
		unsigned crashed;
	} ends[] = {
	    {DEATH_CODE, 0, 0},    {DEATH_CODE, 1, 1},    {DEATH_SIGNAL, 9, 1},
	    {DEATH_UNKNOWN, 0, 0}, {DEATH_UNKNOWN, 5, 0}, {DEATHS, 5, 0},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct model *model = *state;

		set_up(state);
		born(model, 1, 10);
		died(model, 2, 10, ends[i].death, ends[i].status);
		assert_int_equal(model->totals.crashed, ends[i].crashed);
	}
}

static void
a_death_takes_the_threads_along(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	born(model, 1, 20);
	thread_ran(model, 2, 10, 11);
	thread_ran(model, 2, 10, 10);
	thread_ran(model, 2, 20, 20);
	died(model, 9, 10, DEATH_CODE, 0);
	assert_int_equal(thread_of(model, 10)->row.died, 9);
	assert_int_equal(thread_of(model, 11)->row.died, 9);
	assert_int_equal(thread_of(model, 20)->row.died, 0);
}

static void
a_parent_is_told(void **state)
{
	struct model *model = *state;
	struct event told = {
	    .kind = EVENT_PROCESS_EXIT, .time = 9, .pid = 1, .other_pid = 10};

	assert_true(tell(model, told, ""));
	born(model, 1, 10);
	assert_false(process_of(model, 10)->told);
	tell(model, told, "");
	assert_true(process_of(model, 10)->told);
	assert_int_equal(process_of(model, 10)->row.died, 0);
}

/* ---- the same pid again ---- */

static void
a_pid_comes_again_after_a_death(void **state)
{
	struct model *model = *state;
	const struct process *first;

	born(model, 1, 10);
	first = process_of(model, 10);
	died(model, 9, 10, DEATH_CODE, 0);
	assert_true(born(model, 20, 10));
	assert_ptr_not_equal(process_of(model, 10), first);
	assert_int_equal(process_of(model, 10)->row.born, 20);
	assert_int_equal(process_of(model, 10)->row.died, 0);
	assert_int_equal(first->row.died, 9);
	assert_int_equal(model->totals.processes, 2);
}

/* The record of the death was lost: another start time tells. */
static void
a_pid_with_another_start_is_another_process(void **state)
{
	struct model *model = *state;
	struct event event = {
	    .kind = EVENT_PROCESS_BORN, .time = 1, .pid = 10, .value = 100};
	const struct process *first;

	tell(model, event, "first");
	thread_ran(model, 2, 10, 10);
	first = process_of(model, 10);
	event.time = 30;
	event.value = 200;
	assert_true(tell(model, event, "second"));
	assert_int_equal(first->row.died, 30);
	assert_int_equal(first->death, DEATH_UNKNOWN);
	assert_int_equal(thread_of(model, 10)->row.died, 30);
	assert_string_equal(process_of(model, 10)->command, "second");
	assert_int_equal(model->totals.processes, 2);
	assert_int_equal(model->totals.crashed, 0);
	/* Not known is not another. */
	event.value = 0;
	assert_false(tell(model, event, "third"));
}

static void
an_announcement_later_than_the_death_makes_no_ghost(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	died(model, 9, 10, DEATH_CODE, 0);
	assert_false(born(model, 2, 10));
	assert_int_equal(process_of(model, 10)->row.died, 9);
	assert_int_equal(model->totals.processes, 1);
}

/* ---- titles ---- */

static void
a_title_may_come_before_the_birth(void **state)
{
	struct model *model = *state;

	assert_true(titled(model, 5, 10));
	assert_string_equal(process_of(model, 10)->title, "worker");
	assert_true(process_of(model, 10)->runtime);
	assert_true(born(model, 4, 10));
	assert_string_equal(process_of(model, 10)->command, "node server.js");
	assert_string_equal(process_of(model, 10)->title, "worker");
	assert_int_equal(process_of(model, 10)->ppid, 1);
	assert_int_equal(process_of(model, 10)->how, BIRTH_FORK);
	assert_true(process_of(model, 10)->runtime);
	assert_false(born(model, 4, 10));
	assert_int_equal(model->totals.processes, 1);
	assert_int_equal(model->actors.process_table.count, 1);
}

static void
a_title_may_change(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	titled(model, 2, 10);
	tell(model,
	     (struct event){.kind = EVENT_PROCESS_TITLE, .time = 3, .pid = 10},
	     "busy");
	assert_string_equal(process_of(model, 10)->title, "busy");
	assert_int_equal(model->totals.processes, 1);
}

static void
a_title_later_than_the_death_makes_no_ghost(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	died(model, 9, 10, DEATH_CODE, 0);
	titled(model, 8, 10);
	assert_int_equal(process_of(model, 10)->row.died, 9);
	assert_string_equal(process_of(model, 10)->title, "worker");
	assert_int_equal(model->totals.processes, 1);
	/* A new one that is quicker than its announcement. */
	titled(model, 20, 10);
	assert_int_equal(process_of(model, 10)->row.died, 0);
	assert_int_equal(model->totals.processes, 2);
}

/* Its announcement was lost; what is announced now is another one. */
static void
a_pid_comes_again_after_one_nobody_announced(void **state)
{
	struct model *model = *state;

	titled(model, 5, 10);
	died(model, 9, 10, DEATH_CODE, 0);
	assert_true(born(model, 50, 10));
	assert_int_equal(process_of(model, 10)->row.born, 50);
	assert_int_equal(process_of(model, 10)->row.died, 0);
	assert_int_equal(model->totals.processes, 2);
}

static void
an_announcement_of_one_who_only_spoke_may_come_after_its_death(void **state)
{
	struct model *model = *state;

	titled(model, 5, 10);
	died(model, 9, 10, DEATH_CODE, 0);
	assert_true(born(model, 4, 10));
	assert_int_equal(process_of(model, 10)->row.died, 9);
	assert_string_equal(process_of(model, 10)->command, "node server.js");
	assert_int_equal(model->totals.processes, 1);
}

/* ---- numbers ---- */

static void
an_exec_changes_the_command(void **state)
{
	struct model *model = *state;
	struct event exec = {.kind = EVENT_PROCESS_EXEC, .time = 2, .pid = 10};

	assert_true(tell(model, exec, "nobody"));
	assert_null(process_of(model, 10));
	born(model, 1, 10);
	tell(model, exec, "sleep 1");
	assert_string_equal(process_of(model, 10)->command, "sleep 1");
}

static void
gauges_are_kept(void **state)
{
	struct model *model = *state;
	struct event gauge = {.kind = EVENT_PROCESS_GAUGE,
	                      .time = 2,
	                      .pid = 10,
	                      .number = 20,
	                      .size = 11,
	                      .value = 4096};

	assert_true(tell(model, gauge, ""));
	born(model, 1, 10);
	tell(model, gauge, "");
	assert_int_equal(process_of(model, 10)->rss_kb, 4096);
	assert_int_equal(process_of(model, 10)->threads, 11);
	assert_int_equal(process_of(model, 10)->fds, 20);
	gauge.kind = EVENT_POOL_GAUGE;
	gauge.number = 4;
	gauge.value = 3;
	gauge.size = 2;
	tell(model, gauge, "");
	assert_int_equal(process_of(model, 10)->pool_slots, 4);
	assert_int_equal(process_of(model, 10)->pool_running, 3);
	assert_int_equal(process_of(model, 10)->pool_queued, 2);
}

/* ---- more than there is room for ---- */

static void
processes_without_room_are_counted(void **state)
{
	struct model *model = *state;

	for (uint32_t i = 1; i <= PROCESSES; i++)
		assert_true(born(model, i, i));
	assert_true(born(model, 9999, 99999));
	assert_true(born(model, 9999, 99998));
	assert_true(titled(model, 9999, 99998));
	assert_int_equal(model->totals.processes, PROCESSES + 2);
	assert_true(model->actors.process_table.unstored >= 2);
	assert_null(process_of(model, 99999));
	assert_false(died(model, 9999, 99999, DEATH_CODE, 0));
	/* One who dies makes room. */
	died(model, 10000, 2, DEATH_CODE, 0);
	assert_true(born(model, 10001, 99999));
	assert_non_null(process_of(model, 99999));
	assert_null(process_of(model, 2));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_birth_is_all_that_is_known),
	    TEST(a_birth_that_is_known_is_no_news),
	    TEST(a_second_announcement_may_know_more),
	    TEST(a_birth_of_an_unknown_sort_is_one_that_was_seen),
	    TEST(a_death_says_how),
	    TEST(a_death_of_nobody_is_no_news),
	    TEST(a_crash_is_a_code_that_is_not_zero_or_a_signal),
	    TEST(a_death_takes_the_threads_along),
	    TEST(a_parent_is_told),
	    TEST(a_pid_comes_again_after_a_death),
	    TEST(a_pid_with_another_start_is_another_process),
	    TEST(an_announcement_later_than_the_death_makes_no_ghost),
	    TEST(a_title_may_come_before_the_birth),
	    TEST(a_title_may_change),
	    TEST(a_title_later_than_the_death_makes_no_ghost),
	    TEST(a_pid_comes_again_after_one_nobody_announced),
	    TEST(
		an_announcement_of_one_who_only_spoke_may_come_after_its_death),
	    TEST(an_exec_changes_the_command),
	    TEST(gauges_are_kept),
	    TEST(processes_without_room_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
