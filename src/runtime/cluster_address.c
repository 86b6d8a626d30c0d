#include "cluster_address.h"

#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

struct cluster_address
cluster_address_of(const json_t *message)
{
	const json_t *type = json_object_get(message, "addressType");
	const json_t *port = json_object_get(message, "port");
	const char *name = json_string_value(type);
	struct cluster_address address = {
	    .type = CLUSTER_TCP4,
	    .address = json_string_value(json_object_get(message, "address")),
	    .port = json_is_integer(port) && json_integer_value(port) >= 0 &&
	                    json_integer_value(port) < 65536
	                ? (int)json_integer_value(port)
	                : -1,
	};

	if (name && strcmp(name, "udp4") == 0)
		address.type = CLUSTER_UDP4;
	else if (name && strcmp(name, "udp6") == 0)
		address.type = CLUSTER_UDP6;
	else if (json_integer_value(type) == CLUSTER_TCP6)
		address.type = CLUSTER_TCP6;
	else if (json_integer_value(type) == CLUSTER_PIPE)
		address.type = CLUSTER_PIPE;
	return address;
}

json_t *
cluster_address_type_json(enum cluster_address_type type)
{
	if (type == CLUSTER_UDP4)
		return json_string("udp4");
	if (type == CLUSTER_UDP6)
		return json_string("udp6");
	return json_integer(type);
}

bool
cluster_address_is_udp(enum cluster_address_type type)
{
	return type == CLUSTER_UDP4 || type == CLUSTER_UDP6;
}

void
cluster_handle_init(union cluster_handle *handle, struct loop *loop,
                    enum cluster_address_type type)
{
	if (type == CLUSTER_PIPE)
		uv_pipe_init(&loop->uv, &handle->pipe, 0);
	else if (cluster_address_is_udp(type))
		uv_udp_init(&loop->uv, &handle->udp);
	else
		uv_tcp_init(&loop->uv, &handle->tcp);
}

static int
bind_pipe(uv_pipe_t *pipe, const char *path)
{
	if (!path)
		return -EINVAL;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -ENAMETOOLONG;
	return uv_pipe_bind(pipe, path);
}

static int
bind_to(union cluster_handle *handle, enum cluster_address_type type,
        const char *text, int port, unsigned flags)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} where;

	if (uv_ip4_addr(text, port, &where.four) &&
	    uv_ip6_addr(text, port, &where.six))
		return -EINVAL;
	if (cluster_address_is_udp(type))
		return uv_udp_bind(
		    &handle->udp, &where.any,
		    flags & (UV_UDP_IPV6ONLY | UV_UDP_REUSEADDR));
	return uv_tcp_bind(
	    &handle->tcp, &where.any,
	    where.any.sa_family == AF_INET6 ? flags & UV_TCP_IPV6ONLY : 0);
}

/* libuv makes the socket of a family when it binds, and keeps it: the handle
 * cannot try another one. */
static bool
has_ipv6(struct loop *loop)
{
	struct sockaddr_in6 any;
	uv_tcp_t *probe = malloc(sizeof(*probe));
	int error;

	if (!probe)
		return false;
	uv_ip6_addr("::", 0, &any);
	uv_tcp_init(&loop->uv, probe);
	error = uv_tcp_bind(probe, (struct sockaddr *)&any, 0);
	uv_close((uv_handle_t *)probe, (uv_close_cb)free);
	return error == 0;
}

int
cluster_handle_bind(union cluster_handle *handle, struct loop *loop,
                    const struct cluster_address *address, unsigned flags)
{
	const char *text = address->address;

	if (address->type == CLUSTER_PIPE)
		return bind_pipe(&handle->pipe, text);
	if (address->port < 0)
		return -EINVAL;
	if (!text && address->type == CLUSTER_UDP4)
		text = "0.0.0.0";
	else if (!text)
		text = has_ipv6(loop) ? "::" : "0.0.0.0";
	return bind_to(handle, address->type, text, address->port, flags);
}

int
cluster_handle_port(const union cluster_handle *handle)
{
	struct sockaddr_storage name = {0};
	int size = sizeof(name);

	if (handle->any.type == UV_TCP)
		return socket_port(&handle->tcp);
	if (handle->any.type != UV_UDP ||
	    uv_udp_getsockname(&handle->udp, (struct sockaddr *)&name, &size))
		return 0;
	return socket_port_of((struct sockaddr *)&name);
}
