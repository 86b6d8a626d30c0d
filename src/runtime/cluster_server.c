/*
 * The ports (Node: RoundRobinHandle, SharedHandle).
 *
 * Failures, before line one:
 * - a port cannot be had: the server exists until those who asked are told;
 * - a shared handle is still on its way to a worker when the server is to be
 *   closed: it is closed when that is over.
 */
#include "cluster_inner.h"

#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 511 };

static int
integer_of(const json_t *message, const char *name, int otherwise)
{
	const json_t *value = json_object_get(message, name);

	return json_is_integer(value) ? (int)json_integer_value(value)
	                              : otherwise;
}

/* ---- the end of a server ---- */

void
cluster_server_release(struct cluster_server *server)
{
	struct cluster *cluster = server->cluster;
	struct cluster_server **at = &cluster->servers;

	if (--server->holds > 0)
		return;
	while (*at != server)
		at = &(*at)->next;
	*at = server->next;
	free((char *)server->address.address);
	free(server->key);
	free(server);
	cluster_release(cluster);
}

static void
on_closed(uv_handle_t *handle)
{
	cluster_server_release(handle->data);
}

static void
close_handle(struct cluster_server *server)
{
	bool is_needed = server->is_shared && server->members;

	if (!is_needed && !uv_is_closing(&server->handle.any))
		uv_close(&server->handle.any, on_closed);
}

/* Whether we have to answer at a port. */
static bool
is_accepting(const struct cluster_server *server)
{
	return !server->is_shared && server->address.type != CLUSTER_PIPE;
}

void
cluster_server_close(struct cluster_server *server)
{
	struct cluster *cluster = server->cluster;

	if (server->is_closing)
		return;
	server->is_closing = true;
	cluster_deal_drop(server);
	close_handle(server);
	if (!server->error) {
		if (is_accepting(server))
			socket_tell_closed(server->address.port);
		if (cluster->events->unbound)
			cluster->events->unbound(cluster, &server->address);
	}
}

void
cluster_server_member_ended(struct cluster_server *server)
{
	if (server->is_closing)
		close_handle(server);
	cluster_server_release(server);
}

/* ---- the beginning of a server ---- */

/* As a worker of Node's primary is told it, and as opaque to it. */
char *
cluster_server_key(const json_t *message)
{
	struct cluster_address address = cluster_address_of(message);
	char *key;

	if (asprintf(&key, "%s:%d:%d:%d:%d",
	             address.address ? address.address : "", address.port,
	             address.type, integer_of(message, "fd", -1),
	             integer_of(message, "index", 0)) < 0)
		return NULL;
	return key;
}

/* A descriptor of the primary (Node: listen({fd})). A worker can say any
 * number, so it gets no more than a copy, and of no connection: that may be the
 * channel of another worker. */
static int
open_fd(struct cluster_server *server, int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	int copy, error;

	if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
		return -EISCONN;
	if (errno != ENOTCONN)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	if (server->address.type == CLUSTER_PIPE)
		error = uv_pipe_open(&server->handle.pipe, copy);
	else if (cluster_address_is_udp(server->address.type))
		error = uv_udp_open(&server->handle.udp, copy);
	else
		error = uv_tcp_open(&server->handle.tcp, copy);
	if (error)
		close(copy);
	return error;
}

/* That a port is in use libuv says when the name is asked for, not before. */
static int
bound_port(struct cluster_server *server)
{
	struct sockaddr_storage name;
	int size = sizeof(name);

	if (server->handle.any.type == UV_TCP) {
		int error = uv_tcp_getsockname(&server->handle.tcp,
		                               (struct sockaddr *)&name, &size);

		if (error)
			return error;
	}
	server->address.port = cluster_handle_port(&server->handle);
	return 0;
}

static int
open_server(struct cluster_server *server, const json_t *message)
{
	int fd = integer_of(message, "fd", -1);
	int backlog = integer_of(message, "backlog", BACKLOG);
	int flags = integer_of(message, "flags", 0), error;

	error = fd >= 0 ? open_fd(server, fd)
	                : cluster_handle_bind(
			      &server->handle, server->cluster->loop,
			      &server->address, (unsigned)flags);
	if (!error)
		error = bound_port(server);
	if (!error && !server->is_shared)
		error = uv_listen(&server->handle.stream,
		                  backlog > 0 ? backlog : BACKLOG,
		                  cluster_deal_accept);
	return error;
}

struct cluster_server *
cluster_server_new(struct cluster *cluster, const json_t *message, char *key)
{
	struct cluster_server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->cluster = cluster;
	server->key = key;
	server->holds = 1;
	server->last = &server->first;
	server->last_free = &server->first_free;
	server->address = cluster_address_of(message);
	if (server->address.address)
		server->address.address = strdup(server->address.address);
	server->is_shared = cluster->frozen == CLUSTER_SHARED ||
	                    cluster_address_is_udp(server->address.type);
	cluster_handle_init(&server->handle, cluster->loop,
	                    server->address.type);
	server->handle.any.data = server;
	server->next = cluster->servers;
	cluster->servers = server;
	cluster->open++;
	server->error = open_server(server, message);
	if (!server->error && is_accepting(server))
		socket_tell_listen(server->address.port, "port");
	return server;
}

json_t *
cluster_server_name(const struct cluster_server *server)
{
	struct sockaddr_storage name = {0};
	int size = sizeof(name);
	char text[INET6_ADDRSTRLEN] = "";

	if (server->handle.any.type != UV_TCP)
		return json_null();
	uv_tcp_getsockname(&server->handle.tcp, (struct sockaddr *)&name,
	                   &size);
	if (name.ss_family == AF_INET6)
		uv_ip6_name((struct sockaddr_in6 *)&name, text, sizeof(text));
	else
		uv_ip4_name((struct sockaddr_in *)&name, text, sizeof(text));
	return json_pack("{s:s,s:s,s:i}", "address", text, "family",
	                 name.ss_family == AF_INET6 ? "IPv6" : "IPv4", "port",
	                 server->address.port);
}

struct cluster_server *
cluster_server_find(struct cluster *cluster, const char *key)
{
	struct cluster_server *server = cluster->servers;

	while (server && (server->is_closing || strcmp(server->key, key) != 0))
		server = server->next;
	return server;
}
