#include "stage.h"

#include <string.h>

static const struct {
	const char *name;
	stage_command *run;
} commands[] = {
    {"serve", stage_serve},
    {"ask", stage_ask},
    {"spawn", stage_spawn},
    {"exec", stage_exec},
    {"execFile", stage_exec_file},
    {"fork", stage_fork},
    {"cluster", stage_cluster},
    {"cluster-end", stage_cluster_end},
    {"cluster-less", stage_cluster_less},
    {"thread", stage_thread},
    {"thread-end", stage_thread_end},
    {"load", stage_load},
    {"ping", stage_ping},
    {"quit", stage_quit},
};

static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	const char *name = json_string_value(json_object_get(message, "do"));

	(void)has_handle;
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(*commands);
	     i++)
		if (strcmp(name, commands[i].name) == 0) {
			commands[i].run(channel->data, message);
			return;
		}
	role_note(NOTE_ERROR, "stage: %s: no such command",
	          name ? name : "(none)");
}

/* Without its explorer a stage has nothing to live for; what it started is
 * ended by the guard. */
static void
on_disconnect(struct channel *channel)
{
	uv_stop(&channel->loop->uv);
}

static const struct channel_events events = {
    .message = on_message,
    .disconnect = on_disconnect,
};

void
stage_quit(struct stage *stage, json_t *message)
{
	(void)message;
	uv_stop(&stage->role.loop.uv);
}

void
stage_note_answer(json_t *answer, const char *where)
{
	const char *done = json_string_value(json_object_get(answer, "done"));
	const char *result =
	    json_string_value(json_object_get(answer, "result"));
	json_int_t ms = json_integer_value(json_object_get(answer, "ms"));

	if (done && result)
		role_note(NOTE_INFO, "%s = %s, %lld ms on %s", done, result,
		          (long long)ms, where);
}

int
stage_main(int argc, char **argv)
{
	static struct stage stage;

	(void)argc;
	(void)argv;
	if (role_open(&stage.role, "stage", &events))
		return 1;
	stage.role.channel.data = &stage;
	loop_run(&stage.role.loop);
	return 0;
}
