/* What a worker of the cluster is that looptop compare measures: it answers. */
#include "role.h"
#include "work.h"

#include "runtime/cluster_scope.h"

struct compare_worker {
	struct role_process role;
	struct cluster_scope scope;
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct compare_worker *worker = channel->data;
	json_t *reply;

	if (cluster_scope_message(&worker->scope, message, has_handle))
		return;
	reply = work_reply(message, channel->loop);
	if (reply)
		channel_send(channel, reply);
	json_decref(reply);
}

static void
on_disconnect(struct channel *channel)
{
	struct compare_worker *worker = channel->data;

	cluster_scope_disconnected(&worker->scope);
}

static const struct channel_events channel_events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

static const struct cluster_scope_events scope_events = {0};

int
compare_worker_main(int argc, char **argv)
{
	static struct compare_worker worker;

	(void)argc;
	(void)argv;
	if (role_open(&worker.role, "worker", &channel_events))
		return 1;
	worker.role.channel.data = &worker;
	if (cluster_scope_open(&worker.scope, &worker.role.loop,
	                       &worker.role.channel, &scope_events))
		return 1;
	role_run(&worker.role);
	return 0;
}
