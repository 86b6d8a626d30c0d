/*
 * The ports of a worker.
 *
 * Failures, before line one:
 * - the primary cannot have the port: its errno is ours;
 * - a shared socket is not bound to the port (an early bind failed quietly): we
 *   do not listen on another one, it is EADDRINUSE, as in Node;
 * - a connection comes for a server that we have closed, or cannot accept
 * aloud: refused, and the primary deals it again, to somebody else.
 */
#include "cluster_scope_inner.h"

#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG = 511 };

/* ---- the end ---- */

static void
forget(struct cluster_listener *listener)
{
	struct cluster_listener **at = &listener->scope->listeners;

	while (*at && *at != listener)
		at = &(*at)->next;
	if (*at)
		*at = listener->next;
	free((char *)listener->address.address);
	free(listener->key);
	listener->address.address = NULL;
	listener->key = NULL;
}

void
cluster_scope_unlisten(struct cluster_listener *listener)
{
	if (listener->is_open) {
		if (listener->port)
			socket_tell_closed(listener->port);
		cluster_scope_say(listener->scope,
		                  json_pack("{s:s,s:s}", "act", "close", "key",
		                            listener->key));
	}
	if (listener->shared)
		uv_close(&listener->shared->any, (uv_close_cb)free);
	listener->shared = NULL;
	listener->is_open = listener->is_asking = false;
	forget(listener);
}

/* ---- asking ---- */

static bool
is_same(const struct cluster_address *a, const struct cluster_address *b)
{
	return a->type == b->type && a->port == b->port &&
	       strcmp(a->address ? a->address : "",
	              b->address ? b->address : "") == 0;
}

/* Two servers of one worker are two, also where both ask for any port. */
static int
free_index(const struct cluster_scope *scope,
           const struct cluster_address *address)
{
	struct cluster_listener *other = scope->listeners;
	int index = 0;

	for (; other; other = other->next)
		if (is_same(&other->address, address) && other->index >= index)
			index = other->index + 1;
	return index;
}

static json_t *
address_json(const struct cluster_listener *listener, const char *act, int port)
{
	return json_pack("{s:s,s:s?,s:i,s:o,s:i}", "act", act, "address",
	                 listener->address.address, "port", port, "addressType",
	                 cluster_address_type_json(listener->address.type),
	                 "index", listener->index);
}

int
cluster_scope_listen(struct cluster_scope *scope,
                     struct cluster_listener *listener,
                     const struct cluster_address *address, int backlog)
{
	json_t *body;

	memset(listener, 0, offsetof(struct cluster_listener, data));
	listener->scope = scope;
	listener->address = *address;
	if (address->address)
		listener->address.address = strdup(address->address);
	if (address->type == CLUSTER_PIPE)
		listener->address.port = -1;
	listener->backlog = backlog > 0 ? backlog : BACKLOG;
	listener->index = free_index(scope, &listener->address);
	listener->query_seq = scope->seq;
	listener->is_asking = true;
	listener->next = scope->listeners;
	scope->listeners = listener;
	body = address_json(listener, "queryServer", listener->address.port);
	json_object_set_new(body, "backlog", json_integer(listener->backlog));
	json_object_set_new(body, "data", json_null());
	return cluster_scope_say(scope, body);
}

/* ---- the answer ---- */

static void
take(struct cluster_listener *listener, uv_stream_t *stream)
{
	struct loop *loop = listener->scope->loop;

	loop_callback(loop, "connection");
	listener->scope->events->connection(listener, stream);
	loop_callback(loop, NULL);
}

static bool
is_wanted(struct cluster_listener *listener)
{
	const struct cluster_scope_events *events = listener->scope->events;

	return !events->accepts || events->accepts(listener);
}

/* With a shared handle it is ours: what is not wanted is closed, as in Node. */
static void
on_connection(uv_stream_t *server, int status)
{
	struct cluster_listener *listener = server->data;
	union cluster_handle *handle =
	    status < 0 ? NULL : malloc(sizeof(*handle));

	if (!handle)
		return;
	cluster_handle_init(handle, listener->scope->loop,
	                    listener->address.type);
	if (uv_accept(server, &handle->stream) || !is_wanted(listener))
		uv_close(&handle->any, (uv_close_cb)free);
	else
		take(listener, &handle->stream);
}

static int
listen_shared(struct cluster_listener *listener)
{
	int asked = listener->address.port;
	struct channel *channel = listener->scope->channel;
	union cluster_handle *handle = calloc(1, sizeof(*handle));
	int error;

	if (!handle)
		return -ENOMEM;
	cluster_handle_init(handle, listener->scope->loop,
	                    listener->address.type);
	handle->any.data = listener;
	listener->shared = handle;
	error = channel_accept(channel, &handle->stream);
	if (error)
		return error;
	listener->port = cluster_handle_port(handle);
	if (listener->address.type != CLUSTER_PIPE && asked > 0 &&
	    listener->port != asked)
		return -EADDRINUSE;
	if (cluster_address_is_udp(listener->address.type))
		return 0;
	return uv_listen(&handle->stream, listener->backlog, on_connection);
}

static int
opened(struct cluster_listener *listener, json_t *message, bool has_handle)
{
	const char *key = json_string_value(json_object_get(message, "key"));
	json_t *name = json_object_get(message, "sockname");

	listener->key = strdup(key ? key : "");
	if (!listener->key)
		return -ENOMEM;
	listener->is_open = true;
	if (has_handle)
		return listen_shared(listener);
	listener->port = (int)json_integer_value(json_object_get(name, "port"));
	return 0;
}

static void
say_that_it_listens(struct cluster_listener *listener)
{
	if (listener->port)
		socket_tell_listen(listener->port,
		                   listener->shared ? "shared" : "dealt");
	cluster_scope_say(
	    listener->scope,
	    address_json(
		listener, "listening",
		listener->port ? listener->port : listener->address.port));
}

void
cluster_scope_answered(struct cluster_scope *scope, json_t *message,
                       bool has_handle)
{
	json_int_t ack = json_integer_value(json_object_get(message, "ack"));
	struct cluster_listener *listener = scope->listeners;
	int error;

	while (listener && (!listener->is_asking || listener->query_seq != ack))
		listener = listener->next;
	if (!listener)
		return;
	listener->is_asking = false;
	error = (int)json_integer_value(json_object_get(message, "errno"));
	if (!error)
		error = opened(listener, message, has_handle);
	if (error) {
		listener->port = 0;
		cluster_scope_unlisten(listener);
	} else {
		say_that_it_listens(listener);
	}
	if (scope->events->listening)
		scope->events->listening(listener, listener->port, error);
}

/* ---- a connection ---- */

static struct cluster_listener *
find_open(struct cluster_scope *scope, json_t *message)
{
	const char *key = json_string_value(json_object_get(message, "key"));
	struct cluster_listener *listener = scope->listeners;

	while (listener && key &&
	       (!listener->is_open || strcmp(listener->key, key) != 0))
		listener = listener->next;
	return key ? listener : NULL;
}

static union cluster_handle *
accept_dealt(struct cluster_listener *listener)
{
	union cluster_handle *handle = malloc(sizeof(*handle));

	if (!handle)
		return NULL;
	cluster_handle_init(handle, listener->scope->loop,
	                    listener->address.type);
	if (!channel_accept(listener->scope->channel, &handle->stream))
		return handle;
	uv_close(&handle->any, (uv_close_cb)free);
	return NULL;
}

void
cluster_scope_dealt(struct cluster_scope *scope, json_t *message,
                    bool has_handle)
{
	struct cluster_listener *listener = find_open(scope, message);
	union cluster_handle *handle = NULL;
	bool said;

	if (has_handle && listener && is_wanted(listener))
		handle = accept_dealt(listener);
	said = cluster_scope_say(
		   scope, json_pack("{s:O?,s:b}", "ack",
	                            json_object_get(message, "seq"), "accepted",
	                            handle != NULL)) >= 0;
	/* What takes the connection may be long about it. */
	channel_flush(scope->channel);
	if (handle && said)
		take(listener, &handle->stream);
	else if (handle)
		uv_close(&handle->any, (uv_close_cb)free);
}
