/* Workers that break the rules: shell scripts on descriptor 3. At worst one of
 * them loses its channel; the others serve on. */
#include "runtime_cluster.h"

#define SAY(text) "echo '" text "' >&3\n"
#define HEAR "read -r heard <&3\n"
#define ACT(rest) SAY("{\"cmd\":\"NODE_CLUSTER\"," rest "}")
#define ANY_PORT \
	"\"act\":\"queryServer\",\"address\":\"127.0.0.1\",\"port\":0," \
	"\"addressType\":4,\"index\":0"
#define DONE SAY("\"done\"")

static struct cluster_worker *
start_villain(struct fixture *fixture, const char *script)
{
	const struct cluster_settings villain = {
	    .exec_path = "/bin/sh",
	    .exec_args = (const char *const[]){"-c", script, NULL},
	    .exec = "sh",
	    .args = (const char *const[]){NULL},
	};
	const struct cluster_settings honest = {
	    .exec_path = "",
	    .exec_args = (const char *const[]){NULL},
	    .exec = "@worker",
	};
	struct cluster_worker *worker;
	int error;

	cluster_setup(&fixture->cluster, &villain);
	worker = cluster_fork(&fixture->cluster, NULL, &error);
	cluster_setup(&fixture->cluster, &honest);
	assert_non_null(worker);
	return worker;
}

/* The messages that are no business of the cluster: the numbers of a script. */
static int
got(struct fixture *fixture, const char *text)
{
	int count = 0;

	for (size_t i = 0; i < json_array_size(fixture->got); i++) {
		const char *other =
		    json_string_value(json_array_get(fixture->got, i));

		count += other && strcmp(other, text) == 0;
	}
	return count;
}

static void
run_until_done(struct fixture *fixture)
{
	while (!got(fixture, "done") && !fixture->world.late)
		uv_run(&fixture->world.loop.uv, UV_RUN_ONCE);
	assert_false(fixture->world.late);
}

static void
nonsense_is_not_listened_to(void **state)
{
	struct fixture *fixture = *state;
	int port;

	start_serving(fixture, 1);
	world_run(&fixture->world, &fixture->messages, 1);
	port = fixture->port;
	start_villain(
	    fixture,
	    ACT("\"act\":7") ACT("\"act\":\"close\"") ACT(
		"\"act\":\"close\",\"key\":\"none\"") ACT("\"ack\":0,"
	                                                  "\"accepted\":true")
		ACT("\"ack\":1e99") ACT("\"ack\":-1,\"accepted\":1")
		    ACT("\"act\":\"queryServer\"")
			ACT("\"act\":\"queryServer\",\"addressType\":[],"
	                    "\"port\":-9,\"fd\":\"x\",\"backlog\":-1")
			    ACT("\"act\":\"queryServer\",\"address\":"
	                        "\"nowhere\",\"port\":99999")
				ACT("\"act\":\"listening\",\"address\":{}")
				    SAY("{\"cmd\":\"NODE_OTHER\"}")
					SAY("{\"cmd\":\"NODE_\"}") DONE
	    "exec sleep 60\n");
	run_until_done(fixture);
	/* NODE_ alone is a message like any other. */
	assert_int_equal(json_array_size(fixture->got), 3);
	assert_int_equal(fixture->error, -EINVAL);
	fixture->port = port;
	assert_int_equal(ask(fixture), 1);
}

/* The channel still has our handle, and sends it again when it is refused. */
static void
an_answer_before_the_handle_is_acknowledged_is_no_answer(void **state)
{
	struct fixture *fixture = *state;

	start_villain(
	    fixture,
	    ACT("\"act\":\"online\",\"seq\":0") ACT(ANY_PORT ",\"seq\":1")
		HEAR ACT("\"act\":\"listening\",\"port\":1,\"seq\":2")
		    HEAR ACT("\"ack\":1,\"accepted\":true")
			SAY("{\"cmd\":\"NODE_HANDLE_NACK\"}")
			    HEAR ACT("\"ack\":1,\"accepted\":false")
				ACT("\"ack\":2,\"accepted\":true") DONE
	    "exit 3\n");
	world_run(&fixture->world, &fixture->listenings, 1);
	start_worker(fixture, "serve", NULL);
	world_run(&fixture->world, &fixture->listenings, 2);
	assert_int_equal(ask(fixture), 2);
	world_run(&fixture->world, &fixture->exits, 1);
	assert_int_equal(fixture->codes[1], 3);
	assert_int_equal(got(fixture, "done"), 1);
}

/* It can say the number of any descriptor of the primary: of a file, of
 * nothing, of somebody's channel. */
static void
a_descriptor_that_is_no_server_is_refused(void **state)
{
	static const int errors[] = {-ENOTSOCK, -EBADF, -EISCONN};
	struct fixture *fixture = *state;
	char script[512];
	int fds[3] = {open("/dev/null", O_RDONLY | O_CLOEXEC), 9999}, pair[2];

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
	fds[2] = pair[0];
	for (int i = 0; i < 3; i++) {
		snprintf(script, sizeof(script),
		         ACT("\"act\":\"queryServer\",\"fd\":%d,"
		             "\"addressType\":4,\"seq\":1") HEAR,
		         fds[i]);
		start_villain(fixture, script);
		world_run(&fixture->world, &fixture->exits, i + 1);
		assert_int_equal(fixture->bounds, i + 1);
		assert_int_equal(fixture->error, errors[i]);
	}
	assert_true(fcntl(fds[0], F_GETFD) >= 0);
	close(fds[0]);
	close(pair[0]);
	close(pair[1]);
}

/* A server of the primary that listens already is one (Node: listen({fd})). */
static void
a_server_of_the_primary_can_be_served(void **state)
{
	struct fixture *fixture = *state;
	char script[512];
	int port, fd = plain_listen(&port);

	snprintf(script, sizeof(script),
	         ACT("\"act\":\"queryServer\",\"fd\":%d,\"addressType\":4,"
	             "\"seq\":1") HEAR DONE "exec sleep 60\n",
	         fd);
	start_villain(fixture, script);
	run_until_done(fixture);
	assert_int_equal(fixture->error, 0);
	assert_int_equal(fixture->port, port);
	close(fd);
}

static void
who_asks_twice_is_in_it_once(void **state)
{
	struct fixture *fixture = *state;

	start_villain(fixture,
	              ACT(ANY_PORT ",\"seq\":1") ACT(ANY_PORT ",\"seq\":2")
	                  HEAR HEAR DONE "exec sleep 60\n");
	run_until_done(fixture);
	assert_int_equal(fixture->bounds, 1);
	cluster_worker_kill(find_worker(fixture, 1), SIGKILL);
	world_run(&fixture->world, &fixture->exits, 1);
	world_run(&fixture->world, &fixture->unbounds, 1);
}

/* It gets a shared handle and never says so; then it is let go. */
static void
who_never_acknowledges_a_shared_handle_keeps_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct cluster_worker *worker;

	fixture->cluster.frozen = CLUSTER_SHARED;
	worker = start_villain(fixture, ACT(ANY_PORT ",\"seq\":1")
	                                    ACT(ANY_PORT ",\"seq\":2") HEAR DONE
	                       "exec sleep 60\n");
	run_until_done(fixture);
	cluster_worker_disconnect(worker);
	assert_int_equal(fixture->unbounds, 1);
	cluster_worker_kill(worker, SIGKILL);
	world_run(&fixture->world, &fixture->exits, 1);
}

static void
what_is_no_json_costs_a_worker_its_channel(void **state)
{
	struct fixture *fixture = *state;

	start_serving(fixture, 1);
	start_villain(fixture, ACT(ANY_PORT ",\"seq\":1")
	                           HEAR SAY("{{{") "exec sleep 60\n");
	world_run(&fixture->world, &fixture->disconnects, 1);
	assert_int_equal(ask(fixture), 1);
	assert_int_equal(ask(fixture), 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLUSTER_TEST(nonsense_is_not_listened_to),
	    CLUSTER_TEST(
		an_answer_before_the_handle_is_acknowledged_is_no_answer),
	    CLUSTER_TEST(a_descriptor_that_is_no_server_is_refused),
	    CLUSTER_TEST(a_server_of_the_primary_can_be_served),
	    CLUSTER_TEST(who_asks_twice_is_in_it_once),
	    CLUSTER_TEST(who_never_acknowledges_a_shared_handle_keeps_nobody),
	    CLUSTER_TEST(what_is_no_json_costs_a_worker_its_channel),
	};

	CLUSTER_MAIN(tests);
}
