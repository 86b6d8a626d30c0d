#include "socket.h"

#include "core/emit.h"

#include <stdio.h>
#include <unistd.h>

int
socket_port_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	if (address->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return 0;
}

int
socket_port(const uv_tcp_t *tcp)
{
	struct sockaddr_storage address = {0};
	int size = sizeof(address);

	if (uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &size))
		return 0;
	return socket_port_of((struct sockaddr *)&address);
}

int
socket_peer_port(const uv_tcp_t *tcp)
{
	struct sockaddr_storage address = {0};
	int size = sizeof(address);

	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &size))
		return 0;
	return socket_port_of((struct sockaddr *)&address);
}

uint64_t
socket_channel(int client_port, int server_port)
{
	return channel_id(CHANNEL_SOCKET, (uint32_t)client_port,
	                  (uint32_t)server_port);
}

void
socket_tell_listen(int port, const char *how)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_BORN,
	    .channel =
		channel_id(CHANNEL_LISTEN, (uint32_t)getpid(), (uint32_t)port),
	    .number = CHANNEL_LISTEN,
	    .value = (uint64_t)port,
	};
	char name[32];

	snprintf(name, sizeof(name), "%s %d", how, port);
	emit(&event, name);
}

void
socket_tell_closed(int port)
{
	struct event event = {
	    .kind = EVENT_CHANNEL_DIED,
	    .channel =
		channel_id(CHANNEL_LISTEN, (uint32_t)getpid(), (uint32_t)port),
	};

	emit(&event, NULL);
}
