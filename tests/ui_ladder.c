/* The rows and lifelines of the messages pane, and the verdict's words. */
#include "test.h"
#include "world.h"

#include "ui/ladder.h"
#include "ui/verdict.h"

#include <stdlib.h>
#include <string.h>

struct rung {
	struct world world;
	struct ladder ladder;
	struct view view;
};

static int
setup(void **state)
{
	struct rung *rung = calloc(1, sizeof(*rung));

	*state = rung;
	return rung ? 0 : -1;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
make(struct rung *rung, int rows, int lines)
{
	rung->view = (struct view){
	    .model = &rung->world.model,
	    .now = rung->world.model.now,
	    .scale = 50000000,
	    .own_pid = WORLD_LOOPTOP,
	};
	ladder_make(&rung->ladder, &rung->view, rows, lines);
}

/* Children, two of which are alike: five lifelines, or six. */
static void
tell_children(struct world *world)
{
	world_process(world, 3210, 4201, WORLD_STAGE, BIRTH_EXEC, NULL, "sh");
	world_process(world, 3211, 4202, 4201, BIRTH_FORK, "child 1", "child");
	world_process(world, 3212, 4203, 4201, BIRTH_FORK, "child 2", "child");
	world_died(world, 3220, 4201, DEATH_CODE, 0);
	world_tick(world, 3300);
}

static const struct ladder_row *
row_with(const struct ladder *ladder, const char *text, enum ladder_state state)
{
	for (int i = 0; i < ladder->row_count; i++)
		if (strcmp(ladder->rows[i].text, text) == 0 &&
		    ladder->rows[i].state == state)
			return &ladder->rows[i];
	return NULL;
}

static void
equal_messages_within_a_second_share_a_row(void **state)
{
	struct rung *rung = *state;
	const struct ladder_row *row;

	world_calm(&rung->world);
	make(rung, 30, 6);
	row = row_with(&rung->ladder, "GET /ping", LADDER_DELIVERED);
	assert_non_null(row);
	assert_int_equal(row->count, 25);
	assert_string_equal(rung->ladder.lines[row->from_line].label, "client");
	assert_string_equal(rung->ladder.lines[row->to_line].label, "stage");
}

static void
rows_stand_in_the_order_of_time(void **state)
{
	struct rung *rung = *state;

	world_offloaded(&rung->world);
	make(rung, 50, 6);
	for (int i = 1; i < rung->ladder.row_count; i++)
		assert_true(rung->ladder.rows[i - 1].time <=
		            rung->ladder.rows[i].time);
}

static void
what_waits_says_how_long(void **state)
{
	struct rung *rung = *state;
	int pending = 0;

	world_blocking(&rung->world);
	make(rung, 30, 6);
	for (int i = 0; i < rung->ladder.row_count; i++)
		pending += rung->ladder.rows[i].state == LADDER_PENDING;
	/* Nine wait; the five newest stay apart, the older ones share. */
	assert_int_equal(pending, 6);
	assert_true(
	    row_with(&rung->ladder, "GET /ping", LADDER_PENDING)->waited >
	    330000000);
}

static void
what_came_late_keeps_its_own_row(void **state)
{
	struct rung *rung = *state;
	int late = 0;

	world_offloaded(&rung->world);
	make(rung, 60, 6);
	for (int i = 0; i < rung->ladder.row_count; i++) {
		const struct ladder_row *row = &rung->ladder.rows[i];

		if (row->state != LADDER_LATE)
			continue;
		late++;
		assert_int_equal(row->count, 1);
		assert_true(row->waited >= LADDER_LATE_NS);
	}
	assert_int_equal(late, 9);
}

static void
births_and_ends_are_rows_too(void **state)
{
	struct rung *rung = *state;
	const struct ladder_row *row;

	world_cluster(&rung->world);
	make(rung, 60, 8);
	row = row_with(&rung->ladder, "SIGKILL", LADDER_LIFE);
	assert_non_null(row);
	assert_string_equal(rung->ladder.lines[row->from_line].label,
	                    "worker 2");
	assert_non_null(row_with(&rung->ladder, "cluster", LADDER_LIFE));
}

static void
too_many_lifelines_are_grouped_by_their_names(void **state)
{
	struct rung *rung = *state;
	bool found = false;

	world_cluster(&rung->world);
	make(rung, 60, 8);
	assert_true(rung->ladder.line_count >= 6);
	make(rung, 60, 4);
	assert_true(rung->ladder.line_count <= 4);
	for (int i = 0; i < rung->ladder.line_count; i++)
		if (strcmp(rung->ladder.lines[i].label, "worker") == 0) {
			assert_int_equal(rung->ladder.lines[i].count, 4);
			found = true;
		}
	assert_true(found);
}

static bool
has_line(const struct ladder *ladder, const char *label)
{
	for (int i = 0; i < ladder->line_count; i++)
		if (strcmp(ladder->lines[i].label, label) == 0)
			return true;
	return false;
}

/* Grouped or not: "thread 1" alone is no "thread". */
static void
one_that_shares_its_lifeline_with_nobody_keeps_its_number(void **state)
{
	struct rung *rung = *state;

	world_offloaded(&rung->world);
	tell_children(&rung->world);
	make(rung, 40, 6);
	assert_true(has_line(&rung->ladder, "thread 1"));
	assert_true(has_line(&rung->ladder, "child"));
	assert_false(has_line(&rung->ladder, "thread"));
}

/* No arrow goes to somewhere that has no name. */
static void
the_last_lifeline_is_for_all_that_have_none(void **state)
{
	struct rung *rung = *state;
	const struct ladder_row *row;

	world_offloaded(&rung->world);
	tell_children(&rung->world);
	make(rung, 40, 3);
	assert_int_equal(rung->ladder.line_count, 3);
	assert_true(rung->ladder.lines[2].gathered);
	for (int i = 0; i < rung->ladder.row_count; i++) {
		assert_in_range(rung->ladder.rows[i].from_line, 0, 2);
		assert_in_range(rung->ladder.rows[i].to_line, 0, 2);
	}
	row = row_with(&rung->ladder, "sh: exec", LADDER_LIFE);
	assert_non_null(row);
	assert_int_equal(row->to_line, 2);
	row = row_with(&rung->ladder, "sh: exit 0", LADDER_LIFE);
	assert_non_null(row);
	assert_int_equal(row->from_line, 2);
}

static void
rows_are_scrolled_from_the_newest_up(void **state)
{
	struct rung *rung = *state;
	uint64_t last;

	world_offloaded(&rung->world);
	make(rung, 8, 6);
	last = rung->ladder.rows[7].time;
	assert_int_equal(rung->ladder.below, 0);
	rung->view.top = 3;
	ladder_make(&rung->ladder, &rung->view, 8, 6);
	assert_int_equal(rung->ladder.row_count, 8);
	assert_int_equal(rung->ladder.below, 3);
	assert_true(rung->ladder.rows[7].time < last);
	/* Further up than there are rows: the oldest. */
	rung->view.top = 100000;
	ladder_make(&rung->ladder, &rung->view, 8, 6);
	assert_int_equal(rung->ladder.row_count, 8);
	assert_int_equal(rung->ladder.above, 0);
}

static void
rows_beyond_the_room_are_the_oldest(void **state)
{
	struct rung *rung = *state;
	uint64_t newest;

	world_offloaded(&rung->world);
	make(rung, 60, 6);
	newest = rung->ladder.rows[rung->ladder.row_count - 1].time;
	make(rung, 5, 6);
	assert_int_equal(rung->ladder.row_count, 5);
	assert_true(rung->ladder.rows[4].time == newest);
}

/* ---- the verdict ---- */

static const char *
verdict_of(struct rung *rung, bool lab, const char *over,
           enum verdict_kind kind)
{
	static struct verdict verdict;

	make(rung, 1, 2);
	verdict_make(&verdict, &rung->view, lab, over);
	assert_int_equal(verdict.kind, kind);
	return verdict.text;
}

static void
assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void
a_block_is_told_with_number_cost_and_cure(void **state)
{
	struct rung *rung = *state;
	const char *text;

	world_blocking(&rung->world);
	text = verdict_of(rung, true, NULL, VERDICT_BAD);
	assert_says(text, "EVENT LOOP BLOCKED 349 ms by fib(45)");
	assert_says(text, "9 events waiting");
	assert_says(text, "[o] do it in a worker thread");
}

static void
a_block_stays_for_a_moment_then_all_is_well(void **state)
{
	struct rung *rung = *state;
	const char *text;

	world_offloaded(&rung->world);
	text = verdict_of(rung, true, NULL, VERDICT_WAS);
	assert_says(text, "WAS BLOCKED 600 ms by fib(45)");
	world_tick(&rung->world, 3600);
	text = verdict_of(rung, true, NULL, VERDICT_GOOD);
	assert_says(text, "EVENT LOOP RESPONSIVE");
	assert_says(text, "fib(45) runs in thread 1");
	assert_says(text, "last block 600 ms by fib(45)");
}

static void
a_foreign_loop_is_named_with_what_it_does(void **state)
{
	struct rung *rung = *state;
	const char *text;

	world_foreign(&rung->world);
	text = verdict_of(rung, false, NULL, VERDICT_BAD);
	assert_says(text, "BLOCKED 160 ms: read(fd 3)");
	assert_says(text, "in server.js");
	assert_null(strstr(text, "[o]"));
}

/* The longest there is must keep its number, who, and the cure. */
static void
on_a_narrow_screen_the_cure_stays(void **state)
{
	struct rung *rung = *state;
	struct verdict verdict;
	char text[VERDICT_BYTES];

	world_blocking(&rung->world);
	make(rung, 1, 2);
	verdict_make(&verdict, &rung->view, true, NULL);
	verdict_fit(&verdict, 76, text);
	assert_string_equal(text,
	                    "EVENT LOOP BLOCKED 349 ms by fib(45)   9 waiting "
	                    "  [o] offload it");
	verdict_fit(&verdict, 56, text);
	assert_string_equal(
	    text, "EVENT LOOP BLOCKED 349 ms by fib(45)   [o] offload it");
	world_offloaded(&rung->world);
	world_tick(&rung->world, 3600);
	make(rung, 1, 2);
	verdict_make(&verdict, &rung->view, true, NULL);
	verdict_fit(&verdict, 56, text);
	assert_string_equal(text,
	                    "EVENT LOOP RESPONSIVE   lag 1.2 ms   [!] 1 note");
}

static void
the_end_of_it_all_comes_first(void **state)
{
	struct rung *rung = *state;

	world_blocking(&rung->world);
	assert_says(verdict_of(rung, true, "THE STAGE IS GONE", VERDICT_OVER),
	            "THE STAGE IS GONE");
}

#define with_rung(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_rung(equal_messages_within_a_second_share_a_row),
	    with_rung(rows_stand_in_the_order_of_time),
	    with_rung(what_waits_says_how_long),
	    with_rung(what_came_late_keeps_its_own_row),
	    with_rung(births_and_ends_are_rows_too),
	    with_rung(too_many_lifelines_are_grouped_by_their_names),
	    with_rung(
		one_that_shares_its_lifeline_with_nobody_keeps_its_number),
	    with_rung(the_last_lifeline_is_for_all_that_have_none),
	    with_rung(rows_are_scrolled_from_the_newest_up),
	    with_rung(rows_beyond_the_room_are_the_oldest),
	    with_rung(a_block_is_told_with_number_cost_and_cure),
	    with_rung(a_block_stays_for_a_moment_then_all_is_well),
	    with_rung(a_foreign_loop_is_named_with_what_it_does),
	    with_rung(on_a_narrow_screen_the_cure_stays),
	    with_rung(the_end_of_it_all_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
