/* A cluster that serves, and workers that fail. */
#include "runtime_cluster.h"

#include <sys/wait.h>

/* ---- tests: serving ---- */

static void
a_worker_is_online_then_listens(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	assert_string_equal(fixture->world.said,
	                    "1:fork 1:online bound 1:listening");
	assert_int_equal(fixture->setups, 3);
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
	world_run(&fixture->world, &fixture->messages, 2);
	assert_int_equal(fixture->bounds, 1);
	snprintf(name, sizeof(name), "port %d", fixture->port);
	born = told_nth(&fixture->world, EVENT_CHANNEL_BORN, 2);
	assert_string_equal(born->text, name);
	assert_int_equal(born->event.number, CHANNEL_LISTEN);
	assert_int_equal(born->event.value, fixture->port);
	told_clear(&fixture->world);
	ask(fixture);
	assert_int_equal(told_count(&fixture->world, EVENT_HANDLE_SEND), 1);
	assert_int_equal(told_count(&fixture->world, EVENT_MESSAGE_RECV), 1);
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_HANDLE_SEND, 0)->text, "newconn");
	assert_string_equal(
	    told_nth(&fixture->world, EVENT_MESSAGE_RECV, 0)->text, "accepted");
}

static void
all_workers_get_the_same_port(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 3);
	world_run(&fixture->world, &fixture->messages, 3);
	for (size_t i = 0; i < 3; i++) {
		json_t *got = json_array_get(fixture->got, i);

		assert_int_equal(
		    json_integer_value(json_object_get(got, "port")),
		    fixture->port);
		assert_false(
		    json_integer_value(json_object_get(got, "shared")));
	}
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
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_string_equal(fixture->world.said, "1:disconnect 1:exit");
	assert_int_equal(fixture->signals[1], SIGKILL);
	assert_false(fixture->were_let_go[1]);
	assert_int_equal(fixture->cluster.count, 2);
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(ask(fixture), 1);
	assert_int_equal(fixture->unbounds, 0);
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
	world_run(&fixture->world, &fixture->exits, 1);
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
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	waitid(P_PID, (id_t)find_worker(fixture, 1)->child.pid, &info,
	       WEXITED | WNOWAIT);
	assert_int_equal(ask(fixture), 2);
	world_run(&fixture->world, &fixture->exits, 1);
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
	world_run(&fixture->world, &fixture->exits, 1);
	assert_string_equal(fixture->world.said,
	                    "1:fork 1:online bound 1:listening unbound "
	                    "1:disconnect 1:exit");
}

static void
a_port_in_use_is_told_to_each_and_the_workers_end(void **state)
{
	struct fixture *fixture = *state;
	int fd = plain_listen(&fixture->port);

	for (int i = 0; i < 3; i++)
		start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->exits, 3);
	close(fd);
	assert_int_equal(fixture->bounds, 3);
	assert_int_equal(fixture->unbounds, 0);
	assert_int_equal(fixture->error, -EADDRINUSE);
	assert_int_equal(fixture->listenings, 0);
	for (int id = 1; id <= 3; id++) {
		assert_int_equal(fixture->codes[id], 5);
		assert_true(fixture->were_let_go[id]);
	}
	/* Three channels to workers and no port. */
	assert_int_equal(told_count(&fixture->world, EVENT_CHANNEL_BORN), 3);
}

static void
there_is_a_limit_to_workers(void **state)
{
	struct fixture *fixture = *state;
	int error = 0;

	fixture->cluster.count = CLUSTER_WORKERS;
	assert_null(cluster_fork(&fixture->cluster, NULL, &error));
	assert_int_equal(error, -EAGAIN);
	fixture->cluster.count = 0;
}

static void
a_program_that_is_missing_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	const struct cluster_settings settings = {.exec_path = "/no/such"};

	cluster_setup(&fixture->cluster, &settings);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->disconnects, 1);
	assert_string_equal(fixture->world.said, "1:fork 1:error 1:disconnect");
	assert_int_equal(fixture->error, -ENOENT);
	assert_null(fixture->cluster.workers);
}

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
	    CLUSTER_TEST(a_port_in_use_is_told_to_each_and_the_workers_end),
	    CLUSTER_TEST(there_is_a_limit_to_workers),
	    CLUSTER_TEST(a_program_that_is_missing_is_an_error),
	};

	CLUSTER_MAIN(tests);
}
