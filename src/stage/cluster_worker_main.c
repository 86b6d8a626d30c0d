/* A worker of a cluster: it serves HTTP on the port that all workers share,
 * which is named in its environment (PORT). */
#include "role.h"
#include "serve.h"

#include "runtime/cluster_scope.h"

#include <stdio.h>
#include <stdlib.h>

struct cluster_server {
	struct role_process role;
	struct cluster_scope scope;
	struct cluster_listener listener;
	struct http_server http;
	int exit_code;
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct cluster_server *server = channel->data;

	cluster_scope_message(&server->scope, message, has_handle);
}

static void
on_disconnect(struct channel *channel)
{
	struct cluster_server *server = channel->data;

	cluster_scope_disconnected(&server->scope);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

static void
on_listening(struct cluster_listener *listener, int port, int error)
{
	struct cluster_server *server = listener->scope->data;

	(void)port;
	if (!error)
		return;
	server->exit_code = 1;
	channel_disconnect(&server->role.channel);
}

static void
on_connection(struct cluster_listener *listener, uv_stream_t *stream)
{
	struct cluster_server *server = listener->scope->data;

	http_serve(&server->http, (uv_tcp_t *)stream);
}

/* We are to go: the connections first, each with its answer. */
static void
on_leave(struct cluster_scope *scope)
{
	struct cluster_server *server = scope->data;

	http_server_end(&server->http);
}

static void
on_empty(struct http_server *http)
{
	struct cluster_server *server = http->data;

	cluster_scope_leave(&server->scope);
}

static const struct cluster_scope_events scope_events = {
    .listening = on_listening,
    .connection = on_connection,
    .disconnect = on_leave,
};

int
cluster_worker_main(int argc, char **argv)
{
	static struct cluster_server server;
	const char *id = getenv("NODE_UNIQUE_ID"), *port = getenv("PORT");
	const struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = "127.0.0.1",
	    .port = port ? atoi(port) : 0,
	};
	char title[32];

	(void)argc;
	(void)argv;
	snprintf(title, sizeof(title), "worker %s", id ? id : "?");
	if (role_open(&server.role, title, &channel_events))
		return 1;
	server.role.channel.data = &server;
	serve_init(&server.http, &server.role.loop);
	server.http.data = &server;
	server.http.empty = on_empty;
	if (cluster_scope_open(&server.scope, &server.role.loop,
	                       &server.role.channel, &scope_events))
		return 1;
	server.scope.data = &server;
	cluster_scope_listen(&server.scope, &server.listener, &address, 0);
	role_run(&server.role);
	return server.exit_code;
}
