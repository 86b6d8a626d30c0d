/* Two ports that belong together, on one loop and on two threads. */
#include "runtime_world.h"

#include "runtime/port.h"

enum { SEEN_MAX = 32 };

struct side {
	struct world *world;
	struct loop *loop;
	struct port *port; /* NULL: it is gone */
	const char *name;
	int messages, closes;
	int numbers[SEEN_MAX]; /* the first messages */
	size_t last_size;
	char last[64];
	int stop_at; /* closes itself at that message */
	struct side *other;
	int end_other_at; /* asks the other to end at that message */
};

struct fixture {
	struct world world;
	struct side a, b;
};

static void
on_message(struct port *port, struct message *message)
{
	struct side *side = port_data(port);
	const char *bytes = message->bytes;
	size_t size = message->size;

	if (side->messages < SEEN_MAX && size == sizeof(int))
		memcpy(&side->numbers[side->messages], bytes, size);
	side->messages++;
	side->last_size = size;
	memcpy(side->last, bytes,
	       size < sizeof(side->last) ? size : sizeof(side->last));
	if (side->messages == side->stop_at)
		port_close(port);
	if (side->messages == side->end_other_at)
		port_end(side->other->port);
}

static void
on_close(struct port *port)
{
	struct side *side = port_data(port);

	side->closes++;
	side->port = NULL;
	world_say(side->world, side->name);
}

static const struct port_events events = {
    .message = on_message,
    .close = on_close,
};

static void
open_side(struct side *side, struct fixture *fixture, const char *name,
          struct port *port)
{
	side->world = &fixture->world;
	side->name = name;
	side->port = port;
	assert_int_equal(port_open(port, &fixture->world.loop, &events, side),
	                 0);
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct port *ends[2];

	*state = fixture;
	world_init(&fixture->world);
	if (port_pair(ends))
		return -1;
	open_side(&fixture->a, fixture, "a", ends[0]);
	open_side(&fixture->b, fixture, "b", ends[1]);
	fixture->a.other = &fixture->b;
	fixture->b.other = &fixture->a;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->a.port)
		port_close(fixture->a.port);
	if (fixture->b.port)
		port_close(fixture->b.port);
	world_drain(&fixture->world);
	return world_close(state);
}

static void
post(struct side *side, int number)
{
	assert_int_equal(
	    port_post(side->port, (const char *)&number, sizeof(number)), 0);
}

static void
assert_counted(const struct side *side, int count)
{
	assert_int_equal(side->messages, count);
	for (int i = 0; i < count && i < SEEN_MAX; i++)
		assert_int_equal(side->numbers[i], i);
}

/* ---- messages ---- */

static void
a_message_goes_to_the_other_end(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(port_post(fixture->a.port, "to b", 4), 0);
	assert_int_equal(port_post(fixture->b.port, "to a!", 5), 0);
	assert_int_equal(fixture->b.messages, 0);
	world_run(&fixture->world, &fixture->b.messages, 1);
	world_run(&fixture->world, &fixture->a.messages, 1);
	assert_memory_equal(fixture->b.last, "to b", 4);
	assert_memory_equal(fixture->a.last, "to a!", 5);
	assert_int_equal(fixture->a.last_size, 5);
}

static void
a_message_is_copied_when_it_is_sent(void **state)
{
	struct fixture *fixture = *state;
	char text[] = "before";

	port_post(fixture->a.port, text, 6);
	memcpy(text, "after!", 6);
	world_run(&fixture->world, &fixture->b.messages, 1);
	assert_memory_equal(fixture->b.last, "before", 6);
}

static void
a_message_may_be_empty_or_big(void **state)
{
	struct fixture *fixture = *state;
	size_t size = 5 * 1000 * 1000;
	char *bytes = calloc(1, size);

	port_post(fixture->a.port, "", 0);
	world_run(&fixture->world, &fixture->b.messages, 1);
	assert_int_equal(fixture->b.last_size, 0);
	port_post(fixture->a.port, bytes, size);
	free(bytes);
	world_run(&fixture->world, &fixture->b.messages, 2);
	assert_int_equal(fixture->b.last_size, size);
}

static void
a_batch_keeps_its_order(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 1000; i++)
		post(&fixture->a, i);
	world_turn(&fixture->world);
	/* One turn took all. */
	assert_counted(&fixture->b, 1000);
	for (int i = 0; i < 10; i++)
		post(&fixture->a, i);
	world_run(&fixture->world, &fixture->b.messages, 1010);
}

/* ---- what the stream hears ---- */

static void
assert_numbered(struct fixture *fixture, enum event_kind kind, uint64_t channel,
                uint64_t count)
{
	uint64_t last = 0;

	for (size_t i = 0; i < fixture->world.told_count; i++) {
		const struct event *event = &fixture->world.told[i].event;

		if (event->kind != kind || event->channel != channel)
			continue;
		assert_int_equal(event->number, ++last);
		assert_int_equal(event->size, sizeof(int));
	}
	assert_int_equal(last, count);
}

static void
both_ends_number_each_direction_alike(void **state)
{
	struct fixture *fixture = *state;
	struct event born;

	post(&fixture->a, 0);
	post(&fixture->a, 1);
	post(&fixture->b, 0);
	world_run(&fixture->world, &fixture->b.messages, 2);
	world_run(&fixture->world, &fixture->a.messages, 1);
	born = told_nth(&fixture->world, EVENT_CHANNEL_BORN, 0)->event;
	assert_int_equal(born.number, CHANNEL_PORT);
	assert_int_equal(born.tid, getpid());
	assert_int_equal(born.other_tid, getpid());
	for (int direction = 0; direction < 2; direction++) {
		uint64_t channel = born.channel | (uint64_t)direction;
		uint64_t count = direction == CHANNEL_FORTH ? 2 : 1;

		assert_numbered(fixture, EVENT_MESSAGE_SEND, channel, count);
		assert_numbered(fixture, EVENT_MESSAGE_RECV, channel, count);
	}
}

static void
each_pair_has_a_name_of_its_own(void **state)
{
	struct fixture *fixture = *state;
	struct side c = {0}, d = {0};
	struct port *ends[2];

	assert_int_equal(port_pair(ends), 0);
	open_side(&c, fixture, "c", ends[0]);
	open_side(&d, fixture, "d", ends[1]);
	assert_int_not_equal(
	    told_nth(&fixture->world, EVENT_CHANNEL_BORN, 0)->event.channel,
	    told_nth(&fixture->world, EVENT_CHANNEL_BORN, 1)->event.channel);
	port_close(ends[0]);
	world_run(&fixture->world, &d.closes, 1);
}

/* ---- closing ---- */

static void
what_was_sent_before_a_close_arrives(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 5; i++)
		post(&fixture->a, i);
	port_close(fixture->a.port);
	port_close(fixture->a.port);
	world_drain(&fixture->world);
	assert_counted(&fixture->b, 5);
	assert_int_equal(fixture->a.closes, 1);
	assert_int_equal(fixture->b.closes, 1);
}

static void
either_end_may_close(void **state)
{
	struct fixture *fixture = *state;

	post(&fixture->b, 0);
	port_close(fixture->b.port);
	world_drain(&fixture->world);
	assert_counted(&fixture->a, 1);
	assert_int_equal(fixture->a.closes, 1);
	assert_int_equal(fixture->b.closes, 1);
}

static void
who_closes_does_not_hear_what_still_comes(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 5; i++)
		post(&fixture->a, i);
	port_close(fixture->b.port);
	world_drain(&fixture->world);
	assert_int_equal(fixture->b.messages, 0);
	assert_int_equal(fixture->a.closes, 1);
}

static void
a_message_may_close_the_port(void **state)
{
	struct fixture *fixture = *state;

	fixture->b.stop_at = 3;
	for (int i = 0; i < 5; i++)
		post(&fixture->a, i);
	world_drain(&fixture->world);
	assert_counted(&fixture->b, 3);
	assert_int_equal(fixture->b.closes, 1);
}

static void
nobody_hears_of_a_message_to_a_closed_port(void **state)
{
	struct fixture *fixture = *state;

	port_close(fixture->b.port);
	told_clear(&fixture->world);
	assert_int_equal(port_post(fixture->a.port, "x", 1), -EPIPE);
	assert_string_equal(told_kinds(&fixture->world), "");
}

static void
a_closed_port_sends_nothing(void **state)
{
	struct fixture *fixture = *state;

	port_close(fixture->a.port);
	assert_int_equal(port_post(fixture->a.port, "x", 1), -EPIPE);
	world_drain(&fixture->world);
	assert_int_equal(fixture->b.messages, 0);
}

static void
the_other_end_can_be_asked_to_end_without_reading(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 5; i++) {
		post(&fixture->a, i);
		post(&fixture->b, i);
	}
	port_end(fixture->a.port);
	world_drain(&fixture->world);
	assert_int_equal(fixture->b.messages, 0);
	assert_counted(&fixture->a, 5);
	assert_int_equal(fixture->a.closes, 1);
	assert_int_equal(fixture->b.closes, 1);
}

static void
also_when_it_is_in_the_middle_of_a_batch(void **state)
{
	struct fixture *fixture = *state;

	fixture->b.end_other_at = 2;
	for (int i = 0; i < 5; i++)
		post(&fixture->a, i);
	world_drain(&fixture->world);
	assert_counted(&fixture->b, 2);
	assert_int_equal(fixture->b.closes, 1);
}

static void
an_abandoned_port_closes_in_silence(void **state)
{
	struct fixture *fixture = *state;

	port_abandon(fixture->a.port);
	fixture->a.port = NULL;
	world_drain(&fixture->world);
	assert_int_equal(fixture->a.closes, 0);
	assert_int_equal(fixture->b.closes, 1);
}

static void
an_end_that_was_never_opened_can_be_dropped(void **state)
{
	struct fixture *fixture = *state;
	struct side side = {0};
	struct port *ends[2];

	assert_int_equal(port_pair(ends), 0);
	open_side(&side, fixture, "side", ends[0]);
	port_post(ends[0], "x", 1);
	port_drop(ends[1]);
	world_run(&fixture->world, &side.closes, 1);
}

/* ---- two threads ---- */

enum { ROUNDS = 2000 };

struct partner {
	struct loop loop;
	struct port *port;
	uv_thread_t thread;
	int messages;
};

static void
answer(struct port *port, struct message *message)
{
	struct partner *partner = port_data(port);

	partner->messages++;
	port_post_message(port, message);
}

static const struct port_events answer_events = {.message = answer};

static void
be_partner(void *argument)
{
	struct partner *partner = argument;

	if (loop_open(&partner->loop, ROLE_WORKER, 1, "partner") == 0 &&
	    port_open(partner->port, &partner->loop, &answer_events, partner) ==
	        0)
		loop_run(&partner->loop);
	loop_close(&partner->loop);
}

static struct side *
start_partner(struct fixture *fixture, struct partner *partner)
{
	struct side *side = calloc(1, sizeof(*side));
	struct port *ends[2];

	assert_int_equal(port_pair(ends), 0);
	open_side(side, fixture, "side", ends[0]);
	partner->port = ends[1];
	assert_int_equal(
	    uv_thread_create(&partner->thread, be_partner, partner), 0);
	return side;
}

static void
two_threads_talk_without_losing_a_word(void **state)
{
	struct fixture *fixture = *state;
	static struct partner partner;
	struct side *side = start_partner(fixture, &partner);

	for (int round = 0; round < ROUNDS; round++) {
		post(side, round);
		if (round % 7 == 0)
			world_turn(&fixture->world);
	}
	world_run(&fixture->world, &side->messages, ROUNDS);
	assert_counted(side, ROUNDS);
	assert_int_equal(*(int *)(void *)side->last, ROUNDS - 1);
	port_close(side->port);
	world_run(&fixture->world, &side->closes, 1);
	uv_thread_join(&partner.thread);
	assert_int_equal(partner.messages, ROUNDS);
	free(side);
}

/* Both close, and whoever comes last cleans up. */
static void
both_threads_may_close_at_once(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 100; i++) {
		struct partner *partner = calloc(1, sizeof(*partner));
		struct side *side = start_partner(fixture, partner);

		post(side, 0);
		if (i % 2)
			port_end(side->port);
		else
			port_close(side->port);
		world_run(&fixture->world, &side->closes, 1);
		uv_thread_join(&partner->thread);
		free(partner);
		free(side);
	}
}

#define PORT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PORT_TEST(a_message_goes_to_the_other_end),
	    PORT_TEST(a_message_is_copied_when_it_is_sent),
	    PORT_TEST(a_message_may_be_empty_or_big),
	    PORT_TEST(a_batch_keeps_its_order),
	    PORT_TEST(both_ends_number_each_direction_alike),
	    PORT_TEST(each_pair_has_a_name_of_its_own),
	    PORT_TEST(what_was_sent_before_a_close_arrives),
	    PORT_TEST(either_end_may_close),
	    PORT_TEST(who_closes_does_not_hear_what_still_comes),
	    PORT_TEST(a_message_may_close_the_port),
	    PORT_TEST(nobody_hears_of_a_message_to_a_closed_port),
	    PORT_TEST(a_closed_port_sends_nothing),
	    PORT_TEST(the_other_end_can_be_asked_to_end_without_reading),
	    PORT_TEST(also_when_it_is_in_the_middle_of_a_batch),
	    PORT_TEST(an_abandoned_port_closes_in_silence),
	    PORT_TEST(an_end_that_was_never_opened_can_be_dropped),
	    PORT_TEST(two_threads_talk_without_losing_a_word),
	    PORT_TEST(both_threads_may_close_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
