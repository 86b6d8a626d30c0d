/* The stage's own HTTP server on its main loop, and the clients that ask. */
#include "stage.h"

#include "runtime/socket.h"

#include <stdio.h>
#include <stdlib.h>

enum { BACKLOG = 511, RATE = 25 };

static void
on_connection(uv_stream_t *server, int status)
{
	struct stage *stage = server->data;
	uv_tcp_t *tcp = status < 0 ? NULL : malloc(sizeof(*tcp));

	if (!tcp)
		return;
	uv_tcp_init(&stage->role.loop.uv, tcp);
	if (uv_accept(server, (uv_stream_t *)tcp))
		uv_close((uv_handle_t *)tcp, (uv_close_cb)free);
	else
		http_serve(&stage->http, tcp);
}

static int
listen_on(struct stage *stage, int port)
{
	struct sockaddr_in address;
	int error;

	uv_tcp_init(&stage->role.loop.uv, &stage->server);
	stage->server.data = stage;
	uv_ip4_addr("127.0.0.1", port, &address);
	error = uv_tcp_bind(&stage->server, (struct sockaddr *)&address, 0);
	if (!error)
		error = uv_listen((uv_stream_t *)&stage->server, BACKLOG,
		                  on_connection);
	if (error)
		uv_close((uv_handle_t *)&stage->server, NULL);
	return error;
}

void
stage_serve(struct stage *stage, json_t *message)
{
	json_int_t port = json_integer_value(json_object_get(message, "serve"));
	int error;

	if (stage->has_server) {
		role_note(NOTE_WARNING, "The stage serves port %d already.",
		          stage->port);
		return;
	}
	serve_init(&stage->http, &stage->role.loop);
	error =
	    port >= 0 && port < 65536 ? listen_on(stage, (int)port) : UV_EINVAL;
	if (error) {
		role_note(NOTE_ERROR,
		          "The stage cannot listen on port %lld: %s. "
		          "Choose another, or 0 for any.",
		          (long long)port, uv_strerror(error));
		return;
	}
	stage->has_server = true;
	stage->port = socket_port(&stage->server);
	socket_tell_listen(stage->port, "port");
	stage_client_start(stage, &stage->client, stage->port, RATE, true);
}

/* ---- clients ---- */

static void
on_close(struct child *child)
{
	struct stage_client *client = child->data;

	client->exists = false;
}

static const struct child_events client_events = {.close = on_close};

void
stage_client_start(struct stage *stage, struct stage_client *client, int port,
                   int rate, bool keep_alive)
{
	const char *title = client == &stage->client ? "client" : "client 2";
	char port_text[16], rate_text[16];
	const char *const args[] = {port_text, rate_text,
	                            keep_alive ? "keep" : "close", title, NULL};

	if (client->exists)
		return;
	snprintf(port_text, sizeof(port_text), "%d", port);
	snprintf(rate_text, sizeof(rate_text), "%d", rate);
	client->child.data = client;
	client->exists =
	    child_fork(&client->child, &stage->role.loop, BIRTH_FORK, "@client",
	               args, NULL, &client_events) == 0;
}

void
stage_client_end(struct stage_client *client)
{
	if (client->exists)
		channel_disconnect(&client->child.channel);
}

static void
tell_client(struct stage_client *client, json_t *rate, json_t *path)
{
	json_t *message = json_object();

	if (rate)
		json_object_set(message, "rate", rate);
	if (path)
		json_object_set(message, "path", path);
	if (client->exists)
		channel_send(&client->child.channel, message);
	json_decref(message);
}

void
stage_ask(struct stage *stage, json_t *message)
{
	json_t *rate = json_object_get(message, "rate");
	json_t *path = json_object_get(message, "path");

	if (stage->has_server && !stage->client.exists)
		stage_client_start(stage, &stage->client, stage->port, RATE,
		                   true);
	tell_client(&stage->client, rate, path);
	tell_client(&stage->cluster_client, rate, path);
}
