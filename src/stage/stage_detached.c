/* Children in odd states: detached, with a process group of their own; dead
 * and not waited for. */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

enum { SECONDS_MAX = 60 };

struct stage_detached {
	struct child child;
	struct stage *stage;
	struct stage_detached *next; /* an older one */
};

static void
take_out(struct stage_detached *gone)
{
	struct stage_detached **at = &gone->stage->detached;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (*at)
		*at = gone->next;
}

static void
on_exited(struct child *child, int code, int signal)
{
	if (signal)
		role_note(NOTE_WARNING, "%s: killed by SIG%s", child->command,
		          sigabbrev_np(signal));
	else
		role_note(code ? NOTE_WARNING : NOTE_INFO, "%s: exit code %d",
		          child->command, code);
}

static void
on_close(struct child *child)
{
	take_out(child->data);
	free(child->data);
}

static const struct child_events events = {
    .exit = on_exited,
    .close = on_close,
};

static struct stage_detached *
start(struct stage *stage, const struct child_options *options)
{
	struct stage_detached *new = calloc(1, sizeof(*new));

	if (!new)
		return NULL;
	new->stage = stage;
	new->child.data = new;
	if (!child_spawn(&new->child, &stage->role.loop, options, &events))
		return new;
	free(new);
	return NULL;
}

/* The shell has members in its group: what it starts. */
void
stage_detach(struct stage *stage, json_t *message)
{
	const char *command =
	    json_string_value(json_object_get(message, "detached"));
	const struct child_options options = {
	    .file = command,
	    .shell = "/bin/sh",
	    .in = CHILD_IGNORE,
	    .out = CHILD_IGNORE,
	    .err = CHILD_IGNORE,
	    .detached = true,
	};
	struct stage_detached *new;

	if (!command || !*command) {
		role_note(NOTE_ERROR, "There is no command to run.");
		return;
	}
	new = start(stage, &options);
	if (!new)
		return;
	child_unref(&new->child);
	new->next = stage->detached;
	stage->detached = new;
}

void
stage_zombie(struct stage *stage, json_t *message)
{
	json_int_t seconds =
	    json_integer_value(json_object_get(message, "zombie"));
	const struct child_options options = {
	    .file = "true",
	    .zombie_ms = seconds > 0 && seconds <= SECONDS_MAX
	                     ? (uint64_t)seconds * 1000
	                     : 1000,
	};
	const struct stage_detached *new = start(stage, &options);

	if (new &&new->child.pid)
		role_note(NOTE_INFO,
		          "pid %d has ended, but nobody waits for it: a zombie "
		          "for %llu s.",
		          new->child.pid,
		          (unsigned long long)options.zombie_ms / 1000);
}

void
stage_kill_group(struct stage *stage, json_t *message)
{
	struct stage_detached *newest = stage->detached;
	int error;

	(void)message;
	if (!newest) {
		role_note(NOTE_ERROR, "There is no detached child. Start one "
		                      "from the menu Child.");
		return;
	}
	error = child_kill_group(&newest->child, SIGTERM);
	if (error)
		role_note(NOTE_ERROR, "Group %d: %s.", newest->child.pid,
		          uv_strerror(error));
	else
		role_note(NOTE_INFO, "SIGTERM to the process group %d.",
		          newest->child.pid);
}
