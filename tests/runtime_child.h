/*
 * A child and what its events noted, for the tests of child processes. With an
 * argument their programs are the child: a role that begins with '@'.
 */
#ifndef TESTS_RUNTIME_CHILD_H
#define TESTS_RUNTIME_CHILD_H

#include "runtime_world.h"

#include "runtime/child_exec.h"
#include "runtime/child_stdio.h"
#include "runtime/lines.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* ---- fixture ---- */

struct fixture {
	struct world world;
	struct child child;
	json_t *got;
	char output[2][65536]; /* of stdout and stderr */
	size_t used[2];
	int spawns, errors, outputs, messages, disconnects, exits, closes;
	int drains, dones;
	int error;
	char failure[512]; /* what `done` was told */
	/* What was kept, as `close` saw it. */
	char *kept[2];
	size_t kept_size[2];
};

static inline void
on_spawn(struct child *child)
{
	struct fixture *fixture = child->data;

	fixture->spawns++;
	world_say(&fixture->world, "spawn");
}

static inline void
on_error(struct child *child, int error)
{
	struct fixture *fixture = child->data;

	fixture->errors++;
	fixture->error = error;
	world_say(&fixture->world, "error");
}

static inline void
on_output(struct child *child, int fd, const char *bytes, size_t size)
{
	struct fixture *fixture = child->data;
	size_t *used = &fixture->used[fd - 1];

	fixture->outputs++;
	if (*used + size < sizeof(fixture->output[0]))
		memcpy(fixture->output[fd - 1] + *used, bytes, size);
	*used += size;
}

static inline void
on_drain(struct child *child, int fd)
{
	struct fixture *fixture = child->data;

	(void)fd;
	fixture->drains++;
	world_say(&fixture->world, "drain");
}

static inline void
on_done(struct child *child, const struct child_failure *failure)
{
	struct fixture *fixture = child->data;

	fixture->dones++;
	if (failure)
		snprintf(fixture->failure, sizeof(fixture->failure), "%s %s",
		         failure->name, failure->message);
}

static inline void
on_message(struct child *child, json_t *message, bool has_handle)
{
	struct fixture *fixture = child->data;

	(void)has_handle;
	json_array_append(fixture->got, message);
	fixture->messages++;
}

static inline void
on_disconnect(struct child *child)
{
	struct fixture *fixture = child->data;

	fixture->disconnects++;
	world_say(&fixture->world, "disconnect");
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

	for (int i = 0; i < 2; i++) {
		const struct child_buffer *buffer = &child->buffers[i];

		fixture->kept_size[i] = buffer->size;
		free(fixture->kept[i]);
		fixture->kept[i] = NULL;
		if (buffer->bytes)
			fixture->kept[i] = strdup(buffer->bytes);
	}
	fixture->closes++;
	world_say(&fixture->world, "close");
}

static const struct child_events events = {
    .spawn = on_spawn,
    .error = on_error,
    .output = on_output,
    .drain = on_drain,
    .done = on_done,
    .message = on_message,
    .disconnect = on_disconnect,
    .exit = on_exit_child,
    .close = on_close,
};

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

	json_decref(fixture->got);
	free(fixture->kept[0]);
	free(fixture->kept[1]);
	return world_close(state);
}

/* ---- starting ---- */

static inline void
start(struct fixture *fixture, struct child_options options,
      const char *const *args)
{
	if (!options.how)
		options.how = BIRTH_SPAWN;
	if (!options.file)
		options.file = args[0];
	options.args = args;
	assert_int_equal(child_spawn(&fixture->child, &fixture->world.loop,
	                             &options, &events),
	                 0);
	fixture->child.data = fixture;
}

static inline void
start_shell(struct fixture *fixture, struct child_options options,
            const char *command)
{
	const char *const args[] = {"/bin/sh", "-c", command, NULL};

	start(fixture, options, args);
}

/* This program again, in a role. */
static inline void
start_role(struct fixture *fixture, struct child_options options,
           const char *role, const char *argument)
{
	const char *const args[] = {"self", role, argument, NULL};

	options.file = "/proc/self/exe";
	start(fixture, options, args);
}

static inline void
run_until_closed(struct fixture *fixture)
{
	world_run(&fixture->world, &fixture->closes, 1);
}

static inline void
run_shell(struct fixture *fixture, struct child_options options,
          const char *command)
{
	start_shell(fixture, options, command);
	run_until_closed(fixture);
}

static const struct child_options plain;

static inline void
end_stdin(struct fixture *fixture, uv_shutdown_t *request)
{
	uv_shutdown(request, child_stdin(&fixture->child), NULL);
}

#define CHILD_TEST(test) \
	cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

#endif
