/* A worker of a cluster: it serves HTTP on the port that all workers share. */
#include "role.h"
#include "serve.h"

#include "runtime/cluster.h"

#include <stdio.h>
#include <stdlib.h>

struct cluster_server {
	struct role_process role;
	struct cluster_scope scope;
	struct http_server http;
	int exit_code;
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct cluster_server *server = channel->data;

	cluster_scope_message(&server->scope, message, has_handle);
}

/* The primary is gone, or has let us go: finish what we have. */
static void
on_disconnect(struct channel *channel)
{
	struct cluster_server *server = channel->data;

	http_server_end(&server->http);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

static void
on_listening(struct cluster_scope *scope, int port, int error)
{
	struct cluster_server *server = scope->data;

	(void)port;
	if (!error)
		return;
	server->exit_code = 1;
	channel_disconnect(&server->role.channel);
}

static void
on_connection(struct cluster_scope *scope, uv_tcp_t *tcp)
{
	struct cluster_server *server = scope->data;

	http_serve(&server->http, tcp);
}

static void
on_leave(struct cluster_scope *scope)
{
	channel_disconnect(scope->channel);
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
	const char *id = getenv("NODE_UNIQUE_ID");
	char title[32];

	snprintf(title, sizeof(title), "worker %s", id ? id : "?");
	if (role_open(&server.role, title, &channel_events))
		return 1;
	server.role.channel.data = &server;
	serve_init(&server.http, &server.role.loop);
	if (cluster_scope_open(&server.scope, &server.role.loop,
	                       &server.role.channel, &scope_events))
		return 1;
	server.scope.data = &server;
	cluster_scope_listen(&server.scope, "127.0.0.1",
	                     argc > 2 ? atoi(argv[2]) : 0);
	role_run(&server.role);
	return server.exit_code;
}
