/*
 * What the scenarios of the cluster's rules share: a primary whose events a
 * scenario fills in, a worker in C (role "@worker") that does what its mode
 * says, and a client.
 */
#ifndef TESTS_RULES_CLUSTER_H
#define TESTS_RULES_CLUSTER_H

#include "rules.h"

#include "runtime/cluster.h"
#include "runtime/cluster_scope.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the primary ---- */

static struct loop loop;
static struct cluster cluster;

/* Workers of that mode, their stdout is ours. */
static inline void
cluster_begin(const struct cluster_events *events, const char *mode)
{
	const struct cluster_settings settings = {
	    .exec = "@worker",
	    .args = (const char *const[]){mode, NULL},
	};

	signal(SIGPIPE, SIG_IGN);
	loop_open(&loop, ROLE_MAIN, 0, "primary");
	cluster_init(&cluster, &loop, events);
	cluster_setup(&cluster, &settings);
}

static inline struct cluster_worker *
fork_one(void)
{
	int error;

	return cluster_fork(&cluster, NULL, &error);
}

static inline void
cluster_run(const struct cluster_events *events, const char *mode, int count)
{
	cluster_begin(events, mode);
	for (int i = 0; i < count; i++)
		fork_one();
	loop_run(&loop);
	loop_close(&loop);
}

static inline int
table_size(void)
{
	int count = 0;

	for (struct cluster_worker *worker = cluster.workers; worker;
	     worker = worker->next)
		count++;
	return count;
}

/* ---- Node's words ---- */

static inline const char *
yes(bool value)
{
	return value ? "true" : "false";
}

static inline const char *
let_go(const struct cluster_worker *worker)
{
	return worker->exited_after_disconnect || worker->is_settled
	           ? yes(worker->exited_after_disconnect)
	           : "undefined";
}

/* As Node says it: "exit 0 null true", "exit null SIGTERM false". */
static inline void
say_exit(struct cluster *of, struct cluster_worker *worker, int code,
         int number)
{
	(void)of;
	if (number)
		rules_say("exit null SIG%s %s", sigabbrev_np(number),
		          let_go(worker));
	else
		rules_say("exit %d null %s", code, let_go(worker));
}

/* ---- a worker ---- */

struct rules_worker {
	struct loop loop;
	struct channel channel;
	struct cluster_scope scope;
	struct cluster_listener listener;
	const char *mode;
	int taken;
};

static inline bool
is_mode(const struct rules_worker *worker, const char *mode)
{
	return strcmp(worker->mode, mode) == 0;
}

static inline void
send_text(struct rules_worker *worker, const char *text)
{
	json_t *message = json_string(text);

	channel_send(&worker->channel, message);
	json_decref(message);
}

static inline void
worker_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	static char bytes[64];

	(void)handle;
	(void)size;
	*buffer = uv_buf_init(bytes, sizeof(bytes));
}

/* Answers a datagram with its id. */
static inline void
worker_on_datagram(uv_udp_t *udp, ssize_t got, const uv_buf_t *bytes,
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
worker_on_listening(struct cluster_listener *listener, int port, int error)
{
	struct rules_worker *worker = listener->scope->data;

	(void)port;
	if (!error && is_mode(worker, "udp"))
		uv_udp_recv_start(&listener->shared->udp, worker_alloc,
		                  worker_on_datagram);
	if (!error)
		return;
	send_text(worker, uv_err_name(error));
	channel_disconnect(&worker->channel);
}

/* "full": the first worker takes one connection and no more. */
static inline bool
worker_accepts(struct cluster_listener *listener)
{
	struct rules_worker *worker = listener->scope->data;

	return !is_mode(worker, "full") || worker->scope.id != 1 ||
	       worker->taken == 0;
}

/* Answers with its id; "full" keeps it open. */
static inline void
worker_on_connection(struct cluster_listener *listener, uv_stream_t *stream)
{
	struct rules_worker *worker = listener->scope->data;
	char text[16];
	uv_buf_t buffer = uv_buf_init(
	    text,
	    (unsigned)snprintf(text, sizeof(text), "%d", worker->scope.id));

	worker->taken++;
	uv_try_write(stream, &buffer, 1);
	if (!is_mode(worker, "full"))
		uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static inline void
worker_on_leave(struct cluster_scope *scope)
{
	struct rules_worker *worker = scope->data;

	if (is_mode(worker, "closed"))
		send_text(worker, "closed");
	cluster_scope_leave(scope);
}

static const struct cluster_scope_events worker_scope_events = {
    .listening = worker_on_listening,
    .accepts = worker_accepts,
    .connection = worker_on_connection,
    .disconnect = worker_on_leave,
};

static inline void
worker_on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct rules_worker *worker = channel->data;

	cluster_scope_message(&worker->scope, message, has_handle);
}

static inline void
worker_on_disconnect(struct channel *channel)
{
	struct rules_worker *worker = channel->data;

	cluster_scope_disconnected(&worker->scope);
}

static const struct channel_events worker_channel_events = {
    .message = worker_on_message,
    .disconnect = worker_on_disconnect,
};

static inline const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "undefined";
}

static inline void
worker_listen(struct rules_worker *worker)
{
	const struct cluster_address address = {
	    .type = is_mode(worker, "udp") ? CLUSTER_UDP4 : CLUSTER_TCP4,
	    .address = "127.0.0.1",
	    .port = getenv("PORT") ? atoi(getenv("PORT")) : 0,
	};

	cluster_scope_listen(&worker->scope, &worker->listener, &address, 0);
}

static inline void
worker_act(struct rules_worker *worker)
{
	char text[64];

	if (is_mode(worker, "who"))
		rules_say("worker true %d", worker->scope.id);
	if (is_mode(worker, "env")) {
		snprintf(text, sizeof(text), "%s %s %s %s", variable("A"),
		         variable("B"), variable("C"),
		         variable("NODE_UNIQUE_ID"));
		send_text(worker, text);
	}
	if (is_mode(worker, "who") || is_mode(worker, "disconnect"))
		cluster_scope_disconnect(&worker->scope);
	else if (is_mode(worker, "kill"))
		cluster_scope_kill(&worker->scope);
	else if (is_mode(worker, "drop"))
		channel_disconnect(&worker->channel);
	else if (is_mode(worker, "exit"))
		_exit(3);
	else if (!is_mode(worker, "idle"))
		worker_listen(worker);
}

static inline void
worker_play(int argc, char **argv)
{
	static struct rules_worker worker;

	signal(SIGPIPE, SIG_IGN);
	worker.mode = argc > 2 ? argv[2] : "idle";
	loop_open(&worker.loop, ROLE_MAIN, 0, "worker");
	if (channel_open_inherited(&worker.channel, &worker.loop,
	                           &worker_channel_events))
		return;
	worker.channel.data = &worker;
	cluster_scope_open(&worker.scope, &worker.loop, &worker.channel,
	                   &worker_scope_events);
	worker.scope.data = &worker;
	worker_act(&worker);
	loop_run(&worker.loop);
	loop_close(&worker.loop);
}

/* ---- a client ---- */

/* Connects, waits for an answer, calls back: the first bytes, or an error. */
struct rules_client {
	uv_tcp_t tcp;
	uv_connect_t request;
	void (*done)(const char *text, int error);
	char text[64];
	bool stays; /* keeps its connection */
};

static inline void
client_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct rules_client *client = handle->data;

	(void)size;
	*buffer = uv_buf_init(client->text, sizeof(client->text) - 1);
}

static inline void
client_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct rules_client *client = stream->data;

	(void)buffer;
	if (got == 0)
		return;
	uv_read_stop(stream);
	client->done(client->text, got < 0 ? (int)got : 0);
	if (!client->stays)
		uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static inline void
client_connected(uv_connect_t *request, int status)
{
	struct rules_client *client = request->data;

	if (status == 0) {
		uv_read_start(request->handle, client_alloc, client_read);
		return;
	}
	client->done("", status);
	uv_close((uv_handle_t *)request->handle, (uv_close_cb)free);
}

static inline void
client_start(int port, bool stays, void (*done)(const char *text, int error))
{
	struct rules_client *client = calloc(1, sizeof(*client));
	struct sockaddr_in address;

	uv_ip4_addr("127.0.0.1", port, &address);
	client->done = done;
	client->stays = stays;
	uv_tcp_init(&loop.uv, &client->tcp);
	client->tcp.data = client->request.data = client;
	uv_tcp_connect(&client->request, &client->tcp,
	               (struct sockaddr *)&address, client_connected);
}

#endif
