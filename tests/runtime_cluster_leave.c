/* Workers that are let go, go by themselves, or are made to. */
#include "runtime_cluster.h"

/* ---- tests: letting go ---- */

static void
one_worker_can_be_let_go(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 2);
	fixture->world.said[0] = '\0';
	cluster_worker_disconnect(find_worker(fixture, 1));
	world_run(&fixture->world, &fixture->exits, 1);
	assert_string_equal(fixture->world.said, "1:disconnect 1:exit");
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
	struct cluster_worker *worker;
	struct client client;
	char text[16];
	int read_end, hold = open_hold(text, &read_end);

	worker = start_worker(fixture, "stubborn", text);
	world_run(&fixture->world, &fixture->listenings, 1);
	client_open(&client, fixture);
	while (!told_count(&fixture->world, EVENT_HANDLE_SEND) &&
	       !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, 2);
	cluster_worker_disconnect(worker);
	close(hold);
	assert_int_equal(client_end(&client), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(fixture), 2);
	cluster_worker_kill(worker, SIGKILL);
	world_run(&fixture->world, &fixture->exits, 1);
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
	assert_null(fixture->cluster.workers);
	world_run(&fixture->world, &fixture->exits, 3);
	assert_int_equal(fixture->disconnecteds, 1);
	assert_int_equal(fixture->unbounds, 1);
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
	world_run(&fixture->world, &fixture->exits, 2);
	assert_int_equal(fixture->codes[1], 0);
	assert_int_equal(fixture->codes[2], 0);
}

static void
a_cluster_without_workers_is_disconnected_in_the_next_turn(void **state)
{
	struct fixture *fixture = *state;

	cluster_disconnect(&fixture->cluster);
	assert_int_equal(fixture->disconnecteds, 0);
	world_run(&fixture->world, &fixture->disconnecteds, 1);
}

/* One after the other, and only then the memory is ours. */
static void
a_closed_cluster_forks_no_more_and_ends_with_its_last_worker(void **state)
{
	struct fixture *fixture = *state;
	int error;

	start_serving(fixture, 2);
	cluster_close(&fixture->cluster);
	assert_null(cluster_fork(&fixture->cluster, NULL, &error));
	assert_int_equal(error, -ECANCELED);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->closes, 1);
	assert_int_equal(fixture->exits, 2);
}

/* ---- tests: from inside ---- */

static void
a_worker_can_go_by_itself(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 2);
	fixture->world.said[0] = '\0';
	tell_worker(find_worker(fixture, 1), "disconnect");
	world_run(&fixture->world, &fixture->exits, 1);
	assert_string_equal(fixture->world.said, "1:disconnect 1:exit");
	assert_int_equal(fixture->codes[1], 0);
	assert_true(fixture->were_let_go[1]);
	assert_int_equal(ask(fixture), 2);
}

static void
a_worker_can_end_itself(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	tell_worker(find_worker(fixture, 1), "kill");
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->codes[1], 0);
	assert_true(fixture->were_let_go[1]);
}

static void
a_worker_that_loses_its_channel_ends_and_was_not_let_go(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	tell_worker(find_worker(fixture, 1), "drop");
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->codes[1], 0);
	assert_false(fixture->were_let_go[1]);
}

static void
a_worker_killed_from_outside_was_not_let_go(void **state)
{
	struct fixture *fixture = *state;
	struct cluster_worker *worker;

	start_serving(fixture, 1);
	worker = find_worker(fixture, 1);
	assert_true(cluster_worker_is_connected(worker));
	assert_false(cluster_worker_is_dead(worker));
	assert_int_equal(cluster_worker_kill(worker, 0), 0);
	world_run(&fixture->world, &fixture->disconnects, 1);
	/* Its exit may have come in the same turn, and freed it. */
	if (cluster_find(&fixture->cluster, 1))
		assert_false(cluster_worker_is_connected(worker));
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->signals[1], SIGTERM);
	assert_false(fixture->were_let_go[1]);
	assert_null(fixture->cluster.workers);
}

/* It is told whichever comes first; Node keeps it in the table till the other
 * has come as well. */
static void
who_has_lost_its_channel_stays_in_the_table_until_it_ends(void **state)
{
	struct fixture *fixture = *state;

	start_worker(fixture, "idle", NULL);
	world_run(&fixture->world, &fixture->onlines, 1);
	channel_disconnect(&find_worker(fixture, 1)->child.channel);
	world_run(&fixture->world, &fixture->disconnects, 1);
	assert_non_null(cluster_find(&fixture->cluster, 1));
	world_run(&fixture->world, &fixture->exits, 1);
	assert_null(cluster_find(&fixture->cluster, 1));
}

static void
a_worker_that_listens_no_longer_gets_nothing_more(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 2);
	tell_worker(find_worker(fixture, 1), "unlisten");
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(fixture), 2);
	tell_worker(find_worker(fixture, 2), "unlisten");
	world_run(&fixture->world, &fixture->unbounds, 1);
	assert_int_equal(fixture->exits, 0);
}

/* ---- tests: messages ---- */

static void
messages_go_from_worker_to_worker_through_the_primary(void **state)
{
	struct fixture *fixture = *state;
	json_t *message =
	    json_pack("{s:{s:i,s:{s:s}}}", "text", "to", 2, "text", "b", "hi");

	start_worker(fixture, "idle", NULL);
	start_worker(fixture, "idle", NULL);
	world_run(&fixture->world, &fixture->onlines, 2);
	/* 1 sends what it is told, to 2; 2 sends back what it got. */
	cluster_worker_send(find_worker(fixture, 1), message);
	json_decref(message);
	world_run(&fixture->world, &fixture->messages, 2);
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(fixture->got, 1), "b")),
	                    "hi");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLUSTER_TEST(one_worker_can_be_let_go),
	    CLUSTER_TEST(who_is_let_go_gets_no_more_connections),
	    CLUSTER_TEST(all_can_be_let_go_and_the_port_is_closed),
	    CLUSTER_TEST(workers_can_be_let_go_before_they_are_online),
	    CLUSTER_TEST(
		a_cluster_without_workers_is_disconnected_in_the_next_turn),
	    CLUSTER_TEST(
		a_closed_cluster_forks_no_more_and_ends_with_its_last_worker),
	    CLUSTER_TEST(a_worker_can_go_by_itself),
	    CLUSTER_TEST(a_worker_can_end_itself),
	    CLUSTER_TEST(
		a_worker_that_loses_its_channel_ends_and_was_not_let_go),
	    CLUSTER_TEST(a_worker_killed_from_outside_was_not_let_go),
	    CLUSTER_TEST(
		who_has_lost_its_channel_stays_in_the_table_until_it_ends),
	    CLUSTER_TEST(a_worker_that_listens_no_longer_gets_nothing_more),
	    CLUSTER_TEST(messages_go_from_worker_to_worker_through_the_primary),
	};

	CLUSTER_MAIN(tests);
}
