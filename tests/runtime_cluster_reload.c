/* Respawn and reload: what keeps a cluster up and brings it up to date. */
#include "runtime_cluster.h"

enum { DEADLINE_MS = 60000 };

static void
respawn(struct fixture *fixture, int stop_after)
{
	const struct cluster_respawn_options options = {
	    .first_ms = 1,
	    .most_ms = 4,
	    .stop_after = stop_after,
	};

	cluster_respawn_set(&fixture->cluster, &options);
}

/* ---- respawn ---- */

static void
who_dies_is_forked_again_on_the_same_port(void **state)
{
	struct fixture *fixture = *state;
	int port;

	start_serving(fixture, 2);
	port = fixture->port;
	respawn(fixture, 5);
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	world_run(&fixture->world, &fixture->listenings, 3);
	assert_int_equal(ask(fixture) + ask(fixture), 2 + 3);
	assert_int_equal(fixture->bounds, 1);
	assert_int_equal(fixture->port, port);
	assert_int_equal(fixture->cluster.respawn.count, 1);
}

/* Nobody serves for a while; the port is open. */
static void
the_port_outlives_its_last_worker(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start_serving(fixture, 1);
	respawn(fixture, 5);
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	world_run(&fixture->world, &fixture->disconnects, 1);
	client_open(&client, fixture);
	assert_int_equal(client_end(&client), 2);
	assert_int_equal(fixture->unbounds, 0);
}

/* The first dies with it in its hands, the second answers it. */
static void
what_the_last_worker_was_dealt_waits_for_its_successor(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"serve", "0", NULL};
	const struct cluster_settings settings = {.args = args};

	start_serving_as(fixture, "die", 1);
	respawn(fixture, 5);
	cluster_setup(&fixture->cluster, &settings);
	assert_int_equal(ask(fixture), 2);
	assert_int_equal(fixture->signals[1], SIGKILL);
}

static void
who_is_let_go_is_not_forked_again(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 2);
	respawn(fixture, 5);
	cluster_worker_disconnect(find_worker(fixture, 1));
	tell_worker(find_worker(fixture, 2), "disconnect");
	world_run(&fixture->world, &fixture->exits, 2);
	world_drain(&fixture->world);
	assert_int_equal(fixture->forks, 2);
	assert_int_equal(fixture->unbounds, 1);
}

static void
a_crash_loop_is_stopped_and_said(void **state)
{
	struct fixture *fixture = *state;

	respawn(fixture, 4);
	start_worker(fixture, "broken", NULL);
	world_run(&fixture->world, &fixture->exits, 4);
	world_drain(&fixture->world);
	assert_int_equal(fixture->forks, 4);
	assert_int_equal(fixture->codes[4], 7);
	assert_false(fixture->cluster.respawn.is_on);
	assert_int_equal(told_count(&fixture->world, EVENT_NOTE), 1);
	assert_memory_equal(told_nth(&fixture->world, EVENT_NOTE, 0)->text,
	                    "4 workers in a row", 18);
}

static void
the_pause_doubles_up_to_the_most(void **state)
{
	struct fixture *fixture = *state;
	uint64_t begun = uv_hrtime();

	/* 1 + 2 + 4 + 4 + 4 ms. */
	respawn(fixture, 6);
	start_worker(fixture, "broken", NULL);
	world_run(&fixture->world, &fixture->exits, 6);
	assert_true(uv_hrtime() - begun >= 10 * 1000 * 1000);
}

static void
a_program_that_is_missing_is_a_crash_loop_too(void **state)
{
	struct fixture *fixture = *state;
	const struct cluster_settings settings = {.exec_path = "/no/such"};

	respawn(fixture, 3);
	cluster_setup(&fixture->cluster, &settings);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->errors, 3);
	world_drain(&fixture->world);
	assert_int_equal(fixture->errors, 3);
	assert_false(fixture->cluster.respawn.is_on);
}

/* ---- reload ---- */

static void
a_reload_replaces_one_after_the_other(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 2);
	fixture->world.said[0] = '\0';
	assert_int_equal(cluster_reload(&fixture->cluster, DEADLINE_MS), 0);
	assert_int_equal(cluster_reload(&fixture->cluster, DEADLINE_MS),
	                 -EALREADY);
	world_run(&fixture->world, &fixture->reloads, 1);
	assert_int_equal(fixture->reload_error, 0);
	assert_string_equal(fixture->world.said,
	                    "3:fork 3:online 3:listening 1:disconnect 1:exit "
	                    "4:fork 4:online 4:listening 2:disconnect 2:exit "
	                    "reloaded");
	assert_true(fixture->were_let_go[1]);
	assert_int_equal(ask(fixture) + ask(fixture), 3 + 4);
	assert_int_equal(fixture->bounds, 1);
}

/* Asks on and on while the workers are replaced. */
static void
nobody_is_refused_during_a_reload(void **state)
{
	struct fixture *fixture = *state;
	int answered = 0;

	start_serving(fixture, 3);
	respawn(fixture, 5);
	cluster_reload(&fixture->cluster, DEADLINE_MS);
	while (!fixture->reloads) {
		assert_in_range(ask(fixture), 1, 6);
		answered++;
	}
	assert_true(answered > 0);
	assert_int_equal(fixture->reload_error, 0);
	assert_int_equal(fixture->forks, 6);
}

static void
who_does_not_go_is_killed_at_the_deadline(void **state)
{
	struct fixture *fixture = *state;

	start_serving_as(fixture, "stubborn", 1);
	cluster_reload(&fixture->cluster, 1);
	world_run(&fixture->world, &fixture->reloads, 1);
	assert_int_equal(fixture->signals[1], SIGKILL);
	assert_true(fixture->were_let_go[1]);
	assert_int_equal(ask(fixture), 2);
}

static void
a_successor_that_ends_stops_the_reload(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {"broken", "0", NULL};
	const struct cluster_settings settings = {.args = args};

	start_serving(fixture, 2);
	respawn(fixture, 5);
	cluster_setup(&fixture->cluster, &settings);
	cluster_reload(&fixture->cluster, DEADLINE_MS);
	world_run(&fixture->world, &fixture->reloads, 1);
	assert_int_equal(fixture->reload_error, -ECHILD);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->forks, 3);
	assert_int_equal(ask(fixture) + ask(fixture), 1 + 2);
}

/* Its successor is on its way already. */
static void
who_dies_while_its_successor_starts_is_not_forked_twice(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	respawn(fixture, 5);
	cluster_reload(&fixture->cluster, DEADLINE_MS);
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	world_run(&fixture->world, &fixture->reloads, 1);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->reload_error, 0);
	assert_int_equal(fixture->forks, 2);
	assert_int_equal(ask(fixture), 2);
}

/* Nobody is left of the pair: respawn makes up for it. */
static void
when_both_of_a_pair_die_another_is_forked(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	respawn(fixture, 5);
	cluster_reload(&fixture->cluster, DEADLINE_MS);
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	cluster_worker_kill(find_worker(fixture, 2), SIGKILL);
	assert_int_equal(ask(fixture), 3);
	assert_int_equal(fixture->reload_error, -ECHILD);
	assert_int_equal(fixture->unbounds, 0);
	assert_int_equal(fixture->forks, 3);
}

static void
there_must_be_somebody_to_reload(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(cluster_reload(&fixture->cluster, 1), -ESRCH);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLUSTER_TEST(who_dies_is_forked_again_on_the_same_port),
	    CLUSTER_TEST(the_port_outlives_its_last_worker),
	    CLUSTER_TEST(
		what_the_last_worker_was_dealt_waits_for_its_successor),
	    CLUSTER_TEST(who_is_let_go_is_not_forked_again),
	    CLUSTER_TEST(a_crash_loop_is_stopped_and_said),
	    CLUSTER_TEST(the_pause_doubles_up_to_the_most),
	    CLUSTER_TEST(a_program_that_is_missing_is_a_crash_loop_too),
	    CLUSTER_TEST(a_reload_replaces_one_after_the_other),
	    CLUSTER_TEST(nobody_is_refused_during_a_reload),
	    CLUSTER_TEST(who_does_not_go_is_killed_at_the_deadline),
	    CLUSTER_TEST(a_successor_that_ends_stops_the_reload),
	    CLUSTER_TEST(
		who_dies_while_its_successor_starts_is_not_forked_twice),
	    CLUSTER_TEST(when_both_of_a_pair_die_another_is_forked),
	    CLUSTER_TEST(there_must_be_somebody_to_reload),
	};

	CLUSTER_MAIN(tests);
}
