/* A worker of a cluster, seen from inside. */
#include "cluster.h"

#include "socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sends {cmd:NODE_CLUSTER, act, ...more, seq}; takes over `more`. */
static int
send_act(struct cluster_scope *scope, const char *act, json_t *more)
{
	json_t *message =
	    json_pack("{s:s,s:s}", "cmd", "NODE_CLUSTER", "act", act);
	int result;

	if (more)
		json_object_update(message, more);
	json_decref(more);
	json_object_set_new(message, "seq", json_integer(scope->seq++));
	result = channel_send(scope->channel, message);
	json_decref(message);
	return result;
}

int
cluster_scope_open(struct cluster_scope *scope, struct loop *loop,
                   struct channel *channel,
                   const struct cluster_scope_events *events)
{
	const char *id = getenv("NODE_UNIQUE_ID");

	memset(scope, 0, sizeof(*scope));
	scope->loop = loop;
	scope->channel = channel;
	scope->events = events;
	if (!id)
		return -ENOENT;
	scope->id = atoi(id);
	unsetenv("NODE_UNIQUE_ID");
	send_act(scope, "online", NULL);
	return 0;
}

int
cluster_scope_listen(struct cluster_scope *scope, const char *address, int port)
{
	scope->query_seq = scope->seq;
	return send_act(
	    scope, "queryServer",
	    json_pack("{s:s,s:i,s:i,s:i,s:n}", "address", address, "port", port,
	              "addressType", 4, "index", 0, "data"));
}

static void
on_answer(struct cluster_scope *scope, json_t *message)
{
	json_t *sockname = json_object_get(message, "sockname");
	int error = (int)json_integer_value(json_object_get(message, "errno"));
	const char *key = json_string_value(json_object_get(message, "key"));

	scope->port =
	    (int)json_integer_value(json_object_get(sockname, "port"));
	snprintf(scope->key, sizeof(scope->key), "%s", key ? key : "");
	if (!error) {
		socket_tell_listen(scope->port, "dealt");
		send_act(scope, "listening",
		         json_pack("{s:i,s:i,s:n}", "port", scope->port,
		                   "addressType", 4, "address"));
	}
	scope->events->listening(scope, scope->port, error);
}

/* What we cannot accept aloud the primary deals again, to somebody else. */
static void
on_connection(struct cluster_scope *scope, json_t *message, bool has_handle)
{
	uv_tcp_t *tcp = has_handle ? malloc(sizeof(*tcp)) : NULL;
	bool accepted = false;
	json_t *reply;

	if (tcp) {
		uv_tcp_init(&scope->loop->uv, tcp);
		accepted =
		    channel_accept(scope->channel, (uv_stream_t *)tcp) == 0;
	}
	reply = json_pack("{s:s,s:O,s:b,s:i}", "cmd", "NODE_CLUSTER", "ack",
	                  json_object_get(message, "seq"), "accepted", accepted,
	                  "seq", (int)scope->seq++);
	accepted = channel_send(scope->channel, reply) >= 0 && accepted;
	json_decref(reply);
	if (accepted)
		scope->events->connection(scope, tcp);
	else if (tcp)
		uv_close((uv_handle_t *)tcp, (uv_close_cb)free);
}

bool
cluster_scope_message(struct cluster_scope *scope, json_t *message,
                      bool has_handle)
{
	const char *cmd = json_string_value(json_object_get(message, "cmd"));
	const char *act = json_string_value(json_object_get(message, "act"));
	json_t *ack = json_object_get(message, "ack");

	if (!cmd || strcmp(cmd, "NODE_CLUSTER") != 0)
		return false;
	if (json_is_integer(ack) && json_integer_value(ack) == scope->query_seq)
		on_answer(scope, message);
	else if (act && strcmp(act, "newconn") == 0)
		on_connection(scope, message, has_handle);
	else if (act && strcmp(act, "disconnect") == 0)
		scope->events->disconnect(scope);
	return true;
}
