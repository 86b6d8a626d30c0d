/*
 * Which workers are in which servers (Node: queryServer()).
 *
 * Failures, before line one:
 * - a worker leaves while a handle of ours is still on its way to it: its
 *   membership goes on until that is over, since the channel may yet send it;
 * - its channel ends: nothing is on its way any more, what was comes back.
 */
#include "cluster_inner.h"

#include <errno.h>
#include <stdlib.h>

void
cluster_listen_sweep(struct cluster *cluster)
{
	struct cluster_server *server = cluster->servers;

	if (cluster_respawn_keeps_ports(cluster))
		return;
	for (; server; server = server->next)
		if (!server->workers)
			cluster_server_close(server);
}

/* ---- members ---- */

static struct cluster_member *
find_member(struct cluster_server *server, struct cluster_worker *worker)
{
	struct cluster_member *member = server->members;

	while (member && (member->worker != worker || member->has_left))
		member = member->next;
	return member;
}

static struct cluster_member *
add_member(struct cluster_server *server, struct cluster_worker *worker)
{
	struct cluster_member *member = find_member(server, worker);

	if (!member)
		member = calloc(1, sizeof(*member));
	if (!member || member->server)
		return member;
	member->server = server;
	member->worker = worker;
	member->next = server->members;
	server->members = member;
	server->workers++;
	server->holds++;
	return member;
}

static void
leave(struct cluster_member *member)
{
	if (member->has_left)
		return;
	cluster_deal_not_free(member);
	member->has_left = true;
	member->server->workers--;
}

static void
unlink_member(struct cluster_member *member)
{
	struct cluster_member **at = &member->server->members;

	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
}

static void
end_member(struct cluster_member *member)
{
	struct cluster_server *server = member->server;

	free(member);
	cluster_server_member_ended(server);
}

void
cluster_listen_settle(struct cluster_member *member)
{
	if (!member->has_left || member->dealt || member->is_sending)
		return;
	unlink_member(member);
	end_member(member);
}

void
cluster_listen_leave(struct cluster_worker *worker, const char *key)
{
	struct cluster_server *server =
	    key ? cluster_server_find(worker->cluster, key) : NULL;
	struct cluster_member *member =
	    server ? find_member(server, worker) : NULL;

	if (!member)
		return;
	leave(member);
	cluster_listen_sweep(worker->cluster);
	cluster_listen_settle(member);
}

void
cluster_listen_leave_all(struct cluster_worker *worker)
{
	struct cluster_server *server = worker->cluster->servers;

	while (server) {
		struct cluster_server *next = server->next;
		struct cluster_member *member = find_member(server, worker);

		if (member) {
			leave(member);
			cluster_listen_settle(member);
		}
		server = next;
	}
	cluster_listen_sweep(worker->cluster);
}

static struct cluster_member *
any_member(struct cluster_worker *worker)
{
	struct cluster_server *server = worker->cluster->servers;

	for (; server; server = server->next)
		for (struct cluster_member *member = server->members; member;
		     member = member->next)
			if (member->worker == worker)
				return member;
	return NULL;
}

/* What comes back is dealt at once, and that may end another channel: nothing
 * that was looked up before is good after. */
void
cluster_listen_lost(struct cluster_worker *worker)
{
	struct cluster_member *member;

	while ((member = any_member(worker)) != NULL) {
		leave(member);
		unlink_member(member);
		cluster_deal_return(member);
		end_member(member);
	}
	cluster_listen_sweep(worker->cluster);
}

/* ---- the answer ---- */

static void
refuse(struct cluster_worker *worker, const json_t *message, int error)
{
	cluster_say(worker,
	            json_pack("{s:i,s:O?,s:n}", "errno", error, "ack",
	                      json_object_get(message, "seq"), "data"),
	            NULL);
}

static void
answer_shared(struct cluster_member *member, json_t *body)
{
	json_object_set_new(body, "errno", json_integer(0));
	if (member->is_sending) { /* asked twice */
		json_decref(body);
		return;
	}
	member->is_sending = true;
	if (cluster_say(member->worker, body, &member->server->handle) < 0)
		member->is_sending = false;
}

/* Free from now on, not from `listening` on: as in Node. The answer may end the
 * channel, so the member is looked up again. */
static void
answer_dealt(struct cluster_member *member, json_t *body)
{
	struct cluster_server *server = member->server;
	struct cluster_worker *worker = member->worker;

	json_object_set_new(body, "errno", json_null());
	json_object_set_new(body, "sockname", cluster_server_name(server));
	server->holds++;
	cluster_say(worker, body, NULL);
	member = find_member(server, worker);
	if (member)
		cluster_deal_free(member);
	cluster_server_release(server);
}

static void
answer(struct cluster_worker *worker, json_t *message,
       struct cluster_server *server)
{
	struct cluster_member *member = NULL;
	json_t *body;

	if (server && !server->error)
		member = add_member(server, worker);
	if (!member) {
		refuse(worker, message, server ? server->error : -ENOMEM);
		return;
	}
	body = json_pack("{s:s,s:O?,s:n}", "key", server->key, "ack",
	                 json_object_get(message, "seq"), "data");
	if (server->is_shared)
		answer_shared(member, body);
	else
		answer_dealt(member, body);
}

void
cluster_listen_query(struct cluster_worker *worker, json_t *message)
{
	struct cluster *cluster = worker->cluster;
	char *key = cluster_server_key(message);
	struct cluster_server *server =
	    key ? cluster_server_find(cluster, key) : NULL;
	bool is_new = key && !server;

	if (is_new)
		server = cluster_server_new(cluster, message, key);
	if (!is_new || !server)
		free(key);
	answer(worker, message, server);
	if (!is_new || !server)
		return;
	if (cluster->events->bound)
		cluster->events->bound(cluster, &server->address,
		                       server->error);
	if (server->error)
		cluster_server_close(server);
}
