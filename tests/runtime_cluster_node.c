/* Real Node workers under our primary, alone and beside workers in C. Skipped
 * where there is no node. */
#include "runtime_cluster.h"

/* Node needs an argument behind the script to see a worker in itself. */
static void
run_node(struct fixture *fixture, const char *script)
{
	const struct cluster_settings settings = {
	    .exec_path = "node",
	    .exec_args = (const char *const[]){"-e", script, NULL},
	    .exec = "worker",
	    .args = (const char *const[]){NULL},
	};

	cluster_setup(&fixture->cluster, &settings);
}

static void
run_c(struct fixture *fixture, const char *mode)
{
	const struct cluster_settings settings = {
	    .exec_path = "",
	    .exec_args = (const char *const[]){NULL},
	    .exec = "@worker",
	    .args = (const char *const[]){mode, "0", NULL},
	};

	cluster_setup(&fixture->cluster, &settings);
}

static void
fork_workers(struct fixture *fixture, int count)
{
	int error;

	for (int i = 0; i < count; i++)
		assert_non_null(cluster_fork(&fixture->cluster, NULL, &error));
}

static void
start_node(struct fixture *fixture, const char *script, int count)
{
	int before = fixture->listenings;

	run_node(fixture, script);
	fork_workers(fixture, count);
	world_run(&fixture->world, &fixture->listenings, before + count);
}

static int
ask_http(struct fixture *fixture)
{
	static const char request[] =
	    "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	struct client client;

	client_open(&client, fixture);
	assert_int_equal(send(client.fd, request, strlen(request), 0),
	                 strlen(request));
	return client_end(&client);
}

static bool
has_node(void)
{
	return system("node --version >/dev/null 2>&1") == 0;
}

#define NEEDS_NODE() \
	do { \
		if (!has_node()) \
			skip_because("there is no node"); \
	} while (0)

#define PRELUDE \
	"const cluster = require('cluster'), id = cluster.worker.id;" \
	"process.on('message', (m) => {" \
	"  if (m.do === 'disconnect') cluster.worker.disconnect();" \
	"  else if (m.do === 'kill') cluster.worker.kill();" \
	"  else if (m.do === 'drop') process.disconnect();" \
	"  else if (m.do) process.exit(+m.do);" \
	"  else process.send(m.text);" \
	"});"
#define SERVE \
	PRELUDE "require('http').createServer((q, r) => r.end(id + '\\n'))" \
		".listen(0, '127.0.0.1');"

/* ---- both policies ---- */

static void
node_serves_http_in_turn(void **state)
{
	struct fixture *fixture = *state;
	int first;

	NEEDS_NODE();
	start_node(fixture, SERVE, 2);
	assert_in_range(fixture->port, 1, 65535);
	first = ask_http(fixture);
	assert_in_range(first, 1, 2);
	for (int i = 1; i < 6; i++)
		assert_int_equal(ask_http(fixture), i % 2 ? 3 - first : first);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->exits, 2);
	assert_int_equal(fixture->codes[1], 0);
	assert_true(fixture->were_let_go[1] && fixture->were_let_go[2]);
	assert_int_equal(fixture->unbounds, 1);
}

static void
node_shares_the_handle(void **state)
{
	struct fixture *fixture = *state;

	NEEDS_NODE();
	fixture->cluster.frozen = CLUSTER_SHARED;
	start_node(fixture, SERVE, 2);
	told_clear(&fixture->world);
	for (int i = 0; i < 4; i++)
		assert_in_range(ask_http(fixture), 1, 2);
	/* The primary has no part in it. */
	assert_int_equal(told_count(&fixture->world, EVENT_HANDLE_SEND), 0);
	assert_int_equal(told_count(&fixture->world, EVENT_MESSAGE_RECV), 0);
	cluster_disconnect(&fixture->cluster);
	world_run(&fixture->world, &fixture->exits, 2);
	assert_true(fixture->were_let_go[1] && fixture->were_let_go[2]);
}

static void
node_shares_udp(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_in where;
	struct timeval limit = {.tv_sec = GUARD_MS / 1000};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[8] = "";

	if (!has_node())
		close(fd);
	NEEDS_NODE();
	start_node(fixture,
	           PRELUDE "const s = require('dgram').createSocket('udp4');"
	                   "s.on('message', (m, from) =>"
	                   "  s.send(String(id), from.port));"
	                   "s.bind(0, '127.0.0.1');",
	           2);
	where = local_port(fixture->port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(
	    sendto(fd, "?", 1, 0, (struct sockaddr *)&where, sizeof(where)), 1);
	assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 1);
	assert_in_range(atoi(text), 1, 2);
	close(fd);
}

/* ---- C and Node together ---- */

static void
workers_in_c_and_in_node_serve_one_port(void **state)
{
	struct fixture *fixture = *state;
	int sum = 0;

	NEEDS_NODE();
	start_node(fixture,
	           PRELUDE "require('net').createServer((s) => s.end(id +"
	                   "'\\n')).listen(0, '127.0.0.1');",
	           2);
	run_c(fixture, "serve");
	fork_workers(fixture, 2);
	world_run(&fixture->world, &fixture->listenings, 4);
	assert_int_equal(fixture->bounds, 1);
	for (int i = 0; i < 8; i++)
		sum += ask(fixture);
	assert_int_equal(sum, 2 * (1 + 2 + 3 + 4));
}

static void
node_is_replaced_by_c_in_a_reload(void **state)
{
	struct fixture *fixture = *state;

	NEEDS_NODE();
	start_node(fixture,
	           PRELUDE "require('net').createServer((s) => s.end(id +"
	                   "'\\n')).listen(0, '127.0.0.1');",
	           2);
	run_c(fixture, "serve");
	cluster_reload(&fixture->cluster, GUARD_MS);
	while (!fixture->reloads)
		assert_in_range(ask(fixture), 1, 4);
	assert_int_equal(fixture->reload_error, 0);
	assert_int_equal(ask(fixture) + ask(fixture), 3 + 4);
	assert_true(fixture->were_let_go[1] && fixture->were_let_go[2]);
}

/* ---- life ---- */

static void
node_goes_in_every_way(void **state)
{
	static const struct {
		const char *how;
		int code;
		bool let_go;
	} ways[] = {
	    {"disconnect", 0, true},
	    {"kill", 0, true},
	    {"drop", 0, false},
	    {"7", 7, false},
	};
	struct fixture *fixture = *state;

	NEEDS_NODE();
	start_node(fixture, SERVE, 4);
	for (int i = 0; i < 4; i++) {
		tell_worker(find_worker(fixture, i + 1), ways[i].how);
		world_run(&fixture->world, &fixture->exits, i + 1);
		assert_int_equal(fixture->codes[i + 1], ways[i].code);
		assert_int_equal(fixture->were_let_go[i + 1], ways[i].let_go);
	}
	assert_int_equal(fixture->unbounds, 1);
}

static void
node_is_told_that_a_port_is_in_use(void **state)
{
	struct fixture *fixture = *state;
	int port, fd = plain_listen(&port);
	char script[512];

	if (!has_node())
		close(fd);
	NEEDS_NODE();
	snprintf(script, sizeof(script),
	         "require('net').createServer().on('error', (e) => {"
	         "  process.send([e.code, e.syscall]);"
	         "  process.disconnect();"
	         "}).listen(%d, '127.0.0.1');",
	         port);
	run_node(fixture, script);
	fork_workers(fixture, 1);
	world_run(&fixture->world, &fixture->messages, 1);
	assert_string_equal(json_string_value(json_array_get(
				json_array_get(fixture->got, 0), 0)),
	                    "EADDRINUSE");
	assert_string_equal(json_string_value(json_array_get(
				json_array_get(fixture->got, 0), 1)),
	                    "bind");
	close(fd);
}

/* The first takes one, which it keeps open, and refuses the others. */
static void
node_that_is_full_passes_connections_on(void **state)
{
	struct fixture *fixture = *state;
	struct client first;

	NEEDS_NODE();
	start_node(fixture,
	           PRELUDE "const s = require('net').createServer((c) => {"
	                   "  c.on('error', () => {}); c.write(id + '\\n');"
	                   "});"
	                   "s.maxConnections = 1; s.listen(0, '127.0.0.1');",
	           1);
	client_open(&first, fixture);
	world_run(&fixture->world, &first.answers, 1);
	run_c(fixture, "serve");
	fork_workers(fixture, 1);
	world_run(&fixture->world, &fixture->listenings, 2);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(fixture), 2);
	assert_int_equal(client_end(&first), 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLUSTER_TEST(node_serves_http_in_turn),
	    CLUSTER_TEST(node_shares_the_handle),
	    CLUSTER_TEST(node_shares_udp),
	    CLUSTER_TEST(workers_in_c_and_in_node_serve_one_port),
	    CLUSTER_TEST(node_is_replaced_by_c_in_a_reload),
	    CLUSTER_TEST(node_goes_in_every_way),
	    CLUSTER_TEST(node_is_told_that_a_port_is_in_use),
	    CLUSTER_TEST(node_that_is_full_passes_connections_on),
	};

	CLUSTER_MAIN(tests);
}
