/*
 * A primary and its workers, which are the test's program again ("@worker"),
 * for the tests of the cluster.
 *
 * A worker has a mode: how it serves or fails to. What it is told in a message
 * it does: {do: "disconnect", "kill", "drop", "exit"}.
 */
#ifndef TESTS_RUNTIME_CLUSTER_H
#define TESTS_RUNTIME_CLUSTER_H

#include "runtime_world.h"

#include "runtime/cluster.h"
#include "runtime/cluster_scope.h"

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

/* ---- a worker ---- */

struct served {
	struct cluster_scope scope;
	struct channel channel;
	struct cluster_listener listeners[2];
	const char *mode;
	int hold;
	int result;
};

static inline void
say_who(struct cluster_listener *listener, uv_stream_t *stream)
{
	char text[32];
	uv_buf_t buffer = uv_buf_init(
	    text, (unsigned)snprintf(text, sizeof(text), "%d %d\n",
	                             listener->scope->id, listener->index));

	uv_try_write(stream, &buffer, 1);
	uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static inline void
on_alloc_datagram(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	static char bytes[256];

	(void)handle;
	(void)size;
	*buffer = uv_buf_init(bytes, sizeof(bytes));
}

/* Answers with who it is. */
static inline void
on_datagram(uv_udp_t *udp, ssize_t got, const uv_buf_t *bytes,
            const struct sockaddr *from, unsigned flags)
{
	struct cluster_listener *listener = udp->data;
	char text[16];
	uv_buf_t buffer = uv_buf_init(
	    text,
	    (unsigned)snprintf(text, sizeof(text), "%d", listener->scope->id));

	(void)bytes;
	(void)flags;
	if (got > 0 && from)
		uv_udp_try_send(udp, &buffer, 1, from);
}

static inline void
on_port(struct cluster_listener *listener, int port, int error)
{
	struct served *served = listener->scope->data;
	json_t *message;

	if (error) {
		served->result = 5;
		cluster_scope_disconnect(listener->scope);
		return;
	}
	if (cluster_address_is_udp(listener->address.type))
		uv_udp_recv_start(&listener->shared->udp, on_alloc_datagram,
		                  on_datagram);
	message = json_pack("{s:i,s:i}", "port", port, "shared",
	                    listener->shared != NULL);
	channel_send(&served->channel, message);
	json_decref(message);
}

static inline void
on_leave(struct cluster_scope *scope)
{
	struct served *served = scope->data;

	if (strcmp(served->mode, "stubborn") != 0)
		cluster_scope_leave(scope);
}

static inline bool
accepts(struct cluster_listener *listener)
{
	struct served *served = listener->scope->data;

	return strcmp(served->mode, "refuse") != 0;
}

static const struct cluster_scope_events scope_events = {
    .listening = on_port,
    .accepts = accepts,
    .connection = say_who,
    .disconnect = on_leave,
};

static inline void
obey(struct served *served, const char *what)
{
	if (strcmp(what, "disconnect") == 0)
		cluster_scope_disconnect(&served->scope);
	else if (strcmp(what, "kill") == 0)
		cluster_scope_kill(&served->scope);
	else if (strcmp(what, "drop") == 0)
		channel_disconnect(&served->channel);
	else if (strcmp(what, "unlisten") == 0)
		cluster_scope_unlisten(&served->listeners[0]);
	else
		_exit(atoi(what));
}

static inline void
on_served_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct served *served = channel->data;
	const char *what = json_string_value(json_object_get(message, "do"));
	char byte;

	if (has_handle && strcmp(served->mode, "die") == 0)
		raise(SIGKILL);
	while (has_handle && served->hold && read(served->hold, &byte, 1) > 0)
		;
	if (cluster_scope_message(&served->scope, message, has_handle))
		return;
	if (what)
		obey(served, what);
	else
		channel_send(channel, json_object_get(message, "text"));
}

static inline void
on_served_disconnect(struct channel *channel)
{
	struct served *served = channel->data;

	cluster_scope_disconnected(&served->scope);
}

static const struct channel_events served_events = {
    .message = on_served_message,
    .disconnect = on_served_disconnect,
};

static inline void
listen_as(struct served *served, const char *mode, const char *where)
{
	struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = "127.0.0.1",
	    .port = atoi(where),
	};

	if (strcmp(mode, "udp") == 0)
		address.type = CLUSTER_UDP4;
	if (strcmp(mode, "pipe") == 0) {
		address.type = CLUSTER_PIPE;
		address.address = getenv("PIPE");
	}
	if (strcmp(mode, "idle") == 0)
		return;
	cluster_scope_listen(&served->scope, &served->listeners[0], &address,
	                     0);
	if (strcmp(mode, "two") == 0)
		cluster_scope_listen(&served->scope, &served->listeners[1],
		                     &address, 0);
}

static inline int
be_worker(char **argv)
{
	static struct served served;
	struct loop loop;

	signal(SIGPIPE, SIG_IGN);
	served.mode = argv[2];
	served.hold = argv[4] ? atoi(argv[4]) : 0;
	if (strcmp(served.mode, "broken") == 0)
		return 7;
	if (loop_open(&loop, ROLE_MAIN, 0, "worker") ||
	    channel_open_inherited(&served.channel, &loop, &served_events))
		return 1;
	served.channel.data = &served;
	if (cluster_scope_open(&served.scope, &loop, &served.channel,
	                       &scope_events))
		return 2;
	served.scope.data = &served;
	listen_as(&served, served.mode, argv[3]);
	loop_run(&loop);
	loop_close(&loop);
	return served.result;
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
