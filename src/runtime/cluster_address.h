/*
 * cluster_address: where a server of a cluster listens, as the primary and its
 * workers say it to each other (Node: the 'listening' event's argument).
 */
#ifndef RUNTIME_CLUSTER_ADDRESS_H
#define RUNTIME_CLUSTER_ADDRESS_H

#include "loop.h"

#include <jansson.h>

/* Node says "udp4" and "udp6" for the last two. */
enum cluster_address_type {
	CLUSTER_PIPE = -1,
	CLUSTER_TCP4 = 4,
	CLUSTER_TCP6 = 6,
	CLUSTER_UDP4 = 104,
	CLUSTER_UDP6 = 106,
};

struct cluster_address {
	enum cluster_address_type type;
	const char *address; /* or path; NULL: any; borrowed */
	int port;            /* -1: a path */
};

/* Any handle that listens or is listened for. */
union cluster_handle {
	uv_handle_t any;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
	uv_udp_t udp;
};

/* What a message of a worker says; strings are borrowed from it. */
struct cluster_address cluster_address_of(const json_t *message);

/* Node's words for the type, for a message: a new reference. */
json_t *cluster_address_type_json(enum cluster_address_type type);

bool cluster_address_is_udp(enum cluster_address_type type);

/* Initialises a handle of that type on the loop. */
void cluster_handle_init(union cluster_handle *handle, struct loop *loop,
                         enum cluster_address_type type);

/* Binds it; flags are libuv's (UV_TCP_IPV6ONLY, UV_UDP_REUSEADDR). Any address
 * is :: and, where there is no IPv6, 0.0.0.0 (Node: server.listen(port)). 0 or
 * -errno; on an error the handle may have to be initialised again. */
int cluster_handle_bind(union cluster_handle *handle, struct loop *loop,
                        const struct cluster_address *address, unsigned flags);

/* The port it is bound to; 0: none. */
int cluster_handle_port(const union cluster_handle *handle);

#endif
