/* A worker of a cluster from inside: its primary is a bare descriptor. */
#include "runtime_pair.h"

#include "runtime/cluster_scope.h"

struct fixture {
	struct pair pair; /* a: the worker's channel; raw: the primary */
	struct cluster_scope scope;
	struct cluster_listener listener, other;
	bool is_full; /* takes no more connections */
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
on_listening(struct cluster_listener *listener, int port, int error)
{
	struct fixture *fixture = listener->scope->data;

	fixture->answers++;
	fixture->port = port;
	fixture->error = error;
}

static bool
accepts(struct cluster_listener *listener)
{
	struct fixture *fixture = listener->scope->data;

	return !fixture->is_full;
}

static void
on_connection(struct cluster_listener *listener, uv_stream_t *stream)
{
	struct fixture *fixture = listener->scope->data;

	fixture->connections++;
	uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static void
on_leave(struct cluster_scope *scope)
{
	struct fixture *fixture = scope->data;

	fixture->leaves++;
}

static const struct cluster_scope_events scope_events = {
    .listening = on_listening,
    .accepts = accepts,
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
listen_on(struct fixture *fixture, struct cluster_listener *listener, int port)
{
	const struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = "127.0.0.1",
	    .port = port,
	};

	assert_true(
	    cluster_scope_listen(&fixture->scope, listener, &address, 0) >= 0);
}

static void
query(struct fixture *fixture)
{
	listen_on(fixture, &fixture->listener, 80);
	expect(fixture,
	       "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\","
	       "\"address\":\"127.0.0.1\",\"port\":80,\"addressType\":4,"
	       "\"index\":0,\"backlog\":511,\"data\":null,\"seq\":1}\n");
}

/* The same, and the primary says yes. */
static void
open_listener(struct fixture *fixture)
{
	query(fixture);
	raw_say(&fixture->pair,
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":\"k\","
	        "\"errno\":0,\"sockname\":{\"port\":8080}}\n");
	expect(fixture,
	       "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\","
	       "\"address\":\"127.0.0.1\",\"port\":8080,\"addressType\":4,"
	       "\"index\":0,\"seq\":2}\n");
}

static void
it_asks_for_a_port_and_says_that_it_listens(void **state)
{
	struct fixture *fixture = *state;
	const struct told *born;

	open_listener(fixture);
	assert_int_equal(fixture->answers, 1);
	assert_int_equal(fixture->error, 0);
	assert_int_equal(fixture->port, 8080);
	assert_string_equal(fixture->listener.key, "k");
	assert_null(fixture->listener.shared);
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
	assert_null(fixture->scope.listeners);
	expect(fixture, "");
}

/* They differ in their index, so that the primary keeps them apart. */
static void
two_servers_of_one_worker_may_ask_for_the_same(void **state)
{
	struct fixture *fixture = *state;

	listen_on(fixture, &fixture->listener, 0);
	listen_on(fixture, &fixture->other, 0);
	assert_int_equal(fixture->listener.index, 0);
	assert_int_equal(fixture->other.index, 1);
	raw_say(&fixture->pair,
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":2,\"key\":\"b\","
	        "\"errno\":0,\"sockname\":{\"port\":8081}}\n"
	        "{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":\"a\","
	        "\"errno\":0,\"sockname\":{\"port\":8080}}\n");
	assert_int_equal(fixture->answers, 2);
	assert_string_equal(fixture->listener.key, "a");
	assert_string_equal(fixture->other.key, "b");
	assert_int_equal(fixture->other.port, 8081);
}

/* ---- a shared handle ---- */

static void
a_handle_in_the_answer_is_listened_on(void **state)
{
	struct fixture *fixture = *state;
	int port, server = plain_listen(&port), client;

	/* As libuv makes them; with the file the worker shares the flag. */
	fcntl(server, F_SETFL, O_NONBLOCK);
	listen_on(fixture, &fixture->listener, port);
	raw_write_fd(&fixture->pair,
	             "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\","
	             "\"msg\":{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":"
	             "\"k\",\"errno\":0}}\n",
	             server);
	close(server);
	assert_int_equal(fixture->error, 0);
	assert_int_equal(fixture->port, port);
	assert_non_null(fixture->listener.shared);
	client = plain_connect(port);
	world_run(&fixture->pair.world, &fixture->connections, 1);
	close(client);
	assert_memory_equal(
	    told_nth(&fixture->pair.world, EVENT_CHANNEL_BORN, 0)->text,
	    "shared ", 7);
	cluster_scope_unlisten(&fixture->listener);
	world_turn(&fixture->pair.world);
}

/* What the primary could not bind quietly would be another port. */
static void
a_handle_that_is_bound_elsewhere_is_not_listened_on(void **state)
{
	struct fixture *fixture = *state;
	int port, server = plain_listen(&port);

	listen_on(fixture, &fixture->listener, port == 1 ? 2 : 1);
	raw_write_fd(&fixture->pair,
	             "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\","
	             "\"msg\":{\"cmd\":\"NODE_CLUSTER\",\"ack\":1,\"key\":"
	             "\"k\",\"errno\":0}}\n",
	             server);
	close(server);
	assert_int_equal(fixture->error, -EADDRINUSE);
	world_turn(&fixture->pair.world);
}

/* ---- connections ---- */

static const char newconn[] =
    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":"
    "\"NODE_CLUSTER\",\"act\":\"newconn\",\"key\":\"k\",\"seq\":5}}\n";

/* Deals one; what the worker says to it. */
static void
deal(struct fixture *fixture, const char *answer)
{
	int port, server = plain_listen(&port), client = plain_connect(port);

	raw_write_fd(&fixture->pair, newconn, client);
	expect(fixture, answer);
	close(client);
	close(server);
	world_turn(&fixture->pair.world);
}

static void
a_connection_is_accepted(void **state)
{
	struct fixture *fixture = *state;

	open_listener(fixture);
	deal(fixture, "{\"cmd\":\"NODE_HANDLE_ACK\"}\n"
	              "{\"cmd\":\"NODE_CLUSTER\",\"ack\":5,\"accepted\":true,"
	              "\"seq\":3}\n");
	assert_int_equal(fixture->connections, 1);
}

static void
who_is_full_refuses(void **state)
{
	struct fixture *fixture = *state;

	open_listener(fixture);
	fixture->is_full = true;
	deal(fixture, "{\"cmd\":\"NODE_HANDLE_ACK\"}\n"
	              "{\"cmd\":\"NODE_CLUSTER\",\"ack\":5,\"accepted\":false,"
	              "\"seq\":3}\n");
	assert_int_equal(fixture->connections, 0);
}

static void
a_connection_of_a_closed_server_is_refused(void **state)
{
	struct fixture *fixture = *state;

	open_listener(fixture);
	cluster_scope_unlisten(&fixture->listener);
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"close\",\"key\":"
	                "\"k\",\"seq\":3}\n");
	deal(fixture, "{\"cmd\":\"NODE_HANDLE_ACK\"}\n"
	              "{\"cmd\":\"NODE_CLUSTER\",\"ack\":5,\"accepted\":false,"
	              "\"seq\":4}\n");
	assert_int_equal(fixture->connections, 0);
}

static void
what_is_no_connection_is_refused(void **state)
{
	struct fixture *fixture = *state;

	open_listener(fixture);
	/* Without a descriptor it is not even a message. */
	raw_say(&fixture->pair, newconn);
	expect(fixture, "{\"cmd\":\"NODE_HANDLE_NACK\"}\n");
	/* An act without a handle. */
	raw_say(&fixture->pair, "{\"cmd\":\"NODE_CLUSTER\",\"act\":"
	                        "\"newconn\",\"key\":\"k\",\"seq\":6}\n");
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"ack\":6,"
	                "\"accepted\":false,\"seq\":3}\n");
	assert_int_equal(fixture->connections, 0);
}

/* The primary would deal it again: two would answer one client. */
static void
who_cannot_say_that_it_accepts_does_not(void **state)
{
	struct fixture *fixture = *state;
	int port, server = plain_listen(&port), client = plain_connect(port);

	open_listener(fixture);
	while (send_number(&fixture->pair.a, 1) == 0)
		;
	channel_disconnect(&fixture->pair.a.channel);
	raw_write_fd(&fixture->pair, newconn, client);
	assert_int_equal(fixture->connections, 0);
	close(client);
	close(server);
	world_turn(&fixture->pair.world);
}

/* ---- going ---- */

static void
it_is_told_to_leave_and_leaves_when_it_is_done(void **state)
{
	struct fixture *fixture = *state;

	open_listener(fixture);
	raw_say(&fixture->pair, "{\"cmd\":\"NODE_CLUSTER\",\"act\":"
	                        "\"disconnect\",\"seq\":9}\n");
	assert_int_equal(fixture->leaves, 1);
	assert_int_equal(fixture->passed_on, 0);
	assert_true(fixture->scope.exited_after_disconnect);
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"close\",\"key\":"
	                "\"k\",\"seq\":3}\n");
	assert_int_equal(fixture->pair.a.disconnects, 0);
	cluster_scope_leave(&fixture->scope);
	world_run(&fixture->pair.world, &fixture->pair.a.disconnects, 1);
}

static void
by_itself_it_leaves_when_the_primary_knows(void **state)
{
	struct fixture *fixture = *state;

	cluster_scope_disconnect(&fixture->scope);
	assert_int_equal(fixture->leaves, 1);
	cluster_scope_leave(&fixture->scope);
	expect(fixture, "{\"cmd\":\"NODE_CLUSTER\",\"act\":"
	                "\"exitedAfterDisconnect\",\"seq\":1}\n");
	assert_int_equal(fixture->pair.a.disconnects, 0);
	raw_say(&fixture->pair, "{\"cmd\":\"NODE_CLUSTER\",\"ack\":1}\n");
	world_run(&fixture->pair.world, &fixture->pair.a.disconnects, 1);
}

static void
whose_primary_is_gone_ends_its_loop(void **state)
{
	struct fixture *fixture = *state;
	uv_loop_t *loop = &fixture->pair.world.loop.uv;

	uv_ref((uv_handle_t *)&fixture->pair.world.guard);
	cluster_scope_disconnected(&fixture->scope);
	assert_int_not_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
	assert_false(fixture->pair.world.late);
	uv_unref((uv_handle_t *)&fixture->pair.world.guard);
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

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	while (fixture->scope.listeners)
		cluster_scope_unlisten(fixture->scope.listeners);
	return pair_close(state);
}

#define SCOPE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCOPE_TEST(a_worker_knows_its_id_and_forgets_the_variable),
	    SCOPE_TEST(it_asks_for_a_port_and_says_that_it_listens),
	    SCOPE_TEST(no_error_may_be_null),
	    SCOPE_TEST(a_port_that_cannot_be_had_is_an_error),
	    SCOPE_TEST(two_servers_of_one_worker_may_ask_for_the_same),
	    SCOPE_TEST(a_handle_in_the_answer_is_listened_on),
	    SCOPE_TEST(a_handle_that_is_bound_elsewhere_is_not_listened_on),
	    SCOPE_TEST(a_connection_is_accepted),
	    SCOPE_TEST(who_is_full_refuses),
	    SCOPE_TEST(a_connection_of_a_closed_server_is_refused),
	    SCOPE_TEST(what_is_no_connection_is_refused),
	    SCOPE_TEST(who_cannot_say_that_it_accepts_does_not),
	    SCOPE_TEST(it_is_told_to_leave_and_leaves_when_it_is_done),
	    SCOPE_TEST(by_itself_it_leaves_when_the_primary_knows),
	    SCOPE_TEST(whose_primary_is_gone_ends_its_loop),
	    SCOPE_TEST(other_messages_are_passed_on),
	    SCOPE_TEST(nonsense_of_a_primary_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
