/* Processes and threads as rows, and the lanes that threads are lent. */
#include "test.h"

#include "core/actor.h"

#include <string.h>

static int
set_up(void **state)
{
	static struct actors actors;

	actor_init(&actors);
	*state = &actors;
	return 0;
}

/* Threads of one process, each with a lane, until there are no more lanes. */
static void
use_all_lanes(struct actors *actors)
{
	for (uint32_t i = 0; i < LANES; i++) {
		struct thread *thread =
		    actor_add_thread(actors, 1, 100 + i, 5 * LANE_BIN_NS);

		assert_non_null(actor_lane(actors, thread));
	}
}

/* ---- rows ---- */

static void
knows_who_was_added(void **state)
{
	struct actors *actors = *state;
	struct process *process = actor_add_process(actors, 10, 5);
	struct thread *thread =
	    actor_add_thread(actors, 10, 11, 3 * CPU_BIN_NS);

	assert_int_equal(process->pid, 10);
	assert_int_equal(process->row.born, 5);
	assert_int_equal(thread->pid, 10);
	assert_int_equal(thread->tid, 11);
	assert_int_equal(thread->cpu_series.newest, 3);
	assert_ptr_equal(actor_process(actors, 10), process);
	assert_ptr_equal(actor_thread(actors, 11), thread);
	assert_null(actor_process(actors, 11));
	assert_null(actor_thread(actors, 10));
}

static void
has_no_room_when_all_live(void **state)
{
	struct actors *actors = *state;

	for (uint32_t i = 1; i <= PROCESSES; i++)
		assert_non_null(actor_add_process(actors, i, 1));
	for (uint32_t i = 1; i <= THREADS; i++)
		assert_non_null(actor_add_thread(actors, 1, i, 1));
	assert_null(actor_add_process(actors, 99999, 1));
	assert_null(actor_add_thread(actors, 1, 99999, 1));
	actor_end_thread(actor_thread(actors, 2), 5);
	assert_non_null(actor_add_thread(actors, 1, 99999, 6));
	assert_null(actor_thread(actors, 2));
}

static void
ends_a_process_with_its_threads(void **state)
{
	struct actors *actors = *state;
	struct process *process = actor_add_process(actors, 10, 1);
	struct thread *main_thread = actor_add_thread(actors, 10, 10, 1);
	struct thread *second = actor_add_thread(actors, 10, 11, 1);
	struct thread *stranger = actor_add_thread(actors, 20, 21, 1);

	actor_end_thread(second, 7);
	actor_end_process(actors, process, 9);
	assert_int_equal(process->row.died, 9);
	assert_int_equal(main_thread->row.died, 9);
	assert_int_equal(second->row.died, 7);
	assert_int_equal(stranger->row.died, 0);
}

static void
takes_the_work_from_the_dead(void **state)
{
	struct thread *thread = actor_add_thread(*state, 10, 11, 1);

	thread->span_since = 2;
	thread->loop.blocked_since = 2;
	thread->waiting = 3;
	actor_end_thread(thread, 7);
	actor_end_thread(thread, 8);
	assert_int_equal(thread->row.died, 7);
	assert_int_equal(thread->span_since, 0);
	assert_int_equal(thread->loop.blocked_since, 0);
	assert_int_equal(thread->waiting, 0);
}

/* 0 means alive: whoever dies at the beginning of time is dead all the same. */
static void
is_dead_also_at_time_zero(void **state)
{
	struct actors *actors = *state;
	struct process *process = actor_add_process(actors, 10, 0);
	struct thread *thread = actor_add_thread(actors, 10, 11, 0);

	actor_end_process(actors, process, 0);
	assert_int_not_equal(process->row.died, 0);
	assert_int_not_equal(thread->row.died, 0);
}

/* ---- lanes ---- */

static void
lends_a_thread_one_lane(void **state)
{
	struct actors *actors = *state;
	struct thread *thread =
	    actor_add_thread(actors, 1, 100, 7 * LANE_BIN_NS);
	struct lane *lane;

	assert_null(actor_find_lane(actors, thread));
	lane = actor_lane(actors, thread);
	assert_non_null(lane);
	assert_int_equal(lane->tid, 100);
	assert_int_equal(lane->series.newest, 7);
	assert_int_equal(lane->series.count, LANE_BINS);
	assert_ptr_equal(actor_lane(actors, thread), lane);
	assert_ptr_equal(actor_find_lane(actors, thread), lane);
}

static void
lends_no_lane_twice(void **state)
{
	struct actors *actors = *state;

	use_all_lanes(actors);
	for (uint32_t i = 0; i < LANES; i++)
		for (uint32_t k = 0; k < i; k++)
			assert_ptr_not_equal(
			    actor_find_lane(actors,
			                    actor_thread(actors, 100 + i)),
			    actor_find_lane(actors,
			                    actor_thread(actors, 100 + k)));
	assert_null(actor_lane(actors, actor_add_thread(actors, 1, 99, 1)));
}

static void
takes_a_lane_back_from_the_dead_only(void **state)
{
	struct actors *actors = *state;
	struct thread *late = actor_add_thread(actors, 1, 99, 8 * LANE_BIN_NS);
	struct thread *dead;
	struct lane *lane;

	use_all_lanes(actors);
	assert_null(actor_lane(actors, late));
	dead = actor_thread(actors, 101);
	lane = actor_lane(actors, dead);
	memset(lane->busy, 9, LANE_BINS);
	memset(lane->flags, 9, LANE_BINS);
	memset(lane->waiting, 9, LANE_BINS);
	actor_end_thread(dead, 4);
	/* Until somebody needs it, it shows what the dead one did. */
	assert_ptr_equal(actor_find_lane(actors, dead), lane);
	assert_ptr_equal(actor_lane(actors, late), lane);
	assert_null(actor_find_lane(actors, dead));
	assert_int_equal(lane->tid, 99);
	assert_int_equal(lane->series.newest, 8);
	for (int i = 0; i < LANE_BINS; i++)
		assert_int_equal(
		    lane->busy[i] | lane->flags[i] | lane->waiting[i], 0);
}

static void
lends_a_free_lane_before_it_takes_one_back(void **state)
{
	struct actors *actors = *state;
	struct thread *first = actor_add_thread(actors, 1, 100, 1);
	struct thread *second = actor_add_thread(actors, 1, 101, 1);
	struct lane *lane = actor_lane(actors, first);

	actor_end_thread(first, 2);
	assert_ptr_not_equal(actor_lane(actors, second), lane);
	assert_ptr_equal(actor_find_lane(actors, first), lane);
}

/* A tid comes again: the lane of the dead is neither the new one's, nor is it
 * kept for it. */
static void
takes_a_lane_back_though_the_tid_lives_again(void **state)
{
	struct actors *actors = *state;
	struct thread *again, *late;
	struct lane *lane;

	use_all_lanes(actors);
	lane = actor_lane(actors, actor_thread(actors, 100));
	actor_end_thread(actor_thread(actors, 100), 6 * LANE_BIN_NS);
	again = actor_add_thread(actors, 2, 100, 7 * LANE_BIN_NS);
	assert_null(actor_find_lane(actors, again));
	late = actor_add_thread(actors, 1, 99, 8 * LANE_BIN_NS);
	assert_ptr_equal(actor_lane(actors, late), lane);
	assert_null(actor_lane(actors, again));
}

/* Nor does the dead one show what the new one does. */
static void
shows_no_lane_of_another_with_the_same_tid(void **state)
{
	struct actors *actors = *state;
	struct thread *dead, *again;
	struct lane *lane;

	use_all_lanes(actors);
	dead = actor_thread(actors, 100);
	lane = actor_lane(actors, dead);
	actor_end_thread(dead, 6 * LANE_BIN_NS);
	again = actor_add_thread(actors, 2, 100, 7 * LANE_BIN_NS);
	assert_ptr_equal(actor_lane(actors, again), lane);
	assert_ptr_equal(actor_find_lane(actors, again), lane);
	assert_null(actor_find_lane(actors, dead));
}

static void
moves_all_rings_of_a_lane(void **state)
{
	struct actors *actors = *state;
	struct lane *lane =
	    actor_lane(actors, actor_add_thread(actors, 1, 100, 1));

	memset(lane->busy, 9, LANE_BINS);
	memset(lane->flags, 9, LANE_BINS);
	memset(lane->waiting, 9, LANE_BINS);
	actor_advance_lane(lane, 2 * LANE_BIN_NS);
	assert_int_equal(lane->series.newest, 2);
	for (int i = 0; i < LANE_BINS; i++) {
		int kept = i == 1 || i == 2 ? 0 : 9;

		assert_int_equal(lane->busy[i], kept);
		assert_int_equal(lane->flags[i], kept);
		assert_int_equal(lane->waiting[i], kept);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(knows_who_was_added),
	    TEST(has_no_room_when_all_live),
	    TEST(ends_a_process_with_its_threads),
	    TEST(takes_the_work_from_the_dead),
	    TEST(is_dead_also_at_time_zero),
	    TEST(lends_a_thread_one_lane),
	    TEST(lends_no_lane_twice),
	    TEST(takes_a_lane_back_from_the_dead_only),
	    TEST(lends_a_free_lane_before_it_takes_one_back),
	    TEST(takes_a_lane_back_though_the_tid_lives_again),
	    TEST(shows_no_lane_of_another_with_the_same_tid),
	    TEST(moves_all_rings_of_a_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
