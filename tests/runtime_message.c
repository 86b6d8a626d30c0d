/* What a message carries beside bytes: buffers, ports, shared memory. */
#include "runtime_world.h"

#include "runtime/broadcast.h"
#include "runtime/port.h"
#include "runtime/shared.h"

struct fixture {
	struct world world;
	struct port *ends[2];
	int messages, closes;
	struct buffer buffer; /* the last that came */
	struct port *port;
	struct shared *shared;
	bool take; /* what comes */
};

static void
on_message(struct port *port, struct message *message)
{
	struct fixture *fixture = port_data(port);

	fixture->messages++;
	if (!fixture->take)
		return;
	buffer_free(&fixture->buffer);
	fixture->buffer = message_take_buffer(message, 0);
	fixture->port = message_take_port(message, 0);
	fixture->shared = message_take_shared(message, 0);
	/* There is one part, and it is taken. */
	assert_null(message_take_port(message, 0));
	assert_null(message_take_shared(message, 1));
	assert_int_equal(message_take_buffer(message, 7).size, 0);
}

static void
on_close(struct port *port)
{
	struct fixture *fixture = port_data(port);

	fixture->closes++;
}

static const struct port_events events = {
    .message = on_message,
    .close = on_close,
};

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	world_init(&fixture->world);
	fixture->take = true;
	assert_int_equal(port_pair(fixture->ends), 0);
	assert_int_equal(
	    port_open(fixture->ends[1], &fixture->world.loop, &events, fixture),
	    0);
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	port_drop(fixture->ends[0]);
	world_drain(&fixture->world);
	buffer_free(&fixture->buffer);
	return world_close(state);
}

static int
post_part(struct port *port, struct part part)
{
	const struct message message = {.parts = &part, .part_count = 1};

	return port_post_message(port, &message);
}

static void
receive(struct fixture *fixture)
{
	world_run(&fixture->world, &fixture->messages, fixture->messages + 1);
}

/* ---- buffers ---- */

static void
a_transferred_buffer_is_the_same_memory(void **state)
{
	struct fixture *fixture = *state;
	struct buffer buffer;
	void *bytes;

	assert_int_equal(buffer_new(&buffer, 1 << 20), 0);
	bytes = buffer.bytes;
	memset(bytes, 'x', buffer.size);
	post_part(fixture->ends[0],
	          (struct part){PART_BUFFER, true, {&buffer}});
	assert_null(buffer.bytes);
	assert_int_equal(buffer.size, 0);
	receive(fixture);
	assert_ptr_equal(fixture->buffer.bytes, bytes);
	assert_int_equal(fixture->buffer.size, 1 << 20);
}

static void
a_cloned_buffer_is_not(void **state)
{
	struct fixture *fixture = *state;
	struct buffer buffer;

	buffer_new(&buffer, 1000);
	memset(buffer.bytes, 'x', buffer.size);
	post_part(fixture->ends[0],
	          (struct part){PART_BUFFER, false, {&buffer}});
	memset(buffer.bytes, 'y', buffer.size);
	receive(fixture);
	assert_int_equal(((char *)fixture->buffer.bytes)[999], 'x');
	buffer_free(&buffer);
}

static void
what_nobody_takes_is_freed(void **state)
{
	struct fixture *fixture = *state;
	struct port *pair[2];
	struct buffer buffer;
	struct shared *shared;
	struct part parts[3] = {{PART_BUFFER, true, {&buffer}},
	                        {PART_PORT, true, {NULL}},
	                        {PART_SHARED, false, {NULL}}};
	const struct message message = {"bytes", 5, parts, 3};
	int fds = fd_count();

	fixture->take = false;
	for (int i = 0; i < 2; i++) {
		buffer_new(&buffer, 1 << 20);
		assert_int_equal(port_pair(pair), 0);
		assert_int_equal(shared_new(&shared, 1, SHARED_MEMFD), 0);
		parts[1] = (struct part){PART_PORT, true, {NULL}};
		parts[1].port = pair[0];
		parts[2].shared = shared;
		assert_int_equal(port_post_message(fixture->ends[0], &message),
		                 0);
		assert_int_equal(parts[1].kind, PART_NONE);
		shared_unref(shared);
		if (i == 0)
			receive(fixture);
		else /* it is closed before it reads */
			port_close(fixture->ends[1]);
		port_drop(pair[1]);
	}
	world_run(&fixture->world, &fixture->closes, 1);
	assert_true(fd_count() <= fds);
}

static void
the_events_size_counts_the_buffers(void **state)
{
	struct fixture *fixture = *state;
	struct buffer buffer;

	buffer_new(&buffer, 5000);
	post_part(fixture->ends[0],
	          (struct part){PART_BUFFER, true, {&buffer}});
	receive(fixture);
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_MESSAGE_SEND, 0)->event.size, 5000);
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_MESSAGE_RECV, 0)->event.size, 5000);
}

/* ---- ports ---- */

/* What waits in it goes with it; what is sent while it is on its way too. */
static void
a_port_takes_its_messages_along(void **state)
{
	struct fixture *fixture = *state;
	struct port *pair[2];
	struct message *message;

	port_pair(pair);
	port_post(pair[0], "before", 6);
	post_part(fixture->ends[0],
	          (struct part){
		      .kind = PART_PORT, .transfer = true, .port = pair[1]});
	port_post(pair[0], "meanwhile", 9);
	receive(fixture);
	assert_ptr_equal(fixture->port, pair[1]);
	port_open(fixture->port, &fixture->world.loop, &(struct port_events){0},
	          fixture);
	message = port_receive(fixture->port);
	assert_memory_equal(message->bytes, "before", 6);
	message_free(message);
	message = port_receive(fixture->port);
	assert_memory_equal(message->bytes, "meanwhile", 9);
	message_free(message);
	assert_null(port_receive(fixture->port));
	port_listen(fixture->port, &events);
	port_post(pair[0], "", 0);
	receive(fixture);
	port_drop(pair[0]);
	world_run(&fixture->world, &fixture->closes, 1);
}

struct mover {
	struct port *through;
	int messages;
};

static void
move_yourself(struct port *port, struct message *message)
{
	struct mover *mover = port_data(port);

	(void)message;
	mover->messages++;
	post_part(
	    mover->through,
	    (struct part){.kind = PART_PORT, .transfer = true, .port = port});
}

static void
a_callback_may_send_its_own_port_away(void **state)
{
	static const struct port_events moving = {.message = move_yourself};
	struct fixture *fixture = *state;
	struct mover mover = {.through = fixture->ends[0]};
	struct port *pair[2];

	port_pair(pair);
	port_open(pair[1], &fixture->world.loop, &moving, &mover);
	port_post(pair[0], "first", 5);
	port_post(pair[0], "second", 6);
	receive(fixture);
	assert_int_equal(mover.messages, 1);
	port_open(fixture->port, &fixture->world.loop, &events, fixture);
	receive(fixture);
	port_drop(pair[0]);
	world_run(&fixture->world, &fixture->closes, 1);
}

static void
the_other_end_sent_to_itself_is_lost(void **state)
{
	struct fixture *fixture = *state;
	struct port *pair[2];

	port_pair(pair);
	port_open(pair[0], &fixture->world.loop, &events, fixture);
	assert_int_equal(post_part(pair[0], (struct part){.kind = PART_PORT,
	                                                  .transfer = true,
	                                                  .port = pair[1]}),
	                 0);
	world_run(&fixture->world, &fixture->closes, 1);
}

static void
a_refused_message_has_lost_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct buffer buffer;
	struct part parts[2] = {{PART_BUFFER, true, {&buffer}},
	                        {PART_PORT, true, {NULL}}};
	const struct message message = {"", 0, parts, 2};

	buffer_new(&buffer, 8);
	parts[1].port = fixture->ends[0];
	assert_int_equal(port_post_message(fixture->ends[0], &message),
	                 -EINVAL);
	assert_int_equal(buffer.size, 8);
	parts[1].transfer = false;
	assert_int_equal(port_post_message(fixture->ends[0], &message), -EPERM);
	assert_int_equal(buffer.size, 8);
	buffer_free(&buffer);
}

/* ---- shared memory ---- */

static void
shared_memory_is_the_same_at_both_ends(void **state)
{
	struct fixture *fixture = *state;
	struct shared *shared;
	struct part part = {.kind = PART_SHARED};

	assert_int_equal(shared_new(&shared, 4096, SHARED_THREADS), 0);
	part.shared = shared;
	post_part(fixture->ends[0], part);
	strcpy(shared_bytes(shared), "hello");
	receive(fixture);
	assert_string_equal(shared_bytes(fixture->shared), "hello");
	shared_unref(shared);
	strcpy(shared_bytes(fixture->shared), "still here");
	shared_unref(fixture->shared);
}

/* ---- broadcast ---- */

static void
on_broadcast(struct broadcast *broadcast, struct message *message)
{
	struct fixture *fixture = broadcast_data(broadcast);

	assert_memory_equal(message->bytes, "hi", message->size);
	fixture->messages++;
}

static const struct broadcast_events broadcast_events = {
    .message = on_broadcast,
};

static void
a_broadcast_is_told_to_the_stream_for_each_listener(void **state)
{
	struct fixture *fixture = *state;
	const struct message message = {.bytes = "hi", .size = 2};
	struct broadcast *all[3];
	const struct event *send, *recv;

	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    broadcast_open(&all[i], &fixture->world.loop, "news",
		                   &broadcast_events, fixture),
		    0);
	told_clear(&fixture->world);
	assert_int_equal(broadcast_post(all[0], &message), 2);
	world_run(&fixture->world, &fixture->messages, 2);
	assert_int_equal(told_count(&fixture->world, EVENT_MESSAGE_SEND), 2);
	for (int i = 0; i < 2; i++) {
		send = &told_nth(&fixture->world, EVENT_MESSAGE_SEND, i)->event;
		recv = &told_nth(&fixture->world, EVENT_MESSAGE_RECV, i)->event;
		assert_int_equal(send->number, 1);
		assert_int_equal(recv->number, 1);
	}
	for (int i = 0; i < 3; i++)
		broadcast_close(all[i]);
}

static void
a_broadcast_transfers_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct buffer buffer;
	struct part part = {PART_BUFFER, true, {&buffer}};
	const struct message message = {"", 0, &part, 1};
	struct broadcast *one;

	buffer_new(&buffer, 8);
	broadcast_open(&one, &fixture->world.loop, "news", &broadcast_events,
	               fixture);
	assert_int_equal(broadcast_post(one, &message), -EINVAL);
	assert_int_equal(buffer.size, 8);
	buffer_free(&buffer);
	broadcast_close(one);
}

#define MESSAGE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MESSAGE_TEST(a_transferred_buffer_is_the_same_memory),
	    MESSAGE_TEST(a_cloned_buffer_is_not),
	    MESSAGE_TEST(what_nobody_takes_is_freed),
	    MESSAGE_TEST(the_events_size_counts_the_buffers),
	    MESSAGE_TEST(a_port_takes_its_messages_along),
	    MESSAGE_TEST(a_callback_may_send_its_own_port_away),
	    MESSAGE_TEST(the_other_end_sent_to_itself_is_lost),
	    MESSAGE_TEST(a_refused_message_has_lost_nothing),
	    MESSAGE_TEST(shared_memory_is_the_same_at_both_ends),
	    MESSAGE_TEST(a_broadcast_is_told_to_the_stream_for_each_listener),
	    MESSAGE_TEST(a_broadcast_transfers_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
