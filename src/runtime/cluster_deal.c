/*
 * Which worker gets which connection (Node: RoundRobinHandle).
 *
 * Failures, before line one:
 * - no worker is free: connections queue here, in order;
 * - a worker refuses one (accepted:false): it goes to the end, to whoever is
 *   free first, as in Node;
 * - a worker dies with one on its way: the primary still has its copy and deals
 *   it again, before the others (Node loses it);
 * - a worker answers before it has acknowledged the handle, or what it was not
 *   asked: not listened to, since the channel still has our handle.
 */
#include "cluster_inner.h"

#include <stdlib.h>

static void
free_connection(struct cluster_connection *connection)
{
	uv_close(&connection->handle.any, (uv_close_cb)free);
}

/* ---- who is free, in the order of becoming so ---- */

static void
add_free(struct cluster_member *member)
{
	struct cluster_server *server = member->server;

	member->is_free = true;
	member->next_free = NULL;
	*server->last_free = member;
	server->last_free = &member->next_free;
}

void
cluster_deal_not_free(struct cluster_member *member)
{
	struct cluster_server *server = member->server;
	struct cluster_member **at = &server->first_free;

	if (!member->is_free)
		return;
	member->is_free = false;
	while (*at != member)
		at = &(*at)->next_free;
	*at = member->next_free;
	if (!*at)
		server->last_free = at;
}

/* ---- what waits ---- */

static void
put_last(struct cluster_server *server, struct cluster_connection *connection)
{
	connection->next = NULL;
	*server->last = connection;
	server->last = &connection->next;
}

static void
put_first(struct cluster_server *server, struct cluster_connection *connection)
{
	connection->next = server->first;
	server->first = connection;
	if (!connection->next)
		server->last = &connection->next;
}

static struct cluster_connection *
take_first(struct cluster_server *server)
{
	struct cluster_connection *connection = server->first;

	server->first = connection->next;
	if (!server->first)
		server->last = &server->first;
	return connection;
}

void
cluster_deal_drop(struct cluster_server *server)
{
	while (server->first)
		free_connection(take_first(server));
}

/* ---- dealing ---- */

/* Once it is sent, the member may be gone: a channel that cannot write any more
 * ends at once, and all that was on its way comes back. */
static bool
hand_over(struct cluster_member *member, struct cluster_connection *connection)
{
	json_t *body = json_pack("{s:s,s:s}", "act", "newconn", "key",
	                         member->server->key);

	member->dealt = connection;
	member->is_sending = true;
	member->seq = member->server->cluster->seq;
	if (cluster_say(member->worker, body, &connection->handle) >= 0)
		return true;
	member->dealt = NULL;
	member->is_sending = false;
	return false;
}

static void
deal(struct cluster_server *server)
{
	while (server->first && server->first_free) {
		struct cluster_member *member = server->first_free;
		struct cluster_connection *connection = take_first(server);

		cluster_deal_not_free(member);
		if (!hand_over(member, connection))
			put_first(server, connection);
	}
}

void
cluster_deal_free(struct cluster_member *member)
{
	if (member->has_left || member->is_free || member->dealt)
		return;
	add_free(member);
	deal(member->server);
}

void
cluster_deal_accept(uv_stream_t *handle, int status)
{
	struct cluster_server *server = handle->data;
	struct cluster_connection *connection;

	if (status < 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return;
	cluster_handle_init(&connection->handle, server->cluster->loop,
	                    server->address.type);
	if (uv_accept(handle, &connection->handle.stream)) {
		free_connection(connection);
		return;
	}
	put_last(server, connection);
	deal(server);
}

/* ---- what becomes of it ---- */

static struct cluster_member *
find_dealt(struct cluster_worker *worker, json_int_t seq)
{
	struct cluster_server *server = worker->cluster->servers;

	for (; server; server = server->next)
		for (struct cluster_member *member = server->members; member;
		     member = member->next)
			if (member->worker == worker && member->dealt &&
			    member->seq == seq)
				return member;
	return NULL;
}

void
cluster_deal_answered(struct cluster_worker *worker, json_int_t seq,
                      bool accepted)
{
	struct cluster_member *member = find_dealt(worker, seq);
	struct cluster_connection *connection;
	struct cluster_server *server;
	bool has_left;

	if (!member || member->is_sending)
		return;
	has_left = member->has_left;
	server = member->server;
	connection = member->dealt;
	member->dealt = NULL;
	if (accepted || server->is_closing)
		free_connection(connection);
	else
		put_last(server, connection);
	/* When it is dealt to again it may be gone, see hand_over(). */
	if (!has_left)
		add_free(member);
	deal(server);
	if (has_left)
		cluster_listen_settle(member);
}

void
cluster_deal_sent(struct cluster_worker *worker, uv_stream_t *handle)
{
	struct cluster_server *server = worker->cluster->servers;
	struct cluster_member *found = NULL;

	for (; server; server = server->next)
		for (struct cluster_member *member = server->members; member;
		     member = member->next)
			if (member->worker == worker && member->is_sending &&
			    (handle == &server->handle.stream ||
			     (member->dealt &&
			      handle == &member->dealt->handle.stream)))
				found = member;
	if (!found)
		return;
	found->is_sending = false;
	cluster_listen_settle(found);
}

void
cluster_deal_return(struct cluster_member *member)
{
	struct cluster_connection *connection = member->dealt;

	member->dealt = NULL;
	member->is_sending = false;
	if (!connection)
		return;
	if (member->server->is_closing) {
		free_connection(connection);
		return;
	}
	put_first(member->server, connection);
	deal(member->server);
}
