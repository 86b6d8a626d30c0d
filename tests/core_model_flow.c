/* Messages on their way: joined whichever end is heard first, and told from
 * those whose record was lost. */
#include "model_talk.h"

enum { MS = 1000000 };

static unsigned
waiting_for(struct model *model, uint32_t tid, uint64_t now)
{
	model_tick(model, now);
	return actor_thread(&model->actors, tid)->waiting;
}

/* ---- two ends of a flow ---- */

static void
check_joined(struct model *model)
{
	const struct flow *flow = flow_of(model, CHANNEL, 1);

	assert_int_equal(model->flows.newest, 1);
	assert_int_equal(flow->sent, 100);
	assert_int_equal(flow->received, 400);
	assert_int_equal(flow->size, 100);
	assert_int_equal(flow->from_pid, SENDER);
	assert_int_equal(flow->from_tid, SENDER);
	assert_int_equal(flow->to_pid, RECEIVER);
	assert_int_equal(flow->to_tid, RECEIVER);
	assert_string_equal(flow->text, "{hello}");
	assert_false(flow->handle);
	assert_int_equal(model->totals.sent, 1);
	assert_int_equal(model->totals.received, 1);
	assert_int_equal(model->totals.bytes, 100);
	assert_int_equal(model->totals.latency.count, 1);
	assert_int_equal(model->totals.latency.most, 300);
	assert_int_equal(model_channel(model, CHANNEL)->sent[0], 1);
	assert_int_equal(model_channel(model, CHANNEL)->received[0], 1);
	assert_int_equal(model_channel(model, CHANNEL)->sent[1], 0);
}

static void
a_receive_joins_its_send(void **state)
{
	struct model *model = *state;

	assert_true(post(model, 100, CHANNEL, 1));
	assert_int_equal(flow_of(model, CHANNEL, 1)->received, 0);
	assert_int_equal(model->totals.latency.count, 0);
	assert_true(get(model, 400, CHANNEL, 1));
	check_joined(model);
}

static void
a_send_joins_its_receive(void **state)
{
	struct model *model = *state;

	assert_true(get(model, 400, CHANNEL, 1));
	assert_int_equal(flow_of(model, CHANNEL, 1)->sent, 0);
	assert_int_equal(model->totals.latency.count, 0);
	assert_true(post(model, 100, CHANNEL, 1));
	check_joined(model);
}

static void
the_other_direction_is_another_flow(void **state)
{
	struct model *model = *state;

	post(model, 100, CHANNEL, 1);
	get(model, 200, CHANNEL | 1, 1);
	assert_int_equal(model->flows.newest, 2);
	assert_int_equal(model->totals.latency.count, 0);
	assert_int_equal(model_channel(model, CHANNEL)->received[0], 0);
	assert_int_equal(model_channel(model, CHANNEL)->received[1], 1);
}

static void
a_latency_is_never_below_zero(void **state)
{
	struct model *model = *state;

	post(model, 400, CHANNEL, 1);
	get(model, 100, CHANNEL, 1);
	assert_int_equal(model->totals.latency.count, 1);
	assert_int_equal(model->totals.latency.most, 0);
}

/* A channel's name and numbers come again with its pids. */
static void
a_number_that_was_sent_already_is_another_flow(void **state)
{
	struct model *model = *state;

	post(model, 100, CHANNEL, 1);
	get(model, 200, CHANNEL, 1);
	post(model, 1000, CHANNEL, 1);
	assert_int_equal(model->flows.newest, 2);
	assert_int_equal(flow_of(model, CHANNEL, 1)->received, 0);
	get(model, 1300, CHANNEL, 1);
	assert_int_equal(model->flows.newest, 2);
	assert_int_equal(model->totals.latency.count, 2);
	assert_int_equal(model->totals.latency.most, 300);
}

static void
a_handle_is_a_flow_as_well(void **state)
{
	struct model *model = *state;

	tell(model,
	     (struct event){.kind = EVENT_HANDLE_SEND,
	                    .time = 100,
	                    .channel = CHANNEL,
	                    .number = 1,
	                    .pid = SENDER},
	     "");
	assert_true(flow_of(model, CHANNEL, 1)->handle);
	get(model, 300, CHANNEL, 1);
	assert_true(flow_of(model, CHANNEL, 1)->handle);
	assert_int_equal(model->totals.latency.count, 1);
}

static void
only_the_newest_flows_are_kept_but_all_are_counted(void **state)
{
	struct model *model = *state;

	for (uint64_t i = 1; i <= FLOWS + 2; i++)
		post(model, 100 + i, CHANNEL, i);
	assert_null(flow_find(&model->flows, CHANNEL, 2));
	assert_non_null(flow_find(&model->flows, CHANNEL, 3));
	for (uint64_t i = 1; i <= FLOWS + 2; i++)
		get(model, 9000 + i, CHANNEL, i);
	assert_int_equal(model->totals.sent, FLOWS + 2);
	assert_int_equal(model->totals.received, FLOWS + 2);
	assert_int_equal(model_channel(model, CHANNEL)->received[0], FLOWS + 2);
}

/* ---- a broadcast ---- */

#define CAST channel_id(CHANNEL_BROADCAST, SENDER, 7)

static void
hear(struct model *model, uint64_t time, uint32_t pid)
{
	tell(model,
	     (struct event){.kind = EVENT_MESSAGE_RECV,
	                    .time = time,
	                    .channel = CAST,
	                    .number = 1,
	                    .pid = pid},
	     "");
}

static void
check_heard_by_two(struct model *model)
{
	const struct flow *newer = flow_of(model, CAST, 1);
	const struct flow *older = flow_older(&model->flows, newer);

	assert_non_null(older);
	assert_null(flow_older(&model->flows, older));
	assert_int_equal(newer->sent, 100);
	assert_int_equal(older->sent, 100);
	assert_int_equal(newer->from_pid, SENDER);
	assert_int_equal(older->from_pid, SENDER);
	assert_int_equal(newer->to_pid, OTHER);
	assert_int_equal(older->to_pid, RECEIVER);
	assert_int_equal(model->totals.sent, 1);
	assert_int_equal(model->totals.received, 2);
	assert_int_equal(model->totals.latency.count, 2);
	assert_int_equal(model->totals.latency.most, 400);
}

static void
a_broadcast_is_sent_once_and_received_by_each(void **state)
{
	struct model *model = *state;

	announce(model, CAST, CHANNEL_BROADCAST, SENDER, 0, 0);
	post(model, 100, CAST, 1);
	hear(model, 200, RECEIVER);
	hear(model, 500, OTHER);
	check_heard_by_two(model);
	assert_string_equal(flow_of(model, CAST, 1)->text, "{hello}");
	assert_int_equal(flow_of(model, CAST, 1)->size, 100);
	/* Its other end is not one of them. */
	assert_int_equal(model_channel(model, CAST)->b_pid, 0);
}

static void
a_broadcast_may_be_heard_before_its_sender_is(void **state)
{
	struct model *model = *state;

	announce(model, CAST, CHANNEL_BROADCAST, SENDER, 0, 0);
	hear(model, 200, RECEIVER);
	hear(model, 500, OTHER);
	post(model, 100, CAST, 1);
	check_heard_by_two(model);
}

/* The channel's name and numbers come again. */
static void
a_broadcast_does_not_join_an_older_one(void **state)
{
	struct model *model = *state;

	post(model, 50, CAST, 1);
	hear(model, 60, RECEIVER);
	post(model, 100, CAST, 1);
	hear(model, 200, RECEIVER);
	assert_int_equal(flow_of(model, CAST, 1)->sent, 100);
	assert_int_equal(
	    flow_older(&model->flows, flow_of(model, CAST, 1))->sent, 50);
	assert_int_equal(model->totals.latency.count, 2);
}

/* ---- waiting ---- */

static void
a_message_waits_when_it_is_old_enough(void **state)
{
	struct model *model = *state;

	post(model, 100, CHANNEL, 1);
	post(model, 200, CHANNEL, 2);
	assert_int_equal(waiting_for(model, RECEIVER, 100), 0);
	assert_int_equal(waiting_for(model, RECEIVER, 99 + MODEL_WAITING_NS),
	                 0);
	assert_int_equal(waiting_for(model, RECEIVER, 100 + MODEL_WAITING_NS),
	                 1);
	assert_int_equal(waiting_for(model, RECEIVER, 200 + MODEL_WAITING_NS),
	                 2);
	assert_int_equal(waiting_for(model, SENDER, 300 + MODEL_WAITING_NS), 0);
	get(model, 300 + MODEL_WAITING_NS, CHANNEL, 1);
	assert_int_equal(waiting_for(model, RECEIVER, 900 * MS), 1);
	get(model, 901 * MS, CHANNEL, 2);
	assert_int_equal(waiting_for(model, RECEIVER, 902 * MS), 0);
}

static void
a_message_does_not_wait_when_a_later_one_was_received(void **state)
{
	struct model *model = *state;

	post(model, 100, CHANNEL, 1);
	post(model, 100, CHANNEL, 2);
	post(model, 100, CHANNEL, 3);
	assert_int_equal(waiting_for(model, RECEIVER, 50 * MS), 3);
	/* It is the record of the first that was lost. */
	get(model, 60 * MS, CHANNEL, 2);
	assert_int_equal(waiting_for(model, RECEIVER, 70 * MS), 1);
	count_messages(model, RECEIVER, CHANNEL | 1, 0, 0, 3);
	assert_int_equal(waiting_for(model, RECEIVER, 80 * MS), 0);
}

static void
a_message_does_not_wait_for_the_dead(void **state)
{
	struct model *model = *state;

	post(model, 100, CHANNEL, 1);
	assert_int_equal(waiting_for(model, RECEIVER, 50 * MS), 1);
	tell(model,
	     (struct event){
		 .kind = EVENT_PROCESS_DIED, .time = 60 * MS, .pid = RECEIVER},
	     "");
	assert_int_equal(waiting_for(model, RECEIVER, 70 * MS), 0);
	assert_false(model_is_waiting(model, flow_of(model, CHANNEL, 1)));
}

/* A worker thread was terminated; its process lives. */
static void
a_message_does_not_wait_for_a_dead_thread(void **state)
{
	struct model *model = *state;
	uint64_t channel = channel_id(CHANNEL_PORT, SENDER, 1);
	struct event event = {.kind = EVENT_THREAD_BORN,
	                      .time = 2,
	                      .pid = SENDER,
	                      .tid = 11,
	                      .number = ROLE_WORKER};
	const struct lane *lane;

	tell(model, event, "worker");
	tell(model,
	     (struct event){.kind = EVENT_CHANNEL_BORN,
	                    .time = 2,
	                    .channel = channel,
	                    .number = CHANNEL_PORT,
	                    .pid = SENDER,
	                    .other_pid = SENDER,
	                    .other_tid = 11},
	     "");
	post(model, 100, channel, 1);
	assert_int_equal(waiting_for(model, 11, 50 * MS), 1);
	event.kind = EVENT_THREAD_DIED;
	event.time = 60 * MS;
	tell(model, event, "");
	assert_int_equal(waiting_for(model, 11, 70 * MS), 0);
	assert_false(model_is_waiting(model, flow_of(model, channel, 1)));
	/* Nor for another process' thread that has its number now. */
	event.kind = EVENT_THREAD_BORN;
	event.time = 80 * MS;
	event.pid = RECEIVER;
	tell(model, event, "worker");
	assert_int_equal(waiting_for(model, 11, 90 * MS), 0);
	/* Received after all, it leaves no hill in front of that one. */
	get(model, 200 * MS, channel, 1);
	lane =
	    actor_find_lane(&model->actors, actor_thread(&model->actors, 11));
	assert_non_null(lane);
	assert_int_equal(series_most(&lane->series, lane->waiting, 0, 300 * MS),
	                 0);
}

/* Who does not say what it has received may have received it long ago. */
static void
a_message_does_not_wait_for_one_who_says_nothing(void **state)
{
	struct model *model = *state;
	uint64_t channel = channel_id(CHANNEL_PIPE, SENDER, OTHER);

	tell(
	    model,
	    (struct event){.kind = EVENT_PROCESS_BORN, .time = 1, .pid = OTHER},
	    "cat");
	announce(model, channel, CHANNEL_PIPE, SENDER, OTHER, 0);
	post(model, 100, channel, 1);
	model_tick(model, 50 * MS);
	assert_int_equal(flow_of(model, channel, 1)->wait_pid, OTHER);
	assert_false(model_is_waiting(model, flow_of(model, channel, 1)));
	tell(model,
	     (struct event){
		 .kind = EVENT_PROCESS_TITLE, .time = 60 * MS, .pid = OTHER},
	     "speaks");
	assert_true(model_is_waiting(model, flow_of(model, channel, 1)));
}

static void
a_message_whose_send_was_lost_does_not_wait(void **state)
{
	struct model *model = *state;

	get(model, 100, CHANNEL, 1);
	assert_int_equal(waiting_for(model, RECEIVER, 50 * MS), 0);
}

static void
what_is_forgotten_does_not_wait(void **state)
{
	struct model *model = *state;

	for (uint64_t i = 1; i <= FLOWS + 2; i++)
		post(model, 100, CHANNEL, i);
	assert_int_equal(waiting_for(model, RECEIVER, 50 * MS), FLOWS);
	assert_int_equal(model->flows.settled, 2);
	for (uint64_t i = 3; i <= FLOWS + 2; i++) {
		get(model, 60 * MS, CHANNEL, i);
		assert_int_equal(waiting_for(model, RECEIVER, 60 * MS),
		                 FLOWS + 2 - i);
		assert_int_equal(model->flows.settled, i);
	}
}

/* ---- hills ---- */

static void
a_message_that_waited_leaves_a_hill(void **state)
{
	struct model *model = *state;
	const struct lane *lane;
	const struct thread *thread;

	post(model, 5 * LANE_BIN_NS, CHANNEL, 1);
	post(model, 6 * LANE_BIN_NS, CHANNEL, 2);
	get(model, 8 * LANE_BIN_NS, CHANNEL, 1);
	get(model, 8 * LANE_BIN_NS, CHANNEL, 2);
	thread = actor_thread(&model->actors, RECEIVER);
	lane = actor_find_lane(&model->actors, thread);
	assert_non_null(lane);
	for (uint64_t bin = 0; bin < 10; bin++)
		assert_int_equal(
		    series_most(&lane->series, lane->waiting, bin * LANE_BIN_NS,
		                (bin + 1) * LANE_BIN_NS),
		    bin == 5               ? 1
		    : bin == 6 || bin == 7 ? 2
					   : 0);
}

static void
a_message_that_was_quick_leaves_none(void **state)
{
	struct model *model = *state;

	post(model, 50 * MS, CHANNEL, 1);
	get(model, 50 * MS + MODEL_WAITING_NS - 1, CHANNEL, 1);
	assert_null(actor_find_lane(&model->actors,
	                            actor_thread(&model->actors, RECEIVER)));
	post(model, 60 * MS, CHANNEL, 2);
	get(model, 60 * MS + MODEL_WAITING_NS, CHANNEL, 2);
	assert_non_null(actor_find_lane(
	    &model->actors, actor_thread(&model->actors, RECEIVER)));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_receive_joins_its_send),
	    TEST(a_send_joins_its_receive),
	    TEST(the_other_direction_is_another_flow),
	    TEST(a_latency_is_never_below_zero),
	    TEST(a_number_that_was_sent_already_is_another_flow),
	    TEST(a_handle_is_a_flow_as_well),
	    TEST(only_the_newest_flows_are_kept_but_all_are_counted),
	    TEST(a_broadcast_is_sent_once_and_received_by_each),
	    TEST(a_broadcast_may_be_heard_before_its_sender_is),
	    TEST(a_broadcast_does_not_join_an_older_one),
	    TEST(a_message_waits_when_it_is_old_enough),
	    TEST(a_message_does_not_wait_when_a_later_one_was_received),
	    TEST(a_message_does_not_wait_for_the_dead),
	    TEST(a_message_does_not_wait_for_a_dead_thread),
	    TEST(a_message_does_not_wait_for_one_who_says_nothing),
	    TEST(a_message_whose_send_was_lost_does_not_wait),
	    TEST(what_is_forgotten_does_not_wait),
	    TEST(a_message_that_waited_leaves_a_hill),
	    TEST(a_message_that_was_quick_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
