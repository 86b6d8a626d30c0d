/*
 * A worker's life, seen from inside (Node: lib/internal/cluster/child.js).
 *
 * Failures, before line one:
 * - the primary is gone: whoever was not to go ends at once;
 * - the channel takes no more when we want to leave: we go without leave.
 */
#include "cluster_scope_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
cluster_scope_say(struct cluster_scope *scope, json_t *body)
{
	json_t *message = json_pack("{s:s}", "cmd", "NODE_CLUSTER");
	int result = -ENOMEM;

	if (message && body) {
		json_object_update(message, body);
		json_object_set_new(message, "seq", json_integer(scope->seq++));
		result = channel_send(scope->channel, message);
	}
	json_decref(message);
	json_decref(body);
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
	cluster_scope_say(scope, json_pack("{s:s}", "act", "online"));
	return 0;
}

/* ---- going ---- */

/* The primary shall know that it was our wish before it sees us gone. */
static void
ask_to_leave(struct cluster_scope *scope)
{
	scope->is_leaving = true;
	scope->leave_seq = scope->seq;
	if (cluster_scope_say(
		scope, json_pack("{s:s}", "act", "exitedAfterDisconnect")) < 0)
		channel_disconnect(scope->channel);
}

void
cluster_scope_leave(struct cluster_scope *scope)
{
	if (scope->is_told)
		channel_disconnect(scope->channel);
	else if (!scope->is_leaving)
		ask_to_leave(scope);
}

static void
begin_to_go(struct cluster_scope *scope, bool is_told)
{
	if (scope->exited_after_disconnect)
		return;
	scope->exited_after_disconnect = true;
	scope->is_told = is_told;
	while (scope->listeners)
		cluster_scope_unlisten(scope->listeners);
	if (scope->events->disconnect)
		scope->events->disconnect(scope);
	else
		cluster_scope_leave(scope);
}

void
cluster_scope_disconnect(struct cluster_scope *scope)
{
	begin_to_go(scope, false);
}

void
cluster_scope_kill(struct cluster_scope *scope)
{
	if (scope->is_dying)
		return;
	scope->exited_after_disconnect = true;
	scope->is_dying = true;
	if (!scope->channel->connected)
		uv_stop(&scope->loop->uv);
	else
		ask_to_leave(scope);
}

void
cluster_scope_disconnected(struct cluster_scope *scope)
{
	if (!scope->exited_after_disconnect || scope->is_dying)
		uv_stop(&scope->loop->uv);
}

/* ---- what the primary says ---- */

static void
on_ack(struct cluster_scope *scope, json_t *message, bool has_handle)
{
	json_int_t ack = json_integer_value(json_object_get(message, "ack"));

	if (scope->is_leaving && ack == scope->leave_seq)
		channel_disconnect(scope->channel);
	else
		cluster_scope_answered(scope, message, has_handle);
}

bool
cluster_scope_message(struct cluster_scope *scope, json_t *message,
                      bool has_handle)
{
	const char *cmd = json_string_value(json_object_get(message, "cmd"));
	const char *act = json_string_value(json_object_get(message, "act"));

	if (!cmd || strcmp(cmd, "NODE_CLUSTER") != 0)
		return false;
	if (json_is_integer(json_object_get(message, "ack")))
		on_ack(scope, message, has_handle);
	else if (act && strcmp(act, "newconn") == 0)
		cluster_scope_dealt(scope, message, has_handle);
	else if (act && strcmp(act, "disconnect") == 0)
		begin_to_go(scope, true);
	return true;
}
