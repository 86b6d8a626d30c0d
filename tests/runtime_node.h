/*
 * A real Node at the other end: its script in a file, what it sent, and what
 * happened to it.
 */
#ifndef TESTS_RUNTIME_NODE_H
#define TESTS_RUNTIME_NODE_H

#include "runtime_world.h"

#include "runtime/child.h"

struct fixture {
	struct world world;
	char script[64]; /* a file */
	struct child child;
	json_t *got;
	int spawns, messages, handles, disconnects, exits, closes, sent;
	uv_tcp_t taken; /* the handle that came with a message */
};

static inline void
on_message(struct child *child, json_t *message, bool has_handle)
{
	struct fixture *fixture = child->data;

	json_array_append(fixture->got, message);
	fixture->messages++;
	if (!has_handle)
		return;
	fixture->handles++;
	uv_tcp_init(&fixture->world.loop.uv, &fixture->taken);
	channel_accept(&child->channel, (uv_stream_t *)&fixture->taken);
}

static inline void
on_handle_sent(struct child *child, uv_stream_t *handle)
{
	struct fixture *fixture = child->data;

	fixture->sent++;
	uv_close((uv_handle_t *)handle, NULL);
}

static inline void
on_disconnect(struct child *child)
{
	struct fixture *fixture = child->data;

	fixture->disconnects++;
	world_say(&fixture->world, "disconnect");
}

static inline void
on_spawn(struct child *child)
{
	struct fixture *fixture = child->data;

	fixture->spawns++;
	world_say(&fixture->world, "spawn");
}

static inline void
on_exit_child(struct child *child, int code, int signal)
{
	struct fixture *fixture = child->data;

	(void)code;
	(void)signal;
	fixture->exits++;
	world_say(&fixture->world, "exit");
}

static inline void
on_close(struct child *child)
{
	struct fixture *fixture = child->data;

	fixture->closes++;
	world_say(&fixture->world, "close");
}

static const struct child_events events = {
    .spawn = on_spawn,
    .message = on_message,
    .handle_sent = on_handle_sent,
    .disconnect = on_disconnect,
    .exit = on_exit_child,
    .close = on_close,
};

static inline bool
has_node(void)
{
	static int answer = -1;

	if (answer < 0)
		answer = system("node --version >/dev/null 2>&1");
	return answer == 0;
}

static inline int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	world_init(&fixture->world);
	fixture->got = json_array();
	*state = fixture;
	return 0;
}

static inline int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	if (*fixture->script)
		unlink(fixture->script);
	json_decref(fixture->got);
	return world_close(state);
}

static inline void
write_script(struct fixture *fixture, const char *text)
{
	int fd;

	strcpy(fixture->script, "/tmp/runtime_node.XXXXXX");
	fd = mkostemp(fixture->script, O_CLOEXEC);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void
start_node(struct fixture *fixture, const char *text, bool channel,
           const char *argument)
{
	const char *const args[] = {"node", fixture->script, argument, NULL};
	const struct child_options options = {
	    .how = BIRTH_FORK,
	    .file = "node",
	    .args = args,
	    .in = CHILD_IGNORE,
	    .channel = channel,
	};

	write_script(fixture, text);
	assert_int_equal(child_spawn(&fixture->child, &fixture->world.loop,
	                             &options, &events),
	                 0);
	fixture->child.data = fixture;
}

static inline void
run_until_closed(struct fixture *fixture)
{
	world_run(&fixture->world, &fixture->closes, 1);
}

static inline void
say(struct fixture *fixture, json_t *message)
{
	assert_true(channel_send(&fixture->child.channel, message) >= 0);
	json_decref(message);
}

/* This program, for fork() of a real Node. */
static inline const char *
own_path(void)
{
	static char self[4096];
	size_t size = sizeof(self);

	uv_exepath(self, &size);
	return self;
}

static inline const char *
first_line(struct fixture *fixture)
{
	return told_nth(&fixture->world, EVENT_STDOUT, 0)->text;
}

#endif
