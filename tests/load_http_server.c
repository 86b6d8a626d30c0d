/* The server of small answers, asked by clients that keep no rules. */
#include "runtime_world.h"

#include "load/http.h"
#include "runtime/socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

enum { HEAD_BYTES = 4096 }; /* http_server.c: a longer head is refused */

/* ---- fixture ---- */

struct fixture {
	struct world world;
	uv_tcp_t listener;
	struct http_server server;
	int port;
	int connections, answers, empties;
	char paths[256]; /* that were asked for */
};

static int
answer(struct http_server *server, const char *path, char *body, size_t room)
{
	struct fixture *fixture = server->data;
	size_t used = strlen(fixture->paths);

	fixture->answers++;
	snprintf(fixture->paths + used, sizeof(fixture->paths) - used, "%s ",
	         path);
	if (strcmp(path, "/end") == 0)
		http_server_end(server);
	if (strcmp(path, "/none") == 0) {
		snprintf(body, room, "no such page\n");
		return 404;
	}
	snprintf(body, room, "pong\n");
	return 200;
}

static void
on_empty(struct http_server *server)
{
	struct fixture *fixture = server->data;

	fixture->empties++;
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
	fixture->connections++;
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct sockaddr_in address = local_port(0);
	int size = sizeof(address);

	world_init(&fixture->world);
	fixture->server.loop = &fixture->world.loop;
	fixture->server.answer = answer;
	fixture->server.empty = on_empty;
	fixture->server.data = fixture;
	uv_tcp_init(&fixture->world.loop.uv, &fixture->listener);
	fixture->listener.data = fixture;
	uv_tcp_bind(&fixture->listener, (struct sockaddr *)&address, 0);
	uv_listen((uv_stream_t *)&fixture->listener, 64, on_connection);
	uv_tcp_getsockname(&fixture->listener, (struct sockaddr *)&address,
	                   &size);
	fixture->port = ntohs(address.sin_port);
	*state = fixture;
	return 0;
}

/* Every client has gone by now: nothing is left but the listener. */
static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	uv_close((uv_handle_t *)&fixture->listener, NULL);
	world_drain(&fixture->world);
	return world_close(state);
}

/* ---- a client ---- */

struct peer {
	struct fixture *fixture;
	int fd;
	bool ended; /* the server has closed */
	size_t used;
	char text[8192];
};

static void
peer_open(struct peer *peer, struct fixture *fixture)
{
	int before = fixture->connections;

	memset(peer, 0, sizeof(*peer));
	peer->fixture = fixture;
	peer->fd = plain_connect(fixture->port);
	world_run(&fixture->world, &fixture->connections, before + 1);
}

static void
peer_say(struct peer *peer, const char *text)
{
	assert_int_equal(send(peer->fd, text, strlen(text), 0), strlen(text));
}

static int
count_of(const char *text, const char *word)
{
	int count = 0;

	while ((text = strstr(text, word)) != NULL) {
		count++;
		text += strlen(word);
	}
	return count;
}

static void
peer_read(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->text + peer->used,
	                   sizeof(peer->text) - 1 - peer->used, MSG_DONTWAIT);

	if (got > 0)
		peer->used += (size_t)got;
	peer->ended = got == 0 || (got < 0 && errno == ECONNRESET);
}

/* Runs the server until the client has so many pongs. */
static void
peer_wait(struct peer *peer, int pongs)
{
	while (count_of(peer->text, "pong\n") < pongs && !peer->ended &&
	       !peer->fixture->world.late) {
		world_turn(&peer->fixture->world);
		peer_read(peer);
	}
	assert_int_equal(count_of(peer->text, "pong\n"), pongs);
}

static void
peer_wait_end(struct peer *peer)
{
	while (!peer->ended && !peer->fixture->world.late) {
		world_turn(&peer->fixture->world);
		peer_read(peer);
	}
	assert_true(peer->ended);
}

/* Until the server has read what was said. */
static void
peer_wait_read(struct peer *peer)
{
	int left = 1;

	while (left > 0 && !peer->fixture->world.late) {
		ioctl(peer->fd, SIOCOUTQ, &left);
		world_turn(&peer->fixture->world);
	}
	assert_int_equal(left, 0);
}

/* Goes, and waits until the server has noticed. */
static void
peer_close(struct peer *peer)
{
	close(peer->fd);
	while (peer->fixture->server.first && !peer->fixture->world.late)
		world_turn(&peer->fixture->world);
	assert_null(peer->fixture->server.first);
}

static const char ping[] = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";
static const char last_ping[] =
    "GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n";

/* ---- answers ---- */

static void
a_request_is_answered(void **state)
{
	struct peer peer;
	char expected[256];

	peer_open(&peer, *state);
	peer_say(&peer, ping);
	peer_wait(&peer, 1);
	snprintf(expected, sizeof(expected),
	         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	         "Content-Length: 5\r\nX-Pid: %d\r\n"
	         "Connection: keep-alive\r\n\r\npong\n",
	         (int)getpid());
	assert_string_equal(peer.text, expected);
	assert_string_equal(peer.fixture->paths, "/ping ");
	peer_close(&peer);
}

static void
a_connection_is_kept_for_the_next_request(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	for (int i = 1; i <= 5; i++) {
		peer_say(&peer, ping);
		peer_wait(&peer, i);
	}
	assert_false(peer.ended);
	assert_int_equal(peer.fixture->connections, 1);
	peer_close(&peer);
}

static void
who_asks_to_close_is_closed(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	peer_say(&peer, last_ping);
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "pong\n"), 1);
	assert_non_null(strstr(peer.text, "\r\nConnection: close\r\n"));
	peer_close(&peer);
}

static void
requests_may_come_together(void **state)
{
	struct peer peer;
	char text[512];

	peer_open(&peer, *state);
	snprintf(text, sizeof(text),
	         "GET /a HTTP/1.1\r\n\r\nGET /none HTTP/1.1\r\n\r\n%s"
	         "GET /b HTTP/1.1\r\n\r\n",
	         ping);
	peer_say(&peer, text);
	peer_wait(&peer, 3);
	assert_int_equal(count_of(peer.text, "HTTP/1.1 "), 4);
	assert_string_equal(peer.fixture->paths, "/a /none /ping /b ");
	peer_close(&peer);
}

static void
what_is_behind_the_last_request_is_not_answered(void **state)
{
	struct peer peer;
	char text[512];

	peer_open(&peer, *state);
	snprintf(text, sizeof(text), "%s%s%s", ping, last_ping, ping);
	peer_say(&peer, text);
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "HTTP/1.1 "), 2);
	assert_int_equal(peer.fixture->answers, 2);
	peer_close(&peer);
}

static void
a_request_may_come_in_single_bytes(void **state)
{
	struct peer peer;
	char byte[2] = "";

	peer_open(&peer, *state);
	for (size_t i = 0; i < strlen(ping); i++) {
		assert_int_equal(peer.fixture->answers, 0);
		byte[0] = ping[i];
		peer_say(&peer, byte);
		world_turn(&peer.fixture->world);
	}
	peer_wait(&peer, 1);
	peer_close(&peer);
}

static void
a_page_that_is_not_there_is_404(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	peer_say(&peer, "GET /none HTTP/1.1\r\n\r\n");
	peer_say(&peer, ping);
	peer_wait(&peer, 1);
	assert_int_equal(count_of(peer.text, "HTTP/1.1 404 "), 1);
	assert_non_null(strstr(peer.text, "no such page\n"));
	assert_false(peer.ended);
	peer_close(&peer);
}

static void
who_says_all_and_hangs_up_is_answered(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	peer_say(&peer, ping);
	peer_say(&peer, ping);
	shutdown(peer.fd, SHUT_WR);
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "pong\n"), 2);
	peer_close(&peer);
}

static void
headers_are_read_in_any_case(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	peer_say(&peer, "GET /a HTTP/1.1\r\nX-Connection: close\r\n\r\n");
	peer_wait(&peer, 1);
	assert_false(peer.ended);
	peer_say(&peer, "GET /a HTTP/1.1\r\nCONNECTION:   Close\r\n\r\n");
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "pong\n"), 2);
	peer_close(&peer);
}

/* ---- bodies ---- */

static void
a_body_is_read_over(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	peer_say(&peer, "POST /a HTTP/1.1\r\nContent-Length: 20\r\n\r\n"
	                "GET /b HTTP/1.1\r\n\r\nx"
	                "GET /c HTTP/1.1\r\n\r\n");
	peer_wait(&peer, 2);
	assert_string_equal(peer.fixture->paths, "/a /c ");
	peer_close(&peer);
}

/* In pieces, more than the server ever holds. */
static void
a_body_may_be_longer_than_a_head(void **state)
{
	struct peer peer;
	char piece[1001];

	peer_open(&peer, *state);
	memset(piece, '\r', 1000);
	piece[1000] = '\0';
	peer_say(&peer, "POST /a HTTP/1.1\r\nContent-Length: 20000\r\n\r\n");
	for (int i = 0; i < 20; i++) {
		peer_say(&peer, piece);
		world_turn(&peer.fixture->world);
	}
	peer_say(&peer, ping);
	peer_wait(&peer, 2);
	assert_string_equal(peer.fixture->paths, "/a /ping ");
	peer_close(&peer);
}

/* ---- what is no request ---- */

static void
expect_refused(struct fixture *fixture, const char *text)
{
	struct peer peer;

	peer_open(&peer, fixture);
	peer_say(&peer, text);
	peer_wait_end(&peer);
	assert_int_equal(strncmp(peer.text, "HTTP/1.1 400 ", 13), 0);
	assert_int_equal(count_of(peer.text, "HTTP/1.1 "), 1);
	assert_non_null(strstr(peer.text, "\r\nConnection: close\r\n"));
	assert_int_equal(fixture->answers, 0);
	peer_close(&peer);
}

static void
what_is_no_request_is_400_and_closed(void **state)
{
	static const char *const bad[] = {
	    "hello\r\n\r\n",
	    "GET\r\n\r\n",
	    "\r\n\r\n",
	    "get /ping HTTP/1.1\r\n\r\n",
	    "GET /ping HTTP/2\r\n\r\n",
	    "GET /ping\r\n\r\n",
	    "UNHEARDOF /ping HTTP/1.1\r\n\r\n",
	    "GET /a/path/of/more/than/63/letters/which/is/where/they/are/"
	    "cut/off/x HTTP/1.1\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_refused(*state, bad[i]);
}

/* A head of `size` bytes. */
static char *
long_head(size_t size)
{
	char *text = malloc(size + 1);
	size_t used =
	    (size_t)sprintf(text, "GET /ping HTTP/1.1\r\nConnection: close"
	                          "\r\nX: ");

	memset(text + used, 'x', size - used);
	strcpy(text + size - 4, "\r\n\r\n");
	return text;
}

static void
a_head_that_is_too_long_is_400_and_closed(void **state)
{
	char *text = long_head(HEAD_BYTES + 1);

	expect_refused(*state, text);
	free(text);
	text = long_head(3 * HEAD_BYTES);
	expect_refused(*state, text);
	free(text);
}

static void
a_head_that_just_fits_is_answered(void **state)
{
	struct peer peer;
	char *text = long_head(HEAD_BYTES);

	peer_open(&peer, *state);
	peer_say(&peer, text);
	free(text);
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "pong\n"), 1);
	peer_close(&peer);
}

static void
who_hangs_up_in_mid_request_is_forgotten(void **state)
{
	struct peer peer;
	struct linger reset = {.l_onoff = 1};

	peer_open(&peer, *state);
	peer_say(&peer, "GET /ping HT");
	peer_close(&peer);
	peer_open(&peer, *state);
	peer_say(&peer, "GET /ping HT");
	setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	peer_close(&peer);
	assert_int_equal(peer.fixture->answers, 0);
}

/* ---- ending ---- */

static void
without_connections_the_end_is_at_once(void **state)
{
	struct fixture *fixture = *state;

	http_server_end(&fixture->server);
	assert_int_equal(fixture->empties, 1);
}

static void
the_end_closes_idle_connections(void **state)
{
	struct peer peers[3];

	for (int i = 0; i < 3; i++) {
		peer_open(&peers[i], *state);
		peer_say(&peers[i], ping);
		peer_wait(&peers[i], 1);
	}
	http_server_end(&peers[0].fixture->server);
	assert_int_equal(peers[0].fixture->empties, 0);
	for (int i = 0; i < 3; i++)
		peer_wait_end(&peers[i]);
	assert_int_equal(peers[0].fixture->empties, 1);
	for (int i = 0; i < 3; i++)
		peer_close(&peers[i]);
}

/* It was accepted to be answered (Node's server.close() keeps it, too). */
static void
the_end_waits_for_the_first_request_of_a_connection(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	http_server_end(&peer.fixture->server);
	world_turn(&peer.fixture->world);
	assert_int_equal(peer.fixture->empties, 0);
	peer_say(&peer, ping);
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "pong\n"), 1);
	peer_close(&peer);
	assert_int_equal(peer.fixture->empties, 1);
}

static void
the_end_waits_for_a_request_that_has_begun(void **state)
{
	struct peer peer;

	peer_open(&peer, *state);
	peer_say(&peer, "GET /ping HT");
	peer_wait_read(&peer);
	http_server_end(&peer.fixture->server);
	world_turn(&peer.fixture->world);
	assert_int_equal(peer.fixture->empties, 0);
	peer_say(&peer, "TP/1.1\r\n\r\n");
	peer_wait_end(&peer);
	assert_int_equal(count_of(peer.text, "pong\n"), 1);
	peer_close(&peer);
	assert_int_equal(peer.fixture->empties, 1);
}

static void
the_end_may_come_while_it_answers(void **state)
{
	struct peer peer, idle;

	peer_open(&idle, *state);
	peer_say(&idle, ping);
	peer_wait(&idle, 1);
	peer_open(&peer, *state);
	peer_say(&peer, "GET /end HTTP/1.1\r\n\r\n");
	peer_wait_end(&peer);
	peer_wait_end(&idle);
	assert_int_equal(count_of(peer.text, "pong\n"), 1);
	assert_int_equal(peer.fixture->empties, 1);
	peer_close(&peer);
	peer_close(&idle);
}

/* ---- many ---- */

enum { CROWD = 50 };

static void
many_clients_do_not_mix(void **state)
{
	static struct peer peers[CROWD];

	for (int i = 0; i < CROWD; i++)
		peer_open(&peers[i], *state);
	for (int i = 0; i < CROWD; i++)
		peer_say(&peers[i], i % 2 ? ping : last_ping);
	for (int i = 0; i < CROWD; i++)
		peer_wait(&peers[i], 1);
	for (int i = 0; i < CROWD; i += 2)
		peer_wait_end(&peers[i]);
	for (int i = 0; i < CROWD; i++)
		close(peers[i].fd);
	while (peers[0].fixture->server.first && !peers[0].fixture->world.late)
		world_turn(&peers[0].fixture->world);
	assert_int_equal(peers[0].fixture->answers, CROWD);
}

/* ---- what the stream hears ---- */

static int
port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

static void
every_request_and_answer_is_a_message(void **state)
{
	struct peer peer;
	const struct told *told;
	struct world *world;
	uint64_t channel;

	peer_open(&peer, *state);
	world = &peer.fixture->world;
	peer_say(&peer, ping);
	peer_wait(&peer, 1);
	peer_say(&peer, ping);
	peer_wait(&peer, 2);
	assert_string_equal(told_kinds(world), "message-recv message-send "
	                                       "message-recv message-send");
	channel = socket_channel(port_of(peer.fd), peer.fixture->port);
	told = told_nth(world, EVENT_MESSAGE_RECV, 1);
	assert_string_equal(told->text, "GET /ping");
	assert_int_equal(told->event.channel, channel | CHANNEL_FORTH);
	assert_int_equal(told->event.number, 2);
	assert_int_equal(told->event.size, strlen(ping));
	told = told_nth(world, EVENT_MESSAGE_SEND, 1);
	assert_string_equal(told->text, "200 pong");
	assert_int_equal(told->event.channel, channel | CHANNEL_BACK);
	assert_int_equal(told->event.number, 2);
	assert_int_equal(2 * told->event.size, peer.used);
	peer_close(&peer);
}

static void
what_is_refused_has_a_number_of_its_own(void **state)
{
	struct peer peer;
	struct world *world;
	char *text = long_head(HEAD_BYTES + 1);

	peer_open(&peer, *state);
	world = &peer.fixture->world;
	peer_say(&peer, ping);
	peer_wait(&peer, 1);
	peer_say(&peer, text);
	free(text);
	peer_wait_end(&peer);
	assert_int_equal(told_nth(world, EVENT_MESSAGE_SEND, 0)->event.number,
	                 1);
	assert_int_equal(told_nth(world, EVENT_MESSAGE_SEND, 1)->event.number,
	                 2);
	assert_string_equal(told_nth(world, EVENT_MESSAGE_SEND, 1)->text,
	                    "400 ");
	peer_close(&peer);
}

#define SERVER_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVER_TEST(a_request_is_answered),
	    SERVER_TEST(a_connection_is_kept_for_the_next_request),
	    SERVER_TEST(who_asks_to_close_is_closed),
	    SERVER_TEST(requests_may_come_together),
	    SERVER_TEST(what_is_behind_the_last_request_is_not_answered),
	    SERVER_TEST(a_request_may_come_in_single_bytes),
	    SERVER_TEST(a_page_that_is_not_there_is_404),
	    SERVER_TEST(who_says_all_and_hangs_up_is_answered),
	    SERVER_TEST(headers_are_read_in_any_case),
	    SERVER_TEST(a_body_is_read_over),
	    SERVER_TEST(a_body_may_be_longer_than_a_head),
	    SERVER_TEST(what_is_no_request_is_400_and_closed),
	    SERVER_TEST(a_head_that_is_too_long_is_400_and_closed),
	    SERVER_TEST(a_head_that_just_fits_is_answered),
	    SERVER_TEST(who_hangs_up_in_mid_request_is_forgotten),
	    SERVER_TEST(without_connections_the_end_is_at_once),
	    SERVER_TEST(the_end_closes_idle_connections),
	    SERVER_TEST(the_end_waits_for_the_first_request_of_a_connection),
	    SERVER_TEST(the_end_waits_for_a_request_that_has_begun),
	    SERVER_TEST(the_end_may_come_while_it_answers),
	    SERVER_TEST(many_clients_do_not_mix),
	    SERVER_TEST(every_request_and_answer_is_a_message),
	    SERVER_TEST(what_is_refused_has_a_number_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
