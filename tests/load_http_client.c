/* The client that asks at a steady rate, of servers good and bad. */
#include "runtime_world.h"

#include "load/http.h"

/* ---- fixture ---- */

struct fixture {
	struct world world;
	struct http_client client;
	int port;
	/* Our own server, on the same loop. */
	uv_tcp_t listener;
	struct http_server server;
	bool has_server;
	/* Instead: a bare socket and the connection it took. */
	int bare, taken;
};

static int
answer(struct http_server *server, const char *path, char *body, size_t room)
{
	(void)server;
	snprintf(body, room, "pong\n");
	return strcmp(path, "/none") == 0 ? 404 : 200;
}

static void
on_connection(uv_stream_t *listener, int status)
{
	struct fixture *fixture = listener->data;
	uv_tcp_t *tcp = malloc(sizeof(*tcp));

	if (status < 0)
		return;
	uv_tcp_init(&fixture->world.loop.uv, tcp);
	uv_accept(listener, (uv_stream_t *)tcp);
	http_serve(&fixture->server, tcp);
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	fixture->bare = fixture->taken = -1;
	*state = fixture;
	return 0;
}

static int
open_served(void **state)
{
	struct sockaddr_in address = local_port(0);
	int size = sizeof(address);
	struct fixture *fixture;

	open_fixture(state);
	fixture = *state;
	fixture->has_server = true;
	fixture->server.loop = &fixture->world.loop;
	fixture->server.answer = answer;
	uv_tcp_init(&fixture->world.loop.uv, &fixture->listener);
	fixture->listener.data = fixture;
	uv_tcp_bind(&fixture->listener, (struct sockaddr *)&address, 0);
	uv_listen((uv_stream_t *)&fixture->listener, 64, on_connection);
	uv_tcp_getsockname(&fixture->listener, (struct sockaddr *)&address,
	                   &size);
	fixture->port = ntohs(address.sin_port);
	return 0;
}

static int
open_bare(void **state)
{
	struct fixture *fixture;

	open_fixture(state);
	fixture = *state;
	fixture->bare = plain_listen(&fixture->port);
	listen(fixture->bare, 1024);
	return 0;
}

static void
start(struct fixture *fixture, int rate, bool keep_alive)
{
	http_client_start(&fixture->client, &fixture->world.loop, fixture->port,
	                  rate, keep_alive);
}

static void
close_bare(struct fixture *fixture)
{
	if (fixture->bare >= 0)
		close(fixture->bare);
	if (fixture->taken >= 0)
		close(fixture->taken);
	fixture->bare = fixture->taken = -1;
}

/* Without a server the client's connections end, and then the loop. */
static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->client.loop)
		http_client_set_rate(&fixture->client, 0);
	close_bare(fixture);
	if (fixture->has_server) {
		uv_close((uv_handle_t *)&fixture->listener, NULL);
		http_server_end(&fixture->server);
	}
	world_drain(&fixture->world);
	assert_int_equal(fixture->client.waiting, 0);
	assert_null(fixture->client.idle);
	return world_close(state);
}

/* ---- running ---- */

static void
run_until_told(struct fixture *fixture, enum event_kind kind, int count)
{
	struct world *world = &fixture->world;

	while (told_count(world, kind) < count && !world->late)
		uv_run(&world->loop.uv, UV_RUN_ONCE);
	assert_true(told_count(world, kind) >= count);
}

/* Until the world is still: all requests are over. */
static void
finish(struct fixture *fixture)
{
	http_client_set_rate(&fixture->client, 0);
	while (fixture->client.waiting > 0 && !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	assert_int_equal(fixture->client.waiting, 0);
}

static const struct event *
request(struct fixture *fixture, int n)
{
	return &told_nth(&fixture->world, EVENT_REQUEST, n)->event;
}

/* ---- asking ---- */

/* As many as were due when the clock last ticked: at most a tick behind. More
 * than a second's are never owed: false, when nobody came by for so long. */
static bool
keeps_rate(int rate)
{
	struct fixture *fixture;
	uint64_t begin, passed = 0, pause = 0;
	void *state;
	int sent, due;

	open_served(&state);
	fixture = state;
	uv_update_time(&fixture->world.loop.uv);
	begin = uv_now(&fixture->world.loop.uv);
	start(fixture, rate, true);
	while (passed < 250 && !fixture->world.late) {
		uint64_t before = passed;

		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
		passed = uv_now(&fixture->world.loop.uv) - begin;
		pause = passed - before > pause ? passed - before : pause;
	}
	sent = told_count(&fixture->world, EVENT_REQUEST) +
	       fixture->client.waiting;
	due = (int)passed * rate / 1000;
	due -= rate * (int)fixture->client.period / 1000 + 2;
	if (pause < 900)
		assert_in_range(sent, due > 0 ? due : 0,
		                (int)passed * rate / 1000 + 1);
	close_fixture(&state);
	return pause < 900;
}

static void
expect_rate(int rate)
{
	int left = 20;

	while (!keeps_rate(rate))
		assert_true(left-- > 0);
}

static void
the_rate_is_kept(void **state)
{
	(void)state;
	expect_rate(40);
	expect_rate(70);
	expect_rate(200);
	expect_rate(1000);
}

static void
an_answer_ends_a_request(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	start(fixture, 100, true);
	run_until_told(fixture, EVENT_REQUEST, 3);
	finish(fixture);
	event = request(fixture, 2);
	assert_int_equal(event->number, 200);
	assert_int_equal(event->other_pid, getpid());
	assert_int_equal(event->other_tid, getpid());
	assert_in_range(event->value, 1, event->time);
}

static void
an_error_of_the_server_is_an_answer_too(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, 100, true);
	http_client_set_path(&fixture->client, "/none");
	run_until_told(fixture, EVENT_REQUEST, 1);
	assert_int_equal(request(fixture, 0)->number, 404);
}

/* A connection is opened only when all others wait for an answer. */
static void
assert_reuse(struct fixture *fixture)
{
	int open = 0, waiting = 0;

	for (size_t i = 0; i < fixture->world.told_count; i++) {
		const struct told *told = &fixture->world.told[i];

		if (told->event.kind == EVENT_CHANNEL_BORN) {
			assert_int_equal(waiting, open);
			open++;
		}
		open -= told->event.kind == EVENT_CHANNEL_DIED;
		waiting += told->event.kind == EVENT_MESSAGE_SEND &&
		           strncmp(told->text, "GET ", 4) == 0;
		waiting -= told->event.kind == EVENT_REQUEST;
	}
}

static void
a_connection_is_used_again(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, 200, true);
	run_until_told(fixture, EVENT_REQUEST, 30);
	/* On a busy machine many may be due at once, each on its own. */
	run_until_told(fixture, EVENT_REQUEST,
	               told_count(&fixture->world, EVENT_CHANNEL_BORN) + 1);
	finish(fixture);
	assert_reuse(fixture);
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_DIED), 0);
}

static void
without_keep_alive_each_request_has_its_connection(void **state)
{
	struct fixture *fixture = *state;
	int requests;

	start(fixture, 200, false);
	run_until_told(fixture, EVENT_REQUEST, 10);
	finish(fixture);
	requests = told_count(&fixture->world, EVENT_REQUEST);
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_BORN),
	                 requests);
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_DIED),
	                 requests);
	for (int i = 0; i < requests; i++)
		assert_int_equal(request(fixture, i)->number, 200);
}

static void
both_ends_make_the_same_channel_and_numbers(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;

	start(fixture, 100, true);
	run_until_told(fixture, EVENT_REQUEST, 4);
	finish(fixture);
	for (int i = 0; i < told_count(world, EVENT_MESSAGE_RECV); i++) {
		const struct told *receive =
		    told_nth(world, EVENT_MESSAGE_RECV, i);
		int j = 0;

		/* It is there, or told_nth() fails. */
		while (told_nth(world, EVENT_MESSAGE_SEND, j)->event.channel !=
		           receive->event.channel ||
		       told_nth(world, EVENT_MESSAGE_SEND, j)->event.number !=
		           receive->event.number)
			j++;
		assert_int_equal(
		    told_nth(world, EVENT_MESSAGE_SEND, j)->event.size,
		    receive->event.size);
		assert_string_equal(
		    told_nth(world, EVENT_MESSAGE_SEND, j)->text,
		    receive->text);
	}
	assert_int_equal(told_count(world, EVENT_MESSAGE_SEND),
	                 told_count(world, EVENT_MESSAGE_RECV));
}

static void
the_path_and_the_rate_can_be_changed(void **state)
{
	struct fixture *fixture = *state;
	int asked;

	start(fixture, 0, true);
	world_turn(&fixture->world);
	assert_false(uv_is_active((uv_handle_t *)&fixture->client.timer));
	http_client_set_rate(&fixture->client, 100);
	run_until_told(fixture, EVENT_REQUEST, 2);
	finish(fixture);
	assert_false(uv_is_active((uv_handle_t *)&fixture->client.timer));
	asked = told_count(&fixture->world, EVENT_REQUEST);
	http_client_set_path(&fixture->client, "/none");
	http_client_set_rate(&fixture->client, 100);
	run_until_told(fixture, EVENT_REQUEST, asked + 1);
	assert_int_equal(request(fixture, asked - 1)->number, 200);
	assert_int_equal(request(fixture, asked)->number, 404);
}

/* ---- servers that do not answer ---- */

static void
nobody_there_is_a_request_with_status_0(void **state)
{
	struct fixture *fixture = *state;

	close_bare(fixture);
	start(fixture, 100, true);
	run_until_told(fixture, EVENT_REQUEST, 3);
	finish(fixture);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(request(fixture, i)->number, 0);
		assert_int_equal(request(fixture, i)->other_pid, 0);
	}
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_BORN),
	                 told_count(&fixture->world, EVENT_CHANNEL_DIED));
}

static void
who_waits_for_a_silent_server_does_not_hold_up_others(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;

	start(fixture, 200, true);
	run_until_told(fixture, EVENT_MESSAGE_SEND, 20);
	/* Some may still be connecting. */
	http_client_set_rate(&fixture->client, 0);
	run_until_told(fixture, EVENT_MESSAGE_SEND, fixture->client.waiting);
	assert_int_equal(told_count(world, EVENT_REQUEST), 0);
	assert_int_equal(fixture->client.waiting,
	                 told_count(world, EVENT_MESSAGE_SEND));
	assert_int_equal(told_count(world, EVENT_CHANNEL_BORN),
	                 told_count(world, EVENT_MESSAGE_SEND));
	/* The server goes: all of them fail. */
	close_bare(fixture);
	finish(fixture);
	assert_int_equal(told_count(world, EVENT_REQUEST),
	                 told_count(world, EVENT_MESSAGE_SEND));
	assert_int_equal(request(fixture, 0)->number, 0);
}

static void
no_more_than_so_many_wait(void **state)
{
	struct fixture *fixture = *state;
	struct world *world = &fixture->world;

	start(fixture, 20000, true);
	run_until_told(fixture, EVENT_MESSAGE_SEND, HTTP_WAITING_MAX);
	for (int i = 0; i < 5; i++)
		uv_run(&world->loop.uv, UV_RUN_ONCE);
	assert_int_equal(fixture->client.waiting, HTTP_WAITING_MAX);
	assert_int_equal(told_count(world, EVENT_MESSAGE_SEND),
	                 HTTP_WAITING_MAX);
}

/* ---- servers that answer nonsense ---- */

/* One request at the next tick, however late that comes: more than a second's
 * are never owed. Takes the connection. */
static void
ask_bare(struct fixture *fixture, bool keep_alive)
{
	start(fixture, 100, keep_alive);
	fixture->client.rate = 1;
	fixture->client.due = 1;
	run_until_told(fixture, EVENT_MESSAGE_SEND, 1);
	http_client_set_rate(&fixture->client, 0);
	fixture->taken = accept4(fixture->bare, NULL, NULL, SOCK_CLOEXEC);
}

/* The same, and reads the request. */
static void
take_request(struct fixture *fixture)
{
	char text[512];

	ask_bare(fixture, true);
	while (recv(fixture->taken, text, sizeof(text), MSG_DONTWAIT) <= 0 &&
	       !fixture->world.late)
		world_turn(&fixture->world);
}

static void
reply(struct fixture *fixture, const char *text)
{
	assert_int_equal(send(fixture->taken, text, strlen(text), 0),
	                 strlen(text));
}

static const char good_answer[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Pid: 77\r\n\r\npong\n";

static void
a_request_is_what_http_wants(void **state)
{
	struct fixture *fixture = *state;
	char text[512] = "", expected[256];
	ssize_t got = 0;

	ask_bare(fixture, false);
	snprintf(expected, sizeof(expected),
	         "GET /ping HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	         "Connection: close\r\n\r\n",
	         fixture->port);
	while (got < (ssize_t)strlen(expected) && !fixture->world.late) {
		world_turn(&fixture->world);
		got = recv(fixture->taken, text, sizeof(text) - 1,
		           MSG_DONTWAIT | MSG_PEEK);
	}
	assert_string_equal(text, expected);
}

static void
an_answer_may_come_in_single_bytes(void **state)
{
	struct fixture *fixture = *state;
	char byte[2] = "";

	take_request(fixture);
	for (size_t i = 0; i < strlen(good_answer); i++) {
		assert_int_equal(told_count(&fixture->world, EVENT_REQUEST), 0);
		byte[0] = good_answer[i];
		reply(fixture, byte);
		world_turn(&fixture->world);
	}
	run_until_told(fixture, EVENT_REQUEST, 1);
	assert_int_equal(request(fixture, 0)->number, 200);
	assert_int_equal(request(fixture, 0)->other_pid, 77);
	assert_int_equal(
	    told_nth(&fixture->world, EVENT_MESSAGE_RECV, 0)->event.size,
	    strlen(good_answer));
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_MESSAGE_RECV, 0)->text, "200 pong");
}

static void
expect_failure(const char *text)
{
	struct fixture *fixture;
	void *state;

	open_bare(&state);
	fixture = state;
	take_request(fixture);
	if (text)
		reply(fixture, text);
	else
		close_bare(fixture);
	run_until_told(fixture, EVENT_REQUEST, 1);
	assert_int_equal(request(fixture, 0)->number, 0);
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_DIED), 1);
	assert_int_equal(told_count(&fixture->world, EVENT_MESSAGE_RECV), 0);
	close_fixture(&state);
}

static void
an_answer_that_is_no_http_is_none(void **state)
{
	char endless[4097];

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	expect_failure(endless);
	expect_failure("hello\r\n\r\n");
	expect_failure("HTTP/1.1 200 OK\r\n\r\n");
	expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n");
	expect_failure("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n");
	expect_failure("HTTP/1.1 x OK\r\nContent-Length: 5\r\n\r\npong\n");
}

static void
a_server_that_hangs_up_gives_no_answer(void **state)
{
	(void)state;
	expect_failure(NULL);
}

/* What nobody asked for is the end of the connection, and no request. */
static void
an_answer_nobody_asked_for_ends_the_connection(void **state)
{
	struct fixture *fixture = *state;

	take_request(fixture);
	reply(fixture, good_answer);
	run_until_told(fixture, EVENT_REQUEST, 1);
	assert_non_null(fixture->client.idle);
	reply(fixture, good_answer);
	run_until_told(fixture, EVENT_CHANNEL_DIED, 1);
	assert_int_equal(told_count(&fixture->world, EVENT_REQUEST), 1);
	assert_int_equal(fixture->client.waiting, 0);
	assert_null(fixture->client.idle);
}

static void
a_connection_that_was_closed_while_idle_is_no_failure(void **state)
{
	struct fixture *fixture = *state;

	take_request(fixture);
	reply(fixture, good_answer);
	run_until_told(fixture, EVENT_REQUEST, 1);
	close(fixture->taken);
	fixture->taken = -1;
	run_until_told(fixture, EVENT_CHANNEL_DIED, 1);
	assert_null(fixture->client.idle);
	http_client_set_rate(&fixture->client, 100);
	run_until_told(fixture, EVENT_CHANNEL_BORN, 2);
	assert_int_equal(told_count(&fixture->world, EVENT_REQUEST), 1);
}

#define SERVED_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_served, close_fixture)
#define BARE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_bare, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_rate_is_kept),
	    SERVED_TEST(an_answer_ends_a_request),
	    SERVED_TEST(an_error_of_the_server_is_an_answer_too),
	    SERVED_TEST(a_connection_is_used_again),
	    SERVED_TEST(without_keep_alive_each_request_has_its_connection),
	    SERVED_TEST(both_ends_make_the_same_channel_and_numbers),
	    SERVED_TEST(the_path_and_the_rate_can_be_changed),
	    BARE_TEST(nobody_there_is_a_request_with_status_0),
	    BARE_TEST(who_waits_for_a_silent_server_does_not_hold_up_others),
	    BARE_TEST(no_more_than_so_many_wait),
	    BARE_TEST(a_request_is_what_http_wants),
	    BARE_TEST(an_answer_may_come_in_single_bytes),
	    cmocka_unit_test(an_answer_that_is_no_http_is_none),
	    cmocka_unit_test(a_server_that_hangs_up_gives_no_answer),
	    BARE_TEST(an_answer_nobody_asked_for_ends_the_connection),
	    BARE_TEST(a_connection_that_was_closed_while_idle_is_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
