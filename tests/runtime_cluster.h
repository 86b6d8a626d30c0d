/*
 * A primary and what it noted, and clients that ask it, for the tests of the
 * cluster. Their workers: runtime_cluster_worker.h.
 */
#ifndef TESTS_RUNTIME_CLUSTER_H
#define TESTS_RUNTIME_CLUSTER_H

#include "runtime_cluster_worker.h"
#include "runtime_world.h"

#include "runtime/cluster.h"

enum { IDS = 32 };

/* ---- the primary ---- */

struct fixture {
	struct world world;
	struct cluster cluster;
	/* of workers */
	int forks, onlines, listenings, messages, disconnects, exits, errors;
	/* of the cluster */
	int setups, bounds, unbounds, disconnecteds, reloads, closes;
	int port, error, reload_error;
	json_t *got; /* messages of workers */
	int codes[IDS], signals[IDS];
	bool were_let_go[IDS];
	bool is_open;
};

static inline struct fixture *
note(struct cluster *cluster, struct cluster_worker *worker, const char *what)
{
	struct fixture *fixture = cluster->data;
	char text[48];

	if (worker)
		snprintf(text, sizeof(text), "%d:%s", worker->id, what);
	else
		snprintf(text, sizeof(text), "%s", what);
	world_say(&fixture->world, text);
	return fixture;
}

static inline void
on_setup(struct cluster *cluster, const json_t *settings)
{
	(void)settings;
	((struct fixture *)cluster->data)->setups++;
}

static inline void
on_fork(struct cluster *cluster, struct cluster_worker *worker)
{
	note(cluster, worker, "fork")->forks++;
}

static inline void
on_error(struct cluster *cluster, struct cluster_worker *worker, int error)
{
	struct fixture *fixture = note(cluster, worker, "error");

	fixture->errors++;
	fixture->error = error;
}

static inline void
on_online(struct cluster *cluster, struct cluster_worker *worker)
{
	note(cluster, worker, "online")->onlines++;
}

static inline void
on_listening(struct cluster *cluster, struct cluster_worker *worker,
             const struct cluster_address *address)
{
	(void)address;
	note(cluster, worker, "listening")->listenings++;
}

static inline void
on_worker_message(struct cluster *cluster, struct cluster_worker *worker,
                  json_t *message, bool has_handle)
{
	struct fixture *fixture = cluster->data;
	json_t *to = json_object_get(message, "to");

	(void)worker;
	(void)has_handle;
	fixture->messages++;
	json_array_append(fixture->got, message);
	if (to)
		cluster_worker_send(
		    cluster_find(cluster, (int)json_integer_value(to)),
		    message);
}

static inline void
on_disconnect(struct cluster *cluster, struct cluster_worker *worker)
{
	note(cluster, worker, "disconnect")->disconnects++;
}

static inline void
on_exit_of(struct cluster *cluster, struct cluster_worker *worker, int code,
           int signal)
{
	struct fixture *fixture = note(cluster, worker, "exit");

	fixture->exits++;
	if (worker->id >= IDS)
		return;
	fixture->codes[worker->id] = code;
	fixture->signals[worker->id] = signal;
	fixture->were_let_go[worker->id] = worker->exited_after_disconnect;
}

static inline void
on_disconnected(struct cluster *cluster)
{
	note(cluster, NULL, "disconnected")->disconnecteds++;
}

static inline void
on_bound(struct cluster *cluster, const struct cluster_address *address,
         int error)
{
	struct fixture *fixture = note(cluster, NULL, "bound");

	fixture->bounds++;
	fixture->port = address->port;
	fixture->error = error;
}

static inline void
on_unbound(struct cluster *cluster, const struct cluster_address *address)
{
	(void)address;
	note(cluster, NULL, "unbound")->unbounds++;
}

static inline void
on_reloaded(struct cluster *cluster, int error)
{
	struct fixture *fixture = note(cluster, NULL, "reloaded");

	fixture->reloads++;
	fixture->reload_error = error;
}

static inline void
on_cluster_close(struct cluster *cluster)
{
	struct fixture *fixture = cluster->data;

	fixture->closes++;
	fixture->is_open = false;
}

static const struct cluster_events cluster_events = {
    .setup = on_setup,
    .fork = on_fork,
    .error = on_error,
    .online = on_online,
    .listening = on_listening,
    .message = on_worker_message,
    .disconnect = on_disconnect,
    .exit = on_exit_of,
    .disconnected = on_disconnected,
    .bound = on_bound,
    .unbound = on_unbound,
    .reloaded = on_reloaded,
    .close = on_cluster_close,
};

static inline int
open_fixture(void **state)
{
	const struct cluster_settings settings = {
	    .exec = "@worker",
	    .silent = CLUSTER_SILENT,
	};
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	fixture->got = json_array();
	cluster_init(&fixture->cluster, &fixture->world.loop, &cluster_events);
	cluster_setup(&fixture->cluster, &settings);
	fixture->cluster.data = fixture;
	fixture->is_open = true;
	*state = fixture;
	return 0;
}

/* Whoever is left is killed: it may be one that does not go. */
static inline int
close_fixture(void **state)
{
	struct fixture *fixture = *state;
	struct cluster_worker *worker = fixture->cluster.workers;

	cluster_respawn_set(&fixture->cluster, NULL);
	for (; worker; worker = worker->next)
		cluster_worker_kill(worker, SIGKILL);
	cluster_close(&fixture->cluster);
	if (fixture->is_open)
		world_run(&fixture->world, &fixture->closes, 1);
	json_decref(fixture->got);
	return world_close(state);
}

/* On any port, unless the fixture says another. */
static inline struct cluster_worker *
start_worker(struct fixture *fixture, const char *mode, const char *hold)
{
	char port[16];
	const char *const args[] = {mode, port, hold, NULL};
	const struct cluster_settings settings = {.args = args};
	struct cluster_worker *worker;
	int error;

	snprintf(port, sizeof(port), "%d", fixture->bounds ? 0 : fixture->port);
	cluster_setup(&fixture->cluster, &settings);
	worker = cluster_fork(&fixture->cluster, NULL, &error);
	assert_non_null(worker);
	return worker;
}

/* Starts workers of a mode and waits until they all listen. */
static inline void
start_serving_as(struct fixture *fixture, const char *mode, int count)
{
	int before = fixture->listenings;

	for (int i = 0; i < count; i++)
		start_worker(fixture, mode, NULL);
	world_run(&fixture->world, &fixture->listenings, before + count);
}

static inline void
start_serving(struct fixture *fixture, int count)
{
	start_serving_as(fixture, "serve", count);
}

static inline struct cluster_worker *
find_worker(struct fixture *fixture, int id)
{
	struct cluster_worker *worker = cluster_find(&fixture->cluster, id);

	assert_non_null(worker);
	return worker;
}

static inline void
tell_worker(struct cluster_worker *worker, const char *what)
{
	json_t *message = json_pack("{s:s}", "do", what);

	cluster_worker_send(worker, message);
	json_decref(message);
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

static inline void
on_answer(uv_poll_t *poll, int status, int what)
{
	struct client *client = poll->data;
	char text[512] = "";
	ssize_t got = recv(client->fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	const char *body = strstr(text, "\r\n\r\n");

	(void)status;
	(void)what;
	if (got < 0 && errno == EAGAIN)
		return;
	client->id = got > 0 ? atoi(body ? body + 4 : text) : 0;
	client->answers++;
	uv_poll_stop(poll);
}

static inline void
on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;

	close(client->fd);
	client->closes++;
}

static inline void
client_watch(struct client *client, struct fixture *fixture, int fd)
{
	memset(client, 0, sizeof(*client));
	client->fixture = fixture;
	client->fd = fd;
	uv_poll_init(&fixture->world.loop.uv, &client->poll, client->fd);
	client->poll.data = client;
	uv_poll_start(&client->poll, UV_READABLE, on_answer);
}

static inline void
client_open(struct client *client, struct fixture *fixture)
{
	client_watch(client, fixture, plain_connect(fixture->port));
}

/* Waits for the answer; returns who gave it. */
static inline int
client_end(struct client *client)
{
	struct world *world = &client->fixture->world;

	world_run(world, &client->answers, 1);
	uv_close((uv_handle_t *)&client->poll, on_client_closed);
	world_run(world, &client->closes, 1);
	return client->id;
}

static inline int
ask(struct fixture *fixture)
{
	struct client client;

	client_open(&client, fixture);
	return client_end(&client);
}

/* A pipe that workers wait at until our end is closed. */
static inline int
open_hold(char text[16], int *read_end)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fcntl(fds[0], F_SETFD, 0);
	snprintf(text, 16, "%d", fds[0]);
	*read_end = fds[0];
	return fds[1];
}

#define CLUSTER_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

/* Whoever has lost its role must not run the tests once more. */
#define CLUSTER_MAIN(tests) \
	do { \
		if (argc > 1 || getenv("NODE_CHANNEL_FD")) \
			return argc > 3 ? be_worker(argv) : 1; \
		return cmocka_run_group_tests(tests, NULL, NULL); \
	} while (0)

#endif
