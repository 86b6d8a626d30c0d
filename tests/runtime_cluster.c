/* A primary and its workers, which are this program again ("@worker"). */
#include "runtime_world.h"

#include "runtime/cluster.h"

#include <sys/wait.h>

enum { IDS = 16 };

/* ---- the primary ---- */

struct fixture {
	struct world world;
	struct cluster cluster;
	int onlines, listenings, disconnects, deads; /* of workers */
	int listens, closes;                         /* of the cluster */
	int port, error;
	int codes[IDS], signals[IDS];
	bool were_let_go[IDS];
	const char *respawn; /* a worker of that mode for each that dies */
	bool is_open;
};

static void start_worker(struct fixture *fixture, const char *mode,
                         const char *hold);

static void
on_dead(struct fixture *fixture, struct cluster_worker *worker)
{
	fixture->deads++;
	fixture->codes[worker->id] = worker->child.code;
	fixture->signals[worker->id] = worker->child.signal;
	fixture->were_let_go[worker->id] = worker->exited_after_disconnect;
	if (fixture->respawn)
		start_worker(fixture, fixture->respawn, NULL);
}

static void
on_worker(struct cluster *cluster, struct cluster_worker *worker)
{
	struct fixture *fixture = cluster->data;
	static const char *const names[] = {"none", "online", "listening",
	                                    "disconnected", "dead"};
	char text[32];

	snprintf(text, sizeof(text), "%d:%s", worker->id, names[worker->state]);
	world_say(&fixture->world, text);
	fixture->onlines += worker->state == CLUSTER_ONLINE;
	fixture->listenings += worker->state == CLUSTER_LISTENING;
	fixture->disconnects += worker->state == CLUSTER_DISCONNECTED;
	if (worker->state == CLUSTER_DEAD)
		on_dead(fixture, worker);
}

static void
on_listening(struct cluster *cluster, int port, int error)
{
	struct fixture *fixture = cluster->data;

	fixture->listens++;
	fixture->port = port;
	fixture->error = error;
	world_say(&fixture->world, "listen");
}

static void
on_close(struct cluster *cluster)
{
	struct fixture *fixture = cluster->data;

	fixture->closes++;
	fixture->is_open = false;
	world_say(&fixture->world, "close");
}

static const struct cluster_events events = {
    .worker = on_worker,
    .listening = on_listening,
    .close = on_close,
};

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	cluster_init(&fixture->cluster, &fixture->world.loop, "@worker",
	             &events);
	fixture->cluster.data = fixture;
	fixture->is_open = true;
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	fixture->respawn = NULL;
	if (fixture->is_open) {
		cluster_disconnect(&fixture->cluster);
		world_run(&fixture->world, &fixture->closes, 1);
	}
	return world_close(state);
}

/* Port 0 unless the fixture says another. */
static void
start_worker(struct fixture *fixture, const char *mode, const char *hold)
{
	char port[16];
	const char *const args[] = {mode, port, hold, NULL};
	int error;

	snprintf(port, sizeof(port), "%d", fixture->port);
	cluster_fork(&fixture->cluster, args, &error);
}

/* Starts workers that serve and waits until they all listen. */
static void
start_serving(struct fixture *fixture, int count)
{
	for (int i = 0; i < count; i++)
		start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, count);
}

static struct cluster_worker *
find_worker(struct fixture *fixture, int id)
{
	struct cluster_worker *worker = fixture->cluster.workers;

	while (worker && worker->id != id)
		worker = worker->next;
	assert_non_null(worker);
	return worker;
}

/* ---- clients ---- */

struct client {
	uv_poll_t poll;
	struct fixture *fixture;
	int fd;
	int answers; /* 1: it has one, or the end */
	int closes;
	int id; /* who answered; 0: nobody */
};

static void
on_answer(uv_poll_t *poll, int status, int what)
{
	struct client *client = poll->data;
	char text[16] = "";
	ssize_t got = recv(client->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)status;
	(void)what;
	if (got < 0 && errno == EAGAIN)
		return;
	client->id = got > 0 ? atoi(text) : 0;
	client->answers++;
	uv_poll_stop(poll);
}

static void
on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;

	close(client->fd);
	client->closes++;
}

static void
client_open(struct client *client, struct fixture *fixture)
{
	memset(client, 0, sizeof(*client));
	client->fixture = fixture;
	client->fd = plain_connect(fixture->port);
	uv_poll_init(&fixture->world.loop.uv, &client->poll, client->fd);
	client->poll.data = client;
	uv_poll_start(&client->poll, UV_READABLE, on_answer);
}

/* Waits for the answer; returns who gave it. */
static int
client_end(struct client *client)
{
	struct world *world = &client->fixture->world;

	world_run(world, &client->answers, 1);
	uv_close((uv_handle_t *)&client->poll, on_client_closed);
	world_run(world, &client->closes, 1);
	return client->id;
}

static int
ask(struct fixture *fixture)
{
	struct client client;

	client_open(&client, fixture);
	return client_end(&client);
}

/* ---- tests: serving ---- */

static void
a_worker_is_online_then_listens(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	assert_string_equal(fixture->world.said, "1:online listen 1:listening");
	assert_int_equal(fixture->error, 0);
	assert_in_range(fixture->port, 1, 65535);
	assert_int_equal(ask(fixture), 1);
}

static void
the_stream_hears_of_one_port_and_of_every_deal(void **state)
{
	struct fixture *fixture = *state;
	const struct told *born;
	char name[32];

	start_serving(fixture, 2);
	assert_int_equal(fixture->listens, 1);
	snprintf(name, sizeof(name), "port %d", fixture->port);
	born = told_nth(&fixture->world, EVENT_CHANNEL_BORN, 2);
	assert_string_equal(born->text, name);
	assert_int_equal(born->event.number, CHANNEL_LISTEN);
	assert_int_equal(born->event.value, fixture->port);
	told_clear(&fixture->world);
	ask(fixture);
	assert_string_equal(told_kinds(&fixture->world),
	                    "handle-send message-recv");
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_HANDLE_SEND, 0)->text, "newconn");
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_MESSAGE_RECV, 0)->text, "accepted");
}

static void
all_workers_get_the_same_port(void **state)
{
	struct fixture *fixture = *state;
	char expected[32];

	for (int i = 0; i < 3; i++)
		start_worker(fixture, "show", NULL);
	while (told_count(&fixture->world, EVENT_STDOUT) < 3 &&
	       !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	snprintf(expected, sizeof(expected), "port %d", fixture->port);
	for (int i = 0; i < 3; i++)
		assert_string_equal(
		    told_nth(&fixture->world, EVENT_STDOUT, i)->text, expected);
}

static void
connections_are_dealt_in_turn(void **state)
{
	struct fixture *fixture = *state;
	int first[3];

	start_serving(fixture, 3);
	for (int i = 0; i < 3; i++)
		first[i] = ask(fixture);
	assert_int_equal(first[0] + first[1] + first[2], 1 + 2 + 3);
	assert_int_equal(first[0] * first[1] * first[2], 1 * 2 * 3);
	for (int i = 3; i < 30; i++)
		assert_int_equal(ask(fixture), first[i % 3]);
}

enum { CROWD = 40 };

static void
many_connections_at_once_are_all_served(void **state)
{
	struct fixture *fixture = *state;
	static struct client clients[CROWD];
	int served[3] = {0};

	start_serving(fixture, 2);
	for (int i = 0; i < CROWD; i++)
		client_open(&clients[i], fixture);
	for (int i = 0; i < CROWD; i++)
		served[client_end(&clients[i])]++;
	assert_int_equal(served[0], 0);
	assert_true(served[1] > 0);
	assert_true(served[2] > 0);
}

/* A pipe that workers wait at until our end is closed. */
static int
open_hold(char text[16], int *read_end)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fcntl(fds[0], F_SETFD, 0);
	snprintf(text, 16, "%d", fds[0]);
	*read_end = fds[0];
	return fds[1];
}

static void
connections_wait_while_no_worker_is_free(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[5];
	char text[16];
	int read_end, hold = open_hold(text, &read_end), before;

	start_worker(fixture, "slow", text);
	world_run(&fixture->world, &fixture->listenings, 1);
	for (int i = 0; i < 5; i++)
		client_open(&clients[i], fixture);
	before = fd_count();
	while (fd_count() < before + 5 && !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(clients[i].answers, 0);
	close(hold);
	for (int i = 0; i < 5; i++)
		assert_int_equal(client_end(&clients[i]), 1);
	close(read_end);
}

/* ---- tests: workers that fail ---- */

static void
when_a_worker_is_killed_the_others_serve(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 3);
	fixture->world.said[0] = '\0';
	child_kill(&find_worker(fixture, 1)->child, SIGKILL);
	world_run(&fixture->world, &fixture->deads, 1);
	assert_string_equal(fixture->world.said, "1:disconnected 1:dead");
	assert_int_equal(fixture->signals[1], SIGKILL);
	assert_false(fixture->were_let_go[1]);
	assert_int_equal(fixture->cluster.count, 2);
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(ask(fixture), 1);
	assert_int_equal(fixture->closes, 0);
}

static void
a_connection_on_its_way_to_a_dead_worker_is_dealt_again(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, "die", NULL);
	world_run(&fixture->world, &fixture->listenings, 1);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, 2);
	/* The first has been free longest. */
	assert_int_equal(ask(fixture), 2);
	world_run(&fixture->world, &fixture->deads, 1);
	assert_int_equal(fixture->signals[1], SIGKILL);
	assert_int_equal(ask(fixture), 2);
}

/* The primary has not heard of the death when it deals. */
static void
a_connection_dealt_to_a_dead_worker_is_dealt_again(void **state)
{
	struct fixture *fixture = *state;
	siginfo_t info;

	start_serving(fixture, 1);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, 2);
	child_kill(&find_worker(fixture, 1)->child, SIGKILL);
	waitid(P_PID, (id_t)find_worker(fixture, 1)->child.pid, &info,
	       WEXITED | WNOWAIT);
	assert_int_equal(ask(fixture), 2);
	world_run(&fixture->world, &fixture->deads, 1);
}

static void
a_connection_that_is_refused_is_dealt_to_another(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, "refuse", NULL);
	world_run(&fixture->world, &fixture->listenings, 1);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, 2);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(fixture), 2);
}

static void
without_a_last_worker_the_port_is_closed(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start_worker(fixture, "die", NULL);
	world_run(&fixture->world, &fixture->listenings, 1);
	client_open(&client, fixture);
	assert_int_equal(client_end(&client), 0);
	world_run(&fixture->world, &fixture->closes, 1);
	assert_string_equal(fixture->world.said,
	                    "1:online listen 1:listening 1:disconnected "
	                    "1:dead close");
}

static void
who_is_forked_for_a_dead_one_gets_its_port(void **state)
{
	struct fixture *fixture = *state;
	int port;

	start_serving(fixture, 1);
	port = fixture->port;
	fixture->respawn = "serve";
	child_kill(&find_worker(fixture, 1)->child, SIGKILL);
	world_run(&fixture->world, &fixture->listenings, 2);
	assert_int_equal(fixture->listens, 1);
	assert_int_equal(fixture->port, port);
	assert_int_equal(ask(fixture), 2);
}

static void
a_port_in_use_is_told_once_and_the_workers_end(void **state)
{
	struct fixture *fixture = *state;
	int fd = plain_listen(&fixture->port);

	for (int i = 0; i < 3; i++)
		start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->closes, 1);
	close(fd);
	assert_int_equal(fixture->listens, 1);
	assert_int_equal(fixture->error, -EADDRINUSE);
	assert_int_equal(fixture->listenings, 0);
	assert_int_equal(fixture->deads, 3);
	for (int id = 1; id <= 3; id++)
		assert_int_equal(fixture->codes[id], 5);
	/* Three channels to workers and no port. */
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_BORN), 3);
}

static void
there_is_a_limit_to_workers(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {NULL};
	int error = 0;

	fixture->cluster.count = CLUSTER_WORKERS;
	assert_null(cluster_fork(&fixture->cluster, args, &error));
	assert_int_equal(error, -EAGAIN);
	fixture->cluster.count = 0;
}

/* ---- tests: letting go ---- */

static void
one_worker_can_be_let_go(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 2);
	fixture->world.said[0] = '\0';
	cluster_worker_disconnect(find_worker(fixture, 1));
	world_run(&fixture->world, &fixture->deads, 1);
	assert_string_equal(fixture->world.said, "1:disconnected 1:dead");
	assert_int_equal(fixture->codes[1], 0);
	assert_true(fixture->were_let_go[1]);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(fixture), 2);
}

/* It still has a connection to accept when it is let go, and takes its time. */
static void
who_is_let_go_gets_no_more_connections(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	char text[16];
	int read_end, hold = open_hold(text, &read_end);

	start_worker(fixture, "stubborn", text);
	world_run(&fixture->world, &fixture->listenings, 1);
	client_open(&client, fixture);
	while (!find_worker(fixture, 1)->dealt && !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, 2);
	cluster_worker_disconnect(find_worker(fixture, 1));
	close(hold);
	assert_int_equal(client_end(&client), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(fixture), 2);
	child_kill(&find_worker(fixture, 1)->child, SIGKILL);
	world_run(&fixture->world, &fixture->deads, 1);
	close(read_end);
}

static void
all_can_be_let_go_and_the_port_is_closed(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	start_serving(fixture, 3);
	address = local_port(fixture->port);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->closes, 1);
	for (int id = 1; id <= 3; id++) {
		assert_int_equal(fixture->codes[id], 0);
		assert_true(fixture->were_let_go[id]);
	}
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	/* Three channels of workers, and the port. */
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_DIED), 4);
	close(fd);
}

static void
workers_can_be_let_go_before_they_are_online(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, "serve", NULL);
	start_worker(fixture, "serve", NULL);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->closes, 1);
	assert_int_equal(fixture->deads, 2);
	assert_int_equal(fixture->codes[1], 0);
	assert_int_equal(fixture->codes[2], 0);
}

static void
a_cluster_without_workers_closes_at_once(void **state)
{
	struct fixture *fixture = *state;

	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->closes, 1);
	assert_string_equal(fixture->world.said, "close");
}

/* ---- a worker ---- */

struct served {
	struct cluster_scope scope;
	struct channel channel;
	const char *mode;
	int hold;
	int result;
};

static void
say_who(struct cluster_scope *scope, uv_tcp_t *tcp)
{
	char text[16];
	uv_buf_t buffer = uv_buf_init(
	    text, (unsigned)snprintf(text, sizeof(text), "%d\n", scope->id));

	uv_try_write((uv_stream_t *)tcp, &buffer, 1);
	uv_close((uv_handle_t *)tcp, (uv_close_cb)free);
}

static void
on_port(struct cluster_scope *scope, int port, int error)
{
	struct served *served = scope->data;

	if (error) {
		served->result = 5;
		channel_disconnect(scope->channel);
		return;
	}
	if (strcmp(served->mode, "show") == 0)
		printf("port %d\n", port);
	fflush(stdout);
}

static void
on_leave(struct cluster_scope *scope)
{
	struct served *served = scope->data;

	if (strcmp(served->mode, "stubborn") != 0)
		channel_disconnect(scope->channel);
}

static const struct cluster_scope_events scope_events = {
    .listening = on_port,
    .connection = say_who,
    .disconnect = on_leave,
};

static void
refuse(struct served *served, json_t *message)
{
	json_t *reply =
	    json_pack("{s:s,s:O,s:b}", "cmd", "NODE_CLUSTER", "ack",
	              json_object_get(message, "seq"), "accepted", 0);

	channel_send(&served->channel, reply);
	json_decref(reply);
}

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct served *served = channel->data;
	char byte;

	if (has_handle && strcmp(served->mode, "die") == 0)
		raise(SIGKILL);
	if (has_handle && strcmp(served->mode, "refuse") == 0) {
		refuse(served, message);
		return;
	}
	while (has_handle && served->hold && read(served->hold, &byte, 1) > 0)
		;
	cluster_scope_message(&served->scope, message, has_handle);
}

static const struct channel_events channel_events = {.message = on_message};

static int
be_worker(char **argv)
{
	static struct served served;
	struct loop loop;

	signal(SIGPIPE, SIG_IGN);
	served.mode = argv[2];
	served.hold = argv[4] ? atoi(argv[4]) : 0;
	if (loop_open(&loop, ROLE_MAIN, 0, "worker") ||
	    channel_open_inherited(&served.channel, &loop, &channel_events))
		return 1;
	served.channel.data = &served;
	if (cluster_scope_open(&served.scope, &loop, &served.channel,
	                       &scope_events))
		return 2;
	served.scope.data = &served;
	cluster_scope_listen(&served.scope, "127.0.0.1", atoi(argv[3]));
	loop_run(&loop);
	loop_close(&loop);
	return served.result;
}

#define CLUSTER_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLUSTER_TEST(a_worker_is_online_then_listens),
	    CLUSTER_TEST(the_stream_hears_of_one_port_and_of_every_deal),
	    CLUSTER_TEST(all_workers_get_the_same_port),
	    CLUSTER_TEST(connections_are_dealt_in_turn),
	    CLUSTER_TEST(many_connections_at_once_are_all_served),
	    CLUSTER_TEST(connections_wait_while_no_worker_is_free),
	    CLUSTER_TEST(when_a_worker_is_killed_the_others_serve),
	    CLUSTER_TEST(
		a_connection_on_its_way_to_a_dead_worker_is_dealt_again),
	    CLUSTER_TEST(a_connection_dealt_to_a_dead_worker_is_dealt_again),
	    CLUSTER_TEST(a_connection_that_is_refused_is_dealt_to_another),
	    CLUSTER_TEST(without_a_last_worker_the_port_is_closed),
	    CLUSTER_TEST(who_is_forked_for_a_dead_one_gets_its_port),
	    CLUSTER_TEST(a_port_in_use_is_told_once_and_the_workers_end),
	    CLUSTER_TEST(there_is_a_limit_to_workers),
	    CLUSTER_TEST(one_worker_can_be_let_go),
	    CLUSTER_TEST(who_is_let_go_gets_no_more_connections),
	    CLUSTER_TEST(all_can_be_let_go_and_the_port_is_closed),
	    CLUSTER_TEST(workers_can_be_let_go_before_they_are_online),
	    CLUSTER_TEST(a_cluster_without_workers_closes_at_once),
	};

	/* Whoever has lost its role must not run the tests once more. */
	if (argc > 1 || getenv("NODE_CHANNEL_FD"))
		return argc > 3 ? be_worker(argv) : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
