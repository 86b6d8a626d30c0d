/*
 * What a worker says to its primary in NODE_CLUSTER messages. All of it is
 * input: what makes no sense is not listened to.
 */
#include "cluster_inner.h"

#include <string.h>

static void
on_online(struct cluster_worker *worker, json_t *message)
{
	(void)message;
	worker->state = CLUSTER_ONLINE;
	CLUSTER_TELL(worker->cluster, worker, online);
	cluster_reload_see(worker);
}

/* Whom we have let go is not answered any more, as in Node. */
static void
on_query(struct cluster_worker *worker, json_t *message)
{
	if (!worker->exited_after_disconnect)
		cluster_listen_query(worker, message);
}

static void
on_listening(struct cluster_worker *worker, json_t *message)
{
	struct cluster_address address = cluster_address_of(message);

	worker->state = CLUSTER_LISTENING;
	worker->listens++;
	if (!worker->listened)
		worker->listened = uv_now(&worker->cluster->loop->uv);
	cluster_respawn_listening(worker);
	CLUSTER_TELL(worker->cluster, worker, listening, &address);
	cluster_reload_see(worker);
}

static void
on_close(struct cluster_worker *worker, json_t *message)
{
	cluster_listen_leave(
	    worker, json_string_value(json_object_get(message, "key")));
}

/* It wants to go, and goes when it knows that we know. */
static void
on_exited_after_disconnect(struct cluster_worker *worker, json_t *message)
{
	worker->exited_after_disconnect = true;
	cluster_say(worker,
	            json_pack("{s:O?}", "ack", json_object_get(message, "seq")),
	            NULL);
}

static const struct {
	const char *name;
	void (*run)(struct cluster_worker *worker, json_t *message);
} acts[] = {
    {"online", on_online},
    {"queryServer", on_query},
    {"listening", on_listening},
    {"close", on_close},
    {"exitedAfterDisconnect", on_exited_after_disconnect},
};

/* Node: internal is what has a cmd that begins with NODE_ and goes on. */
static bool
is_internal(const char *cmd)
{
	return cmd && strncmp(cmd, "NODE_", 5) == 0 && cmd[5];
}

bool
cluster_act(struct cluster_worker *worker, json_t *message)
{
	const char *cmd = json_string_value(json_object_get(message, "cmd"));
	const char *act = json_string_value(json_object_get(message, "act"));
	json_t *ack = json_object_get(message, "ack");

	if (!is_internal(cmd))
		return false;
	if (strcmp(cmd, "NODE_CLUSTER") != 0)
		return true;
	if (json_is_integer(ack)) {
		json_t *accepted = json_object_get(message, "accepted");

		cluster_deal_answered(worker, json_integer_value(ack),
		                      json_is_true(accepted));
		return true;
	}
	for (size_t i = 0; act && i < sizeof(acts) / sizeof(*acts); i++)
		if (strcmp(act, acts[i].name) == 0)
			acts[i].run(worker, message);
	return true;
}
