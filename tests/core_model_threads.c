/* The model's threads: heard before they are announced, announced by several,
 * and gone before they are heard of. */
#include "model_lives.h"

static bool
thread_born(struct model *model, uint64_t time, uint32_t pid, uint32_t tid,
            enum role role, const char *name)
{
	return tell(model,
	            (struct event){.kind = EVENT_THREAD_BORN,
	                           .time = time,
	                           .pid = pid,
	                           .tid = tid,
	                           .number = role,
	                           .value = 3},
	            name);
}

static void
a_thread_has_a_role_and_a_name(void **state)
{
	struct model *model = *state;
	const struct thread *thread;

	born(model, 1, 10);
	assert_true(thread_born(model, 2, 10, 11, ROLE_WORKER, "resizer"));
	thread = thread_of(model, 11);
	assert_int_equal(thread->pid, 10);
	assert_int_equal(thread->tid, 11);
	assert_int_equal(thread->role, ROLE_WORKER);
	assert_int_equal(thread->id, 3);
	assert_string_equal(thread->name, "resizer");
	assert_int_equal(thread->row.born, 2);
	assert_true(thread->loop.exists);
	assert_non_null(actor_find_lane(&model->actors, thread));
	assert_int_equal(model->totals.threads, 1);
	assert_false(thread_born(model, 3, 10, 11, ROLE_WORKER, "resizer"));
	assert_int_equal(model->totals.threads, 1);
}

/* Each worker of a cluster has a "thread 1". */
static void
threads_of_two_processes_may_have_one_name(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	born(model, 1, 20);
	thread_born(model, 2, 10, 11, ROLE_WORKER, "thread 1");
	thread_born(model, 2, 10, 12, ROLE_WORKER, "thread 1");
	thread_born(model, 2, 20, 22, ROLE_POOL, "thread 1");
	thread_born(model, 2, 20, 23, ROLE_WORKER, "resizer");
	assert_false(thread_of(model, 11)->namesake);
	assert_false(thread_of(model, 12)->namesake);
	thread_born(model, 3, 20, 21, ROLE_WORKER, "thread 1");
	assert_true(thread_of(model, 21)->namesake);
	assert_true(thread_of(model, 11)->namesake);
	assert_false(thread_of(model, 22)->namesake);
	assert_false(thread_of(model, 23)->namesake);
}

static void
only_workers_and_pool_threads_are_born_with_a_lane(void **state)
{
	static const bool has_lane[ROLES] = {
	    [ROLE_WORKER] = true, [ROLE_POOL] = true};

	for (enum role role = 0; role < ROLES; role++) {
		struct model *model = *state;

		set_up(state);
		born(model, 1, 10);
		thread_born(model, 2, 10, 11, role, "x");
		assert_int_equal(thread_of(model, 11)->role, role);
		assert_int_equal(
		    !!actor_find_lane(&model->actors, thread_of(model, 11)),
		    has_lane[role]);
	}
}

/* The sampler hears of it first: its birth is news all the same, or else it
 * would neither be recorded nor printed. */
static void
a_thread_may_be_heard_before_it_is_announced(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	thread_ran(model, 2, 10, 10);
	thread_ran(model, 2, 10, 11);
	assert_int_equal(thread_of(model, 10)->role, ROLE_MAIN);
	assert_int_equal(thread_of(model, 11)->role, ROLE_OTHER);
	assert_int_equal(model->totals.threads, 2);
	assert_true(thread_born(model, 3, 10, 11, ROLE_POOL, "pool 1"));
	assert_int_equal(thread_of(model, 11)->role, ROLE_POOL);
	assert_string_equal(thread_of(model, 11)->name, "pool 1");
	assert_int_equal(thread_of(model, 11)->cpu_ns, 500);
	assert_false(thread_born(model, 4, 10, 11, ROLE_POOL, "pool 1"));
	assert_int_equal(model->totals.threads, 2);
}

/* Who sees it from outside knows its name only, and a worse one. */
static void
who_knows_no_role_does_not_rename_a_thread(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	assert_true(thread_born(model, 2, 10, 11, ROLE_OTHER, "node"));
	assert_true(thread_born(model, 3, 10, 11, ROLE_WORKER, "resizer"));
	assert_string_equal(thread_of(model, 11)->name, "resizer");
	assert_false(thread_born(model, 4, 10, 11, ROLE_OTHER, "node"));
	assert_string_equal(thread_of(model, 11)->name, "resizer");
	assert_int_equal(thread_of(model, 11)->role, ROLE_WORKER);
	assert_int_equal(thread_of(model, 11)->id, 3);
	assert_false(thread_born(model, 5, 10, 11, ROLE_WORKER, ""));
	assert_string_equal(thread_of(model, 11)->name, "resizer");
}

static void
a_thread_of_nobody_is_dropped(void **state)
{
	struct model *model = *state;

	assert_false(thread_born(model, 2, 10, 11, ROLE_WORKER, "x"));
	thread_ran(model, 2, 10, 11);
	assert_null(thread_of(model, 11));
	born(model, 3, 10);
	died(model, 4, 10, DEATH_CODE, 0);
	assert_false(thread_born(model, 5, 10, 11, ROLE_WORKER, "x"));
	thread_ran(model, 5, 10, 11);
	assert_null(thread_of(model, 11));
	assert_int_equal(model->totals.threads, 0);
}

static void
a_thread_dies_once(void **state)
{
	struct model *model = *state;
	struct event event = {
	    .kind = EVENT_THREAD_DIED, .time = 9, .pid = 10, .tid = 11};

	assert_false(tell(model, event, ""));
	born(model, 1, 10);
	thread_ran(model, 2, 10, 11);
	event.pid = 20;
	assert_false(tell(model, event, ""));
	event.pid = 10;
	assert_true(tell(model, event, ""));
	assert_int_equal(thread_of(model, 11)->row.died, 9);
	assert_false(tell(model, event, ""));
	/* Its tid comes again in the same process. */
	assert_true(thread_born(model, 20, 10, 11, ROLE_OTHER, "next"));
	assert_int_equal(thread_of(model, 11)->row.died, 0);
	assert_int_equal(model->totals.threads, 2);
}

/* The record of its death was lost: a tid is one thread's at a time. */
static void
a_tid_in_another_process_is_another_thread(void **state)
{
	struct model *model = *state;
	const struct thread *first;

	born(model, 1, 10);
	born(model, 1, 20);
	thread_ran(model, 2, 10, 99);
	first = thread_of(model, 99);
	thread_ran(model, 50, 20, 99);
	assert_ptr_not_equal(thread_of(model, 99), first);
	assert_int_equal(thread_of(model, 99)->pid, 20);
	assert_int_equal(first->row.died, 50);
	assert_int_equal(model->totals.threads, 2);
}

/* A main thread has the number of its process, so it comes again with it. */
static void
a_pid_comes_again_with_its_main_thread(void **state)
{
	struct model *model = *state;

	for (uint64_t time = 100; time < 400; time += 100) {
		born(model, time, 10);
		thread_ran(model, time + 10, 10, 10);
		assert_int_equal(thread_of(model, 10)->row.died, 0);
		assert_int_equal(thread_of(model, 10)->row.born, time + 10);
		assert_int_equal(thread_of(model, 10)->role, ROLE_MAIN);
		died(model, time + 90, 10, DEATH_CODE, 0);
	}
	assert_int_equal(model->totals.threads, 3);
}

/* Its last sample may be taken when it has already said goodbye. */
static void
a_dead_thread_is_not_raised_by_a_late_sample(void **state)
{
	struct model *model = *state;

	born(model, 1, 10);
	thread_ran(model, 2, 10, 11);
	tell(model,
	     (struct event){
		 .kind = EVENT_THREAD_DIED, .time = 9, .pid = 10, .tid = 11},
	     "");
	assert_true(thread_ran(model, 10, 10, 11));
	assert_false(thread_born(model, 8, 10, 11, ROLE_OTHER, "late"));
	assert_int_equal(thread_of(model, 11)->row.died, 9);
	assert_int_equal(thread_of(model, 11)->cpu_ns, 500);
	assert_int_equal(model->totals.threads, 1);
}

static void
threads_without_room_are_counted(void **state)
{
	struct model *model = *state;

	born(model, 1, 1);
	for (uint32_t i = 1; i <= THREADS; i++)
		thread_ran(model, i, 1, i);
	assert_true(thread_born(model, 9999, 1, 99999, ROLE_OTHER, "x"));
	assert_true(thread_ran(model, 9999, 1, 99999));
	assert_int_equal(model->totals.threads, THREADS + 1);
	assert_null(thread_of(model, 99999));
}

/* Who only looks may say more later; who announced itself knows better. */
static void
a_role_may_be_found_out_later(void **state)
{
	struct model *model = *state;
	const struct thread *thread;

	born(model, 10, 100);
	tell(model,
	     (struct event){
		 .kind = EVENT_THREAD_BORN, .time = 11, .pid = 100, .tid = 101},
	     "node");
	tell(model,
	     (struct event){.kind = EVENT_THREAD_ROLE,
	                    .time = 12,
	                    .pid = 100,
	                    .tid = 101,
	                    .number = ROLE_POOL},
	     "libuv pool 1: waits on futex 0x1 with 3 others: a pool");
	thread = actor_thread(&model->actors, 101);
	assert_string_equal(thread->name, "libuv pool 1");
	assert_string_equal(thread->reason,
	                    "waits on futex 0x1 with 3 others: a pool");
	assert_int_equal(thread->role, ROLE_POOL);
	tell(model,
	     (struct event){.kind = EVENT_THREAD_ROLE,
	                    .time = 13,
	                    .pid = 100,
	                    .tid = 101,
	                    .number = ROLES},
	     "nothing else");
	assert_string_equal(thread->name, "nothing else");
	assert_string_equal(thread->reason, "");
	assert_int_equal(thread->role, ROLE_POOL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_thread_has_a_role_and_a_name),
	    TEST(only_workers_and_pool_threads_are_born_with_a_lane),
	    TEST(threads_of_two_processes_may_have_one_name),
	    TEST(a_thread_may_be_heard_before_it_is_announced),
	    TEST(who_knows_no_role_does_not_rename_a_thread),
	    TEST(a_thread_of_nobody_is_dropped),
	    TEST(a_thread_dies_once),
	    TEST(a_tid_in_another_process_is_another_thread),
	    TEST(a_pid_comes_again_with_its_main_thread),
	    TEST(a_dead_thread_is_not_raised_by_a_late_sample),
	    TEST(threads_without_room_are_counted),
	    TEST(a_role_may_be_found_out_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
