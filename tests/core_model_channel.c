/* Channels: their two ends, what went through them, and in front of whom a
 * message waits. */
#include "model_talk.h"

enum { PORT = 8080 };

#define SOCKET channel_id(CHANNEL_SOCKET, 50000, PORT)

/* ---- channels ---- */

static void
a_channel_is_what_was_announced(void **state)
{
	struct model *model = *state;
	const struct channel_row *channel;

	assert_true(announce(model, SOCKET, CHANNEL_SOCKET, OTHER, 0, PORT));
	channel = model_channel(model, SOCKET | 1);
	assert_ptr_equal(channel, model_channel(model, SOCKET));
	assert_int_equal(channel->type, CHANNEL_SOCKET);
	assert_int_equal(channel->port, PORT);
	assert_int_equal(channel->a_pid, OTHER);
	assert_int_equal(channel->a_tid, OTHER);
	assert_int_equal(channel->b_pid, 0);
	assert_string_equal(channel->name, "name");
	announce(model, 4, CHANNEL_TYPES, OTHER, 0, 0);
	assert_true(model_channel(model, 4)->type < CHANNEL_TYPES);
}

static void
the_other_end_announces_itself(void **state)
{
	struct model *model = *state;
	const struct channel_row *channel;

	announce(model, SOCKET, CHANNEL_SOCKET, SENDER, 0, PORT);
	channel = model_channel(model, SOCKET);
	/* Twice the same end is not two ends. */
	assert_false(announce(model, SOCKET, CHANNEL_SOCKET, SENDER, 0, PORT));
	assert_int_equal(channel->b_pid, 0);
	assert_false(announce(model, SOCKET, CHANNEL_SOCKET, RECEIVER, 0, 0));
	assert_int_equal(channel->a_pid, SENDER);
	assert_int_equal(channel->b_pid, RECEIVER);
	assert_int_equal(channel->b_tid, RECEIVER);
	assert_false(announce(model, SOCKET, CHANNEL_SOCKET, OTHER, 0, 0));
	assert_int_equal(channel->b_pid, RECEIVER);
	assert_int_equal(model->channel_table.count, 2);
}

static void
who_receives_is_the_other_end(void **state)
{
	struct model *model = *state;

	announce(model, SOCKET, CHANNEL_SOCKET, SENDER, 0, PORT);
	get(model, 100, SOCKET | 1, 1);
	assert_int_equal(model_channel(model, SOCKET)->b_pid, 0);
	get(model, 100, SOCKET, 1);
	assert_int_equal(model_channel(model, SOCKET)->b_pid, RECEIVER);
}

static void
a_channel_dies_once_and_comes_again_empty(void **state)
{
	struct model *model = *state;
	struct event death = {
	    .kind = EVENT_CHANNEL_DIED, .time = 500, .channel = CHANNEL | 1};

	post(model, 100, CHANNEL, 1);
	assert_true(tell(model, death, ""));
	assert_int_equal(model_channel(model, CHANNEL)->row.died, 500);
	assert_false(tell(model, death, ""));
	death.channel = 12345678;
	assert_false(tell(model, death, ""));
	assert_true(announce(model, CHANNEL, CHANNEL_IPC, SENDER, RECEIVER, 0));
	assert_int_equal(model_channel(model, CHANNEL)->row.died, 0);
	assert_int_equal(model_channel(model, CHANNEL)->sent[0], 0);
}

static void
gauges_make_up_for_lost_records(void **state)
{
	struct model *model = *state;
	const struct channel_row *channel = model_channel(model, CHANNEL);

	post(model, 100, CHANNEL, 7);
	count_messages(model, SENDER, CHANNEL, 9, 900, 4);
	assert_int_equal(channel->sent[0], 9);
	assert_int_equal(channel->bytes[0], 900);
	assert_int_equal(channel->received[1], 4);
	count_messages(model, RECEIVER, CHANNEL | 1, 6, 600, 8);
	assert_int_equal(channel->sent[1], 6);
	assert_int_equal(channel->bytes[1], 600);
	assert_int_equal(channel->received[0], 8);
	/* An older one comes later. */
	count_messages(model, SENDER, CHANNEL, 5, 500, 2);
	assert_int_equal(channel->sent[0], 9);
	assert_int_equal(channel->bytes[0], 900);
	assert_int_equal(channel->received[1], 4);
}

static void
messages_of_unknown_channels_count(void **state)
{
	struct model *model = *state;

	post(model, 100, SOCKET, 1);
	get(model, 300, SOCKET, 1);
	count_messages(model, SENDER, SOCKET, 9, 900, 4);
	assert_null(model_channel(model, SOCKET));
	assert_int_equal(model->totals.latency.count, 1);
	assert_int_equal(flow_of(model, SOCKET, 1)->to_pid, RECEIVER);
}

static void
channels_without_room_are_counted(void **state)
{
	struct model *model = *state;

	for (uint32_t i = 1; i < CHANNELS; i++)
		announce(model, channel_id(CHANNEL_PORT, i, 0), CHANNEL_PORT,
		         SENDER, SENDER, 0);
	assert_true(announce(model, SOCKET, CHANNEL_SOCKET, SENDER, 0, PORT));
	assert_null(model_channel(model, SOCKET));
	assert_int_equal(model->channel_table.unstored, 1);
	post(model, 100, SOCKET, 1);
	assert_int_equal(model->totals.sent, 1);
}

/* ---- in front of whom it waits ---- */

static void
a_message_goes_to_the_other_end(void **state)
{
	struct model *model = *state;

	post(model, 100, CHANNEL, 1);
	assert_int_equal(flow_of(model, CHANNEL, 1)->wait_pid, RECEIVER);
	assert_int_equal(flow_of(model, CHANNEL, 1)->to_tid, RECEIVER);
	post(model, 100, CHANNEL | 1, 1);
	assert_int_equal(flow_of(model, CHANNEL | 1, 1)->wait_pid, SENDER);
	assert_int_equal(flow_of(model, CHANNEL | 1, 1)->to_tid, SENDER);
}

static void
a_message_goes_to_whom_the_sender_names(void **state)
{
	struct model *model = *state;

	tell(model,
	     (struct event){.kind = EVENT_MESSAGE_SEND,
	                    .time = 100,
	                    .channel = SOCKET,
	                    .number = 1,
	                    .pid = SENDER,
	                    .other_pid = OTHER,
	                    .other_tid = 31},
	     "");
	assert_int_equal(flow_of(model, SOCKET, 1)->wait_pid, OTHER);
	assert_int_equal(flow_of(model, SOCKET, 1)->wait_tid, 31);
}

/* Until somebody accepts it, a connection waits for who listens; and there it
 * has waited, whoever takes it in the end. */
static void
a_connection_goes_to_who_listens_on_its_port(void **state)
{
	struct model *model = *state;
	uint64_t listening = channel_id(CHANNEL_LISTEN, RECEIVER, PORT);

	assert_false(actor_thread(&model->actors, RECEIVER)->loop.answers);
	announce(model, listening, CHANNEL_LISTEN, RECEIVER, 0, PORT);
	assert_true(actor_thread(&model->actors, RECEIVER)->loop.answers);
	announce(model, SOCKET, CHANNEL_SOCKET, SENDER, 0, PORT);
	post(model, 100, SOCKET, 1);
	assert_int_equal(flow_of(model, SOCKET, 1)->wait_pid, RECEIVER);
	tell(model,
	     (struct event){.kind = EVENT_MESSAGE_RECV,
	                    .time = 200,
	                    .channel = SOCKET,
	                    .number = 1,
	                    .pid = OTHER},
	     "");
	assert_int_equal(flow_of(model, SOCKET, 1)->to_pid, OTHER);
	assert_int_equal(flow_of(model, SOCKET, 1)->wait_pid, RECEIVER);
}

static void
a_connection_goes_to_nobody_when_nobody_listens(void **state)
{
	struct model *model = *state;
	uint64_t listening = channel_id(CHANNEL_LISTEN, RECEIVER, PORT);

	announce(model, SOCKET, CHANNEL_SOCKET, SENDER, 0, PORT);
	announce(model, listening, CHANNEL_LISTEN, RECEIVER, 0, PORT + 1);
	post(model, 100, SOCKET, 1);
	assert_int_equal(flow_of(model, SOCKET, 1)->wait_pid, 0);
	tell(model,
	     (struct event){
		 .kind = EVENT_CHANNEL_DIED, .time = 150, .channel = listening},
	     "");
	announce(model, listening, CHANNEL_LISTEN, RECEIVER, 0, PORT);
	tell(model,
	     (struct event){
		 .kind = EVENT_CHANNEL_DIED, .time = 160, .channel = listening},
	     "");
	post(model, 200, SOCKET, 2);
	assert_int_equal(flow_of(model, SOCKET, 2)->wait_pid, 0);
	/* Who receives it in the end is whom it waited for. */
	get(model, 300, SOCKET, 2);
	assert_int_equal(flow_of(model, SOCKET, 2)->wait_pid, RECEIVER);
}

/* ---- requests ---- */

static void
a_request_fails_unless_it_is_answered_well(void **state)
{
	static const struct {
		uint64_t status;
		unsigned failed;
	} answers[] = {{200, 0}, {204, 0}, {302, 0}, {399, 0}, {400, 1},
	               {404, 1}, {500, 1}, {0, 1},   {199, 1}};
	struct model *model = *state;
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		assert_true(tell(model,
		                 (struct event){.kind = EVENT_REQUEST,
		                                .time = 100,
		                                .pid = SENDER,
		                                .other_pid = RECEIVER,
		                                .number = answers[i].status,
		                                .value = 1000 + i},
		                 ""));
		failed += answers[i].failed;
		assert_int_equal(model->totals.requests, i + 1);
		assert_int_equal(model->totals.requests_failed, failed);
	}
	assert_int_equal(model->totals.answer.count, model->totals.requests);
	assert_int_equal(model->totals.answer.most, 1008);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(a_channel_is_what_was_announced),
	    TEST(the_other_end_announces_itself),
	    TEST(who_receives_is_the_other_end),
	    TEST(a_channel_dies_once_and_comes_again_empty),
	    TEST(gauges_make_up_for_lost_records),
	    TEST(messages_of_unknown_channels_count),
	    TEST(channels_without_room_are_counted),
	    TEST(a_message_goes_to_the_other_end),
	    TEST(a_message_goes_to_whom_the_sender_names),
	    TEST(a_connection_goes_to_who_listens_on_its_port),
	    TEST(a_connection_goes_to_nobody_when_nobody_listens),
	    TEST(a_request_fails_unless_it_is_answered_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
