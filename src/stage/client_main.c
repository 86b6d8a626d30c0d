/* A client: a process of its own, so that it goes on asking while the stage is
 * blocked. Arguments: port, requests a second, "keep" or "close", title. */
#include "role.h"

#include "load/http.h"

#include <stdlib.h>
#include <string.h>

struct client {
	struct role_process role;
	struct http_client http;
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	struct client *client = channel->data;
	json_t *rate = json_object_get(message, "rate");
	const char *path = json_string_value(json_object_get(message, "path"));

	(void)has_handle;
	if (json_is_integer(rate))
		http_client_set_rate(&client->http,
		                     (int)json_integer_value(rate));
	if (path)
		http_client_set_path(&client->http, path);
}

static void
on_disconnect(struct channel *channel)
{
	uv_stop(&channel->loop->uv);
}

static const struct channel_events events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

int
client_main(int argc, char **argv)
{
	static struct client client;

	if (argc < 6 || role_open(&client.role, argv[5], &events))
		return 1;
	client.role.channel.data = &client;
	http_client_start(&client.http, &client.role.loop, atoi(argv[2]),
	                  atoi(argv[3]), strcmp(argv[4], "keep") == 0);
	loop_run(&client.role.loop);
	return 0;
}
