/*
 * Findings about loops, threads and messages: each rule in a world where it
 * holds and in one where it almost does. Times are milliseconds.
 */
#include "model_findings.h"

static void
block(struct model *model, unsigned from, unsigned to, uint32_t pid,
      const char *cause)
{
	tell(model,
	     (struct event){.kind = EVENT_LOOP_FREED,
	                    .time = to * MS,
	                    .pid = pid,
	                    .value = (to - from) * MS},
	     cause);
}

/* A thread's time from `from` to `to` ms, in percent. */
static void
spend(struct model *model, unsigned from, unsigned to, uint32_t pid,
      uint32_t tid, unsigned cpu, unsigned wait)
{
	for (unsigned ms = from + 100; ms <= to; ms += 100)
		tell(model,
		     (struct event){.kind = EVENT_THREAD_GAUGE,
		                    .time = ms * MS,
		                    .pid = pid,
		                    .tid = tid,
		                    .number = 100 * MS,
		                    .value = cpu * MS,
		                    .size = wait * MS},
		     "");
}

/* ---- loops and threads ---- */

static void
a_loop_that_blocks_again_and_again(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	block(model, 11000, 11400, PRIMARY, "fib(40)");
	block(model, 12000, 12600, PRIMARY, "fib(41)");
	pass(model, 12700);
	assert_null(told(model, FINDING_BLOCKED));
	block(model, 13000, 13500, PRIMARY, "fib(40)");
	pass(model, 14000);
	assert_told(model, FINDING_BLOCKED,
	            "BLOCKED AGAIN AND AGAIN: the loop of server for 15% of the "
	            "last 10 s, longest 600 ms: fib(41)");
}

static void
short_blocks_and_those_long_ago_are_not(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	for (unsigned ms = 11000; ms < 14000; ms += 1000)
		block(model, ms, ms + 60, PRIMARY, "json");
	pass(model, 14000);
	assert_null(told(model, FINDING_BLOCKED));
	for (unsigned ms = 21000; ms < 24000; ms += 1000)
		block(model, ms, ms + 900, PRIMARY, "json");
	pass(model, 33000);
	assert_null(told(model, FINDING_BLOCKED));
}

static void
a_loop_that_computes_is_told_to_offload(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	spend(model, 0, 4000, PRIMARY, PRIMARY, 88, 0);
	assert_null(told(model, FINDING_CPU));
	spend(model, 4000, 8000, PRIMARY, PRIMARY, 88, 0);
	assert_told(model, FINDING_CPU,
	            "CPU ON THE LOOP: server computes 88% of the time and can "
	            "answer in the rest");
}

static void
a_loop_half_busy_and_a_busy_worker_are_not(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	tell(model,
	     (struct event){.kind = EVENT_THREAD_BORN,
	                    .pid = PRIMARY,
	                    .tid = 11,
	                    .number = ROLE_WORKER},
	     "thread 1");
	spend(model, 0, 9000, PRIMARY, PRIMARY, 60, 0);
	spend(model, 0, 9000, PRIMARY, 11, 99, 0);
	assert_null(told(model, FINDING_CPU));
}

static void
threads_that_find_no_core(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	for (unsigned ms = 0; ms < 5000; ms += 100)
		for (uint32_t tid = PRIMARY; tid < PRIMARY + 4; tid++)
			spend(model, ms, ms + 100, PRIMARY, tid, 50, 50);
	assert_told(model, FINDING_CORES,
	            "TOO FEW CORES: 4.0 threads want to run, 2.0 can");
}

static void
threads_that_wait_a_little_find_one(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	for (unsigned ms = 0; ms < 5000; ms += 100)
		for (uint32_t tid = PRIMARY; tid < PRIMARY + 4; tid++)
			spend(model, ms, ms + 100, PRIMARY, tid, 40, 20);
	assert_null(told(model, FINDING_CORES));
}

static void
one_that_others_starve_is_not_ours_to_cure(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	for (unsigned ms = 0; ms < 5000; ms += 100)
		for (uint32_t tid = PRIMARY; tid < PRIMARY + 2; tid++)
			spend(model, ms, ms + 100, PRIMARY, tid, 10, 90);
	assert_null(told(model, FINDING_CORES));
}

static void
run_cluster(struct model *model, unsigned busy, unsigned other)
{
	server(model, 0, PRIMARY);
	child(model, 10, CHILD, PRIMARY, BIRTH_CLUSTER, "worker 1");
	child(model, 10, CHILD + 1, PRIMARY, BIRTH_CLUSTER, "worker 2");
	for (unsigned ms = 0; ms < 12000; ms += 100) {
		spend(model, ms, ms + 100, CHILD, CHILD, busy, 0);
		spend(model, ms, ms + 100, CHILD + 1, CHILD + 1, other, 0);
	}
}

static void
a_cluster_where_one_does_the_work(void **state)
{
	struct model *model = *state;

	run_cluster(model, 90, 3);
	assert_told(model, FINDING_UNEVEN,
	            "UNEVEN CLUSTER: worker 1 works 90% of the time, another "
	            "worker 3%");
}

static void
a_cluster_that_shares_it(void **state)
{
	struct model *model = *state;

	run_cluster(model, 60, 40);
	assert_null(told(model, FINDING_UNEVEN));
}

static void
add_worker(struct model *model, uint32_t tid)
{
	tell(model,
	     (struct event){.kind = EVENT_THREAD_BORN,
	                    .time = 1,
	                    .pid = PRIMARY,
	                    .tid = tid,
	                    .number = ROLE_WORKER},
	     "thread 1");
}

static void
workers_without_work_are_a_note(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	add_worker(model, 11);
	add_worker(model, 12);
	spend(model, 0, 15000, PRIMARY, 11, 30, 0);
	assert_null(told(model, FINDING_IDLE));
	spend(model, 15000, 25000, PRIMARY, 11, 30, 0);
	assert_told(model, FINDING_IDLE,
	            "IDLE: 1 of 2 worker threads of server had nothing to do "
	            "for 25 s");
	assert_int_equal(findings_grade(told(model, FINDING_IDLE)), GRADE_NOTE);
}

static void
workers_at_work_are_not(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	add_worker(model, 11);
	spend(model, 0, 30000, PRIMARY, 11, 5, 0);
	assert_null(told(model, FINDING_IDLE));
}

/* ---- messages ---- */

static void
send(struct model *model, unsigned ms, uint64_t number, bool received)
{
	struct event event = {
	    .kind = EVENT_MESSAGE_SEND,
	    .time = ms * MS,
	    .pid = PRIMARY,
	    .other_pid = CHILD,
	    .other_tid = CHILD,
	    .channel = channel_id(CHANNEL_IPC, PRIMARY, CHILD),
	    .number = number,
	};

	tell(model, event, "job");
	if (!received)
		return;
	event.kind = EVENT_MESSAGE_RECV;
	event.time += MS;
	event.pid = event.tid = CHILD;
	tell(model, event, "job");
}

static void
messages_that_are_not_read_are_a_queue(void **state)
{
	struct model *model = *state;

	if (FLOWS < 64)
		return;
	server(model, 0, PRIMARY);
	child(model, 1, CHILD, PRIMARY, BIRTH_FORK, "child 1");
	for (unsigned i = 1; i <= 200; i++)
		send(model, 1000 + i * 10, i, i <= 20);
	pass(model, 3100);
	assert_told(model, FINDING_QUEUE,
	            "QUEUE GROWS: 179 messages wait for child 1, the first for "
	            "1.8 s");
}

static void
messages_that_are_read_are_none(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	child(model, 1, CHILD, PRIMARY, BIRTH_FORK, "child 1");
	for (unsigned i = 1; i <= 200; i++)
		send(model, 1000 + i * 10, i, i <= 180);
	pass(model, 3100);
	assert_null(told(model, FINDING_QUEUE));
}

/* It is told for a moment, and kept for the list with its time: also the one
 * before it, if something else blocked. */
static void
one_long_block_is_noted_and_kept(void **state)
{
	struct model *model = *state;
	char text[TEXT];

	server(model, 0, PRIMARY);
	block(model, 1000, 2234, PRIMARY, "fib(45)");
	pass(model, 2300);
	assert_told(model, FINDING_BLOCK,
	            "LONG BLOCK: 1234 ms on the loop of server, by fib(45)");
	assert_int_equal(findings_grade(told(model, FINDING_BLOCK)),
	                 GRADE_NOTE);
	block(model, 30000, 30300, PRIMARY, "sha(9)");
	pass(model, 30600);
	pass(model, 90000);
	assert_null(told(model, FINDING_BLOCK));
	assert_int_equal(model->findings.count, 2);
	findings_text(model, &model->findings.rows[0], text, sizeof(text));
	assert_string_equal(
	    text, "LONG BLOCK: 1234 ms on the loop of server, by fib(45)");
	assert_in_range(model->findings.rows[0].last, 2234 * MS, 2734 * MS);
	assert_in_range(model->findings.rows[1].last, 30300 * MS, 30800 * MS);
}

static void
a_short_block_is_not_noted(void **state)
{
	struct model *model = *state;

	server(model, 0, PRIMARY);
	block(model, 1000, 1150, PRIMARY, "fib(30)");
	pass(model, 1200);
	assert_null(told(model, FINDING_BLOCK));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_loop_that_blocks_again_and_again),
	    TEST(short_blocks_and_those_long_ago_are_not),
	    TEST(one_long_block_is_noted_and_kept),
	    TEST(a_short_block_is_not_noted),
	    TEST(a_loop_that_computes_is_told_to_offload),
	    TEST(a_loop_half_busy_and_a_busy_worker_are_not),
	    TEST(threads_that_find_no_core),
	    TEST(threads_that_wait_a_little_find_one),
	    TEST(one_that_others_starve_is_not_ours_to_cure),
	    TEST(a_cluster_where_one_does_the_work),
	    TEST(a_cluster_that_shares_it),
	    TEST(workers_without_work_are_a_note),
	    TEST(workers_at_work_are_not),
	    TEST(messages_that_are_not_read_are_a_queue),
	    TEST(messages_that_are_read_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
