/* A worker of a cluster from inside: its primary is a bare descriptor. */
#include "runtime_pair.h"

#include "runtime/cluster.h"

struct fixture {
	struct pair pair; /* a: the worker's channel; raw: the primary */
	struct cluster_scope scope;
	int answers, port, error, connections, leaves;
	int passed_on; /* messages that were not the cluster's */
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct end *end = channel->data;
	struct fixture *fixture = (struct fixture *)(void *)end->world;

	if (!cluster_scope_message(&fixture->scope, message, has_handle))
		fixture->passed_on++;
}

static const struct channel_events channel_events = {
    .message = on_message,
    .disconnect = end_on_disconnect,
    .close = end_on_close,
};

static void
on_listening(struct cluster_scope *scope, int port, int error)
{
	struct fixture *fixture = scope->data;

	fixture->answers++;
	fixture->port = port;
	fixture->error = error;
}

static void
on_connection(struct cluster_scope *scope, uv_tcp_t *tcp)
{
	struct fixture *fixture = scope->data;

	fixture->connections++;
	uv_close((uv_handle_t *)tcp, (uv_close_cb)free);
}

static void
on_leave(struct cluster_scope *scope)
{
	struct fixture *fixture = scope->data;

	fixture->leaves++;
}

static const struct cluster_scope_events scope_events = {
    .listening = on_listening,
    .connection = on_connection,
    .disconnect = on_leave,
};

/* What the primary can read now. */
static void
expect(struct fixture *fixture, const char *text)
{
	char bytes[4096] = "";
	int fd;

	raw_read(&fixture->pair, bytes, sizeof(bytes) - 1, &fd);
	assert_int_equal(fd, -1);
	assert_string_equal(bytes, text);
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	pair_init(&fixture->pair, true);
	fixture->pair.a.channel.events = &channel_events;
	setenv("NODE_UNIQUE_ID", "7", 1);
	assert_int_equal(
	    cluster_scope_open(&fixture->scope, &fixture->pair.world.loop,
	                       &fixture->pair.a.channel, &scope_events),
	    0);
	fixture->scope.data = fixture;
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\","
	                "\"seq\":0}\n");
	return 0;
}

static void
a_worker_knows_its_id_and_forgets_the_variable(void **state)
{
	struct fixture *fixture = *state;
	struct cluster_scope scope;

	assert_int_equal(fixture->scope.id, 7);
	assert_null(getenv("NODE_UNIQUE_ID"));
	assert_int_equal(
	    cluster_scope_open(&scope, &fixture->pair.world.loop,
	                       &fixture->pair.a.channel, &scope_events),
	    -ENOENT);
	expect(fixture, "");
}

static void
query(struct fixture *fixture)
{
	assert_true(cluster_scope_listen(&fixture->scope, "127.0.0.1", 80) >=
	            0);
	expect(fixture,
	       "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\","
	       "\"address\":\"127.0.0.1\",\"port\":80,\"addressType\":4,"
	       "\"index\":0,\"data\":null,\"seq\":1}\n");
}

static void
it_asks_for_a_port_and_says_that_it_listens(void **state)
{
	struct fixture *fixture = *state;
	const struct told *born;

	query(fixture);
	told_clear(&fixture->pair.world);
	raw_say(&fixture->pair,
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":\"k\","
	        "\"errno\":0,\"sockname\":{\"port\":8080}}\n");
	assert_int_equal(fixture->answers, 1);
	assert_int_equal(fixture->error, 0);
	assert_int_equal(fixture->port, 8080);
	assert_string_equal(fixture->scope.key, "k");
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\","
	                "\"port\":8080,\"addressType\":4,\"address\":null,"
	                "\"seq\":2}\n");
	assert_string_equal(told_kinds(&fixture->pair.world),
	                    "message-recv channel-born message-send");
	born = told_nth(&fixture->pair.world, EVENT_CHANNEL_BORN, 0);
	assert_string_equal(born->text, "dealt 8080");
	assert_int_equal(born->event.value, 8080);
}

/* Node's primary says null where there is no error. */
static void
no_error_may_be_null(void **state)
{
	struct fixture *fixture = *state;

	query(fixture);
	raw_say(&fixture->pair,
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":\"k\","
	        "\"errno\":null,\"sockname\":{\"port\":8080}}\n");
	assert_int_equal(fixture->answers, 1);
	assert_int_equal(fixture->error, 0);
}

static void
a_port_that_cannot_be_had_is_an_error(void **state)
{
	struct fixture *fixture = *state;

	query(fixture);
	raw_say(&fixture->pair, "{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,"
	                        "\"errno\":-98,\"sockname\":null}\n");
	assert_int_equal(fixture->answers, 1);
	assert_int_equal(fixture->error, -EADDRINUSE);
	expect(fixture, "");
}

static const char newconn[] =
    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":"
    "\"NODE_CLUSTER\",\"act\":\"newconn\",\"key\":\"k\",\"seq\":5}}\n";

static void
a_connection_is_accepted(void **state)
{
	struct fixture *fixture = *state;
	int port, server = plain_listen(&port), client = plain_connect(port);

	raw_write_fd(&fixture->pair, newconn, client);
	assert_int_equal(fixture->connections, 1);
	expect(fixture, "{\"cmd\":\"NODE_HANDLE_ACK\"}\n"
	                "{\"cmd\":\"NODE_CLUSTER\",\"ack\":5,\"accepted\":true,"
	                "\"seq\":1}\n");
	close(client);
	close(server);
	world_turn(&fixture->pair.world);
}

static void
what_is_no_connection_is_refused(void **state)
{
	struct fixture *fixture = *state;

	/* Without a descriptor it is not even a message. */
	raw_say(&fixture->pair, newconn);
	expect(fixture, "{\"cmd\":\"NODE_HANDLE_NACK\"}\n");
	/* An act without a handle. */
	raw_say(&fixture->pair, "{\"cmd\":\"NODE_CLUSTER\",\"act\":"
	                        "\"newconn\",\"key\":\"k\",\"seq\":6}\n");
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"ack\":6,"
	                "\"accepted\":false,\"seq\":1}\n");
	assert_int_equal(fixture->connections, 0);
}

/* The primary would deal it again: two would answer one client. */
static void
who_cannot_say_that_it_accepts_does_not(void **state)
{
	struct fixture *fixture = *state;
	int port, server = plain_listen(&port), client = plain_connect(port);

	while (send_number(&fixture->pair.a, 1) == 0)
		;
	channel_disconnect(&fixture->pair.a.channel);
	raw_write_fd(&fixture->pair, newconn, client);
	assert_int_equal(fixture->connections, 0);
	close(client);
	close(server);
	world_turn(&fixture->pair.world);
}

static void
it_is_told_to_leave(void **state)
{
	struct fixture *fixture = *state;

	raw_say(&fixture->pair, "{\"cmd\":\"NODE_CLUSTER\",\"act\":"
	                        "\"disconnect\",\"seq\":9}\n");
	assert_int_equal(fixture->leaves, 1);
	assert_int_equal(fixture->passed_on, 0);
}

static void
other_messages_are_passed_on(void **state)
{
	struct fixture *fixture = *state;

	raw_say(&fixture->pair,
	        "{\"cmd\":\"hello\"}\n\"text\"\n{\"act\":\"newconn\"}\n"
	        "null\n{\"cmd\":7}\n");
	assert_int_equal(fixture->passed_on, 5);
}

static void
nonsense_of_a_primary_does_no_harm(void **state)
{
	struct fixture *fixture = *state;

	raw_say(&fixture->pair,
	        "{\"cmd\":\"NODE_CLUSTER\"}\n"
	        "{\"cmd\":\"NODE_CLUSTER\",\"act\":[]}\n"
	        "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"newconn\"}\n"
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":99}\n"
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":\"1\"}\n");
	assert_int_equal(fixture->passed_on, 0);
	assert_int_equal(fixture->connections, 0);
	assert_int_equal(fixture->answers, 0);
	assert_int_equal(fixture->pair.a.disconnects, 0);
}

#define SCOPE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, pair_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCOPE_TEST(a_worker_knows_its_id_and_forgets_the_variable),
	    SCOPE_TEST(it_asks_for_a_port_and_says_that_it_listens),
	    SCOPE_TEST(no_error_may_be_null),
	    SCOPE_TEST(a_port_that_cannot_be_had_is_an_error),
	    SCOPE_TEST(a_connection_is_accepted),
	    SCOPE_TEST(what_is_no_connection_is_refused),
	    SCOPE_TEST(who_cannot_say_that_it_accepts_does_not),
	    SCOPE_TEST(it_is_told_to_leave),
	    SCOPE_TEST(other_messages_are_passed_on),
	    SCOPE_TEST(nonsense_of_a_primary_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
