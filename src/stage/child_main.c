/* A C child forked with a channel: it does what it is told and answers. */
#include "role.h"
#include "work.h"

#include <stdio.h>

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	json_t *reply = work_reply(message, channel->loop);

	(void)has_handle;
	if (reply)
		channel_send(channel, reply);
	json_decref(reply);
}

static const struct channel_events events = {.message = on_message};

int
child_main(int argc, char **argv)
{
	static struct role_process role;
	char title[32];

	snprintf(title, sizeof(title), "child %s", argc > 2 ? argv[2] : "");
	if (role_open(&role, title, &events))
		return 1;
	role_run(&role);
	return 0;
}
