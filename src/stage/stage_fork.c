/* C children forked with a channel. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHILDREN_MAX = 64 };

struct stage_child {
	struct child child;
	struct stage *stage;
	struct stage_child *next;
	int id;
	int orders; /* not yet answered */
	int pings;  /* still to send */
};

static void
say(struct stage_child *to, json_t *message)
{
	channel_send(&to->child.channel, message);
	json_decref(message);
}

static void
next_ping(struct stage_child *to)
{
	if (to->pings > 0)
		say(to, json_pack("{s:i}", "ping", to->pings--));
}

static void
on_message(struct child *child, json_t *message, bool has_handle)
{
	struct stage_child *from = child->data;
	char where[32];

	(void)has_handle;
	if (json_object_get(message, "pong")) {
		next_ping(from);
		return;
	}
	from->orders--;
	snprintf(where, sizeof(where), "child %d", from->id);
	stage_note_answer(message, where);
}

static void
on_close(struct child *child)
{
	struct stage_child *gone = child->data;
	struct stage_child **at = &gone->stage->children;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	if (child->pid && (child->signal || child->code))
		role_note(NOTE_WARNING, "child %d ended: %s %d.", gone->id,
		          child->signal ? "signal" : "exit code",
		          child->signal ? child->signal : child->code);
	free(gone);
}

static const struct child_events events = {
    .message = on_message,
    .close = on_close,
};

static struct stage_child *
fork_child(struct stage *stage)
{
	struct stage_child *child = calloc(1, sizeof(*child));
	char id[16];
	const char *const args[] = {id, NULL};

	if (!child)
		return NULL;
	child->stage = stage;
	child->id = ++stage->child_ids;
	snprintf(id, sizeof(id), "%d", child->id);
	child->child.data = child;
	if (child_fork(&child->child, &stage->role.loop, BIRTH_FORK, "@child",
	               args, NULL, &events)) {
		free(child);
		return NULL;
	}
	child->next = stage->children;
	stage->children = child;
	return child;
}

void
stage_fork(struct stage *stage, json_t *message)
{
	json_int_t count = json_integer_value(json_object_get(message, "fork"));

	for (json_int_t i = 0; i < count && i < CHILDREN_MAX; i++)
		fork_child(stage);
}

/* It ends with its channel: nothing else keeps its loop. */
void
stage_leave(struct stage *stage, json_t *message)
{
	struct stage_child *child = stage->children;

	(void)message;
	while (child && !child->child.channel.connected)
		child = child->next;
	if (child)
		child_disconnect(&child->child);
	else
		role_note(NOTE_WARNING, "There is no forked child to "
		                        "disconnect.");
}

static struct stage_child *
idle_child(struct stage *stage)
{
	for (struct stage_child *child = stage->children; child;
	     child = child->next)
		if (!child->orders && !child->pings &&
		    child->child.channel.connected)
			return child;
	return fork_child(stage);
}

void
stage_child_load(struct stage *stage, const struct work *work)
{
	struct stage_child *child = idle_child(stage);

	if (!child)
		return;
	child->orders++;
	say(child, work_order(work));
}

void
stage_child_ping(struct stage *stage, int count)
{
	struct stage_child *child = idle_child(stage);

	if (!child)
		return;
	child->pings = count;
	next_ping(child);
}
