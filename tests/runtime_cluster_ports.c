/* Settings, policies, and every kind of port. */
#include "runtime_cluster.h"

#include <sys/un.h>

/* ---- settings ---- */

static void
settings_are_laid_over_each_other(void **state)
{
	struct fixture *fixture = *state;
	const struct cluster_settings first = {
	    .exec = "a.js",
	    .args = (const char *const[]){"1", "2", NULL},
	};
	const struct cluster_settings second = {
	    .exec_path = "node",
	    .exec_args = (const char *const[]){"--title=x", NULL},
	    .args = (const char *const[]){NULL},
	};
	char *text;

	cluster_setup(&fixture->cluster, &first);
	cluster_setup(&fixture->cluster, &second);
	text = json_dumps(fixture->cluster.settings,
	                  JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"args\":[],\"exec\":\"a.js\",\"execArgv\":"
	                          "[\"--title=x\"],\"execPath\":\"node\","
	                          "\"silent\":true}");
	free(text);
	assert_int_equal(fixture->setups, 0);
	world_turn(&fixture->world);
	assert_int_equal(fixture->setups, 3);
}

/* Its own over ours, and the id over both. */
static void
a_worker_gets_our_environment_and_its_own(void **state)
{
	struct fixture *fixture = *state;
	const char *const args[] = {
	    "-c", "echo $OURS $BOTH $OWN $NODE_UNIQUE_ID", NULL};
	const struct cluster_settings settings = {
	    .exec_path = "/bin/sh",
	    .exec_args = args,
	    .exec = "sh",
	    .silent = CLUSTER_SILENT,
	};
	const char *const env[] = {"BOTH=worker's", "OWN=own",
	                           "NODE_UNIQUE_ID=9", NULL};
	int error;

	setenv("OURS", "ours", 1);
	setenv("BOTH", "ours", 1);
	cluster_setup(&fixture->cluster, &settings);
	assert_non_null(cluster_fork(&fixture->cluster, env, &error));
	world_run(&fixture->world, &fixture->exits, 1);
	world_drain(&fixture->world);
	assert_string_equal(told_nth(&fixture->world, EVENT_STDOUT, 0)->text,
	                    "ours worker's own 1");
	unsetenv("OURS");
	unsetenv("BOTH");
}

/* ---- policy ---- */

static void
the_variable_of_node_says_the_policy(void **state)
{
	struct fixture *fixture = *state;
	struct cluster cluster;

	assert_int_equal(fixture->cluster.policy, CLUSTER_ROUND_ROBIN);
	setenv("NODE_CLUSTER_SCHED_POLICY", "none", 1);
	cluster_init(&cluster, &fixture->world.loop, &cluster_events);
	unsetenv("NODE_CLUSTER_SCHED_POLICY");
	assert_int_equal(cluster.policy, CLUSTER_SHARED);
	cluster.data = fixture;
	cluster_close(&cluster);
	world_run(&fixture->world, &fixture->closes, 1);
	fixture->closes = 0;
	fixture->is_open = true;
}

static void
the_policy_is_fixed_at_the_first_setup(void **state)
{
	struct fixture *fixture = *state;

	fixture->cluster.policy = CLUSTER_SHARED;
	start_serving(fixture, 1);
	world_run(&fixture->world, &fixture->messages, 1);
	assert_false(json_integer_value(
	    json_object_get(json_array_get(fixture->got, 0), "shared")));
}

/* As if it had been set before the first setup. */
static void
share(struct fixture *fixture)
{
	fixture->cluster.frozen = CLUSTER_SHARED;
}

static void
with_a_shared_handle_the_workers_accept(void **state)
{
	struct fixture *fixture = *state;
	int who;

	share(fixture);
	start_serving(fixture, 2);
	world_run(&fixture->world, &fixture->messages, 2);
	for (size_t i = 0; i < 2; i++) {
		json_t *got = json_array_get(fixture->got, i);

		assert_true(json_integer_value(json_object_get(got, "shared")));
		assert_int_equal(
		    json_integer_value(json_object_get(got, "port")),
		    fixture->port);
	}
	told_clear(&fixture->world);
	who = ask(fixture);
	assert_in_range(who, 1, 2);
	/* The primary did nothing, and does not listen. */
	assert_int_equal(told_count(&fixture->world, EVENT_HANDLE_SEND), 0);
	assert_int_equal(told_count(&fixture->world, EVENT_MESSAGE_RECV), 0);
	cluster_worker_kill(find_worker(fixture, who), SIGKILL);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(ask(fixture), 3 - who);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->unbounds, 1);
}

/* libuv keeps quiet about it when it binds. */
static void
a_port_in_use_is_an_error_for_a_shared_handle_too(void **state)
{
	struct fixture *fixture = *state;
	int fd = plain_listen(&fixture->port);

	share(fixture);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->error, -EADDRINUSE);
	assert_int_equal(fixture->codes[1], 5);
	close(fd);
}

/* The handle is still on its way when the last worker has left. */
static void
a_shared_handle_outlives_whoever_leaves_before_it_came(void **state)
{
	struct fixture *fixture = *state;
	struct cluster_worker *worker;

	share(fixture);
	worker = start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->bounds, 1);
	cluster_worker_disconnect(worker);
	assert_int_equal(fixture->unbounds, 1);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_true(fixture->were_let_go[1]);
}

/* ---- UDP, UNIX, several ---- */

static void
udp_is_shared_whatever_the_policy(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_in where;
	struct timeval limit = {.tv_sec = GUARD_MS / 1000};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[8] = "";

	start_serving_as(fixture, "udp", 2);
	assert_in_range(fixture->port, 1, 65535);
	where = local_port(fixture->port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(
	    sendto(fd, "?", 1, 0, (struct sockaddr *)&where, sizeof(where)), 1);
	assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 1);
	assert_in_range(atoi(text), 1, 2);
	close(fd);
}

static void
a_path_can_be_listened_on(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_un where = {.sun_family = AF_UNIX};
	struct client client;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(where.sun_path, sizeof(where.sun_path), "/tmp/looptop-%d",
	         (int)getpid());
	setenv("PIPE", where.sun_path, 1);
	start_serving_as(fixture, "pipe", 2);
	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)),
	                 0);
	client_watch(&client, fixture, fd);
	assert_in_range(client_end(&client), 1, 2);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->exits, 2);
	assert_int_equal(access(where.sun_path, F_OK), -1);
}

static void
a_path_that_is_too_long_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	setenv("PIPE", path, 1);
	start_worker(fixture, "pipe", NULL);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->error, -ENAMETOOLONG);
}

/* Each has its own queue of free workers. */
static void
a_worker_may_have_several_servers(void **state)
{
	struct fixture *fixture = *state;
	int ports[2], found = 0;

	for (int i = 0; i < 2; i++)
		start_worker(fixture, "two", NULL);
	world_run(&fixture->world, &fixture->listenings, 4);
	world_run(&fixture->world, &fixture->messages, 4);
	assert_int_equal(fixture->bounds, 2);
	for (size_t i = 0; i < 4 && found < 2; i++) {
		int port = (int)json_integer_value(
		    json_object_get(json_array_get(fixture->got, i), "port"));

		if (!found || ports[0] != port)
			ports[found++] = port;
	}
	assert_int_equal(found, 2);
	for (int i = 0; i < 2; i++) {
		fixture->port = ports[i];
		assert_int_equal(ask(fixture) + ask(fixture), 1 + 2);
	}
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->unbounds, 2);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLUSTER_TEST(settings_are_laid_over_each_other),
	    CLUSTER_TEST(a_worker_gets_our_environment_and_its_own),
	    CLUSTER_TEST(the_variable_of_node_says_the_policy),
	    CLUSTER_TEST(the_policy_is_fixed_at_the_first_setup),
	    CLUSTER_TEST(with_a_shared_handle_the_workers_accept),
	    CLUSTER_TEST(a_port_in_use_is_an_error_for_a_shared_handle_too),
	    CLUSTER_TEST(
		a_shared_handle_outlives_whoever_leaves_before_it_came),
	    CLUSTER_TEST(udp_is_shared_whatever_the_policy),
	    CLUSTER_TEST(a_path_can_be_listened_on),
	    CLUSTER_TEST(a_path_that_is_too_long_is_an_error),
	    CLUSTER_TEST(a_worker_may_have_several_servers),
	};

	CLUSTER_MAIN(tests);
}
