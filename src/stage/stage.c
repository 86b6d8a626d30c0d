#include "stage.h"

#include <stdlib.h>

static const struct {
	const char *name;
	stage_command *run;
} commands[] = {
    {"serve", stage_serve},
    {"rate", stage_ask},
    {"path", stage_ask},
    {"spawn", stage_spawn},
    {"exec", stage_exec},
    {"execFile", stage_exec_file},
    {"fork", stage_fork},
    {"leave", stage_leave},
    {"detached", stage_detach},
    {"zombie", stage_zombie},
    {"killGroup", stage_kill_group},
    {"cluster", stage_cluster},
    {"disconnect", stage_disconnect},
    {"reload", stage_reload},
    {"respawn", stage_respawn},
    {"policy", stage_policy},
    {"thread", stage_thread},
    {"post", stage_post},
    {"terminate", stage_terminate},
    {"race", stage_race},
    {"load", stage_load},
    {"ping", stage_ping},
};

/* The key that is a command's name says what to do. */
static void
on_message(struct channel *channel, json_t *message, bool has_handle)
{
	char *text;

	(void)has_handle;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (json_object_get(message, commands[i].name)) {
			commands[i].run(channel->data, message);
			return;
		}
	text = json_dumps(message, JSON_COMPACT | JSON_ENCODE_ANY);
	role_note(NOTE_ERROR, "The stage does not know what %.60s means.",
	          text ? text : "that");
	free(text);
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
stage_note_answer(json_t *answer, const char *where)
{
	const char *done = json_string_value(json_object_get(answer, "done"));
	json_int_t ms = json_integer_value(json_object_get(answer, "ms"));

	if (done)
		role_note(NOTE_INFO, "%s, %lld ms on %s", done, (long long)ms,
		          where);
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
