/*
 * What spawn_start() is given: the words, the environment, the descriptors.
 *
 * Failures, before line one: options that Node would not take are refused
 * before anything is made; of a child that cannot be started both ends of what
 * was piped are closed again.
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

/* A socketpair, as Node's pipes are; the child's end blocks. */
static int
plan_pipe(struct child_plan *plan, int fd)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	plan->ours[fd] = ends[0];
	plan->theirs[fd] = plan->fds[fd] = ends[1];
	return 0;
}

static int
plan_channel(struct child_plan *plan, int fd)
{
	plan->channel = fd;
	snprintf(plan->channel_name, sizeof(plan->channel_name),
	         "NODE_CHANNEL_FD=%d", fd);
	return plan_pipe(plan, fd);
}

/* One of ours. Programs expect their first three to block (libuv sees to it
 * too). */
static int
plan_given(struct child_plan *plan, int fd, int given)
{
	int flags = fcntl(given, F_GETFL);

	if (flags < 0)
		return -errno;
	if (fd < 3 && (flags & O_NONBLOCK))
		(void)fcntl(given, F_SETFL, flags & ~O_NONBLOCK);
	plan->fds[fd] = given;
	return 0;
}

/* From now on it is the child that reads it. */
static int
plan_stream(struct child_plan *plan, int fd, uv_stream_t *stream)
{
	uv_os_fd_t given;
	int error = uv_fileno((uv_handle_t *)stream, &given);

	if (error)
		return error;
	uv_read_stop(stream);
	return plan_given(plan, fd, given);
}

static int
plan_descriptor(struct child_plan *plan, struct child_descriptor what, int fd)
{
	switch (what.mode) {
	case CHILD_PIPE:
	case CHILD_OVERLAPPED:
		return plan_pipe(plan, fd);
	case CHILD_IPC:
		return plan_channel(plan, fd);
	case CHILD_INHERIT:
		return plan_given(plan, fd, fd);
	case CHILD_FD:
		return plan_given(plan, fd, what.fd);
	case CHILD_STREAM:
		return plan_stream(plan, fd, what.stream);
	default:
		return 0;
	}
}

static int
plan_descriptors(struct child_plan *plan, const struct child_options *options)
{
	int count = child_plan_count(options), error = 0;

	plan->fds = malloc(3 * (size_t)count * sizeof(*plan->fds));
	if (!plan->fds)
		return -ENOMEM;
	plan->ours = plan->fds + count;
	plan->theirs = plan->ours + count;
	for (int i = 0; i < 3 * count; i++)
		plan->fds[i] = -1;
	plan->spawn.fds = plan->fds;
	plan->spawn.fd_count = count;
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
static const char *
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
	const char *more;

	if (!env)
		env = (const char *const *)environ;
	while (env[count])
		count++;
	plan->env = calloc(count + 3, sizeof(*plan->env));
	if (!plan->env)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (strncmp(env[i], "NODE_CHANNEL_", 13) != 0)
			plan->env[used++] = env[i];
	more = coverage(env);
	if (more)
		plan->env[used++] = more;
	if (plan->channel >= 0)
		plan->env[used] = plan->channel_name;
	plan->spawn.env = plan->env;
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
	plan->spawn.file = options->shell ? options->shell : options->file;
	plan->args = calloc(count + 1, sizeof(*plan->args));
	if (!plan->args)
		return -ENOMEM;
	memcpy(plan->args, from, count * sizeof(*from));
	if (options->argv0)
		plan->args[0] = options->argv0;
	plan->spawn.args = plan->args;
	return 0;
}

/* ---- all of it ---- */

static void
plan_identity(struct child_plan *plan, const struct child_options *options)
{
	plan->spawn.cwd = options->cwd;
	plan->spawn.detached = options->detached;
	plan->spawn.has_uid = options->uid != NULL;
	plan->spawn.has_gid = options->gid != NULL;
	if (options->uid)
		plan->spawn.uid = *options->uid;
	if (options->gid)
		plan->spawn.gid = *options->gid;
}

int
child_plan_open(struct child_plan *plan, const char *command,
                const struct child_options *options)
{
	int error;

	memset(plan, 0, sizeof(*plan));
	plan->channel = -1;
	plan_identity(plan, options);
	error = plan_words(plan, command, options);
	if (!error)
		error = plan_descriptors(plan, options);
	if (!error)
		error = plan_environment(plan, options->env);
	return error;
}

int
child_plan_take(struct child_plan *plan, int fd)
{
	int ours = plan->ours[fd];

	plan->ours[fd] = -1;
	return ours;
}

void
child_plan_close(struct child_plan *plan)
{
	for (int fd = 0; fd < plan->spawn.fd_count; fd++) {
		if (plan->ours[fd] >= 0)
			close(plan->ours[fd]);
		if (plan->theirs[fd] >= 0)
			close(plan->theirs[fd]);
	}
	free(plan->args);
	free(plan->env);
	free(plan->fds);
}
