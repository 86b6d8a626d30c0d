/* How a channel is opened on a descriptor, also on an inherited one. */
#include "channel_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* libuv aborts on what cannot be polled. */
static int
not_a_channel(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	return S_ISSOCK(stat.st_mode) ? 0 : -ENOTSOCK;
}

static int
open_as(struct channel *channel, struct loop *loop, int fd, enum wire_mode mode,
        const struct channel_events *events)
{
	int error;

	channel_prepare(channel, loop, events);
	channel->in.mode = mode;
	error = not_a_channel(fd);
	if (!error)
		error = uv_pipe_open(&channel->pipe, fd);
	if (error) {
		channel_abandon(channel);
		return error;
	}
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	channel_start(channel);
	return 0;
}

int
channel_open(struct channel *channel, struct loop *loop, int fd,
             const struct channel_events *events)
{
	return open_as(channel, loop, fd, WIRE_JSON, events);
}

/* Of NODE_CHANNEL_SERIALIZATION_MODE; none is json. -1: it is no mode. */
static int
mode_named(const char *name)
{
	if (!name || strcmp(name, "json") == 0)
		return WIRE_JSON;
	return strcmp(name, "advanced") == 0 ? WIRE_ADVANCED : -1;
}

int
channel_open_inherited(struct channel *channel, struct loop *loop,
                       const struct channel_events *events)
{
	const char *text = getenv("NODE_CHANNEL_FD");
	int mode = mode_named(getenv("NODE_CHANNEL_SERIALIZATION_MODE"));
	char *rest;
	long fd;
	int error;

	if (!text)
		return -ENOENT;
	fd = strtol(text, &rest, 10);
	error = *rest || rest == text || fd < 0 || fd > 1 << 20;
	unsetenv("NODE_CHANNEL_FD");
	unsetenv("NODE_CHANNEL_SERIALIZATION_MODE");
	if (error)
		return -EBADF;
	if (mode < 0)
		return -EINVAL;
	error = open_as(channel, loop, (int)fd, (enum wire_mode)mode, events);
	if (!error)
		channel_name(channel, (uint32_t)getppid(), (uint32_t)getpid(),
		             false);
	return error;
}
