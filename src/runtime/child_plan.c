/*
 * What uv_spawn() is given: the words, the environment, the descriptors.
 *
 * Failures, before line one: options that Node would not take are refused
 * before anything is made; the channel's socketpair is ours, so that a child
 * that cannot be started never had one.
 */
#include "child_life.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the descriptors ---- */

int
child_plan_count(const struct child_options *options)
{
	if (options->stdio)
		return options->stdio_count > 3 ? options->stdio_count : 3;
	return options->channel ? 4 : 3;
}

static struct child_descriptor
asked_for(const struct child_options *options, int fd)
{
	const enum child_stdio modes[] = {
	    options->in,
	    options->out,
	    options->err,
	    CHILD_IPC,
	};
	struct child_descriptor none = {.mode = CHILD_DEFAULT, .fd = -1};

	if (options->stdio)
		return fd < options->stdio_count ? options->stdio[fd] : none;
	none.mode = modes[fd];
	return none;
}

struct child_descriptor
child_plan_descriptor(const struct child_options *options, int fd)
{
	struct child_descriptor what = asked_for(options, fd);

	if (what.mode == CHILD_DEFAULT)
		what.mode = fd < 3 ? CHILD_PIPE : CHILD_IGNORE;
	return what;
}

static bool
is_usable(struct child_descriptor what)
{
	uv_os_fd_t fd;

	if (what.mode == CHILD_FD)
		return what.fd >= 0;
	if (what.mode == CHILD_STREAM)
		return what.stream &&
		       uv_fileno((uv_handle_t *)what.stream, &fd) == 0;
	return what.mode >= CHILD_DEFAULT && what.mode <= CHILD_IPC;
}

int
child_plan_check(const struct child_options *options)
{
	int count = child_plan_count(options), channels = 0;

	if (!options->file || !*options->file)
		return -EINVAL;
	if (options->args && !options->args[0])
		return -EINVAL;
	if (options->kill_signal < 0 || options->kill_signal >= NSIG)
		return -EINVAL;
	if (options->stdio && (options->channel || options->stdio_count < 0))
		return -EINVAL;
	for (int fd = 0; fd < count; fd++) {
		struct child_descriptor what =
		    child_plan_descriptor(options, fd);

		if (!is_usable(what))
			return -EINVAL;
		channels += what.mode == CHILD_IPC;
	}
	return channels > 1 ? -EINVAL : 0;
}

/* A socketpair as libuv makes its own; the child's end blocks, as Node's. */
static int
open_channel(struct child_plan *plan, int fd)
{
	uv_stdio_container_t *stdio = &plan->uv.stdio[fd];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, plan->ends))
		return -errno;
	plan->channel = fd;
	snprintf(plan->channel_name, sizeof(plan->channel_name),
	         "NODE_CHANNEL_FD=%d", fd);
	stdio->flags = UV_INHERIT_FD;
	stdio->data.fd = plan->ends[1];
	return 0;
}

/* All but the pipes, which belong to the child's life. */
static int
plan_descriptor(struct child_plan *plan, struct child_descriptor what, int fd)
{
	uv_stdio_container_t *stdio = &plan->uv.stdio[fd];

	switch (what.mode) {
	case CHILD_INHERIT:
	case CHILD_FD:
		stdio->flags = UV_INHERIT_FD;
		stdio->data.fd = what.mode == CHILD_FD ? what.fd : fd;
		return 0;
	case CHILD_STREAM:
		/* From now on it is the child that reads it. */
		uv_read_stop(what.stream);
		stdio->flags = UV_INHERIT_STREAM;
		stdio->data.stream = what.stream;
		return 0;
	case CHILD_IPC:
		return open_channel(plan, fd);
	default:
		stdio->flags = UV_IGNORE;
		return 0;
	}
}

static int
plan_descriptors(struct child_plan *plan, const struct child_options *options)
{
	int count = child_plan_count(options), error = 0;

	plan->uv.stdio = calloc((size_t)count, sizeof(*plan->uv.stdio));
	if (!plan->uv.stdio)
		return -ENOMEM;
	plan->uv.stdio_count = count;
	for (int fd = 0; fd < count && !error; fd++)
		error = plan_descriptor(plan,
		                        child_plan_descriptor(options, fd), fd);
	return error;
}

/* ---- the environment ---- */

static bool
has_variable(const char *const *env, const char *name, size_t size)
{
	for (; *env; env++)
		if (strncmp(*env, name, size) == 0 && (*env)[size] == '=')
			return true;
	return false;
}

/* As Node: whoever measures the coverage of a tree wants all of it. */
static char *
coverage(const char *const *env)
{
	static const char name[] = "NODE_V8_COVERAGE";
	size_t size = sizeof(name) - 1;

	if (has_variable(env, name, size))
		return NULL;
	for (char **own = environ; *own; own++)
		if (strncmp(*own, name, size) == 0 && (*own)[size] == '=')
			return *own;
	return NULL;
}

/* The environment with NODE_CHANNEL_FD in it or, for a child without a
 * channel, out of it: a stale one confuses every Node below, and so does a mode
 * that is not ours (NODE_CHANNEL_SERIALIZATION_MODE). The strings are not
 * copied. */
static int
plan_environment(struct child_plan *plan, const char *const *env)
{
	size_t count = 0, used = 0;
	char *more;

	if (!env)
		env = (const char *const *)environ;
	while (env[count])
		count++;
	plan->uv.env = calloc(count + 3, sizeof(*plan->uv.env));
	if (!plan->uv.env)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (strncmp(env[i], "NODE_CHANNEL_", 13) != 0)
			plan->uv.env[used++] = (char *)env[i];
	more = coverage(env);
	if (more)
		plan->uv.env[used++] = more;
	if (plan->channel >= 0)
		plan->uv.env[used] = plan->channel_name;
	return 0;
}

/* ---- the words ---- */

char *
child_join(const char *file, const char *const *args)
{
	size_t size = strlen(file) + 1, used;
	char *text;

	for (int i = 1; args && args[i]; i++)
		size += strlen(args[i]) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	used = (size_t)snprintf(text, size, "%s", file);
	for (int i = 1; args && args[i]; i++)
		used +=
		    (size_t)snprintf(text + used, size - used, " %s", args[i]);
	return text;
}

static int
plan_words(struct child_plan *plan, const char *command,
           const struct child_options *options)
{
	const char *const shell[] = {options->shell, "-c", command, NULL};
	const char *const alone[] = {options->file, NULL};
	const char *const *from = options->shell  ? shell
	                          : options->args ? options->args
	                                          : alone;
	size_t count = 0;

	while (from[count])
		count++;
	plan->uv.file = options->shell ? options->shell : options->file;
	plan->uv.args = calloc(count + 1, sizeof(*plan->uv.args));
	if (!plan->uv.args)
		return -ENOMEM;
	memcpy(plan->uv.args, from, count * sizeof(*from));
	if (options->argv0)
		plan->uv.args[0] = (char *)options->argv0;
	return 0;
}

/* ---- all of it ---- */

static void
plan_identity(struct child_plan *plan, const struct child_options *options)
{
	if (options->detached)
		plan->uv.flags |= UV_PROCESS_DETACHED;
	if (options->uid) {
		plan->uv.flags |= UV_PROCESS_SETUID;
		plan->uv.uid = *options->uid;
	}
	if (options->gid) {
		plan->uv.flags |= UV_PROCESS_SETGID;
		plan->uv.gid = *options->gid;
	}
}

int
child_plan_open(struct child_plan *plan, const char *command,
                const struct child_options *options)
{
	int error;

	memset(plan, 0, sizeof(*plan));
	plan->channel = plan->ends[0] = plan->ends[1] = -1;
	plan->uv.cwd = options->cwd;
	plan_identity(plan, options);
	error = plan_words(plan, command, options);
	if (!error)
		error = plan_descriptors(plan, options);
	if (!error)
		error = plan_environment(plan, options->env);
	return error;
}

void
child_plan_close(struct child_plan *plan)
{
	for (int i = 0; i < 2; i++)
		if (plan->ends[i] >= 0)
			close(plan->ends[i]);
	free(plan->uv.args);
	free(plan->uv.env);
	free(plan->uv.stdio);
}
