/*
 * socket: what the stream hears of TCP.
 */
#ifndef RUNTIME_SOCKET_H
#define RUNTIME_SOCKET_H

#include "loop.h"

/* The port in an address; 0 when it has none. */
int socket_port_of(const struct sockaddr *address);

/* The port at our end of `tcp`, or at the peer's; 0 when there is none. */
int socket_port(const uv_tcp_t *tcp);
int socket_peer_port(const uv_tcp_t *tcp);

/* The channel of a connection between a client's and a server's port. */
uint64_t socket_channel(int client_port, int server_port);

/* This thread listens on `port`, or shares in it (`how`: "port", "dealt",
 * "shared"), and so has to answer; it does no longer. */
void socket_tell_listen(int port, const char *how);
void socket_tell_closed(int port);

#endif
